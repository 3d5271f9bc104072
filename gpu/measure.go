package gpu

import (
	"context"
	"fmt"
	"time"

	"github.com/limen-waf/limen/classifier"
)

const (
	// measureTokens is the size of the window that engines are compared on: an
	// ordinary request with its headers.
	measureTokens = 300
	// measureRounds is how often each engine is timed. The least time counts,
	// since whatever else the machine does can only add.
	measureRounds = 12
)

// timer gives the time of one Score call.
type timer func(e classifier.Engine, windows []classifier.Window, logits []float32) (time.Duration, error)

// scoreTime measures one Score call.
func scoreTime(e classifier.Engine, windows []classifier.Window, logits []float32) (time.Duration, error) {
	start := time.Now()
	err := e.Score(context.Background(), windows, logits)
	return time.Since(start), err
}

// compare returns the least time that each engine takes for one window. The
// engines take turns, so that a busy moment meets both.
func compare(t timer, a, b classifier.Engine) (ta, tb time.Duration, err error) {
	w := make(classifier.Window, measureTokens)
	for i := range w {
		w[i] = classifier.ByteToken(byte(' ' + i%95))
	}
	windows := []classifier.Window{w}
	least := func(e classifier.Engine, so time.Duration) (time.Duration, error) {
		d, err := t(e, windows, make([]float32, e.Info().Classes))
		if err != nil {
			return so, fmt.Errorf("measuring engine %s: %w", e.Info().Engine, err)
		}
		if so == 0 || d < so {
			return d, nil
		}
		return so, nil
	}
	for range measureRounds {
		if ta, err = least(a, ta); err != nil {
			return ta, tb, err
		}
		if tb, err = least(b, tb); err != nil {
			return ta, tb, err
		}
	}
	return ta, tb, nil
}

// clearlyFaster says whether a is worth choosing over b, which needs no library:
// at least a tenth faster, more than one start and the next differ by.
func clearlyFaster(a, b time.Duration) bool {
	return a*10 < b*9
}
