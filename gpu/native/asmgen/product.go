package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	// unroll is the number of depth steps in one turn of the inner loop. The
	// depth is a multiple of it: channels are padded to 16.
	unroll = 2
	// maxFold is the most halvings that have a store of their own: pools of
	// 1, 2, 4 and 8 rows.
	maxFold = 3
	// perBase rows share a base register: base, base+stride, base+2*stride.
	perBase = 3
)

// product generates the matrix product for a panel of vector columns: tiles of
// 1 to most rows, each kept in registers from the bias to the pooled maximum.
func product(s set, columns, most int) {
	name := label("product%sx%d", s.name, columns)
	TEXT(name, NOSPLIT, "func(dst, src, weights, bias *float32, depth, srcStride, dstStride, rows, tiles, fold int, floor float32)")
	Pragma("noescape")
	Doc(name+" computes tiles times rows rows of dst = max(floor, src*weights + bias),",
		"pooled by 1<<fold rows within each tile, or, when fold is negative, the maximum",
		"of all rows and of what dst holds. Strides are in bytes; weights is depth rows of",
		label("%d columns, depth a multiple of %d, rows 1 to %d.", columns*s.bytes/4, unroll, most))

	rows := load("rows")
	for r := most; r > 1; r-- {
		CMPQ(rows, operand.U8(r))
		JEQ(operand.LabelRef(label("rows%d", r)))
	}
	for r := 1; r <= most; r++ {
		Label(label("rows%d", r))
		tile(s, columns, r)
	}
}

// tile generates the loop over tiles of the given number of rows, and the
// return.
func tile(s set, columns, rows int) {
	prefix := label("rows%d", rows)
	dst, src := load("dst"), load("src")
	srcStride, dstStride := load("srcStride"), load("dstStride")
	tiles, fold := load("tiles"), load("fold")

	Label(prefix + "_tile")
	biasAt := load("bias")
	acc := make([][]reg.VecVirtual, rows)
	for r := range acc {
		acc[r] = s.vectors(columns)
		for c := range acc[r] {
			if r == 0 {
				VMOVUPS(s.column(biasAt, c), acc[r][c])
			} else {
				VMOVAPS(acc[0][c], acc[r][c])
			}
		}
	}
	bases := []reg.GPVirtual{GP64()}
	MOVQ(src, bases[0])
	for r := perBase; r < rows; r += perBase {
		b := GP64()
		LEAQ(operand.Mem{Base: bases[len(bases)-1], Index: srcStride, Scale: 2}, b)
		ADDQ(srcStride, b)
		bases = append(bases, b)
	}

	weights, depth := load("weights"), load("depth")
	Label(prefix + "_depth")
	for k := range unroll {
		w := s.vectors(columns)
		for c := range w {
			VMOVUPS(s.column(weights, k*columns+c), w[c])
		}
		for r := range acc {
			x := s.vector()
			m := operand.Mem{Base: bases[r/perBase], Disp: 4 * k}
			if i := r % perBase; i > 0 {
				m.Index, m.Scale = srcStride, uint8(i)
			}
			VBROADCASTSS(m, x)
			for c := range w {
				VFMADD231PS(w[c], x, acc[r][c])
			}
		}
	}
	ADDQ(operand.U32(unroll*columns*s.bytes), weights)
	for _, b := range bases {
		ADDQ(operand.Imm(4*unroll), b)
	}
	SUBQ(operand.Imm(unroll), depth)
	JNZ(operand.LabelRef(prefix + "_depth"))

	floor := s.vector()
	at, err := Param("floor").Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(at.Addr, floor)
	store := func() {
		for r := range acc {
			for c := range acc[r] {
				VMAXPS(floor, acc[r][c], acc[r][c])
				VMOVUPS(acc[r][c], s.column(dst, c))
			}
			ADDQ(dstStride, dst)
		}
		JMP(operand.LabelRef(prefix + "_done"))
	}
	halvings := 0
	for ; len(acc) > 1; halvings++ {
		if halvings <= maxFold {
			CMPQ(fold, operand.Imm(uint64(halvings)))
			JNE(operand.LabelRef(label("%s_halve%d", prefix, halvings)))
			store()
			Label(label("%s_halve%d", prefix, halvings))
		}
		acc = halve(acc)
	}
	CMPQ(fold, operand.Imm(0))
	JLT(operand.LabelRef(prefix + "_all"))
	store()

	Label(prefix + "_all")
	for c, v := range acc[0] {
		VMAXPS(floor, v, v)
		VMAXPS(s.column(dst, c), v, v)
		VMOVUPS(v, s.column(dst, c))
	}

	Label(prefix + "_done")
	// The next tile's rows begin where this one's end.
	advance := GP64()
	IMUL3Q(operand.Imm(uint64(rows)), srcStride, advance)
	ADDQ(advance, src)
	DECQ(tiles)
	JNZ(operand.LabelRef(prefix + "_tile"))
	VZEROUPPER()
	RET()
}

// halve generates the maximum of each pair of rows; the last of an odd number
// stays alone.
func halve(acc [][]reg.VecVirtual) [][]reg.VecVirtual {
	var half [][]reg.VecVirtual
	for r := 0; r < len(acc); r += 2 {
		if r+1 < len(acc) {
			for c := range acc[r] {
				VMAXPS(acc[r+1][c], acc[r][c], acc[r][c])
			}
		}
		half = append(half, acc[r])
	}
	return half
}
