package jpeg

import mathbits "math/bits"

// band is what a progressive scan codes: the coefficients from first to last in
// zigzag order, from bit high (0: all above low) down to bit low.
type band struct {
	first, last int
	high, low   uint
}

// dcFirst decodes the first scan of a DC coefficient (T.81, G.1.2.1).
func (b *bits) dcFirst(dc *huffman, pred *int32, s band, mean *int16) bool {
	b.fill()
	e := dc.look[b.acc>>(64-lookBits)]
	if e == 0 || e.partial() {
		if e = dc.resolve(e, b.acc); e == 0 {
			return false
		}
	}
	b.acc <<= e.length()
	b.n -= e.length()
	*pred += e.value()
	*mean = int16(*pred << s.low)
	return true
}

// dcRefine adds one bit to a DC coefficient.
func (b *bits) dcRefine(s band, mean *int16) {
	if b.take(1) != 0 {
		*mean |= 1 << s.low
	}
}

// acFirst decodes the first scan of a band of AC coefficients (T.81, G.1.2.2)
// of a block while b.run is 0. mask gets a bit for each coefficient that is set.
func (b *bits) acFirst(ac *huffman, s band, block *[64]int16, mask *uint64) bool {
	m := *mask
	for k := s.first; k <= s.last; {
		e, ok := b.symbol(ac)
		if !ok {
			return false
		}
		if e.advance() == endBlock {
			b.run = b.endRun(e) - 1
			break
		}
		k += e.advance()
		if v := e.value(); v != 0 && k <= 64 {
			block[k-1] = int16(v << s.low)
			m |= 1 << (k - 1)
		}
	}
	*mask = m
	return true
}

// symbol takes the next symbol with its value.
func (b *bits) symbol(h *huffman) (look, bool) {
	b.fill()
	e := h.look[b.acc>>(64-lookBits)]
	if e == 0 || e.partial() {
		if e = h.resolve(e, b.acc); e == 0 {
			return 0, false
		}
	}
	b.acc <<= e.length()
	b.n -= e.length()
	return e, true
}

// endRun returns how many blocks the end that e is ends: this one and those
// after it.
func (b *bits) endRun(e look) int {
	n := uint(e.value())
	return 1<<n + int(b.take(n))
}

// acRefine adds one bit to a band of AC coefficients (T.81, G.1.2.3).
func (b *bits) acRefine(ac *huffman, s band, block *[64]int16, mask *uint64) bool {
	one := int16(1) << s.low
	k := s.first
	if b.run == 0 {
		for k <= s.last {
			e, ok := b.symbol(ac)
			if !ok {
				return false
			}
			if e.advance() == endBlock {
				b.run = b.endRun(e)
				break
			}
			v := e.value()
			if v < -1 || v > 1 {
				return false
			}
			k = b.correct(block, *mask, k, s.last, e.advance()-1, one)
			if v != 0 && k <= s.last {
				block[k] = int16(v) * one
				*mask |= 1 << k
			}
			k++
		}
	}
	if b.run > 0 {
		b.correct(block, *mask, k, s.last, 64, one)
		b.run--
	}
	return true
}

// correct reads a bit for each coefficient from k to last that is not zero, as
// mask says, until it has passed over skip zeros, and returns where it stopped:
// at the next zero after them, or past last.
func (b *bits) correct(block *[64]int16, mask uint64, k, last, skip int, one int16) int {
	mask &= ^uint64(0) >> (63 - last)
	for k <= last {
		rest := mask >> k
		if rest == 0 {
			return min(k+skip, last+1)
		}
		zeros := mathbits.TrailingZeros64(rest)
		if zeros > skip {
			return k + skip
		}
		skip -= zeros
		k += zeros
		if b.n == 0 {
			b.fill()
		}
		if b.acc>>63 != 0 {
			if c := &block[k&63]; *c >= 0 {
				*c += one
			} else {
				*c -= one
			}
		}
		b.acc <<= 1
		b.n--
		k++
	}
	return k
}
