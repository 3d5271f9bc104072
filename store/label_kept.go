package store

import (
	"bytes"
	"errors"
	"time"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// A labelled verdict outlives its segment: its row is copied to the permanent file
// with the label, in the transaction of the label. Its model, its policy and its
// labels are there anyway. That holds for verdicts whose label was superseded or
// taken back too: a model may have been made from it.

// keep copies the row of a verdict to the permanent file. The segment is read here,
// within the transaction, so that a row that was removed is not kept.
func (s *Store) keep(tx *bbolt.Tx, id ulid.ULID) error {
	kept := tx.Bucket(bucketKept)
	if kept.Get(id[:]) != nil {
		return nil
	}
	row, err := s.rawRow(id)
	if err != nil {
		return err
	}
	return kept.Put(id[:], row)
}

// rawRow returns a row as it lies in its segment, in memory of its own.
func (s *Store) rawRow(id ulid.ULID) (row []byte, err error) {
	err = s.viewRow(id, bucketRows, "verdict", func(value []byte) error {
		row = bytes.Clone(value)
		return nil
	})
	return row, err
}

// keepLabelled copies the rows of a segment that were ever labelled to the permanent
// file, before the segment is removed. Rows that are there already, as they
// are from their label on, cost a look each.
func (s *Store) keepLabelled(g *segment) error {
	lo, hi, err := g.bounds(&s.o)
	if err != nil || lo.IsZero() {
		return err
	}
	var ids []ulid.ULID
	err = s.At(time.Time{}).lastOfEach(EventLabel, lo.String(), func(e *Event) error {
		id, err := ulid.ParseStrict(e.Subject)
		if err != nil {
			return fail(ErrCorrupt, "event %s labels %q, which is no verdict's ID", e.ID, e.Subject)
		}
		if id.Compare(hi) > 0 {
			return errSame
		}
		ids = append(ids, id)
		return nil
	})
	if err != nil && !errors.Is(err, errSame) {
		return err
	}
	rows := make(map[ulid.ULID][]byte)
	err = s.permanent.view(func(tx *bbolt.Tx) error {
		for _, id := range ids {
			if tx.Bucket(bucketKept).Get(id[:]) == nil {
				rows[id] = nil
			}
		}
		return nil
	})
	if err != nil || len(rows) == 0 {
		return err
	}
	err = g.view(&s.o, func(tx *bbolt.Tx) error {
		for id := range rows {
			rows[id] = bytes.Clone(bucketGet(tx, bucketRows, id[:]))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.permanent.update(func(tx *bbolt.Tx) error {
		for id, row := range rows {
			if row == nil {
				continue // forgotten, or lost with a file that was set aside
			}
			if err := tx.Bucket(bucketKept).Put(id[:], row); err != nil {
				return err
			}
		}
		return nil
	})
}

// bounds returns the first and the last ID of a segment, zero when it is empty.
func (g *segment) bounds(o *Options) (lo, hi ulid.ULID, err error) {
	err = g.view(o, func(tx *bbolt.Tx) error {
		rows := tx.Bucket(bucketRows)
		if rows == nil {
			return nil
		}
		first, _ := rows.Cursor().First()
		last, _ := rows.Cursor().Last()
		if len(first) == len(lo) && len(last) == len(hi) {
			lo, hi = ulid.ULID(first), ulid.ULID(last)
		}
		return nil
	})
	return lo, hi, err
}

// keptVerdict returns a labelled verdict whose segment is gone.
func (s *Store) keptVerdict(id ulid.ULID) (v *Verdict, err error) {
	err = s.permanent.view(func(tx *bbolt.Tx) error {
		row := bucketGet(tx, bucketKept, id[:])
		if row == nil {
			return fail(ErrNotFound, "verdict %s is not in the store: it was not recorded, or retention removed it", id)
		}
		v, err = decodeRow(id, row)
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// eachKept calls fn for every kept verdict from lo to hi, oldest first, until it
// says no.
func (s *Store) eachKept(lo, hi ulid.ULID, fn func(*Verdict) bool) error {
	return s.permanent.view(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketKept)
		if b == nil {
			return nil
		}
		c := b.Cursor()
		for k, row := c.Seek(lo[:]); k != nil && bytes.Compare(k, hi[:]) <= 0; k, row = c.Next() {
			if len(k) != len(lo) {
				return fail(ErrCorrupt, "%s: a key of %s has %d bytes", s.permanent.path, bucketKept, len(k))
			}
			v, err := decodeRow(ulid.ULID(k), row)
			if err != nil {
				return err
			}
			if !fn(v) {
				return nil
			}
		}
		return nil
	})
}

// forgetKept removes the kept rows that match, for good, and returns how many. The
// labels stay; they name the verdict by its ID alone. Rows in segments are to be
// removed first, as a label copies from there.
func (s *Store) forgetKept(match func(*Verdict) bool) (removed int, err error) {
	var last ulid.ULID
	for i := range last {
		last[i] = 0xff
	}
	var ids []ulid.ULID
	err = s.eachKept(ulid.ULID{}, last, func(v *Verdict) bool {
		if match(v) {
			ids = append(ids, v.ID)
		}
		return true
	})
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return len(ids), s.permanent.update(func(tx *bbolt.Tx) error {
		for _, id := range ids {
			if err := tx.Bucket(bucketKept).Delete(id[:]); err != nil {
				return err
			}
		}
		return nil
	})
}
