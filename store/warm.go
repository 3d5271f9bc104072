package store

import (
	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// indexDamaged tells once of a segment whose index was damaged on the disk in some
// zones. Nothing is lost with them but time: their rows are read one by one.
func (s *Store) indexDamaged(g *segment, zones int) {
	if zones == 0 {
		return
	}
	if _, told := s.damagedIndexes.LoadOrStore(g.path, struct{}{}); told {
		return
	}
	s.errors.Add(1)
	s.log.Warn().Str("segment", g.name()).Int("zones", zones).
		Msg("the index of a verdict segment does not match its check sums: queries read the rows in its place and are slower; the disk may be failing")
}

// warmBytes bounds how much of the index is read after opening, about 12 million rows.
const warmBytes = 256 << 20

// warmZones is how many zones one transaction of warm reads.
const warmZones = 64

// Warmed is closed when the index was read once, which begins with Open, so that it is
// in the system's cache. Queries are answered before, too.
func (s *Store) Warmed() <-chan struct{} { return s.warmed }

// warm reads the index of the segments, the newest first, and checks it.
func (s *Store) warm() {
	defer s.others.Done()
	defer close(s.warmed)
	left := warmBytes
	segments := s.all()
	for i := len(segments) - 1; i >= 0 && left > 0; i-- {
		segments[i].checked.renew()
		w := warming{left: left, checked: &segments[i].checked}
		for !w.through && w.left > 0 && !s.closed() {
			if segments[i].view(&s.o, w.read) != nil {
				break // whoever asks for a row there is told
			}
		}
		left = w.left
		s.indexDamaged(segments[i], w.damaged)
	}
}

// warming is the state of the reading of one segment's index.
type warming struct {
	left    int    // bytes
	from    []byte // key of the zone to go on with
	through bool
	checked *checkedZones
	damaged int
}

// read reads some zones and their columns.
func (w *warming) read(tx *bbolt.Tx) error {
	zones, columns := tx.Bucket(bucketZones), tx.Bucket(bucketColumns)
	if zones == nil {
		w.through = true
		return nil
	}
	c := zones.Cursor()
	k, value := c.Seek(w.from)
	for n := 0; k != nil && n < warmZones; n++ {
		w.left -= len(value)
		key, err := zoneKey(k)
		if err != nil {
			return err
		}
		if z, ok := readZone(value); ok && !w.checked.zoneWhole(key, &z) {
			w.damaged++
		}
		if columns != nil {
			b := columns.Get(k)
			w.left -= len(b)
			w.columns(key, b)
		}
		k, value = c.Next()
	}
	if k == nil {
		w.through = true
		dropResident(tx) // it stays in the system's cache
	}
	w.from = append(w.from[:0], k...)
	return nil
}

func (w *warming) columns(key ulid.ULID, b []byte) {
	v, ok := readColumns(b, w.checked.get(key))
	for column := colKind; ok && column < colCheck; column++ {
		v.column(column)
	}
	w.checked.columnsChecked(key, &v)
	if v.broken {
		w.damaged++
	}
}
