package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/limen-waf/limen/gpu"
)

// devices runs a model on the device that was asked for, and on the CPU while
// that one is lost.
type devices struct {
	open   opener
	want   device // auto has been decided
	strict bool
	log    zerolog.Logger

	mu    sync.RWMutex // held for reading during a run
	main  backend      // nil while the device is lost
	spare backend      // on the CPU; nil until it is needed
	state Health
	model signature

	ctx      context.Context // ends with close
	cancel   context.CancelFunc
	recovery sync.WaitGroup
}

// Health says how a session's device does.
type Health struct {
	// Device is the one that the session was opened for.
	Device string
	// Lost says that it cannot be used now, since Since, and Reason why. Reason
	// is also set when the device could not be used from the start.
	Lost   bool
	Since  time.Time
	Reason string
	// Losses counts how often it was lost, Memory how often a run did not
	// fit into its memory, and Fallbacks the runs that were done on the CPU in its place.
	Losses, Memory, Fallbacks uint64
}

// place is where a run was.
type place struct{ device, fallback string }

const (
	// firstRetry is when a lost device is first tried again; each further time it
	// is twice as long, up to lastRetry.
	firstRetry = time.Second
	lastRetry  = 5 * time.Minute
)

// openDevices opens the model on d.
func openDevices(d device, strict bool, open opener, log zerolog.Logger) (*devices, error) {
	v := &devices{open: open, want: d, strict: strict, log: log}
	v.ctx, v.cancel = context.WithCancel(context.Background())
	if d.kind == gpu.Auto {
		v.want = cpu
		if gpu.CUDAVisible() {
			cuda := device{kind: gpu.CUDA}
			b, err := open(cuda)
			if err == nil {
				v.want, v.main = cuda, b
			} else {
				// A machine with a device and without the libraries for it is
				// common; the owner did not ask for CUDA, so this is no warning.
				log.Debug().Err(err).Msg("CUDA device present but not usable")
			}
		}
	}
	if v.main == nil {
		b, err := open(v.want)
		switch {
		case err == nil:
			v.main = b
		case strict || v.want == cpu:
			return nil, fmt.Errorf("device %s: %w", v.want, err)
		default:
			spare, cpuErr := open(cpu)
			if cpuErr != nil {
				return nil, fmt.Errorf("device %s: %w (nor does it run on the CPU: %w)", v.want, err, cpuErr)
			}
			v.spare, v.state.Reason = spare, err.Error()
			log.Warn().AnErr("reason", err).Str("device", v.want.String()).Msg("device not usable, falling back to the CPU")
		}
	}
	if v.main == nil || v.want == cpu {
		v.open = nil // it holds the model's file, and there is nothing else to open
	}
	v.state.Device = v.want.String()
	if v.main != nil {
		v.model = v.main.signature()
	} else {
		v.model = v.spare.signature()
	}
	return v, nil
}

func (v *devices) signature() signature { return v.model }

func (v *devices) device() string {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if v.main == nil {
		return cpu.String()
	}
	return v.want.String()
}

func (v *devices) health() Health {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.state
}

// run runs the model on the device, and where that fails on the CPU.
func (v *devices) run(ctx context.Context, in []Tensor, outputs []int) (*outcome, place, error) {
	v.mu.RLock()
	main := v.main
	if main != nil {
		out, err := main.run(ctx, in, outputs)
		v.mu.RUnlock()
		if err == nil || v.want == cpu || ctx.Err() != nil || errors.Is(err, ErrInput) {
			return out, place{device: v.want.String()}, err
		}
		return v.runSpare(ctx, in, outputs, main, err)
	}
	v.mu.RUnlock()
	return v.runSpare(ctx, in, outputs, nil, nil)
}

// runSpare runs the model on the CPU. failed is the device's error on the same
// inputs, if it was tried: when the CPU can run them, the device is at fault.
func (v *devices) runSpare(ctx context.Context, in []Tensor, outputs []int, main backend, failed error) (*outcome, place, error) {
	if v.strict && failed != nil {
		v.fault(main, failed)
		return nil, place{device: v.want.String()}, fmt.Errorf("device %s: %w", v.want, failed)
	}
	if v.strict {
		return nil, place{device: v.want.String()}, fmt.Errorf("%w: device %s is lost: %s", ErrRun, v.want, v.health().Reason)
	}
	if err := v.openSpare(); err != nil {
		return nil, place{device: v.want.String()}, errors.Join(failed, err)
	}
	v.mu.RLock()
	out, err := v.spare.run(ctx, in, outputs)
	v.mu.RUnlock()
	where := place{device: cpu.String()}
	if err != nil {
		return nil, where, err
	}
	if failed != nil {
		v.fault(main, failed)
	}
	v.mu.Lock()
	v.state.Fallbacks++
	where.fallback = v.state.Reason
	v.mu.Unlock()
	if failed != nil {
		where.fallback = failed.Error()
	}
	return out, where, nil
}

// openSpare opens the model on the CPU.
func (v *devices) openSpare() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.spare != nil {
		return nil
	}
	b, err := v.open(cpu)
	if err != nil {
		return fmt.Errorf("device cpu: %w", err)
	}
	v.spare = b
	return nil
}

// fault counts a failure of the device, and lets go of it unless it only had
// too little memory for this run.
func (v *devices) fault(main backend, failed error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if outOfMemory(failed) {
		v.state.Memory++
		v.log.Warn().AnErr("reason", failed).Str("device", v.want.String()).Msg("device out of memory, one run done on the CPU")
		return
	}
	if main == nil || v.main != main || v.ctx.Err() != nil { // another run has seen to it
		return
	}
	v.main = nil
	v.state.Lost, v.state.Since, v.state.Reason = true, time.Now(), failed.Error()
	v.state.Losses++
	v.log.Error().AnErr("reason", failed).Str("device", v.want.String()).Bool("strict", v.strict).Msg("device lost")
	v.recovery.Add(1)
	go v.recover(main)
}

// outOfMemory says whether ONNX Runtime's error is about memory: its arena's, or CUDA's.
func outOfMemory(err error) bool {
	text := strings.ToLower(err.Error())
	return strings.Contains(text, "out of memory") || strings.Contains(text, "failed to allocate") ||
		strings.Contains(text, "available memory of")
}

// recover opens the device anew until it works.
func (v *devices) recover(old backend) {
	defer v.recovery.Done()
	if err := old.close(); err != nil {
		v.log.Debug().Err(err).Msg("closing the lost device's session")
	}
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		select {
		case <-time.After(pause):
		case <-v.ctx.Done():
			return
		}
		b, err := v.open(v.want)
		if err != nil {
			v.log.Debug().Err(err).Str("device", v.want.String()).Msg("device still lost")
			continue
		}
		v.mu.Lock()
		v.main = b
		lost := time.Since(v.state.Since)
		v.state.Lost, v.state.Reason = false, ""
		v.mu.Unlock()
		v.log.Info().Str("device", v.want.String()).Dur("lost_ms", lost).Msg("device back")
		return
	}
}

// close closes what is open. No run may be going on.
func (v *devices) close() error {
	v.cancel()
	v.recovery.Wait()
	var err error
	for _, b := range []backend{v.main, v.spare} {
		if b != nil {
			err = errors.Join(err, b.close())
		}
	}
	v.main, v.spare = nil, nil
	return err
}
