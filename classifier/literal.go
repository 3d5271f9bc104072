package classifier

import "bytes"

// maxLiterals is how many numbers, true, false and null of a JSON text are
// emitted. The rest is checked to be just that.
const maxLiterals = 256

// jsonLiteral returns the length of the number, true, false or null at the
// beginning of b, 0 when there is none.
func jsonLiteral(b []byte) int {
	n := 0
	switch c := b[0]; {
	case c == '-' || c-'0' < 10:
		for n < len(b) && (b[n]-'0' < 10 || b[n] == '-' || b[n] == '+' || b[n] == '.' || b[n]|0x20 == 'e') {
			n++
		}
	case bytes.HasPrefix(b, jsonTrue):
		n = len(jsonTrue)
	case bytes.HasPrefix(b, jsonFalse):
		n = len(jsonFalse)
	case bytes.HasPrefix(b, jsonNull):
		n = len(jsonNull)
	default:
		return 0
	}
	if n < len(b) {
		switch b[n] {
		case ',', '}', ']', ' ', '\t', '\r', '\n':
		default:
			return 0
		}
	}
	return n
}

// plainLiteral says whether the literal b is exactly what the grammar of JSON
// allows: a word, or -?digits(.digits)?(e[+-]?digits)?.
func plainLiteral(b []byte) bool {
	if b[0]|0x20 >= 'a' {
		return true // a word: jsonLiteral has compared it
	}
	i := 0
	digits := func() bool {
		from := i
		for i < len(b) && b[i]-'0' < 10 {
			i++
		}
		return i > from
	}
	if b[i] == '-' {
		i++
	}
	if !digits() {
		return false
	}
	if i < len(b) && b[i] == '.' {
		i++
		if !digits() {
			return false
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !digits() {
			return false
		}
	}
	return i == len(b)
}

var (
	jsonTrue  = []byte("true")
	jsonFalse = []byte("false")
	jsonNull  = []byte("null")
)
