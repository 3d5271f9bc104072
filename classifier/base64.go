package classifier

const base64Skip = 0xfe

// base64Digits maps a Base64 digit of either alphabet to its value, a line
// break to base64Skip and any other byte to 0xff.
var base64Digits = func() (t [256]byte) {
	for i := range t {
		switch c := byte(i); {
		case c-'A' < 26:
			t[i] = c - 'A'
		case c-'a' < 26:
			t[i] = c - 'a' + 26
		case c-'0' < 10:
			t[i] = c - '0' + 52
		case c == '+' || c == '-':
			t[i] = 62
		case c == '/' || c == '_':
			t[i] = 63
		case c == '\r' || c == '\n':
			t[i] = base64Skip
		default:
			t[i] = 0xff
		}
	}
	return t
}()

// base64 decodes v and emits the content if it is text.
func (t *Tokenizer) base64(v []byte, plus bool, nest int) {
	keep := len(t.arena)
	out := t.arena
	var acc uint32
	digits, pads := 0, 0
	for i, c := range v {
		d := base64Digits[c]
		if d >= 64 {
			switch {
			case d == base64Skip:
				continue
			case c == '=' && pads < 2 && digits > 0:
				pads++
				continue
			case c == ' ' && plus:
				d = 62
			default:
				return
			}
		}
		if pads > 0 {
			return
		}
		acc = acc<<6 | uint32(d)
		if digits++; digits&3 == 0 {
			out = append(out, byte(acc>>16), byte(acc>>8), byte(acc))
			if digits == 64 && i < len(v)-64 && !worthwhile(out[keep:]) {
				t.arena = out[:keep]
				return
			}
		}
	}
	switch digits & 3 {
	case 1:
		t.arena = out[:keep]
		return
	case 2:
		out = append(out, byte(acc>>4))
	case 3:
		out = append(out, byte(acc>>10), byte(acc>>2))
	}
	t.arena = out
	t.content(MarkBase64, out[keep:len(out):len(out)], nest)
	t.arena = t.arena[:keep]
}
