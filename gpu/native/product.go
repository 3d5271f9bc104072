package native

import "math"

// productLayer is a convolution or a dense layer as a matrix product.
type productLayer struct {
	// kernel is the number of taps, 1 for a dense layer; pool its pool.
	kernel, pool int
	// in and out are channels rounded up; depth is kernel*in.
	in, out, depth int
	// weights is one panel after the other, each [depth][panel width].
	weights, bias []float32
	floor         float32
	// fused is whether the kernels can pool this layer themselves.
	fused bool
}

// newProductLayer packs weights given by at for the panels of k. The depth
// index is tap*in + channel, which is how activations lie.
func newProductLayer(k *isa, kernel, in, out, pool int, bias []float32, at func(out, in, tap int) float32) productLayer {
	l := productLayer{kernel: kernel, pool: pool, in: roundUp(in), out: roundUp(out)}
	l.depth = kernel * l.in
	l.bias = aligned(l.out)
	copy(l.bias, bias)
	l.weights = aligned(l.depth * l.out)
	l.fused = k.fold
	for c := 0; c < l.out; {
		panel := k.panel(l.out - c)
		packed := l.weights[c*l.depth:][:l.depth*panel]
		for tap := range kernel {
			for i := range in {
				for o := c; o < min(c+panel, out); o++ {
					packed[(tap*l.in+i)*panel+o-c] = at(o, i, tap)
				}
			}
		}
		if pool&(pool-1) != 0 || pool > 8 || pool > k.tile(panel) {
			l.fused = false
		}
		c += panel
	}
	return l
}

func convLayer(k *isa, b *block) productLayer {
	return newProductLayer(k, b.kernel, b.in, b.out, b.pool, b.bias, func(out, in, tap int) float32 {
		return b.weights[(out*b.in+in)*b.kernel+tap]
	})
}

func denseLayer(k *isa, d *dense) productLayer {
	l := newProductLayer(k, 1, d.in, d.out, 1, d.bias, func(out, in, _ int) float32 { return d.at(out, in) })
	if !d.relu {
		l.floor = float32(math.Inf(-1))
	}
	return l
}

// run computes n rows from src, the first row's first tap at src[0], and
// pools them by 1<<fold into dst, or takes their maximum and that of dst when
// fold is foldAll.
func (l *productLayer) run(k *isa, dst, src []float32, n, fold int) {
	t := tiles{depth: l.depth, srcStride: l.in, dstStride: l.out, fold: fold, floor: l.floor}
	unit := 1
	if fold != foldAll {
		unit = 1 << fold
	}
	for c := 0; c < l.out; {
		panel := k.panel(l.out - c)
		weights := l.weights[c*l.depth:]
		for from, to := 0, dst[c:]; from < n; {
			t.rows, t.count = nextTiles(n-from, k.tile(panel), unit)
			k.product(panel, to, src[from*l.in:], weights, l.bias[c:], t)
			from += t.rows * t.count
			if from < n && fold != foldAll {
				to = to[t.outputs()*l.out:]
			}
		}
		c += panel
	}
}

// nextTiles says how many rows to take next, and how often, when left rows are
// left, at most most at once, in multiples of unit but for the last. A short
// rest is evened out with the tile before it: few rows cannot hide the latency
// of the additions.
func nextTiles(left, most, unit int) (rows, count int) {
	most -= most % unit
	switch {
	case left <= most:
		return left, 1
	case left%most == 0:
		return most, left / most
	case left > 2*most:
		return most, left/most - 1
	}
	half := (left + 1) / 2
	return (half + unit - 1) / unit * unit, 1
}
