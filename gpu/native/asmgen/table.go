package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// unrolledTaps are the kernel sizes with code of their own: one base register
// a tap. Other sizes take a loop.
var unrolledTaps = []int{3, 5, 7}

// table generates the first layer for a strip of vector columns: for every
// output row the maximum over pool positions of bias plus one table row per
// tap, and of zero (ReLU).
func table(s set, columns int) {
	name := label("table%sx%d", s.name, columns)
	TEXT(name, NOSPLIT, "func(dst, table, bias *float32, offsets *uint32, taps, tapStride, pool, rows, dstStride int)")
	Pragma("noescape")
	Doc(name+" computes, for each of rows rows of dst and each of its columns,",
		"max(0, max over p < pool of bias + sum over j < taps of table[offsets[row*pool+p+j] + j*tapStride]).",
		"Offsets and strides are in bytes; pool, taps and rows are at least 1.")

	dst, offsets := load("dst"), load("offsets")
	rows, taps := load("rows"), load("taps")
	bias := s.vectors(columns)
	base := load("bias")
	for c := range bias {
		VMOVUPS(s.column(base, c), bias[c])
	}
	for _, n := range unrolledTaps {
		CMPQ(taps, operand.U8(n))
		JEQ(operand.LabelRef(label("taps%d", n)))
	}

	rowLoop(s, "any", dst, offsets, rows, bias, func(sum []reg.VecVirtual) {
		at, left, off, stride := load("table"), load("taps"), GP64(), load("tapStride")
		next := GP64()
		MOVQ(offsets, next)
		Label("any_tap")
		MOVL(operand.Mem{Base: next}, off.As32())
		for c := range sum {
			m := s.column(at, c)
			m.Index, m.Scale = off, 1
			VADDPS(m, sum[c], sum[c])
		}
		ADDQ(stride, at)
		ADDQ(operand.Imm(4), next)
		DECQ(left)
		JNZ(operand.LabelRef("any_tap"))
	})

	for _, n := range unrolledTaps {
		Label(label("taps%d", n))
		stride := load("tapStride")
		bases := make([]reg.GPVirtual, n)
		for j := range bases {
			bases[j] = GP64()
			if j == 0 {
				Load(Param("table"), bases[j])
			} else {
				LEAQ(operand.Mem{Base: bases[j-1], Index: stride, Scale: 1}, bases[j])
			}
		}
		rowLoop(s, label("taps%d", n), dst, offsets, rows, bias, func(sum []reg.VecVirtual) {
			for j := range bases {
				off := GP64()
				MOVL(operand.Mem{Base: offsets, Disp: 4 * j}, off.As32())
				for c := range sum {
					m := s.column(bases[j], c)
					m.Index, m.Scale = off, 1
					VADDPS(m, sum[c], sum[c])
				}
			}
		})
	}
}

// rowLoop generates the loops over rows and over the pool's positions, and the
// return; position adds the taps of the position at offsets to sum.
func rowLoop(s set, prefix string, dst, offsets, rows reg.GPVirtual, bias []reg.VecVirtual, position func(sum []reg.VecVirtual)) {
	Label(prefix + "_row")
	pool := load("pool")
	peak := s.vectors(len(bias))
	for c := range peak {
		s.zero(peak[c])
	}
	Label(prefix + "_position")
	sum := s.vectors(len(bias))
	for c := range sum {
		VMOVAPS(bias[c], sum[c])
	}
	position(sum)
	for c := range sum {
		VMAXPS(sum[c], peak[c], peak[c])
	}
	ADDQ(operand.Imm(4), offsets)
	DECQ(pool)
	JNZ(operand.LabelRef(prefix + "_position"))
	for c := range peak {
		VMOVUPS(peak[c], s.column(dst, c))
	}
	ADDQ(load("dstStride"), dst)
	DECQ(rows)
	JNZ(operand.LabelRef(prefix + "_row"))
	VZEROUPPER()
	RET()
}
