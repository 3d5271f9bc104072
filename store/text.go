package store

import "bytes"

// text looks for a sensitive name and the value after it, in whatever syntax:
//
//	"name": value   name: value   name=value   name="value"   <name>value</name>
//	{"name": "password", "value": …}   <input name="password" value="…">
//	scheme://user:password@host
//
// It works on the text as it stands; escapes are the caller's business.
func (s *scanner) text(v view) {
	p := textPass{scanner: s, v: v, t: v.text}
	for p.i < len(p.t) {
		p.step()
	}
}

// textPass is the state of one pass over a text.
type textPass struct {
	*scanner
	v view
	t []byte
	i int

	lo, hi   int  // the name last seen; hi is 0 when something came between
	quoted   bool // that name ended in a quote
	inString bool // between double quotes
	nest     int  // of brackets

	inTag        bool // between < and >
	tagLo, tagHi int

	// For {"name": "password", "value": …}: the place of a value whose name is
	// yet to come, and whether a sensitive name came before its value. Both hold
	// inside one pair of brackets.
	named            bool
	valueLo, valueHi int
}

func (p *textPass) step() {
	c := p.t[p.i]
	switch {
	case p.nameByte(p.i, false) > 0:
		p.name()
		return
	case c == ':' || c == '=':
		p.separator(c)
		return
	case c == '"':
		p.inString = !p.inString
		p.quoted = p.hi == p.i
	case c == '\\':
		if p.i+1 < len(p.t) && p.t[p.i+1] != '"' && p.t[p.i+1] != '\'' {
			p.hi = 0
		}
		p.i++ // what follows is escaped
	case c == ' ' || c == '\t' || c == '\'':
	case c == '<':
		p.open()
	case c == '>':
		p.close()
		return
	default:
		p.bracket(c)
		p.hi = 0
	}
	p.i++
}

// nameByte returns the number of bytes of the name's character at i: 1, 6 for
// \uXXXX, or 0 when it belongs to no name. Brackets belong to one only inside it.
func (p *textPass) nameByte(i int, bracket bool) int {
	switch c := p.t[i]; {
	case c == '[' || c == ']':
		if bracket {
			return 1
		}
		return 0
	case isNameByte(c):
		return 1
	case c == '\\' && i+5 < len(p.t) && p.t[i+1] == 'u' && isHex(p.t[i+2]) && isHex(p.t[i+5]):
		return 6
	}
	return 0
}

// name takes the run of name characters at i.
func (p *textPass) name() {
	p.lo, p.quoted = p.i, false
	open := 0
	for p.i < len(p.t) {
		c := p.t[p.i]
		n := p.nameByte(p.i, c == '[' || open > 0)
		if n == 0 {
			break
		}
		if c == '[' {
			open++
		} else if c == ']' {
			open--
		}
		p.i += n
	}
	p.hi = p.i
}

func (p *textPass) bracket(c byte) {
	switch c {
	case '\n':
		p.inString = false // no string spans lines; a stray quote does no harm beyond its own
	case '{', '[', '(':
		p.nest++
		p.named, p.valueHi = false, 0
	case '}', ']', ')':
		p.nest = max(p.nest-1, 0)
		p.named, p.valueHi = false, 0
	}
}

// separator handles : or = at i.
func (p *textPass) separator(c byte) {
	at := p.i
	p.i++
	name := p.t[p.lo:max(p.hi, p.lo)]
	quoted := p.quoted
	p.hi = 0
	switch {
	case c == ':' && bytes.HasPrefix(p.t[p.i:], []byte("//")):
		p.i += 2
		p.userinfo(p.v, p.i)
		return
	case c == ':' && p.i < len(p.t) && p.t[p.i] == ':': // a::b
		p.i++
		return
	case c == '=':
		for p.i < len(p.t) && (p.t[p.i] == '=' || p.t[p.i] == '>') {
			p.i++ // ==, =>
		}
	}
	if len(name) == 0 {
		return
	}
	if p.mem.sensitive(name) && !bytes.HasSuffix(name, []byte("document.cookie")) { // script, not a field
		url := p.lo > 0 && (p.t[p.lo-1] == '?' || p.t[p.lo-1] == '&')
		p.value(c, quoted, url)
		return
	}
	p.pairName(name, at)
}

// Keys of objects that hold a field's name and its value side by side.
var (
	nameKeys  = map[string]bool{"name": true, "key": true, "field": true, "id": true, "label": true, "type": true}
	valueKeys = map[string]bool{"value": true, "val": true, "content": true, "data": true, "text": true, "answer": true}
)

// pairName handles the keys of {"name": "password", "value": …}.
func (p *textPass) pairName(name []byte, at int) {
	var lower [8]byte
	if len(name) > len(lower) {
		return
	}
	for i, c := range name {
		lower[i] = toLower(c)
	}
	key := lower[:len(name)]
	isName, isValue := nameKeys[string(key)], valueKeys[string(key)]
	if !isName && !isValue {
		return
	}
	lo, hi := p.quotedValue(at + 1)
	switch {
	case isValue && p.named:
		p.value(p.t[at], true, false)
		p.named = false
	case isValue:
		p.valueLo, p.valueHi = lo, hi
	case p.mem.sensitive(p.t[lo:hi]) && hi-lo <= maxName:
		p.named = true
		if p.valueHi > 0 {
			p.mask(p.v, p.valueLo, p.valueHi)
			p.named, p.valueHi = false, 0
		}
	}
}

// quotedValue returns the content of the quotes that begin at i, after spaces,
// or an empty range.
func (p *textPass) quotedValue(i int) (lo, hi int) {
	i = skipSpace(p.t, i)
	if i == len(p.t) || p.t[i] != '"' && p.t[i] != '\'' {
		return 0, 0
	}
	return i + 1, closingQuote(p.t, i)
}

// closingQuote returns the place of the quote that closes the one at i, or the
// end of t.
func closingQuote(t []byte, i int) int {
	q := t[i]
	for i++; i < len(t); i++ {
		if t[i] == '\\' {
			i++
		} else if t[i] == q {
			return i
		}
	}
	return len(t)
}

func skipSpace(t []byte, i int) int {
	for i < len(t) && (t[i] == ' ' || t[i] == '\t' || t[i] == '\r' || t[i] == '\n') {
		i++
	}
	return i
}

// value masks the value that begins at i, after spaces, and moves behind it. sep is
// the separator before it, quoted whether the name had quotes, url whether it
// came after ? or &.
func (p *textPass) value(sep byte, quoted, url bool) {
	for p.i < len(p.t) && (p.t[p.i] == ' ' || p.t[p.i] == '\t') {
		p.i++
	}
	if quoted && !p.inString {
		p.i = skipSpace(p.t, p.i)
	}
	if p.i == len(p.t) {
		return
	}
	switch c := p.t[p.i]; {
	case c == '\\' && p.i+1 < len(p.t) && (p.t[p.i+1] == '"' || p.t[p.i+1] == '\''):
		p.escapedQuotes()
	case c == '"' && (quoted || !p.inString), c == '\'':
		end := closingQuote(p.t, p.i)
		p.mask(p.v, p.i+1, end)
		p.inString = p.inString && c == '\''
		p.i = min(end+1, len(p.t))
		if sep == '=' && !p.inTag && p.i < len(p.t) && bytes.IndexByte([]byte(" \t\r\n,;&<>)}]/?\""), p.t[p.i]) < 0 {
			p.bare(sep, quoted, url) // the quotes were part of the value
		}
	case (c == '{' || c == '[') && sep == ':':
		p.container()
	default:
		p.bare(sep, quoted, url)
	}
}

// escapedQuotes masks \"value\".
func (p *textPass) escapedQuotes() {
	q := p.t[p.i+1]
	lo := p.i + 2
	for i := lo; i+1 < len(p.t); i++ {
		if p.t[i] == '\\' && p.t[i+1] == q && p.t[i-1] != '\\' {
			p.mask(p.v, lo, i)
			p.i = i + 2
			return
		}
	}
	p.mask(p.v, lo, len(p.t))
	p.i = len(p.t)
}

// bare masks a value without quotes. Where it ends is a guess that errs on the
// side of masking more.
func (p *textPass) bare(sep byte, quoted, url bool) {
	stop := "\r\n"
	switch {
	case p.inTag:
		stop = " \t\r\n>"
	case url:
		stop = "& \t\r\n\"'<>#"
	case sep == '=' && p.inString:
		stop = "&\r\n\""
	case sep == '=':
		stop = "&\r\n"
	case quoted:
		stop = ",}] \t\r\n"
	case p.inString:
		stop = "\r\n\""
	case p.nest > 0:
		stop = "\r\n})]"
	}
	end := p.i
	for end < len(p.t) && indexByte(stop, p.t[end]) < 0 {
		if p.t[end] == '\\' && p.inString && end+1 < len(p.t) {
			end++
		}
		end++
	}
	end = min(end, len(p.t))
	p.maskScalar(p.v, p.i, end)
	p.i = end
}

func indexByte(s string, c byte) int {
	for i := 0; i < len(s); i++ {
		if s[i] == c {
			return i
		}
	}
	return -1
}

// container masks every value in the object or array at i; keys stay.
func (p *textPass) container() {
	depth := 0
	for p.i < len(p.t) {
		switch c := p.t[p.i]; c {
		case '{', '[':
			depth++
			p.i++
		case '}', ']':
			p.i++
			if depth--; depth == 0 {
				return
			}
		case '"', '\'':
			end := closingQuote(p.t, p.i)
			if !p.isKey(end + 1) {
				p.mask(p.v, p.i+1, end)
			}
			p.i = min(end+1, len(p.t))
		case ' ', '\t', '\r', '\n', ',', ':':
			p.i++
		default:
			end := p.i
			for end < len(p.t) && indexByte(" \t\r\n,:{}[]\"'", p.t[end]) < 0 {
				end++
			}
			if !p.isKey(end) {
				p.maskScalar(p.v, p.i, end)
			}
			p.i = end
		}
	}
}

// isKey reports whether a colon follows at i.
func (p *textPass) isKey(i int) bool {
	i = skipSpace(p.t, min(i, len(p.t)))
	return i < len(p.t) && p.t[i] == ':'
}

// open handles < at i.
func (p *textPass) open() {
	p.hi = 0
	end := p.i + 1
	for end < len(p.t) && (isNameByte(p.t[end]) && p.t[end] != '[' && p.t[end] != ']' || p.t[end] == ':' && end > p.i+1) {
		end++
	}
	if end == p.i+1 {
		return // </name>, <!…>, a < b
	}
	p.inTag, p.named, p.valueHi = true, false, 0
	p.tagLo, p.tagHi = p.i+1, end
	p.i = end - 1
}

// close handles > at i.
func (p *textPass) close() {
	p.hi = 0
	p.i++
	if !p.inTag {
		return
	}
	p.inTag, p.named, p.valueHi = false, false, 0
	if p.t[p.i-2] == '/' || !p.mem.sensitive(p.t[p.tagLo:p.tagHi]) {
		return
	}
	lo, end := p.i, []byte("<")
	if i := skipSpace(p.t, lo); bytes.HasPrefix(p.t[i:], []byte("<![CDATA[")) {
		lo, end = i+len("<![CDATA["), []byte("]]>")
	}
	hi := len(p.t)
	if i := bytes.Index(p.t[lo:], end); i >= 0 {
		hi = lo + i
	}
	p.mask(p.v, lo, hi)
	p.i = hi
}

// userinfo masks user:password@ at i, where an authority begins.
func (s *scanner) userinfo(v view, i int) {
	const longest = 256
	t := v.text[:min(len(v.text), i+longest)]
	at := -1
	for j := i; j < len(t) && indexByte("/?#\"'<> \t\r\n\\", t[j]) < 0; j++ {
		if t[j] == '@' {
			at = j
		}
	}
	if at > i {
		s.mask(v, i, at)
	}
}
