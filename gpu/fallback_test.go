package gpu

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu/ort"
)

// flaky is an engine whose one logit is its own number, or that fails.
type flaky struct {
	mu     sync.Mutex
	logit  float32
	err    error
	closed bool
}

func (f *flaky) Score(_ context.Context, _ []classifier.Window, logits []float32) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return ort.ErrClosed
	}
	if f.err == nil {
		logits[0] = f.logit
	}
	return f.err
}

func (f *flaky) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *flaky) isClosed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closed
}

func (f *flaky) Info() classifier.EngineInfo {
	return classifier.EngineInfo{Engine: "onnxruntime", Device: "cuda:0", Classes: 1}
}

func (f *flaky) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

// Ensure that a lost device is replaced by the CPU without a failed call, and
// taken again when it is back.
func TestFallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := errors.New("CUDA failure 719")
		first, second, cpu := &flaky{logit: 1}, &flaky{logit: 2}, &flaky{logit: 3}
		var mu sync.Mutex
		cannot := lost
		spares := 0
		e := newFallback(first,
			func() (classifier.Engine, error) {
				mu.Lock()
				defer mu.Unlock()
				return second, cannot
			},
			func() (classifier.Engine, error) { spares++; return cpu, nil },
			zerolog.Nop())
		defer e.Close()
		score := func(want float32) {
			t.Helper()
			var logit [1]float32
			if err := e.Score(t.Context(), []classifier.Window{{1}}, logit[:]); err != nil || logit[0] != want {
				t.Fatalf("got %v, %v, expected %v", logit, err, want)
			}
		}
		score(1)
		first.set(lost)
		score(3)
		score(3)
		time.Sleep(30 * time.Second)
		score(3)
		if !first.isClosed() || spares != 1 || e.Info().Device != "cuda:0" {
			t.Errorf("lost engine closed: %v, engines on the CPU: %d, %+v", first.isClosed(), spares, e.Info())
		}
		mu.Lock()
		cannot = nil
		mu.Unlock()
		time.Sleep(time.Minute)
		score(2)
	})
}

// Ensure that what is not the device's fault does not lose it.
func TestFallbackNotAtFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := errors.New("bad values")
		main, cpu := &flaky{logit: 1}, &flaky{err: bad}
		e := newFallback(main, nil, func() (classifier.Engine, error) { return cpu, nil }, zerolog.Nop())
		defer e.Close()
		var logit [1]float32
		for _, err := range []error{bad, ort.ErrSize} {
			main.set(err)
			if got := e.Score(t.Context(), nil, logit[:]); !errors.Is(got, err) {
				t.Errorf("got %v, expected %v", got, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		main.set(ctx.Err())
		if err := e.Score(ctx, nil, logit[:]); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		main.set(nil)
		if err := e.Score(t.Context(), nil, logit[:]); err != nil || logit[0] != 1 {
			t.Errorf("got %v, %v", logit, err)
		}
	})
}

// Ensure that Close closes both engines and ends the attempts to get the device back.
func TestFallbackClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := errors.New("gone")
		main, cpu := &flaky{err: lost}, &flaky{logit: 3}
		e := newFallback(main, func() (classifier.Engine, error) { return nil, lost },
			func() (classifier.Engine, error) { return cpu, nil }, zerolog.Nop())
		var logit [1]float32
		if err := e.Score(t.Context(), nil, logit[:]); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := e.Close(); err != nil { // synctest fails if a goroutine stays
				t.Fatal(err)
			}
		}
		if !main.isClosed() || !cpu.isClosed() {
			t.Errorf("closed: %v, %v", main.isClosed(), cpu.isClosed())
		}
		if err := e.Score(t.Context(), nil, logit[:]); !errors.Is(err, ort.ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
}
