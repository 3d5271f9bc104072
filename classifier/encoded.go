package classifier

import "bytes"

// encoded emits what v stands for when the whole of it is Base64, a JSON Web
// Token, a data: URL, or hex that decodes to mostly printable bytes, or to
// something compressed. k is v's class; plus says that spaces of v may have
// been plus signs.
func (t *Tokenizer) encoded(v []byte, k class, plus bool, nest int) {
	if k&classNotHex == 0 && len(v) >= minHex && len(v)%2 == 0 {
		t.hex(v, nest)
	} else if v[0] == '0' && v[1]|0x20 == 'x' && len(v) >= minHex && len(v)%2 == 0 {
		t.hex(v[2:], nest)
	}
	if k&classNotBase64 == 0 {
		switch {
		case k&classDot != 0:
			// Dots part the header, claims and signature of a JSON Web Token and
			// the like.
			for len(v) > 0 {
				part, rest, _ := bytes.Cut(v, dot)
				if len(part) >= minEncoded {
					t.base64(part, false, nest)
				}
				v = rest
			}
		case k&classSpace == 0 || plus:
			t.base64(v, plus, nest)
		}
		return
	}
	if v[0]|0x20 == 'd' && len(v) > 5 && equalFold(string(v[:5]), "data:") {
		head, content, ok := bytes.Cut(v[5:], comma)
		if ok && len(head) < 256 && bytes.HasSuffix(head, base64Suffix) {
			t.base64(content, plus, nest)
		}
	}
}

var (
	dot          = []byte{'.'}
	comma        = []byte{','}
	base64Suffix = []byte(";base64")
)

// worthwhile says whether the beginning of a decoded value promises text.
func worthwhile(b []byte) bool {
	return compressed(b) || utf16Zeros(b) != 0 || printable(trimRune(b))
}

// content emits what a value decoded to, if it is text, UTF-16 text, or
// compressed text.
func (t *Tokenizer) content(mark Token, b []byte, nest int) {
	switch {
	case len(b) == 0:
	case compressed(b):
		if out := t.inflateValue(b); len(out) > 0 && printable(out) {
			t.tokens = append(t.tokens, mark)
			t.nested(MarkInflated, out, nest)
		}
	case utf16Zeros(b) != 0:
		t.tokens = append(t.tokens, mark)
		t.nested(MarkUTF16, t.utf16(b, utf16Zeros(b)), nest)
	case printable(b):
		t.nested(mark, b, nest)
	}
}
