package native

import (
	"slices"

	"github.com/limen-waf/limen/model/onnx"
)

// value is what the compiler knows of a value of the graph: constant, tokens,
// mask, activations or vector.
type value any

// constant is a tensor that the file holds.
type constant struct{ *onnx.Tensor }

// tokens is the input, or the input with another element type or one more
// dimension.
type tokens struct{ axis axis }

// axis is where a value of shape [N, L] got a dimension of size 1: none,
// [N, 1, L] or [N, L, 1].
type axis int

const (
	none        axis = 0
	channelAxis axis = 1
	lastAxis    axis = 2
)

func (a axis) rank() int {
	if a == none {
		return 2
	}
	return 3
}

// mask says which positions hold a token other than Pad, or, inverted, which
// hold Pad; after pooling, which groups of stride positions hold such a token.
type mask struct {
	axis     axis
	inverted bool
	// numeric is whether it is a number, 0 or 1, and no bool.
	numeric bool
	stride  int
}

// activations are channels per position.
type activations struct {
	embedding embedding
	// blocks are the convolutions so far. The last one may lack its ReLU.
	blocks []block
	// channelsLast is whether the shape is [N, L, C] and not [N, C, L].
	channelsLast bool
	// masked is whether all positions that the mask of the same stride hides
	// are zero, relu whether nothing is below zero.
	masked, relu bool
	stride       int
}

func (a activations) channels() int {
	if n := len(a.blocks); n > 0 {
		return a.blocks[n-1].out
	}
	return a.embedding.width
}

// whole is whether a is the end of a block, or the masked embedding.
func (a activations) whole() bool { return a.masked && (a.relu || len(a.blocks) == 0) }

// pooled is a with its last block pooled by p more. Blocks are shared between
// values, so it copies them.
func (a activations) pooled(p int) activations {
	a.blocks = slices.Clone(a.blocks)
	a.blocks[len(a.blocks)-1].pool *= p
	a.stride *= p
	return a
}

// vector is the maximum over time of activations, or what dense layers made
// of it.
type vector struct {
	embedding embedding
	blocks    []block
	dense     []dense
	// kept is the axis of size 1 that the maximum left, 0 when it left none:
	// its shape is [N, C].
	kept axis
}

func (v vector) flat() bool { return v.kept == none }

func (v vector) width() int {
	if n := len(v.dense); n > 0 {
		return v.dense[n-1].out
	}
	return v.blocks[len(v.blocks)-1].out
}

// feeds is whether v is what the last dense layer of w reads.
func (v vector) feeds(w vector) bool {
	before := w.dense[:len(w.dense)-1]
	return slices.EqualFunc(v.dense, before, func(a, b dense) bool {
		return &a.weights[0] == &b.weights[0] && a.name == b.name && a.relu == b.relu
	}) && slices.EqualFunc(v.blocks, w.blocks, func(a, b block) bool {
		return &a.weights[0] == &b.weights[0] && a.name == b.name && a.pool == b.pool
	})
}

// meaning names a value for an error.
func meaning(v value) string {
	switch v := v.(type) {
	case constant:
		return "a constant"
	case tokens:
		return "the tokens"
	case mask:
		if v.inverted {
			return "the inverted mask"
		}
		return "the mask"
	case activations:
		switch {
		case len(v.blocks) == 0 && !v.masked:
			return "the embedding without the mask"
		case len(v.blocks) == 0:
			return "the masked embedding"
		case !v.relu:
			return "a convolution without Relu"
		case !v.masked:
			return "a convolution without the mask"
		}
		return "a block's result"
	case vector:
		if len(v.dense) == 0 {
			return "the maximum over time"
		}
		return "a dense layer"
	}
	return "missing"
}
