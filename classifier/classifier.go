package classifier

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/limen-waf/limen/model"
)

// ErrTokenizer means that a model was trained with another tokenizer than this
// build has.
var ErrTokenizer = errors.New("tokenizer version mismatch")

// Options tune a Classifier. The zero value is good.
type Options struct {
	// Limits bound decompression.
	Limits Limits
	// Chunk is the number of windows handed to the engine at once; the
	// deadline is looked at between chunks. 0 means 16.
	Chunk int
}

// Classifier scores requests with one model on one engine. It is safe for
// concurrent use.
type Classifier struct {
	model  *model.Model
	engine Engine
	opts   Options
	states sync.Pool // *state
}

// state is what one Classify call needs and the next one reuses.
type state struct {
	tokenizer *Tokenizer
	windows   []Window
	logits    []float32
	best      []float32
}

// New joins a model to an engine that was opened for it. The error is
// ErrTokenizer when the model needs another tokenizer version.
func New(m *model.Model, e Engine, o Options) (*Classifier, error) {
	t := m.Manifest.Tokenizer
	if t.Version != TokenizerVersion || t.Vocabulary != Vocabulary {
		return nil, fmt.Errorf("%w: model %s (%s) was trained with tokenizer version %d and %d tokens, this build has version %d and %d tokens; "+
			"use a model and a build of the same release", ErrTokenizer, m.Manifest.Name, m.Path, t.Version, t.Vocabulary, TokenizerVersion, Vocabulary)
	}
	if got, want := e.Info().Classes, len(m.Manifest.Classes); got != want {
		return nil, fmt.Errorf("model %s (%s) gives %d logits, its manifest names %d classes", m.Manifest.Name, m.Path, got, want)
	}
	if o.Chunk <= 0 {
		o.Chunk = 16
	}
	c := &Classifier{model: m, engine: e, opts: o}
	c.states.New = func() any { return &state{tokenizer: NewTokenizer(o.Limits)} }
	return c, nil
}

// Model returns the model that scores.
func (c *Classifier) Model() *model.Model { return c.model }

// Limits returns the limits that requests are tokenized with.
func (c *Classifier) Limits() Limits { return c.opts.Limits }

// Engine returns the engine that the model runs on.
func (c *Classifier) Engine() Engine { return c.engine }

// Classify scores one request. It works in the calling goroutine.
//
// When ctx ends, no further windows are begun: the result then holds the
// highest score of the windows that were done, and Fallback says "deadline".
// A deadline (unlike a cancellation) still leaves time for the first chunk.
// When the engine fails, Fallback says "engine" and the error is returned with
// the result so far. In both cases the policy, not this method, decides.
func (c *Classifier) Classify(ctx context.Context, r *Request) (Result, error) {
	st := c.states.Get().(*state)
	defer c.states.Put(st)

	begin := time.Now()
	seq := st.tokenizer.Tokenize(r)
	spec := c.model.Manifest.Tokenizer
	st.windows = seq.Windows(st.windows[:0], spec.Window, spec.Overlap)
	tokenized := time.Now()

	res := Result{
		Class:     c.model.Manifest.Classes[0],
		Windows:   len(st.windows),
		Depth:     seq.Depth,
		Sent:      seq.Sent,
		Inspected: seq.Inspected,
		Tokenize:  tokenized.Sub(begin),
	}
	done, err := c.score(ctx, st, &res)
	res.Infer = time.Since(tokenized)
	if done < len(st.windows) {
		res.Fallback = FallbackDeadline
		if err != nil {
			res.Fallback = FallbackEngine
		}
		// The windows cover the sequence evenly, and so, nearly, the bytes.
		res.Inspected = res.Inspected * int64(done) / int64(len(st.windows))
	}
	clear(st.windows)
	return res, err
}

// score runs the windows in chunks and keeps the one with the highest score.
// It returns how many windows were scored; fewer than all without an error
// means that ctx ended.
func (c *Classifier) score(ctx context.Context, st *state, res *Result) (done int, err error) {
	k := len(c.model.Manifest.Classes)
	best := -1.0
	for done < len(st.windows) {
		ctx := ctx
		if err := ctx.Err(); err != nil {
			if done > 0 || !errors.Is(err, context.DeadlineExceeded) {
				break
			}
			// The time went while the request was tokenized, on a machine that has no
			// time to give. A short request is one chunk: it is scored all the same,
			// or every overloaded machine would let everything pass.
			ctx = context.WithoutCancel(ctx)
		}
		chunk := st.windows[done:min(done+c.opts.Chunk, len(st.windows))]
		if need := len(chunk) * k; cap(st.logits) < need {
			st.logits = make([]float32, need)
		}
		logits := st.logits[:len(chunk)*k]
		if err := c.engine.Score(ctx, chunk, logits); err != nil {
			if ctx.Err() != nil {
				break
			}
			return done, fmt.Errorf("scoring on %s: %w", c.engine.Info().Engine, err)
		}
		for i := range chunk {
			row := logits[i*k : (i+1)*k]
			s := scoreOf(row)
			if math.IsNaN(s) {
				return done, fmt.Errorf("scoring on %s: logits are not numbers", c.engine.Info().Engine)
			}
			if s > best {
				best = s
				res.Score, res.Window = s, done+i
				st.best = append(st.best[:0], row...)
			}
		}
		done += len(chunk)
	}
	if best >= 0 {
		res.Classes = softmax(make([]float64, 0, k), st.best)
		res.Attack = c.model.Manifest.Classes[1+argmax(st.best[1:])]
		if res.Score >= 0.5 {
			res.Class = res.Attack
		}
	}
	return done, nil
}
