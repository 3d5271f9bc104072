package store

import "bytes"

// canonical is what redactCanonical learnt of a request.
type canonical struct {
	body         int // where the body begins, or the end of what there is
	kind, coding []byte
	packed       bool // the body is compressed and was left as it is
}

// hidden says what is hidden besides secrets.
type hidden struct {
	clients bool // the addresses in headers of proxies
}

// redactCanonical redacts a request in its canonical form in place, all but a
// compressed body. The form may be cut short anywhere. target, if not nil, is what the
// request's target becomes: it was redacted already.
func redactCanonical(r *redactor, b, target []byte, h hidden) (c canonical) {
	r.begin()
	line, i := lineAt(b, 0)
	if at := targetOf(line); target != nil && len(target) == len(at) {
		copy(at, target)
	} else {
		redactTarget(r, at)
	}
	for i < len(b) {
		if line, i = lineAt(b, i); len(line) == 0 {
			break
		}
		name, value, ok := bytes.Cut(line, []byte(": "))
		switch {
		case !ok:
			mask(line) // cut in the middle of the name
		case h.clients && clientHeader(name):
			mask(value)
		default:
			r.line(line, name, value)
		}
		switch {
		case len(name) == 12 && foldEqual(name, "content-type") && c.kind == nil:
			c.kind = value
		case len(name) == 16 && foldEqual(name, "content-encoding") && c.coding == nil:
			c.coding = value
		}
	}
	c.body = i
	switch body := b[i:]; {
	case len(body) == 0:
	case c.isPacked():
		c.packed = true
	default:
		redactBody(r, body, string(c.kind))
	}
	return c
}

// targetOf returns the target in a request line, which may be cut.
func targetOf(line []byte) []byte {
	from := bytes.IndexByte(line, ' ') + 1
	if from == 0 {
		return nil
	}
	return bytes.TrimSuffix(line[from:], []byte(" HTTP/1.1"))
}

// lineAt returns the line at i, without its end, and where the next one begins.
func lineAt(b []byte, i int) (line []byte, next int) {
	for j := i; j < len(b); {
		n := bytes.IndexByte(b[j:], '\n')
		if n < 0 {
			break
		}
		if j += n + 1; j >= i+2 && b[j-2] == '\r' {
			return b[i : j-2], j
		}
	}
	return b[i:], len(b)
}

// isPacked reports whether the body is compressed.
func (c *canonical) isPacked() bool {
	coding := bytes.TrimSpace(c.coding)
	return len(coding) > 0 && !foldEqual(coding, "identity")
}

// repack returns a compressed body redacted. body itself may be overwritten.
func (c *canonical) repack(r *redactor, body []byte, cut bool) []byte {
	coding := string(bytes.ToLower(bytes.TrimSpace(c.coding)))
	plain, ok := inflate(coding, body, cut)
	if !ok {
		mask(body)
		return body
	}
	redactBody(r, plain, string(c.kind))
	return deflate(nil, coding, plain)
}

// clientHeader names the fields in which proxies say who the client is.
func clientHeader(name []byte) bool {
	switch len(name) {
	case 9:
		return foldEqual(name, "x-real-ip") || foldEqual(name, "forwarded")
	case 11:
		return foldEqual(name, "x-client-ip")
	case 14:
		return foldEqual(name, "true-client-ip")
	case 15:
		return foldEqual(name, "x-forwarded-for")
	case 16:
		return foldEqual(name, "cf-connecting-ip") || foldEqual(name, "fastly-client-ip")
	case 17:
		return foldEqual(name, "cf-connecting-ipv6")
	case 19:
		return foldEqual(name, "x-cluster-client-ip")
	case 24:
		return foldEqual(name, "x-original-forwarded-for")
	}
	return false
}
