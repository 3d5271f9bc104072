package classifier

import "unicode/utf16"

// escape reads the backslash escape at the beginning of b, which begins with
// a backslash: \uXXXX (a pair is one code point), \u{X…}, \xXX and three-digit
// octal, which are raw bytes. n is 0 when there is none of these.
func escape(b []byte) (r rune, n int, raw bool) {
	if len(b) < 4 {
		return 0, 0, false
	}
	switch b[1] {
	case 'u':
		if b[2] == '{' {
			r, n = braced(b)
			return r, n, false
		}
		r, n = unicodeEscape(b)
		return r, n, false
	case 'x':
		if hi, lo := hexDigits[b[2]], hexDigits[b[3]]; hi|lo < 16 {
			return rune(hi<<4 | lo), 4, true
		}
	case '0', '1', '2', '3':
		if b[2]-'0' < 8 && b[3]-'0' < 8 {
			return rune(b[1]-'0')<<6 | rune(b[2]-'0')<<3 | rune(b[3]-'0'), 4, true
		}
	}
	return 0, 0, false
}

// unicodeEscape reads \uXXXX or a pair of them.
func unicodeEscape(b []byte) (r rune, n int) {
	u, ok := hex4(b[2:])
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(u) && len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
		if v, ok := hex4(b[8:]); ok {
			if p := utf16.DecodeRune(u, v); p != 0xfffd {
				return p, 12
			}
		}
	}
	return u, 6
}

// braced reads \u{1f600}: up to 16 digits, of a value up to 0x10ffff.
func braced(b []byte) (r rune, n int) {
	n = 3
	for n < len(b) && n < 3+16 && hexDigits[b[n]] < 16 {
		if r <= 0x10ffff {
			r = r<<4 | rune(hexDigits[b[n]])
		}
		n++
	}
	if n == 3 || n == len(b) || b[n] != '}' || r > 0x10ffff {
		return 0, 0
	}
	return r, n + 1
}
