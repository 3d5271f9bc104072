package classifier

// class is a set of facts about a run of bytes: the union over its bytes.
type class uint8

const (
	classSpecial   class = 1 << iota // a byte that some decoder acts on
	classPlus                        // +
	classNotBase64                   // a byte outside Base64 (both alphabets, padding, line breaks, space, dot)
	classNotHex
	classDot
	classSpace
)

var classes = func() (t [256]class) {
	for i := range t {
		c := byte(i)
		if c == '%' || c == '&' || c == '\\' || c == 0 || foldLead(c) {
			t[i] |= classSpecial
		}
		if c == '+' {
			t[i] |= classPlus
		}
		if base64Digits[c] == 0xff && c != '=' && c != ' ' && c != '.' {
			t[i] |= classNotBase64
		}
		if hexDigits[c] == 0xff {
			t[i] |= classNotHex
		}
		if c == '.' {
			t[i] |= classDot
		}
		if c == ' ' {
			t[i] |= classSpace
		}
	}
	return t
}()

// manner says how a field is written, and so which of its escapes are the
// ordinary ones.
type manner uint8

const (
	mannerURL  manner = 1 << iota // percent-escapes are the ordinary way of writing
	mannerPlus                    // + is a space
	mannerPath                    // an escaped / is not the same as a /
	mannerWire                    // as the client sent it: an ill-formed percent-escape is odd
)

const (
	// Fields shorter than minEncoded are not tried as Base64 or hex.
	minEncoded = 12
	minHex     = 16
	// A further reading of a field of at least sparseMin bytes, next to a whole
	// earlier one, shows only what changed with sparseContext bytes around it.
	sparseMin     = 512
	sparseContext = 64
)

// byteRange is a half-open range of offsets.
type byteRange struct{ from, to int }

// readings emits the further readings of the field reading v, which is of
// class k, was reached by level decodings and stands whole in tokens[at:]. A
// form whose next decoding is lossless gives way to it.
func (t *Tokenizer) readings(v []byte, k class, m manner, level, nest, at int) {
	keep := len(t.arena)
	cur, first := v, k
	plus := m & mannerPlus
	droppable := true
	for ; level < maxDepth && (k&classSpecial != 0 || m&mannerPlus != 0 && k&classPlus != 0); level++ {
		out, how := t.decode(cur, m)
		if how&decodeChanged == 0 {
			if how&decodeOdd != 0 {
				t.tokens = append(t.tokens, MarkOdd)
			}
			break
		}
		whole := true
		if how&decodeLoose == 0 && droppable {
			t.tokens = t.tokens[:at]
		} else if len(cur) >= sparseMin && how&decodeNoRanges == 0 {
			whole = false
		}
		at = len(t.tokens)
		depth := MarkDepth1 + Token(level)
		t.tokens = append(t.tokens, depth)
		if whole {
			k = t.emit(out)
		} else {
			k = t.emitChanged(out, depth)
		}
		if how&decodeOdd != 0 {
			t.tokens = append(t.tokens, MarkOdd)
		}
		droppable = whole && how&decodeOdd == 0
		cur = out
		m &^= mannerPlus | mannerWire
		t.depth = max(t.depth, level+1)
	}
	if first&classPlus != 0 && t.utf7(v, nest) {
		// Its bare form has been read.
	} else if level > 0 && k&classPlus != 0 {
		t.utf7(cur, nest)
	}
	if len(cur) >= minEncoded && nest < maxNest && m&mannerPath == 0 {
		t.encoded(cur, k, plus != 0, nest)
	}
	t.arena = t.arena[:keep]
}

// emitChanged emits the parts of out that t.ranges names, with context, each
// opened by mark, and returns the class of all of out.
func (t *Tokenizer) emitChanged(out []byte, mark Token) class {
	for i, r := range t.ranges {
		from := max(r.from-sparseContext, 0)
		to := min(r.to+sparseContext, len(out))
		if i > 0 {
			t.tokens = append(t.tokens, mark)
		}
		t.emit(out[from:to])
	}
	var k class
	for _, c := range out {
		k |= classes[c]
	}
	return k
}

// changed notes that the last decoding wrote out[from:to] anew. Ranges whose
// contexts meet become one.
func (t *Tokenizer) changed(from, to int) {
	if n := len(t.ranges); n > 0 && from-t.ranges[n-1].to <= 2*sparseContext {
		t.ranges[n-1].to = to
		return
	}
	t.ranges = append(t.ranges, byteRange{from, to})
}

// nested emits content as another reading of the open field, with readings of
// its own.
func (t *Tokenizer) nested(mark Token, content []byte, nest int) {
	t.tokens = append(t.tokens, mark)
	at := len(t.tokens)
	k := t.emit(content)
	t.readings(content, k, 0, 0, nest+1, at)
}
