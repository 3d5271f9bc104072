//go:build cgo && unix

package session_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	binding "github.com/yalue/onnxruntime_go"

	"github.com/limen-waf/limen/gpu"
	"github.com/limen-waf/limen/gpu/ort"
	"github.com/limen-waf/limen/gpu/session"
)

// benchModel is the model of the benchmarks: LIMEN_BENCH_MODEL, a file whose first input
// and output are FP32 with a free first dimension, or the shared ResNet-50.
func benchModel(b *testing.B) []byte {
	b.Helper()
	library(b)
	if path := os.Getenv("LIMEN_BENCH_MODEL"); path != "" {
		raw, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		return raw
	}
	raw := shared(b, "light", "light_resnet50_dynbatch.onnx")
	if raw == nil {
		b.Skip("no shared models (LIMEN_SHARED), and LIMEN_BENCH_MODEL names none")
	}
	return raw
}

// device is the device of the benchmarks: LIMEN_BENCH_DEVICE, or the CPU.
func device() string {
	if d := os.Getenv("LIMEN_BENCH_DEVICE"); d != "" {
		return d
	}
	return "cpu"
}

// benchOptions are those of a server; the bare loop has the same threads.
func benchOptions() session.Options {
	return session.Options{DataDir: root, Device: device(), Strict: true}
}

// bare is the runtime called by the binding alone, on memory of its own: a loop
// around it is as fast as the runtime gets.
type bare struct {
	session *binding.DynamicAdvancedSession
	in, out []binding.Value
	pin     runtime.Pinner
}

// newBare opens the model for n rows.
func newBare(b *testing.B, onnx []byte, like *session.Session, n int64) *bare {
	b.Helper()
	if _, err := ort.Start(root); err != nil {
		b.Fatal(err)
	}
	options, err := binding.NewSessionOptions()
	if err != nil {
		b.Fatal(err)
	}
	defer options.Destroy()
	for _, err := range []error{
		options.SetIntraOpNumThreads(runtime.GOMAXPROCS(0)),
		options.SetInterOpNumThreads(1),
		options.SetGraphOptimizationLevel(binding.GraphOptimizationLevelEnableAll),
		options.SetMemPattern(os.Getenv("LIMEN_BENCH_PATTERN") != ""),
		options.SetLogSeverityLevel(binding.LoggingLevelFatal),
	} {
		if err != nil {
			b.Fatal(err)
		}
	}
	if os.Getenv("LIMEN_BENCH_SPIN") == "" {
		if err := options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"); err != nil {
			b.Fatal(err)
		}
	}
	place, err := gpu.ParseDevice(device())
	if err != nil {
		b.Fatal(err)
	}
	if place.Kind == gpu.CUDA {
		if err := ort.AppendCUDA(options, ort.CUDA{Device: place.Index}, nil); err != nil {
			b.Fatal(err)
		}
	}
	w, y := like.Inputs()[0], like.Outputs()[0]
	s := &bare{}
	if s.session, err = binding.NewDynamicAdvancedSessionWithONNXData(onnx, []string{w.Name}, []string{y.Name}, options); err != nil {
		b.Fatal(err)
	}
	tensor := func(shape []int64) binding.Value {
		shape[0] = n
		data := make([]float32, session.Elements(shape))
		s.pin.Pin(&data[0])
		v, err := binding.NewTensor(binding.NewShape(shape...), data)
		if err != nil {
			b.Fatal(err)
		}
		return v
	}
	s.in, s.out = []binding.Value{tensor(w.Shape)}, []binding.Value{tensor(y.Shape)}
	return s
}

func (s *bare) run(b *testing.B) {
	if err := s.session.Run(s.in, s.out); err != nil {
		b.Fatal(err)
	}
}

func (s *bare) close() {
	for _, v := range append(s.in, s.out...) {
		v.Destroy()
	}
	s.pin.Unpin()
	s.session.Destroy()
}

// openBench opens the model and makes n rows of input.
func openBench(b *testing.B, onnx []byte, n int64) (*session.Session, []session.Tensor) {
	b.Helper()
	s, err := session.Open("bench", onnx, benchOptions())
	if err != nil {
		b.Fatal(err)
	}
	w := s.Inputs()[0]
	w.Shape[0] = n
	return s, []session.Tensor{{Name: w.Name, Type: w.Type, Shape: w.Shape, Data: make([]byte, 4*session.Elements(w.Shape))}}
}

// cpuTime is the CPU time that the process has taken. On a busy machine it says more
// than the clock.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkThroughput compares 32 callers of one row with the bare runtime in batches of
// several sizes. The two take turns within one benchmark, so that
// a busy machine meets both. Metrics: rows/s and CPU time a row of each, and
// the ratio of the rows/s.
func BenchmarkThroughput(b *testing.B) {
	onnx := benchModel(b)
	const callers = 32
	s, in := openBench(b, onnx, 1)
	defer s.Close()
	for _, size := range []int64{1, 2, 4, 8, 16, 32, 64} {
		b.Run(fmt.Sprintf("bare batch=%d", size), func(b *testing.B) {
			r := newBare(b, onnx, s, size)
			defer r.close()
			r.run(b)
			var bareTime, sessionTime, bareCPU, sessionCPU time.Duration
			var batches atomic.Int64
			b.ResetTimer()
			rows := 0
			for b.Loop() {
				start, cpu := time.Now(), cpuTime()
				for done := int64(0); done < 2*callers; done += size { // 64 rows
					r.run(b)
				}
				bareTime += time.Since(start)
				bareCPU += cpuTime() - cpu
				start, cpu = time.Now(), cpuTime()
				var wait sync.WaitGroup
				for range callers {
					wait.Go(func() {
						for range 2 {
							_, stats, err := s.Run(context.Background(), in, nil)
							if err != nil {
								b.Error(err)
							}
							batches.Add(int64(stats.Batch))
						}
					})
				}
				wait.Wait()
				sessionTime += time.Since(start)
				sessionCPU += cpuTime() - cpu
				rows += 2 * callers
			}
			b.ReportMetric(float64(rows)/bareTime.Seconds(), "bare-rows/s")
			b.ReportMetric(float64(rows)/sessionTime.Seconds(), "session-rows/s")
			b.ReportMetric(bareTime.Seconds()/sessionTime.Seconds(), "ratio")
			b.ReportMetric(bareCPU.Seconds()*1e3/float64(rows), "bare-cpu-ms/row")
			b.ReportMetric(sessionCPU.Seconds()*1e3/float64(rows), "session-cpu-ms/row")
			b.ReportMetric(float64(batches.Load())/float64(rows), "rows/batch")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkLatency compares one caller with the bare runtime, in turns. Metrics: the
// least and the median time of each, and the least that the session adds.
func BenchmarkLatency(b *testing.B) {
	onnx := benchModel(b)
	sizes := []int64{1, 2}
	if device() != "cpu" {
		sizes = []int64{1, 2, 4, 8, 16, 32, 64}
	}
	for _, size := range sizes {
		b.Run(fmt.Sprintf("rows=%d", size), func(b *testing.B) {
			s, in := openBench(b, onnx, size)
			defer s.Close()
			r := newBare(b, onnx, s, size)
			defer r.close()
			r.run(b)
			var bareTimes, sessionTimes, added []time.Duration
			for b.Loop() {
				start := time.Now()
				r.run(b)
				bareTimes = append(bareTimes, time.Since(start))
				start = time.Now()
				_, stats, err := s.Run(context.Background(), in, nil)
				if err != nil {
					b.Fatal(err)
				}
				took := time.Since(start)
				sessionTimes = append(sessionTimes, took)
				added = append(added, took-stats.Infer)
			}
			for _, m := range []struct {
				name  string
				times []time.Duration
			}{{"bare", bareTimes}, {"session", sessionTimes}, {"outside-run", added}} {
				slices.Sort(m.times)
				b.ReportMetric(float64(m.times[0])/1e6, m.name+"-least-ms")
				b.ReportMetric(float64(m.times[len(m.times)/2])/1e6, m.name+"-median-ms")
				b.ReportMetric(float64(m.times[len(m.times)*99/100])/1e6, m.name+"-p99-ms")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkOverhead is what a call costs when the model costs nothing: checks, the
// line, tensors and copies. The input has the size of a picture.
func BenchmarkOverhead(b *testing.B) {
	s := open(b, "pass", session.Options{Threads: 1})
	for _, rows := range []int64{1, 2} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			shape := []int64{rows, 3, 224, 224}
			in := []session.Tensor{{Name: "x", Type: session.FP32, Shape: shape, Data: make([]byte, 4*session.Elements(shape))}}
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := s.Run(context.Background(), in, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
