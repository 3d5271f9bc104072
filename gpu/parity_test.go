package gpu_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/rs/zerolog"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu"
	"github.com/limen-waf/limen/gpu/native"
	"github.com/limen-waf/limen/gpu/ort"
	"github.com/limen-waf/limen/model"
)

// tolerance is how far the engines may be apart on a logit.
const tolerance = 1e-4

// Ensure that the pure-Go engine and ONNX Runtime give the same logits: random
// windows of all lengths from 0 to past the window, alone and in batches.
func TestParity(t *testing.T) {
	models := map[string]func() (*model.Model, error){
		"tiny":     func() (*model.Model, error) { return model.Load("testdata/tiny.onnx") },
		"embedded": model.Default,
	}
	for name, open := range models {
		t.Run(name, func(t *testing.T) {
			m, err := open()
			if err != nil {
				t.Fatal(err)
			}
			goEngine, reference := bothEngines(t, m)
			compareEngines(t, m, goEngine, reference)
		})
	}
}

// Ensure that each device opens for real, and gives the logits that NumPy
// computed.
func TestOpenScores(t *testing.T) {
	m, err := model.Load("testdata/tiny.onnx")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile("testdata/tiny.logits.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Tokens classifier.Window
		Logits []float32
	}
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	for _, device := range []gpu.Kind{gpu.Auto, gpu.Native, gpu.CPU, gpu.CUDA} {
		t.Run(string(device), func(t *testing.T) {
			var log bytes.Buffer
			e, err := gpu.Open(m, gpu.Options{Device: string(device), DataDir: "..", Logger: zerolog.New(&log)})
			if device == gpu.CPU && (errors.Is(err, ort.ErrNoCgo) || errors.Is(err, ort.ErrNoLibrary)) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			t.Log(log.String())
			for _, c := range cases {
				for i, got := range score(t, e, []classifier.Window{c.Tokens}) {
					if !(math.Abs(float64(got-c.Logits[i])) <= tolerance) {
						t.Fatalf("window of %d tokens: logit %d is %v, expected %v", len(c.Tokens), i, got, c.Logits[i])
					}
				}
			}
		})
	}
}

// bothEngines opens the pure-Go engine and ONNX Runtime on m, or skips the test
// where there is no ONNX Runtime.
func bothEngines(t *testing.T, m *model.Model) (goEngine, reference classifier.Engine) {
	t.Helper()
	if _, err := ort.Find(".."); errors.Is(err, ort.ErrNoCgo) || errors.Is(err, ort.ErrNoLibrary) {
		t.Skip(err)
	}
	goEngine, err := native.New(m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { goEngine.Close() })
	reference, err = ort.New(m, ort.Options{DataDir: ".."})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reference.Close() })
	return goEngine, reference
}

func compareEngines(t *testing.T, m *model.Model, a, b classifier.Engine) {
	window := m.Manifest.Tokenizer.Window
	lengths := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, window - 9, window - 8, window - 1, window, window + 5}
	rng := rand.New(rand.NewPCG(7, 11))
	for range 150 {
		lengths = append(lengths, 1+rng.IntN(window))
	}
	worst := 0.0
	for at := 0; at < len(lengths); {
		count := min(1+rng.IntN(12), len(lengths)-at)
		windows := make([]classifier.Window, count)
		for i := range windows {
			windows[i] = randomWindow(rng, lengths[at+i], m.Manifest.Tokenizer.Vocabulary)
		}
		at += count
		got, want := score(t, a, windows), score(t, b, windows)
		for i := range got {
			d := math.Abs(float64(got[i] - want[i]))
			worst = max(worst, d)
			if !(d <= tolerance) {
				t.Fatalf("window of %d tokens: logit %d is %v in Go and %v in ONNX Runtime",
					len(windows[i/a.Info().Classes]), i%a.Info().Classes, got[i], want[i])
			}
		}
	}
	t.Logf("%d windows, largest difference %.2g", len(lengths), worst)
}

// randomWindow returns n tokens, of one of the kinds that real windows are:
// text, any token, one token over and over, text with padding inside.
func randomWindow(rng *rand.Rand, n, vocabulary int) classifier.Window {
	w := make(classifier.Window, n)
	kind, one := rng.IntN(4), classifier.Token(1+rng.IntN(vocabulary-1))
	for i := range w {
		switch kind {
		case 0:
			w[i] = classifier.ByteToken(byte(32 + rng.IntN(95)))
		case 1:
			w[i] = classifier.Token(1 + rng.IntN(vocabulary-1))
		case 2:
			w[i] = one
		case 3:
			if w[i] = classifier.ByteToken(byte(rng.IntN(256))); rng.IntN(8) == 0 {
				w[i] = classifier.Pad
			}
		}
	}
	return w
}

func score(t *testing.T, e classifier.Engine, windows []classifier.Window) []float32 {
	t.Helper()
	logits := make([]float32, len(windows)*e.Info().Classes)
	if err := e.Score(t.Context(), windows, logits); err != nil {
		t.Fatalf("%s, %d windows: %v", e.Info().Engine, len(windows), err)
	}
	for i, l := range logits {
		if math.IsNaN(float64(l)) || math.IsInf(float64(l), 0) {
			t.Fatalf("%s: logit %d is %v", e.Info().Engine, i, l)
		}
	}
	return logits
}
