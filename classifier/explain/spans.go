package explain

import (
	"cmp"
	"slices"

	"github.com/limen-waf/limen/classifier"
)

const (
	// spanGap is how many units between two runs are taken into one span.
	spanGap = 8
	// longWord is how many units a run is made longer to end where a word does.
	longWord = 12
	// maxSpans is the most spans of an explanation.
	maxSpans = 16
	// Where one span has itself as a share of the evidence alone, those that have less
	// than beside alone are only what it stands beside, such as the method.
	itself = 0.2
	beside = 0.02
	// leastShare of the evidence makes a span, where any has it, and leastWeight, in
	// nats.
	leastShare  = 0.1
	leastWeight = 0.05
)

// spans makes spans of what was found, with the evidence shared out: half by what
// the whole window loses without a span, half by what the span has alone.
func (o *oracle) spans(r *classifier.Request, found []run, evidence float64) ([]Span, error) {
	if len(found) == 0 {
		return nil, nil
	}
	p := o.picture
	all := []run{{0, len(p.units)}}
	found = join(p.split(found), spanGap, p.follows)
	for i, r := range found {
		found[i] = p.words(r)
	}
	found = join(found, 0, p.follows)
	losses, err := o.losses(all, found, evidence)
	if err != nil {
		return nil, err
	}
	alone, err := o.alone(found)
	if err != nil {
		return nil, err
	}
	sum := 0.0
	for i := range losses {
		losses[i] = max(losses[i]+alone[i], 0)
		sum += losses[i]
	}
	var out, light []Span
	strong := slices.Max(alone) >= itself*evidence
	for i, u := range found {
		s := p.span(r, u, losses[i]*evidence/max(sum, 1e-9))
		switch {
		case s.Weight < leastWeight:
		case s.Weight < leastShare*evidence, strong && alone[i] < beside*evidence:
			light = append(light, s)
		default:
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		out = light // many characters did it, each a little
	}
	slices.SortStableFunc(out, func(a, b Span) int { return cmp.Compare(b.Weight, a.Weight) })
	return out[:min(len(out), maxSpans)], nil
}

// words makes a run longer so that it does not begin or end inside a word.
func (p *picture) words(r run) run {
	inside := func(a, b int) bool {
		x, y := p.units[a].origin, p.units[b].origin
		return p.follows(a, b) && (!x.Exact || x.End == y.Start) && p.letter(a) && p.letter(b)
	}
	for range longWord {
		if r.from > 0 && inside(r.from-1, r.from) {
			r.from--
		}
		if r.to < len(p.units) && inside(r.to-1, r.to) {
			r.to++
		}
	}
	return r
}

// letter says whether a unit is a letter or digit in its last reading.
func (p *picture) letter(n int) bool {
	u := p.units[n].tokens
	k := p.window[u[len(u)-1]]
	c := byte(k - classifier.ByteToken(0))
	return c-'0' < 10 || c|0x20-'a' < 26
}

// split cuts runs where a field ends.
func (p *picture) split(runs []run) []run {
	var out []run
	for _, r := range runs {
		from := r.from
		for n := from + 1; n <= r.to; n++ {
			if n == r.to || !p.follows(n-1, n) {
				out = append(out, run{from, n})
				from = n
			}
		}
	}
	return out
}

// follows says whether unit b stands behind unit a, with a separator between them
// at most.
func (p *picture) follows(a, b int) bool {
	x, y := p.units[a].origin, p.units[b].origin
	switch {
	case x.Part != y.Part || x.Header != y.Header || x.Exact != y.Exact:
		return false
	case x.Exact:
		return y.Start >= x.End && y.Start-x.End <= 1
	}
	return p.units[b].tokens[0]-p.units[a].tokens[0] <= 2*spanGap
}

// span is the run as a span of the request.
func (p *picture) span(r *classifier.Request, u run, weight float64) Span {
	o, last := p.units[u.from].origin, p.units[u.to-1].origin
	s := Span{Header: -1, Start: -1, End: -1, Weight: weight}
	var text string
	switch o.Part {
	case classifier.PartMethod:
		s.Field, text = "method", r.Method
	case classifier.PartTarget:
		s.Field, text = "target", r.Target
	case classifier.PartHeaderName:
		s.Field, text = "header name", r.Headers[o.Header].Name
	case classifier.PartHeader:
		s.Field, text = "header", r.Headers[o.Header].Value
	default:
		s.Field = "body"
	}
	if s.Field == "header name" || s.Field == "header" {
		s.Header, s.Name = int(o.Header), r.Headers[o.Header].Name
	}
	switch {
	case !o.Exact:
		s.Text = p.read(u)
	case s.Field == "body":
		s.Start, s.End = int(o.Start), int(last.End)
		s.Text = string(r.Body[s.Start:s.End])
	default:
		s.Start, s.End = int(o.Start), int(last.End)
		s.Text = text[s.Start:s.End]
	}
	return s
}

// read returns the bytes that the network reads at a run.
func (p *picture) read(u run) string {
	var b []byte
	for _, unit := range p.units[u.from:u.to] {
		for _, i := range unit.tokens {
			b = append(b, byte(p.window[i]-classifier.ByteToken(0)))
		}
	}
	return string(b)
}
