package adapt

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/limen-waf/limen/model/onnx"
)

// ErrHead means that a model's last layer is none that can be replaced.
var ErrHead = errors.New("last layer cannot be adapted")

// Names of the graph's outputs that adaptation goes by.
const (
	logitsOutput   = "logits"
	featuresOutput = "features"
)

// Head is a network's last layer: logits = Weights*features + Bias.
type Head struct {
	// Classes is the number of logits, Features that of their inputs.
	Classes, Features int
	// Weights has Classes rows of Features values, Bias one value a class.
	Weights, Bias []float64
}

// Logits writes the logits of one window's features to dst, which has room for
// Classes values.
func (h *Head) Logits(dst []float64, features []float32) {
	for c := range h.Classes {
		z := h.Bias[c]
		for j, w := range h.Weights[c*h.Features:][:h.Features] {
			z += w * float64(features[j])
		}
		dst[c] = z
	}
}

// Clone returns a copy that shares nothing with h.
func (h *Head) Clone() *Head {
	return &Head{h.Classes, h.Features, slices.Clone(h.Weights), slices.Clone(h.Bias)}
}

// Distance is the Euclidean distance between the parameters of two heads of one shape.
func (h *Head) Distance(other *Head) float64 {
	sum := 0.0
	for i, w := range h.Weights {
		sum += (w - other.Weights[i]) * (w - other.Weights[i])
	}
	for i, b := range h.Bias {
		sum += (b - other.Bias[i]) * (b - other.Bias[i])
	}
	return math.Sqrt(sum)
}

// rounded is h with every parameter as float32, the type it has in the file, can say it.
func (h *Head) rounded() *Head {
	r := h.Clone()
	for _, p := range [][]float64{r.Weights, r.Bias} {
		for i, v := range p {
			p[i] = float64(float32(v))
		}
	}
	return r
}

// layer is where a graph has its head.
type layer struct {
	weights, bias *onnx.Tensor
	// classesFirst says that weights are [classes][features], not the other way.
	classesFirst bool
}

// ReadHead reads the head of a network: the Gemm operator that makes the output
// "logits" of the output "features". The error wraps ErrHead for a network that ends
// otherwise, onnx.ErrFormat or onnx.ErrUnsupported for a file that cannot be read.
func ReadHead(file []byte) (*Head, error) {
	g, err := onnx.Decode(file)
	if err != nil {
		return nil, err
	}
	l, err := findLayer(g)
	if err != nil {
		return nil, err
	}
	return l.head(), nil
}

// WriteHead returns the ONNX file with another head in place of its own. All other
// weights and all operators stay as they are.
func WriteHead(file []byte, h *Head) ([]byte, error) {
	g, err := onnx.Decode(file)
	if err != nil {
		return nil, err
	}
	l, err := findLayer(g)
	if err != nil {
		return nil, err
	}
	if old := l.head(); old.Classes != h.Classes || old.Features != h.Features {
		return nil, fmt.Errorf("%w: the head has %d classes of %d features, the network %d of %d", ErrHead, h.Classes, h.Features, old.Classes, old.Features)
	}
	l.set(h)
	return onnx.Encode(g)
}

func findLayer(g *onnx.Graph) (*layer, error) {
	var gemm *onnx.Node
	uses := make(map[string]int)
	for i := range g.Nodes {
		if slices.Contains(g.Nodes[i].Outputs, logitsOutput) {
			gemm = &g.Nodes[i]
		}
		for _, name := range g.Nodes[i].Inputs {
			uses[name]++
		}
	}
	switch {
	case gemm == nil || g.Output(logitsOutput) == nil:
		return nil, fmt.Errorf("%w: the network has no output %q", ErrHead, logitsOutput)
	case gemm.Op != "Gemm" || len(gemm.Inputs) != 3:
		return nil, fmt.Errorf("%w: it is %s with %d inputs, expected Gemm with weights and bias", ErrHead, gemm.Op, len(gemm.Inputs))
	case gemm.Inputs[0] != featuresOutput:
		return nil, fmt.Errorf("%w: it reads %q, expected %q", ErrHead, gemm.Inputs[0], featuresOutput)
	}
	classesFirst := false
	for _, a := range gemm.Attributes {
		switch {
		case a.Name == "transB":
			classesFirst = a.Int == 1
		case a.Name == "transA" && a.Int == 0, (a.Name == "alpha" || a.Name == "beta") && a.Float == 1:
		default:
			return nil, fmt.Errorf("%w: Gemm with the attribute %s", ErrHead, a.Name)
		}
	}
	l := &layer{g.Initializer(gemm.Inputs[1]), g.Initializer(gemm.Inputs[2]), classesFirst}
	for i, t := range []*onnx.Tensor{l.weights, l.bias} {
		switch name := gemm.Inputs[1+i]; {
		case t == nil || t.Type != onnx.Float32:
			return nil, fmt.Errorf("%w: %q is no float32 constant", ErrHead, name)
		case uses[name] > 1:
			return nil, fmt.Errorf("%w: %q is used by another layer too", ErrHead, name)
		case len(t.Dims) != 2-i:
			return nil, fmt.Errorf("%w: %q has the shape %v, expected %d dimension(s)", ErrHead, name, t.Dims, 2-i)
		}
		for _, v := range t.Floats {
			if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
				return nil, fmt.Errorf("%w: %q holds %v", ErrHead, t.Name, v)
			}
		}
	}
	if h := l.shape(); h.Classes < 2 || h.Features < 1 || len(l.bias.Floats) != h.Classes || len(l.weights.Floats) != h.Classes*h.Features {
		return nil, fmt.Errorf("%w: weights of shape %v and a bias of shape %v do not fit", ErrHead, l.weights.Dims, l.bias.Dims)
	}
	return l, nil
}

func (l *layer) shape() Head {
	if l.classesFirst {
		return Head{Classes: int(l.weights.Dims[0]), Features: int(l.weights.Dims[1])}
	}
	return Head{Classes: int(l.weights.Dims[1]), Features: int(l.weights.Dims[0])}
}

// at is the place of a weight in the tensor.
func (l *layer) at(h *Head, class, feature int) int {
	if l.classesFirst {
		return class*h.Features + feature
	}
	return feature*h.Classes + class
}

func (l *layer) head() *Head {
	h := l.shape()
	h.Weights, h.Bias = make([]float64, h.Classes*h.Features), make([]float64, h.Classes)
	for c := range h.Classes {
		h.Bias[c] = float64(l.bias.Floats[c])
		for j := range h.Features {
			h.Weights[c*h.Features+j] = float64(l.weights.Floats[l.at(&h, c, j)])
		}
	}
	return &h
}

func (l *layer) set(h *Head) {
	for c := range h.Classes {
		l.bias.Floats[c] = float32(h.Bias[c])
		for j := range h.Features {
			l.weights.Floats[l.at(h, c, j)] = float32(h.Weights[c*h.Features+j])
		}
	}
}
