package native

import (
	"fmt"
	"math/bits"

	"github.com/limen-waf/limen/classifier"
)

// plan is a network made ready for one instruction set. It is read-only.
type plan struct {
	isa        *isa
	vocabulary int
	first      tableLayer
	convs      []productLayer
	dense      []productLayer
	// features and classes are the widths of the last dense layer's input and
	// output.
	features, classes int
}

func newPlan(n *network, k *isa) *plan {
	p := &plan{isa: k, vocabulary: n.embedding.vocabulary, first: newTableLayer(n)}
	for i := range n.blocks[1:] {
		p.convs = append(p.convs, convLayer(k, &n.blocks[i+1]))
	}
	for i := range n.dense {
		p.dense = append(p.dense, denseLayer(k, &n.dense[i]))
	}
	last := n.dense[len(n.dense)-1]
	p.features, p.classes = last.in, last.out
	return p
}

// peaks writes the maximum over time of a window's last activations to dst.
func (p *plan) peaks(s *scratch, w classifier.Window, dst []float32) error {
	clear(dst)
	for len(w) > 0 && w[len(w)-1] == classifier.Pad {
		w = w[:len(w)-1]
	}
	n := len(w)
	if n == 0 {
		return nil // all masked: every maximum is that of zeros
	}
	p.fit(s, n)
	mask, err := p.lookUp(s, w)
	if err != nil {
		return err
	}

	// Pools that the window's end cuts short need no Pad: a masked position
	// is zero, and ReLU left nothing below.
	pool := p.first.pool
	if len(p.convs) == 0 {
		pool = n
	}
	out := p.activations(s, 0, dst)
	if mask == nil {
		p.first.pooled(p.isa, out, s.offsets, n, pool)
	} else {
		rows := s.rows(n, p.first.width)
		p.first.run(p.isa, rows, s.offsets, n, 1)
		maskedMax(out, rows, mask, n, p.first.width, pool)
		mask = poolMask(mask, pool)
	}
	for i := range p.convs {
		l := &p.convs[i]
		n = (n + pool - 1) / pool
		in := s.inputs[i]
		clear(in[(l.kernel/2+n)*l.in:][:l.kernel/2*l.in]) // what a longer window left
		pool = l.pool
		last := i+1 == len(p.convs)
		if last {
			pool = n
		}
		out := p.activations(s, i+1, dst)
		switch {
		case mask == nil && last && p.isa.fold:
			l.run(p.isa, out, in, n, foldAll)
		case mask == nil && l.fused || mask == nil && pool == 1:
			l.run(p.isa, out, in, n, bits.Len(uint(pool))-1)
		default:
			rows := s.rows(n, l.out)
			l.run(p.isa, rows, in, n, 0)
			maskedMax(out, rows, mask, n, l.out, pool)
			mask = poolMask(mask, pool)
		}
	}
	return nil
}

// activations is where the layer before conv i writes its rows: behind the
// zeros at the begin of conv i's input, or to the peaks after the last one.
func (p *plan) activations(s *scratch, i int, peaks []float32) []float32 {
	if i == len(p.convs) {
		return peaks
	}
	l := &p.convs[i]
	return s.inputs[i][l.kernel/2*l.in:]
}

// lookUp turns tokens into table offsets. The mask is nil when no Pad stands
// among them.
func (p *plan) lookUp(s *scratch, w classifier.Window) ([]bool, error) {
	half, row := p.first.kernel/2, uint32(p.first.row)
	clear(s.offsets[:half])
	offsets := s.offsets[half:][:len(w)]
	var most classifier.Token
	pads := 0
	for i, t := range w {
		offsets[i] = uint32(t) * row
		most = max(most, t)
		if t == classifier.Pad {
			pads++
		}
	}
	clear(s.offsets[half+len(w):][:half])
	if int(most) >= p.vocabulary {
		return nil, fmt.Errorf("%w: token %d; the model has %d", ErrToken, most, p.vocabulary)
	}
	if pads == 0 {
		return nil, nil
	}
	if len(s.mask) < len(w) {
		s.mask = make([]bool, s.length)
	}
	mask := s.mask[:len(w)]
	for i, t := range w {
		mask[i] = t != classifier.Pad
	}
	return mask, nil
}

// head computes the dense layers for the first n rows of s.vectors[0].
func (p *plan) head(s *scratch, n int) {
	for i := range p.dense {
		p.dense[i].run(p.isa, s.vectors[i+1], s.vectors[i], n, 0)
	}
}
