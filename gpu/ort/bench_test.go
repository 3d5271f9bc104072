//go:build cgo

package ort_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"testing"

	binding "github.com/yalue/onnxruntime_go"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu"
	"github.com/limen-waf/limen/gpu/ort"
	"github.com/limen-waf/limen/model"
)

// BenchmarkScore times one call on one thread, for requests of several sizes.
// LIMEN_BENCH_MODEL names another model than the embedded one.
func BenchmarkScore(b *testing.B) {
	library(b)
	m, err := model.Open(os.Getenv("LIMEN_BENCH_MODEL"))
	if err != nil {
		b.Fatal(err)
	}
	for _, arena := range []bool{true, false} {
		e, err := ort.New(m, ort.Options{DataDir: root, NoArena: !arena})
		if err != nil {
			b.Fatal(err)
		}
		defer e.Close()
		for _, c := range []struct{ windows, tokens int }{{1, 8}, {1, 64}, {1, 300}, {1, 1024}, {8, 64}, {8, 1024}, {64, 1024}} {
			windows := make([]classifier.Window, c.windows)
			for i := range windows {
				windows[i] = randomWindow(int64(i), c.tokens)
			}
			logits := make([]float32, c.windows*e.Info().Classes)
			b.Run(fmt.Sprintf("arena=%v/windows=%d/tokens=%d", arena, c.windows, c.tokens), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := e.Score(context.Background(), windows, logits); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkBare times calls of 1 to 512 windows of 320 tokens on the engine and, in the same
// run, the same runtime called by the binding alone on memory that stays in its place.
// LIMEN_BENCH_DEVICE is cpu (the default) or cuda[:N].
func BenchmarkBare(b *testing.B) {
	library(b)
	m, err := model.Open(os.Getenv("LIMEN_BENCH_MODEL"))
	if err != nil {
		b.Fatal(err)
	}
	device, err := gpu.ParseDevice(cmp.Or(os.Getenv("LIMEN_BENCH_DEVICE"), "cpu"))
	if err != nil {
		b.Fatal(err)
	}
	o := ort.Options{DataDir: root, Concurrency: 1, Batch: ort.Batch{MaxWindows: 512}}
	if device.Kind == gpu.CUDA {
		o.CUDA = &ort.CUDA{Device: device.Index}
	}
	e, err := ort.New(m, o)
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	classes := e.Info().Classes
	const tokens = 320 // a multiple of the step to which the engine pads
	for _, size := range []int{1, 8, 64, 512} {
		windows := make([]classifier.Window, size)
		for i := range windows {
			windows[i] = randomWindow(int64(i), tokens)
		}
		logits := make([]float32, size*classes)
		rate := func(b *testing.B) {
			b.ReportMetric(float64(size)*float64(b.N)/b.Elapsed().Seconds(), "windows/s")
		}
		b.Run(fmt.Sprintf("windows=%d/engine", size), func(b *testing.B) {
			for b.Loop() {
				if err := e.Score(context.Background(), windows, logits); err != nil {
					b.Fatal(err)
				}
			}
			rate(b)
		})
		b.Run(fmt.Sprintf("windows=%d/bare", size), func(b *testing.B) {
			run, done := bare(b, m, o, windows, logits)
			defer done()
			run()
			for b.Loop() {
				run()
			}
			rate(b)
		})
	}
}

// bare opens m with the binding alone; run runs it on the windows.
func bare(b *testing.B, m *model.Model, o ort.Options, windows []classifier.Window, logits []float32) (run, done func()) {
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	options, err := binding.NewSessionOptions()
	must(err)
	defer options.Destroy()
	must(options.SetIntraOpNumThreads(1))
	must(options.SetInterOpNumThreads(1))
	must(options.SetMemPattern(false))
	must(options.SetLogSeverityLevel(binding.LoggingLevelFatal))
	if o.CUDA != nil {
		must(ort.AppendCUDA(options, *o.CUDA, nil))
	}
	s, err := binding.NewDynamicAdvancedSessionWithONNXData(m.ONNX, []string{"tokens"}, []string{"logits"}, options)
	must(err)
	var flat []int64
	for _, w := range windows {
		for _, t := range w {
			flat = append(flat, int64(t))
		}
	}
	var pin runtime.Pinner
	pin.Pin(&flat[0])
	pin.Pin(&logits[0])
	n := int64(len(windows))
	in, err := binding.NewTensor(binding.NewShape(n, int64(len(flat))/n), flat)
	must(err)
	out, err := binding.NewTensor(binding.NewShape(n, int64(len(logits))/n), logits)
	must(err)
	return func() { must(s.Run([]binding.Value{in}, []binding.Value{out})) },
		func() {
			in.Destroy()
			out.Destroy()
			s.Destroy()
			pin.Unpin()
		}
}
