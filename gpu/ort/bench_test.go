//go:build cgo

package ort_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/limen-waf/limen/classifier"
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
