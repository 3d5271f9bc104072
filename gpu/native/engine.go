package native

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/model"
	"github.com/limen-waf/limen/model/onnx"
)

// Version is the version of the engine in EngineInfo. It rises when the same
// model gives other logits, be it in the last bit.
const Version = "1"

// Engine runs a model's request network on the calling goroutine. All methods
// are safe for concurrent use.
type Engine struct {
	plan    *plan
	info    classifier.EngineInfo
	scratch sync.Pool
	closed  atomic.Bool
}

var _ classifier.Engine = (*Engine)(nil)

// New compiles a model's network. The error wraps onnx.ErrFormat, ErrNetwork
// or ErrUnsupported, which says that another engine may run the model, or
// ErrISA.
func New(m *model.Model) (*Engine, error) {
	e, err := newEngine(m)
	if err != nil {
		return nil, fmt.Errorf("loading model %s into the native engine: %w", m.Manifest.Name, err)
	}
	return e, nil
}

func newEngine(m *model.Model) (*Engine, error) {
	k, err := choose()
	if err != nil {
		return nil, err
	}
	g, err := onnx.Decode(m.ONNX)
	if err != nil {
		return nil, err
	}
	n, err := compile(g)
	if err != nil {
		return nil, err
	}
	p := newPlan(n, k)
	switch {
	case p.classes != len(m.Manifest.Classes):
		return nil, fmt.Errorf("%w: the network has %d logits, its manifest %d classes", ErrNetwork, p.classes, len(m.Manifest.Classes))
	case p.vocabulary != m.Manifest.Tokenizer.Vocabulary:
		return nil, fmt.Errorf("%w: the network embeds %d tokens, its manifest has a vocabulary of %d",
			ErrNetwork, p.vocabulary, m.Manifest.Tokenizer.Vocabulary)
	}
	e := &Engine{
		plan: p,
		info: classifier.EngineInfo{Engine: "native", Version: Version, Device: "cpu/" + k.name, Classes: p.classes},
	}
	window := m.Manifest.Tokenizer.Window
	e.scratch.New = func() any { return p.newScratch(window) }
	return e, nil
}

// Score implements classifier.Engine. It looks at ctx before every window.
// Windows longer than the manifest's are fine. In the steady state it does not
// allocate.
func (e *Engine) Score(ctx context.Context, windows []classifier.Window, logits []float32) error {
	if len(logits) < len(windows)*e.plan.classes {
		return fmt.Errorf("scoring %d windows: room for %d logits, expected %d", len(windows), len(logits), len(windows)*e.plan.classes)
	}
	return e.run(ctx, windows, nil, logits)
}

// Features writes the features of windows[i], the input of the network's last
// layer, to features[i*n : (i+1)*n], n being FeatureSize. It is Score in all
// other respects.
func (e *Engine) Features(ctx context.Context, windows []classifier.Window, features []float32) error {
	if len(features) < len(windows)*e.plan.features {
		return fmt.Errorf("computing features of %d windows: room for %d values, expected %d",
			len(windows), len(features), len(windows)*e.plan.features)
	}
	return e.run(ctx, windows, features, nil)
}

// FeatureSize is the number of features of a window.
func (e *Engine) FeatureSize() int { return e.plan.features }

// Info implements classifier.Engine. The device is "cpu/" and the instruction set.
func (e *Engine) Info() classifier.EngineInfo { return e.info }

// Close implements classifier.Engine. Calls under way finish.
func (e *Engine) Close() error {
	e.closed.Store(true)
	return nil
}

// run computes features, or logits, whichever is not nil.
func (e *Engine) run(ctx context.Context, windows []classifier.Window, features, logits []float32) error {
	if e.closed.Load() {
		return ErrClosed
	}
	p := e.plan
	s := e.scratch.Get().(*scratch)
	defer e.scratch.Put(s)
	stride := len(s.vectors[0]) / batch
	for first := 0; first < len(windows); first += batch {
		group := windows[first:min(first+batch, len(windows))]
		for i, w := range group {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := p.peaks(s, w, s.vectors[0][i*stride:][:stride]); err != nil {
				return fmt.Errorf("window %d: %w", first+i, err)
			}
		}
		p.head(s, len(group))
		last := len(s.vectors) - 1
		if features != nil {
			copyRows(features[first*p.features:], s.vectors[last-1], len(group), p.features)
		}
		if logits != nil {
			copyRows(logits[first*p.classes:], s.vectors[last], len(group), p.classes)
		}
	}
	return nil
}

// copyRows copies n rows of the given width out of a batch's padded ones.
func copyRows(dst, src []float32, n, width int) {
	stride := len(src) / batch
	for i := range n {
		copy(dst[i*width:][:width], src[i*stride:])
	}
}
