package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// Session is a model that is ready to run. It is safe for concurrent use.
type Session struct {
	name    string
	options Options
	log     zerolog.Logger
	model   signature
	batched atomic.Bool
	devices *devices
	line    *line
	pace    pace
	lanes   sync.WaitGroup
	quit    chan struct{}
	closing sync.Once
}

// Open loads a model onto the device that o names and, where it can tell what
// inputs look like, runs it, so that the first caller does not pay for what is
// set up on first use. The session keeps a reference to onnx if the device is not the CPU.
// name is for errors and the log. The caller closes the session.
//
// The error wraps ErrNoCgo, or package ort's ErrNoLibrary, ErrTooOld or
// ErrBadLibrary, when there is no ONNX Runtime to use; gpu.ErrDevice for a device
// string that does not exist; ort.ErrNoCUDA when the device cannot be used and
// Options.Strict; and ErrModel when the model cannot be run.
func Open(name string, onnx []byte, o Options) (*Session, error) {
	o = o.withDefaults()
	d, err := parseDevice(o.Device)
	if err != nil {
		return nil, fmt.Errorf("opening model %s: %w", name, err)
	}
	s, err := open(name, d, o, func(d device) (backend, error) { return openWarm(onnx, d, o) })
	if err != nil {
		return nil, fmt.Errorf("opening model %s: %w", name, err)
	}
	return s, nil
}

// openWarm opens the model on a device and runs it once.
func openWarm(onnx []byte, d device, o Options) (backend, error) {
	b, err := openBackend(onnx, d, o)
	if err != nil {
		return nil, err
	}
	switch err := warmUp(b); {
	case err == nil:
	case d == cpu:
		// The inputs were made up: a model may well refuse them.
		o.Logger.Debug().Err(err).Msg("warm-up run failed")
	default:
		return nil, errors.Join(fmt.Errorf("running it once: %w", err), b.close())
	}
	return b, nil
}

func (o Options) withDefaults() Options {
	if o.Threads < 1 {
		o.Threads = defaultThreads()
	}
	if o.Runs < 1 {
		o.Runs = 1
	}
	if o.MaxQueue < 1 {
		o.MaxQueue = DefaultMaxQueue
	}
	return o
}

// open is Open with another way to a backend, for tests.
func open(name string, d device, o Options, opener opener) (*Session, error) {
	s := &Session{
		name:    name,
		options: o,
		log:     o.Logger.With().Str("model", name).Logger(),
		line:    newLine(o.MaxQueue),
		quit:    make(chan struct{}),
	}
	start := time.Now()
	var err error
	if s.devices, err = openDevices(d, o.Strict, opener, s.log); err != nil {
		return nil, err
	}
	s.model = s.devices.signature()
	if s.options.MaxBatch < 1 {
		s.options.MaxBatch = DefaultMaxBatch
		if s.devices.want != cpu {
			s.options.MaxBatch = DefaultDeviceBatch
		}
	}
	why := s.batching()
	s.batched.Store(why == "")
	line := s.log.Info().Str("device", s.Device()).Bool("batches", why == "").Dur("took_ms", time.Since(start))
	if why != "" && o.MaxBatch != 1 {
		line.Str("no_batches", why)
	}
	line.Msg("model opened")
	for range o.Runs {
		s.lanes.Add(1)
		go func() {
			defer s.lanes.Done()
			(&lane{Session: s}).loop()
		}()
	}
	return s, nil
}

// Inputs describes what the model takes.
func (s *Session) Inputs() []Info { return cloneInfos(s.model.inputs) }

// Outputs describes what the model gives.
func (s *Session) Outputs() []Info { return cloneInfos(s.model.outputs) }

func cloneInfos(infos []Info) []Info {
	c := make([]Info, len(infos))
	for i := range infos {
		c[i] = infos[i].clone()
	}
	return c
}

// Name returns the name that the session was opened with.
func (s *Session) Name() string { return s.name }

// Device returns where runs are done now, as in cpu or cuda:0.
func (s *Session) Device() string { return s.devices.device() }

// BatchDim says that the first dimension of all inputs and outputs is free and
// counts independent rows, so that calls are run together.
func (s *Session) BatchDim() bool { return s.batched.Load() }

// MaxBatch is the most rows of several calls that are run as one, 1 when calls
// are not run together.
func (s *Session) MaxBatch() int { return int(s.most()) }

// Waiting is the number of calls that wait now.
func (s *Session) Waiting() int { return s.line.length() }

// Health says how the session's device does.
func (s *Session) Health() Health { return s.devices.health() }

func (s *Session) most() int64 {
	if !s.batched.Load() {
		return 1
	}
	return int64(s.options.MaxBatch)
}

// unbatch stops running calls together.
func (s *Session) unbatch(why string) {
	if s.batched.Swap(false) {
		s.log.Warn().Str("reason", why).Msg("calls are no longer run together")
	}
}

// Run runs the model on its inputs, in any order, and returns the outputs
// named, in that order, or all when none is. It waits for its turn, and
// gives up when ctx ends; a run that has begun for this call alone is then stopped at the
// next operator. The inputs' memory is not written and not kept, the outputs' is the
// caller's.
//
// The error wraps ErrInput when the inputs are not the model's, ErrBusy when
// too many calls wait, ErrClosed, ctx's error, or ErrRun.
func (s *Session) Run(ctx context.Context, in []Tensor, outputs []string) ([]Tensor, Stats, error) {
	ordered, err := s.model.arrange(in)
	if err != nil {
		return nil, Stats{}, fmt.Errorf("model %s: %w", s.name, err)
	}
	chosen, err := s.model.choose(outputs)
	if err != nil {
		return nil, Stats{}, fmt.Errorf("model %s: %w", s.name, err)
	}
	if err := ctx.Err(); err != nil {
		return nil, Stats{}, err
	}
	c := &call{ctx: ctx, in: ordered, outputs: chosen, done: make(chan answer, 1)}
	if s.batched.Load() {
		c.rows = commonRows(ordered)
	}
	if err := s.line.push(c); err != nil {
		return nil, Stats{}, fmt.Errorf("model %s: %w", s.name, err)
	}
	var a answer
	select {
	case a = <-c.done:
	case <-ctx.Done():
		if s.line.leave(c) {
			return nil, Stats{Queue: time.Since(c.queued)}, ctx.Err()
		}
		a = <-c.done
	}
	if a.err != nil {
		return nil, a.stats, fmt.Errorf("model %s: %w", s.name, a.err)
	}
	return a.outputs, a.stats, nil
}

// commonRows is the first dimension that all inputs have in common, or 0.
func commonRows(in []Tensor) int64 {
	n := in[0].Shape[0]
	if slices.ContainsFunc(in, func(t Tensor) bool { return t.Shape[0] != n }) {
		return 0
	}
	return n
}

// Close waits for the runs that have begun, refuses the calls that wait and
// later ones with ErrClosed, and frees the model's memory. A second Close does
// nothing.
func (s *Session) Close() error {
	var err error
	s.closing.Do(func() {
		close(s.quit)
		s.line.close()
		s.lanes.Wait()
		if err = s.devices.close(); err != nil {
			err = fmt.Errorf("closing model %s: %w", s.name, err)
		}
	})
	return err
}
