package native

import (
	"fmt"
	"math"

	"github.com/limen-waf/limen/model/onnx"
)

// network is what the compiler found in the graph, with the weights as they
// stand in the file.
type network struct {
	embedding embedding
	// blocks are the convolutions, at least one; dense are the layers after
	// the maximum over time, at least one.
	blocks []block
	dense  []dense
}

// embedding is a row of width values for each token; tokens are below
// vocabulary.
type embedding struct {
	rows              []float32
	vocabulary, width int
}

// block is x = maxpool(relu(conv(x)) * m).
type block struct {
	name            string
	in, out, kernel int
	// weights is [out][in][kernel], bias [out] or nil for zeros.
	weights, bias []float32
	pool          int
}

// dense is x*W + b, then ReLU if relu.
type dense struct {
	name    string
	in, out int
	// weights is [out][in], or [in][out] when inFirst.
	weights []float32
	inFirst bool
	bias    []float32
	relu    bool
}

// at is the weight between an output and an input.
func (d *dense) at(out, in int) float32 {
	if d.inFirst {
		return d.weights[in*d.out+out]
	}
	return d.weights[out*d.in+in]
}

// Limits that no sensible network comes near. They keep a crafted file from
// making the engine allocate more than in proportion to it.
const (
	maxTable  = 64 << 20 // bytes
	maxWidth  = 1 << 14
	maxKernel = 63
	maxPool   = 64
	maxStride = 1 << 12
	maxDepth  = 32
)

// check refuses networks whose sizes or weights the engine cannot compute with.
func (n *network) check() error {
	first := &n.blocks[0]
	if size := 4 * int64(n.embedding.vocabulary) * int64(first.kernel) * int64(roundUp(first.out)); size > maxTable {
		return fmt.Errorf("%w: vocabulary %d, kernel %d and %d channels give a table of %d bytes (at most %d)",
			ErrUnsupported, n.embedding.vocabulary, first.kernel, first.out, size, maxTable)
	}
	return n.checkRange()
}

// checkRange bounds every value that any input can give rise to. With the
// bound below float32's largest number no sum overflows, so no result is ever
// infinite or NaN, which would compare as "below the threshold".
func (n *network) checkRange() error {
	bound := 0.0
	for _, v := range n.embedding.rows {
		bound = max(bound, math.Abs(float64(v)))
	}
	for i := range n.blocks {
		b := &n.blocks[i]
		most := 0.0
		for o := range b.out {
			row := b.weights[o*b.in*b.kernel:][:b.in*b.kernel]
			most = max(most, reach(b.bias, o, row, bound))
		}
		if bound = most; bound > math.MaxFloat32/2 {
			return fmt.Errorf("%w: the weights of %s are so large that its result may overflow", ErrNetwork, b.name)
		}
	}
	for i := range n.dense {
		d := &n.dense[i]
		most := 0.0
		row := make([]float32, d.in)
		for o := range d.out {
			for k := range row {
				row[k] = d.at(o, k)
			}
			most = max(most, reach(d.bias, o, row, bound))
		}
		if bound = most; bound > math.MaxFloat32/2 {
			return fmt.Errorf("%w: the weights of %s are so large that its result may overflow", ErrNetwork, d.name)
		}
	}
	return nil
}

// reach is the largest absolute value of bias[o] + row*x for |x| <= bound.
func reach(bias []float32, o int, row []float32, bound float64) float64 {
	sum := 0.0
	if bias != nil {
		sum = math.Abs(float64(bias[o]))
	}
	for _, w := range row {
		sum += math.Abs(float64(w)) * bound
	}
	return sum
}

// checkFinite refuses weights that are infinite or no numbers.
func checkFinite(t *onnx.Tensor) error {
	for i, v := range t.Floats {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("%w: tensor %q holds %v at element %d", ErrNetwork, t.Name, v, i)
		}
	}
	return nil
}

// roundUp is n rounded up to a multiple of lane.
func roundUp(n int) int { return (n + lane - 1) / lane * lane }
