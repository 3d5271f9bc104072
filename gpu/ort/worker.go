//go:build cgo

package ort

import (
	"context"
	"fmt"
	"runtime"

	ort "github.com/yalue/onnxruntime_go"

	"github.com/limen-waf/limen/classifier"
)

// worker holds what one run of the network needs: memory for the tokens and
// the logits, and ONNX Runtime's descriptions of it for the shapes seen. One
// goroutine at a time uses a worker.
type worker struct {
	session *ort.DynamicAdvancedSession
	classes int
	plan    plan
	tokens  []int64
	logits  []float32
	pinner  runtime.Pinner // the library keeps pointers to tokens and logits
	values  map[shape]values
	in, out [1]ort.Value
}

type shape struct{ windows, length int }

// values are the input and output of a run, laid over the worker's memory.
type values struct {
	tokens *ort.Tensor[int64]
	logits *ort.Tensor[float32]
}

// mostShapes bounds worker.values. One window has 128 shapes at the default
// window length, and those are the ones that come back.
const mostShapes = 256

// score runs windows and writes their logits. Between batches it looks whether
// ctx has ended.
func (w *worker) score(ctx context.Context, windows []classifier.Window, logits []float32) error {
	for _, b := range w.plan.batches(windows) {
		if err := ctx.Err(); err != nil {
			return err
		}
		v, err := w.valuesFor(shape{b.count, b.length})
		if err != nil {
			return err
		}
		w.plan.fill(w.tokens, windows, b)
		w.in[0], w.out[0] = v.tokens, v.logits
		if err := w.session.Run(w.in[:], w.out[:]); err != nil {
			return fmt.Errorf("running %d windows of %d tokens: %w", b.count, b.length, err)
		}
		for row, i := range w.plan.order[b.first : b.first+b.count] {
			copy(logits[int(i)*w.classes:], w.logits[row*w.classes:(row+1)*w.classes])
		}
	}
	return nil
}

// valuesFor returns the values of a shape and sees that the memory is large
// enough.
func (w *worker) valuesFor(s shape) (values, error) {
	if v, ok := w.values[s]; ok {
		return v, nil
	}
	if tokens, logits := s.windows*s.length, s.windows*w.classes; tokens > len(w.tokens) || logits > len(w.logits) {
		w.destroy()
		w.tokens = make([]int64, max(tokens, len(w.tokens)))
		w.logits = make([]float32, max(logits, len(w.logits)))
		w.pinner.Pin(&w.tokens[0])
		w.pinner.Pin(&w.logits[0])
	} else if len(w.values) >= mostShapes {
		w.forget()
	}
	var v values
	var err error
	if v.tokens, err = ort.NewTensor(ort.NewShape(int64(s.windows), int64(s.length)), w.tokens); err != nil {
		return v, fmt.Errorf("making the input tensor: %w", err)
	}
	if v.logits, err = ort.NewTensor(ort.NewShape(int64(s.windows), int64(w.classes)), w.logits); err != nil {
		v.tokens.Destroy()
		return v, fmt.Errorf("making the output tensor: %w", err)
	}
	w.values[s] = v
	return v, nil
}

// forget releases the library's descriptions of the worker's memory.
func (w *worker) forget() {
	for _, v := range w.values {
		v.tokens.Destroy()
		v.logits.Destroy()
	}
	clear(w.values)
}

// destroy releases the descriptions and lets go of the memory. The worker can
// still be used: memory is made anew.
func (w *worker) destroy() {
	w.forget()
	w.pinner.Unpin()
}
