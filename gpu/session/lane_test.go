package session

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Ensure that a call that is alone in the line does not wait for others.
func TestAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		s := openFake(t, f, Options{MaxDelay: time.Second})
		defer s.Close()
		start := time.Now()
		y, stats, err := ask(t.Context(), s, 5)
		if err != nil || y != 6 {
			t.Fatalf("got %v, %v", y, err)
		}
		if took := time.Since(start); took != time.Millisecond {
			t.Errorf("took %v, expected one run", took)
		}
		if stats.Batch != 1 || stats.Queue != 0 || stats.Infer != time.Millisecond {
			t.Errorf("got %+v", stats)
		}
	})
}

// Ensure that calls which come during a run make the next batch together, up to
// MaxBatch, and that each gets its own row.
func TestGathers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		s := openFake(t, f, Options{MaxBatch: 6})
		defer s.Close()
		var calls sync.WaitGroup
		for i := range 10 {
			calls.Add(1)
			go func() {
				defer calls.Done()
				if i > 0 {
					time.Sleep(time.Microsecond) // behind the first
				}
				y, _, err := ask(t.Context(), s, float32(i))
				if err != nil || y != float32(i+1) {
					t.Errorf("%d: got %v, %v", i, y, err)
				}
			}()
		}
		calls.Wait()
		if got := f.sizes(); !slices.Equal(got, []int64{1, 6, 3}) {
			t.Errorf("got runs of %v", got)
		}
	})
}

// Ensure that only calls of the same shape run together, and that the others keep
// their turn.
func TestShapesApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		s := openFake(t, f, Options{})
		defer s.Close()
		var calls sync.WaitGroup
		var mu sync.Mutex
		var order []int64
		for i, width := range []int64{1, 2, 3, 2, 3, 2} {
			calls.Add(1)
			go func() {
				defer calls.Done()
				time.Sleep(time.Duration(i) * time.Microsecond)
				x := make([]float32, width)
				out, _, err := s.Run(t.Context(), []Tensor{{Name: "x", Type: FP32, Shape: []int64{1, width}, Data: Bytes(x)}}, nil)
				if err != nil || !slices.Equal(out[0].Shape, []int64{1, width}) || len(out[0].Data) != int(4*width) {
					t.Errorf("got %v, %v", out, err)
				}
				mu.Lock()
				defer mu.Unlock()
				order = append(order, width)
			}()
		}
		calls.Wait()
		if got := f.sizes(); !slices.Equal(got, []int64{1, 3, 2}) || !slices.Equal(order, []int64{1, 2, 2, 2, 3, 3}) {
			t.Errorf("got runs of %v, answers %v", got, order)
		}
	})
}

// Ensure that two calls that wait are held for a third for MaxDelay, and no
// longer than that, than the batch has room, or than a deadline allows.
func TestHold(t *testing.T) {
	const ms = time.Millisecond
	tests := []struct {
		name     string
		o        Options
		deadline time.Duration
		third    time.Duration // after the end of the first run
		runs     []int64
		answered time.Duration // the first of the two, after the end of the first run
	}{
		{"third in time", Options{MaxBatch: 8, MaxDelay: 10 * ms}, 0, 4 * ms, []int64{1, 3}, 13 * ms},
		{"third fills", Options{MaxBatch: 3, MaxDelay: 10 * ms}, 0, 4 * ms, []int64{1, 3}, 7 * ms},
		{"third late", Options{MaxBatch: 8, MaxDelay: 3 * ms}, 0, 20 * ms, []int64{1, 2, 1}, 5 * ms},
		{"deadline", Options{MaxBatch: 8, MaxDelay: 10 * ms}, 6 * ms, 20 * ms, []int64{1, 2, 1}, 2 * ms},
		{"no delay", Options{MaxBatch: 8}, 0, 20 * ms, []int64{1, 2, 1}, 2 * ms},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{}
				s := openFake(t, f, test.o)
				defer s.Close()
				var calls sync.WaitGroup
				var answered time.Duration
				start := time.Now()
				call := func(at time.Duration, ctx context.Context, done func()) {
					calls.Add(1)
					go func() {
						defer calls.Done()
						time.Sleep(at)
						if _, _, err := ask(ctx, s, 1); err != nil {
							t.Error(err)
						}
						done()
					}()
				}
				ctx := t.Context()
				if test.deadline > 0 {
					limited, cancel := context.WithTimeout(ctx, test.deadline)
					defer cancel()
					ctx = limited
				}
				none := func() {}
				call(0, t.Context(), none)
				call(100*time.Microsecond, ctx, func() { answered = time.Since(start) - ms })
				call(100*time.Microsecond, t.Context(), none)
				call(ms+test.third, t.Context(), none)
				calls.Wait()
				if got := f.sizes(); !slices.Equal(got, test.runs) {
					t.Fatalf("got runs of %v, expected %v", got, test.runs)
				}
				if answered != test.answered {
					t.Errorf("answered after %v, expected %v", answered, test.answered)
				}
			})
		})
	}
}

// Ensure that a call whose context ends leaves at once: from the line, from
// a batch, and from a run of its own, which stops.
func TestContext(t *testing.T) {
	tests := []struct {
		name   string
		ahead  int // calls in front
		beside int // calls in the same batch
		runs   []int64
	}{
		{"in the line", 1, 0, []int64{20}},
		{"alone", 0, 0, nil},
		{"in a batch", 1, 1, []int64{20, 40}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{}
				s := openFake(t, f, Options{MaxBatch: 64})
				defer s.Close()
				long := func() error {
					_, _, err := s.Run(t.Context(), []Tensor{{Name: "x", Type: FP32, Shape: []int64{20, 1}, Data: make([]byte, 80)}}, nil)
					return err
				}
				var calls sync.WaitGroup
				start := func() {
					calls.Add(1)
					go func() {
						defer calls.Done()
						if err := long(); err != nil {
							t.Error(err)
						}
					}()
					synctest.Wait()
				}
				for range test.ahead {
					start()
				}
				limit := 10 * time.Millisecond
				if test.beside > 0 {
					limit = 30 * time.Millisecond
				}
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				begun := time.Now()
				failed := make(chan error, 1)
				go func() {
					_, _, err := s.Run(ctx, []Tensor{{Name: "x", Type: FP32, Shape: []int64{20, 1}, Data: make([]byte, 80)}}, nil)
					failed <- err
				}()
				synctest.Wait()
				for range test.beside {
					start()
				}
				if err := <-failed; !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
				if took := time.Since(begun); took != limit {
					t.Errorf("left after %v, expected %v", took, limit)
				}
				calls.Wait()
				s.Close()
				if got := f.sizes(); !slices.Equal(got, test.runs) {
					t.Errorf("got runs of %v, expected %v", got, test.runs)
				}
			})
		})
	}
}

// Ensure that a batch of which every caller has gone is stopped.
func TestDeserted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		s := openFake(t, f, Options{MaxBatch: 64})
		ctx, cancel := context.WithCancel(t.Context())
		first := make(chan error, 1)
		go func() { _, _, err := ask(t.Context(), s, 0); first <- err }()
		synctest.Wait()
		failed := make(chan error, 3)
		for range cap(failed) {
			go func() { _, _, err := ask(ctx, s, 1); failed <- err }()
		}
		synctest.Wait()
		if err := <-first; err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the three run
		cancel()
		for range cap(failed) {
			if err := <-failed; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		}
		s.Close()
		if got := f.sizes(); !slices.Equal(got, []int64{1}) {
			t.Errorf("got finished runs of %v", got)
		}
	})
}

// Ensure that a call that fails a batch fails alone.
func TestApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		s := openFake(t, f, Options{})
		defer s.Close()
		var calls sync.WaitGroup
		for i := range 5 {
			calls.Add(1)
			go func() {
				defer calls.Done()
				if i > 0 {
					time.Sleep(time.Microsecond)
				}
				x := float32(i)
				if i == 3 {
					x = -1
				}
				y, _, err := ask(t.Context(), s, x)
				if bad := i == 3; bad != errors.Is(err, errValue) || !bad && y != x+1 {
					t.Errorf("%d: got %v, %v", i, y, err)
				}
			}()
		}
		calls.Wait()
	})
}

// Ensure that a model whose outputs turn out not to be by row is no longer batched, and that
// no call gets a wrong answer.
func TestNotRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{wide: true}
		s := openFake(t, f, Options{})
		defer s.Close()
		if !s.BatchDim() {
			t.Fatal("not batched by its names")
		}
		var calls sync.WaitGroup
		for i := range 4 {
			calls.Add(1)
			go func() {
				defer calls.Done()
				if i > 0 {
					time.Sleep(time.Microsecond)
				}
				if y, _, err := ask(t.Context(), s, float32(i)); err != nil || y != float32(i+1) {
					t.Errorf("%d: got %v, %v", i, y, err)
				}
			}()
		}
		calls.Wait()
		if s.BatchDim() || s.MaxBatch() != 1 {
			t.Error("still batched")
		}
	})
}

// Ensure that the line is bounded, and that closing refuses what waits.
func TestBusyAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		s := openFake(t, f, Options{MaxBatch: 1, MaxQueue: 2})
		errs := make(chan error, 3)
		for range cap(errs) {
			go func() { _, _, err := ask(t.Context(), s, 1); errs <- err }()
			synctest.Wait()
		}
		if s.Waiting() != 2 {
			t.Errorf("%d wait", s.Waiting())
		}
		if _, _, err := ask(t.Context(), s, 1); !errors.Is(err, ErrBusy) {
			t.Errorf("got %v", err)
		}
		s.Close()
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
		if finished != 1 || refused != 2 || !f.isClosed() {
			t.Errorf("%d finished, %d refused, backend closed: %v", finished, refused, f.isClosed())
		}
	})
}

// Ensure that several runs at the same time share the line.
func TestRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		s := openFake(t, f, Options{MaxBatch: 1, Runs: 3})
		defer s.Close()
		start := time.Now()
		var calls sync.WaitGroup
		for range 6 {
			calls.Add(1)
			go func() {
				defer calls.Done()
				if _, _, err := ask(t.Context(), s, 1); err != nil {
					t.Error(err)
				}
			}()
		}
		calls.Wait()
		if took := time.Since(start); took != 2*time.Millisecond {
			t.Errorf("took %v for six runs, three at a time", took)
		}
	})
}
