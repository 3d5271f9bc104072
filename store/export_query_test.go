package store

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// Limits of columns.
const (
	MaxPrefix     = maxPrefix
	MaxColumnRows = maxColumnRows
)

// SetPatience makes listings take help after d, at once when it is negative.
func SetPatience(o *Options, d time.Duration) { o.patience = d }

// BuildColumns makes the columns of rows in order of ID.
func BuildColumns(rows []*Verdict) []byte {
	var marks []rowMarks
	t := new(texts)
	for _, v := range rows {
		row := AppendRow(nil, v)
		r, _ := t.marksOf(v.ID, row[1:len(row)-4])
		marks = append(marks, r)
	}
	return new(columnsBuilder).build(marks)
}

// MatchColumns returns the places of the rows that columns leave to a query. ok is
// false when the columns cannot be read.
func (s *Store) MatchColumns(q Query, value []byte) (places []int, ok bool, err error) {
	f, err := s.compile(&q)
	if err != nil {
		return nil, false, err
	}
	v, ok := readColumns(value, checkedZone{})
	if !ok {
		return nil, false, nil
	}
	var set rowSet
	if f.matchColumns(&v, &set) {
		for i := range set {
			eachBit(set[i], false, func(bit int) bool { places = append(places, i*blockRows+bit); return false })
		}
	}
	return places, true, nil
}

// ChangeColumns replaces the columns of every zone by what fn makes of them, nil for
// none, and returns their number.
func (s *Store) ChangeColumns(fn func([]byte) []byte) (n int, err error) {
	for _, g := range s.all() {
		err := g.update(&s.o, func(tx *bbolt.Tx) error {
			b := tx.Bucket(bucketColumns)
			if b == nil {
				return nil
			}
			changed := map[string][]byte{}
			if err := b.ForEach(func(k, v []byte) error {
				n++
				changed[string(k)] = fn(bytes.Clone(v))
				return nil
			}); err != nil {
				return err
			}
			for k, v := range changed {
				if err := b.Delete([]byte(k)); err != nil {
					return err
				}
				if v == nil {
					continue
				}
				if err := b.Put([]byte(k), v); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return n, err
		}
		g.checked.reset() // as if the file was just opened
	}
	return n, nil
}

// DropRow takes a row away and says nothing to the index.
func (s *Store) DropRow(id ulid.ULID) error {
	return s.segments[s.find(idTime(id))].update(&s.o, func(tx *bbolt.Tx) error { return tx.Bucket(bucketRows).Delete(id[:]) })
}

// PutRow puts a row as a Limen without columns does. It reports whether it fell into
// a zone.
func (s *Store) PutRow(v *Verdict) (inZone bool, err error) {
	v.Time = idTime(v.ID)
	err = s.segments[s.find(idTime(v.ID))].update(&s.o, func(tx *bbolt.Tx) error {
		row := AppendRow(nil, v)
		zones := tx.Bucket(bucketZones)
		if k, zone := zones.Cursor().Seek(v.ID[:]); k != nil {
			inZone = true
			if err := zones.Put(bytes.Clone(k), AddToZone(zone, v.ID, row[1:len(row)-4])); err != nil {
				return err
			}
		}
		return tx.Bucket(bucketRows).Put(v.ID[:], row)
	})
	return inZone, err
}

// ChangeZones replaces the value of every zone by what fn makes of it, and returns
// their number.
func (s *Store) ChangeZones(fn func([]byte) []byte) (n int, err error) {
	for _, g := range s.all() {
		err := g.update(&s.o, func(tx *bbolt.Tx) error {
			b := tx.Bucket(bucketZones)
			changed := map[string][]byte{}
			if err := b.ForEach(func(k, v []byte) error {
				n++
				changed[string(k)] = fn(bytes.Clone(v))
				return nil
			}); err != nil {
				return err
			}
			for k, v := range changed {
				if err := b.Put([]byte(k), v); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return n, err
		}
		g.checked.reset() // as if the file was just opened
	}
	return n, nil
}

// BuildZone makes the value of a zone of rows.
func BuildZone(rows []*Verdict) []byte {
	z := zone{columns: allColumns}
	t := new(texts)
	for _, v := range rows {
		row := AppendRow(nil, v)
		r, _ := t.marksOf(v.ID, row[1:len(row)-4])
		z.add(&r)
	}
	z.finish()
	return z.encode()
}

// WithoutChecks returns columns as versions without check sums wrote them.
func WithoutChecks(b []byte) []byte {
	const at = columnsHeader + 4*colCheck
	out := append(bytes.Clone(b[:at]), b[at+4:len(b)-checksSize]...)
	out[1] = colMin
	for column := range colMin {
		o := out[columnsHeader+4*column:]
		binary.LittleEndian.PutUint32(o, binary.LittleEndian.Uint32(o)-4)
	}
	return out
}
