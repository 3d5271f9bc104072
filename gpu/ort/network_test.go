package ort

import (
	"os"
	"strings"
	"testing"

	"github.com/limen-waf/limen/model/onnx"
)

// pools encodes a network that is nothing but pools, with these strides.
func pools(t *testing.T, output string, strides ...[]int64) []byte {
	t.Helper()
	g := &onnx.Graph{IRVersion: 8, Opset: 17, Name: "pools",
		Inputs:  []onnx.ValueInfo{{Name: "tokens", Type: onnx.Int64}},
		Outputs: []onnx.ValueInfo{{Name: output, Type: onnx.Float32}},
	}
	last := "tokens"
	for i, s := range strides {
		out := strings.Repeat("x", i+1)
		g.Nodes = append(g.Nodes, onnx.Node{Name: out, Op: "MaxPool", Inputs: []string{last}, Outputs: []string{out},
			Attributes: []onnx.Attribute{{Name: "strides", Type: onnx.AttributeInts, Ints: s}}})
		last = out
	}
	g.Nodes = append(g.Nodes, onnx.Node{Op: "ReduceMax", Inputs: []string{last}, Outputs: []string{output}})
	raw, err := onnx.Encode(g)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Ensure that the step of the padding is the product of the pools, whatever it
// is, and that nonsense is an error with its reason.
func TestPooling(t *testing.T) {
	tiny, err := os.ReadFile("../testdata/tiny.onnx")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		file []byte
		want int
		err  string
	}{
		{"tiny", tiny, 8, ""},
		{"none", pools(t, "logits"), 1, ""},
		{"three", pools(t, "logits", []int64{4}, []int64{2}, []int64{3}), 24, ""},
		{"output", pools(t, "scores", []int64{4}), 0, `no output "logits"`},
		{"two dimensions", pools(t, "logits", []int64{2, 2}), 0, "one stride"},
		{"zero", pools(t, "logits", []int64{0}), 0, "one stride"},
		{"too far", pools(t, "logits", []int64{4096}, []int64{2}), 0, "more than 4096"},
		{"empty", nil, 0, "ONNX"},
		{"cut", tiny[:len(tiny)/2], 0, "ONNX"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := pooling(test.file)
			if test.err == "" && (err != nil || got != test.want) {
				t.Fatalf("got %d, %v, expected %d", got, err, test.want)
			}
			if test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Fatalf("got %d, %v, expected an error about %s", got, err, test.err)
			}
		})
	}
}
