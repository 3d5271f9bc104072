package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// Act returns the row of one call. One that is still queued is written first.
func (s *Store) Act(ctx context.Context, id ulid.ULID) (*Act, error) {
	if s.closed() {
		return nil, ErrClosed
	}
	// Asked first: what is pending no more is on disk by the time it is looked up.
	pending := s.queue.pending()
	a, err := s.lookUpAct(id)
	if pending && errors.Is(err, ErrNotFound) {
		if err := s.Flush(ctx); err != nil {
			return nil, err
		}
		a, err = s.lookUpAct(id)
	}
	return a, err
}

func (s *Store) lookUpAct(id ulid.ULID) (a *Act, err error) {
	err = s.viewRow(id, bucketActs, "call", func(row []byte) (err error) {
		a, err = decodeAct(id, row)
		return err
	})
	return a, err
}

// ActQuery says which calls to list. Zero values filter nothing.
type ActQuery struct {
	Since, Until time.Time
	Procedure    string
	// Model is a name, or a digest or its beginning.
	Model     string
	Principal string
	Decision  string // of a gate: Allow or Block
	// Limit is the most on a page, default DefaultLimit, at most MaxLimit; After is
	// ActPage.Next of the page before.
	Limit int
	After string
}

// ActPage is one page of calls, newest first.
type ActPage struct {
	Acts []*Act `json:"acts"`
	Next string `json:"next,omitempty"`
	// Skipped and Unreadable are as in Page.
	Skipped    []Skipped `json:"skipped,omitempty"`
	Unreadable int       `json:"unreadable,omitempty"`
}

func (q *ActQuery) matches(a *Act) bool {
	return (q.Procedure == "" || q.Procedure == a.Procedure) &&
		(q.Principal == "" || q.Principal == a.Principal) &&
		(q.Decision == "" || q.Decision == a.Decision) &&
		(q.Model == "" || q.Model == a.Model || strings.HasPrefix(a.ModelDigest, q.Model) ||
			strings.HasPrefix(strings.TrimPrefix(a.ModelDigest, "sha256:"), q.Model))
}

// Acts lists calls, newest first, without their outputs and
// thumbnails. There is no index besides
// time: a filter that nothing matches reads all rows of the time asked for.
func (s *Store) Acts(ctx context.Context, q ActQuery) (*ActPage, error) {
	if s.closed() {
		return nil, ErrClosed
	}
	before, limit, err := pageOf(q.After, q.Limit)
	if err != nil {
		return nil, err
	}
	lo := idFloor(q.Since)
	if !q.Until.IsZero() {
		if hi := idFloor(q.Until); hi.Compare(before) < 0 {
			before = hi
		}
	}
	page := &ActPage{Acts: []*Act{}}
	segments := s.overlap(lo, before)
	slices.Reverse(segments)
	for _, g := range segments {
		full := false
		err := g.view(&s.o, func(tx *bbolt.Tx) error {
			b := tx.Bucket(bucketActs)
			if b == nil {
				return nil
			}
			n := 0
			c := b.Cursor()
			for k, row := seekBefore(c, before[:]); k != nil && string(k) >= string(lo[:]); k, row = c.Prev() {
				if n++; n%1024 == 0 && ctx.Err() != nil {
					return callError{ctx.Err()}
				}
				if len(k) != len(lo) {
					continue
				}
				a, err := decodeAct(ulid.ULID(k), row)
				if err != nil {
					page.Unreadable++
					continue
				}
				if !q.matches(a) {
					continue
				}
				if full = len(page.Acts) == limit; full {
					page.Next = page.Acts[limit-1].ID.String()
					return nil
				}
				a.Output, a.Thumbnail = nil, nil
				page.Acts = append(page.Acts, a)
			}
			return nil
		})
		switch {
		case err == nil || errors.Is(err, errGone):
		case ctx.Err() != nil:
			return nil, ctx.Err()
		default:
			s.readFailed(g, err)
			page.Skipped = append(page.Skipped, Skipped{g.name(), err.Error()})
		}
		if full {
			break
		}
	}
	return page, nil
}

// seekBefore moves to the last key before one.
func seekBefore(c *bbolt.Cursor, key []byte) (k, v []byte) {
	if k, _ = c.Seek(key); k == nil {
		return c.Last()
	}
	return c.Prev()
}

// ActChain is where the answer of a call comes from.
type ActChain struct {
	Act *Act `json:"act"`
	// Model and Preset are nil when the row names none, or one that was never put;
	// Missing then says which.
	Model   *ModelRecord  `json:"model"`
	Preset  *PolicyRecord `json:"preset"`
	Missing []string      `json:"missing,omitempty"`
}

// WhyAct returns the chain of the call with the given ID.
func (s *Store) WhyAct(ctx context.Context, id ulid.ULID) (*ActChain, error) {
	a, err := s.Act(ctx, id)
	if err != nil {
		return nil, err
	}
	c := &ActChain{Act: a}
	if a.ModelDigest != "" {
		if c.Model, err = s.At(time.Time{}).Model(a.ModelDigest); err != nil {
			return nil, err
		}
		if c.Model == nil {
			c.Missing = append(c.Missing, "model "+a.ModelDigest)
		}
	}
	if a.PresetDigest != "" {
		var p PolicyRecord
		found, err := s.permanent.get(bucketPolicies, []byte(a.PresetDigest), &p)
		if err != nil {
			return nil, err
		}
		if found {
			c.Preset = &p
		} else {
			c.Missing = append(c.Missing, "preset "+a.PresetDigest)
		}
	}
	return c, nil
}
