package native_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu/native"
)

// Ensure that a graph as PyTorch's own exporter writes it gives what PyTorch
// computes (testdata/export.py).
func TestAgainstTorch(t *testing.T) {
	raw, err := os.ReadFile("testdata/torch.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Tokens           classifier.Window
		Logits, Features []float64
	}
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	network, err := os.ReadFile("testdata/torch.onnx")
	if err != nil {
		t.Fatal(err)
	}
	m := shape{vocabulary: 64, dense: []int{9}}.wrapBytes(t, network)
	var ws []classifier.Window
	var logits, features [][]float64
	for _, c := range cases {
		ws, logits, features = append(ws, c.Tokens), append(logits, c.Logits), append(features, c.Features)
	}
	for _, isa := range native.ISAs() {
		e := load(t, m, isa)
		got := make([]float32, len(ws)*9)
		if err := e.Score(ctx, ws, got); err != nil {
			t.Fatal(err)
		}
		worst := compare(t, isa+" logits", ws, got, logits)
		got = make([]float32, len(ws)*e.FeatureSize())
		if err := e.Features(ctx, ws, got); err != nil {
			t.Fatal(err)
		}
		compare(t, isa+" features", ws, got, features)
		t.Logf("%s: largest difference %.2g", isa, worst)
	}
}
