package caddymodule

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"github.com/limen-waf/limen/classifier/corpus"
	"github.com/limen-waf/limen/classifier/evaluate"
	"github.com/limen-waf/limen/classifier/evaluate/webpage"
	"github.com/limen-waf/limen/classifier/explain"
)

// evalMistake is a request that was judged wrongly.
type evalMistake struct {
	record *corpus.Record
	sample evaluate.Sample
	worse  float64 // how wrong, rising
}

// worstMistakes keeps the worst mistakes of one kind, and nothing of the others.
// add is for one goroutine, wants for any.
type worstMistakes struct {
	most int
	list []evalMistake // the worst first; of equal ones the first that came
	// least is the bits of the least that a mistake must exceed.
	least atomic.Uint64
}

func newWorstMistakes(most int) *worstMistakes {
	w := &worstMistakes{most: most}
	w.least.Store(math.Float64bits(math.Inf(-1)))
	if most == 0 {
		w.least.Store(math.Float64bits(math.Inf(1)))
	}
	return w
}

// wants says whether a mistake may be one of the worst, so that the others need
// not be kept until their turn comes.
func (w *worstMistakes) wants(worse float64) bool {
	return worse > math.Float64frombits(w.least.Load())
}

func (w *worstMistakes) add(m evalMistake) {
	if !w.wants(m.worse) {
		return
	}
	at := len(w.list)
	for at > 0 && w.list[at-1].worse < m.worse {
		at--
	}
	w.list = slices.Insert(w.list, at, m)
	if len(w.list) > w.most {
		w.list = slices.Delete(w.list, w.most, len(w.list))
	}
	if len(w.list) == w.most {
		w.least.Store(math.Float64bits(w.list[w.most-1].worse))
	}
}

// explained finds what made the scores of the mistakes.
func (w *worstMistakes) explained(ctx context.Context, s *scorer) ([]webpage.Mistake, error) {
	out := make([]webpage.Mistake, len(w.list))
	for i, m := range w.list {
		rec := m.record
		x, err := explain.Explain(ctx, s.Classifier, rec.Request())
		if err != nil {
			return nil, fmt.Errorf("%s:%d: request %s: %w", rec.File, rec.Line, rec.ID, err)
		}
		out[i] = webpage.Mistake{ID: rec.ID, Dataset: rec.Dataset, Class: rec.Class, Request: rec.Request(), Explanation: x}
	}
	return out, nil
}
