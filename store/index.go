package store

import (
	"bytes"
	"slices"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// index keeps the zones of a segment while it is written. It belongs to the
// writer, and is read anew from the file after a commit that failed.
//
// Requests end in another order than they began in, so rows come late: the newest
// rows wait in the tail until enough newer ones came, then the oldest of them
// become a zone. A row later than that is added to the zone it falls in.
type index struct {
	zoneRows int
	last     ulid.ULID  // of the last zone, zero when there is none
	newest   ulid.ULID  // of all rows, those of calls included
	tail     []rowMarks // rows after last, by ID
	texts    texts
	scratch  []rowMarks // of the commit under way
	columns  columnsBuilder
	whole    []rowMarks // of a zone whose columns are made anew
}

// The tail is cut when it holds tailZones zones; minTail of them stay.
const (
	tailZones = 4
	minTail   = 1
)

// loadIndex reads the state of a segment's zones.
func loadIndex(tx *bbolt.Tx, zoneRows int) (*index, error) {
	x := &index{zoneRows: zoneRows}
	if k, _ := tx.Bucket(bucketZones).Cursor().Last(); len(k) == len(x.last) {
		copy(x.last[:], k)
		x.newest = x.last
	}
	c := tx.Bucket(bucketRows).Cursor()
	for k, row := c.Seek(x.last[:]); k != nil; k, row = c.Next() {
		if len(k) != len(x.last) || bytes.Equal(k, x.last[:]) {
			continue
		}
		copy(x.newest[:], k)
		if r, err := x.marks(x.newest, row); err == nil { // else damaged, and listings pass over it
			x.tail = append(x.tail, r)
		}
	}
	if acts := tx.Bucket(bucketActs); acts != nil {
		if k, _ := acts.Cursor().Last(); len(k) == len(x.newest) && bytes.Compare(k, x.newest[:]) > 0 {
			copy(x.newest[:], k)
		}
	}
	return x, nil
}

func (x *index) marks(id ulid.ULID, row []byte) (rowMarks, error) {
	fields, err := rowFields(id, row)
	if err != nil {
		return rowMarks{}, err
	}
	r, ok := x.texts.marksOf(id, fields)
	if !ok {
		return r, fail(ErrCorrupt, "row %s cannot be decoded", id)
	}
	return r, nil
}

// add takes up rows that were put in the same transaction, in order of ID.
func (x *index) add(tx *bbolt.Tx, rows []rowMarks) error {
	late := 0
	for late < len(rows) && bytes.Compare(rows[late].id[:], x.last[:]) <= 0 {
		late++
	}
	if err := x.addLate(tx, rows[:late]); err != nil {
		return err
	}
	rows = rows[late:]
	if len(rows) == 0 {
		return nil
	}
	inOrder := len(x.tail) == 0 || x.tail[len(x.tail)-1].id.Compare(rows[0].id) < 0
	x.tail = append(x.tail, rows...)
	if !inOrder {
		slices.SortFunc(x.tail, func(a, b rowMarks) int { return a.id.Compare(b.id) })
	}
	if n := x.tail[len(x.tail)-1].id; x.newest.Compare(n) < 0 {
		x.newest = n
	}
	if len(x.tail) >= tailZones*x.zoneRows {
		return x.cut(tx, minTail*x.zoneRows)
	}
	return nil
}

// addLate adds rows to the zones they fall in.
func (x *index) addLate(tx *bbolt.Tx, rows []rowMarks) error {
	zones := tx.Bucket(bucketZones)
	for len(rows) > 0 {
		k, v := zones.Cursor().Seek(rows[0].id[:])
		key := bytes.Clone(k)
		n := 0
		for n < len(rows) && bytes.Compare(rows[n].id[:], key) <= 0 {
			n++
		}
		if n == 0 {
			return fail(ErrCorrupt, "%s is damaged: no zone for row %s", tx.DB().Path(), rows[0].id)
		}
		if err := zones.Put(key, addToZone(v, rows[:n])); err != nil {
			return err
		}
		if err := x.remakeColumns(tx, key); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// remakeColumns makes a zone's columns anew from its rows, which are more or fewer
// than before. A zone without columns, of an older version, stays without.
func (x *index) remakeColumns(tx *bbolt.Tx, zone []byte) error {
	columns := tx.Bucket(bucketColumns)
	if columns == nil || columns.Get(zone) == nil {
		return nil
	}
	zones := tx.Bucket(bucketZones).Cursor()
	zones.Seek(zone)
	before, _ := zones.Prev()
	x.whole = x.whole[:0]
	c := tx.Bucket(bucketRows).Cursor()
	k, row := c.Seek(before) // nil for the first zone
	if k != nil && bytes.Equal(k, before) {
		k, row = c.Next()
	}
	for ; k != nil && bytes.Compare(k, zone) <= 0; k, row = c.Next() {
		if len(k) != len(ulid.ULID{}) || len(x.whole) > maxColumnRows {
			continue
		}
		if r, err := x.marks(ulid.ULID(k), row); err == nil { // else damaged: the reader finds a row more
			x.whole = append(x.whole, r)
		}
	}
	value := x.columns.build(x.whole)
	if value == nil {
		return columns.Delete(zone)
	}
	return columns.Put(zone, value)
}

// addToZone returns the value of a zone with rows added. One that cannot be read, or
// is of a later version, becomes a zone that says nothing: its rows are read one
// by one.
func addToZone(value []byte, rows []rowMarks) []byte {
	view, ok := readZone(value)
	if !ok || !view.isWhole() {
		return []byte{zoneUnknown}
	}
	z, ok := view.load()
	if !ok {
		return []byte{zoneUnknown}
	}
	for i := range rows {
		z.add(&rows[i])
	}
	z.finish()
	return z.encode()
}

// cut makes zones of the oldest rows of the tail and leaves keep of them or a few
// more.
func (x *index) cut(tx *bbolt.Tx, keep int) error {
	done := 0
	for len(x.tail)-done >= keep+x.zoneRows {
		if err := x.putZone(tx, x.tail[done:done+x.zoneRows]); err != nil {
			return err
		}
		done += x.zoneRows
	}
	x.tail = slices.Delete(x.tail, 0, done)
	return nil
}

// seal makes zones of the whole tail.
func (x *index) seal(tx *bbolt.Tx) error {
	if err := x.cut(tx, 0); err != nil || len(x.tail) == 0 {
		return err
	}
	err := x.putZone(tx, x.tail)
	x.tail = x.tail[:0]
	return err
}

func (x *index) putZone(tx *bbolt.Tx, rows []rowMarks) error {
	z := zone{columns: allColumns}
	for i := range rows {
		z.add(&rows[i])
	}
	z.finish()
	x.last = rows[len(rows)-1].id
	zones := tx.Bucket(bucketZones)
	zones.FillPercent = 0.9
	key := bytes.Clone(x.last[:])
	if err := zones.Put(key, z.encode()); err != nil {
		return err
	}
	value := x.columns.build(rows)
	if value == nil {
		return nil
	}
	// Segments of older versions have no such bucket.
	columns, err := tx.CreateBucketIfNotExists(bucketColumns)
	if err != nil {
		return err
	}
	columns.FillPercent = 0.9
	return columns.Put(key, value)
}
