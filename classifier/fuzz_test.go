package classifier_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier"
)

// check fails the test when s breaks a promise that holds for every request.
func check(t *testing.T, r *classifier.Request, s *classifier.Sequence) {
	t.Helper()
	if len(s.Tokens) == 0 {
		t.Fatal("no tokens")
	}
	for i, k := range s.Tokens {
		if k == classifier.Pad || k >= classifier.Vocabulary {
			t.Fatalf("token %d is %d", i, k)
		}
	}
	end := int32(0)
	for i, p := range s.Spans {
		if p.Start < end || p.End <= p.Start || int(p.End) > len(s.Tokens) || s.Tokens[p.Start] != p.Mark {
			t.Fatalf("span %d is %+v after %d of %d tokens", i, p, end, len(s.Tokens))
		}
		end = p.End
	}
	if s.Depth < 0 || s.Depth > 3 || s.Inspected > s.Sent || s.Inspected < 0 {
		t.Fatalf("depth %d, inspected %d, sent %d", s.Depth, s.Inspected, s.Sent)
	}
	size := len(r.Method) + len(r.Target) + len(r.Body)
	for _, h := range r.Headers {
		size += len(h.Name) + len(h.Value) + 4
	}
	if limit := classifier.MaxAmplification * (size + inflateLimit); len(s.Tokens) > limit {
		t.Fatalf("%d tokens for %d bytes", len(s.Tokens), size)
	}
}

const inflateLimit = 1 << 16

func FuzzTokenize(f *testing.F) {
	f.Add("GET", "/a/b?c=d%20e&f", "User-Agent", "Mozilla/5.0", "", "", []byte(nil))
	f.Add("POST", "/%2e%2e%c0%af?q=%u003c&x=%2527", "X-A", "${jndi:ldap://x}", "application/json", "", []byte(`{"a":[1,null,"\u003cb\u0041"],"b":"{\"c\":1}"}`))
	f.Add("POST", "http://h/p#f", "Cookie", "a=b; c=%zz", "application/x-www-form-urlencoded", "", []byte("a=b&c=PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==&d=+ADw-x"))
	f.Add("PUT", "*", "Authorization", "Basic YWRtaW46YWRtaW4=", "multipart/form-data; boundary=x", "", []byte("--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\x00\x01<?php system($_GET[0]);?>\r\n--x--\r\n"))
	f.Add("POST", "/", "X", "y", "text/xml", "gzip", []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xb2\x29\x4a\x2d\x28"))
	f.Add("POST", "/", "X", "&lt;&#x3c;\\x3c\\u{3c}\\074", "text/plain; charset=utf-16le", "", []byte("\xff\xfe<\x00a\x00>\x00"))
	f.Fuzz(func(t *testing.T, method, target, name, value, contentType, encoding string, body []byte) {
		r := &classifier.Request{Method: method, Target: target, Body: body, Headers: []classifier.Header{
			{Name: name, Value: value}, {Name: "Content-Type", Value: contentType}, {Name: "Content-Encoding", Value: encoding},
		}}
		tok := classifier.NewTokenizer(classifier.Limits{InflateBytes: inflateLimit})
		s := tok.Tokenize(r)
		check(t, r, s)
		first := slices.Clone(s.Tokens)
		if !strings.EqualFold(name, "Content-Type") && !strings.EqualFold(name, "Content-Encoding") {
			slices.Reverse(r.Headers)
		}
		r.BodySize = int64(len(body))
		if s = tok.Tokenize(r); !slices.Equal(first, s.Tokens) {
			t.Fatalf("second time different:\n%s", s)
		}
		r.BodySize++
		check(t, r, tok.Tokenize(r))
	})
}
