package store

import (
	"context"
	"errors"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// Range is a run of rows by their IDs, both ends included.
type Range struct {
	First ulid.ULID `json:"first"`
	Last  ulid.ULID `json:"last"`
}

// Empty reports whether no row can lie in r.
func (r Range) Empty() bool { return r.Last.IsZero() || r.First.Compare(r.Last) > 0 }

// Share returns how much of r's time lies before id, from 0 to 1.
func (r Range) Share(id ulid.ULID) float64 {
	switch {
	case r.Empty() || id.Compare(r.Last) >= 0:
		return 1
	case id.Compare(r.First) <= 0:
		return 0
	}
	// Rows of one millisecond are told apart by nothing that grows evenly.
	return float64(id.Time()-r.First.Time()) / float64(max(r.Last.Time()-r.First.Time(), 1))
}

// Gaps says what a walk over rows did not see.
type Gaps struct {
	// Skipped names the segments whose rows are missing, and Unreadable counts
	// damaged rows that were passed over.
	Skipped    []Skipped `json:"skipped,omitempty"`
	Unreadable int       `json:"unreadable,omitempty"`
}

// Bounds returns the range from the oldest to the newest row that matches q, empty
// when there is none. Rows in the queue are written first. q's order and limit are
// ignored.
func (s *Store) Bounds(ctx context.Context, q Query) (Range, error) {
	if err := s.Flush(ctx); err != nil {
		return Range{}, err
	}
	q.Order, q.Limit = Oldest, 1
	first, err := s.Verdicts(ctx, q)
	if err != nil || len(first.Verdicts) == 0 {
		return Range{}, err
	}
	q.Order, q.After = Newest, ""
	last, err := s.Verdicts(ctx, q)
	if err != nil || len(last.Verdicts) == 0 {
		return Range{}, err // retention came between
	}
	return Range{first.Verdicts[0].ID, last.Verdicts[0].ID}, nil
}

// A piece of Stream ends at this many rows, or bytes of rows.
const (
	pieceRows  = 256
	pieceBytes = 1 << 20
)

// Stream calls fn with the rows of r that match q, oldest first, a piece at a time.
// No transaction is open while fn runs, so it may take as long as it likes; it may
// keep the verdicts. q's order and limit are ignored, and its cursor is the ID to
// go on after. What it holds at a time is bounded by a piece: 256 rows, or as many
// as have one MiB together.
//
// Rows that are written to r meanwhile may or may not come. An error of fn ends it.
func (s *Store) Stream(ctx context.Context, q Query, r Range, fn func([]*Verdict) error) (Gaps, error) {
	var gaps Gaps
	if s.closed() {
		return gaps, ErrClosed
	}
	q.Order, q.Limit = Oldest, 0
	f, err := s.compile(&q)
	if err != nil {
		return gaps, err
	}
	f.lo, f.hi = larger(f.lo, r.First), smaller(f.hi, r.Last)
	if r.Empty() || f.lo.Compare(f.hi) > 0 {
		return gaps, nil
	}
	for _, g := range s.overlap(f.lo, f.hi) {
		err := s.streamSegment(ctx, g, *f, &gaps, fn)
		var own callError
		switch {
		case err == nil || errors.Is(err, errGone): // retention took it
		case errors.As(err, &own):
			return gaps, own.error
		case ctx.Err() != nil:
			return gaps, ctx.Err()
		case s.closed():
			return gaps, ErrClosed
		default:
			s.readFailed(g, err)
			gaps.Skipped = append(gaps.Skipped, Skipped{g.name(), err.Error()})
		}
	}
	return gaps, nil
}

// callError is an error of the caller's function, which is none of the segment's.
type callError struct{ error }

func (s *Store) streamSegment(ctx context.Context, g *segment, f filter, gaps *Gaps, fn func([]*Verdict) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.closed() {
			return ErrClosed
		}
		var piece []*Verdict
		size := 0
		r := reader{f: &f, ctx: ctx}
		r.visit = func(id ulid.ULID, row []byte) (stop bool) {
			f.lo = next(id)
			v, err := decodeRow(id, row)
			if err != nil {
				gaps.Unreadable++
				return false
			}
			piece = append(piece, v)
			size += len(row)
			return len(piece) >= pieceRows || size >= pieceBytes
		}
		err := g.view(&s.o, func(tx *bbolt.Tx) error {
			err := r.read(tx)
			if err != nil || !r.stopped {
				dropResident(tx) // the segment is through
			}
			return err
		})
		if len(piece) > 0 { // what was read before a damage counts
			if err := fn(piece); err != nil {
				return callError{err}
			}
		}
		if err != nil || !r.stopped {
			return err
		}
	}
}
