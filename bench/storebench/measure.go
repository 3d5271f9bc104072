package storebench

import (
	"context"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/rs/zerolog"

	"github.com/limen-waf/limen/bench/report"
	"github.com/limen-waf/limen/store"
)

// Timing is what one query took, in milliseconds.
type Timing struct {
	Name  string `json:"name"`
	Order string `json:"order"`
	Rows  int    `json:"rows"` // on the first page
	// First is with a store that was just opened and, if asked for, nothing of it in
	// the system's cache. Warm is when it was asked before.
	First float64       `json:"first_ms"`
	Warm  report.Spread `json:"warm_ms"`
}

// Measure times the first page of every query, rounds times after a first time. With
// cold, the files are dropped from the system's cache before the first time.
func Measure(ctx context.Context, dir string, span time.Duration, rounds int, cold bool, done func(*Timing)) ([]*Timing, error) {
	var out []*Timing
	for _, c := range append(Cases(span), Case{Name: "id: rare"}, Case{Name: "id: absent"}) {
		for _, order := range []string{store.Newest, store.Oldest} {
			c.Query.Order = order
			t, err := measure(ctx, dir, c, rounds, cold)
			if err != nil {
				return nil, fmt.Errorf("%s, %s first: %w", c.Name, order, err)
			}
			out = append(out, t)
			done(t)
			if c.Query == (store.Query{Order: order}) && c.Name != "all" {
				break // one row has no order
			}
		}
	}
	return out, nil
}

func measure(ctx context.Context, dir string, c Case, rounds int, cold bool) (*Timing, error) {
	ask, err := asker(ctx, dir, c)
	if err != nil {
		return nil, err
	}
	if cold {
		if err := dropCache(dir); err != nil {
			return nil, err
		}
	}
	s, err := store.Open(store.Options{Dir: dir, ReadOnly: true, Logger: zerolog.Nop()})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	t := &Timing{Name: c.Name, Order: c.Query.Order}
	var warm []float64
	for i := range rounds + 1 {
		begin := time.Now()
		rows, err := ask(s)
		took := float64(time.Since(begin).Nanoseconds()) / 1e6
		if err != nil {
			return nil, err
		}
		if t.Rows = rows; i == 0 {
			t.First = took
			continue
		}
		warm = append(warm, took)
	}
	t.Warm = report.Summarize(warm)
	return t, nil
}

// asker returns what runs the query and counts its rows. The ID of the rare row is
// looked up beforehand.
func asker(ctx context.Context, dir string, c Case) (func(*store.Store) (int, error), error) {
	var id ulid.ULID
	switch c.Name {
	case "id: rare":
		s, err := store.Open(store.Options{Dir: dir, ReadOnly: true, Logger: zerolog.Nop()})
		if err != nil {
			return nil, err
		}
		defer s.Close()
		page, err := s.Verdicts(ctx, store.Query{Host: rareHost})
		if err != nil {
			return nil, err
		}
		if len(page.Verdicts) != 1 {
			return nil, fmt.Errorf("%s has %d rows of %s, want 1: it was not filled by this command", dir, len(page.Verdicts), rareHost)
		}
		id = page.Verdicts[0].ID
	case "id: absent":
		if err := id.SetTime(ulid.Timestamp(start.Add(time.Minute))); err != nil {
			return nil, err
		}
	default:
		return func(s *store.Store) (int, error) {
			page, err := s.Verdicts(ctx, c.Query)
			if err != nil {
				return 0, err
			}
			if len(page.Skipped) > 0 {
				return 0, fmt.Errorf("segment %s: %s", page.Skipped[0].Segment, page.Skipped[0].Reason)
			}
			return len(page.Verdicts), nil
		}, nil
	}
	return func(s *store.Store) (int, error) {
		_, err := s.Verdict(ctx, id)
		if c.Name == "id: absent" {
			if err == nil {
				return 0, fmt.Errorf("%s is there", id)
			}
			return 0, nil
		}
		return 1, err
	}, nil
}
