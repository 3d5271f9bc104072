package classifier

import "bytes"

// Part is a part of a request.
type Part uint8

// The parts.
const (
	PartNone Part = iota // a token that stands for no bytes of the request
	PartMethod
	PartTarget
	PartHeaderName
	PartHeader // the value of a header field
	PartBody
)

// Origin is the bytes of a request that a token stands for: [Start, End) of one
// part of it.
type Origin struct {
	Part Part
	// Header is the index in Request.Headers, for the two header parts.
	Header     int32
	Start, End int32
	// Exact is false where it is only known that the token comes from somewhere
	// in [Start, End): marks, and readings that were decompressed or re-coded.
	Exact bool
}

// Origins says of every token of s where in r it comes from. s must be what a
// Tokenizer made of r.
//
// It undoes the tokenizer's work from the outside: the fields are cut out of
// the request again, and each reading is compared with what the decoders make
// of its field. Whatever cannot be found so is marked as not exact; nothing is
// guessed. The work is linear in the request's size but for bodies in which
// strings are not found.
func Origins(r *Request, s *Sequence) []Origin {
	f := originFinder{r: r, s: s, out: make([]Origin, len(s.Tokens))}
	f.method()
	f.target()
	f.headers()
	f.body()
	return f.out
}

// originFinder walks over the spans and over the request's fields at once.
type originFinder struct {
	r    *Request
	s    *Sequence
	out  []Origin
	span int // the next one
}

// source is a field's bytes and where in the request they stand.
type source struct {
	where Origin // Start and End are those of bytes
	bytes []byte
}

func sourceOf(where Origin, part []byte, start, end int) source {
	where.Start, where.End = int32(start), int32(end)
	return source{where, part[start:end]}
}

// next returns the next span if it has one of the marks, else false.
func (f *originFinder) next(marks ...Token) (Span, bool) {
	if f.span < len(f.s.Spans) {
		sp := f.s.Spans[f.span]
		for _, m := range marks {
			if sp.Mark == m {
				return sp, true
			}
		}
	}
	return Span{}, false
}

// take gives the next span, if it has the mark, to the source.
func (f *originFinder) take(mark Token, src source) {
	if sp, ok := f.next(mark); ok {
		f.assign(sp, src)
		f.span++
	}
}

func (f *originFinder) method() {
	f.take(MarkMethod, source{Origin{Part: PartMethod, End: int32(len(f.r.Method))}, []byte(f.r.Method)})
}

// target cuts the target as Tokenizer.target does.
func (f *originFinder) target() {
	all := []byte(f.r.Target)
	where := Origin{Part: PartTarget}
	at, end := 0, len(all)
	if i := bytes.IndexByte(all, '#'); i >= 0 {
		end = i
	}
	if end > 0 && all[0] != '/' {
		if f.r.Method == "CONNECT" {
			f.take(MarkFragment, sourceOf(where, all, 0, end))
			at = end
		} else if i := bytes.Index(all[:end], schemeEnd); i > 0 && i < 16 && bytes.IndexByte(all[:i], '?') < 0 {
			at = i + len(schemeEnd)
			if n := bytes.IndexAny(all[at:end], "/?"); n >= 0 {
				at += n
			} else {
				at = end
			}
			f.take(MarkFragment, sourceOf(where, all, 0, at))
		}
	}
	if at < end {
		path, query, ok := bytes.Cut(all[at:end], questionMark)
		f.take(MarkPath, sourceOf(where, all, at, at+len(path)))
		if ok {
			f.pairs(MarkQueryName, MarkQueryValue, where, all, end-len(query), end)
		}
	}
	if end < len(all) {
		f.take(MarkFragment, sourceOf(where, all, end+1, len(all)))
	}
}

// pairs cuts the urlencoded string part[at:end] as Tokenizer.pairs does.
func (f *originFinder) pairs(name, value Token, where Origin, part []byte, at, end int) {
	for at < end {
		pair, _, _ := bytes.Cut(part[at:end], ampersand)
		if len(pair) > 0 {
			eq := bytes.IndexByte(pair, '=')
			if eq < 0 {
				f.take(name, sourceOf(where, part, at, at+len(pair)))
			} else {
				f.take(name, sourceOf(where, part, at, at+eq))
				f.take(value, sourceOf(where, part, at+eq+1, at+len(pair)))
			}
		}
		at += len(pair) + 1
	}
}

// body finds the fields of the body in the order in which they stand in it.
func (f *originFinder) body() {
	where := Origin{Part: PartBody}
	if sp, ok := f.next(MarkFormName, MarkFormValue); ok && !f.recoded(0, sp.Start) {
		f.pairs(MarkFormName, MarkFormValue, where, f.r.Body, 0, len(f.r.Body))
	}
	c := cursor{body: f.r.Body}
	for ; f.span < len(f.s.Spans); f.span++ {
		sp := f.s.Spans[f.span]
		from := int32(0)
		if f.span > 0 {
			from = f.s.Spans[f.span-1].End
		}
		if f.recoded(from, sp.Start) {
			c.lost = true
		}
		start, end, ok := c.find(sp.Mark, f.firstReading(sp))
		if !ok {
			f.whole(sp, Origin{Part: PartBody, End: int32(len(f.r.Body))})
			continue
		}
		f.assign(sp, sourceOf(where, f.r.Body, start, end))
	}
}

// recoded says whether the marks between two fields tell that what follows
// was decompressed or re-coded.
func (f *originFinder) recoded(from, to int32) bool {
	for _, k := range f.s.Tokens[from:to] {
		if k == MarkInflated || k == MarkUTF16 || k == MarkUTF7 {
			return true
		}
	}
	return false
}

// firstReading returns the bytes of the span's first reading: those after the
// field mark or, where it gave way to a decoded one, those after the first
// view marks.
func (f *originFinder) firstReading(sp Span) []byte {
	tokens := f.s.Tokens[sp.Start+1 : sp.End]
	for len(tokens) > 0 && tokens[0] >= markBase {
		tokens = tokens[1:]
	}
	var out []byte
	for _, k := range tokens {
		if k >= markBase {
			break
		}
		out = append(out, byte(k-byteBase))
	}
	return out
}

// whole notes that the span comes from somewhere in where.
func (f *originFinder) whole(sp Span, where Origin) {
	where.Exact = false
	for i := sp.Start; i < sp.End; i++ {
		f.out[i] = where
	}
}
