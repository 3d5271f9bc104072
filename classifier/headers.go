package classifier

import (
	"bytes"
	"slices"
	"strings"
)

// headerRef is a header field that will be emitted, its value trimmed.
type headerRef struct {
	name, value string
}

// headerFields emits the header fields, sorted by lower-case name, then the
// cookies, and returns what the body needs to know: the content type and the
// content coding.
//
// net/http hands headers over as a map, so the order of different names is
// lost; it trims values, and drops Transfer-Encoding and Trailer. Caddy drops
// names with an underscore. The rules here make a list of fields as it was on
// the wire give the same tokens.
func (t *Tokenizer) headerFields(hs []Header) (contentType, contentEncoding string) {
	refs := t.headers[:0]
	cookies := false
	for _, h := range hs {
		if h.Name == "" || strings.IndexByte(h.Name, '_') >= 0 {
			continue
		}
		v := trim(h.Value)
		switch {
		case equalFold(h.Name, "Cookie"):
			cookies = true
			continue
		case equalFold(h.Name, "Content-Type"):
			if contentType == "" {
				contentType = v
			}
		case equalFold(h.Name, "Content-Encoding"):
			if contentEncoding == "" {
				contentEncoding = v
			}
		}
		if plainMechanical(h.Name, v) {
			continue
		}
		refs = append(refs, headerRef{h.Name, v})
	}
	slices.SortStableFunc(refs, func(a, b headerRef) int { return compareFold(a.name, b.name) })
	for _, r := range refs {
		t.header(r.name, r.value)
	}
	if cookies {
		for _, h := range hs {
			if equalFold(h.Name, "Cookie") {
				t.cookies(t.hold(h.Value))
			}
		}
	}
	clear(refs)
	t.headers = refs[:0]
	return contentType, contentEncoding
}

// header emits one header field.
func (t *Tokenizer) header(name, value string) {
	mark := MarkHeaderValue
	m := manner(0)
	switch len(name) {
	case 4:
		if equalFold(name, "Host") {
			mark = MarkHost
		}
	case 7:
		if equalFold(name, "Referer") {
			mark, m = MarkReferer, mannerURL|mannerWire
		}
	case 10:
		if equalFold(name, "User-Agent") {
			mark = MarkUserAgent
		}
	case 12:
		if equalFold(name, "Content-Type") {
			mark = MarkContentType
		}
	case 13:
		if equalFold(name, "Authorization") {
			t.authorization(t.hold(value))
			return
		}
	}
	if mark == MarkHeaderValue {
		n := t.hold(name)
		for i := range n {
			n[i] = lower(n[i])
		}
		t.field(MarkHeaderName, n, 0)
	}
	t.field(mark, t.hold(value), m)
}

// authorization emits the Authorization field. What follows the scheme may be
// Base64, as Basic's and JSON Web Tokens are.
func (t *Tokenizer) authorization(v []byte) {
	t.open(MarkAuthorization)
	at := len(t.tokens)
	k := t.emit(v)
	t.readings(v, k, 0, 0, maxNest, at)
	if i := bytes.IndexByte(v, ' '); i >= 0 {
		if v = bytes.TrimLeft(v[i:], " "); len(v) >= 4 {
			k = 0
			for _, c := range v {
				k |= classes[c]
			}
			t.encoded(v, k, false, 0)
		}
	}
	t.shut()
}

// plainMechanical says whether the field is one that browsers and libraries
// fill in by themselves, with a value of the kind they do.
func plainMechanical(name, value string) bool {
	k := mechanical(name)
	if k == 0 {
		return false
	}
	if k == mechanicalAlways {
		return true
	}
	if len(value) > 512 {
		return false
	}
	for i := 0; i < len(value); i++ {
		if mechanicalBytes[value[i]]&k == 0 {
			return false
		}
	}
	return !strings.Contains(value, "..") && !strings.Contains(value, "--") && !strings.Contains(value, "/**")
}

// Kinds of mechanical header fields, by the bytes their values hold.
const (
	mechanicalList   = 1 << iota // tokens, lists, weights, numbers, URLs
	mechanicalQuoted             // and quoted strings
	mechanicalBrand              // and the odd brands of Sec-CH-UA
	mechanicalAlways = 0xff      // net/http checks the value or drops the field
)

// mechanicalBytes holds the kinds whose values may hold the byte.
var mechanicalBytes = func() (t [256]byte) {
	for i := range t {
		c := byte(i)
		if alphanumeric(c) || strings.IndexByte(" ,;=*/._+-:", c) >= 0 {
			t[i] = mechanicalList | mechanicalQuoted | mechanicalBrand
		}
	}
	t['"'] = mechanicalQuoted | mechanicalBrand
	t['@'] = mechanicalQuoted
	t['('] = mechanicalBrand
	t[')'] = mechanicalBrand
	t['?'] = mechanicalBrand
	return t
}()

// mechanical returns the kind of the header field called name, 0 for a field
// that is always emitted.
func mechanical(name string) byte {
	if len(name) > 40 {
		return 0
	}
	var buf [40]byte
	n := buf[:len(name)]
	for i := range n {
		n[i] = lower(name[i])
	}
	switch string(n) {
	case "content-length", "transfer-encoding", "trailer":
		return mechanicalAlways
	case "accept", "if-match", "if-none-match", "if-range", "content-language":
		return mechanicalQuoted
	case "accept-charset", "accept-encoding", "accept-language", "accept-datetime", "connection", "proxy-connection",
		"cache-control", "pragma", "if-modified-since", "if-unmodified-since", "dnt", "upgrade-insecure-requests", "upgrade",
		"te", "priority", "keep-alive", "expect", "range", "date", "origin", "x-requested-with",
		"access-control-request-method", "access-control-request-headers", "access-control-request-private-network",
		"save-data", "device-memory", "dpr", "viewport-width", "width", "downlink", "ect", "rtt", "content-encoding",
		"purpose", "max-forwards", "traceparent", "http2-settings":
		return mechanicalList
	}
	if len(n) > 4 && string(n[:4]) == "sec-" {
		return mechanicalBrand
	}
	return 0
}

// trim cuts off the white space that HTTP allows around a field value.
func trim(s string) string {
	return strings.Trim(s, " \t")
}

// compareFold orders names without regard to ASCII case.
func compareFold(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if x, y := lower(a[i]), lower(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}
