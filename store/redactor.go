package store

import "bytes"

// redactor is memory for redaction that the next request uses again, and what earlier
// requests taught: clients send the same field lines again and again, and forms have
// the same names. It belongs to one goroutine. A nil one knows nothing and does
// the same.
type redactor struct {
	lines [256]knownLine
	names [256]knownName

	scan   scanner // the one at work
	before []byte  // a line as it was before redaction
	text   []byte  // of decoded views
	pos    []int32
}

// knownLine is a field line that redaction leaves as it is: no secret is kept here.
// Lines that differ fall into the same place; the later one stays.
type knownLine struct {
	n    uint8
	text [maxKnownLine]byte
}

// knownName is a name that was looked at by sensitiveName.
type knownName struct {
	n         uint8
	sensitive bool
	text      [maxKnownName]byte
}

const (
	maxKnownLine = 191
	maxKnownName = 30
	// maxKept bounds the memory for decoded views that is kept for the next request.
	maxKept = 256 << 10
)

// begin makes the memory of the views of the request before free for this one's.
func (r *redactor) begin() {
	if r == nil {
		return
	}
	if cap(r.text) > maxKept {
		r.text, r.pos = nil, nil
	}
	r.text, r.pos = r.text[:0], r.pos[:0]
}

// scanner returns a scanner of src. It is valid until the next one is asked for.
func (r *redactor) scanner(src []byte) *scanner {
	if r == nil {
		return &scanner{src: src}
	}
	r.scan = scanner{mem: r, src: src}
	return &r.scan
}

// view returns an empty view with room for n bytes.
func (r *redactor) view(n int) view {
	if r == nil {
		return view{text: make([]byte, 0, n), pos: make([]int32, 0, n+1)}
	}
	if len(r.text)+n > cap(r.text) || len(r.pos)+n+1 > cap(r.pos) {
		size := max(2*cap(r.text), n, 4096) // what was given out stays as it is
		r.text, r.pos = make([]byte, 0, size), make([]int32, 0, size+size/8+1)
	}
	t, p := len(r.text), len(r.pos)
	r.text, r.pos = r.text[:t+n], r.pos[:p+n+1]
	return view{text: r.text[t:t:len(r.text)], pos: r.pos[p:p:len(r.pos)]}
}

// line redacts a field line in place, whose name ends before value.
func (r *redactor) line(line, name, value []byte) {
	if len(value) == 0 || harmlessHeader(name) {
		return
	}
	if r == nil || len(line) > maxKnownLine {
		redactHeader(r, name, value)
		return
	}
	known := &r.lines[uint8(hash(line))]
	if string(known.text[:known.n]) == string(line) {
		return
	}
	r.before = append(r.before[:0], line...)
	redactHeader(r, name, value)
	if bytes.Equal(r.before, line) {
		known.n = uint8(copy(known.text[:], line))
	}
}

// sensitive is sensitiveName.
func (r *redactor) sensitive(name []byte) bool {
	if r == nil || len(name) > maxKnownName {
		return sensitiveName(name)
	}
	known := &r.names[uint8(hash(name))]
	if string(known.text[:known.n]) != string(name) {
		known.n = uint8(copy(known.text[:], name))
		known.sensitive = sensitiveName(name)
	}
	return known.sensitive
}

// Traits of a text: what it needs to have for some pass to find anything in it.
const (
	traitSeparator = 1 << iota // : or =, without which no name has a value
	traitTag                   // <
	traitToken                 // the J of a token's "eyJ"
	traitDigit     = 1 << 7
)

var traits = func() (t [256]uint8) {
	t[':'], t['='], t['<'], t['J'] = traitSeparator, traitSeparator, traitTag, traitToken
	for c := '0'; c <= '9'; c++ {
		t[c] = traitDigit
	}
	return t
}()

// traitsOf returns the traits of b. traitDigit says that the digits are enough for a card.
func traitsOf(b []byte) (has uint8) {
	digits := 0
	for _, c := range b {
		t := traits[c]
		has |= t
		digits += int(t >> 7)
	}
	if digits < minCard {
		has &^= traitDigit
	}
	return has
}
