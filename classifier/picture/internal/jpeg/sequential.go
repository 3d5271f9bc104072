package jpeg

// coefficients are those of one block, row by row, times the quantization table
// and the transform's own factors. Index 64 takes what runs past the end.
type coefficients [72]float32

// sequentialBlock decodes a block of a sequential scan (T.81, F.2.2) as far as
// the coefficient of zigzag index last, and passes over the rest. It returns
// the zigzag index of the last coefficient that may differ from zero. The block
// must be zero where the transform reads it. ok is false where no code fits.
func (b *bits) sequentialBlock(dc, ac *huffman, quant *[128]float32, last int, pred *int32, block *coefficients) (end int, ok bool) {
	data, pos, acc, n := b.data, b.pos, b.acc, b.n

	// The bit reader is written out here, as bits.fill has it: this is where a
	// decode spends its time.
	if n < 32 {
		acc |= load(data, pos) >> n
		pos += int(63-n) >> 3
		n |= 56
	}
	e := dc.look[acc>>(64-lookBits)]
	if e == 0 || e.partial() {
		if e = dc.resolve(e, acc); e == 0 {
			return 0, false
		}
	}
	acc <<= e.length()
	n -= e.length()
	*pred += e.value()
	block[0] = float32(*pred) * quant[0]

	k := 1
	for k <= last {
		if n < 32 {
			acc |= load(data, pos) >> n
			pos += int(63-n) >> 3
			n |= 56
		}
		e := ac.look[acc>>(64-lookBits)]
		if e == 0 || e.partial() {
			if e = ac.resolve(e, acc); e == 0 {
				return 0, false
			}
		}
		acc <<= e.length()
		n -= e.length()
		k += e.advance()
		if v := e.value(); v != 0 {
			at := (k - 1) & 127
			block[natural[at]&127] = float32(v) * quant[at]
			end = at
		}
	}
	for k < 64 {
		if n < 32 {
			acc |= load(data, pos) >> n
			pos += int(63-n) >> 3
			n |= 56
		}
		s := ac.skip[acc>>(64-skipBits)]
		length, to := uint(s&63), k+int(s>>6&255)
		if to > 64 && (s&skipEnds == 0 || to-endBlock > 63) || s == 0 {
			// The block ends within the entry's symbols.
			l, a := ac.step(acc)
			if l == 0 {
				return 0, false
			}
			length, to = uint(l), k+a
		}
		acc <<= length
		n -= length
		k = to
	}
	b.pos, b.acc, b.n = pos, acc, n
	return end, true
}
