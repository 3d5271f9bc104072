package store_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/limen-waf/limen/store"
)

// manySegments returns a closed store's options, of a folder with rows in some forty
// segments, and the model of it.
func manySegments(t *testing.T) (store.Options, *model, *world) {
	t.Helper()
	clock := newClock()
	w := &world{rand.New(rand.NewPCG(13, 5)), clock}
	o := store.Options{Dir: t.TempDir(), Clock: clock.now, Span: time.Minute}
	store.SetZoneRows(&o, 16)
	s := open(t, o)
	m := new(model)
	for range 4000 {
		v := w.verdict(s.NewID())
		record(t, s, v)
		m.add(v)
		clock.add(600 * time.Millisecond)
	}
	flush(t, s)
	if n := s.Stats().Segments; n < 30 {
		t.Fatalf("%d segments", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return o, m, w
}

// Ensure that segments which are read side by side make the pages of a plain list, with
// any number of readers, and that a page names a damaged segment when it passes it and
// not before.
func TestPageOfSegments(t *testing.T) {
	o, m, w := manySegments(t)
	for _, procs := range []int{1, 2, 7} {
		before := runtime.GOMAXPROCS(procs)
		store.SetPatience(&o, []time.Duration{-1, 0, time.Microsecond}[procs%3])
		s := open(t, o)
		for range 50 {
			q := w.query()
			if compare(t, s, m, q, w); t.Failed() {
				t.Fatalf("%d processors: %+v", procs, q)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		runtime.GOMAXPROCS(before)
	}

	files, err := filepath.Glob(filepath.Join(o.Dir, "verdicts", "*.db"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	broken := files[len(files)/2]
	if err := os.Truncate(broken, 8192); err != nil {
		t.Fatal(err)
	}
	o.ReadOnly = true
	store.SetPatience(&o, -1)
	s := open(t, o)
	begin, err := time.Parse("20060102T1504Z.db", filepath.Base(broken))
	if err != nil {
		t.Fatal(err)
	}
	for _, order := range []string{store.Newest, store.Oldest} {
		q := store.Query{Decision: store.Allow, Order: order, Limit: 20}
		want := (&model{slices.DeleteFunc(slices.Clone(m.rows), func(v *store.Verdict) bool {
			at := time.UnixMilli(int64(v.ID.Time()))
			return !at.Before(begin) && at.Before(begin.Add(time.Minute))
		})}).query(q)
		skipped := 0
		for {
			p, err := s.Verdicts(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range p.Verdicts {
				if len(want) == 0 || v.ID != want[0].ID {
					t.Fatalf("%s first: %s is not the next row", order, v.ID)
				}
				want = want[1:]
			}
			for _, skip := range p.Skipped {
				skipped++
				if skip.Segment != filepath.Base(broken) {
					t.Errorf("%s was skipped: %s", skip.Segment, skip.Reason)
				}
			}
			// The segment lies between the first row of this page and the first after it.
			if len(p.Skipped) > 0 {
				first, last := p.Verdicts[0].Time, p.Verdicts[len(p.Verdicts)-1].Time
				if order == store.Newest {
					first, last = last, first
				}
				if first.After(begin.Add(2*time.Minute)) || last.Before(begin.Add(-time.Minute)) {
					t.Errorf("%s first: the page from %s to %s names the segment of %s", order, first, last, begin)
				}
			}
			if q.After = p.Next; q.After == "" {
				break
			}
		}
		if len(want) > 0 || skipped == 0 || skipped > 2 {
			t.Errorf("%s first: %d rows are missing, the segment was named %d times", order, len(want), skipped)
		}
	}
}

// Ensure that a listing that its context ends leaves no goroutine behind, and one that
// ends by itself neither.
func TestPageOfSegmentsEnds(t *testing.T) {
	o, _, _ := manySegments(t)
	store.SetPatience(&o, -1)
	s := open(t, o)
	<-s.Warmed()
	before := runtime.NumGoroutine()
	for i := range 30 {
		ended, cancel := context.WithCancel(ctx)
		if i%3 == 0 {
			cancel()
		}
		go cancel()
		_, err := s.Verdicts(ended, store.Query{Host: "absent.example", Path: "/a", Limit: 5})
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if _, err := s.Verdicts(ctx, store.Query{Class: "sqli", Limit: 3}); err != nil {
			t.Fatal(err)
		}
		cancel()
	}
	for range 200 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}
