package native

import "golang.org/x/sys/cpu"

// accelerated lists the kernels in assembly that this processor and its operating
// system can run, the fastest first.
func accelerated() []*isa {
	var all []*isa
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		all = append(all, &avx512)
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		all = append(all, &avx2)
	}
	return all
}

var avx512 = isa{
	name: "avx512",
	panel: func(left int) int {
		switch {
		case left == 5*lane || left == 6*lane:
			return 3 * lane // no narrow panel at the end
		}
		return min(left, 4*lane)
	},
	tile: func(panel int) int {
		switch panel {
		case 3 * lane:
			return 8
		case 4 * lane:
			return 6
		}
		return 12
	},
	fold: true,
	product: func(panel int, dst, src, weights, bias []float32, t tiles) {
		t.check(panel, dst, src, weights, bias)
		f := productAVX512x1
		switch panel {
		case 2 * lane:
			f = productAVX512x2
		case 3 * lane:
			f = productAVX512x3
		case 4 * lane:
			f = productAVX512x4
		}
		f(&dst[0], &src[0], &weights[0], &bias[0], t.depth, 4*t.srcStride, 4*t.dstStride, t.rows, t.count, t.fold, t.floor)
	},
	strip: func(left int) int { return min(left, 2*lane) },
	table: func(strip int, dst, table, bias []float32, offsets []uint32, s sums) {
		s.check(strip, dst, bias, offsets)
		f := tableAVX512x1
		if strip == 2*lane {
			f = tableAVX512x2
		}
		f(&dst[0], &table[0], &bias[0], &offsets[0], s.taps, 4*s.tapStride, s.pool, s.rows, 4*s.dstStride)
	},
}

var avx2 = isa{
	name:  "avx2",
	panel: func(int) int { return lane },
	tile:  func(int) int { return 6 },
	fold:  true,
	product: func(panel int, dst, src, weights, bias []float32, t tiles) {
		t.check(panel, dst, src, weights, bias)
		productAVX2x2(&dst[0], &src[0], &weights[0], &bias[0], t.depth, 4*t.srcStride, 4*t.dstStride, t.rows, t.count, t.fold, t.floor)
	},
	strip: func(left int) int { return min(left, 2*lane) },
	table: func(strip int, dst, table, bias []float32, offsets []uint32, s sums) {
		s.check(strip, dst, bias, offsets)
		f := tableAVX2x2
		if strip == 2*lane {
			f = tableAVX2x4
		}
		f(&dst[0], &table[0], &bias[0], &offsets[0], s.taps, 4*s.tapStride, s.pool, s.rows, 4*s.dstStride)
	},
}

// check panics, as an index out of range does, where the kernel would leave
// its slices. Assembly does not look.
func (t tiles) check(panel int, dst, src, weights, bias []float32) {
	_ = dst[(t.outputs()-1)*t.dstStride+panel-1]
	_ = src[(t.rows*t.count-1)*t.srcStride+t.depth-1]
	_ = weights[t.depth*panel-1]
	_ = bias[panel-1]
}

// check is the same for table, but for the table itself: its offsets come from
// tokens that were held against the vocabulary.
func (s sums) check(strip int, dst, bias []float32, offsets []uint32) {
	_ = dst[(s.rows-1)*s.dstStride+strip-1]
	_ = bias[strip-1]
	_ = offsets[s.rows*s.pool+s.taps-2]
}
