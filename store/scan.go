package store

import (
	"bytes"
	"encoding/binary"
)

// scanner finds secrets in text that may be a form, JSON, XML, GraphQL or
// prose, and masks them in src. It knows no format well and all of them a
// little, because a body is often not what its content type says, and a secret
// must not get through on that account. When in doubt it masks.
//
// Every pass is linear, passes nest at most maxNest deep, and what is decoded in
// all is bounded by maxDecode times the text.
type scanner struct {
	mem     *redactor // may be nil
	src     []byte
	decoded int
}

const (
	maxNest   = 3
	maxDecode = 4
)

// spend reports whether another n bytes may be decoded.
func (s *scanner) spend(n int) bool {
	s.decoded += n
	return s.decoded <= maxDecode*len(s.src)+4096
}

// view is text to look through and where in src it comes from. A decoded view
// has a position for each of its bytes; a plain one lies in src at base.
type view struct {
	text []byte
	base int
	pos  []int32 // len(text)+1 offsets in src, or nil
}

func (s *scanner) whole() view { return view{text: s.src} }

func (v view) slice(lo, hi int) view {
	w := view{text: v.text[lo:hi], base: v.base + lo}
	if v.pos != nil {
		w.pos = v.pos[lo : hi+1]
	}
	return w
}

// at returns the offset in src of byte i of the text; i may be len(text).
func (v view) at(i int) int {
	if v.pos != nil {
		return int(v.pos[i])
	}
	return v.base + i
}

func (s *scanner) mask(v view, lo, hi int) {
	if lo < hi {
		mask(s.src[v.at(lo):v.at(hi)])
	}
}

// maskScalar masks a value that stands without quotes. Literals of JSON stay.
func (s *scanner) maskScalar(v view, lo, hi int) {
	b := bytes.TrimRight(v.text[lo:hi], " \t\r\n")
	hi = lo + len(b)
	switch string(b) {
	case "", "true", "false", "null":
		return
	}
	if isNumber(b) {
		maskNumber(s.src[v.at(lo):v.at(hi)])
		return
	}
	s.mask(v, lo, hi)
}

func isNumber(b []byte) bool {
	digits := false
	for i, c := range b {
		switch {
		case c-'0' < 10:
			digits = true
		case c == '-' && i == 0, (c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-') && digits:
		default:
			return false
		}
	}
	return digits
}

// any looks through text of unknown format, and through what its escapes decode
// to. form says that it is known to be a form.
func (s *scanner) any(v view, form bool, nest int) {
	has := traitsOf(v.text)
	if has&(traitDigit|traitToken) != 0 {
		s.secrets(v)
	}
	if form || looksLikeForm(v.text) {
		s.pairs(v, nest)
	} else if w, ok := s.percent(v, nest); ok {
		s.any(w, false, nest+1)
	}
	if w, ok := s.backslash(v, nest); ok {
		s.any(w, false, nest+1)
	}
	if has&(traitSeparator|traitTag) != 0 {
		s.text(v)
	}
}

// looksLikeForm reports whether b begins with NAME=, NAME of what encoded names
// are made of.
func looksLikeForm(b []byte) bool {
	for i, c := range b {
		if c == '=' {
			return i > 0
		}
		if !isNameByte(c) && c != '+' && c != '&' || i > maxName {
			return false
		}
	}
	return false
}

func isNameByte(c byte) bool {
	return toLower(c)-'a' < 26 || c-'0' < 10 || c == '_' || c == '-' || c == '.' || c == '%' ||
		c == '[' || c == ']' || c == '$' || c >= 0x80
}

// pairs looks through name=value&name=value. A sensitive value ends at & and
// nowhere else. What other values say as they stand is left to text.
func (s *scanner) pairs(v view, nest int) {
	for lo := 0; lo < len(v.text); {
		hi := len(v.text)
		if i := bytes.IndexByte(v.text[lo:], '&'); i >= 0 {
			hi = lo + i
		}
		eq := bytes.IndexByte(v.text[lo:hi], '=')
		if eq >= 0 && s.mem.sensitive(bytes.TrimSpace(v.text[lo:lo+eq])) {
			s.mask(v, lo+eq+1, hi)
		} else if w, ok := s.percent(v.slice(lo+eq+1, hi), nest); ok {
			s.any(w, false, nest+1)
		}
		lo = hi + 1
	}
}

// percent returns v with its percent escapes and plus signs decoded. ok is false
// when there are no escapes, or no more may be decoded.
func (s *scanner) percent(v view, nest int) (view, bool) {
	if bytes.IndexByte(v.text, '%') < 0 || nest >= maxNest || !s.spend(len(v.text)) {
		return v, false
	}
	w := s.mem.view(len(v.text))
	found := false
	for i := 0; i < len(v.text); i++ {
		c := v.text[i]
		w.pos = append(w.pos, int32(v.at(i)))
		switch {
		case c == '%' && i+2 < len(v.text) && isHex(v.text[i+1]) && isHex(v.text[i+2]):
			c = unhex(v.text[i+1])<<4 | unhex(v.text[i+2])
			i += 2
			found = true
		case c == '+':
			c = ' '
		}
		w.text = append(w.text, c)
	}
	w.pos = append(w.pos, int32(v.at(len(v.text))))
	return w, found
}

// backslash returns v with the escapes of JSON strings decoded. ok is as in
// percent.
func (s *scanner) backslash(v view, nest int) (view, bool) {
	if bytes.IndexByte(v.text, '\\') < 0 || nest >= maxNest || !s.spend(len(v.text)) {
		return v, false
	}
	w := s.mem.view(len(v.text))
	for i := 0; i < len(v.text); i++ {
		c := v.text[i]
		w.pos = append(w.pos, int32(v.at(i)))
		if c == '\\' && i+1 < len(v.text) {
			i++
			switch c = v.text[i]; c {
			case 'n', 'r', 't', 'b', 'f':
				c = '\n'
			case 'u':
				if i+4 < len(v.text) && isHex(v.text[i+1]) && isHex(v.text[i+2]) && isHex(v.text[i+3]) && isHex(v.text[i+4]) {
					c = unhex(v.text[i+3])<<4 | unhex(v.text[i+4])
					if v.text[i+1] != '0' || v.text[i+2] != '0' {
						c = 0xff // some letter beyond Latin-1
					}
					i += 4
				}
			}
		}
		w.text = append(w.text, c)
	}
	w.pos = append(w.pos, int32(v.at(len(v.text))))
	return w, true
}

// utf16 returns the view of a UTF-16 text, one byte for each unit, when v is one:
// by its byte order mark, or by a zero in every other of its first bytes.
func (s *scanner) utf16(v view) (view, bool) {
	b := v.text
	if len(b) < 4 {
		return v, false
	}
	var order binary.ByteOrder
	switch {
	case b[0] == 0xff && b[1] == 0xfe, b[0] != 0 && b[1] == 0 && b[2] != 0 && b[3] == 0:
		order = binary.LittleEndian
	case b[0] == 0xfe && b[1] == 0xff, b[0] == 0 && b[1] != 0 && b[2] == 0 && b[3] != 0:
		order = binary.BigEndian
	default:
		return v, false
	}
	w := s.mem.view(len(b) / 2)
	for i := 0; i+1 < len(b); i += 2 {
		c := byte(0xff)
		if u := order.Uint16(b[i:]); u < 0x100 {
			c = byte(u)
		}
		w.pos = append(w.pos, int32(v.at(i)))
		w.text = append(w.text, c)
	}
	w.pos = append(w.pos, int32(v.at(len(w.text)*2)))
	return w, true
}

// multipart looks through the parts of a multipart body.
func (s *scanner) multipart(v view, boundary string) {
	delimiter := []byte("--" + boundary)
	at := bytes.Index(v.text, delimiter)
	if at < 0 {
		s.any(v, false, 0)
		return
	}
	if at > 0 {
		s.any(v.slice(0, at), false, 0)
	}
	for {
		from := at + len(delimiter)
		end := len(v.text)
		next := bytes.Index(v.text[from:], delimiter)
		if next >= 0 {
			end = from + next
		}
		s.part(v.slice(from, end))
		if next < 0 {
			return
		}
		at = end
	}
}

// part looks through one part: field lines, an empty line, content.
func (s *scanner) part(v view) {
	head, sep := bytes.Index(v.text, []byte("\r\n\r\n")), 4
	if i := bytes.Index(v.text, []byte("\n\n")); i >= 0 && (head < 0 || i < head) {
		head, sep = i, 2
	}
	if head < 0 {
		s.any(v, false, 0)
		return
	}
	content := v.slice(head+sep, len(v.text))
	switch {
	case s.mem.sensitive(partName(v.text[:head])):
		s.mask(content, 0, len(content.text))
	case binaryText(content.text):
		s.secrets(content)
	default:
		s.any(content, false, 0)
	}
}

// partName returns the name parameter of a part's Content-Disposition.
func partName(head []byte) []byte {
	for i := 0; ; {
		j := bytes.Index(head[i:], []byte("name="))
		if j < 0 {
			return nil
		}
		i += j + len("name=")
		if k := i - len("name=") - 1; k >= 0 && isNameByte(head[k]) {
			continue // filename=
		}
		value := head[i:]
		if len(value) > 0 && value[0] == '"' {
			value = value[1:]
			if end := bytes.IndexByte(value, '"'); end >= 0 {
				value = value[:end]
			}
			return value
		}
		if end := bytes.IndexAny(value, "; \t\r\n"); end >= 0 {
			value = value[:end]
		}
		return value
	}
}
