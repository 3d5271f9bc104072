package store

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"strings"
)

// Redact returns a copy of r that holds no secrets: values of cookies and of
// headers that carry credentials, values of query, form, JSON, XML and multipart
// fields with password-like names, card numbers and JSON Web Tokens are masked
// in place. The shape stays (see mask), so the copy tokenizes to something
// alike. Target and Referer are treated the same way.
//
// The time is linear in the request. A compressed body is unpacked, redacted and
// packed again; one that cannot be (unknown coding, broken, larger than
// maxInflate) is masked whole. Bodies over a few MiB should not be recorded at all.
func Redact(r *Request) *Request {
	out := &Request{Method: r.Method, Target: RedactTarget(r.Target)}
	for _, h := range r.Headers {
		v := []byte(h.Value)
		redactHeader(nil, h.Name, v)
		out.Headers = append(out.Headers, Header{h.Name, string(v)})
	}
	if r.Body != nil {
		out.Body = appendRedactedBody(nil, r)
	}
	return out
}

// AppendRequest appends the canonical form of r, redacted, to dst. It is what
// Record stores.
func AppendRequest(dst []byte, r *Request) []byte {
	from := len(dst)
	dst = appendRequest(dst, r)
	c := redactCanonical(nil, dst[from:], nil, hidden{})
	if !c.packed {
		return dst
	}
	return append(dst[:from+c.body], c.repack(nil, dst[from+c.body:], false)...)
}

// RedactTarget redacts a request target or a URL. It returns target itself when
// there is nothing to hide.
func RedactTarget(target string) string {
	if !maybeSecret(target) {
		return target
	}
	b := []byte(target)
	redactTarget(nil, b)
	if string(b) == target {
		return target
	}
	return string(b)
}

// maybeSecret is a cheap test that most paths fail: a secret in a target needs
// a name before it, a userinfo, a row of digits or a token's first letters.
func maybeSecret[T string | []byte](s T) bool {
	digits := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '=' || c == ':' || c == '%' || c == '@' || c == '"' || c == '<':
			return true
		case c-'0' < 10:
			if digits++; digits >= minCard {
				return true
			}
		case c == 'e' && i+2 < len(s) && s[i+1] == 'y' && s[i+2] == 'J':
			return true
		}
	}
	return false
}

// redactTarget redacts origin-form, absolute-form and any other URL in place.
func redactTarget(r *redactor, b []byte) {
	s := r.scanner(b)
	v := s.whole()
	s.secrets(v)
	if i := bytes.Index(b, []byte("://")); i >= 0 {
		s.userinfo(v, i+3)
	}
	path, query, found := bytes.Cut(b, []byte("?"))
	if w, ok := s.percent(v.slice(0, len(path)), 0); ok {
		s.secrets(w)
	}
	s.pathParams(path)
	if found {
		q := v.slice(len(path)+1, len(b))
		s.pairs(q, 0)
		if bytes.ContainsAny(query, `":;?`) {
			s.text(q)
		}
	}
}

// pathParams masks /path;jsessionid=VALUE/…
func (s *scanner) pathParams(path []byte) {
	for {
		i := bytes.IndexByte(path, ';')
		if i < 0 {
			return
		}
		path = path[i+1:]
		end := bytes.IndexAny(path, ";/")
		if end < 0 {
			end = len(path)
		}
		if name, value, ok := bytes.Cut(path[:end], []byte("=")); ok && s.mem.sensitive(name) {
			mask(value)
		}
		path = path[end:]
	}
}

// redactHeader redacts the value of the field called name in place.
func redactHeader[T string | []byte](r *redactor, name T, value []byte) {
	switch {
	case len(value) == 0 || harmlessHeader(name):
	case foldEqual(name, "cookie"), foldEqual(name, "set-cookie"), foldEqual(name, "cookie2"):
		maskCookies(value)
	case foldEqual(name, "authorization"), foldEqual(name, "proxy-authorization"):
		maskCredentials(value)
	case foldEqual(name, "referer"):
		redactTarget(r, value)
	case sensitiveName([]byte(name)):
		mask(value)
	default:
		maskTokens(value)
		if bytes.IndexByte(value, '?') >= 0 {
			redactTarget(r, value) // X-Original-URL, Link, Origin …
		}
		s := r.scanner(value)
		s.any(s.whole(), false, 0)
	}
}

// harmlessHeader names the fields that nearly every request has and that carry no
// secrets. It saves time only.
func harmlessHeader[T string | []byte](name T) bool {
	switch len(name) {
	case 4:
		return foldEqual(name, "host") || foldEqual(name, "date")
	case 6:
		return foldEqual(name, "accept") || foldEqual(name, "expect")
	case 10:
		return foldEqual(name, "connection") || foldEqual(name, "user-agent")
	case 12:
		return foldEqual(name, "content-type") // its boundary has to stay
	case 13:
		return foldEqual(name, "cache-control")
	case 14:
		return foldEqual(name, "content-length") || foldEqual(name, "sec-fetch-dest") ||
			foldEqual(name, "sec-fetch-mode") || foldEqual(name, "sec-fetch-site") || foldEqual(name, "sec-fetch-user")
	case 15:
		return foldEqual(name, "accept-encoding") || foldEqual(name, "accept-language")
	case 16:
		return foldEqual(name, "content-encoding")
	case 17:
		return foldEqual(name, "transfer-encoding") || foldEqual(name, "if-modified-since")
	}
	return false
}

// maskCookies masks every value of "a=1; b=2", and whatever has no name.
func maskCookies(b []byte) {
	for len(b) > 0 {
		end := bytes.IndexByte(b, ';')
		if end < 0 {
			end = len(b)
		}
		if i := bytes.IndexByte(b[:end], '='); i >= 0 {
			mask(b[i+1 : end])
		} else {
			mask(b[:end])
		}
		b = b[min(end+1, len(b)):]
	}
}

// maskCredentials keeps the scheme, when it looks like one, and masks the rest.
func maskCredentials(b []byte) {
	i := 0
	for i < len(b) && i < 20 && (toLower(b[i])-'a' < 26 || b[i] == '-' || b[i]-'0' < 10) {
		i++
	}
	if i == 0 || i == len(b) || b[i] != ' ' || b[0]-'0' < 10 {
		i = 0
	}
	mask(b[i:])
}

// maskTokens masks the words of b that look like keys: long, of token characters
// only, letters and digits mixed.
func maskTokens(b []byte) {
	const long = 24
	start := 0
	for i := 0; i <= len(b); i++ {
		if i < len(b) && isTokenByte(b[i]) {
			continue
		}
		if w := b[start:i]; len(w) >= long {
			letters, digits := 0, 0
			for _, c := range w {
				switch {
				case c-'0' < 10:
					digits++
				case toLower(c)-'a' < 26:
					letters++
				}
			}
			if letters > 1 && digits > 1 {
				mask(w)
			}
		}
		start = i + 1
	}
}

// isTokenByte says which bytes keys are made of. A dot, slash or colon would join
// host names, paths and URLs to words.
func isTokenByte(c byte) bool {
	return c-'0' < 10 || toLower(c)-'a' < 26 || c == '-' || c == '_' || c == '+' || c == '=' || c == '~'
}

// maxInflate bounds what a compressed body may unpack to.
const maxInflate = 4 << 20

// appendRedactedBody appends r's body, redacted.
func appendRedactedBody(dst []byte, r *Request) []byte {
	if len(r.Body) == 0 {
		return dst
	}
	c := canonical{kind: []byte(r.header("content-type")), coding: []byte(r.header("content-encoding"))}
	if c.isPacked() {
		return append(dst, c.repack(nil, bytes.Clone(r.Body), false)...)
	}
	from := len(dst)
	dst = append(dst, r.Body...)
	redactBody(nil, dst[from:], string(c.kind))
	return dst
}

// inflate unpacks body. Of one that is cut it returns what there is.
func inflate(coding string, body []byte, cut bool) ([]byte, bool) {
	var from io.Reader
	switch coding {
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, false
		}
		from = z
	case "deflate":
		// The name stands for zlib's format; many send it without the two bytes
		// of header and four of check sum.
		if len(body) > 2 && body[0]&15 == 8 && (int(body[0])<<8|int(body[1]))%31 == 0 {
			body = body[2:]
		}
		from = flate.NewReader(bytes.NewReader(body))
	default:
		return nil, false
	}
	plain, err := io.ReadAll(io.LimitReader(from, maxInflate+1))
	if cut && errors.Is(err, io.ErrUnexpectedEOF) && len(plain) > 0 {
		err = nil
	}
	if err != nil || len(plain) > maxInflate {
		return nil, false
	}
	return plain, true
}

// deflate appends plain in the coding that inflate read. Its size depends on
// the flate implementation, so only the unpacked bytes are canonical.
func deflate(dst []byte, coding string, plain []byte) []byte {
	out := bytes.NewBuffer(dst)
	if coding == "deflate" {
		z, _ := flate.NewWriter(out, flate.BestSpeed)
		_, _ = z.Write(plain) // a bytes.Buffer takes every write
		_ = z.Close()
		return out.Bytes()
	}
	z, _ := gzip.NewWriterLevel(out, gzip.BestSpeed)
	_, _ = z.Write(plain)
	_ = z.Close()
	return out.Bytes()
}

// redactBody redacts an uncompressed body in place.
func redactBody(r *redactor, b []byte, contentType string) {
	s := r.scanner(b)
	v := s.whole()
	kind, params, _ := strings.Cut(contentType, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	if boundary := boundaryOf(kind, params, b); boundary != "" {
		s.multipart(v, boundary)
		return
	}
	if w, ok := s.utf16(v); ok {
		s.any(w, false, 0)
		return
	}
	if binaryText(b) {
		s.secrets(v)
		return
	}
	s.any(v, kind == "application/x-www-form-urlencoded", 0)
}

// binaryText says whether b's first bytes are those of no text.
func binaryText(b []byte) bool {
	head := b[:min(len(b), 512)]
	odd := 0
	for _, c := range head {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			odd++
		}
	}
	return odd*10 > len(head)
}

// boundaryOf returns the boundary of a multipart body, from its content type or,
// where that does not say, from a first line that can be nothing else; or "".
func boundaryOf(kind, params string, b []byte) string {
	if strings.HasPrefix(kind, "multipart/") {
		for part := range strings.SplitSeq(params, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			if strings.EqualFold(strings.TrimSpace(name), "boundary") {
				if value = strings.Trim(strings.TrimSpace(value), `"`); value != "" {
					return value
				}
			}
		}
	}
	if !bytes.HasPrefix(b, []byte("--")) {
		return ""
	}
	line, rest, ok := bytes.Cut(b, []byte("\n"))
	line = bytes.TrimRight(line, "\r")
	if ok && len(line) > 2 && len(line) <= 100 && len(rest) >= 8 && strings.EqualFold(string(rest[:8]), "content-") {
		return string(line[2:])
	}
	return ""
}
