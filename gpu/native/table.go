package native

// tableLayer is embedding, first convolution, ReLU and pool.
type tableLayer struct {
	kernel, pool int
	// width is the number of channels rounded up, row the bytes of all taps of
	// a token.
	width, row int
	// table is [vocabulary][kernel][width]: by token, so that what a common
	// byte needs lies together. The row of Pad is zero: that is its mask.
	table, bias []float32
}

// newTableLayer folds the embedding into the first block. It sums in float64.
func newTableLayer(n *network) tableLayer {
	b := &n.blocks[0]
	l := tableLayer{kernel: b.kernel, pool: b.pool, width: roundUp(b.out)}
	l.row = 4 * l.kernel * l.width
	l.bias = aligned(l.width)
	copy(l.bias, b.bias)
	l.table = aligned(n.embedding.vocabulary * l.kernel * l.width)
	for token := 1; token < n.embedding.vocabulary; token++ {
		x := n.embedding.rows[token*n.embedding.width:][:n.embedding.width]
		for tap := range l.kernel {
			row := l.table[(token*l.kernel+tap)*l.width:]
			for o := range b.out {
				sum := 0.0
				for e, v := range x {
					sum += float64(v) * float64(b.weights[(o*b.in+e)*b.kernel+tap])
				}
				row[o] = float32(sum)
			}
		}
	}
	return l
}

// run computes rows results of pool positions each from offsets on. The first
// position's first tap is offsets[0].
func (l *tableLayer) run(k *isa, dst []float32, offsets []uint32, rows, pool int) {
	if rows == 0 {
		return
	}
	s := sums{rows: rows, pool: pool, taps: l.kernel, tapStride: l.width, dstStride: l.width}
	for c := 0; c < l.width; {
		strip := k.strip(l.width - c)
		k.table(strip, dst[c:], l.table[c:], l.bias[c:], offsets, s)
		c += strip
	}
}

// pooled computes all pooled rows of a window of n tokens; the last pool may
// be short.
func (l *tableLayer) pooled(k *isa, dst []float32, offsets []uint32, n, pool int) {
	full := n / pool
	l.run(k, dst, offsets, full, pool)
	if rest := n % pool; rest > 0 {
		l.run(k, dst[full*l.width:], offsets[full*pool:], 1, rest)
	}
}
