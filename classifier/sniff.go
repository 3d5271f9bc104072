package classifier

import "bytes"

// firstByte returns the first byte of b that is not white space, or 0.
func firstByte(b []byte) byte {
	for _, c := range b {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c
		}
	}
	return 0
}

// markupStart says whether b begins as an XML document does: with a
// declaration, a document type, or an element with a namespace.
func markupStart(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	if len(b) < 2 {
		return false
	}
	if b[1] == '?' || b[1] == '!' {
		return true
	}
	head := b[:min(len(b), 256)]
	if i := bytes.IndexByte(head, '>'); i >= 0 {
		head = head[:i]
	}
	return bytes.Contains(head, []byte(" xmlns")) || bytes.Contains(head, []byte(":Envelope"))
}

// formLike says whether b looks urlencoded: a name, =, and no byte that such a
// form would escape.
func formLike(b []byte) bool {
	eq := bytes.IndexByte(b, '=')
	if eq < 1 || eq > 128 {
		return false
	}
	for _, c := range b[:eq] {
		if !alphanumeric(c) && c != '_' && c != '-' && c != '.' && c != '%' && c != '[' && c != ']' && c != '+' && c != '$' && c != ':' && c != '*' {
			return false
		}
	}
	for _, c := range b[eq:] {
		if c <= ' ' || c == 0x7f {
			return false
		}
	}
	return true
}
