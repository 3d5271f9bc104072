package store

import "bytes"

// Card numbers have 13 to 19 digits (ISO/IEC 7812).
const (
	minCard = 13
	maxCard = 19
)

// secrets masks what is secret by its own form: card numbers and JSON Web
// Tokens.
func (s *scanner) secrets(v view) {
	t := v.text
	for i := 0; i < len(t); {
		switch c := t[i]; {
		case c-'0' < 10:
			i = s.card(v, i)
		case c == 'e' && bytes.HasPrefix(t[i:], []byte("eyJ")) && (i == 0 || !isJWTByte(t[i-1])):
			i = s.jwt(v, i)
		default:
			i++
		}
	}
}

// card masks the card number that begins at i, if one does, and returns the place
// where the next may begin.
func (s *scanner) card(v view, i int) int {
	t := v.text
	end := i + 1 // of the digits without separators that begin here
	for end < len(t) && t[end]-'0' < 10 {
		end++
	}
	if i > 0 && (isAlnum(t[i-1]) || t[i-1] == '.') || t[i] < '2' || t[i] > '6' || end-i > maxCard {
		return end
	}
	// Collect digits, single separators between them, and remember the longest
	// run that ends at a group's end and passes the check.
	var digits [maxCard]byte
	n, best := 0, 0
	for j := i; j < len(t); j++ {
		c := t[j]
		if c-'0' >= 10 {
			if (c == ' ' || c == '-' || c == '+') && t[j-1]-'0' < 10 {
				continue
			}
			break
		}
		if n == maxCard {
			break
		}
		digits[n] = c - '0'
		n++
		if n >= minCard && (j+1 == len(t) || !isAlnum(t[j+1])) && luhn(digits[:n]) {
			best = j + 1
		}
	}
	if best == 0 {
		return end
	}
	b := s.src[v.at(i):v.at(best)]
	if best == end && i > 0 && bytes.IndexByte([]byte(":, ["), t[i-1]) >= 0 {
		maskNumber(b) // may be a JSON number
	} else {
		mask(b)
	}
	return best
}

func luhn(digits []byte) bool {
	sum := 0
	for i, d := range digits {
		n := int(d)
		if (len(digits)-i)%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

// jwt masks the token that begins at i, if it is one, and returns its end.
func (s *scanner) jwt(v view, i int) int {
	end, dots := i, 0
	for end < len(v.text) && isJWTByte(v.text[end]) {
		if v.text[end] == '.' {
			dots++
		}
		end++
	}
	if dots > 0 && end-i >= 20 {
		s.mask(v, i, end)
	}
	return end
}

func isJWTByte(c byte) bool {
	return isAlnum(c) || c == '-' || c == '_' || c == '.'
}

func isAlnum(c byte) bool {
	return toLower(c)-'a' < 26 || c-'0' < 10
}
