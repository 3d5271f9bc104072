package store_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/limen-waf/limen/store"
)

// spread records n typical rows, one a second from start on, and returns their IDs.
func spread(t testing.TB, s *store.Store, start time.Time, n int, change func(int, *store.Verdict)) []ulid.ULID {
	t.Helper()
	ids := make([]ulid.ULID, n)
	for i := range ids {
		v := typical(i)
		v.ID = store.IDAt(start.Add(time.Duration(i) * time.Second))
		ids[i] = v.ID
		if change != nil {
			change(i, v)
		}
		if !s.Record(v) {
			t.Fatalf("row %d was not taken", i)
		}
	}
	if err := s.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	return ids
}

var aDay = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

// Ensure that a stream has the rows that pages have, over several segments, in one go
// and when it is taken up again after any of them.
func TestStream(t *testing.T) {
	o := store.Options{Span: time.Hour}
	store.SetZoneRows(&o, 64)
	o.Dir = t.TempDir()
	s := open(t, o)
	ids := spread(t, s, aDay, 9000, func(i int, v *store.Verdict) {
		if i%3000 == 0 {
			v.Request = make([]byte, 700<<10) // a piece of its own, nearly
		}
	})
	for name, q := range map[string]store.Query{
		"all":     {},
		"blocked": {Decision: store.Block},
		"host":    {Host: "WWW3.example.com"},
		"class":   {Class: "xss", Since: aDay.Add(time.Hour), Until: aDay.Add(2 * time.Hour)},
		"since":   {Since: aDay.Add(140 * time.Minute)},
		"nothing": {Until: aDay},
	} {
		t.Run(name, func(t *testing.T) {
			var want []ulid.ULID
			all := q
			all.Order = store.Oldest
			err := s.Each(context.Background(), all, func(v *store.Verdict) error { want = append(want, v.ID); return nil })
			if err != nil {
				t.Fatal(err)
			}
			bounds, err := s.Bounds(context.Background(), q)
			if err != nil {
				t.Fatal(err)
			}
			if bounds.Empty() != (len(want) == 0) {
				t.Fatalf("bounds are %v for %d rows", bounds, len(want))
			}
			if len(want) > 0 && (bounds.First != want[0] || bounds.Last != want[len(want)-1]) {
				t.Errorf("bounds are %v, expected %v to %v", bounds, want[0], want[len(want)-1])
			}
			stop := errors.New("stop")
			var got []ulid.ULID
			for done := false; !done; {
				cut := rand.IntN(len(want) + 300)
				n := 0
				_, err = s.Stream(context.Background(), q, bounds, func(piece []*store.Verdict) error {
					for _, v := range piece {
						got = append(got, v.ID)
					}
					if n += len(piece); n >= cut {
						return stop
					}
					return nil
				})
				done = err == nil
				if err != nil && !errors.Is(err, stop) {
					t.Fatal(err)
				}
				if len(got) > 0 {
					q.After = got[len(got)-1].String()
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d rows came, expected %d in the same order", len(got), len(want))
			}
		})
	}
	if got := (store.Range{First: ids[0], Last: ids[len(ids)-1]}).Share(ids[len(ids)/2]); got < 0.49 || got > 0.51 {
		t.Errorf("the middle row lies at %v of the range", got)
	}
}

// Ensure that a stream ends with its context, and when the store is closed.
func TestStreamEnds(t *testing.T) {
	s := open(t, store.Options{})
	spread(t, s, aDay, 2000, nil)
	bounds, err := s.Bounds(context.Background(), store.Query{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	pieces := 0
	_, err = s.Stream(ctx, store.Query{}, bounds, func([]*store.Verdict) error { pieces++; cancel(); return nil })
	if !errors.Is(err, context.Canceled) || pieces != 1 {
		t.Errorf("after %d pieces: %v, expected that it was canceled after the first", pieces, err)
	}
	_, err = s.Stream(context.Background(), store.Query{}, bounds, func([]*store.Verdict) error { return s.Close() })
	if !errors.Is(err, store.ErrClosed) {
		t.Errorf("got %v, expected that the store is closed", err)
	}
}
