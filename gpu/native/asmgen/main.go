// Command asmgen writes the vector kernels of package native: kernels_amd64.s
// and its Go declarations. It is a module of its own so that the plugin does
// not depend on the assembler library.
//
// Two kernels, each for AVX2 with FMA and for AVX-512F:
//
//   - table (table.go): the first convolution, as sums of table rows;
//   - product (product.go): every other convolution and the dense layers, as
//     a matrix product whose left rows may overlap.
//
// A vector column is one register wide: 8 float32 with AVX2, 16 with AVX-512.
// Products add up in the same order, one fused multiply-add at a time, on both,
// so the two give the same bits.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64")
	for _, s := range []set{avx2, avx512} {
		for _, columns := range s.tableColumns {
			table(s, columns)
		}
		for columns, rows := range s.productRows {
			if rows > 0 {
				product(s, columns, rows)
			}
		}
	}
	Generate()
}

// set is an instruction set.
type set struct {
	name string
	// bytes is the size of a vector register.
	bytes int
	// vector allocates a register.
	vector func() reg.VecVirtual
	// tableColumns are the numbers of vector columns that table kernels exist for.
	tableColumns []int
	// productRows[c] is the most rows of a product tile with c vector columns,
	// 0 where there is no such kernel. rows*c accumulators, c weights and a
	// broadcast must fit in the registers.
	productRows []int
}

var (
	avx2 = set{
		name: "AVX2", bytes: 32, vector: YMM,
		tableColumns: []int{2, 4},
		productRows:  []int{2: 6},
	}
	avx512 = set{
		name: "AVX512", bytes: 64, vector: ZMM,
		tableColumns: []int{1, 2},
		productRows:  []int{1: 12, 2: 12, 3: 8, 4: 6},
	}
)

// zero clears a vector register.
func (s set) zero(v reg.VecVirtual) {
	if s.bytes == 64 {
		VPXORD(v, v, v)
	} else {
		VXORPS(v, v, v)
	}
}

// vectors allocates n registers.
func (s set) vectors(n int) []reg.VecVirtual {
	v := make([]reg.VecVirtual, n)
	for i := range v {
		v[i] = s.vector()
	}
	return v
}

// column addresses vector column c behind base.
func (s set) column(base reg.Register, c int) operand.Mem {
	return operand.Mem{Base: base, Disp: c * s.bytes}
}

// load reads a parameter into a fresh general-purpose register.
func load(name string) reg.GPVirtual {
	r := GP64()
	Load(Param(name), r)
	return r
}

func label(format string, args ...any) string { return fmt.Sprintf(format, args...) }
