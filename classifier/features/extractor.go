// Package features computes what a network makes of requests before its last layer:
// the input of package model/adapt.
package features

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/model"
)

// Engine is an engine that gives features; package gpu/native has one.
type Engine interface {
	classifier.Engine
	// Features writes the features of windows[i] to
	// features[i*FeatureSize() : (i+1)*FeatureSize()].
	Features(ctx context.Context, windows []classifier.Window, features []float32) error
	FeatureSize() int
}

// Extractor computes the features of requests. It is not safe for concurrent use.
type Extractor struct {
	engine    Engine
	spec      model.Tokenizer
	tokenizer *classifier.Tokenizer
	windows   []classifier.Window
	logits    []float32
	order     []int
	// Pause, which may be nil, is called before each piece of work.
	Pause func(context.Context)
}

// chunk is how many windows are computed between two pauses.
const chunk = 4

// New returns an extractor for a model on an engine that was opened for it.
func New(m *model.Model, e Engine, limits classifier.Limits) (*Extractor, error) {
	t := m.Manifest.Tokenizer
	if t.Version != classifier.TokenizerVersion || t.Vocabulary != classifier.Vocabulary {
		return nil, fmt.Errorf("%w: model %s was trained with tokenizer version %d, this build has version %d",
			classifier.ErrTokenizer, m.Manifest.Name, t.Version, classifier.TokenizerVersion)
	}
	return &Extractor{engine: e, spec: t, tokenizer: classifier.NewTokenizer(limits)}, nil
}

// Request returns the features of the most windows of a request that have the highest
// scores, in the order of the windows: FeatureSize values each.
func (x *Extractor) Request(ctx context.Context, r *classifier.Request, most int) ([]float32, error) {
	seq := x.tokenizer.Tokenize(r)
	x.windows = seq.Windows(x.windows[:0], x.spec.Window, x.spec.Overlap)
	defer clear(x.windows)
	keep, err := x.highest(ctx, max(most, 1))
	if err != nil {
		return nil, err
	}
	size := x.engine.FeatureSize()
	out := make([]float32, len(keep)*size)
	kept := make([]classifier.Window, 0, len(keep))
	for _, i := range keep {
		kept = append(kept, x.windows[i])
	}
	for at := 0; at < len(kept); at += chunk {
		x.pause(ctx)
		group := kept[at:min(at+chunk, len(kept))]
		if err := x.engine.Features(ctx, group, out[at*size:]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// highest returns the indexes of the most windows with the highest scores, in order.
func (x *Extractor) highest(ctx context.Context, most int) ([]int, error) {
	x.order = x.order[:0]
	for i := range x.windows {
		x.order = append(x.order, i)
	}
	if len(x.windows) <= most {
		return x.order, nil
	}
	k := x.engine.Info().Classes
	x.logits = slices.Grow(x.logits[:0], len(x.windows)*k)[:len(x.windows)*k]
	for at := 0; at < len(x.windows); at += chunk {
		x.pause(ctx)
		group := x.windows[at:min(at+chunk, len(x.windows))]
		if err := x.engine.Score(ctx, group, x.logits[at*k:][:len(group)*k]); err != nil {
			return nil, err
		}
	}
	odds := func(i int) float64 {
		row := x.logits[i*k:][:k]
		sum := 0.0
		for _, z := range row[1:] {
			sum += math.Exp(float64(z - row[0]))
		}
		return sum
	}
	slices.SortStableFunc(x.order, func(a, b int) int {
		switch p, q := odds(a), odds(b); {
		case p > q:
			return -1
		case p < q:
			return 1
		}
		return 0
	})
	keep := x.order[:most]
	slices.Sort(keep)
	return keep, nil
}

func (x *Extractor) pause(ctx context.Context) {
	if x.Pause != nil {
		x.Pause(ctx)
	}
}
