package imagebench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/limen-waf/limen/bench/load"
	"github.com/limen-waf/limen/classifier/picture"
	"github.com/limen-waf/limen/classifier/vision"
	"github.com/limen-waf/limen/gpu/session"
)

// Classifier is a bare loop's model: a session, and what goes before and after it.
// It is safe for concurrent use.
type Classifier struct {
	Session *session.Session
	spec    vision.Spec
	inputs  sync.Pool // *[]float32
}

// Open reads a model of a preset's family and opens a session for it. The caller
// closes the session. The error is session.Open's, or vision's.
func Open(path, preset string, o session.Options) (*Classifier, error) {
	spec, err := vision.Preset(preset)
	if err != nil {
		return nil, err
	}
	s, err := OpenSession(path, o)
	if err != nil {
		return nil, err
	}
	err = spec.FitInput(s.Inputs()[0].Shape)
	if err == nil {
		err = spec.Validate()
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	c := &Classifier{Session: s, spec: spec}
	c.inputs.New = func() any { b := make([]float32, spec.Size()); return &b }
	return c, nil
}

// OpenSession reads a model and opens a session for it.
func OpenSession(path string, o session.Options) (*session.Session, error) {
	onnx, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the model: %w", err)
	}
	return session.Open(path, onnx, o)
}

// Classify decodes a picture, brings it to the model's size and runs the model: the
// most probable classes.
func (c *Classifier) Classify(ctx context.Context, data []byte, top int) ([]vision.Label, error) {
	p, err := picture.Decode(data, picture.Options{Need: c.spec.Need})
	if err != nil {
		return nil, err
	}
	defer p.Release()
	buf := c.inputs.Get().(*[]float32)
	defer c.inputs.Put(buf)
	c.spec.Fill(*buf, p)
	in := session.Tensor{Name: c.Session.Inputs()[0].Name, Type: session.FP32, Shape: c.spec.InputShape(), Data: session.Bytes(*buf)}
	out, _, err := c.Session.Run(ctx, []session.Tensor{in}, nil)
	if err != nil {
		return nil, err
	}
	return c.spec.Classify([]vision.Output{{Name: out[0].Name, Shape: out[0].Shape, Data: session.Float32s(out[0].Data)}}, nil, top)
}

// Loop has a number of workers classify count photos, each taking the next as soon
// as it is done with one, and returns what load.Run would of a server. The first
// error ends it.
func (c *Classifier) Loop(ctx context.Context, photos [][]byte, workers, count int) (*load.Result, error) {
	return loop(ctx, workers, count, func(i int) error {
		_, err := c.Classify(ctx, photos[i%len(photos)], 5)
		return err
	})
}

// loop calls work with the numbers from 0 to count-1.
func loop(ctx context.Context, workers, count int, work func(i int) error) (*load.Result, error) {
	r := &load.Result{Latencies: make([]time.Duration, count)}
	var next atomic.Int64
	var wait sync.WaitGroup
	var once sync.Once
	var first error
	begin := time.Now()
	for range workers {
		wait.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= count {
					return
				}
				start := time.Now()
				err := ctx.Err()
				if err == nil {
					err = work(i)
				}
				if err != nil {
					once.Do(func() { first = err })
					next.Store(int64(count)) // the others stop
					return
				}
				r.Latencies[i] = time.Since(start)
			}
		})
	}
	wait.Wait()
	if first != nil {
		return nil, first
	}
	r.Elapsed, r.Finished = time.Since(begin), count
	slices.Sort(r.Latencies)
	return r, nil
}
