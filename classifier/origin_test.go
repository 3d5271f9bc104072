package classifier_test

import (
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier"
)

// slice returns the bytes that an origin names.
func slice(r *classifier.Request, o classifier.Origin) string {
	part := ""
	switch o.Part {
	case classifier.PartMethod:
		part = r.Method
	case classifier.PartTarget:
		part = r.Target
	case classifier.PartHeaderName:
		part = r.Headers[o.Header].Name
	case classifier.PartHeader:
		part = r.Headers[o.Header].Value
	case classifier.PartBody:
		part = string(r.Body)
	}
	return part[o.Start:o.End]
}

// Ensure that what the network reads is found in what was sent, through every
// reading that a place can be told of.
func TestOrigins(t *testing.T) {
	header := func(pairs ...string) (out []classifier.Header) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, classifier.Header{Name: pairs[i], Value: pairs[i+1]})
		}
		return out
	}
	get := func(target string, headers ...string) *classifier.Request {
		return &classifier.Request{Method: "GET", Target: target, Headers: header(headers...)}
	}
	post := func(contentType, body string) *classifier.Request {
		return &classifier.Request{Method: "POST", Target: "/", Headers: header("Content-Type", contentType), Body: []byte(body)}
	}
	const form, json = "application/x-www-form-urlencoded", "application/json"
	part := "--b\r\nX-A: b\r\nContent-Disposition: form-data; name=\"n1\"; filename=\"f.php\"\r\n\r\n<?php evil ?>\r\n--b--\r\n"
	for name, c := range map[string]struct {
		r          *classifier.Request
		read, sent string // the last reading that has the text, and what it was sent as; "" when that cannot be told
		part       classifier.Part
	}{
		"method":            {get("/"), "GET", "GET", classifier.PartMethod},
		"path":              {get("/a/%2e%2e/b?x=1"), "..", "%2e%2e", classifier.PartTarget},
		"query name":        {get("/?a%20b=1"), "a b", "a%20b", classifier.PartTarget},
		"plus":              {get("/?q=1+OR+2"), "1 OR 2", "1+OR+2", classifier.PartTarget},
		"a pair of two":     {get("/?q=zz&&r=zz&s=yy"), "yy", "yy", classifier.PartTarget},
		"twice decoded":     {get("/?q=%2527x"), "'x", "%2527x", classifier.PartTarget},
		"entity":            {get("/?q=%26lt%3Bb"), "<b", "%26lt%3Bb", classifier.PartTarget},
		"overlong":          {get("/?q=%c0%aeetc"), ".etc", "%c0%aeetc", classifier.PartTarget},
		"Base64":            {get("/?q=PHNjcmlwdD5hbGVydCgxKQ=="), "alert", "5hbGVydC", classifier.PartTarget},
		"hex":               {get("/?q=3c7363726970743e616c657274"), "alert", "616c657274", classifier.PartTarget},
		"fragment":          {get("/a#b%41c"), "bAc", "b%41c", classifier.PartTarget},
		"absolute":          {get("http://h.example/p%41"), "/pA", "/p%41", classifier.PartTarget},
		"header value":      {get("/", "X-B", "two", "X-A", "  one "), "one", "one", classifier.PartHeader},
		"header name":       {get("/", "X-Odd", "v"), "x-odd", "X-Odd", classifier.PartHeaderName},
		"the same name":     {get("/", "X-A", "one", "X-A", "two"), "two", "two", classifier.PartHeader},
		"behind mechanical": {get("/", "Accept", "*/*", "X-A", "vv"), "vv", "vv", classifier.PartHeader},
		"cookie":            {get("/", "Cookie", "a=b; c=%3Cx%3E"), "<x>", "%3Cx%3E", classifier.PartHeader},
		"authorization":     {get("/", "Authorization", "Basic dXNlcjpwYXNz"), "user", "dXNlcj", classifier.PartHeader},
		"form":              {post(form, "a=1&user=admin%27+OR"), "admin' OR", "admin%27+OR", classifier.PartBody},
		"JSON string":       {post(json, `{"x":1,"k":"va\u0027l\n"}`), "va'l\n", `va\u0027l\n`, classifier.PartBody},
		"JSON odd escape":   {post(json, `{"k":"\u0041B"}`), "AB", `\u0041B`, classifier.PartBody},
		"JSON repeat":       {post(json, `{"a":"q","b":"q"}`), "b", "b", classifier.PartBody},
		"JSON literal":      {post(json, `{"a1":1,"b":11,"c":1.5}`), "1.5", "1.5", classifier.PartBody},
		"JSON in JSON":      {post(json, `{"k":"{\"in\":\"a\\\"b\"}"}`), `a"b`, `a\\\"b`, classifier.PartBody},
		"multipart name":    {post("multipart/form-data; boundary=b", part), "n1", "n1", classifier.PartBody},
		"multipart header":  {post("multipart/form-data; boundary=b", part), "x-a", "", classifier.PartBody},
		"multipart text":    {post("multipart/form-data; boundary=b", part), "<?php evil ?>", "<?php evil ?>", classifier.PartBody},
		"text":              {post("text/plain", "say &lt;b&gt;"), "<b>", "&lt;b&gt;", classifier.PartBody},
		"compressed": {&classifier.Request{Method: "POST", Target: "/", Headers: header("Content-Encoding", "gzip"), Body: []byte(compress(t, "gzip", "q=evil"))},
			"evil", "", classifier.PartBody},
	} {
		t.Run(name, func(t *testing.T) {
			s := classifier.NewTokenizer(classifier.Limits{}).Tokenize(c.r)
			origins := classifier.Origins(c.r, s)
			var text []byte
			for _, k := range s.Tokens {
				b := byte(0)
				if k >= classifier.ByteToken(0) && k <= classifier.ByteToken(255) {
					b = byte(k - classifier.ByteToken(0))
				}
				text = append(text, b)
			}
			at := strings.LastIndex(string(text), c.read)
			if at < 0 {
				t.Fatalf("%q is not read: %s", c.read, s)
			}
			first, last := origins[at], origins[at+len(c.read)-1]
			if first.Part != c.part {
				t.Errorf("part %d, want %d", first.Part, c.part)
			}
			if first.Exact != (c.sent != "") {
				t.Fatalf("exact is %v in %s", first.Exact, s)
			}
			if !first.Exact {
				return
			}
			first.End = last.End
			if got := slice(c.r, first); got != c.sent {
				t.Errorf("%q is at %+v, %q, want %q", c.read, first, got, c.sent)
			}
		})
	}
}

// checkOrigins checks what holds for every request: one origin a token, inside
// the part that it names, and a byte that was taken as it is is that byte.
func checkOrigins(t *testing.T, r *classifier.Request) {
	t.Helper()
	s := classifier.NewTokenizer(classifier.Limits{}).Tokenize(r)
	origins := classifier.Origins(r, s)
	if len(origins) != len(s.Tokens) {
		t.Fatalf("%d origins of %d tokens", len(origins), len(s.Tokens))
	}
	for i, o := range origins {
		text := slice(r, o)
		if o.Exact && (text == "" || s.Tokens[i] > classifier.ByteToken(255)) {
			t.Fatalf("token %d, %d, comes exactly from %q", i, s.Tokens[i], text)
		}
		if !o.Exact || len(text) != 1 {
			continue
		}
		read := byte(s.Tokens[i] - classifier.ByteToken(0))
		if got := text[0]; got != read && got+'a'-'A' != read && !(got == '+' && read == ' ') {
			t.Fatalf("token %d is %q and comes from %q", i, read, got)
		}
	}
}

func FuzzOrigins(f *testing.F) {
	f.Add("GET", "/a?b=%2527&c=+x#y", "X-A", "v", "application/json", []byte(`{"a":"{\"b\":\"\\u0041\"}"}`))
	f.Add("POST", "http://h/p", "Cookie", "a=b;c", "multipart/form-data; boundary=b", []byte("--b\r\nX: y\r\n\r\nz\r\n--b--"))
	f.Add("GET", "/", "\xc6", "0", "", []byte("0"))
	f.Add("POST", "/", "Authorization", "Basic dXNlcjpwYXNz", "application/x-www-form-urlencoded", []byte("a=%00&=&b=%u0041&\xff\xfe"))
	f.Fuzz(func(t *testing.T, method, target, name, value, contentType string, body []byte) {
		checkOrigins(t, &classifier.Request{
			Method: method, Target: target, Body: body,
			Headers: []classifier.Header{{Name: name, Value: value}, {Name: "Content-Type", Value: contentType}},
		})
	})
}
