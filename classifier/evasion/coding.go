package evasion

import (
	"strings"
	"unicode/utf8"
)

// Kind is a way to write characters as others.
type Kind uint8

// The kinds of coding.
const (
	Percent   Kind = iota // %XX (RFC 3986 section 2.1)
	PercentU              // %uXXXX (ECMAScript escape(), ECMA-262 annex B.2.1; read by IIS and ASP)
	Overlong              // %XX of UTF-8 that is a byte or two longer than need be
	Entity                // character references (HTML section 13.5, XML 1.0 section 4.1)
	Escape                // JSON \uXXXX (RFC 8259 section 7)
	UTF7                  // +…- (RFC 2152)
	FullWidth             // U+FF01 to U+FF5E, which NFKC and best-fit code pages map to ASCII
	kinds
)

var kindNames = [kinds]string{"percent", "percent-u", "overlong", "entity", "json-escape", "utf-7", "full-width"}

func (k Kind) String() string { return kindNames[k] }

// Share says which characters a coding writes otherwise, next to those that
// must be.
type Share uint8

// The shares, in rising order.
const (
	Needed Share = iota // what would break the place
	Usual               // what common clients encode
	Some                // half of all
	All
)

// Coding writes a text in another way. It is a value: the same coding of the
// same text gives the same bytes.
type Coding struct {
	Kind  Kind
	Share Share
	Seed  uint64 // draws the characters of Some and the variants
	Lower bool   // hexadecimal digits in lower case
	Plus  bool   // a space as +, in queries and forms
}

// coin is a hash of the seed and a position; its bits draw variants.
func (c *Coding) coin(i int) uint64 {
	x := c.Seed + uint64(i)*0x9e3779b97f4a7c15 // splitmix64
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (c *Coding) hex(dst []byte, v uint64, digits int) []byte {
	table := "0123456789ABCDEF"
	if c.Lower {
		table = "0123456789abcdef"
	}
	for i := digits - 1; i >= 0; i-- {
		dst = append(dst, table[v>>(4*i)&15])
	}
	return dst
}

// set is a set of bytes.
type set [256]bool

func setOf(chars string) (s set) {
	for i := 0; i < len(chars); i++ {
		s[chars[i]] = true
	}
	return s
}

// except is the set of all bytes but letters, digits and chars.
func except(chars string) (s set) {
	for i := range s {
		c := byte(i)
		s[i] = !alphanumeric(c) && strings.IndexByte(chars, c) < 0
	}
	return s
}

func alphanumeric(c byte) bool { return c-'0' < 10 || letter(c) }
func letter(c byte) bool       { return (c|0x20)-'a' < 26 }
func digit(c byte) bool        { return c-'0' < 10 }

var (
	// needed are the characters that must be encoded, usual those that
	// encodeURIComponent (ECMA-262 section 19.2.6) encodes.
	neededQuery  = except("-_.~!*'();:@$,/?<>\"\\[]^`{|}=")
	neededForm   = neededQuery
	neededPath   = except("-_.~!*'();:@$,/&=+<>\"\\[]^`{|}")
	neededCookie = except("-_.~!*'():@$/?<>[]^`{|}&=+#")
	usual        = except("-_.~!*'()")
	usualPath    = except("-_.~!*'()/")
	markup       = setOf("<>&\"'")
	// special are the characters with a meaning to interpreters; partial
	// codings that need none take these.
	special = setOf("'\"`<>/\\.;|&$(){}=-#*% :")
	// indirect are the characters that UTF-7 does not write as themselves, nor
	// as the optional direct ones = and & (RFC 2152).
	indirect = except("'(),-./:? \t\r\n=&;{}[]_")
	// overlong are those that a decoder of overlong forms is fed with.
	overlong = setOf("./\\<>'\"")
)

// neededIn is the set of bytes that place cannot hold as they are.
func neededIn(p Place) *set {
	switch p {
	case Query:
		return &neededQuery
	case Form:
		return &neededForm
	case Path:
		return &neededPath
	case Cookie:
		return &neededCookie
	case XML:
		return &markup
	}
	return nil
}

func usualIn(p Place) *set {
	switch p {
	case Query, Form, Cookie:
		return &usual
	case Path:
		return &usualPath
	}
	return neededIn(p)
}

// own writes text as place holds it.
func (c *Coding) own(dst []byte, text string, p Place) []byte {
	switch {
	case p.percent(), p == XML:
		return c.apply(dst, text, neededIn(p), usualIn(p))
	case p == JSON:
		return c.apply(dst, text, nil, nil)
	}
	return append(dst, text...)
}

// layer writes text as a level of its own, whatever the place. At least
// the special characters are written otherwise.
func (c *Coding) layer(text string) string {
	return string(c.apply(nil, text, &special, &special))
}

// apply appends text to dst in this coding. must and most may be nil.
func (c *Coding) apply(dst []byte, text string, must, most *set) []byte {
	for i := 0; i < len(text); {
		r, n := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(text[i:])
		}
		char := text[i : i+n]
		b := text[i]
		if n > 1 {
			b = 0x80
		}
		coded := must != nil && must[b]
		forced := coded
		switch c.Share {
		case Usual:
			coded = coded || most != nil && most[b]
		case Some:
			coded = coded || c.coin(i)&1 == 0
		case All:
			coded = true
		}
		if r == utf8.RuneError && n == 1 { // a byte that is no character
			dst = c.octets(dst, char, c.Kind == Percent || c.Kind == PercentU || c.Kind == Overlong)
			i++
			continue
		}
		dst = c.char(dst, char, r, coded, forced, i)
		i += n
	}
	return dst
}

// octets appends bytes as they are or percent-encoded.
func (c *Coding) octets(dst []byte, bytes string, percent bool) []byte {
	if !percent {
		return append(dst, bytes...)
	}
	for i := 0; i < len(bytes); i++ {
		dst = c.hex(append(dst, '%'), uint64(bytes[i]), 2)
	}
	return dst
}

// char appends one character. coded says that the coding wants it written
// otherwise, forced that it cannot stand as it is.
func (c *Coding) char(dst []byte, char string, r rune, coded, forced bool, at int) []byte {
	switch c.Kind {
	case Percent:
		if c.Plus && r == ' ' {
			return append(dst, '+')
		}
		return c.octets(dst, char, coded)
	case PercentU:
		if c.Plus && r == ' ' {
			return append(dst, '+')
		}
		if coded && r < 0x10000 && (forced || c.coin(at)&6 != 0) && r != '%' && r != '+' && r != '&' {
			return c.hex(append(dst, "%u"...), uint64(r), 4)
		}
		return c.octets(dst, char, coded)
	case Overlong:
		if r < 0x80 && overlong[byte(r)] && (c.Share != Some || c.coin(at)&6 != 0) {
			if c.coin(0)&0x300 == 0 { // three bytes instead of two, throughout
				return c.octets(dst, string([]byte{0xe0, 0x80 | byte(r>>6), 0x80 | byte(r&63)}), true)
			}
			return c.octets(dst, string([]byte{0xc0 | byte(r>>6), 0x80 | byte(r&63)}), true)
		}
		return c.octets(dst, char, coded)
	case Entity:
		if !coded {
			return append(dst, char...)
		}
		return c.reference(dst, r, at)
	case Escape:
		return c.escape(dst, char, r, coded)
	case UTF7:
		if r == '+' {
			return append(dst, "+-"...)
		}
		if !coded || r >= 0x10000 || alphanumeric(byte(r)) && r < 0x80 && c.Share != All {
			return append(dst, char...)
		}
		return shifted(dst, r)
	case FullWidth:
		if coded && r > ' ' && r < 0x7f {
			return utf8.AppendRune(dst, r-'!'+0xff01)
		}
	}
	return append(dst, char...)
}

// reference appends a character reference that both HTML and XML know.
func (c *Coding) reference(dst []byte, r rune, at int) []byte {
	coin := c.coin(at)
	if name := map[rune]string{'<': "&lt;", '>': "&gt;", '&': "&amp;", '"': "&quot;"}[r]; name != "" && (c.Share <= Usual || coin&0x30 == 0) {
		return append(dst, name...)
	}
	zeros := ""
	if coin&0xc0 == 0 {
		zeros = "000"
	}
	if coin&2 == 0 {
		dst = append(append(dst, "&#"...), zeros...)
		dst = appendInt(dst, int(r))
		return append(dst, ';')
	}
	dst = append(append(dst, "&#x"...), zeros...)
	digits := 2
	for r>>(4*digits) != 0 {
		digits++
	}
	return append(c.hex(dst, uint64(r), digits), ';')
}

// escape appends a character of a JSON string.
func (c *Coding) escape(dst []byte, char string, r rune, coded bool) []byte {
	if !coded {
		switch r {
		case '"', '\\':
			return append(dst, '\\', byte(r))
		case '\n':
			return append(dst, `\n`...)
		case '\r':
			return append(dst, `\r`...)
		case '\t':
			return append(dst, `\t`...)
		}
		if r >= ' ' {
			return append(dst, char...)
		}
	}
	if r >= 0x10000 {
		r -= 0x10000
		dst = c.hex(append(dst, `\u`...), uint64(0xd800+r>>10), 4)
		return c.hex(append(dst, `\u`...), uint64(0xdc00+r&0x3ff), 4)
	}
	return c.hex(append(dst, `\u`...), uint64(r), 4)
}

// shifted appends r as a UTF-7 shift sequence of one UTF-16 unit.
func shifted(dst []byte, r rune) []byte {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	v := uint32(r) << 2 // 16 bits in three digits of six
	return append(dst, '+', digits[v>>12&63], digits[v>>6&63], digits[v&63], '-')
}
