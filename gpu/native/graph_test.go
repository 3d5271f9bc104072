package native_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu/native"
	"github.com/limen-waf/limen/model/onnx"
)

// small is the shape that graphs are varied on.
var small = shape{64, 4, [][3]int{{5, 8, 4}, {3, 16, 2}, {3, 8, 1}}, []int{8, 3}}

// replace takes away the nodes of the given names and puts what add writes in
// the place of the first.
func (b *builder) replace(add func(b *builder), names ...string) {
	at := slices.IndexFunc(b.Nodes, func(n onnx.Node) bool { return n.Name == names[0] })
	after := slices.Clone(b.Nodes[at:])
	b.Nodes = b.Nodes[:at]
	add(b)
	for _, n := range after {
		if !slices.Contains(names, n.Name) {
			b.Nodes = append(b.Nodes, n)
		}
	}
}

// rewire makes the reader of a value read another.
func (b *builder) rewire(node, from, to string) {
	in := b.find(node).Inputs
	in[slices.Index(in, from)] = to
}

func (b *builder) attribute(node, name string) *onnx.Attribute {
	a := b.find(node).Attribute(name)
	if a == nil {
		panic(node + " has no attribute " + name)
	}
	return a
}

var float32Type = integer("to", int64(onnx.Float32))

// Ensure that graphs which say the same in other nodes give the same bits.
func TestGraphVariants(t *testing.T) {
	mask := []string{"present", "present_float", "mask0"}
	tests := []struct {
		name string
		edit func(b *builder)
	}{
		{"as exported", func(b *builder) {}},
		{"Not of Equal", func(b *builder) {
			b.replace(func(b *builder) {
				b.node("Equal", "is_pad", []string{"zero", "tokens"})
				b.node("Not", "present", []string{"is_pad"})
				b.node("Cast", "present_float", []string{"present"}, float32Type)
				b.node("Unsqueeze", "mask0", []string{"present_float", "axis1"})
			}, mask...)
		}},
		{"Less, unsqueezed first", func(b *builder) {
			b.constant(onnx.NewInts("axis-2", []int64{-2}, 1))
			b.replace(func(b *builder) {
				b.node("Unsqueeze", "wide", []string{"tokens", "axis-2"})
				b.node("Less", "present", []string{"zero", "wide"})
				b.node("Cast", "mask0", []string{"present"}, float32Type)
			}, mask...)
		}},
		{"Reshape of a Cast to bool", func(b *builder) {
			b.constant(onnx.NewInts("shape", []int64{0, 1, -1}, 3))
			b.replace(func(b *builder) {
				b.node("Cast", "present", []string{"tokens"}, integer("to", int64(onnx.Bool)))
				b.node("Reshape", "present3", []string{"present", "shape"})
				b.node("Cast", "mask0", []string{"present3"}, float32Type)
			}, mask...)
		}},
		{"Constant nodes, comparison of floats", func(b *builder) {
			zero := onnx.NewInts("", []int64{0}, 1)
			b.replace(func(b *builder) {
				b.node("Constant", "c0", nil, onnx.Attribute{Name: "value", Type: onnx.AttributeTensor, Tensor: &zero})
				b.node("Cast", "c0f", []string{"c0"}, float32Type)
				b.node("Unsqueeze", "c0u", []string{"c0f", "axis1"})
				b.node("Cast", "tf", []string{"tokens"}, float32Type)
				b.node("Greater", "present", []string{"tf", "c0u"})
				b.node("Cast", "present_float", []string{"present"}, float32Type)
				b.node("Constant", "a1", nil, ints("value_ints", 1))
				b.node("Unsqueeze", "mask0", []string{"present_float", "a1"})
			}, mask...)
		}},
		{"mask before Transpose", func(b *builder) {
			b.constant(onnx.NewInts("axis2", []int64{2}, 1))
			b.replace(func(b *builder) {
				b.node("Unsqueeze", "rows", []string{"present_float", "axis2"})
				b.node("Gather", "embedded", []string{"embedding", "tokens"})
				b.node("Mul", "masked_rows", []string{"rows", "embedded"})
				b.node("Transpose", "masked0", []string{"masked_rows"}, ints("perm", 0, 2, 1))
			}, "embedded", "columns", "masked0")
		}},
		{"mask transposed", func(b *builder) {
			b.constant(onnx.NewInts("axis2", []int64{2}, 1))
			b.replace(func(b *builder) {
				b.node("Unsqueeze", "rows", []string{"present_float", "axis2"})
				b.node("Transpose", "mask0", []string{"rows"}, ints("perm", 0, 2, 1))
			}, "mask0")
		}},
		{"mask before Relu", func(b *builder) {
			b.replace(func(b *builder) {
				b.node("Mul", "early", []string{"mask0", "conv1"})
				b.node("Relu", "masked1", []string{"early"})
			}, "relu1", "masked1")
		}},
		{"Relu after MaxPool", func(b *builder) {
			pool := b.find("pool1").Attributes
			b.replace(func(b *builder) {
				b.node("Mul", "early", []string{"mask0", "conv1"})
				b.node("MaxPool", "high", []string{"early"}, pool...)
				b.node("Relu", "pool1", []string{"high"})
			}, "relu1", "masked1", "pool1")
		}},
		{"two pools in a row", func(b *builder) {
			two := []onnx.Attribute{ints("kernel_shape", 2), ints("strides", 2)}
			b.replace(func(b *builder) {
				b.node("MaxPool", "half", []string{"masked1"}, two...)
				b.node("MaxPool", "pool1", []string{"half"}, two...)
			}, "pool1")
		}},
		{"no mask where Pad embeds as zeros", func(b *builder) {
			clear(b.Initializer("embedding").Floats[:4])
			b.rewire("conv1", "masked0", "columns")
		}},
		{"keepdims and Squeeze", func(b *builder) {
			b.constant(onnx.NewInts("last", []int64{-1}, 1))
			b.replace(func(b *builder) {
				b.node("ReduceMax", "kept", []string{"masked3"}, ints("axes", -1))
				b.node("Squeeze", "peaks", []string{"kept", "last"})
			}, "peaks")
		}},
		{"keepdims and Flatten", func(b *builder) {
			b.replace(func(b *builder) {
				b.node("ReduceMax", "kept", []string{"masked3"}, ints("axes", 2), integer("keepdims", 1))
				b.node("Flatten", "peaks", []string{"kept"})
			}, "peaks")
		}},
		{"axes as input", func(b *builder) {
			b.Opset = 18
			b.constant(onnx.NewInts("time", []int64{2}, 1))
			b.replace(func(b *builder) {
				b.node("ReduceMax", "peaks", []string{"masked3", "time"}, integer("keepdims", 0))
			}, "peaks")
		}},
		{"channels last before ReduceMax", func(b *builder) {
			b.replace(func(b *builder) {
				b.node("Transpose", "rows3", []string{"masked3"}, ints("perm", 0, 2, 1))
				b.node("ReduceMax", "peaks", []string{"rows3"}, ints("axes", 1), integer("keepdims", 0))
			}, "peaks")
		}},
		{"Gemm with transB 0", func(b *builder) {
			w := b.Initializer("dense1.weight")
			out, in := int(w.Dims[0]), int(w.Dims[1])
			turned := make([]float32, len(w.Floats))
			for o := range out {
				for i := range in {
					turned[i*out+o] = w.Floats[o*in+i]
				}
			}
			w.Dims, w.Floats = []int64{int64(in), int64(out)}, turned
			b.attribute("hidden", "transB").Int = 0
		}},
		{"Identity, dead nodes, listed initializers", func(b *builder) {
			b.node("Softmax", "unused", []string{"logits"})
			b.replace(func(b *builder) {
				b.node("Identity", "same", []string{"peaks"})
				b.node("Gemm", "hidden", []string{"same", "dense1.weight", "dense1.bias"}, integer("transB", 1))
			}, "hidden")
			b.Inputs = append(b.Inputs, onnx.ValueInfo{Name: "embedding", Type: onnx.Float32})
		}},
		{"bias of two dimensions, alpha and beta", func(b *builder) {
			b.Initializer("dense1.bias").Dims = []int64{1, 8}
			one := func(name string) onnx.Attribute {
				return onnx.Attribute{Name: name, Type: onnx.AttributeFloat, Float: 1}
			}
			n := b.find("hidden")
			n.Attributes = append(n.Attributes, one("alpha"), one("beta"), integer("transA", 0))
		}},
		{"without features", func(b *builder) { b.Outputs = b.Outputs[:1] }},
	}
	w := small.random(1)
	clear(w["embedding"].Floats[:4]) // the one variant's Pad is everybody's
	ws := small.windows(rand.New(rand.NewPCG(1, 2)))
	isa := native.ISAs()[0]
	want := bits(t, load(t, small.wrap(t, &small.graph(w).Graph), isa), ws)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := small.graph(w)
			tt.edit(b)
			if got := bits(t, load(t, small.wrap(t, &b.Graph), isa), ws); !slices.Equal(got, want) {
				t.Error("logits differ from those of the graph as exported")
			}
		})
	}
}

// Ensure that a network without biases is one with zeros for biases.
func TestNoBias(t *testing.T) {
	w := small.random(2)
	for name, tensor := range w {
		if strings.HasSuffix(name, ".bias") {
			clear(tensor.Floats)
		}
	}
	ws := small.windows(rand.New(rand.NewPCG(1, 2)))
	isa := native.ISAs()[0]
	want := bits(t, load(t, small.wrap(t, &small.graph(w).Graph), isa), ws)
	b := small.graph(w)
	for i := range b.Nodes {
		if n := &b.Nodes[i]; n.Op == "Conv" || n.Op == "Gemm" {
			n.Inputs = n.Inputs[:2]
		}
	}
	b.find("conv1").Inputs = append(b.find("conv1").Inputs, "") // the other way to leave it out
	if got := bits(t, load(t, small.wrap(t, &b.Graph), isa), ws); !slices.Equal(got, want) {
		t.Error("logits differ from those with biases of zero")
	}
}

// Ensure that whatever the engine does not compute exactly is refused, with
// the node and the way out.
func TestGraphRefused(t *testing.T) {
	set := func(node, name string, v ...int64) func(b *builder) {
		return func(b *builder) {
			a := b.attribute(node, name)
			if a.Type == onnx.AttributeInt {
				a.Int = v[0]
			} else {
				a.Ints = v
			}
		}
	}
	add := func(node string, a onnx.Attribute) func(b *builder) {
		return func(b *builder) { b.find(node).Attributes = append(b.find(node).Attributes, a) }
	}
	spoil := func(tensor string, v float32) func(b *builder) {
		return func(b *builder) {
			b.Initializer(tensor).Floats = slices.Clone(b.Initializer(tensor).Floats)
			b.Initializer(tensor).Floats[2] = v
		}
	}
	tests := []struct {
		name string
		edit func(b *builder)
		want string
		is   error
	}{
		{"operator", func(b *builder) {
			b.replace(func(b *builder) {
				b.node("Softmax", "soft", []string{"hidden"})
				b.node("Relu", "features", []string{"soft"})
			}, "features")
		}, `node "soft": operator Softmax is not supported by the native engine (supported: Cast, Constant, Conv, `, native.ErrUnsupported},
		{"way out", func(b *builder) { b.find("relu1").Op = "Sigmoid" }, "use device cpu with ONNX Runtime", native.ErrUnsupported},
		{"unnamed node", func(b *builder) { n := b.find("relu1"); n.Name, n.Op = "", "Tanh" }, `node 7 (unnamed, gives "relu1"): operator Tanh`, native.ErrUnsupported},
		{"domain", func(b *builder) { b.find("conv1").Domain = "com.microsoft" }, "operator com.microsoft.Conv", native.ErrUnsupported},
		{"opset", func(b *builder) { b.Opset = 9 }, "operator set 9", native.ErrUnsupported},
		{"future opset", func(b *builder) { b.Opset = 99 }, "operator set 99", native.ErrUnsupported},
		{"group", set("conv2", "group", 2), `node "conv2": Conv with group 2`, native.ErrUnsupported},
		{"dilations", set("conv2", "dilations", 2), "dilations [2]", native.ErrUnsupported},
		{"strides", set("conv2", "strides", 2), "strides [2]", native.ErrUnsupported},
		{"pads", set("conv2", "pads", 0, 2), "pads [0 2]", native.ErrUnsupported},
		{"no pads", func(b *builder) {
			n := b.find("conv2")
			n.Attributes = slices.DeleteFunc(n.Attributes, func(a onnx.Attribute) bool { return a.Name == "pads" })
		}, "without pads", native.ErrUnsupported},
		{"auto_pad", add("conv2", text("auto_pad", "SAME_UPPER")), "auto_pad SAME_UPPER", native.ErrUnsupported},
		{"unknown attribute", add("relu1", integer("leak", 1)), `node "relu1": Relu with the attribute leak`, native.ErrUnsupported},
		{"even kernel", func(b *builder) {
			w := b.Initializer("conv2.weight")
			w.Dims, w.Floats = []int64{16, 8, 2}, w.Floats[:16*8*2]
		}, "kernel 2", native.ErrUnsupported},
		{"pool stride", set("pool1", "strides", 2), "strides [2]", native.ErrUnsupported},
		{"pool ceil_mode", set("pool1", "ceil_mode", 1), "ceil_mode 1", native.ErrUnsupported},
		{"pool pads", set("pool1", "pads", 1, 1), "pads [1 1]", native.ErrUnsupported},
		{"pool of two axes", set("pool1", "kernel_shape", 2, 2), "kernel_shape", native.ErrUnsupported},
		{"pools beyond all sense", func(b *builder) {
			b.replace(func(b *builder) {
				big := []onnx.Attribute{ints("kernel_shape", 64), ints("strides", 64)}
				b.node("MaxPool", "p1", []string{"masked1"}, big...)
				b.node("MaxPool", "p2", []string{"p1"}, big...)
				b.node("MaxPool", "pool1", []string{"p2"}, big...)
			}, "pool1")
		}, "pooled by at most 4096", native.ErrUnsupported},
		{"no mask after embedding", func(b *builder) { b.rewire("conv1", "masked0", "columns") }, "the embedding without the mask", native.ErrUnsupported},
		{"no mask after block", func(b *builder) { b.rewire("pool1", "masked1", "relu1") }, "a convolution without the mask", native.ErrUnsupported},
		{"no mask before the maximum", func(b *builder) { b.rewire("peaks", "masked3", "relu3") }, "a convolution without the mask", native.ErrUnsupported},
		{"no Relu", func(b *builder) { b.rewire("masked3", "relu3", "conv3") }, "a convolution without Relu", native.ErrUnsupported},
		{"mask of another block", func(b *builder) { b.rewire("masked2", "mask1", "mask0") }, "activations pooled by 4 and a mask pooled by 1", native.ErrUnsupported},
		{"inverted mask", func(b *builder) { b.find("present").Op = "Equal" }, "the inverted mask", native.ErrUnsupported},
		{"mask against 1", func(b *builder) { b.Initializer("zero").Ints[0] = 1 }, "tokens and 0", native.ErrUnsupported},
		{"mask as bool", func(b *builder) { b.rewire("mask0", "present_float", "present") }, "the mask", native.ErrUnsupported},
		{"mask along the batch", func(b *builder) { b.Initializer("axis1").Ints[0] = 0 }, "axis 1 or 2", native.ErrUnsupported},
		{"tokens as bytes", func(b *builder) {
			b.node("Cast", "bytes", []string{"tokens"}, integer("to", 2))
			b.replace(func(b *builder) {
				b.node("Cast", "bytes", []string{"tokens"}, integer("to", 2))
				b.node("Greater", "present", []string{"bytes", "zero"})
			}, "present", "bytes")
		}, "Cast to uint8", native.ErrUnsupported},
		{"channels last", func(b *builder) { b.rewire("masked0", "columns", "embedded") }, "along the same axis", native.ErrUnsupported},
		{"maximum over channels", set("peaks", "axes", 1), "over axis 1", native.ErrUnsupported},
		{"maximum over all", set("peaks", "axes"), "axes []", native.ErrUnsupported},
		{"kept dimension", set("peaks", "keepdims", 1), "Gemm of the maximum over time", native.ErrUnsupported},
		{"alpha", add("hidden", onnx.Attribute{Name: "alpha", Type: onnx.AttributeFloat, Float: 2}), "alpha 2", native.ErrUnsupported},
		{"transA", add("hidden", integer("transA", 1)), "transA 1", native.ErrUnsupported},
		{"second output", func(b *builder) { b.find("pool1").Outputs = append(b.find("pool1").Outputs, "indices") }, "2 outputs", native.ErrUnsupported},
		{"second input", func(b *builder) { b.Inputs = append(b.Inputs, onnx.ValueInfo{Name: "length", Type: onnx.Int64}) }, `input "length"`, native.ErrUnsupported},
		{"input type", func(b *builder) { b.Inputs[0].Type = onnx.Float32 }, `input "tokens" is float32`, native.ErrUnsupported},
		{"input name", func(b *builder) { b.Inputs = nil }, `no input "tokens"`, native.ErrUnsupported},
		{"no logits", func(b *builder) { b.Outputs[0].Name = "scores" }, `no output "logits"`, native.ErrUnsupported},
		{"logits after Relu", func(b *builder) {
			b.find("logits").Outputs[0] = "raw"
			b.node("Relu", "top", []string{"raw"})
			b.find("top").Outputs[0] = "logits"
		}, `output "logits" is a dense layer`, native.ErrUnsupported},
		{"features of elsewhere", func(b *builder) { b.rewire("logits", "features", "hidden") }, `output "features"`, native.ErrUnsupported},
		{"computed weights", func(b *builder) { b.rewire("conv1", "conv1.weight", "columns") }, "constant weights", native.ErrUnsupported},
		{"half precision", func(b *builder) {
			w := b.Initializer("conv1.weight")
			*w = onnx.Tensor{Name: w.Name, Type: 10, Raw: []byte{0x10, 10, 0x42, 12, 'c', 'o', 'n', 'v', '1', '.', 'w', 'e', 'i', 'g', 'h', 't'}}
		}, "float16 weights", native.ErrUnsupported},
		{"table too large", func(b *builder) {
			w := b.Initializer("embedding")
			*w = onnx.NewFloats("embedding", make([]float32, 4<<16), 1<<16, 4)
			c := b.Initializer("conv1.weight")
			*c = onnx.NewFloats("conv1.weight", make([]float32, 4*63*16), 16, 4, 63)
			*b.Initializer("conv1.bias") = onnx.NewFloats("conv1.bias", make([]float32, 16), 16)
			*b.Initializer("conv2.weight") = onnx.NewFloats("conv2.weight", make([]float32, 16*16*3), 16, 16, 3)
			b.attribute("conv1", "kernel_shape").Ints = []int64{63}
			b.attribute("conv1", "pads").Ints = []int64{31, 31}
		}, "give a table of", native.ErrUnsupported},

		{"NaN", spoil("conv2.weight", float32(math.NaN())), `tensor "conv2.weight" holds NaN at element 2`, native.ErrNetwork},
		{"infinity", spoil("dense1.bias", float32(math.Inf(-1))), `tensor "dense1.bias" holds -Inf at element 2`, native.ErrNetwork},
		{"NaN in the embedding", spoil("embedding", float32(math.NaN())), `tensor "embedding"`, native.ErrNetwork},
		{"overflow", func(b *builder) { spoil("conv1.weight", 1e30)(b); spoil("conv2.weight", 1e30)(b) }, `node "conv2" are so large`, native.ErrNetwork},
		{"overflow in the head", spoil("dense2.bias", 3e38), `node "logits" are so large`, native.ErrNetwork},
		{"channels", func(b *builder) {
			w := b.Initializer("conv2.weight")
			w.Dims = []int64{8, 16, 3}
		}, "read 16 channels, there are 8", native.ErrNetwork},
		{"dense width", func(b *builder) {
			w := b.Initializer("dense1.weight")
			w.Dims = []int64{4, 16}
		}, "read 16 values, there are 8", native.ErrNetwork},
		{"bias length", func(b *builder) {
			*b.Initializer("conv2.bias") = onnx.NewFloats("conv2.bias", make([]float32, 4), 4)
		}, "has 4 elements, expected 16", native.ErrNetwork},
		{"order", func(b *builder) { slices.Reverse(b.Nodes) }, "no result of a node before it", native.ErrNetwork},
		{"missing value", func(b *builder) { b.rewire("relu1", "conv1", "conv9") }, `reads "conv9"`, native.ErrNetwork},
		{"two initializers of a name", func(b *builder) { b.constant(b.Initializers[2]) }, "stands twice", native.ErrNetwork},
		{"two nodes of an output", func(b *builder) {
			b.replace(func(b *builder) {
				b.node("Relu", "first", []string{"conv2"})
				b.node("Relu", "second", []string{"conv2"})
				b.find("first").Outputs[0], b.find("second").Outputs[0] = "relu2", "relu2"
			}, "relu2")
		}, `node "second": the name "relu2" of its output is empty or taken`, native.ErrNetwork},
		{"arity", func(b *builder) { b.find("relu1").Inputs = nil }, "Relu has 0 inputs", native.ErrNetwork},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := small.graph(small.random(1))
			tt.edit(b)
			_, err := native.New(small.wrap(t, &b.Graph))
			if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "%!") {
				t.Errorf("error is %v, expected %v containing %q", err, tt.is, tt.want)
			}
		})
	}
}

// Ensure that a network that does not fit its manifest is refused.
func TestManifestMismatch(t *testing.T) {
	g := &small.graph(small.random(1)).Graph
	other := small
	other.dense = []int{8, 4}
	if _, err := native.New(other.wrap(t, g)); !errors.Is(err, native.ErrNetwork) || !strings.Contains(err.Error(), "3 logits, its manifest 4 classes") {
		t.Errorf("error for classes is %v", err)
	}
	other = small
	other.vocabulary = 320
	if _, err := native.New(other.wrap(t, g)); !errors.Is(err, native.ErrNetwork) || !strings.Contains(err.Error(), "embeds 64 tokens, its manifest has a vocabulary of 320") {
		t.Errorf("error for the vocabulary is %v", err)
	}
	if _, err := native.New(small.wrapBytes(t, []byte("not ONNX"))); !errors.Is(err, onnx.ErrFormat) {
		t.Errorf("error for a file that is not ONNX is %v", err)
	}
}

// Ensure that no file makes New or Score panic, whatever it holds.
func FuzzNew(f *testing.F) {
	// As few bytes as an accepted network can have: a mutation should hit the
	// structure, not a weight.
	for i, s := range []shape{{3, 1, [][3]int{{3, 1, 2}, {1, 1, 1}}, []int{1, 9}}, {2, 1, [][3]int{{1, 1, 1}}, []int{9}}} {
		raw, err := onnx.Encode(&s.graph(s.random(uint64(i))).Graph)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s := shape{vocabulary: 320, dense: []int{9}}
		if g, err := onnx.Decode(raw); err == nil {
			if w := g.Initializer("embedding"); w != nil && len(w.Dims) == 2 && w.Dims[0] > 1 && w.Dims[0] < 1000 {
				s.vocabulary = int(w.Dims[0])
			}
		}
		e, err := native.New(s.wrapBytes(t, raw))
		if err != nil {
			return
		}
		logits := make([]float32, 2*9)
		window := s.draw(rand.New(rand.NewPCG(1, 1)), 100)
		if err := e.Score(ctx, []classifier.Window{window, window[:3]}, logits); err != nil {
			t.Fatal(err)
		}
		for _, v := range logits {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				t.Fatalf("logits are %v", logits)
			}
		}
	})
}

// Ensure that no graph makes New or Score panic: one that is sound but for a
// few random edits gets further than random bytes do.
func FuzzGraph(f *testing.F) {
	for seed := range uint64(2000) {
		f.Add(seed)
	}
	s := shape{3, 2, [][3]int{{3, 4, 2}, {1, 3, 1}}, []int{2, 9}}
	w := s.random(1)
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		b := s.graph(w)
		for range 1 + r.IntN(4) {
			b.mutate(r)
		}
		raw, err := onnx.Encode(&b.Graph)
		if err != nil {
			return
		}
		e, err := native.New(s.wrapBytes(t, raw))
		if err != nil {
			if !errors.Is(err, native.ErrUnsupported) && !errors.Is(err, native.ErrNetwork) && !errors.Is(err, onnx.ErrFormat) {
				t.Errorf("error of no kind: %v", err)
			}
			return
		}
		for _, v := range bits(t, e, []classifier.Window{{1, 2, 1, 1, 2}, {1}}) {
			if v&0x7f800000 == 0x7f800000 {
				t.Error("a logit is infinite or no number")
			}
		}
	})
}

// mutate changes one thing somewhere in the graph.
func (b *builder) mutate(r *rand.Rand) {
	n := &b.Nodes[r.IntN(len(b.Nodes))]
	other := &b.Nodes[r.IntN(len(b.Nodes))]
	tensor := &b.Initializers[r.IntN(len(b.Initializers))]
	number := int64(r.IntN(5) - 1)
	switch r.IntN(12) {
	case 0:
		n.Op = other.Op
	case 1:
		if len(n.Inputs) > 0 {
			n.Inputs[r.IntN(len(n.Inputs))] = other.Outputs[0]
		}
	case 2:
		if len(n.Inputs) > 0 {
			n.Inputs[r.IntN(len(n.Inputs))] = tensor.Name
		}
	case 3:
		if len(n.Inputs) > 0 {
			n.Inputs = n.Inputs[:len(n.Inputs)-1]
		}
	case 4:
		n.Inputs = append(n.Inputs, tensor.Name)
	case 5:
		if len(n.Attributes) > 0 {
			a := &n.Attributes[r.IntN(len(n.Attributes))]
			a.Int = number
			if len(a.Ints) > 0 {
				a.Ints[r.IntN(len(a.Ints))] = number
			}
		}
	case 6:
		if len(n.Attributes) > 0 {
			i := r.IntN(len(n.Attributes))
			n.Attributes = slices.Delete(slices.Clone(n.Attributes), i, i+1)
		}
	case 7:
		if len(other.Attributes) > 0 {
			n.Attributes = append(slices.Clone(n.Attributes), other.Attributes[0])
		}
	case 8: // another shape with as many elements, or not
		dims := slices.Clone(tensor.Dims)
		r.Shuffle(len(dims), func(i, j int) { dims[i], dims[j] = dims[j], dims[i] })
		if len(dims) > 1 && r.IntN(2) == 0 {
			dims = append([]int64{dims[0] * dims[1]}, dims[2:]...)
		}
		tensor.Dims = dims
	case 9:
		if len(tensor.Ints) > 0 {
			tensor.Ints = []int64{number}
		}
	case 10:
		*n, *other = *other, *n
	case 11:
		n.Outputs[0] = other.Outputs[0]
	}
}
