package store

import (
	"bytes"
	"context"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// reader collects the rows of one segment.
type reader struct {
	f    *filter
	page *Page
	ctx  context.Context
	rows *bbolt.Cursor
	// columns is nil in segments of older versions.
	columns *bbolt.Bucket
	block   []rowAt
	zones   int  // looked at
	seen    int  // rows looked at
	many    bool // a look through a whole segment may lie ahead
	// checked is what is known of the segment's index; nil for nothing.
	checked *checkedZones
	// damaged counts zones that are not what was written. Their rows were read.
	damaged int

	// visit takes the rows that match in the page's place, and says when to stop.
	visit   func(id ulid.ULID, row []byte) (stop bool)
	stopped bool
}

// full reports whether the page is. One row more than asked for tells whether there
// is a next page.
func (r *reader) full() bool {
	if r.visit != nil {
		return r.stopped
	}
	return len(r.page.Verdicts) > r.f.limit
}

// manyRows is the number of rows looked at after which their pages are let go of: more
// than the newest rows of a segment, which are in no zone yet.
const manyRows = 16384

func (r *reader) read(tx *bbolt.Tx) error {
	rows, zones := tx.Bucket(bucketRows), tx.Bucket(bucketZones)
	if rows == nil || zones == nil {
		return nil // the first commit did not happen
	}
	r.rows, r.columns = rows.Cursor(), tx.Bucket(bucketColumns)
	if r.many {
		defer func() {
			// The index alone is small, and faults would take longer than the look at it.
			if r.seen >= manyRows {
				dropResident(tx)
			}
		}()
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
		if r.matchZone(end, v) {
			if err := r.zone(end, v, lo, smaller(end, r.f.hi)); err != nil {
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
		end, err := zoneKey(k)
		if err != nil {
			return err
		}
		if r.matchZone(end, v) {
			if err := r.zone(end, v, lo, hi); err != nil {
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

// rowAt is a row as it lies in the file.
type rowAt struct{ k, row []byte }

// matchZone reports whether the rows of a zone must be looked at.
func (r *reader) matchZone(key ulid.ULID, value []byte) bool {
	match, z, whole := r.f.matchZone(value)
	if !match && !r.checked.zoneWhole(key, &z) {
		match, whole = true, false // it may hold anything
	}
	if !whole {
		r.damaged++
	}
	return match
}

// zone takes the rows that match from lo to hi, which lie in the zone with the given
// key and value, in the order of the query.
func (r *reader) zone(key ulid.ULID, value []byte, lo, hi ulid.ULID) error {
	if r.zones++; r.zones%64 == 0 && r.ctx.Err() != nil {
		return r.ctx.Err()
	}
	var columns columnsView
	ok := false
	if r.columns != nil {
		if columns, ok = readColumns(r.columns.Get(key[:]), r.checked.get(key)); ok {
			ok = columns.rows == zoneRows(value) // else an older Limen put rows into the zone
		}
		defer func() {
			r.checked.columnsChecked(key, &columns)
			if columns.broken {
				r.damaged++
			}
		}()
	}
	if !ok {
		if r.f.oldest {
			return r.forward(lo, hi)
		}
		return r.backward(lo, hi)
	}
	var set rowSet
	if lo.Compare(hi) > 0 || !r.f.matchColumns(&columns, &set) {
		return nil
	}
	n := columns.blocks()
	for i := range n {
		if !r.f.oldest {
			i = n - 1 - i
		}
		if set[i] == 0 {
			continue
		}
		from, to := columns.blockID(i), key
		if i == 0 {
			from = smaller(from, lo) // an older Limen may have put a row before it
		}
		if i < n-1 {
			to = previous(columns.blockID(i + 1))
		}
		if from.Compare(hi) > 0 || to.Compare(lo) < 0 {
			continue
		}
		if stop, err := r.readBlock(&columns, i, from, to, lo, hi, set[i]); stop || err != nil {
			return err
		}
	}
	return nil
}

// readBlock takes those of the rows between the IDs from and to that are in set, if
// they lie between lo and hi; all of them where they are not the block's.
func (r *reader) readBlock(columns *columnsView, block int, from, to, lo, hi ulid.ULID, set uint64) (stop bool, err error) {
	r.block = r.block[:0]
	for k, row := r.rows.Seek(from[:]); k != nil && bytes.Compare(k, to[:]) <= 0; k, row = r.rows.Next() {
		r.block = append(r.block, rowAt{k, row})
	}
	take := func(i int) bool {
		if at := &r.block[i]; bytes.Compare(at.k, lo[:]) >= 0 && bytes.Compare(at.k, hi[:]) <= 0 {
			stop, err = r.take(at.k, at.row)
		}
		return stop
	}
	if columns.isBlock(block, r.block) {
		eachBit(set, !r.f.oldest, take)
		return stop, err
	}
	for i := range r.block {
		if !r.f.oldest {
			i = len(r.block) - 1 - i
		}
		if take(i) {
			break
		}
	}
	return stop, err
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
	if r.f.label != nil && !r.f.label(id) {
		return false, nil
	}
	if r.visit != nil {
		r.stopped = r.visit(id, row)
		return r.stopped, nil
	}
	v, err := decodeRow(id, row)
	if err != nil {
		r.page.Unreadable++
		return false, nil
	}
	r.page.Verdicts = append(r.page.Verdicts, v)
	return r.full(), nil
}
