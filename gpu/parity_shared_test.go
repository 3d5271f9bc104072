package gpu_test

import (
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/corpus"
	"github.com/limen-waf/limen/model"
)

// shared returns the files of the public test split, or skips the test.
func shared(t *testing.T) []string {
	t.Helper()
	folder := os.Getenv("LIMEN_SHARED")
	if folder == "" {
		folder = filepath.Join("..", "..", "shared")
	}
	paths, _ := filepath.Glob(filepath.Join(folder, "data", "public", "test", "*.jsonl.gz"))
	if len(paths) == 0 {
		t.Skipf("no public test split under %s (LIMEN_SHARED)", folder)
	}
	return paths
}

// Ensure that the engines agree to 1e-4 on every logit of every window of the
// public test split.
func TestParityOnPublicTest(t *testing.T) {
	if testing.Short() {
		t.Skip("reads the whole public test split")
	}
	paths := shared(t)
	m, err := model.Default()
	if err != nil {
		t.Fatal(err)
	}
	goEngine, reference := bothEngines(t, m)

	type difference struct {
		windows int
		worst   float64
	}
	spec := m.Manifest.Tokenizer
	work := func() func(*corpus.Record) (difference, error) {
		tokenizer := classifier.NewTokenizer(classifier.Limits{})
		var windows []classifier.Window
		var got, want []float32
		return func(rec *corpus.Record) (d difference, err error) {
			windows = tokenizer.Tokenize(rec.Request()).Windows(windows[:0], spec.Window, spec.Overlap)
			need := len(windows) * len(m.Manifest.Classes)
			if len(got) < need {
				got, want = make([]float32, need), make([]float32, need)
			}
			if err := goEngine.Score(t.Context(), windows, got[:need]); err != nil {
				return d, err
			}
			if err := reference.Score(t.Context(), windows, want[:need]); err != nil {
				return d, err
			}
			d.windows = len(windows)
			for i, g := range got[:need] {
				// Not max: it must not lose a NaN.
				if x := math.Abs(float64(g - want[i])); !(x <= d.worst) {
					d.worst = x
				}
			}
			return d, nil
		}
	}
	r := corpus.NewReader(nil, paths...)
	defer r.Close()
	requests, windows, worst := 0, 0, 0.0
	err = corpus.Map(t.Context(), r, runtime.GOMAXPROCS(0), work, func(d difference) error {
		requests++
		windows += d.windows
		if !(d.worst <= tolerance) {
			t.Errorf("request %d: logits differ by %v, expected at most %v", requests, d.worst, tolerance)
		}
		worst = max(worst, d.worst)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if requests < 30000 {
		t.Errorf("only %d requests in the public test split", requests)
	}
	t.Logf("%d requests, %d windows, largest difference %.2g", requests, windows, worst)
}
