package store_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/limen-waf/limen/store"
)

// fieldLines are lines with secrets and without, some of which differ in one letter.
var fieldLines = []store.Header{
	{Name: "Pragma", Value: "no-cache"},
	{Name: "X-Forwarded-For", Value: "fe80::abcd, 10.1.2.3"},
	{Name: "X-Note", Value: "card 4111 1111 1111 1111"},
	{Name: "X-Note", Value: "card 4111 1111 1111 1112"},
	{Name: "X-Api-Key", Value: "k3y"},
	{Name: "X-Api-Kez", Value: "k3y"},
	{Name: "Cookie", Value: "sid=8d969eef; theme=dark"},
	{Name: "Cookie", Value: "sid=00000000"},
	{Name: "Authorization", Value: "Basic dXNlcjpwYXNz"},
	{Name: "Referer", Value: "https://user:pw@shop.example/?token=abc"},
	{Name: "Referer", Value: "https://shop.example/"},
	{Name: "X-Json", Value: `{"password": "open sesame", "a": 1}`},
	{Name: "X-Long", Value: strings.Repeat("long ", 60) + "password=x"},
	{Name: "X-Empty", Value: ""},
}

func randomRequest(r *rand.Rand) *store.Request {
	names := []string{"user", "password", "pass%77ord", "card", "note", "x", "accessToken"}
	field := func() string {
		return names[r.IntN(len(names))] + "=" + []string{"alice", "M%41r%2bia+x", "4111111111111111", "%7B%22pin%22%3A1234%7D"}[r.IntN(4)]
	}
	req := &store.Request{Method: "POST", Target: "/a/b;jsessionid=1234?" + field() + "&" + field()}
	for range r.IntN(8) {
		req.Headers = append(req.Headers, fieldLines[r.IntN(len(fieldLines))])
	}
	for range r.IntN(5) {
		req.Headers = append(req.Headers, store.Header{Name: "X-Any", Value: fmt.Sprint(r.IntN(400))}) // displaces others
	}
	if r.IntN(2) == 0 {
		req.Headers = append(req.Headers, store.Header{Name: "Content-Type", Value: "application/x-www-form-urlencoded"})
		req.Body = []byte(field() + "&" + field() + "&" + field())
	}
	return req
}

// Ensure that what the writer remembers of earlier requests never changes what it makes
// of a request.
func TestRedactorMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var memory store.Redactor
	for i := range 20_000 {
		req, clients := randomRequest(r), r.IntN(2) == 0
		want := (*store.Redactor)(nil).Redacted(req, clients)
		if got := memory.Redacted(req, clients); !bytes.Equal(got, want) {
			t.Fatalf("request %d: with memory\n%q\nwithout\n%q", i, got, want)
		}
	}
}

// FuzzRedactorMemory redacts two requests in turn: the one must not change the other.
func FuzzRedactorMemory(f *testing.F) {
	for _, h := range fieldLines {
		f.Add(h.Name, h.Value, "a=1&password=x", h.Name, "other", "note=2")
	}
	f.Fuzz(func(t *testing.T, name1, value1, body1, name2, value2, body2 string) {
		requests := [2]*store.Request{
			{Method: "POST", Target: "/?" + body1, Headers: []store.Header{{Name: name1, Value: value1}}, Body: []byte(body1)},
			{Method: "POST", Target: "/?" + body2, Headers: []store.Header{{Name: name2, Value: value2}}, Body: []byte(body2)},
		}
		var memory store.Redactor
		for i := range 4 {
			req, clients := requests[i%2], i > 1
			want := (*store.Redactor)(nil).Redacted(req, clients)
			if got := memory.Redacted(req, clients); !bytes.Equal(got, want) {
				t.Fatalf("with memory %q, without %q", got, want)
			}
		}
	})
}

// FuzzTraits checks that a pass which a text's traits spare it would have found nothing.
func FuzzTraits(f *testing.F) {
	for _, s := range []string{
		"María del Carmen", "411111111111", "4111111111111111", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx", "<password>x</password>",
		"password x", "{name} \"pin\" [1]", `a\u003db`, "user@host", "EYJ", "1 2 3 4 5 6 7 8 9 0 1 2",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if got := store.PassesOf(b); !bytes.Equal(got, b) {
			t.Fatalf("%q became %q in passes that it was to be spared", b, got)
		}
	})
}

// Ensure that rows of any size come back whole from the queue, also those longer than a
// block of its memory and those that the writer packs anew.
func TestRecordSizes(t *testing.T) {
	s := open(t, store.Options{})
	ctx := context.Background()
	want := map[string][]byte{}
	for round := range 3 { // memory is used again
		for i, size := range []int{0, 1, 100, 5000, 200 << 10, 256<<10 - 700, 256 << 10, 300 << 10, 900 << 10, 10} {
			req := &store.Request{Method: "POST", Target: fmt.Sprintf("/?round=%d&n=%d&token=abc", round, i)}
			req.Body = bytes.Repeat([]byte{'a' + byte(i)}, size)
			v := typical(i)
			v.Path, v.Source, v.RequestDigest = req.Target, req, ""
			if !s.Record(v) {
				t.Fatal("not taken")
			}
			want[v.ID.String()] = store.AppendRequest(nil, req)
		}
		if err := s.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	err := s.Each(ctx, store.Query{}, func(v *store.Verdict) error {
		seen++
		if !bytes.Equal(v.Request, want[v.ID.String()]) {
			t.Errorf("%s: request of %d bytes differs from the one of %d that was recorded", v.Path, len(v.Request), len(want[v.ID.String()]))
		}
		if strings.Contains(v.Path, "token=abc") {
			t.Errorf("%s: the token is not masked", v.Path)
		}
		if !strings.HasPrefix(v.RequestDigest, "hmac-sha256:") || strings.Contains(v.RequestDigest, "00000000000000") {
			t.Errorf("%s: request digest %q", v.Path, v.RequestDigest)
		}
		return nil
	})
	if err != nil || seen != len(want) {
		t.Fatalf("%d rows of %d, %v", seen, len(want), err)
	}
	if r, err := s.Verify(ctx, store.VerifyOptions{}); err != nil || len(r.Problems) > 0 {
		t.Fatalf("chain: %+v, %v", r, err)
	}
}
