package store_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/limen-waf/limen/store"
)

// Ensure that random listings with random page sizes have, while rows of every kind are
// written, also late ones: every row that was there when they began, no row twice, no
// row that does not match, and all in order.
func TestRandomPagesWhileWriting(t *testing.T) {
	clock := newClock()
	w := &world{rand.New(rand.NewPCG(11, 1)), clock}
	o := store.Options{Clock: clock.now, Span: time.Hour, CommitEvery: time.Millisecond, SegmentBytes: 256 << 10}
	store.SetZoneRows(&o, 64)
	s := open(t, o)

	var mu sync.Mutex // guards the model, the clock's user and the random numbers of the writer
	var written model
	known := map[ulid.ULID]*store.Verdict{}
	writing := &world{rand.New(rand.NewPCG(12, 1)), clock}
	burst := func(n int) {
		var ids []ulid.ULID
		for range n {
			ids = append(ids, s.NewID())
			clock.add(time.Duration(writing.IntN(50)) * time.Millisecond)
		}
		writing.Shuffle(n, func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		var rows []*store.Verdict
		for _, id := range ids {
			v := writing.verdict(id)
			s.Count(v)
			mu.Lock()
			known[id] = v
			mu.Unlock()
			if !s.Record(v) {
				t.Error("the row was not taken")
			}
			rows = append(rows, v)
		}
		if err := s.Flush(ctx); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, v := range rows {
			written.add(v)
		}
	}
	burst(2000)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for {
			select {
			case <-stop:
				return
			default:
				burst(1 + writing.IntN(100))
				time.Sleep(time.Millisecond)
			}
		}
	}()
	defer wg.Wait()
	defer close(stop)
	rounds := 60
	if testing.Short() {
		rounds = 15
	}
	for range rounds {
		q := w.query()
		q.Limit = 1 + w.IntN(200)
		if q.Order == store.Oldest && q.Until.IsZero() {
			q.Until = clock.now() // rows come faster than the last page
		}
		if err := pagesWhileWriting(s, q, &mu, &written, known); err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
	}
}

func pagesWhileWriting(s *store.Store, q store.Query, mu *sync.Mutex, written *model, known map[ulid.ULID]*store.Verdict) error {
	mu.Lock()
	there := map[ulid.ULID]bool{}
	for _, v := range written.query(q) {
		there[v.ID] = true
	}
	mu.Unlock()
	var last ulid.ULID
	first := q
	for {
		p, err := s.Verdicts(ctx, q)
		if err != nil {
			return err
		}
		if p.Skipped != nil || p.Unreadable > 0 || len(p.Verdicts) > q.Limit || p.Next != "" && len(p.Verdicts) < q.Limit {
			return fmt.Errorf("a page of %d rows: %+v", len(p.Verdicts), p)
		}
		for _, v := range p.Verdicts {
			if c := v.ID.Compare(last); !last.IsZero() && (c > 0) != (q.Order == store.Oldest) {
				return fmt.Errorf("%s after %s", v.ID, last)
			}
			last = v.ID
			delete(there, v.ID)
			mu.Lock()
			want := known[v.ID]
			mu.Unlock()
			if !reflect.DeepEqual(v, want) {
				return fmt.Errorf("got %+v, want %+v", v, want)
			}
			if one := (model{[]*store.Verdict{v}}); len(one.query(first)) == 0 {
				return fmt.Errorf("%+v does not match", v)
			}
		}
		if q.After = p.Next; q.After == "" {
			break
		}
	}
	if len(there) > 0 {
		return fmt.Errorf("%d rows are missing", len(there))
	}
	return nil
}
