package classifier

import "bytes"

// jsonMode says what to do when the text turns out not to be JSON.
type jsonMode byte

const (
	// jsonDeclared: the content type says JSON; what follows the error goes out
	// as text.
	jsonDeclared jsonMode = iota
	// jsonSniffed: it only looks like JSON; take everything back.
	jsonSniffed
	// jsonNested: a string that looks like JSON; take everything back.
	jsonNested
)

// json emits the keys, strings and literals of b: one value, or several with
// white space between (JSON Lines). Structure is checked and not emitted. It
// returns false, with nothing emitted, when b is not JSON, in declared mode
// only when not even the first value began well. cut says that b ends early.
func (t *Tokenizer) json(b []byte, mode jsonMode, nest int, cut bool) bool {
	tokens, spans, base, depth := len(t.tokens), len(t.spans), len(t.stack), t.depth
	end := t.jsonValues(b, nest)
	if len(t.stack) > base && end == len(b) && !cut && mode != jsonDeclared {
		end = 0 // unfinished
	}
	t.stack = t.stack[:base]
	if end == len(b) {
		return true
	}
	if mode == jsonSniffed && cut && end > len(b)/2 {
		mode = jsonDeclared // the cut broke the last value
	}
	if mode != jsonDeclared || len(t.tokens) == tokens {
		t.tokens, t.spans, t.depth = t.tokens[:tokens], t.spans[:spans], depth
		return false
	}
	t.field(MarkText, b[end:], 0)
	return true
}

// jsonValues scans b and emits its values. It returns len(b) when all went
// well, else the end of the last value that did: what it has not emitted, but
// for structure, begins there. Open brackets are left on the stack.
func (t *Tokenizer) jsonValues(b []byte, nest int) int {
	const (
		wantValue  = iota // a value
		wantFirst         // a value or ]
		wantKey           // a key
		wantKeyEnd        // a key or }
		wantColon
		wantMore // a comma or a bracket, at the top another value
	)
	base := len(t.stack)
	if nest == 0 {
		t.seen.next()
	}
	state := wantValue
	done := 0 // end of the last key or value
	query := false
	literals := 0
	i := 0
	if bytes.HasPrefix(b, utf8BOM) {
		i = len(utf8BOM)
	}
	for i < len(b) {
		c := b[i]
		switch c {
		case ' ', '\t', '\r', '\n':
			i++
			continue
		case '"':
			switch state {
			case wantKey, wantKeyEnd:
				n, esc, ok := jsonString(b[i:])
				if !ok {
					return done
				}
				key := b[i+1 : i+n-1]
				if nest > 0 || t.seen.add(b, i+1, len(key), true) {
					t.jsonText(MarkJSONKey, key, esc, nest)
				}
				query = len(key) == 5 && string(key) == "query" && len(t.stack)-base <= 2
				i += n
				done = i
				state = wantColon
				continue
			case wantMore:
				if len(t.stack) > base {
					return done
				}
			case wantColon:
				return done
			}
			n, esc, ok := jsonString(b[i:])
			if !ok {
				return done
			}
			mark := MarkJSONString
			value := b[i+1 : i+n-1]
			if query && graphQL(value) {
				mark = MarkGraphQL
			}
			if nest > 0 || len(value) > maxRepeat || t.seen.add(b, i+1, len(value), false) {
				t.jsonText(mark, value, esc, nest)
			}
			i += n
			done = i
			state = wantMore
		case '{', '[':
			if state != wantValue && state != wantFirst && (state != wantMore || len(t.stack) > base) {
				return done
			}
			t.stack = append(t.stack, c)
			state = wantKeyEnd
			if c == '[' {
				state = wantFirst
			}
			i++
		case '}', ']':
			n := len(t.stack)
			if n == base || t.stack[n-1] != c-2 || state != wantMore && state != wantFirst && state != wantKeyEnd ||
				state == wantFirst && c == '}' || state == wantKeyEnd && c == ']' {
				return done
			}
			t.stack = t.stack[:n-1]
			state = wantMore
			i++
		case ',':
			n := len(t.stack)
			if state != wantMore || n == base {
				return done
			}
			state = wantValue
			if t.stack[n-1] == '{' {
				state = wantKey
			}
			i++
		case ':':
			if state != wantColon {
				return done
			}
			state = wantValue
			i++
		default:
			if state != wantValue && state != wantFirst && (state != wantMore || len(t.stack) > base) {
				return done
			}
			n := jsonLiteral(b[i:])
			if n == 0 {
				return done
			}
			if literals++; literals <= maxLiterals || !plainLiteral(b[i:i+n]) {
				t.open(MarkJSONLiteral)
				t.emit(b[i : i+n])
				t.shut()
			}
			i += n
			done = i
			state = wantMore
		}
	}
	if state == wantValue && len(t.stack) == base {
		return done // white space only
	}
	return len(b)
}

var utf8BOM = []byte("\xef\xbb\xbf")

// jsonString returns the length of the string at the beginning of b, quotes
// included, and whether it holds escapes.
func jsonString(b []byte) (n int, escaped, ok bool) {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i + 1, escaped, true
		case '\\':
			escaped = true
			i++
		}
	}
	return 0, false, false
}

// jsonText emits the key or string s, which stands without its quotes. The
// canonical escapes are part of JSON and leave no trace; with others in it the
// raw form comes first. A string that is itself JSON is emitted as such.
func (t *Tokenizer) jsonText(mark Token, s []byte, escaped bool, nest int) {
	keep := len(t.arena)
	text := s
	var how decoded
	if escaped {
		text, how = t.unescape(s)
	}
	if mark == MarkJSONString && how&decodeLoose == 0 && nest < maxNest && t.jsonInside(text, nest) {
		t.arena = t.arena[:keep]
		return
	}
	if how&decodeLoose == 0 {
		m := manner(0)
		if bytes.HasPrefix(text, httpPrefix) || bytes.HasPrefix(text, httpsPrefix) {
			m = mannerURL
		}
		t.field(mark, text, m)
		t.arena = t.arena[:keep]
		return
	}
	t.open(mark)
	t.emit(s)
	level := 0
	at := len(t.tokens)
	k := classSpecial | classNotBase64 | classNotHex // there is a backslash
	if how&decodeChanged != 0 {
		level = 1
		t.depth = max(t.depth, 1)
		t.tokens = append(t.tokens, MarkDepth1)
		at = len(t.tokens)
		k = t.emit(text)
	}
	if how&decodeOdd != 0 {
		t.tokens = append(t.tokens, MarkOdd)
	}
	t.readings(text, k, 0, level, 0, at)
	t.shut()
	t.arena = t.arena[:keep]
}

// jsonInside emits the string s as JSON if it is: an object or an array.
func (t *Tokenizer) jsonInside(s []byte, nest int) bool {
	if len(s) < 4 {
		return false
	}
	if first, last := firstByte(s), lastByte(s); !(first == '{' && last == '}') && !(first == '[' && last == ']') {
		return false
	}
	tokens, spans := len(t.tokens), len(t.spans)
	t.open(MarkJSONString)
	t.shut()
	if t.json(s, jsonNested, nest+1, false) {
		return true
	}
	t.tokens, t.spans = t.tokens[:tokens], t.spans[:spans]
	return false
}

var (
	httpPrefix  = []byte("http://")
	httpsPrefix = []byte("https://")
)

// lastByte returns the last byte of b that is not white space, or 0.
func lastByte(b []byte) byte {
	for i := len(b) - 1; i >= 0; i-- {
		if c := b[i]; c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c
		}
	}
	return 0
}
