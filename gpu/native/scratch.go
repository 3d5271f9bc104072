package native

// batch is the number of windows whose dense layers are computed together.
const batch = 16

// scratch is what one Score call writes to.
type scratch struct {
	// length is the window length that the buffers are for.
	length int
	// offsets are the tokens' table offsets, with Pad for the taps that reach
	// beyond either end.
	offsets []uint32
	// inputs[i] is the input of convs[i]: rows of zeros for the taps that
	// reach beyond either end, and the activations between them.
	inputs [][]float32
	// unpooled holds a layer's rows where the kernels cannot pool them, mask
	// the window's mask where it has Pad between tokens. Both are nil until
	// they are needed.
	unpooled []float32
	mask     []bool
	// vectors[0] is the maximum over time of each window of a batch,
	// vectors[i] the result of dense layer i-1.
	vectors [][]float32
}

// newScratch makes buffers for windows of up to length tokens.
func (p *plan) newScratch(length int) *scratch {
	s := &scratch{}
	width := p.first.width
	if n := len(p.convs); n > 0 {
		width = p.convs[n-1].out
	}
	s.vectors = append(s.vectors, aligned(batch*width))
	for i := range p.dense {
		s.vectors = append(s.vectors, aligned(batch*p.dense[i].out))
	}
	p.fit(s, length)
	return s
}

// fit makes buffers that hold a window of n tokens.
func (p *plan) fit(s *scratch, n int) {
	if n <= s.length {
		return
	}
	s.length = n
	s.offsets = make([]uint32, n+p.first.kernel-1)
	s.inputs = s.inputs[:0]
	s.unpooled, s.mask = nil, nil
	pool := p.first.pool
	for i := range p.convs {
		l := &p.convs[i]
		n = (n + pool - 1) / pool
		s.inputs = append(s.inputs, aligned((n+l.kernel-1)*l.in))
		pool = l.pool
	}
}

// rows gives room for n unpooled rows of a layer.
func (s *scratch) rows(n, width int) []float32 {
	if len(s.unpooled) < n*width {
		s.unpooled = aligned(n * width)
	}
	return s.unpooled
}
