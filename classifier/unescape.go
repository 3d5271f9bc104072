package classifier

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// unescape undoes the escapes of a JSON string, in the arena. It is lossless
// when they are the short ones, or \u for a character that writers escape:
// controls, all but ASCII, and < > & ' as safe HTML. An escape that JSON does
// not have stays as it is.
func (t *Tokenizer) unescape(s []byte) ([]byte, decoded) {
	begin := len(t.arena)
	out := t.arena
	var how decoded
	last := 0
	for i := 0; i < len(s); {
		n := bytes.IndexByte(s[i:], '\\')
		if n < 0 {
			break
		}
		i += n
		if i+1 == len(s) {
			how |= decodeLoose | decodeOdd
			break
		}
		c := jsonEscapes[s[i+1]]
		size := 2
		var r rune
		switch {
		case c != 0:
			r = rune(c)
		case s[i+1] == 'u' && i+6 <= len(s):
			if r, size = unicodeEscape(s[i:]); size == 0 {
				how |= decodeLoose | decodeOdd
				i += 2
				continue
			}
			switch {
			case r == 0 || utf16.IsSurrogate(r):
				how |= decodeLoose | decodeOdd
			case r == '<' || r == '>' || r == '&' || r == '\'' || r < 0x20 || r >= 0x7f:
			default:
				how |= decodeLoose
			}
		default:
			how |= decodeLoose | decodeOdd
			i += 2
			continue
		}
		out = append(out, s[last:i]...)
		if r < utf8.RuneSelf {
			out = append(out, byte(r))
		} else {
			out = utf8.AppendRune(out, r)
		}
		how |= decodeChanged
		i += size
		last = i
	}
	out = append(out, s[last:]...)
	t.arena = out
	return out[begin:len(out):len(out)], how
}

// jsonEscapes maps the byte after a backslash to the one meant.
var jsonEscapes = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}
