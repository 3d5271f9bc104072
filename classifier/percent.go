package classifier

import "unicode/utf16"

// hexDigits maps a hexadecimal digit to its value and other bytes to 0xff.
var hexDigits = func() (t [256]byte) {
	for i := range t {
		switch c := byte(i); {
		case c-'0' < 10:
			t[i] = c - '0'
		case c-'a' < 6:
			t[i] = c - 'a' + 10
		case c-'A' < 6:
			t[i] = c - 'A' + 10
		default:
			t[i] = 0xff
		}
	}
	return t
}()

// percent reads the escape at the beginning of b, which begins with %: %XX
// (raw, a byte) or %uXXXX (a UTF-16 unit, as IIS and JavaScript's escape write
// it; a pair is one code point). n is 0 when the escape is ill-formed.
func percent(b []byte) (r rune, n int, raw bool) {
	if len(b) < 3 {
		return 0, 0, false
	}
	hi, lo := hexDigits[b[1]], hexDigits[b[2]]
	if hi|lo < 16 {
		return rune(hi<<4 | lo), 3, true
	}
	if b[1]|0x20 != 'u' {
		return 0, 0, false
	}
	u, ok := hex4(b[2:])
	if !ok {
		return 0, 0, false
	}
	if utf16.IsSurrogate(u) {
		if len(b) >= 12 && b[6] == '%' && b[7]|0x20 == 'u' {
			if v, ok := hex4(b[8:]); ok {
				if p := utf16.DecodeRune(u, v); p != 0xfffd {
					return p, 12, false
				}
			}
		}
	}
	return bestFit(u), 6, false
}

// hex4 reads four hexadecimal digits.
func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	h0, h1, h2, h3 := hexDigits[b[0]], hexDigits[b[1]], hexDigits[b[2]], hexDigits[b[3]]
	if h0|h1|h2|h3 >= 16 {
		return 0, false
	}
	return rune(h0)<<12 | rune(h1)<<8 | rune(h2)<<4 | rune(h3), true
}

// bestFit maps the code points that Windows turns into ASCII characters that
// attacks need ("best fit" code page mapping).
func bestFit(r rune) rune {
	switch r {
	case 0x2044, 0x2215, 0xf025:
		return '/'
	case 0x2216, 0xefc8:
		return '\\'
	case 0x02b9, 0x02bc, 0x02c8, 0x2032, 0x2018, 0x2019:
		return '\''
	case 0x02ba, 0x2033, 0x201c, 0x201d:
		return '"'
	case 0x2039, 0x2329, 0x3008:
		return '<'
	case 0x203a, 0x232a, 0x3009:
		return '>'
	}
	return r
}
