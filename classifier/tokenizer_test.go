package classifier_test

import (
	"bufio"
	"bytes"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier"
)

// tokenize returns r's sequence and checks what holds for every request.
func tokenize(t *testing.T, r *classifier.Request) *classifier.Sequence {
	t.Helper()
	s := classifier.NewTokenizer(classifier.Limits{}).Tokenize(r)
	check(t, r, s)
	return s
}

// render returns r's sequence as text, without the method.
func render(t *testing.T, r *classifier.Request) string {
	t.Helper()
	s := tokenize(t, r).String()
	return strings.TrimPrefix(s, "<method>"+r.Method)
}

// get returns a GET request with header fields given as name, value, …
func get(target string, fields ...string) *classifier.Request {
	r := &classifier.Request{Method: "GET", Target: target}
	for i := 0; i+1 < len(fields); i += 2 {
		r.Headers = append(r.Headers, classifier.Header{Name: fields[i], Value: fields[i+1]})
	}
	return r
}

// bodyOf returns what a body of the given type is rendered as.
func bodyOf(t *testing.T, contentType, body string, fields ...string) string {
	t.Helper()
	r := get("", fields...)
	r.Method = "POST"
	r.Body = []byte(body)
	prefix := ""
	if contentType != "" {
		r.Headers = append(r.Headers, classifier.Header{Name: "Content-Type", Value: contentType})
		prefix = "<ctype>" + contentType
	}
	s := render(t, r)
	if !strings.HasPrefix(s, prefix) {
		t.Fatalf("got %s, want it to begin with %s", s, prefix)
	}
	return s[len(prefix):]
}

// Ensure that the method, the fields and the body come in their fixed order.
func TestOrder(t *testing.T) {
	r := get("/p?a=1", "Cookie", "c=d", "X-Z", "z", "User-Agent", "ua", "Host", "h", "X-A", "a")
	r.Method = "POST"
	r.Body = []byte("n=v")
	want := "<method>POST<path>/p<qname>a<qvalue>1<host>h<ua>ua<hname>x-a<hvalue>a<hname>x-z<hvalue>z<cname>c<cvalue>d<fname>n<fvalue>v"
	if got := tokenize(t, r).String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Ensure that a request read by net/http, whose headers are a map, and the
// list of fields as they were on the wire give the same tokens.
func TestLiveAndRecordedAgree(t *testing.T) {
	wire := "POST /a%20b?c=d HTTP/1.1\r\n" +
		"x-b: 2\r\nHost: example.org\r\nUser-Agent:  Mozilla/5.0 \r\nX-a: 1\r\nx-A: \t3\r\nX-B: ${jndi:x}\r\n" +
		"Accept: */*\r\nPragma: no-cache\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\nCookie: a=b; c=d\r\nCOOKIE: e=f\r\n" +
		"Content-Type: application/json\r\nReferer: https://example.org/?q=a%20b\r\nConnection: keep-alive\r\n\r\n"
	live, err := http.ReadRequest(bufio.NewReader(strings.NewReader(wire + "0\r\n\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(`{"a":"b"}`)
	recorded := &classifier.Request{Method: "POST", Target: "/a%20b?c=d", Body: body}
	lines := strings.Split(strings.TrimSuffix(wire, "\r\n\r\n"), "\r\n")[1:]
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ":")
		recorded.Headers = append(recorded.Headers, classifier.Header{Name: name, Value: value})
	}
	want := tokenize(t, recorded).String()
	for range 20 { // the order of a map differs from time to time
		r := &classifier.Request{Method: live.Method, Target: live.RequestURI, Body: body}
		for name, values := range live.Header {
			for _, v := range values {
				r.Headers = append(r.Headers, classifier.Header{Name: name, Value: v})
			}
		}
		r.Headers = append(r.Headers, classifier.Header{Name: "Host", Value: live.Host})
		if got := tokenize(t, r).String(); got != want {
			t.Fatalf("live     %s\nrecorded %s", got, want)
		}
	}
}

// Ensure that a tokenizer that has read other requests reads the next one as a
// new one does.
func TestReuse(t *testing.T) {
	used := classifier.NewTokenizer(classifier.Limits{})
	for _, r := range append(hostileRequests(1<<11), ordinaryRequest()) {
		fresh := slices.Clone(classifier.NewTokenizer(classifier.Limits{}).Tokenize(r).Tokens)
		if !slices.Equal(fresh, used.Tokenize(r).Tokens) {
			t.Fatalf("%.40q differs on reuse", r.Body)
		}
	}
}

// Ensure that ordinary requests cost no allocations.
func TestNoAllocations(t *testing.T) {
	tok := classifier.NewTokenizer(classifier.Limits{})
	post := ordinaryRequest()
	post.Body = ordinaryJSON(10_000)
	for _, r := range []*classifier.Request{ordinaryRequest(), post} {
		tok.Tokenize(r)
		if n := testing.AllocsPerRun(100, func() { tok.Tokenize(r) }); n > 0 {
			t.Errorf("%v allocations for %.30s", n, r.Body)
		}
	}
}

// Ensure that Sent and Inspected count target and body bytes, and that a body
// that the body limit cut ends in a mark.
func TestCounts(t *testing.T) {
	zeros := compress(t, "gzip", strings.Repeat("0", 1<<20))
	for _, c := range []struct {
		name            string
		body            string
		size            int64
		fields          []string
		sent, inspected int64
		cut             bool
	}{
		{name: "none", sent: 2, inspected: 2},
		{name: "whole", body: "abc", size: 3, sent: 5, inspected: 5},
		{name: "unknown size", body: "abc", sent: 5, inspected: 5},
		{name: "cut", body: "abc", size: 10, sent: 12, inspected: 5, cut: true},
		{name: "nothing read", size: 10, sent: 12, inspected: 2, cut: true},
		{name: "compressed", body: compress(t, "gzip", "abc"), fields: []string{"Content-Encoding", "gzip"}, sent: 29, inspected: 29},
	} {
		r := get("/a", c.fields...)
		r.Body, r.BodySize = []byte(c.body), c.size
		s := tokenize(t, r)
		if s.Sent != c.sent || s.Inspected != c.inspected {
			t.Errorf("%s: sent %d, inspected %d, want %d and %d", c.name, s.Sent, s.Inspected, c.sent, c.inspected)
		}
		if cut := s.Tokens[len(s.Tokens)-1] == classifier.MarkCut; cut != c.cut {
			t.Errorf("%s: cut mark %v, want %v", c.name, cut, c.cut)
		}
	}
	// A decompression limit leaves part of what was sent unread.
	r := get("/a", "Content-Encoding", "gzip")
	r.Body = []byte(zeros)
	s := tokenize(t, r)
	if s.Sent != int64(2+len(zeros)) || s.Inspected >= s.Sent || s.Tokens[len(s.Tokens)-1] != classifier.MarkCut {
		t.Errorf("over the ratio: sent %d, inspected %d, last token %d", s.Sent, s.Inspected, s.Tokens[len(s.Tokens)-1])
	}
}

// Ensure that Depth is the deepest decoding level.
func TestDepth(t *testing.T) {
	for target, want := range map[string]int{"/a": 0, "/a%20b": 1, "/?q=%2520": 2, "/?q=%252520": 3, "/?q=%25252520": 3, "/%2e%2e": 1} {
		if got := tokenize(t, get(target)).Depth; got != want {
			t.Errorf("depth of %s is %d, want %d", target, got, want)
		}
	}
}

// Ensure that the spans name each field and hold its readings.
func TestSpans(t *testing.T) {
	s := tokenize(t, get("/p?a=%2e", "Host", "h"))
	var got []string
	for _, p := range s.Spans {
		got = append(got, (&classifier.Sequence{Tokens: s.Tokens[p.Start:p.End]}).String())
	}
	want := []string{"<method>GET", "<path>/p", "<qname>a", "<qvalue>%2e<d1>.", "<host>h"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Ensure that whatever the content type says, a marker anywhere in the target
// or in a text body reaches the tokens, whole and readable.
func TestCoverage(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	marker := func() string {
		b := []byte("Mk")
		for range 10 {
			b = append(b, byte('a'+rng.IntN(26)))
		}
		return string(b) + "<'"
	}
	types := []string{"", "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=B", "multipart/mixed",
		"text/xml", "application/graphql", "image/png", "text/plain; charset=utf-16", "application/octet-stream"}
	shapes := []string{
		`{"@":"@","a":[{"@":"@"},"@",1],"b":{"c":"@"}}` + "\n", `{"a":"@" @`, `[[["@"]],"@"`, `"@"`, `{"a":"{\"b\":\"@\"}"}`, "@{", "[@]",
		"@=@&a=@&@&=@", "a=@\n@", "--B\r\n@: @\r\nContent-Disposition: form-data; name=\"@\"; filename=\"@\"; @=@\r\nContent-Type: @\r\n\r\n@\r\n--B--@",
		"@--B\n@\n--B\nContent-Disposition: @; name=@\n\n@\n--B\n\n@", "--B\r\nContent-Type: a", "<a>@<!-- @ --></a>@", "{query @ {a(b:@)}}", "@",
		"GIF89a;\x00\x01\x02\x03\x04\x05\x06\x07@ and some more text\x00\x01", "\xff\xfe@", strings.Repeat("ab cd ", 200) + "@" + strings.Repeat("%41", 200) + "@",
	}
	for _, contentType := range types {
		for _, shape := range shapes {
			var markers []string
			body := shape
			for strings.Contains(body, "@") {
				m := marker()
				markers = append(markers, m)
				body = strings.Replace(body, "@", m, 1)
			}
			got := bodyOf(t, contentType, body)
			for i, m := range markers {
				if !strings.Contains(got, m[:12]) {
					t.Fatalf("%s\n%q\nmarker %d is missing from\n%s", contentType, body, i, got)
				}
			}
		}
	}
	for _, shape := range []string{"/@/@?@=@&@#@", "http://@/@?@", "@", "/a;@?@=%3C@&b=%zz@", "/%@?=@", "?@", "*@", "//@"} {
		var markers []string
		target := shape
		for strings.Contains(target, "@") {
			m := marker()
			markers = append(markers, m)
			target = strings.Replace(target, "@", m, 1)
		}
		got := render(t, get(target))
		for i, m := range markers {
			if !strings.Contains(got, m[:12]) {
				t.Fatalf("%s\nmarker %d is missing from\n%s", target, i, got)
			}
		}
	}
}

// hostileRequests are bodies of about size bytes, with each of the content
// types, that would take an imprudent parser more than linear time or space.
func hostileRequests(size int) []*classifier.Request {
	units := []string{
		"%41", "%2541", "&lt;", "&amp;lt;", "&", "%", "%u0041", "\\u003c", "\\x5cx3c", "\\", "+ADw-", "+ADwAPAA", "+", "\x00", "%00", "\xc0", "\xc0\xae",
		"\xef\xbc\x81", "\xff\xfe", "a\x00", `{"a":`, "[", "[[],", `{"a":"[\"`, `"`, `"",`, `\"`, "1,", "{}", "a=b&", "=&", "&#0", "&#x", "\\u{0", "&lt=",
		"\n--B\nContent-", "--B\n", "\n--B--", "--B\r\nA: b\r\n", "\"; name=\"", "YWFh", "PGFh", "H4sIAAAA", "eJx", "41", "3c", ".YWFhYWFhYWFhYWFh", "<", "<a>", "\r\n", " ",
	}
	types := []string{"application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=B", "text/xml", "text/plain", "text/plain; charset=utf-16"}
	var rs []*classifier.Request
	for _, u := range units {
		body := []byte(strings.Repeat(u, size/len(u)))
		for _, contentType := range types {
			r := get("/", "Content-Type", contentType)
			r.Body = body
			rs = append(rs, r)
		}
		for _, prefix := range []string{"[\"", "x=", "--B\r\nContent-Disposition: form-data; name=\"", "--B\r\n\r\n"} {
			r := get("/", "Content-Type", "multipart/form-data; boundary=B")
			r.Body = append([]byte(prefix), body...)
			rs = append(rs, r)
		}
		rs = append(rs, get("/"+string(body)), get("/?"+string(body)), get("/", "Cookie", string(body)), get("/", "Content-Type", "multipart/form-data;"+string(body)),
			get("/", "Accept", string(body)), get("/", "Content-Encoding", string(body)))
	}
	return rs
}

// Ensure that the number of tokens is linear in the request's size and within
// the documented bound, whatever the request.
func TestAmplification(t *testing.T) {
	small, large := hostileRequests(1<<10), hostileRequests(1<<13)
	tok := classifier.NewTokenizer(classifier.Limits{})
	for i := range small {
		n := len(tok.Tokenize(small[i]).Tokens)
		m := len(tok.Tokenize(large[i]).Tokens)
		size := len(large[i].Target) + len(large[i].Body)
		for _, h := range large[i].Headers {
			size += len(h.Name) + len(h.Value) + 4
		}
		what := func() string {
			return large[i].Target[:min(20, len(large[i].Target))] + string(bytes.TrimSpace(large[i].Body[:min(40, len(large[i].Body))]))
		}
		if m > classifier.MaxAmplification*size {
			t.Errorf("%d tokens for %d bytes of %q", m, size, what())
		}
		if m > 9*n+1<<10 {
			t.Errorf("%d tokens, and %d for eight times as much of %q", n, m, what())
		}
	}
}
