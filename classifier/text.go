package classifier

import "unicode/utf8"

// textual says whether b is text: at most one byte in ten is a control or,
// where b is not Latin-1 throughout, ill-formed UTF-8.
func textual(b []byte) bool {
	control, high := 0, 0
	for _, c := range b {
		if c < 0x80 {
			if !printableASCII[c] {
				control++
			}
		} else {
			high++
		}
	}
	if control*10 > len(b) {
		return false
	}
	if high*3 <= len(b) || utf8.Valid(b) {
		return true
	}
	return printable(b)
}

// printable says whether at least nine bytes in ten are printable: ASCII
// characters, white space, or part of well-formed UTF-8.
func printable(b []byte) bool {
	bad := 0
	for i := 0; i < len(b); {
		c := b[i]
		if c < utf8.RuneSelf {
			if !printableASCII[c] {
				bad++
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			bad++
		}
		i += n
	}
	return bad*10 <= len(b)
}

// printableASCII holds the ASCII characters and the white space.
var printableASCII = func() (t [256]bool) {
	for c := 0x20; c < 0x7f; c++ {
		t[c] = true
	}
	t['\t'], t['\n'], t['\r'] = true, true, true
	return t
}()

// trimRune cuts off an unfinished character at the end of b.
func trimRune(b []byte) []byte {
	for n := 1; n <= 3 && n <= len(b); n++ {
		c := b[len(b)-n]
		if c < 0x80 {
			break
		}
		if c >= 0xc0 {
			if !utf8.FullRune(b[len(b)-n:]) {
				return b[:len(b)-n]
			}
			break
		}
	}
	return b
}
