package native

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Variable is the environment variable that forces an instruction set.
const Variable = "LIMEN_NATIVE"

// lane is the number of channels that every width is rounded up to with zeros.
// It is one AVX-512 register of float32.
const lane = 16

// isa is a set of kernels for one instruction set. Widths, strides and depths
// are in float32, and multiples of lane.
type isa struct {
	name string
	// panel is the width of the weight panel to take next when left columns
	// are left, and tile the most rows that product takes at once with a panel
	// of that width.
	panel func(left int) int
	tile  func(panel int) int
	// fold is whether product pools. If not, its calls have the fold 0.
	fold bool
	// product runs one panel over tiles; strip is panel for table, which sums
	// up table rows for one strip of columns.
	product func(panel int, dst, src, weights, bias []float32, t tiles)
	strip   func(left int) int
	table   func(strip int, dst, table, bias []float32, offsets []uint32, s sums)
}

// tiles says how product walks: count tiles of rows rows each, every row depth
// long and srcStride after the one before.
type tiles struct {
	rows, count                 int
	depth, srcStride, dstStride int
	// fold pools the rows of a tile by 1<<fold; foldAll takes the maximum of
	// all rows and of what dst holds.
	fold int
	// floor is the smallest result: 0 for ReLU, or minus infinity.
	floor float32
}

const foldAll = -1

// outputs is the number of rows of dst that t fills.
func (t tiles) outputs() int {
	if t.fold == foldAll {
		return 1
	}
	return t.count * ((t.rows + 1<<t.fold - 1) >> t.fold)
}

// sums says how table walks: rows results, each the maximum of pool positions,
// each position the sum of taps table rows.
type sums struct {
	rows, pool, taps     int
	tapStride, dstStride int
}

// ISAs lists the instruction sets that this processor can run, the fastest
// first. The last is always "portable".
func ISAs() []string {
	var names []string
	for _, k := range available() {
		names = append(names, k.name)
	}
	return names
}

func available() []*isa { return append(slices.Clone(accelerated()), &portable) }

// choose gives the fastest kernels, or those that Variable names.
func choose() (*isa, error) {
	all := available()
	name := os.Getenv(Variable)
	if name == "" {
		return all[0], nil
	}
	for _, k := range all {
		if k.name == name {
			return k, nil
		}
	}
	return nil, fmt.Errorf("%w: %s=%q; this processor runs %s; unset it to let the engine choose",
		ErrISA, Variable, name, strings.Join(ISAs(), ", "))
}
