package explain

import (
	"cmp"
	"slices"
)

const (
	// excerptHead is how much of a value's beginning is shown, excerptAround how
	// much around each marked run, and excerptMark how much of one that is long.
	excerptHead   = 160
	excerptAround = 80
	excerptMark   = 600
)

// Segment is a part of an excerpt: text, marked or not, or a cut.
type Segment struct {
	Pieces []Piece
	Marked bool
	Cut    int // bytes not shown
}

// Excerpt shows a value of a request with the spans marked, whose Start and End
// are bytes of it, and cut where it is long.
func Excerpt(s string, spans []Span) []Segment {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	type stretch struct {
		from, to int
		marked   bool
	}
	var marks []stretch
	for _, m := range spans {
		from, to := max(m.Start, 0), min(m.End, len(s))
		if n := len(marks); n > 0 {
			from = max(from, marks[n-1].to)
		}
		if from < to {
			marks = append(marks, stretch{from, to, true})
		}
	}
	var shown []stretch // to be shown, in order, apart
	show := func(from, to int) {
		from, to = Boundary(s, max(from, 0)), Boundary(s, min(to, len(s)))
		if n := len(shown); n > 0 && from <= shown[n-1].to+20 {
			shown[n-1].to = max(shown[n-1].to, to)
		} else if from < to {
			shown = append(shown, stretch{from: from, to: to})
		}
	}
	show(0, excerptHead)
	for _, m := range marks {
		if m.to-m.from <= excerptMark {
			show(m.from-excerptAround, m.to+excerptAround)
			continue
		}
		show(m.from-excerptAround, m.from+excerptMark/2)
		show(m.to-excerptMark/2, m.to+excerptAround)
	}
	if n := len(shown); n > 0 && len(s)-shown[n-1].to <= 40 {
		shown[n-1].to = len(s)
	}
	var out []Segment
	put := func(from, to int, marked bool) {
		if from < to {
			out = append(out, Segment{Pieces: Visible(s[from:to]), Marked: marked})
		}
	}
	at := 0
	for _, r := range shown {
		if r.from > at {
			out = append(out, Segment{Cut: r.from - at})
		}
		at = r.from
		for _, m := range marks {
			from, to := max(m.from, at), min(m.to, r.to)
			if from >= to {
				continue
			}
			put(at, from, false)
			put(from, to, true)
			at = to
		}
		put(at, r.to, false)
		at = r.to
	}
	if at < len(s) {
		out = append(out, Segment{Cut: len(s) - at})
	}
	return out
}
