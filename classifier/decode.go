package classifier

import "unicode/utf8"

// decoded says what one decoding did.
type decoded uint8

const (
	decodeChanged  decoded = 1 << iota
	decodeLoose            // not lossless: the form before must be seen too
	decodeOdd              // met an ill-formed or overlong escape or a null byte
	decodeNoRanges         // t.ranges does not describe the change
)

// decode applies every decoder once to src, in one linear pass, followed by
// one that folds overlong and full-width UTF-8 to the ASCII characters meant.
// The result lies in the arena until the caller cuts it off. t.ranges names the
// changed parts of it, unless decodeNoRanges is set.
func (t *Tokenizer) decode(src []byte, m manner) ([]byte, decoded) {
	t.ranges = t.ranges[:0]
	begin := len(t.arena)
	out := t.arena
	var how decoded
	fold := false
	last := 0 // src[last:i] is still to be copied
	for i := 0; i < len(src); {
		c := src[i]
		if classes[c]&(classSpecial|classPlus) == 0 {
			i++
			continue
		}
		var r rune // what the escape of n bytes at i stands for
		n := 0
		raw := false // r is a byte, not a code point
		switch c {
		case '%':
			r, n, raw = percent(src[i:])
			switch {
			case n == 0:
				if m&mannerWire != 0 {
					how |= decodeOdd
				}
			case !raw, m&mannerURL == 0, unescaped[byte(r)], r == '/' && m&mannerPath != 0:
				how |= decodeLoose
			}
		case '+':
			if m&mannerPlus != 0 {
				r, n = ' ', 1
			}
		case '&':
			if r, n = entity(src[i:]); n > 0 {
				how |= decodeLoose
			}
		case '\\':
			if r, n, raw = escape(src[i:]); n > 0 {
				how |= decodeLoose
			}
		case 0:
			out = append(out, src[last:i]...)
			t.changed(len(out)-begin, len(out)-begin)
			i++
			last = i
			how |= decodeChanged | decodeLoose | decodeOdd
			continue
		default:
			fold = true
		}
		if n == 0 {
			i++
			continue
		}
		out = append(out, src[last:i]...)
		from := len(out) - begin
		if raw || r < utf8.RuneSelf {
			out = append(out, byte(r))
			if r >= 0xc0 {
				fold = true
			}
			if r == 0 {
				how |= decodeLoose | decodeOdd
			}
		} else {
			out = utf8.AppendRune(out, r)
			fold = true
		}
		t.changed(from, len(out)-begin)
		how |= decodeChanged
		i += n
		last = i
	}
	if how&decodeChanged == 0 {
		if !fold {
			return src, how
		}
		t.arena = out
		folded, h := t.fold(src)
		return folded, how | h
	}
	out = append(out, src[last:]...)
	t.arena = out
	res := out[begin:len(out):len(out)]
	if fold {
		ranges := len(t.ranges)
		folded, h := t.fold(res)
		if h&decodeChanged != 0 {
			return folded, how | h | decodeNoRanges
		}
		t.ranges = t.ranges[:ranges]
	}
	return res, how
}

// unescaped are the bytes that no ordinary writer percent-escapes. The tilde
// is not one of them: forms escape it.
var unescaped = func() (t [256]bool) {
	for c := 0; c < 256; c++ {
		t[c] = alphanumeric(byte(c)) || c == '-' || c == '.' || c == '_'
	}
	return t
}()

func alphanumeric(c byte) bool {
	return c-'0' < 10 || (c|0x20)-'a' < 26
}
