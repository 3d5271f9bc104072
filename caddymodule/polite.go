package caddymodule

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/limen-waf/limen/classifier"
)

// liveScoring is the number of requests of live traffic that are being scored.
var liveScoring atomic.Int64

// How long work in the background waits at most, before each piece of it, for live
// requests to be scored. It goes on after that, so that it comes to an end on a
// server that is never idle.
const (
	politeNap  = 200 * time.Microsecond
	politeNaps = 20
)

// politeChunk is how many windows background work scores before it looks at live
// traffic again: a quarter of a millisecond, about.
const politeChunk = 4

// politeEngine lets live requests go first.
type politeEngine struct{ classifier.Engine }

// Score implements classifier.Engine.
func (e politeEngine) Score(ctx context.Context, windows []classifier.Window, logits []float32) error {
	giveWay(ctx)
	return e.Engine.Score(ctx, windows, logits)
}

// giveWay lets goroutines run that are ready, and waits while live requests are
// being scored.
func giveWay(ctx context.Context) {
	runtime.Gosched()
	for range politeNaps {
		if liveScoring.Load() == 0 || ctx.Err() != nil {
			return
		}
		time.Sleep(politeNap)
	}
}
