package storebench

import (
	"context"
	"fmt"
	"regexp"
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
	// CPU is the process's processor time for one query when warm, of all threads: what
	// is left of Warm on a machine that has other work to do.
	CPU float64 `json:"cpu_ms"`
}

// Plan says what to measure and how.
type Plan struct {
	Span   time.Duration // of the rows
	Rounds int           // times that a query is asked after the first
	// Only selects queries by their names, all when nil.
	Only *regexp.Regexp
	// Cold drops the files from the system's cache before the first time.
	Cold bool
	// Server opens the store as a server does, and asks when it has read its index.
	Server bool
	// CPU returns the processor time that the process used until now, nil for unknown.
	CPU func() (time.Duration, error)
}

// Measure times the first page of every query that p selects.
func Measure(ctx context.Context, dir string, p Plan, done func(*Timing)) ([]*Timing, error) {
	var out []*Timing
	for _, c := range append(Cases(p.Span), Case{Name: "id: rare"}, Case{Name: "id: absent"}) {
		if p.Only != nil && !p.Only.MatchString(c.Name) {
			continue
		}
		for _, order := range []string{store.Newest, store.Oldest} {
			c.Query.Order = order
			t, err := measure(ctx, dir, c, &p)
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

func measure(ctx context.Context, dir string, c Case, p *Plan) (*Timing, error) {
	ask, err := asker(ctx, dir, c)
	if err != nil {
		return nil, err
	}
	if p.Cold {
		if err := dropCache(dir); err != nil {
			return nil, err
		}
	}
	s, err := store.Open(store.Options{Dir: dir, ReadOnly: !p.Server, Logger: zerolog.Nop()})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	<-s.Warmed() // at once where the store is read only
	t := &Timing{Name: c.Name, Order: c.Query.Order}
	var warm []float64
	var used time.Duration
	for i := range p.Rounds + 1 {
		if i == 1 {
			if used, err = p.cpu(); err != nil {
				return nil, err
			}
		}
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
	now, err := p.cpu()
	if err != nil {
		return nil, err
	}
	t.CPU = float64((now - used).Nanoseconds()) / 1e6 / float64(max(p.Rounds, 1))
	t.Warm = report.Summarize(warm)
	return t, nil
}

func (p *Plan) cpu() (time.Duration, error) {
	if p.CPU == nil {
		return 0, nil
	}
	return p.CPU()
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
