package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// SetZoneRows makes zones of n rows, so that small tests have many.
func SetZoneRows(o *Options, n int) { o.zoneRows = n }

// SetNoSync makes commits not wait for the disk.
func SetNoSync(o *Options) { o.noSync = true }

// Sweep runs the background work now.
func (s *Store) Sweep() { s.sweep() }

// AppendRow and DecodeRow are the row codec.
func AppendRow(dst []byte, v *Verdict) []byte { return appendRow(dst, v, v.Request) }

func DecodeRow(id ulid.ULID, row []byte) (*Verdict, error) { return decodeRow(id, row) }

// DecodeFields decodes fields without a check sum, and SumUp what a zone keeps.
func DecodeFields(id ulid.ULID, fields []byte) (*Verdict, bool) {
	v := &Verdict{ID: id}
	return v, v.decodeFields(fields)
}

func SumUp(id ulid.ULID, fields []byte) bool {
	_, ok := new(texts).marksOf(id, fields)
	return ok
}

// MatchZone runs a query's filter over a zone's value.
func (s *Store) MatchZone(q Query, value []byte) (bool, error) {
	f, err := s.compile(&q)
	if err != nil {
		return false, err
	}
	match, z, _ := f.matchZone(value)
	return match || !z.isWhole(), nil
}

// AddToZone adds a row to a zone's value.
func AddToZone(value []byte, id ulid.ULID, fields []byte) []byte {
	r, _ := new(texts).marksOf(id, fields)
	return addToZone(value, []rowMarks{r})
}

// Words are the words of the row format.
func Words() []string { return words[:] }

// WordOf is the number of a word.
func WordOf(s string) uint64 { return wordOf(s) }

// Mask masks b.
func Mask(b []byte) { mask(b) }

// SensitiveName is the test for names of secrets.
func SensitiveName(name string) bool { return sensitiveName([]byte(name)) }

// IDAt returns the smallest ID at t.
func IDAt(t time.Time) ulid.ULID { return idFloor(t) }

// Zones returns the number of zones and the rows that they count.
func (s *Store) Zones() (zones int, rows uint64, err error) {
	for _, g := range s.all() {
		err = g.view(&s.o, func(tx *bbolt.Tx) error {
			return tx.Bucket(bucketZones).ForEach(func(_, v []byte) error {
				z, ok := readZone(v)
				if !ok {
					return ErrCorrupt
				}
				zones++
				rows += z.rows
				return nil
			})
		})
		if err != nil {
			return zones, rows, err
		}
	}
	return zones, rows, nil
}

// SegmentNames returns the names of the files, oldest first.
func (s *Store) SegmentNames() (names []string) {
	for _, g := range s.all() {
		names = append(names, g.name())
	}
	return names
}

// WriteSchema overwrites the version in a database file.
func WriteSchema(path string, version byte) error {
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketMeta).Put(keySchema, []byte{version}) })
}

// LeafOf is the hash of a row.
func LeafOf(id ulid.ULID, row []byte) []byte {
	l := leafOf(id, row)
	return l[:]
}

// ReadLink reads a link.
func ReadLink(value []byte) bool {
	_, ok := readLink(value, nil)
	return ok
}

// LinkRoundTrip writes a link of rows and reads it.
func LinkRoundTrip(ids []ulid.ULID) error {
	slices.SortFunc(ids, ulid.ULID.Compare)
	var b linkBuilder
	before := genesis("x")
	b.begin(linkForgotten, ulid.ULID{1}, []chainHead{{"20260301T1000Z.db", head{7, before.hash}}})
	for _, id := range ids {
		b.add(id, leafOf(id, nil))
	}
	value, after := b.end(before)
	l, ok := readLink(value, nil)
	switch {
	case !ok:
		return fmt.Errorf("the link of %v cannot be read", ids)
	case len(l.rows) != len(ids) || len(l.heads) != 1 || l.heads[0].links != 7 || l.event != (ulid.ULID{1}) || l.hash != after.hash:
		return fmt.Errorf("%v became %+v", ids, l)
	}
	for i, id := range ids {
		if l.rows[i].id != id {
			return fmt.Errorf("row %d is %s, want %s", i, l.rows[i].id, id)
		}
	}
	return nil
}

// Rechain writes a segment's chain anew over the rows that are there, one link for
// each link that was, as a forger would.
func Rechain(tx *bbolt.Tx, segment string) error {
	chainBucket, rows := tx.Bucket(bucketChain), tx.Bucket(bucketRows)
	var old [][]byte
	_ = chainBucket.ForEach(func(_, v []byte) error { old = append(old, slices.Clone(v)); return nil })
	c := &chain{head: genesis(segment)}
	for _, value := range old {
		l, ok := readLink(value, nil)
		if !ok {
			return ErrCorrupt
		}
		c.builder.begin(l.kind, l.event, l.heads)
		for _, r := range l.rows {
			if row := rows.Get(r.id[:]); row != nil {
				c.builder.add(r.id, leafOf(r.id, row))
			}
		}
		if err := c.put(tx); err != nil {
			return err
		}
	}
	return nil
}

// RewriteHead writes the head of a segment to limen.db, as a forger would.
func RewriteHead(dir, segment string) error {
	var h head
	db, err := bbolt.Open(filepath.Join(dir, verdictsName, segment), 0o600, nil)
	if err != nil {
		return err
	}
	err = db.View(func(tx *bbolt.Tx) (err error) { h, err = readHead(tx, segment); return err })
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if db, err = bbolt.Open(filepath.Join(dir, permanentName), 0o600, nil); err != nil {
		return err
	}
	defer db.Close()
	return db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketHeads).Put([]byte(segment), append(binary.AppendUvarint(nil, h.links), h.hash[:]...))
	})
}

// LeaveSegment makes a segment's file without telling limen.db, as a process does that
// is killed in between.
func (s *Store) LeaveSegment(start time.Time) error {
	g := &segment{path: filepath.Join(s.o.Dir, verdictsName, segmentName(start)), start: start, span: s.o.Span}
	if err := g.open(&s.o, true); err != nil {
		return err
	}
	g.close()
	return nil
}

// KnowsSegment reports whether limen.db knows a segment.
func (s *Store) KnowsSegment(name string) (bool, error) {
	known, _, err := s.permanent.heads()
	_, ok := known[name]
	return ok, err
}
