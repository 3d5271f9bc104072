package store_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/limen-waf/limen/store"
)

// Ensure that addresses are hashed on disk, also in the headers of proxies, that queries
// by address find rows of both forms, and that the key is readable by its owner alone.
func TestHashClientIPs(t *testing.T) {
	o := store.Options{Dir: t.TempDir()}
	s := open(t, o)
	record(t, s, &store.Verdict{ClientIP: "198.51.100.23", Class: "none", Decision: store.Allow})
	_ = s.Close()
	key := filepath.Join(o.Dir, "limen.key")
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 || info.Size() != 32 {
		t.Fatalf("%v, %v", info, err)
	}
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	o.HashClientIPs = true
	s = open(t, o)
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	for _, ip := range []string{"198.51.100.23", "2001:db8:1:2::5", "2001:db8:1:2::6", "192.0.2.77"} {
		record(t, s, &store.Verdict{ClientIP: ip, Class: "none", Decision: store.Block, Source: &store.Request{Method: "GET", Target: "/",
			Headers: []store.Header{{Name: "X-Forwarded-For", Value: ip + ", 10.9.8.7"}, {Name: "Forwarded", Value: "for=" + ip}}}})
	}
	flush(t, s)
	for ip, want := range map[string]int{"198.51.100.23": 2, "192.0.2.77": 1, "::ffff:192.0.2.77": 1, "2001:db8:1:2::5": 1, "2001:0db8:1:2:0::5": 1, "192.0.2.78": 0} {
		if got := list(t, s, store.Query{ClientIP: ip}); len(got) != want {
			t.Errorf("%s: %d rows, want %d", ip, len(got), want)
		}
	}
	if got := list(t, s, store.Query{ClientIP: "192.0.2.77", Decision: store.Block}); len(got) != 1 || !strings.HasPrefix(got[0].ClientIP, "ip4:") {
		t.Errorf("%+v", got)
	} else if again := list(t, s, store.Query{ClientIP: got[0].ClientIP}); len(again) != 1 {
		t.Errorf("by its hash: %d rows", len(again))
	}
	a, b := list(t, s, store.Query{ClientIP: "2001:db8:1:2::5"})[0].ClientIP, list(t, s, store.Query{ClientIP: "2001:db8:1:2::6"})[0].ClientIP
	if a == b || string(store.ClientNetwork([]byte(a))) != string(store.ClientNetwork([]byte(b))) {
		t.Errorf("%s and %s: not two addresses of one network", a, b)
	}
	_ = s.Close()
	for _, name := range files(t, o.Dir) {
		content, err := os.ReadFile(filepath.Join(o.Dir, "verdicts", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, ip := range []string{"192.0.2.77", "2001:db8:1:2::5", "10.9.8.7"} {
			if bytes.Contains(content, []byte(ip)) {
				t.Errorf("%s holds %s", name, ip)
			}
		}
	}
	if err := os.WriteFile(key, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(o); err == nil || !strings.Contains(err.Error(), key) {
		t.Errorf("a broken key: %v", err)
	}
}

// Ensure that equal requests have equal digests, whatever is hidden in them or cut off,
// that other ones differ, and that another data folder makes others.
func TestRequestDigest(t *testing.T) {
	s := open(t, store.Options{RequestLimit: 400})
	other := open(t, store.Options{})
	request := func(password string, size int) *store.Request {
		return &store.Request{Method: "POST", Target: "/login", Headers: []store.Header{{Name: "Host", Value: "a.example"}},
			Body: []byte("password=" + password + "&x=" + strings.Repeat("y", size))}
	}
	for _, size := range []int{3, 2000} {
		digest := func(s *store.Store, r *store.Request) string {
			v := record(t, s, &store.Verdict{Source: r})
			flush(t, s)
			got, err := s.Verdict(ctx, v.ID)
			if err != nil {
				t.Fatal(err)
			}
			return got.RequestDigest
		}
		a := digest(s, request("abc", size))
		if len(a) != len("hmac-sha256:")+64 || a != digest(s, request("abc", size)) || a != s.RequestDigest(request("abc", size)) {
			t.Errorf("size %d: %q, %q", size, a, s.RequestDigest(request("abc", size)))
		}
		if a == digest(s, request("abd", size)) || a == digest(other, request("abc", size)) {
			t.Errorf("size %d: digests of different things are equal", size)
		}
	}
}

// Ensure that a compressed body is redacted by the writer, also when only its beginning
// is recorded.
func TestRecordCompressed(t *testing.T) {
	text := `{"user":"bob","password":"hunter2Zq","text":"` + strings.Repeat("all work and no play ", 40) + `"}`
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	for _, cut := range []int{0, 12} {
		s := open(t, store.Options{})
		body := packed.Bytes()[:packed.Len()-cut]
		v := record(t, s, &store.Verdict{RequestCut: int64(cut), Source: &store.Request{Method: "POST", Target: "/", Body: body,
			Headers: []store.Header{{Name: "Content-Type", Value: "application/json"}, {Name: "Content-Encoding", Value: "gzip"}}}})
		for range 20 { // others around it
			record(t, s, typical(1))
		}
		flush(t, s)
		got, err := s.Verdict(ctx, v.ID)
		if err != nil {
			t.Fatal(err)
		}
		r, err := store.ParseRequest(got.Request)
		if err != nil {
			t.Fatal(err)
		}
		unzip, err := gzip.NewReader(bytes.NewReader(r.Body))
		if err != nil {
			t.Fatal(err)
		}
		plain, err := io.ReadAll(unzip)
		if err != nil || !strings.HasPrefix(string(plain), `{"user":"bob","password":"aaaaaa0Aa","text":"all work`) {
			t.Errorf("cut by %d: %q, %v", cut, plain, err)
		}
		if r := verify(t, s, store.VerifyOptions{}); r.Found != 0 || r.Rows != 21 {
			t.Errorf("%+v%s", r, problems(r))
		}
	}
}
