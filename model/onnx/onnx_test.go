package onnx_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/limen-waf/limen/model/onnx"
)

// sample uses every part of a Graph.
func sample() *onnx.Graph {
	inner := onnx.NewFloats("inner", []float32{1, -2.5}, 2)
	return &onnx.Graph{
		IRVersion: 8, Opset: 17, Opsets: map[string]int64{"com.example": 3},
		Producer: "test", ProducerVersion: "1.2", Metadata: map[string]string{"a": "b", "c": ""},
		Name: "sample",
		Nodes: []onnx.Node{
			{Name: "n", Op: "Clip", Inputs: []string{"x", "", "most"}, Outputs: []string{"y", "z"}, Attributes: []onnx.Attribute{
				{Name: "f", Type: onnx.AttributeFloat, Float: 0.5},
				{Name: "i", Type: onnx.AttributeInt, Int: -7},
				{Name: "s", Type: onnx.AttributeString, String: []byte("NOTSET")},
				{Name: "t", Type: onnx.AttributeTensor, Tensor: &inner},
				{Name: "fs", Type: onnx.AttributeFloats, Floats: []float32{1, 2}},
				{Name: "is", Type: onnx.AttributeInts, Ints: []int64{-1, 1 << 40}},
				{Name: "ss", Type: onnx.AttributeStrings, Strings: [][]byte{[]byte("a"), {}}},
			}},
			{Op: "Own", Domain: "com.example", Outputs: []string{"most"}},
		},
		Initializers: []onnx.Tensor{
			onnx.NewFloats("w", []float32{1, 2, 3, 4, 5, 6}, 2, 3),
			onnx.NewInts("scalar", []int64{-9}),
			{Name: "i32", Type: onnx.Int32, Dims: []int64{2}, Ints: []int64{-1, 2}},
			{Name: "b", Type: onnx.Bool, Dims: []int64{3}, Ints: []int64{0, 1, 1}},
			{Name: "d", Type: onnx.Float64, Dims: []int64{1}, Floats: []float32{0.25}},
			{Name: "none", Type: onnx.Float32, Dims: []int64{0, 4}},
		},
		Inputs: []onnx.ValueInfo{{Name: "x", Type: onnx.Int64, HasShape: true,
			Dims: []onnx.Dim{{Param: "N"}, {Value: 16}, {}}}},
		Outputs: []onnx.ValueInfo{{Name: "y", Type: onnx.Float32}, {Name: "z", Type: onnx.Float32, HasShape: true}},
	}
}

// Ensure that a graph comes back from its file as it was.
func TestRoundTrip(t *testing.T) {
	raw := encode(t, sample())
	got, err := onnx.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	if want := sample(); !reflect.DeepEqual(got, want) {
		t.Errorf("graph is\n%+v, expected\n%+v", got, want)
	}
	if again := encode(t, got); !bytes.Equal(again, raw) {
		t.Error("the second file differs from the first")
	}
	if w := got.Initializer("w"); w == nil || w.Floats[5] != 6 {
		t.Errorf("Initializer(w) is %v", w)
	}
	if got.Initializer("x") != nil || got.Output("x") != nil || got.Output("z") == nil {
		t.Error("Initializer or Output finds what is not there, or not what is")
	}
	if n := &got.Nodes[0]; n.Attribute("i").Int != -7 || n.Attribute("j") != nil {
		t.Error("Attribute finds what is not there, or not what is")
	}
}

func encode(t testing.TB, g *onnx.Graph) []byte {
	t.Helper()
	raw, err := onnx.Encode(g)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// message is a protobuf message written by hand.
type message []byte

func (m message) bytes(num protowire.Number, b []byte) message {
	return protowire.AppendBytes(protowire.AppendTag(m, num, protowire.BytesType), b)
}

func (m message) varint(num protowire.Number, v uint64) message {
	return protowire.AppendVarint(protowire.AppendTag(m, num, protowire.VarintType), v)
}

func (m message) fixed32(num protowire.Number, v uint32) message {
	return protowire.AppendFixed32(protowire.AppendTag(m, num, protowire.Fixed32Type), v)
}

// file wraps a tensor as the only initializer of a model.
func file(tensor message) []byte {
	return message{}.bytes(7, message{}.bytes(5, tensor))
}

// Ensure that tensors are read from each of the places that writers use.
func TestTensorEncodings(t *testing.T) {
	le32 := func(vs ...uint32) (b []byte) {
		for _, v := range vs {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
		return b
	}
	one := math.Float32bits(1)
	minus := uint64(1<<64 - 3) // -3
	packedInts := protowire.AppendVarint(protowire.AppendVarint(nil, 5), minus)
	tests := []struct {
		name   string
		tensor message
		floats []float32
		ints   []int64
	}{
		{"raw float32", message{}.varint(1, 2).varint(2, 1).bytes(9, le32(one, one)), []float32{1, 1}, nil},
		{"raw before type and shape", message{}.bytes(9, le32(one)).varint(2, 1).varint(1, 1), []float32{1}, nil},
		{"packed float_data", message{}.varint(1, 2).varint(2, 1).bytes(4, le32(one, 0)), []float32{1, 0}, nil},
		{"unpacked float_data", message{}.varint(1, 2).varint(2, 1).fixed32(4, one).fixed32(4, 0), []float32{1, 0}, nil},
		{"packed dims", message{}.bytes(1, []byte{1, 2}).varint(2, 1).bytes(4, le32(one, 0)), []float32{1, 0}, nil},
		{"double_data", message{}.varint(1, 1).varint(2, 11).bytes(10, binary.LittleEndian.AppendUint64(nil, math.Float64bits(0.5))), []float32{0.5}, nil},
		{"packed int64_data", message{}.varint(1, 2).varint(2, 7).bytes(7, packedInts), nil, []int64{5, -3}},
		{"unpacked int64_data", message{}.varint(1, 2).varint(2, 7).varint(7, 5).varint(7, minus), nil, []int64{5, -3}},
		{"int32_data", message{}.varint(1, 2).varint(2, 6).bytes(5, packedInts), nil, []int64{5, -3}},
		{"bool in int32_data", message{}.varint(1, 1).varint(2, 9).varint(5, 1), nil, []int64{1}},
		{"raw int32", message{}.varint(1, 1).varint(2, 6).bytes(9, le32(1<<32-3)), nil, []int64{-3}},
		{"scalar", message{}.varint(2, 7).varint(7, 4), nil, []int64{4}},
		{"empty raw", message{}.varint(1, 0).varint(2, 1).bytes(9, nil), nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, err := onnx.Decode(file(tt.tensor.bytes(8, []byte("w"))))
			if err != nil {
				t.Fatal(err)
			}
			w := g.Initializer("w")
			if len(w.Floats) != len(tt.floats) || len(w.Ints) != len(tt.ints) {
				t.Fatalf("tensor is %+v, expected %v and %v", w, tt.floats, tt.ints)
			}
			for i, v := range tt.floats {
				if w.Floats[i] != v {
					t.Errorf("element %d is %v, expected %v", i, w.Floats[i], v)
				}
			}
			for i, v := range tt.ints {
				if w.Ints[i] != v {
					t.Errorf("element %d is %v, expected %v", i, w.Ints[i], v)
				}
			}
		})
	}
}

// Ensure that what a Graph has no fields for survives reading and writing.
func TestOpaque(t *testing.T) {
	half := message{}.varint(1, 1).varint(2, 10).bytes(8, []byte("half")).bytes(9, []byte{0, 0x3c})
	subgraph := message{}.bytes(1, []byte("body")).bytes(6, message{}.bytes(2, []byte("inner"))).varint(20, 5)
	node := message{}.bytes(3, []byte("loop")).bytes(4, []byte("Loop")).bytes(7, []byte("ai.onnx")).bytes(5, subgraph)
	graph := message{}.bytes(1, node).bytes(5, half).bytes(10, []byte("a doc string"))
	g, err := onnx.Decode(message{}.bytes(7, graph).bytes(8, message{}.bytes(1, []byte("ai.onnx")).varint(2, 17)))
	if err != nil {
		t.Fatal(err)
	}
	if g.Opset != 17 || g.Nodes[0].Domain != "" {
		t.Errorf("opset is %d and domain %q, expected those of the standard operators", g.Opset, g.Nodes[0].Domain)
	}
	again, err := onnx.Decode(encode(t, g))
	if err != nil {
		t.Fatal(err)
	}
	w := again.Initializer("half")
	if w == nil || w.Type.String() != "float16" || !bytes.Equal(w.Raw, half) {
		t.Errorf("tensor is %+v, expected the bytes of the file", w)
	}
	if a := again.Nodes[0].Attribute("body"); a == nil || a.Type != 5 || !bytes.Equal(a.Raw, subgraph) {
		t.Errorf("attribute is %+v, expected the bytes of the file", a)
	}
}

// Ensure that each kind of damage is an error that says where it is.
func TestDecodeErrors(t *testing.T) {
	good := encode(t, sample())
	tensor := message{}.bytes(8, []byte("w")).varint(2, 1)
	node := func(attribute message) []byte {
		return message{}.bytes(7, message{}.bytes(1, message{}.bytes(3, []byte("conv1")).bytes(5, attribute)))
	}
	tests := []struct {
		name string
		raw  []byte
		want string
		is   error
	}{
		{"empty", nil, "0 graphs", onnx.ErrFormat},
		{"text", []byte("this is no model"), "malformed", onnx.ErrFormat},
		{"cut", good[:len(good)/2], "malformed", onnx.ErrFormat},
		{"two graphs", append(append([]byte{}, good...), good...), "2 graphs", onnx.ErrFormat},
		{"graph as number", message{}.varint(7, 1), "field 7 has wire type 0", onnx.ErrFormat},
		{"group", []byte{7<<3 | 3, 7<<3 | 4}, "wire type 3", onnx.ErrFormat},
		{"too few elements", file(tensor.varint(1, 3).bytes(9, make([]byte, 8))), `tensor "w": malformed ONNX file: 2 elements, its shape [3] needs 3`, onnx.ErrFormat},
		{"too many elements", file(tensor.bytes(9, make([]byte, 8))), "2 elements", onnx.ErrFormat},
		{"half an element", file(tensor.bytes(9, make([]byte, 7))), "7 bytes of raw data", onnx.ErrFormat},
		{"negative dimension", file(tensor.varint(1, 1<<64-1)), "dimension -1", onnx.ErrFormat},
		{"huge", file(tensor.varint(1, 1<<40).varint(1, 1<<40)), "too large", onnx.ErrFormat},
		{"external data", file(tensor.varint(1, 1).varint(14, 1)), "another file", onnx.ErrUnsupported},
		{"segment", file(tensor.bytes(3, nil)), "segments", onnx.ErrUnsupported},
		{"sparse", message{}.bytes(7, message{}.bytes(15, nil)), "sparse", onnx.ErrUnsupported},
		{"functions", append(append([]byte{}, good...), message{}.bytes(25, nil)...), "functions", onnx.ErrUnsupported},
		{"attribute without type", node(message{}.bytes(1, []byte("pads"))), `node 0 ("conv1"): attribute "pads": malformed ONNX file: no type`, onnx.ErrFormat},
		{"attribute without tensor", node(message{}.bytes(1, []byte("value")).varint(20, 4)), "no tensor", onnx.ErrFormat},
		{"too many nodes", message{}.bytes(7, bytes.Repeat([]byte{1<<3 | 2, 0}, 1<<17)), "more than", onnx.ErrUnsupported},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := onnx.Decode(tt.raw)
			if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, expected %v containing %q", err, tt.is, tt.want)
			}
		})
	}
}

// Ensure that what cannot be written is refused.
func TestEncodeErrors(t *testing.T) {
	tests := []struct {
		name string
		edit func(g *onnx.Graph)
		want string
	}{
		{"elements", func(g *onnx.Graph) { g.Initializers[0].Dims[0] = 3 }, `tensor "w" has 6 elements, its shape [3 3] needs 9`},
		{"negative dimension", func(g *onnx.Graph) { g.Initializers[0].Dims[0] = -1 }, "dimension -1"},
		{"type", func(g *onnx.Graph) { g.Initializers[0].Type = 10 }, "float16"},
		{"attribute type", func(g *onnx.Graph) { g.Nodes[0].Attributes[0].Type = 99 }, "attribute type 99"},
		{"tensor in an attribute", func(g *onnx.Graph) { g.Nodes[0].Attributes[3].Tensor.Dims[0] = 5 }, `node 0 ("n"): attribute "t"`},
		{"value type", func(g *onnx.Graph) { g.Outputs[0].Type = onnx.Undefined }, `value "y"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := sample()
			tt.edit(g)
			if _, err := onnx.Encode(g); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, expected one containing %q", err, tt.want)
			}
		})
	}
}

// Ensure that no file makes Decode panic or take memory out of proportion, and
// that what was read can be written and read again.
func FuzzDecode(f *testing.F) {
	f.Add(encode(f, sample()))
	f.Add(encode(f, &onnx.Graph{Opset: 17, Nodes: []onnx.Node{{Op: "Relu", Inputs: []string{"x"}, Outputs: []string{"y"}}}}))
	f.Add(file(message{}.varint(1, 2).varint(2, 1).bytes(4, make([]byte, 8))))
	f.Add([]byte{7<<3 | 2, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		g, err := onnx.Decode(raw)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20+uint64(1000*len(raw)) {
			t.Errorf("%d bytes of memory for a file of %d", used, len(raw))
		}
		if err != nil {
			if !errors.Is(err, onnx.ErrFormat) && !errors.Is(err, onnx.ErrUnsupported) {
				t.Errorf("error of no kind: %v", err)
			}
			return
		}
		once, err := onnx.Encode(g)
		if err != nil {
			return
		}
		again, err := onnx.Decode(once)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if twice := encode(t, again); !bytes.Equal(twice, once) {
			t.Error("the second file differs from the first")
		}
	})
}
