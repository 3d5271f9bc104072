package ort

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limen-waf/limen/classifier"
)

// fake is a network with two classes: the logits of a window are its first
// token and the number of windows in the run. A run takes a millisecond.
type fake struct {
	mu   sync.Mutex
	runs []int
	err  error
}

func (f *fake) score(_ context.Context, windows []classifier.Window, logits []float32) error {
	time.Sleep(time.Millisecond)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.runs = append(f.runs, len(windows))
	for i, w := range windows {
		logits[2*i], logits[2*i+1] = float32(w[0]), float32(len(windows))
	}
	return f.err
}

func (f *fake) batcher(b Batch) *batcher {
	return newBatcher(2, b, false, []runner{f.score})
}

// Ensure that a call that is alone in the queue does not wait for others.
func TestBatcherAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		b := f.batcher(Batch{MaxWindows: 8, MaxDelay: time.Second})
		defer b.close()
		start := time.Now()
		logits := make([]float32, 2)
		if err := b.score(t.Context(), []classifier.Window{{5}}, logits); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != time.Millisecond {
			t.Errorf("took %v, expected one run", took)
		}
		if logits[0] != 5 || logits[1] != 1 {
			t.Errorf("got logits %v", logits)
		}
	})
}

// Ensure that calls which arrive during a run make the next batch together, and
// that each gets its own logits.
func TestBatcherGathers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		b := f.batcher(Batch{MaxWindows: 64})
		defer b.close()
		var calls sync.WaitGroup
		for i := range 10 {
			calls.Add(1)
			go func() {
				defer calls.Done()
				if i > 0 {
					time.Sleep(time.Microsecond) // behind the first
				}
				windows := []classifier.Window{{classifier.Token(100 + i)}, {classifier.Token(200 + i)}}
				logits := make([]float32, 4)
				if err := b.score(t.Context(), windows, logits); err != nil {
					t.Error(err)
				}
				if logits[0] != float32(100+i) || logits[2] != float32(200+i) {
					t.Errorf("call %d got %v", i, logits)
				}
			}()
		}
		calls.Wait()
		if len(f.runs) != 2 || f.runs[0] != 2 || f.runs[1] != 18 {
			t.Errorf("got runs of %v windows, expected the first alone and the rest together", f.runs)
		}
	})
}

// hold runs three calls against a busy batcher: two wait, the third comes later. It
// returns the sizes of the runs and when the first of the two had its answer,
// counted from the end of the run that kept it waiting.
func hold(t *testing.T, batch Batch, deadline, third time.Duration) (runs []int, answered time.Duration) {
	f := &fake{}
	b := f.batcher(batch)
	defer b.close()
	var calls sync.WaitGroup
	start := time.Now()
	call := func(at time.Duration, ctx context.Context, done func()) {
		calls.Add(1)
		go func() {
			defer calls.Done()
			time.Sleep(at)
			if err := b.score(ctx, []classifier.Window{{1}}, make([]float32, 2)); err != nil {
				t.Error(err)
			}
			done()
		}()
	}
	ctx := t.Context()
	if deadline > 0 {
		limited, cancel := context.WithTimeout(ctx, deadline)
		defer cancel()
		ctx = limited
	}
	none := func() {}
	call(0, t.Context(), none)
	call(100*time.Microsecond, ctx, func() { answered = time.Since(start) - time.Millisecond })
	call(100*time.Microsecond, t.Context(), none)
	call(time.Millisecond+third, t.Context(), none)
	calls.Wait()
	return f.runs, answered
}

// Ensure that two calls that wait are held for a third for MaxDelay, and no
// longer than that, than the batch has room, or than a deadline allows.
func TestBatcherHold(t *testing.T) {
	tests := []struct {
		name     string
		batch    Batch
		deadline time.Duration
		third    time.Duration
		runs     []int
		answered time.Duration
	}{
		{"third in time", Batch{MaxWindows: 8, MaxDelay: 10 * time.Millisecond}, 0, 4 * time.Millisecond, []int{1, 3}, 11 * time.Millisecond},
		{"third fills", Batch{MaxWindows: 3, MaxDelay: 10 * time.Millisecond}, 0, 4 * time.Millisecond, []int{1, 3}, 5 * time.Millisecond},
		{"third late", Batch{MaxWindows: 8, MaxDelay: 3 * time.Millisecond}, 0, 20 * time.Millisecond, []int{1, 2, 1}, 4 * time.Millisecond},
		{"deadline", Batch{MaxWindows: 8, MaxDelay: 10 * time.Millisecond}, 6 * time.Millisecond, 20 * time.Millisecond, []int{1, 2, 1}, time.Millisecond},
		{"no delay", Batch{MaxWindows: 8}, 0, 20 * time.Millisecond, []int{1, 2, 1}, time.Millisecond},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				runs, answered := hold(t, test.batch, test.deadline, test.third)
				if len(runs) != len(test.runs) {
					t.Fatalf("got runs of %v windows, expected %v", runs, test.runs)
				}
				for i := range runs {
					if runs[i] != test.runs[i] {
						t.Fatalf("got runs of %v windows, expected %v", runs, test.runs)
					}
				}
				if answered != test.answered {
					t.Errorf("answered after %v, expected %v", answered, test.answered)
				}
			})
		})
	}
}

// Ensure that a call whose context ends in the queue leaves it at once, unrun.
func TestBatcherContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		b := f.batcher(Batch{MaxWindows: 8})
		go b.score(t.Context(), []classifier.Window{{1}}, make([]float32, 2))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Microsecond)
		defer cancel()
		start := time.Now()
		err := b.score(ctx, []classifier.Window{{2}}, make([]float32, 2))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 100*time.Microsecond {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		b.close()
		if len(f.runs) != 1 {
			t.Errorf("got runs %v, expected the abandoned call not to run", f.runs)
		}
	})
}

// Ensure that every call of a failed batch gets the error.
func TestBatcherError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{err: errors.New("device lost")}
		b := f.batcher(Batch{MaxWindows: 8})
		defer b.close()
		var calls sync.WaitGroup
		for range 5 {
			calls.Add(1)
			go func() {
				defer calls.Done()
				if err := b.score(t.Context(), []classifier.Window{{1}}, make([]float32, 2)); !errors.Is(err, f.err) {
					t.Errorf("got %v", err)
				}
			}()
		}
		calls.Wait()
	})
}

// Ensure that closing finishes what runs and refuses what waits.
func TestBatcherClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		b := f.batcher(Batch{MaxWindows: 1})
		errs := make(chan error, 5)
		for range cap(errs) {
			go func() { errs <- b.score(t.Context(), []classifier.Window{{1}}, make([]float32, 2)) }()
		}
		synctest.Wait() // one runs, four wait
		b.close()
		var finished, refused int
		for range cap(errs) {
			switch err := <-errs; {
			case err == nil:
				finished++
			case errors.Is(err, ErrClosed):
				refused++
			default:
				t.Error(err)
			}
		}
		// The dispatcher may take one more before it sees the order to stop.
		if finished < 1 || finished+refused != cap(errs) {
			t.Errorf("%d finished, %d refused", finished, refused)
		}
		if err := b.score(t.Context(), []classifier.Window{{1}}, make([]float32, 2)); !errors.Is(err, ErrClosed) {
			t.Errorf("after close got %v", err)
		}
	})
}
