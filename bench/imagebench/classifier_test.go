package imagebench_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/limen-waf/limen/bench/imagebench"
	"github.com/limen-waf/limen/gpu/ort"
	"github.com/limen-waf/limen/gpu/session"
)

// Ensure that the bare loop does the work: published photos, enlarged, have their
// published labels, and a loop classifies as many as asked for.
func TestClassifier(t *testing.T) {
	shared := os.Getenv("LIMEN_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	models := filepath.Join(shared, "models")
	path := filepath.Join(models, "mobilenetv2_int8", "mobilenetv2-12-int8.onnx")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%v (LIMEN_SHARED)", err)
	}
	c, err := imagebench.Open(path, "imagenet", session.Options{Device: "cpu", DataDir: filepath.Join("..", "..")})
	if errors.Is(err, ort.ErrNoCgo) || errors.Is(err, ort.ErrNoLibrary) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer c.Session.Close()
	folder := t.TempDir()
	names := []string{"chelsea.png", "coffee.png"}
	for _, name := range names {
		raw, err := os.ReadFile(filepath.Join(models, "photos", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	photos, err := imagebench.Photos(folder, 1200, 900, 200_000, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{285, 967} { // Egyptian cat, espresso
		labels, err := c.Classify(t.Context(), photos[i], 5)
		if err != nil || len(labels) != 5 || labels[0].Index != want {
			t.Errorf("%s: %+v, %v, want class %d first", names[i], labels, err, want)
		}
	}
	r, err := c.Loop(t.Context(), photos, 3, 7)
	if err != nil || r.Finished != 7 || len(r.Latencies) != 7 || r.Latencies[0] <= 0 || r.Throughput() <= 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := c.Loop(t.Context(), [][]byte{[]byte("no picture")}, 2, 3); err == nil {
		t.Error("a file that is no picture was classified")
	}
}
