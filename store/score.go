package store

import (
	"context"
	"encoding/binary"
	"errors"
	"math"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// Score is what a row says of one score, for statistics over many rows. Its byte
// slices lie in the store's memory: they are valid during one call of the
// function that Scores was given, and must not be changed.
type Score struct {
	ID ulid.ULID
	// Score is the probability of an attack, 0 to 1, with all the digits that it was
	// recorded with.
	Score float64
	// Attack is the likeliest attack class however low the score, "" when the row has
	// no class scores.
	Attack    string
	Host      []byte
	ClientIP  []byte
	Route     []byte
	Tokenizer int
	Sampled   bool
	// Whole is false when an exception or a fallback made the decision instead of the
	// score.
	Whole bool
}

// scoreRows is how many rows one transaction of Scores looks at: a long one would
// keep bbolt from reusing pages.
const scoreRows = 4096

// Scores calls fn with the score of every row that matches q, oldest first, until
// fn returns false. q's order, limit and cursor are ignored. Rows in the queue are
// not seen. It reads the beginnings of the rows alone, without their check sums;
// rows and segments that cannot be read are passed over, like those that
// retention removes meanwhile.
func (s *Store) Scores(ctx context.Context, q Query, fn func(*Score) bool) error {
	if s.closed() {
		return ErrClosed
	}
	q.Order, q.Limit, q.After = Oldest, 0, ""
	f, err := s.compile(&q)
	if err != nil {
		return err
	}
	if f.lo.Compare(f.hi) > 0 {
		return nil
	}
	for _, g := range s.overlap(f.lo, f.hi) {
		more, err := s.segmentScores(ctx, g, *f, fn)
		switch {
		case err == nil || errors.Is(err, errGone):
		case ctx.Err() != nil:
			return ctx.Err()
		case s.closed():
			return ErrClosed
		default:
			s.readFailed(g, err)
		}
		if !more {
			return nil
		}
	}
	return nil
}

// segmentScores reads one segment in pieces. more is false when fn wants no more.
func (s *Store) segmentScores(ctx context.Context, g *segment, f filter, fn func(*Score) bool) (more bool, err error) {
	more = true
	var sc Score
	for {
		if err := ctx.Err(); err != nil {
			return more, err
		}
		rows := 0
		r := reader{f: &f, ctx: ctx}
		r.visit = func(id ulid.ULID, row []byte) (stop bool) {
			f.lo = next(id)
			if rows++; sc.read(id, row) {
				more = fn(&sc)
			}
			return !more || rows >= scoreRows
		}
		err := g.view(&s.o, func(tx *bbolt.Tx) error {
			err := r.read(tx)
			if err != nil || !r.stopped || !more {
				dropResident(tx) // the segment is through
			}
			return err
		})
		if err != nil || !r.stopped || !more {
			return more, err
		}
	}
}

// read takes over a row's fields. It reports whether the row is well-formed.
func (sc *Score) read(id ulid.ULID, row []byte) bool {
	fields, err := rowFields(id, row)
	if err != nil {
		return false
	}
	*sc = Score{ID: id, Whole: true}
	for b := fields; len(b) > 0; {
		f, rest, ok := nextField(b)
		if !ok {
			return false
		}
		b = rest
		switch f.number {
		case fieldScore:
			sc.Score = math.Float64frombits(f.u)
		case fieldHost:
			sc.Host = f.textBytes()
		case fieldClientIP:
			sc.ClientIP = f.textBytes()
		case fieldRoute:
			sc.Route = f.textBytes()
		case fieldTokenizer:
			sc.Tokenizer = int(f.int())
		case fieldClassScores:
			if sc.Attack, ok = f.attack(); !ok {
				return false
			}
		case fieldException, fieldFallback:
			sc.Whole = false
		case fieldSampled:
			sc.Sampled = f.u != 0
		case fieldRequest:
			b = nil // the last one, and by far the longest
		}
	}
	return sc.Score >= 0 && sc.Score <= 1
}

// attack returns the likeliest class but none. It allocates nothing where classes
// are words.
func (f *field) attack() (class string, ok bool) {
	if f.kind != kindBytes {
		return "", false
	}
	best := float32(math.Inf(-1))
	for b := f.b; len(b) > 0; {
		name, rest, ok := nextWord(b)
		if !ok || len(rest) < 4 {
			return "", false
		}
		p := math.Float32frombits(binary.LittleEndian.Uint32(rest))
		if b = rest[4:]; p > best && name != "none" {
			class, best = name, p
		}
	}
	return class, true
}
