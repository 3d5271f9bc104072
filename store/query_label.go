package store

import (
	"errors"
	"slices"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// Values of Query.Labels besides LabelAttack and LabelNormal.
const (
	Labelled   = "any"
	Unlabelled = "none"
)

// labelLookup is what queries ask of the labels that hold.
type labelLookup interface {
	// LabelState returns a verdict's label, "" for none.
	LabelState(verdict ulid.ULID) string
	// Labelled returns the verdicts from lo to hi with a label, "" for any, oldest first.
	Labelled(lo, hi ulid.ULID, label string) []ulid.ULID
}

var _ labelLookup = (*Store)(nil)

// setLabels makes f look at labels: a listing of labelled verdicts goes by their index,
// which is short beside the rows, and one of the others leaves them out.
func (f *filter) setLabels(q *Query, labels labelLookup) error {
	switch q.Labels {
	case "":
		return nil
	case Labelled:
		f.label = func(id ulid.ULID) bool { return labels.LabelState(id) != "" }
	case LabelAttack, LabelNormal:
		f.label = func(id ulid.ULID) bool { return labels.LabelState(id) == q.Labels }
	case Unlabelled:
		f.label = func(id ulid.ULID) bool { return labels.LabelState(id) == "" }
		return nil
	default:
		return fail(ErrQuery, "label %q: want %s, %s, %s or %s", q.Labels, Labelled, LabelAttack, LabelNormal, Unlabelled)
	}
	state := q.Labels
	if state == Labelled {
		state = ""
	}
	f.ids = func(lo, hi ulid.ULID) []ulid.ULID { return labels.Labelled(lo, hi, state) }
	return nil
}

// pageOfIDs fills a page with those of the labelled verdicts that match. Verdicts
// whose segments are gone come from the permanent file.
func (s *Store) pageOfIDs(r *reader) error {
	ids := r.f.ids(r.f.lo, r.f.hi)
	if !r.f.oldest {
		slices.Reverse(ids)
	}
	for len(ids) > 0 && !r.full() {
		g, n := s.segmentOf(ids)
		read := func(tx *bbolt.Tx) error {
			var rows *bbolt.Bucket
			if tx != nil {
				rows = tx.Bucket(bucketRows)
			}
			for _, id := range ids[:n] {
				if stop, err := s.takeID(r, rows, id); stop || err != nil {
					return err
				}
			}
			return nil
		}
		err := error(nil)
		if before := len(r.page.Verdicts); g == nil {
			err = read(nil)
		} else if err = g.view(&s.o, read); err != nil && r.ctx.Err() == nil {
			// The rows of a segment that is gone or damaged were kept.
			if !errors.Is(err, errGone) {
				s.readFailed(g, err)
				r.page.Skipped = append(r.page.Skipped, Skipped{g.name(), err.Error()})
			}
			r.page.Verdicts = r.page.Verdicts[:before]
			err = read(nil)
		}
		if err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// segmentOf returns the segment of the first of some IDs in order, nil for none, and
// how many of them it may have.
func (s *Store) segmentOf(ids []ulid.ULID) (g *segment, n int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	first := s.find(idTime(ids[0]))
	for n < len(ids) && s.find(idTime(ids[n])) == first {
		n++
	}
	if first >= 0 {
		g = s.segments[first]
	}
	return g, n
}

// takeID takes a row, from rows, which may be nil, or from the permanent file.
func (s *Store) takeID(r *reader, rows *bbolt.Bucket, id ulid.ULID) (stop bool, err error) {
	if rows != nil {
		if row := rows.Get(id[:]); row != nil {
			return r.take(id[:], row)
		}
	}
	err = s.permanent.view(func(tx *bbolt.Tx) error {
		kept := tx.Bucket(bucketKept)
		if kept == nil {
			return nil
		}
		if row := kept.Get(id[:]); row != nil { // else lost or forgotten
			stop, err = r.take(id[:], row)
		}
		return err
	})
	return stop, err
}
