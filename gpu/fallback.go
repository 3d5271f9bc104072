package gpu

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu/ort"
)

// fallback is an engine on a device that may be lost. A call that fails there is
// answered by an engine on the CPU; if that one can, the device is at fault, and it
// is left alone until it works again.
type fallback struct {
	info classifier.EngineInfo
	log  zerolog.Logger
	// openMain and openSpare open an engine on the device and on the CPU.
	openMain, openSpare func() (classifier.Engine, error)

	mu     sync.RWMutex      // held for reading during a call
	main   classifier.Engine // nil while the device is lost
	spare  classifier.Engine // nil until it is needed
	since  time.Time         // of the loss
	closed bool

	ctx      context.Context // ends with Close
	cancel   context.CancelFunc
	recovery sync.WaitGroup
}

const (
	// firstRetry is when a lost device is first tried again; each further time it
	// is twice as long, up to lastRetry.
	firstRetry = time.Second
	lastRetry  = 5 * time.Minute
)

// newFallback guards main. The engines that it opens are its own.
func newFallback(main classifier.Engine, openMain, openSpare func() (classifier.Engine, error), log zerolog.Logger) *fallback {
	f := &fallback{info: main.Info(), log: log, openMain: openMain, openSpare: openSpare, main: main}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	return f
}

// Score implements classifier.Engine.
func (f *fallback) Score(ctx context.Context, windows []classifier.Window, logits []float32) error {
	f.mu.RLock()
	if f.closed {
		f.mu.RUnlock()
		return ort.ErrClosed
	}
	main := f.main
	var failed error
	if main != nil {
		failed = main.Score(ctx, windows, logits)
		if failed == nil || ctx.Err() != nil || errors.Is(failed, ort.ErrSize) {
			f.mu.RUnlock()
			return failed
		}
	}
	f.mu.RUnlock()
	spare, err := f.onCPU()
	if err != nil {
		return errors.Join(failed, err)
	}
	f.mu.RLock()
	if f.closed {
		f.mu.RUnlock()
		return ort.ErrClosed
	}
	err = spare.Score(ctx, windows, logits)
	f.mu.RUnlock()
	if err == nil && failed != nil {
		f.lose(main, failed)
	}
	return err
}

// onCPU returns the engine on the CPU, and opens it the first time.
func (f *fallback) onCPU() (classifier.Engine, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, ort.ErrClosed
	}
	if f.spare == nil {
		e, err := f.openSpare()
		if err != nil {
			return nil, err
		}
		f.spare = e
	}
	return f.spare, nil
}

// lose lets go of the device.
func (f *fallback) lose(main classifier.Engine, failed error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.main != main || f.closed { // another call has seen to it
		return
	}
	f.main, f.since = nil, time.Now()
	f.log.Error().AnErr("reason", failed).Str("device", f.info.Device).Str("instead", f.spare.Info().Device).Msg("device lost")
	f.recovery.Add(1)
	go f.recover(main)
}

// recover opens the device anew until it works.
func (f *fallback) recover(old classifier.Engine) {
	defer f.recovery.Done()
	if err := old.Close(); err != nil {
		f.log.Debug().Err(err).Msg("closing the lost device's engine")
	}
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		select {
		case <-time.After(pause):
		case <-f.ctx.Done():
			return
		}
		e, err := f.openMain() // it runs the model once
		if err != nil {
			f.log.Debug().Err(err).Str("device", f.info.Device).Msg("device still lost")
			continue
		}
		f.mu.Lock()
		f.main = e
		lost := time.Since(f.since)
		f.mu.Unlock()
		f.log.Info().Str("device", f.info.Device).Dur("lost_ms", lost).Msg("device back")
		return
	}
}

// Info implements classifier.Engine. It names the device also while that is lost.
func (f *fallback) Info() classifier.EngineInfo { return f.info }

// Close implements classifier.Engine.
func (f *fallback) Close() error {
	f.cancel()
	f.recovery.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	var err error
	for _, e := range []classifier.Engine{f.main, f.spare} {
		if e != nil {
			err = errors.Join(err, e.Close())
		}
	}
	return err
}
