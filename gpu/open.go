package gpu

import (
	"errors"
	"fmt"

	"github.com/rs/zerolog"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu/native"
	"github.com/limen-waf/limen/gpu/ort"
	"github.com/limen-waf/limen/model"
)

// Options says on what a model is to run.
type Options struct {
	// Device is auto (or empty), native, cpu or cuda[:N].
	Device string
	// Strict makes it an error when the device that Device names does not work,
	// at first and later. Without it the CPU stands in for a device that is lost.
	Strict bool
	// DataDir is Limen's data folder; ONNX Runtime is looked for in it too.
	DataDir string
	// Threads is the number of threads that ONNX Runtime may use for one call
	// (0: 1).
	Threads int
	// Batch says how ONNX Runtime runs calls together.
	Batch ort.Batch
	// MemoryLimit is the most bytes of device memory to use (0: no limit).
	MemoryLimit int64
	// Logger gets one line that says what was chosen and why. The zero Logger
	// is silent.
	Logger zerolog.Logger
}

// Open opens an engine for m on the device that o names. The caller closes it.
// The error wraps ErrDevice for a device string that does not exist; native's
// error when the network is not one it can run; and for device cpu, or with
// Strict, one of package ort's errors.
func Open(m *model.Model, o Options) (classifier.Engine, error) {
	return backends{native: openNative, ort: openORT, cudaVisible: cudaVisible, timer: scoreTime}.open(m, o)
}

// backends are the ways to an engine; tests put others in.
type backends struct {
	native      func(*model.Model) (classifier.Engine, error)
	ort         func(*model.Model, ort.Options) (classifier.Engine, error)
	cudaVisible func() bool
	timer       timer
}

func openNative(m *model.Model) (classifier.Engine, error) {
	e, err := native.New(m)
	if err != nil {
		return nil, err
	}
	return e, nil
}

func openORT(m *model.Model, o ort.Options) (classifier.Engine, error) {
	e, err := ort.New(m, o)
	if err != nil {
		return nil, err
	}
	return e, nil
}

func (b backends) open(m *model.Model, o Options) (classifier.Engine, error) {
	device, err := ParseDevice(o.Device)
	if err != nil {
		return nil, err
	}
	switch device.Kind {
	case Native:
		e, err := b.native(m)
		if err != nil {
			return nil, err
		}
		chosen(o.Logger.Info(), e).Msg("engine opened")
		return e, nil
	case CPU:
		e, err := b.ort(m, o.forCPU())
		if err != nil {
			return nil, fmt.Errorf("opening device cpu: %w", err)
		}
		chosen(o.Logger.Info(), e).Msg("engine opened")
		return e, nil
	case CUDA:
		e, err := b.openCUDA(m, o, device.Index)
		if err == nil {
			return e, nil
		}
		err = fmt.Errorf("opening device %s: %w", device, err)
		if o.Strict {
			return nil, err
		}
		return b.openCPU(m, o, err)
	}
	if b.cudaVisible() {
		e, err := b.openCUDA(m, o, 0)
		if err == nil {
			return e, nil
		}
		// A machine with a device and without the libraries for it is common;
		// the owner did not ask for CUDA, so this is no warning.
		o.Logger.Debug().Err(err).Msg("CUDA device present but not usable")
	}
	return b.openCPU(m, o, nil)
}

// openCUDA opens an engine on a device that the CPU stands in for when it is lost;
// with Strict nothing does.
func (b backends) openCUDA(m *model.Model, o Options, index int) (classifier.Engine, error) {
	open := func() (classifier.Engine, error) { return b.ort(m, o.forCUDA(index)) }
	e, err := open()
	if err != nil {
		return nil, err
	}
	chosen(o.Logger.Info(), e).Msg("engine opened")
	if o.Strict {
		return e, nil
	}
	return newFallback(e, open, func() (classifier.Engine, error) { return b.openCPU(m, o, nil) }, o.Logger), nil
}

// openCPU opens the faster engine on the CPU. failed is why the device that was
// asked for is not used, or nil.
func (b backends) openCPU(m *model.Model, o Options, failed error) (classifier.Engine, error) {
	line, message := o.Logger.Info(), "engine opened"
	if failed != nil {
		line, message = o.Logger.Warn().AnErr("reason", failed), "device not usable, falling back to the CPU"
	}
	nativeEngine, nativeErr := b.native(m)
	ortEngine, ortErr := b.ort(m, o.forCPU())
	switch {
	case nativeErr != nil && ortErr != nil:
		return nil, fmt.Errorf("%w (nor does ONNX Runtime run it: %v)", nativeErr, ortErr)
	case nativeErr != nil:
		chosen(line, ortEngine).AnErr("native", nativeErr).Msg(message)
		return ortEngine, nil
	case ortErr != nil:
		if !errors.Is(ortErr, ort.ErrNoLibrary) && !errors.Is(ortErr, ort.ErrNoCgo) {
			line.AnErr("onnxruntime", ortErr) // there, and not used: say why
		}
		chosen(line, nativeEngine).Msg(message)
		return nativeEngine, nil
	}
	nativeTime, ortTime, err := compare(b.timer, nativeEngine, ortEngine)
	if err != nil {
		// An engine that fails on the first window is not the one to keep, but
		// which of the two it was is in the error, and native has no library to break.
		line.AnErr("measurement", err)
	}
	line.Int64("native_us", nativeTime.Microseconds()).Int64("onnxruntime_us", ortTime.Microseconds())
	keep, drop := nativeEngine, ortEngine
	if err == nil && clearlyFaster(ortTime, nativeTime) {
		keep, drop = ortEngine, nativeEngine
	}
	if err := drop.Close(); err != nil {
		line.AnErr("close", err)
	}
	chosen(line, keep).Msg(message)
	return keep, nil
}

func (o Options) forCPU() ort.Options {
	return ort.Options{DataDir: o.DataDir, Threads: o.Threads, Batch: o.Batch}
}

func (o Options) forCUDA(index int) ort.Options {
	r := o.forCPU()
	r.CUDA = &ort.CUDA{Device: index, MemoryLimit: o.MemoryLimit}
	return r
}

// chosen adds what e is to a log line.
func chosen(line *zerolog.Event, e classifier.Engine) *zerolog.Event {
	info := e.Info()
	return line.Str("engine", info.Engine).Str("version", info.Version).Str("device", info.Device)
}
