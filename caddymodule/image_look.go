package caddymodule

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/limen-waf/limen/classifier/picture"
	"github.com/limen-waf/limen/classifier/vision"
	"github.com/limen-waf/limen/gpu/session"
)

// decoding bounds the pictures that are decoded at the same time, by all handlers
// together: more than there are processors would be no faster, and each takes the
// memory of its pixels.
var decoding = make(chan struct{}, runtime.GOMAXPROCS(0))

// stages are how long the parts of a call took, and where it ran.
type stages struct {
	decode, preprocess, queue, infer, post time.Duration
	batch                                  int
	device, fallback                       string
}

// sight is what a model sees in a picture: labels of a classifier, boxes of a
// detector.
type sight struct {
	labels []vision.Label
	boxes  []vision.Box
}

// decode decodes a picture. full asks for all its pixels; else the decoder may shrink
// it to what the model needs.
func (m *pooledModel) decode(ctx context.Context, data []byte, limits picture.Options, full bool, t *stages) (*picture.Picture, error) {
	select {
	case decoding <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-decoding }()
	begin := time.Now()
	if !full {
		limits.Need = m.spec.Need
	}
	p, err := picture.Decode(data, limits)
	t.decode = time.Since(begin)
	return p, err
}

// look runs the model on a picture. Of a classifier it returns the top classes, all
// with top 0; of a detector what scores at least minScore, or the model's own least
// score where it is 0.
func (m *pooledModel) look(ctx context.Context, p *picture.Picture, top int, minScore float64, t *stages) (*sight, error) {
	begin := time.Now()
	buf := m.inputs.Get().(*[]float32)
	defer m.inputs.Put(buf)
	placement := m.spec.Fill(*buf, p)
	t.preprocess = time.Since(begin)

	in := session.Tensor{Name: m.session.Inputs()[0].Name, Type: session.FP32, Shape: m.spec.InputShape(), Data: session.Bytes(*buf)}
	tensors, stats, err := m.session.Run(ctx, []session.Tensor{in}, nil)
	t.queue, t.infer, t.batch, t.device, t.fallback = stats.Queue, stats.Infer, stats.Batch, stats.Device, stats.Fallback
	if err != nil {
		return nil, err
	}

	begin = time.Now()
	defer func() { t.post = time.Since(begin) }()
	out := make([]vision.Output, 0, len(tensors))
	for i := range tensors {
		if tensors[i].Type != session.FP32 {
			// Its place is kept, because outputs may be named by number; the decoder
			// says what it misses.
			out = append(out, vision.Output{Name: tensors[i].Name, Shape: []int64{0}})
			continue
		}
		out = append(out, vision.Output{Name: tensors[i].Name, Shape: tensors[i].Shape, Data: session.Float32s(tensors[i].Data)})
	}
	s := new(sight)
	if m.isDetector() {
		s.boxes, err = m.spec.Detect(out, m.labels, placement, minScore)
	} else {
		s.labels, err = m.spec.Classify(out, m.labels, top)
	}
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", m.name, err)
	}
	return s, nil
}
