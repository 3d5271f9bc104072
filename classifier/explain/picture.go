package explain

import (
	"cmp"
	"slices"

	"github.com/limen-waf/limen/classifier"
)

// unit is the smallest piece of a request that is blanked: a character in all
// its readings.
type unit struct {
	origin classifier.Origin
	tokens []int32 // indices in the window, rising
}

// picture is a window taken apart into units, in the order of their first
// tokens.
type picture struct {
	window classifier.Window
	units  []unit
	// marks[i] are the indices of the marks of the field that unit i is in.
	marks [][]int32
}

func newPicture(w classifier.Window, origins []classifier.Origin) *picture {
	p := &picture{window: w}
	var exact []int32
	for i, k := range w {
		switch {
		case k >= classifier.MarkMethod:
		case origins[i].Exact:
			exact = append(exact, int32(i))
		default:
			p.units = append(p.units, unit{origins[i], []int32{int32(i)}})
		}
	}
	// Readings of the same bytes overlap; those that do are one unit.
	slices.SortStableFunc(exact, func(a, b int32) int { return compareOrigins(origins[a], origins[b]) })
	for _, i := range exact {
		o := origins[i]
		if n := len(p.units); n > 0 {
			last := &p.units[n-1]
			if l := &last.origin; l.Exact && l.Part == o.Part && l.Header == o.Header && o.Start < l.End {
				l.End = max(l.End, o.End)
				last.tokens = append(last.tokens, i)
				continue
			}
		}
		p.units = append(p.units, unit{o, []int32{i}})
	}
	for i := range p.units {
		slices.Sort(p.units[i].tokens)
	}
	slices.SortFunc(p.units, func(a, b unit) int { return cmp.Compare(a.tokens[0], b.tokens[0]) })
	p.findMarks()
	return p
}

func compareOrigins(a, b classifier.Origin) int {
	return cmp.Or(cmp.Compare(a.Part, b.Part), cmp.Compare(a.Header, b.Header), cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
}

// findMarks finds the marks of each unit's field: those between its tokens, and
// the run of marks that opens the field.
func (p *picture) findMarks() {
	p.marks = make([][]int32, len(p.units))
	var field []int32 // of the field so far
	at := 0
	for i := range p.units {
		first := int(p.units[i].tokens[0])
		for ; at < first; at++ {
			k := p.window[at]
			if k >= classifier.MarkMethod && k < classifier.MarkDepth1 {
				field = nil
			}
			if k >= classifier.MarkMethod {
				field = append(field, int32(at))
			}
		}
		p.marks[i] = field
	}
	for i := range p.units {
		p.marks[i] = p.readingMarks(i)
	}
}

// readingMarks adds the marks that open each reading of the unit.
func (p *picture) readingMarks(i int) []int32 {
	out := slices.Clone(p.marks[i])
	for _, at := range p.units[i].tokens[1:] {
		for at > 0 && p.window[at] < classifier.MarkMethod {
			at--
		}
		if p.window[at] >= classifier.MarkMethod {
			out = append(out, at)
		}
	}
	return out
}

// alone is the window with nothing but the runs' units and the marks of their
// fields. Of every blank stretch little is left: no reading of a convolution
// reaches over a block of it, and pools group tokens from the window's begin on, so that
// whole blocks can go.
func (p *picture) alone(runs ...run) classifier.Window {
	w := make(classifier.Window, len(p.window))
	for _, r := range runs {
		for n := r.from; n < r.to; n++ {
			for _, i := range p.units[n].tokens {
				w[i] = p.window[i]
			}
			for _, i := range p.marks[n] {
				w[i] = p.window[i]
			}
		}
	}
	out := w[:0]
	blank := true // the block before
	for at := 0; at < len(w); at += block {
		b := w[at:min(at+block, len(w))]
		empty := !slices.ContainsFunc(b, func(k classifier.Token) bool { return k != classifier.Pad })
		if !empty || !blank {
			out = append(out, b...)
		}
		blank = empty
	}
	if len(out) == 0 { // nothing
		out = w[:1]
	}
	return out
}

// block is a number of tokens that is a multiple of every network's pools put
// together, and more than the reach of its convolutions.
const block = 64
