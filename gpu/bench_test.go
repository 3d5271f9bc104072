package gpu_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu"
	"github.com/limen-waf/limen/model"
)

// BenchmarkScore times the two engines on the embedded model, or the one that
// LIMEN_BENCH_MODEL names, one call on one thread, in one run:
//
//	GOMAXPROCS=1 go test -bench Score -run '^$' ./gpu
func BenchmarkScore(b *testing.B) {
	m, err := model.Open(cmp.Or(os.Getenv("LIMEN_BENCH_MODEL"), "default"))
	if err != nil {
		b.Fatal(err)
	}
	whole := m.Manifest.Tokenizer.Window
	for _, size := range []struct{ windows, tokens int }{{1, 64}, {1, min(300, whole)}, {4, whole}, {32, whole}} {
		windows := make([]classifier.Window, size.windows)
		for i := range windows {
			for j := range size.tokens {
				windows[i] = append(windows[i], classifier.ByteToken(byte(32+(i*31+j*17)%95)))
			}
		}
		for _, device := range []gpu.Kind{gpu.Native, gpu.CPU} {
			b.Run(fmt.Sprintf("windows=%d/tokens=%d/device=%s", size.windows, size.tokens, device), func(b *testing.B) {
				e, err := gpu.Open(m, gpu.Options{Device: string(device), DataDir: ".."})
				if err != nil {
					b.Skip(err)
				}
				defer e.Close()
				logits := make([]float32, size.windows*e.Info().Classes)
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

// BenchmarkBatch times one call of 1 to 512 requests of 300 tokens on every device that
// there is; LIMEN_BENCH_DEVICE (cuda:0, say) adds one that must work. The metric is
// requests/s:
//
//	LIMEN_BENCH_DEVICE=cuda go test -bench Batch -run '^$' ./gpu
func BenchmarkBatch(b *testing.B) {
	m, err := model.Open(cmp.Or(os.Getenv("LIMEN_BENCH_MODEL"), "default"))
	if err != nil {
		b.Fatal(err)
	}
	devices := []string{string(gpu.Native), string(gpu.CPU)}
	extra := os.Getenv("LIMEN_BENCH_DEVICE")
	if extra != "" && !slices.Contains(devices, extra) {
		devices = append(devices, extra)
	}
	tokens := min(300, m.Manifest.Tokenizer.Window)
	for _, device := range devices {
		e, err := gpu.Open(m, gpu.Options{Device: device, DataDir: "..", Strict: true})
		if err != nil {
			if device == extra {
				b.Fatal(err)
			}
			b.Log(err)
			continue
		}
		for _, size := range []int{1, 8, 64, 512} {
			windows := make([]classifier.Window, size)
			for i := range windows {
				for j := range tokens {
					windows[i] = append(windows[i], classifier.ByteToken(byte(32+(i*31+j*17)%95)))
				}
			}
			logits := make([]float32, size*e.Info().Classes)
			b.Run(fmt.Sprintf("requests=%d/device=%s", size, device), func(b *testing.B) {
				for b.Loop() {
					if err := e.Score(context.Background(), windows, logits); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(size)*float64(b.N)/b.Elapsed().Seconds(), "requests/s")
			})
		}
		if err := e.Close(); err != nil {
			b.Error(err)
		}
	}
}
