package evade

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/evasion"
	"github.com/limen-waf/limen/gpu/native"
	"github.com/limen-waf/limen/model"
)

// Model is a classifier with its policy.
type Model struct {
	*classifier.Classifier
	Policy classifier.Policy
}

// Open opens a model on the native engine: "default" or the path of an ONNX
// file. A threshold above 0 replaces those of the model.
func Open(ref string, threshold float64) (*Model, error) {
	m, err := model.Open(ref)
	if err != nil {
		return nil, err
	}
	e, err := native.New(m)
	if err != nil {
		return nil, err
	}
	c, err := classifier.New(m, e, classifier.Options{})
	if err != nil {
		return nil, err
	}
	p := classifier.Policy{Mode: classifier.ModeBlock, Threshold: m.Manifest.Threshold, ClassThresholds: m.Manifest.ClassThresholds, OnError: classifier.Allow, OnOversize: classifier.Allow}
	if threshold > 0 {
		p.Threshold, p.ClassThresholds = threshold, nil
	}
	if err := p.Validate(m.Manifest.Classes); err != nil {
		return nil, err
	}
	return &Model{c, p}, nil
}

// Scorer scores for a search.
func (m *Model) Scorer(ctx context.Context) evasion.Scorer {
	return func(r *classifier.Request) (float64, bool, error) {
		res, err := m.Classify(ctx, r)
		if err == nil && res.Fallback != "" {
			err = ctx.Err()
		}
		return res.Score, m.Policy.Flagged(&res), err
	}
}

// seedOf makes a seed of the run's and what it is for, so that a payload's
// search does not depend on the others in the run.
func seedOf(seed uint64, p *Payload) uint64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%s", seed, p.Class, p.Text))
	return binary.LittleEndian.Uint64(sum[:])
}

// each calls work for 0 to n-1 on all cores and shows how far it is.
func each(ctx context.Context, n int, what string, progress io.Writer, work func(i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next, done atomic.Int64
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := work(i); err != nil {
					cancel(err)
					return
				}
				done.Add(1)
			}
		})
	}
	finished := make(chan struct{})
	go func() { group.Wait(); close(finished) }()
	bar := newBar(progress, what, n)
	for tick := time.NewTicker(200 * time.Millisecond); ; {
		select {
		case <-finished:
			tick.Stop()
			bar.clear()
			if err := context.Cause(ctx); err != nil {
				return err
			}
			return nil
		case <-tick.C:
			bar.show(int(done.Load()))
		}
	}
}

// bar is a progress bar on a terminal; elsewhere it is a line every tenth.
type bar struct {
	w        io.Writer
	what     string
	n, tenth int
	terminal bool
	started  time.Time
}

func newBar(w io.Writer, what string, n int) *bar {
	b := &bar{w: w, what: what, n: n, started: time.Now()}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		b.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return b
}

func (b *bar) show(done int) {
	const width = 30
	share := float64(done) / float64(max(b.n, 1))
	left := "…"
	if done > 0 {
		left = (time.Duration(float64(time.Since(b.started)) * (1/share - 1))).Round(time.Second).String()
	}
	switch tenth := int(share * 10); {
	case b.terminal:
		full := int(share * width)
		fmt.Fprintf(b.w, "\r%s [%s%s] %3.0f %%  %d of %d, %s left\x1b[K", b.what, strings.Repeat("#", full), strings.Repeat(".", width-full), 100*share, done, b.n, left)
	case tenth > b.tenth:
		b.tenth = tenth
		fmt.Fprintf(b.w, "%s %d of %d, %s left\n", b.what, done, b.n, left)
	}
}

func (b *bar) clear() {
	if b.terminal {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
