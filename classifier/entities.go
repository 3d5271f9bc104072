package classifier

// entity reads the HTML character reference at the beginning of b, which
// begins with &. n is 0 when there is none. Numeric references and the names
// that browsers read without it may lack the semicolon.
func entity(b []byte) (r rune, n int) {
	if len(b) < 3 {
		return 0, 0
	}
	if b[1] == '#' {
		return numericEntity(b)
	}
	if b[1]|0x20-'a' >= 26 {
		return 0, 0
	}
	n = 1
	for n < len(b) && n < 10 && alphanumeric(b[n]) {
		n++
	}
	if n < len(b) && b[n] == ';' {
		if r = namedEntity(b[1:n]); r != 0 {
			return r, n + 1
		}
		return 0, 0
	}
	// Without a semicolon: not in front of "=", which is how the next
	// parameter of a URL looks.
	for _, e := range bareEntities {
		if len(b) > len(e.name) && string(b[1:1+len(e.name)]) == e.name {
			next := byte(0)
			if len(b) > len(e.name)+1 {
				next = b[1+len(e.name)]
			}
			if next == '=' || e.whole && alphanumeric(next) {
				return 0, 0
			}
			return e.r, 1 + len(e.name)
		}
	}
	return 0, 0
}

var bareEntities = []struct {
	name  string
	r     rune
	whole bool // only in front of a byte that is no letter or digit
}{
	{"lt", '<', false}, {"gt", '>', false}, {"quot", '"', false}, {"LT", '<', false}, {"GT", '>', false},
	{"QUOT", '"', false}, {"amp", '&', true}, {"AMP", '&', true}, {"nbsp", 0xa0, true},
}

// numericEntity reads &#60; and &#x3c;. Any number of leading zeros is read,
// as browsers do.
func numericEntity(b []byte) (r rune, n int) {
	n = 2
	base := rune(10)
	if b[2]|0x20 == 'x' {
		base, n = 16, 3
	}
	digits := n
	for n < len(b) {
		d := rune(hexDigits[b[n]])
		if d >= base {
			break
		}
		if r <= 0x10ffff {
			r = r*base + d
		}
		n++
	}
	if n == digits || r > 0x10ffff {
		return 0, 0
	}
	if n < len(b) && b[n] == ';' {
		n++
	}
	return r, n
}

// namedEntity returns the character that name stands for, 0 when it is none
// of those that attacks and ordinary text use.
func namedEntity(name []byte) rune {
	switch string(name) {
	case "amp", "AMP":
		return '&'
	case "lt", "LT":
		return '<'
	case "gt", "GT":
		return '>'
	case "quot", "QUOT":
		return '"'
	case "apos":
		return '\''
	case "nbsp":
		return 0xa0
	case "Tab":
		return '\t'
	case "NewLine":
		return '\n'
	case "colon":
		return ':'
	case "semi":
		return ';'
	case "comma":
		return ','
	case "period":
		return '.'
	case "lpar":
		return '('
	case "rpar":
		return ')'
	case "lsqb", "lbrack":
		return '['
	case "rsqb", "rbrack":
		return ']'
	case "lcub", "lbrace":
		return '{'
	case "rcub", "rbrace":
		return '}'
	case "sol":
		return '/'
	case "bsol":
		return '\\'
	case "excl":
		return '!'
	case "num":
		return '#'
	case "dollar":
		return '$'
	case "percnt":
		return '%'
	case "ast", "midast":
		return '*'
	case "plus":
		return '+'
	case "equals":
		return '='
	case "quest":
		return '?'
	case "commat":
		return '@'
	case "Hat":
		return '^'
	case "grave":
		return '`'
	case "lowbar", "UnderBar":
		return '_'
	case "vert", "verbar":
		return '|'
	case "hyphen", "dash":
		return '-'
	}
	return 0
}
