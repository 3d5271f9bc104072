package store

import (
	"context"
	"errors"
	"slices"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// Page is one page of a listing.
type Page struct {
	Verdicts []*Verdict `json:"verdicts"`
	// Next is what Query.After takes for the next page, "" on the last.
	Next string `json:"next,omitempty"`
	// Skipped names the segments whose rows are missing, and Unreadable counts
	// damaged rows that were passed over.
	Skipped    []Skipped `json:"skipped,omitempty"`
	Unreadable int       `json:"unreadable,omitempty"`
}

// Skipped is a segment that could not be read.
type Skipped struct {
	Segment string `json:"segment"`
	Reason  string `json:"reason"`
}

// Verdicts returns a page of the rows that match q. Rows in the queue are not seen;
// Flush writes them. Paging is stable while rows are written: every row that was
// there for the first page comes once.
func (s *Store) Verdicts(ctx context.Context, q Query) (*Page, error) {
	if s.closed() {
		return nil, ErrClosed
	}
	f, err := s.compile(&q)
	if err != nil {
		return nil, err
	}
	page := &Page{Verdicts: []*Verdict{}}
	if f.lo.Compare(f.hi) > 0 {
		return page, nil
	}
	if f.ids != nil {
		if err := s.pageOfIDs(&reader{f: f, page: page, ctx: ctx}); err != nil {
			return nil, err
		}
		page.end(f)
		return page, nil
	}
	segments := s.overlap(f.lo, f.hi)
	if !f.oldest {
		slices.Reverse(segments)
	}
	if err := s.pageOfSegments(ctx, f, segments, page); err != nil {
		return nil, err
	}
	page.end(f)
	return page, nil
}

// end takes off the row that says that there is a next page.
func (p *Page) end(f *filter) {
	if len(p.Verdicts) > f.limit {
		p.Verdicts = p.Verdicts[:f.limit]
		p.Next = p.Verdicts[f.limit-1].ID.String()
	}
}

// Each calls fn for every row that matches q, page by page, so that no transaction
// lasts long. q.Limit is the number of rows in all, 0 for no limit. An error of fn
// ends it.
func (s *Store) Each(ctx context.Context, q Query, fn func(*Verdict) error) error {
	const pageRows = 1000
	left := q.Limit
	for {
		q.Limit = pageRows
		if left > 0 {
			q.Limit = min(left, pageRows)
		}
		page, err := s.Verdicts(ctx, q)
		if err != nil {
			return err
		}
		for _, v := range page.Verdicts {
			if err := fn(v); err != nil {
				return err
			}
		}
		if left > 0 {
			if left -= len(page.Verdicts); left <= 0 {
				return nil
			}
		}
		if q.After = page.Next; q.After == "" {
			return nil
		}
	}
}

// Verdict returns one row. One that is still queued is written first; one that is
// labelled is found also when its segment is gone.
func (s *Store) Verdict(ctx context.Context, id ulid.ULID) (*Verdict, error) {
	if s.closed() {
		return nil, ErrClosed
	}
	// Asked first: what is pending no more is on disk by the time it is looked up.
	pending := s.queue.pending()
	v, err := s.lookUp(id)
	if pending && errors.Is(err, ErrNotFound) {
		if err := s.Flush(ctx); err != nil {
			return nil, err
		}
		v, err = s.lookUp(id)
	}
	if errors.Is(err, ErrNotFound) {
		return s.keptVerdict(id)
	}
	return v, err
}

func (s *Store) lookUp(id ulid.ULID) (v *Verdict, err error) {
	err = s.viewRow(id, bucketRows, "verdict", func(row []byte) (err error) {
		v, err = decodeRow(id, row)
		return err
	})
	return v, err
}

// viewRow calls fn with the row that an ID has in a bucket of its segment, as it lies in
// the file: it is gone when fn returns. what names the kind of row that is not there. A
// damaged segment is looked at by the sweeper next.
func (s *Store) viewRow(id ulid.ULID, bucket []byte, what string, fn func(row []byte) error) error {
	notFound := fail(ErrNotFound, "%s %s is not in the store: it was not recorded, or retention removed it", what, id)
	s.mu.RLock()
	i := s.find(idTime(id))
	if i < 0 {
		s.mu.RUnlock()
		return notFound
	}
	g := s.segments[i]
	s.mu.RUnlock()
	err := g.view(&s.o, func(tx *bbolt.Tx) error {
		row := bucketGet(tx, bucket, id[:])
		if row == nil {
			return notFound
		}
		return fn(row)
	})
	switch {
	case errors.Is(err, errGone):
		return notFound
	case err != nil && !errors.Is(err, ErrNotFound):
		s.readFailed(g, err)
	}
	return err
}

// overlap returns the segments that may hold IDs from lo to hi, oldest first.
func (s *Store) overlap(lo, hi ulid.ULID) []*segment {
	s.mu.RLock()
	defer s.mu.RUnlock()
	from := max(s.find(idTime(lo)), 0)
	to := s.find(idTime(hi)) + 1
	if from >= to {
		return nil
	}
	return slices.Clone(s.segments[from:to])
}
