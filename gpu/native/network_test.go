package native_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu/native"
	"github.com/limen-waf/limen/model"
	"github.com/limen-waf/limen/model/onnx"
)

// shape is the sizes of a network: kernel, channels and pool of each block,
// outputs of each dense layer.
type shape struct {
	vocabulary, embedding int
	blocks                [][3]int
	dense                 []int
}

// shipped is the shape of the embedded model.
var shipped = shape{320, 16, [][3]int{{5, 32, 4}, {3, 48, 2}, {3, 64, 1}}, []int{64, 9}}

func (s shape) String() string {
	return fmt.Sprintf("v%d-e%d-%v-%v", s.vocabulary, s.embedding, s.blocks, s.dense)
}

// stride is the product of the pools.
func (s shape) stride() int {
	p := 1
	for _, b := range s.blocks {
		p *= b[2]
	}
	return p
}

// weights are named as in the graph.
type weights map[string]onnx.Tensor

// random draws weights that keep activations near 1.
func (s shape) random(seed uint64) weights {
	r := rand.New(rand.NewPCG(seed, 7))
	w := weights{}
	draw := func(name string, scale float64, dims ...int64) {
		t := onnx.NewFloats(name, nil, dims...)
		n, _ := t.Len()
		for range n {
			t.Floats = append(t.Floats, float32(r.NormFloat64()*scale))
		}
		w[name] = t
	}
	draw("embedding", 1, int64(s.vocabulary), int64(s.embedding))
	in := s.embedding
	for i, b := range s.blocks {
		draw(fmt.Sprintf("conv%d.weight", i+1), math.Sqrt(2/float64(in*b[0])), int64(b[1]), int64(in), int64(b[0]))
		draw(fmt.Sprintf("conv%d.bias", i+1), 0.1, int64(b[1]))
		in = b[1]
	}
	for i, out := range s.dense {
		draw(fmt.Sprintf("dense%d.weight", i+1), math.Sqrt(2/float64(in)), int64(out), int64(in))
		draw(fmt.Sprintf("dense%d.bias", i+1), 0.1, int64(out))
		in = out
	}
	return w
}

// builder writes a graph node by node.
type builder struct{ onnx.Graph }

func (b *builder) constant(t onnx.Tensor) string {
	b.Initializers = append(b.Initializers, t)
	return t.Name
}

// node adds a node that is called like its output.
func (b *builder) node(op, out string, in []string, attributes ...onnx.Attribute) string {
	b.Nodes = append(b.Nodes, onnx.Node{Name: out, Op: op, Inputs: in, Outputs: []string{out}, Attributes: attributes})
	return out
}

func (b *builder) find(name string) *onnx.Node {
	for i := range b.Nodes {
		if b.Nodes[i].Name == name {
			return &b.Nodes[i]
		}
	}
	panic("no node " + name)
}

func ints(name string, v ...int64) onnx.Attribute {
	return onnx.Attribute{Name: name, Type: onnx.AttributeInts, Ints: v}
}

func integer(name string, v int64) onnx.Attribute {
	return onnx.Attribute{Name: name, Type: onnx.AttributeInt, Int: v}
}

func text(name, v string) onnx.Attribute {
	return onnx.Attribute{Name: name, Type: onnx.AttributeString, String: []byte(v)}
}

// graph is the network as training exports it.
func (s shape) graph(w weights) *builder {
	b := &builder{onnx.Graph{IRVersion: 8, Opset: 17, Producer: "limen-test", Name: "test"}}
	b.Inputs = []onnx.ValueInfo{{Name: "tokens", Type: onnx.Int64, HasShape: true, Dims: []onnx.Dim{{Param: "N"}, {Param: "L"}}}}
	b.constant(onnx.NewInts("zero", []int64{0}))
	b.constant(onnx.NewInts("axis1", []int64{1}, 1))

	b.node("Greater", "present", []string{"tokens", "zero"})
	b.node("Cast", "present_float", []string{"present"}, integer("to", int64(onnx.Float32)))
	m := b.node("Unsqueeze", "mask0", []string{"present_float", "axis1"})
	b.node("Gather", "embedded", []string{b.constant(w["embedding"]), "tokens"}, integer("axis", 0))
	b.node("Transpose", "columns", []string{"embedded"}, ints("perm", 0, 2, 1))
	x := b.node("Mul", "masked0", []string{"columns", m})
	for i, block := range s.blocks {
		n, half := i+1, int64(block[0]/2)
		x = b.node("Conv", fmt.Sprintf("conv%d", n), []string{x, b.constant(w[fmt.Sprintf("conv%d.weight", n)]), b.constant(w[fmt.Sprintf("conv%d.bias", n)])},
			ints("kernel_shape", int64(block[0])), ints("pads", half, half), ints("strides", 1), ints("dilations", 1), integer("group", 1))
		x = b.node("Relu", fmt.Sprintf("relu%d", n), []string{x})
		x = b.node("Mul", fmt.Sprintf("masked%d", n), []string{x, m})
		if p := int64(block[2]); p > 1 {
			pool := []onnx.Attribute{ints("kernel_shape", p), ints("strides", p), ints("pads", 0, 0), integer("ceil_mode", 0)}
			x = b.node("MaxPool", fmt.Sprintf("pool%d", n), []string{x}, pool...)
			m = b.node("MaxPool", fmt.Sprintf("mask%d", n), []string{m}, pool...)
		}
	}
	x = b.node("ReduceMax", "peaks", []string{x}, ints("axes", 2), integer("keepdims", 0))
	for i := range s.dense {
		n := i + 1
		in := []string{x, b.constant(w[fmt.Sprintf("dense%d.weight", n)]), b.constant(w[fmt.Sprintf("dense%d.bias", n)])}
		switch {
		case n == len(s.dense):
			b.node("Gemm", "logits", in, integer("transB", 1))
		case n == len(s.dense)-1:
			x = b.node("Relu", "features", []string{b.node("Gemm", "hidden", in, integer("transB", 1))})
		default:
			x = b.node("Relu", fmt.Sprintf("dense%d_relu", n), []string{b.node("Gemm", fmt.Sprintf("dense%d", n), in, integer("transB", 1))})
		}
	}
	b.Outputs = []onnx.ValueInfo{{Name: "logits", Type: onnx.Float32}}
	if len(s.dense) > 1 {
		b.Outputs = append(b.Outputs, onnx.ValueInfo{Name: "features", Type: onnx.Float32})
	}
	return b
}

// wrap makes a model of a graph, with a manifest for the shape.
func (s shape) wrap(t testing.TB, g *onnx.Graph) *model.Model {
	t.Helper()
	raw, err := onnx.Encode(g)
	if err != nil {
		t.Fatal(err)
	}
	return s.wrapBytes(t, raw)
}

func (s shape) wrapBytes(t testing.TB, raw []byte) *model.Model {
	t.Helper()
	classes := []string{"none"}
	for i := range s.dense[len(s.dense)-1] - 1 {
		classes = append(classes, fmt.Sprintf("attack%d", i))
	}
	manifest, err := json.Marshal(map[string]any{
		"format": 1, "name": "test", "version": "1", "task": "http", "file": "test.onnx",
		"sha256":    fmt.Sprintf("%x", sha256.Sum256(raw)),
		"tokenizer": map[string]int{"version": 1, "vocabulary": s.vocabulary, "window": 1024, "overlap": 128},
		"classes":   classes, "threshold": 0.5, "created": "2026-01-02T03:04:05Z",
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.New(manifest, raw)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// load makes an engine for one instruction set.
func load(t testing.TB, m *model.Model, isa string) *native.Engine {
	t.Helper()
	t.Setenv(native.Variable, isa)
	e, err := native.New(m)
	if err != nil {
		t.Fatal(err)
	}
	if want := "cpu/" + isa; e.Info().Device != want {
		t.Fatalf("device is %q, expected %q", e.Info().Device, want)
	}
	return e
}

// reference computes the graph's logits and features step by step in float64,
// on the window padded to a multiple of the stride, masks and all.
func (s shape) reference(w weights, window classifier.Window) (logits, features []float64) {
	padded := append(classifier.Window{}, window...)
	for len(padded) == 0 || len(padded)%s.stride() != 0 {
		padded = append(padded, classifier.Pad)
	}
	length := len(padded)
	m := make([]float64, length)
	x := make([][]float64, length) // [L][C]
	for t, token := range padded {
		if token != classifier.Pad {
			m[t] = 1
		}
		for c := range s.embedding {
			x[t] = append(x[t], m[t]*float64(w["embedding"].Floats[int(token)*s.embedding+c]))
		}
	}
	for i, block := range s.blocks {
		kernel, out, pool, in := block[0], block[1], block[2], len(x[0])
		weight, bias := w[fmt.Sprintf("conv%d.weight", i+1)].Floats, w[fmt.Sprintf("conv%d.bias", i+1)].Floats
		y := make([][]float64, length)
		for t := range y {
			y[t] = make([]float64, out)
			for o := range out {
				sum := float64(bias[o])
				for tap := range kernel {
					from := t + tap - kernel/2
					if from < 0 || from >= length {
						continue
					}
					for c, v := range x[from] {
						sum += v * float64(weight[(o*in+c)*kernel+tap])
					}
				}
				y[t][o] = max(sum, 0) * m[t]
			}
		}
		length /= pool
		x, m = poolRows(y, pool), poolRow(m, pool)
	}
	features = poolRows(x, length)[0]
	for i, out := range s.dense {
		weight, bias := w[fmt.Sprintf("dense%d.weight", i+1)].Floats, w[fmt.Sprintf("dense%d.bias", i+1)].Floats
		y := make([]float64, out)
		for o := range y {
			y[o] = float64(bias[o])
			for c, v := range features {
				y[o] += v * float64(weight[o*len(features)+c])
			}
			if i+1 < len(s.dense) {
				y[o] = max(y[o], 0)
			}
		}
		if i+1 == len(s.dense) {
			return y, features
		}
		features = y
	}
	return nil, nil
}

func poolRow(m []float64, pool int) []float64 {
	out := make([]float64, len(m)/pool)
	for t := range out {
		for _, v := range m[t*pool : (t+1)*pool] {
			out[t] = max(out[t], v)
		}
	}
	return out
}

func poolRows(x [][]float64, pool int) [][]float64 {
	out := make([][]float64, len(x)/pool)
	for t := range out {
		out[t] = append([]float64{}, x[t*pool]...)
		for _, row := range x[t*pool : (t+1)*pool] {
			for c, v := range row {
				out[t][c] = max(out[t][c], v)
			}
		}
	}
	return out
}

// draw gives n tokens other than Pad.
func (s shape) draw(r *rand.Rand, n int) classifier.Window {
	w := make(classifier.Window, n)
	for i := range w {
		w[i] = 1 + classifier.Token(r.IntN(s.vocabulary-1))
	}
	return w
}
