package classifier

import "slices"

// Limits bound what a Tokenizer decompresses. Zero values mean the defaults.
type Limits struct {
	// InflateBytes is the most decompressed bytes of one request; 1 MiB by
	// default.
	InflateBytes int64
	// InflateRatio is the most decompressed bytes per compressed byte; 100 by
	// default. Small inputs may always grow to 16 KiB.
	InflateRatio int
}

const (
	// DefaultInflateBytes and DefaultInflateRatio are the defaults of Limits.
	DefaultInflateBytes = 1 << 20
	DefaultInflateRatio = 100

	// MaxAmplification is the most tokens per byte of method, target, header
	// fields (name and value) and body, and per byte that was decompressed. The
	// worst is a value whose every level of decoding differs from the one before
	// and that is encoded text besides, twice over; ordinary requests have less
	// than two.
	MaxAmplification = 26

	inflateFloor = 16 << 10

	// maxDepth is how often a field is decoded in a row.
	maxDepth = 3
	// maxNest is how deep Base64, hex and compressed readings, and JSON in JSON
	// strings, nest.
	maxNest = 2
	// maxInflateTries is how many values of a request are tried to decompress:
	// each try costs some microseconds however short the value.
	maxInflateTries = 64
	// keepBytes is the largest scratch buffer kept for the next request.
	keepBytes = 4 << 20
)

// Tokenizer turns requests into token sequences. It holds buffers that it uses
// again, so one Tokenizer serves one goroutine at a time.
type Tokenizer struct {
	limits Limits

	tokens []Token
	spans  []Span
	depth  int

	// arena is a stack of decoded forms: each reading is appended to it and cut
	// off again when the field is done. Growing it leaves older slices intact.
	arena  []byte
	ranges []byteRange

	headers []headerRef
	stack   []byte
	seen    repeats
	inflate inflater

	inflateLeft  int64
	inflateTries int
	truncated    bool // the body limit cut the body
	uncovered    int64

	seq Sequence
}

// NewTokenizer returns a Tokenizer with the given limits.
func NewTokenizer(limits Limits) *Tokenizer {
	if limits.InflateBytes <= 0 {
		limits.InflateBytes = DefaultInflateBytes
	}
	if limits.InflateRatio <= 0 {
		limits.InflateRatio = DefaultInflateRatio
	}
	return &Tokenizer{limits: limits}
}

// Tokenize reads r and returns its tokens, valid until the next call. The same
// request gives the same tokens whatever the order of headers with different
// names and whatever the case of their names. It never fails and never panics,
// and its work and its output are linear in the request's size (plus
// Limits.InflateBytes).
func (t *Tokenizer) Tokenize(r *Request) *Sequence {
	t.reset()
	t.field(MarkMethod, t.hold(r.Method), 0)
	t.target(t.hold(r.Target), r.Method)
	contentType, contentEncoding := t.headerFields(r.Headers)

	sent := int64(len(r.Body))
	if r.BodySize > sent {
		sent = r.BodySize
		t.truncated = true
	}
	if len(r.Body) > 0 {
		t.body(r.Body, contentType, contentEncoding)
	}
	if t.truncated {
		t.tokens = append(t.tokens, MarkCut)
	}

	t.seq = Sequence{
		Tokens:    t.tokens,
		Spans:     t.spans,
		Depth:     t.depth,
		Sent:      int64(len(r.Target)) + sent,
		Inspected: int64(len(r.Target)) + int64(len(r.Body)) - t.uncovered,
	}
	return &t.seq
}

// reset makes t ready for the next request and lets go of outsized buffers.
func (t *Tokenizer) reset() {
	if 2*cap(t.tokens) > keepBytes {
		t.tokens = nil
	}
	if 12*cap(t.spans) > keepBytes {
		t.spans = nil
	}
	if cap(t.arena) > keepBytes {
		t.arena = nil
	}
	if cap(t.stack) > keepBytes {
		t.stack = nil
	}
	if 16*cap(t.ranges) > keepBytes {
		t.ranges = nil
	}
	if 32*cap(t.headers) > keepBytes {
		t.headers = nil
	}
	t.tokens = t.tokens[:0]
	t.spans = t.spans[:0]
	t.arena = t.arena[:0]
	t.depth = 0
	t.inflateLeft = t.limits.InflateBytes
	t.inflateTries = maxInflateTries
	t.truncated = false
	t.uncovered = 0
}

// hold copies s to the arena.
func (t *Tokenizer) hold(s string) []byte {
	at := len(t.arena)
	t.arena = append(t.arena, s...)
	return t.arena[at:len(t.arena):len(t.arena)]
}

// emit appends the bytes of v as tokens and returns the classes they are of.
func (t *Tokenizer) emit(v []byte) class {
	at := len(t.tokens)
	t.tokens = slices.Grow(t.tokens, len(v))[:at+len(v)]
	out := t.tokens[at:][:len(v)]
	var k class
	for i, c := range v {
		out[i] = byteBase + Token(c)
		k |= classes[c]
	}
	return k
}

// open starts a field: its mark and its span.
func (t *Tokenizer) open(mark Token) {
	t.spans = append(t.spans, Span{Mark: mark, Start: int32(len(t.tokens))})
	t.tokens = append(t.tokens, mark)
}

// shut ends the field that was opened last.
func (t *Tokenizer) shut() {
	t.spans[len(t.spans)-1].End = int32(len(t.tokens))
}

// field emits the whole field v: its mark and all its readings.
func (t *Tokenizer) field(mark Token, v []byte, m manner) {
	t.open(mark)
	at := len(t.tokens)
	if k := t.emit(v); k&(classSpecial|classPlus) != 0 || len(v) >= minEncoded {
		t.readings(v, k, m, 0, 0, at)
	}
	t.shut()
}
