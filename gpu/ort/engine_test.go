//go:build cgo

package ort_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu/ort"
	"github.com/limen-waf/limen/model"
	"github.com/limen-waf/limen/model/onnx"
)

var _ classifier.Engine = (*ort.Engine)(nil)

// open opens an engine on the tiny network.
func open(t testing.TB, o ort.Options) *ort.Engine {
	t.Helper()
	library(t)
	o.DataDir = root
	e, err := ort.New(network(t, "tiny"), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// near fails the test when two sets of logits differ by more than 1e-4.
func near(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if !(math.Abs(float64(got[i]-want[i])) <= 1e-4) {
			t.Errorf("%s: logit %d is %v, expected %v", what, i, got[i], want[i])
			return
		}
	}
}

// modes are the ways in which an engine runs calls.
var modes = map[string]ort.Options{
	"direct":   {},
	"one":      {Concurrency: 1, Batch: ort.Batch{MaxWindows: 1}},
	"no arena": {NoArena: true},
	"threads":  {Threads: 2},
	"across":   {Batch: ort.Batch{Across: true, MaxWindows: 16, MaxDelay: time.Millisecond}},
}

// Ensure that the logits are those that NumPy computes, window by window and
// all in one call.
func TestScore(t *testing.T) {
	library(t)
	raw, err := os.ReadFile("../testdata/tiny.logits.json")
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
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			e := open(t, o)
			var windows []classifier.Window
			var want []float32
			for _, c := range cases {
				windows, want = append(windows, c.Tokens), append(want, c.Logits...)
				got := make([]float32, len(c.Logits))
				if err := e.Score(t.Context(), []classifier.Window{c.Tokens}, got); err != nil {
					t.Fatal(err)
				}
				near(t, "alone", got, c.Logits)
			}
			got := make([]float32, len(want))
			if err := e.Score(t.Context(), windows, got); err != nil {
				t.Fatal(err)
			}
			near(t, "together", got, want)
		})
	}
}

// Ensure that concurrent calls with windows of all lengths each get what they
// get alone, in every mode.
func TestScoreConcurrent(t *testing.T) {
	const callers, calls = 8, 25
	reference := open(t, ort.Options{Concurrency: 1, Batch: ort.Batch{MaxWindows: 1}})
	classes := reference.Info().Classes
	type request struct {
		windows []classifier.Window
		want    []float32
	}
	requests := make([]request, callers*calls)
	for i := range requests {
		r := &requests[i]
		for j := range 1 + i%5 {
			r.windows = append(r.windows, randomWindow(int64(i), (i*37+j*211)%1024))
		}
		r.want = make([]float32, len(r.windows)*classes)
		if err := reference.Score(t.Context(), r.windows, r.want); err != nil {
			t.Fatal(err)
		}
	}
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			e := open(t, o)
			var group sync.WaitGroup
			for c := range callers {
				group.Add(1)
				go func() {
					defer group.Done()
					for _, r := range requests[c*calls : (c+1)*calls] {
						got := make([]float32, len(r.want))
						if err := e.Score(t.Context(), r.windows, got); err != nil {
							t.Error(err)
							return
						}
						near(t, name, got, r.want)
					}
				}()
			}
			group.Wait()
		})
	}
}

// Ensure that wrong calls are errors, and that nothing to do is none.
func TestScoreArguments(t *testing.T) {
	for _, mode := range []string{"direct", "across"} {
		t.Run(mode, func(t *testing.T) {
			e := open(t, modes[mode])
			if err := e.Score(t.Context(), nil, nil); err != nil {
				t.Errorf("no windows: got %v", err)
			}
			if err := e.Score(t.Context(), []classifier.Window{{1}, {2}}, make([]float32, 17)); !errors.Is(err, ort.ErrSize) {
				t.Errorf("short logits: got %v", err)
			}
			if err := e.Score(t.Context(), []classifier.Window{{classifier.Vocabulary}}, make([]float32, 9)); err == nil {
				t.Error("a token outside the vocabulary was scored")
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := e.Score(ctx, []classifier.Window{{1}}, make([]float32, 9)); !errors.Is(err, context.Canceled) {
				t.Errorf("ended context: got %v", err)
			}
			// The engine is as good as before.
			if err := e.Score(t.Context(), []classifier.Window{{1}}, make([]float32, 9)); err != nil {
				t.Error(err)
			}
		})
	}
}

// Ensure that a long call stops between batches when its context ends.
func TestScoreDeadline(t *testing.T) {
	e := open(t, ort.Options{Batch: ort.Batch{MaxWindows: 1}})
	long := randomWindow(1, 1024)
	windows := make([]classifier.Window, 20000)
	for i := range windows {
		windows[i] = long
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := e.Score(ctx, windows, make([]float32, 9*len(windows))); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
}

// Ensure that closing under load neither crashes nor hangs, and that calls end
// with their logits or with ErrClosed.
func TestCloseUnderLoad(t *testing.T) {
	for _, mode := range []string{"direct", "across"} {
		t.Run(mode, func(t *testing.T) {
			e := open(t, modes[mode])
			var group sync.WaitGroup
			for range 8 {
				group.Add(1)
				go func() {
					defer group.Done()
					logits := make([]float32, 9)
					for {
						if err := e.Score(t.Context(), []classifier.Window{randomWindow(3, 200)}, logits); err != nil {
							if !errors.Is(err, ort.ErrClosed) {
								t.Error(err)
							}
							return
						}
					}
				}()
			}
			time.Sleep(20 * time.Millisecond)
			if err := e.Close(); err != nil {
				t.Error(err)
			}
			group.Wait()
			if err := e.Close(); err != nil {
				t.Errorf("second close: %v", err)
			}
			if err := e.Score(t.Context(), []classifier.Window{{1}}, make([]float32, 9)); !errors.Is(err, ort.ErrClosed) {
				t.Errorf("after close: got %v", err)
			}
		})
	}
}

// Ensure that engines come and go without harm to one another: the environment
// outlives them.
func TestReopen(t *testing.T) {
	for range 20 {
		e := open(t, ort.Options{})
		if err := e.Score(t.Context(), []classifier.Window{{1, 2, 3}}, make([]float32, 9)); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Ensure that the engine says what it is.
func TestInfo(t *testing.T) {
	place := library(t)
	want := classifier.EngineInfo{Engine: "onnxruntime", Version: place.Version, Device: "cpu", Classes: 9}
	if got := open(t, ort.Options{}).Info(); got != want {
		t.Fatalf("got %+v, expected %+v", got, want)
	}
}

// edit returns the tiny network after change. Its manifest is kept, as New
// takes it as validated.
func edit(t *testing.T, change func(*onnx.Graph)) *model.Model {
	t.Helper()
	m := *network(t, "tiny")
	g, err := onnx.Decode(m.ONNX)
	if err != nil {
		t.Fatal(err)
	}
	change(g)
	if m.ONNX, err = onnx.Encode(g); err != nil {
		t.Fatal(err)
	}
	return &m
}

// Ensure that a network which would answer wrongly is refused when it is opened.
func TestNewRefusesNetwork(t *testing.T) {
	library(t)
	tests := []struct {
		name  string
		model func() *model.Model
		want  string
	}{
		{"not ONNX", func() *model.Model { m := *network(t, "tiny"); m.ONNX = []byte("no"); return &m }, "tiny.onnx"},
		{"no logits", func() *model.Model {
			return edit(t, func(g *onnx.Graph) { g.Outputs = g.Outputs[1:] })
		}, `no output "logits"`},
		{"other input", func() *model.Model {
			return edit(t, func(g *onnx.Graph) {
				g.Inputs[0].Name = "characters"
				for i := range g.Nodes {
					for j, in := range g.Nodes[i].Inputs {
						if in == "tokens" {
							g.Nodes[i].Inputs[j] = "characters"
						}
					}
				}
			})
		}, "tokens"},
		{"unknown operator", func() *model.Model {
			return edit(t, func(g *onnx.Graph) { g.Nodes[len(g.Nodes)-2].Op = "Frobnicate" })
		}, "Frobnicate"},
		{"another number of classes", func() *model.Model {
			m := *network(t, "tiny")
			m.Manifest.Classes = m.Manifest.Classes[:5]
			return &m
		}, "logits"},
		{"padding not masked", func() *model.Model {
			return edit(t, func(g *onnx.Graph) {
				for i := range g.Nodes {
					if n := &g.Nodes[i]; n.Name == "x_1" || n.Name == "x_2" || n.Name == "x_3" {
						*n = onnx.Node{Name: n.Name, Op: "Relu", Inputs: n.Inputs[:1], Outputs: n.Outputs}
					}
				}
			})
		}, "padding"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e, err := ort.New(test.model(), ort.Options{DataDir: root})
			if err == nil {
				e.Close()
			}
			if !errors.Is(err, ort.ErrNetwork) || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, expected ErrNetwork about %s", err, test.want)
			}
		})
	}
}

// Ensure that a CUDA device that is not there is an error with the reason, and
// that the library works on the CPU afterwards.
func TestCUDAMissing(t *testing.T) {
	library(t)
	providers, err := ort.Providers(root)
	if err == nil {
		t.Skipf("this machine has %v", providers)
	}
	if !errors.Is(err, ort.ErrNoCUDA) || len(providers) != 1 || providers[0] != "CPU" {
		t.Fatalf("got %v, %v", providers, err)
	}
	if _, err := ort.New(network(t, "tiny"), ort.Options{DataDir: root, CUDA: &ort.CUDA{}}); !errors.Is(err, ort.ErrNoCUDA) {
		t.Fatalf("got %v, expected ErrNoCUDA", err)
	}
	t.Log(err)
	open(t, ort.Options{})
}
