package store

// Redactor is the memory that redaction has in the writer.
type Redactor = redactor

// Redacted returns the canonical form of req as the writer redacts it with r, which may
// be nil. clients hides the addresses in headers of proxies.
func (r *Redactor) Redacted(req *Request, clients bool) []byte {
	b := appendRequest(nil, req)
	c := redactCanonical(r, b, nil, hidden{clients})
	if !c.packed {
		return b
	}
	return append(b[:c.body:c.body], c.repack(r, b[c.body:], false)...)
}

// PassesOf runs over a copy of b the passes that its traits say find nothing, and
// returns the copy.
func PassesOf(b []byte) []byte {
	s := scanner{src: append([]byte(nil), b...)}
	has := traitsOf(b)
	if has&(traitDigit|traitToken) == 0 {
		s.secrets(s.whole())
	}
	if has&(traitSeparator|traitTag) == 0 {
		s.text(s.whole())
	}
	return s.src
}
