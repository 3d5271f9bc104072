package classifier

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// utf7 emits v with its UTF-7 runs (+ADw-) decoded, if there are any that
// stand for printable characters, and says whether it did.
func (t *Tokenizer) utf7(v []byte, nest int) bool {
	keep := len(t.arena)
	out := t.arena
	found := false
	last := 0
	for i := 0; i < len(v); {
		n := bytes.IndexByte(v[i:], '+')
		if n < 0 {
			break
		}
		i += n
		if _, size, ok := utf7Run(out, v[i:]); !ok {
			i += size
			continue
		}
		var size int
		out = append(out, v[last:i]...)
		out, size, _ = utf7Run(out, v[i:])
		found = true
		i += size
		last = i
	}
	if !found {
		t.arena = out[:keep]
		return false
	}
	out = append(out, v[last:]...)
	t.arena = out
	if nest < maxNest {
		t.nested(MarkUTF7, out[keep:len(out):len(out)], nest)
	}
	t.arena = t.arena[:keep]
	return true
}

// utf7Run decodes the run at the beginning of b, which begins with +, to dst
// and returns the number of bytes read. ok is false, and dst as it was, when it
// is no run that matters: it must be ASCII by half at least, with a character
// that is no letter or digit, and nothing that is not printable.
func utf7Run(dst, b []byte) (out []byte, size int, ok bool) {
	// The first code unit of a run worth decoding is ASCII: 0000 0000 0xxx
	// xxxx, so its digits begin with A and one of A to H.
	if len(b) < 4 || b[1] != 'A' || b[2]-'A' >= 8 {
		return dst, 1, false
	}
	keep := len(dst)
	var acc uint32
	bits := 0
	sign := false
	foreign, ascii := 0, 0
	i := 1
	for ; i < len(b); i++ {
		d := base64Digits[b[i]]
		if d >= 64 || b[i] == '-' || b[i] == '_' {
			break
		}
		acc = acc<<6 | uint32(d)
		if bits += 6; bits < 16 {
			continue
		}
		bits -= 16
		u := rune(acc>>bits) & 0xffff
		switch {
		case u >= 0xa0:
			foreign++
		case u >= utf8.RuneSelf || !printableASCII[byte(u)]:
			return dst[:keep], i, false
		default:
			ascii++
			sign = sign || !alphanumeric(byte(u))
		}
		dst = utf8.AppendRune(dst, u)
	}
	if !sign || foreign > ascii || bits >= 6 || acc&(1<<bits-1) != 0 {
		return dst[:keep], i, false
	}
	if i < len(b) && b[i] == '-' {
		i++
	}
	return dst, i, true
}

// byteOrder says how UTF-16 text is laid out.
type byteOrder byte

const (
	littleEndian byteOrder = 'l'
	bigEndian    byteOrder = 'b'
)

// utf16Run is the length from which runs of printable bytes are emitted beside
// UTF-16 text. In text that is UTF-16 throughout, zero bytes part its ASCII
// characters.
const utf16Run = 4

// utf16Mark returns the byte order that b's byte order mark tells, 0 when it
// has none.
func utf16Mark(b []byte) byteOrder {
	switch {
	case len(b) < 2:
	case b[0] == 0xff && b[1] == 0xfe:
		return littleEndian
	case b[0] == 0xfe && b[1] == 0xff:
		return bigEndian
	}
	return 0
}

// utf16Zeros returns the byte order of b if zero bytes alternate with
// printable ASCII at its beginning.
func utf16Zeros(b []byte) byteOrder {
	if len(b) < 8 {
		return 0
	}
	n := min(len(b)&^1, 64)
	little, big := 0, 0
	for i := 0; i < n; i += 2 {
		if b[i+1] == 0 && printableASCII[b[i]] {
			little++
		}
		if b[i] == 0 && printableASCII[b[i+1]] {
			big++
		}
	}
	switch units := n / 2; {
	case little*4 >= units*3:
		return littleEndian
	case big*4 >= units*3:
		return bigEndian
	}
	return 0
}

// utf16Text emits the UTF-16 reading of b, if order is not 0 and it is text.
func (t *Tokenizer) utf16Text(b []byte, order byteOrder) {
	if order == 0 {
		return
	}
	if out := t.utf16(b, order); textual(out) {
		t.tokens = append(t.tokens, MarkUTF16)
		t.field(MarkText, out, 0)
	}
}

// utf16 returns b, in the given byte order, as UTF-8 in the arena. An odd last
// byte is kept.
func (t *Tokenizer) utf16(b []byte, order byteOrder) []byte {
	begin := len(t.arena)
	out := t.arena
	unit := func(i int) rune {
		if order == bigEndian {
			return rune(b[i])<<8 | rune(b[i+1])
		}
		return rune(b[i+1])<<8 | rune(b[i])
	}
	i := 0
	if len(b) >= 2 && unit(0) == 0xfeff {
		i = 2
	}
	for ; i+1 < len(b); i += 2 {
		r := unit(i)
		if utf16.IsSurrogate(r) && i+3 < len(b) {
			if p := utf16.DecodeRune(r, unit(i+2)); p != 0xfffd {
				r = p
				i += 2
			}
		}
		out = utf8.AppendRune(out, r)
	}
	if i < len(b) {
		out = append(out, b[i])
	}
	t.arena = out
	return out[begin:len(out):len(out)]
}
