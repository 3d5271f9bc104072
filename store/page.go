package store

import (
	"bytes"
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
	segments := s.overlap(f.lo, f.hi)
	if !f.oldest {
		slices.Reverse(segments)
	}
	for _, g := range segments {
		r := reader{f: f, page: page, ctx: ctx, many: f.want != 0 || f.limit >= 1000}
		err := g.view(&s.o, r.read)
		switch {
		case err == nil || errors.Is(err, errGone):
		case ctx.Err() != nil:
			return nil, ctx.Err()
		default:
			s.readFailed(g, err)
			page.Skipped = append(page.Skipped, Skipped{g.name(), err.Error()})
		}
		if r.full() {
			break
		}
	}
	if len(page.Verdicts) > f.limit {
		page.Verdicts = page.Verdicts[:f.limit]
		page.Next = page.Verdicts[f.limit-1].ID.String()
	}
	return page, nil
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

// Verdict returns one row. One that is still queued is written first.
func (s *Store) Verdict(ctx context.Context, id ulid.ULID) (*Verdict, error) {
	if s.closed() {
		return nil, ErrClosed
	}
	v, err := s.lookUp(id)
	if errors.Is(err, ErrNotFound) && !s.o.ReadOnly {
		if rows, _ := s.queue.size(); rows > 0 {
			if err := s.Flush(ctx); err != nil {
				return nil, err
			}
			v, err = s.lookUp(id)
		}
	}
	return v, err
}

func (s *Store) lookUp(id ulid.ULID) (v *Verdict, err error) {
	notFound := fail(ErrNotFound, "verdict %s is not in the store: it was not recorded, or retention removed it", id)
	s.mu.RLock()
	i := s.find(idTime(id))
	if i < 0 {
		s.mu.RUnlock()
		return nil, notFound
	}
	g := s.segments[i]
	s.mu.RUnlock()
	err = g.view(&s.o, func(tx *bbolt.Tx) error {
		rows := tx.Bucket(bucketRows)
		if rows == nil {
			return notFound
		}
		row := rows.Get(id[:])
		if row == nil {
			return notFound
		}
		v, err = decodeRow(id, row)
		return err
	})
	if errors.Is(err, errGone) {
		err = notFound
	}
	if err != nil {
		if !errors.Is(err, ErrNotFound) {
			s.readFailed(g, err)
		}
		return nil, err
	}
	return v, nil
}

// readFailed has a segment checked that could not be read.
func (s *Store) readFailed(g *segment, err error) {
	if errors.Is(err, ErrCorrupt) && !s.o.ReadOnly {
		g.suspect.Store(true)
		signal(s.sweepNow)
	}
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

// reader collects the rows of one segment.
type reader struct {
	f    *filter
	page *Page
	ctx  context.Context
	rows *bbolt.Cursor
	seen int  // rows looked at
	many bool // a look through a whole segment may lie ahead
}

// full reports whether the page is. One row more than asked for tells whether there
// is a next page.
func (r *reader) full() bool { return len(r.page.Verdicts) > r.f.limit }

func (r *reader) read(tx *bbolt.Tx) error {
	rows, zones := tx.Bucket(bucketRows), tx.Bucket(bucketZones)
	if rows == nil || zones == nil {
		return nil // the first commit did not happen
	}
	r.rows = rows.Cursor()
	if r.many {
		defer dropResident(tx)
	}
	switch {
	case r.f.want == 0 && r.f.oldest:
		return r.forward(r.f.lo, r.f.hi)
	case r.f.want == 0:
		return r.backward(r.f.lo, r.f.hi)
	case r.f.oldest:
		return r.zonesForward(zones.Cursor())
	}
	return r.zonesBackward(zones.Cursor())
}

// zonesForward reads the zones that may match, oldest first, and then the tail.
func (r *reader) zonesForward(c *bbolt.Cursor) error {
	lo := r.f.lo
	for k, v := c.Seek(lo[:]); k != nil && lo.Compare(r.f.hi) <= 0 && !r.full(); k, v = c.Next() {
		end, err := zoneKey(k)
		if err != nil {
			return err
		}
		if r.f.matchZone(v) {
			if err := r.forward(lo, smaller(end, r.f.hi)); err != nil {
				return err
			}
		}
		lo = next(end)
	}
	return r.forward(lo, r.f.hi)
}

// zonesBackward reads the tail and then the zones that may match, newest first.
func (r *reader) zonesBackward(c *bbolt.Cursor) error {
	hi := r.f.hi
	k, v := c.Seek(hi[:])
	if k == nil { // hi is in the tail
		k, v = c.Last()
		end, err := zoneKey(k)
		if err != nil {
			return err
		}
		lo := r.f.lo
		if k != nil {
			lo = larger(lo, next(end))
		}
		if err := r.backward(lo, hi); err != nil {
			return err
		}
		hi = smaller(hi, end)
	}
	for k != nil && hi.Compare(r.f.lo) >= 0 && !r.full() {
		before, beforeV := c.Prev()
		start, err := zoneKey(before)
		if err != nil {
			return err
		}
		lo := r.f.lo
		if before != nil {
			lo = larger(lo, next(start))
		}
		if r.f.matchZone(v) {
			if err := r.backward(lo, hi); err != nil {
				return err
			}
		}
		hi = smaller(hi, start)
		k, v = before, beforeV
	}
	return nil
}

// zoneKey returns the ID that a zone stands under, zero for no zone.
func zoneKey(k []byte) (id ulid.ULID, err error) {
	if k == nil {
		return id, nil
	}
	if len(k) != len(id) {
		return id, fail(ErrCorrupt, "a zone's key has %d bytes", len(k))
	}
	copy(id[:], k)
	return id, nil
}

func smaller(a, b ulid.ULID) ulid.ULID {
	if a.Compare(b) < 0 {
		return a
	}
	return b
}

func larger(a, b ulid.ULID) ulid.ULID {
	if a.Compare(b) > 0 {
		return a
	}
	return b
}

// forward takes the rows that match from lo to hi, oldest first.
func (r *reader) forward(lo, hi ulid.ULID) error {
	if lo.Compare(hi) > 0 || r.full() {
		return nil
	}
	k, v := r.rows.Seek(lo[:])
	for ; k != nil && bytes.Compare(k, hi[:]) <= 0; k, v = r.rows.Next() {
		if stop, err := r.take(k, v); stop {
			return err
		}
	}
	return nil
}

// backward takes the rows that match from hi to lo, newest first.
func (r *reader) backward(lo, hi ulid.ULID) error {
	if lo.Compare(hi) > 0 || r.full() {
		return nil
	}
	k, v := r.rows.Seek(hi[:])
	switch {
	case k == nil:
		k, v = r.rows.Last()
	case bytes.Compare(k, hi[:]) > 0:
		k, v = r.rows.Prev()
	}
	for ; k != nil && bytes.Compare(k, lo[:]) >= 0; k, v = r.rows.Prev() {
		if stop, err := r.take(k, v); stop {
			return err
		}
	}
	return nil
}

// take adds a row to the page if it matches. The context is looked at now and then.
func (r *reader) take(k, row []byte) (stop bool, err error) {
	if r.seen++; r.seen%1024 == 0 && r.ctx.Err() != nil {
		return true, r.ctx.Err()
	}
	if len(k) != len(ulid.ULID{}) || !r.f.matchRow(row) {
		return false, nil
	}
	id := ulid.ULID(k)
	v, err := decodeRow(id, row)
	if err != nil {
		r.page.Unreadable++
		return false, nil
	}
	r.page.Verdicts = append(r.page.Verdicts, v)
	return r.full(), nil
}
