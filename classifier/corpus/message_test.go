package corpus_test

import (
	"bytes"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/corpus"
)

// Ensure that framing is understood: lengths, chunks, and files without
// either.
func TestParseMessage(t *testing.T) {
	header := func(pairs ...string) (h []classifier.Header) {
		for i := 0; i < len(pairs); i += 2 {
			h = append(h, classifier.Header{Name: pairs[i], Value: pairs[i+1]})
		}
		return h
	}
	for name, c := range map[string]struct {
		in, method, target string
		headers            []classifier.Header
		body, rest         string
	}{
		"least":        {in: "GET / HTTP/1.1\r\n\r\n", method: "GET", target: "/"},
		"no end":       {in: "GET / HTTP/1.0", method: "GET", target: "/"},
		"line feeds":   {in: "POST /p HTTP/1.1\nHost: h\nContent-Length: 3\n\nabc", method: "POST", target: "/p", headers: header("Host", "h", "Content-Length", "3"), body: "abc"},
		"raw target":   {in: "GET /?q=<a b='c d'> HTTP/1.1\n\n", method: "GET", target: "/?q=<a b='c d'>"},
		"HTTP/2":       {in: "PATCH / HTTP/2\nhost: h\n\n", method: "PATCH", target: "/", headers: header("host", "h")},
		"white space":  {in: "GET / HTTP/1.1\r\nA:\t x y \r\nB:\r\n\r\n", method: "GET", target: "/", headers: header("A", "x y", "B", "")},
		"folded":       {in: "GET / HTTP/1.1\nA: x\n\t y\n z\n\n", method: "GET", target: "/", headers: header("A", "x y z")},
		"length, rest": {in: "POST / HTTP/1.1\nContent-Length: 2\n\nabcd", method: "POST", target: "/", headers: header("Content-Length", "2"), body: "ab", rest: "cd"},
		"no length":    {in: "POST / HTTP/1.1\n\na=1\r\nb=2\n", method: "POST", target: "/", body: "a=1\r\nb=2\n"},
		"no length, next": {in: "POST / HTTP/1.1\n\nGET /2 HTTP/1.1\n\n", method: "POST", target: "/",
			rest: "GET /2 HTTP/1.1\n\n"},
		"chunked": {in: "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\nContent-Length: 99\r\n\r\n3\r\nab\n\r\n0A;x=\"y\"\r\n0123456789\r\n0\r\nT: v\r\n\r\nGET",
			method: "POST", target: "/", headers: header("Transfer-Encoding", "Chunked", "Content-Length", "99", "T", "v"), body: "ab\n0123456789", rest: "GET"},
		"chunked with line feeds": {in: "POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n1\na\n0\n\n", method: "POST", target: "/", headers: header("Transfer-Encoding", "chunked"), body: "a"},
	} {
		t.Run(name, func(t *testing.T) {
			rec, rest, err := corpus.ParseMessage([]byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if rec.Method != c.method || rec.Target != c.target || !reflect.DeepEqual(rec.Headers, c.headers) || string(rec.Body) != c.body || string(rest) != c.rest {
				t.Errorf("got %q %q %q, body %q, rest %q", rec.Method, rec.Target, rec.Headers, rec.Body, rest)
			}
		})
	}
}

// Ensure that a broken message is refused with its line and what is wrong.
func TestParseMessageErrors(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"empty":          {"", "line 1: empty, want a request line"},
		"no version":     {"GET /\n", `line 1: "GET /" is no request line such as: GET /path HTTP/1.1`},
		"response":       {"HTTP/1.1 200 OK\n", "is no request line"},
		"odd version":    {"GET / HTTP/11\n", "is no request line"},
		"header":         {"GET / HTTP/1.1\nHost h\n", `line 2: "Host h" is no header line such as: Name: value`},
		"space in name":  {"GET / HTTP/1.1\nA: b\nHost : h\n", "line 3: "},
		"folded first":   {"GET / HTTP/1.1\n A: b\n", "line 2: the first header line begins with white space"},
		"length":         {"GET / HTTP/1.1\nContent-Length: x\n\n", `Content-Length "x", want a number of bytes`},
		"short":          {"GET / HTTP/1.1\nContent-Length: 5\n\nab", "the body has 2 bytes and Content-Length says 5; correct it, or remove it"},
		"coding":         {"GET / HTTP/1.1\nTransfer-Encoding: gzip, chunked\n\n", `Transfer-Encoding "gzip, chunked", want chunked`},
		"chunk size":     {"GET / HTTP/1.1\nTransfer-Encoding: chunked\n\nz\n", `line 4: chunk size "z", want a hexadecimal number`},
		"chunk short":    {"GET / HTTP/1.1\nTransfer-Encoding: chunked\n\n5\nab", "line 4: a chunk of 5 bytes has 2"},
		"chunk huge":     {"GET / HTTP/1.1\nTransfer-Encoding: chunked\n\nffffffffffffffff\nab", "chunk size"},
		"chunk long":     {"GET / HTTP/1.1\nTransfer-Encoding: chunked\n\n1\nab\n0\n\n", `line 5: "b" after a chunk of 1 bytes`},
		"no last chunk":  {"GET / HTTP/1.1\nTransfer-Encoding: chunked\n\n1\na\n", "ends before its last chunk"},
		"chunk negative": {"GET / HTTP/1.1\nTransfer-Encoding: chunked\n\n-1\na\n", "chunk size"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := corpus.ParseMessage([]byte(c.in))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %q in it", err, c.want)
			}
		})
	}
}

// Ensure that a record of net/http keeps the wire form of the target and all
// headers.
func TestFromHTTP(t *testing.T) {
	r := httptest.NewRequest("POST", "/a%2Fb?q=%00&q=2", strings.NewReader("x=1"))
	r.Header.Add("X-B", "2")
	r.Header.Add("X-B", "3")
	r.Header.Add("Accept", "*/*")
	got := corpus.FromHTTP(r, []byte("x=1"))
	want := &corpus.Record{Method: "POST", Target: "/a%2Fb?q=%00&q=2", Body: []byte("x=1"), Headers: []classifier.Header{
		{Name: "Host", Value: "example.com"}, {Name: "Accept", Value: "*/*"}, {Name: "X-B", Value: "2"}, {Name: "X-B", Value: "3"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// Ensure that no message panics, and that one that was read can be written and
// read back with the same request in it.
func FuzzMessage(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\nHost: h\r\n\r\n"))
	f.Add([]byte("POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n3\nabc\n0\nA: b\n\nGET"))
	f.Add([]byte("POST /a b HTTP/1.1\nContent-Length: 2\nA: b\n c\n\nabc"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rec, rest, err := corpus.ParseMessage(data)
		if err != nil {
			return
		}
		if !bytes.HasSuffix(data, rest) || len(rest) == len(data) {
			t.Fatalf("the rest %q is not the end of the data", rest)
		}
		var out bytes.Buffer
		if err := rec.WriteMessage(&out); err != nil {
			t.Fatal(err)
		}
		again, rest, err := corpus.ParseMessage(out.Bytes())
		if err != nil {
			t.Fatalf("reading back %q: %v", out.Bytes(), err)
		}
		if again.Method != rec.Method || again.Target != rec.Target || !bytes.Equal(again.Body, rec.Body) || len(rest) != 0 {
			t.Fatalf("got %q %q, body %q, rest %q\nwant %q %q, body %q", again.Method, again.Target, again.Body, rest, rec.Method, rec.Target, rec.Body)
		}
	})
}
