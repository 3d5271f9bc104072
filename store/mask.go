package store

import "unicode"

// mask hides b in place and keeps its shape: letters become a or A, digits 0,
// bytes of other letters another letter of the same length; the rest stays, and
// so do length, escapes and valid UTF-8. A masked value masks to itself.
//
// Escapes are masked as what they stand for (%41 becomes %41, %33 becomes %30): a
// mask over their digits would make null bytes and broken escapes, which look
// like an attack where there is none.
//
// Where b looks like an attack, the words of attacks stay (mask_word.go).
func mask(b []byte) {
	odd := overlong(b)
	words := odd || attackLike(b)
	for i := 0; i < len(b); {
		switch c := b[i]; {
		case words && isWordByte(c):
			end := wordAt(b, i)
			if staysAsIs(b[i:end]) {
				i = end
				break
			}
			for ; i < end; i++ {
				b[i] = maskByte(b[i])
			}
		case c == '%':
			i += maskPercent(b[i:], odd)
		case odd && c >= 0x80:
			i++
		case c == '\\':
			i += maskBackslash(b[i:])
		case c == '&':
			i += maskEntity(b[i:])
		default:
			b[i] = maskByte(c)
			i++
		}
	}
}

// overlong reports whether b has bytes that no UTF-8 has, plain or as escapes: longer
// forms of dots and slashes, which are an attack as they stand and no letters.
func overlong(b []byte) bool {
	before := byte(0)
	for i := 0; i < len(b); {
		c, n := b[i], 1
		switch {
		case c == '%':
			if c, n = percentAt(b[i:]); c < 0x80 {
				n = 1
			}
		case c < 0x80:
			before = c
			i++
			continue
		}
		// RFC 3629, section 3: a lead byte that stands for less than its length can.
		if c == 0xc0 || c == 0xc1 || c >= 0xf5 ||
			before == 0xe0 && c >= 0x80 && c < 0xa0 || before == 0xf0 && c >= 0x80 && c < 0x90 {
			return true
		}
		before = c
		i += n
	}
	return false
}

// maskByte maps one byte. Bytes of UTF-8 keep their role: lead bytes become the
// one lead byte of their length that any continuation may follow.
func maskByte(c byte) byte {
	switch {
	case c-'0' < 10:
		return '0'
	case c-'a' < 26:
		return 'a'
	case c-'A' < 26:
		return 'A'
	case c < 0x80:
		return c
	case c < 0xc0:
		return 0xa1
	case c < 0xc2:
		return c // overlong: no text has it
	case c < 0xe0:
		return 0xc3
	case c < 0xf0:
		return 0xe4
	case c < 0xf5:
		return 0xf1
	}
	return c
}

// percentAt returns the byte that the escape at the start of b stands for, %XX or the
// same encoded again (%25XX), and the length that a mask treats as one. After a
// percent sign that begins no escape the byte is the sign's own, and so it is for a
// %uXXXX beyond ASCII.
func percentAt(b []byte) (c byte, n int) {
	if i := wideAt(b); i > 0 {
		if b[i] == '0' && b[i+1] == '0' && b[i+2] < '8' {
			return unhex(b[i+2])<<4 | unhex(b[i+3]), i + 4
		}
		return '%', i + 4
	}
	i := 1
	for len(b) >= i+4 && b[i] == '2' && b[i+1] == '5' && isHex(b[i+2]) && isHex(b[i+3]) {
		i += 2
	}
	if len(b) >= i+2 && isHex(b[i]) && isHex(b[i+1]) {
		c = unhex(b[i])<<4 | unhex(b[i+1])
		i += 2
		if c != '%' {
			return c, i
		}
	}
	for end := min(i+2, len(b)); i < end && isAlnum(b[i]); i++ {
	}
	return '%', i
}

// wideAt returns where the four digits of the escape %uXXXX or %25uXXXX at the start of b
// begin, which is how some servers write UTF-16, or 0.
func wideAt(b []byte) int {
	i := 1
	for len(b) >= i+2 && b[i] == '2' && b[i+1] == '5' {
		i += 2
	}
	if len(b) >= i+5 && b[i]|0x20 == 'u' && isHex(b[i+1]) && isHex(b[i+2]) && isHex(b[i+3]) && isHex(b[i+4]) {
		return i + 1
	}
	return 0
}

// maskPercent masks the escape at the start of b and returns its length. After a
// percent sign that begins no escape the mask must not make one.
func maskPercent(b []byte, odd bool) int {
	if i := wideAt(b); i > 0 {
		maskRune(b[i : i+4])
		return i + 4
	}
	c, n := percentAt(b)
	if c != '%' {
		if !odd || c < 0x80 {
			putHex(b[n-2:n], maskByte(c))
		}
		return n
	}
	from := 1
	for len(b) >= from+2 && b[from] == '2' && b[from+1] == '5' {
		from += 2 // of signs that are encoded
	}
	for i := from; i < n; i++ {
		switch hexa := isHex(b[i]); {
		case hexa:
			b[i] = maskByte(b[i])
		case b[i] <= 'Z':
			b[i] = 'X'
		default:
			b[i] = 'x'
		}
	}
	return n
}

// backslashLen returns the length of the escape at the start of b, 1 where none
// begins.
func backslashLen(b []byte) int {
	if len(b) < 2 {
		return 1
	}
	switch b[1] {
	case 'u':
		if len(b) >= 6 && isHex(b[2]) && isHex(b[3]) && isHex(b[4]) && isHex(b[5]) {
			return 6
		}
	case 'x':
		if len(b) >= 4 && isHex(b[2]) && isHex(b[3]) {
			return 4
		}
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	}
	return 1
}

// maskBackslash masks \uXXXX and \xXX and keeps the short escapes of JSON.
func maskBackslash(b []byte) int {
	n := backslashLen(b)
	switch n {
	case 6:
		maskRune(b[2:6])
	case 4:
		putHex(b[2:4], maskByte(unhex(b[2])<<4|unhex(b[3])))
	}
	return n
}

// maskRune masks the four digits of \uXXXX. Halves of a pair stay halves; what is
// neither a letter nor a digit, such as other slashes and their like in the private use
// area, stays.
func maskRune(b []byte) {
	hi, lo := unhex(b[0])<<4|unhex(b[1]), unhex(b[2])<<4|unhex(b[3])
	switch {
	case hi == 0 && lo < 0x80:
		lo = maskByte(lo)
	case hi >= 0xd8 && hi < 0xdc:
		hi, lo = 0xd8, 0x40
	case hi >= 0xdc && hi < 0xe0:
		hi, lo = 0xdc, 0x00
	case unicode.In(rune(hi)<<8|rune(lo), unicode.L, unicode.M, unicode.N):
		hi, lo = 0x00, 0xe9
	default:
		return
	}
	putHex(b[:2], hi)
	putHex(b[2:], lo)
}

// entityLen returns the length of the entity &#NN; or &#xNN; at the start of b, 1 where
// none begins.
func entityLen(b []byte) int {
	if len(b) < 4 || b[1] != '#' {
		return 1
	}
	i, hexa := 2, false
	if b[2]|0x20 == 'x' {
		i, hexa = 3, true
	}
	j := i
	for j < len(b) && j < i+8 && (b[j]-'0' < 10 || hexa && isHex(b[j])) {
		j++
	}
	if j-i < 2 || j == len(b) || b[j] != ';' {
		return 1
	}
	return j + 1
}

// maskEntity masks the number of an entity and leaves a plain & alone. One that stands
// for neither a letter nor a digit stays.
func maskEntity(b []byte) int {
	n := entityLen(b)
	if n == 1 {
		return 1
	}
	from, base, letter := 2, uint32(10), "97"
	if b[2]|0x20 == 'x' {
		from, base, letter = 3, 16, "61"
	}
	value := uint32(0)
	for _, c := range b[from : n-1] {
		value = value*base + uint32(unhex(c)) // at most eight digits
	}
	if value < 0x80 && !isAlnum(byte(value)) {
		return n
	}
	for i := from; i < n-1; i++ {
		b[i] = '0'
	}
	copy(b[n-3:n-1], letter)
	return n
}

// maskNumber masks a number that stands without quotes, so that it stays one:
// JSON allows no leading zero.
func maskNumber(b []byte) {
	first := true
	for i, c := range b {
		if c-'0' >= 10 {
			first = first && c == '-'
			continue
		}
		b[i] = '0'
		if first && i+1 < len(b) && b[i+1]-'0' < 10 {
			b[i] = '1'
		}
		first = false
	}
}

func isHex(c byte) bool {
	return c-'0' < 10 || (c|0x20)-'a' < 6
}

// unhex returns the value of a hex digit.
func unhex(c byte) byte {
	if c-'0' < 10 {
		return c - '0'
	}
	return (c | 0x20) - 'a' + 10
}

// putHex writes c into the two digits of b. Digits in upper case stay so.
func putHex(b []byte, c byte) {
	const lower, upper = "0123456789abcdef", "0123456789ABCDEF"
	digits := lower
	if b[0]-'A' < 6 || b[1]-'A' < 6 {
		digits = upper
	}
	b[0], b[1] = digits[c>>4], digits[c&15]
}
