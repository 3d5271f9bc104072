package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

// rowFill is how full a page of rows is left. Rows come nearly in order.
const rowFill = 0.95

// countEvery is how often counters are written when no row is.
const countEvery = time.Second

// dropEvery is the number of commits after which the pages they touched are let go of.
const dropEvery = 64

// Waits between attempts to write a batch that failed.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 5 * time.Second
)

// write is the writer: it takes what is queued, at latest CommitEvery after the
// first row, and commits it in one transaction per segment.
func (s *Store) write() {
	defer close(s.done)
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.queue.ready:
			s.gather()
			s.commitBatch(s.queue.take())
		case <-tick.C:
			s.commitCounters()
			s.faults.report(s, false)
			continue
		case <-s.closing:
			s.drain()
			return
		}
		s.faults.report(s, false)
	}
}

// gather lets more rows come in.
func (s *Store) gather() {
	timer := time.NewTimer(s.o.CommitEvery)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.queue.now:
	case <-s.closing:
	}
}

// drain writes what is left. The queue takes no more.
func (s *Store) drain() {
	for {
		b := s.queue.take()
		if len(b.entries) == 0 && len(b.waiters) == 0 {
			break
		}
		s.commitBatch(b)
	}
	s.commitCounters()
}

// commitBatch writes the batch, however long it takes, or until Close abandons it.
// Rows stay in memory meanwhile, and what comes when the queue is full is
// dropped: the request path never waits for a disk.
func (s *Store) commitBatch(b *batch) {
	defer b.reset()
	order(b)
	retry := firstRetry
	for {
		err := s.commit(b)
		b.tellWaiters(err)
		if err == nil {
			return
		}
		s.queue.tellWaiters(err) // they would wait for as long as the fault lasts
		s.errors.Add(1)
		s.faults.failed(err)
		s.faults.report(s, false)
		timer := time.NewTimer(retry)
		select {
		case <-timer.C:
		case <-s.abandon:
			timer.Stop()
			s.dropped.Add(uint64(len(b.entries)))
			return
		}
		retry = min(2*retry, lastRetry)
	}
}

// order sorts the entries by ID. Of two with the same ID the first stays.
func order(b *batch) {
	byID := func(a, b entry) int { return a.id.Compare(b.id) }
	if !slices.IsSortedFunc(b.entries, byID) {
		slices.SortStableFunc(b.entries, byID)
	}
	b.entries = slices.CompactFunc(b.entries, func(a, b entry) bool { return a.id == b.id })
}

// commit writes the entries of b and takes those that are written off it.
func (s *Store) commit(b *batch) error {
	for len(b.entries) > 0 {
		g, err := s.segmentFor(idTime(b.entries[0].id))
		if err != nil {
			return err
		}
		n := s.reach(g, b.entries)
		err = s.commitTo(g, b, n)
		switch {
		case errors.Is(err, errGone):
			continue // retention took it a moment ago; look for another
		case errors.Is(err, ErrSchema):
			// A newer Limen began this segment before a downgrade. No attempt will
			// help, and the other rows must not wait for these.
			s.dropped.Add(uint64(n))
			s.faults.failed(err)
		case err != nil:
			return err
		default:
			s.written.Add(uint64(n))
		}
		b.entries = slices.Delete(b.entries, 0, n)
	}
	return nil
}

// reach returns how many of the entries, the first of which belongs to g, belong to
// g, within one commit.
func (s *Store) reach(g *segment, entries []entry) int {
	end := idFloor(s.end(g))
	n, bytes := 1, 0
	for n < len(entries) && n < 4*s.o.CommitRows && entries[n].id.Compare(end) < 0 && bytes < 32<<20 {
		bytes += entries[n].hi - entries[n].lo
		n++
	}
	return n
}

// commitTo writes the first n entries to g, with the counters if g takes them.
func (s *Store) commitTo(g *segment, b *batch, n int) error {
	begin := time.Now()
	counted := func() {}
	err := g.update(&s.o, func(tx *bbolt.Tx) (err error) {
		if g.index == nil {
			if g.index, err = loadIndex(tx, s.o.zoneRows); err != nil {
				return err
			}
		}
		if err := putRows(tx, g.index, b, n); err != nil {
			return err
		}
		if g == s.counting {
			counted, err = s.counters.put(tx.Bucket(bucketCounters))
		}
		return err
	})
	if err != nil {
		g.index = nil // it may be ahead of the file
		s.writeFailed(g, err)
		return err
	}
	counted()
	g.strikes = 0
	if s.commits.Add(1)%dropEvery == 0 {
		_ = g.view(&s.o, func(tx *bbolt.Tx) error { dropResident(tx); return nil })
	}
	s.commitTime.Store(int64(time.Since(begin)))
	if s.grown(g) {
		signal(s.sweepNow)
	}
	return nil
}

// putRows puts the first n entries of b. A row that is there already stays: rows are
// written once.
func putRows(tx *bbolt.Tx, x *index, b *batch, n int) error {
	rows := tx.Bucket(bucketRows)
	rows.FillPercent = rowFill
	marks := make([]rowMarks, 0, n)
	for i := range b.entries[:n] {
		e := &b.entries[i]
		row := b.row(i)
		if e.id.Compare(x.newest) <= 0 && rows.Get(e.id[:]) != nil {
			continue
		}
		r, err := x.marks(e.id, row)
		if err != nil {
			return err
		}
		if err := rows.Put(e.id[:], row); err != nil {
			return err
		}
		marks = append(marks, r)
	}
	return x.add(tx, marks)
}

// grown refreshes a segment's size and reports whether it changed.
func (s *Store) grown(g *segment) bool {
	before := g.size.Load()
	g.stat()
	return g.size.Load() != before
}

// writeFailed closes a segment whose commit failed, so that the next attempt begins
// from what is on disk. A damaged one is set aside, and the rows go to a new one.
func (s *Store) writeFailed(g *segment, err error) {
	if errors.Is(err, errGone) || errors.Is(err, ErrSchema) {
		return
	}
	g.shut()
	if errors.Is(err, ErrCorrupt) {
		g.strikes++
	}
	if g.strikes > 1 || g.isHung() || errors.Is(err, ErrCorrupt) && s.damaged(g) {
		s.setAside(g, err)
	}
}

// damaged reads the whole segment.
func (s *Store) damaged(g *segment) bool {
	err := g.with(&s.o, false, walk)
	return err != nil && errors.Is(err, ErrCorrupt)
}

// setAside renames a damaged file and goes on without it.
func (s *Store) setAside(g *segment, cause error) {
	s.mu.Lock()
	i := slices.Index(s.segments, g)
	if i < 0 {
		s.mu.Unlock()
		return
	}
	s.segments = slices.Delete(s.segments, i, i+1)
	if s.active == g {
		s.active = nil
	}
	s.mu.Unlock()
	g.retire()
	to := brokenPath(g.path)
	err := os.Rename(g.path, to)
	s.broken.Add(1)
	s.log.Error().Err(cause).AnErr("rename", err).Str("segment", g.name()).Str("moved_to", to).
		Msg("a verdict segment is damaged and was set aside; its rows are not in queries, everything else goes on")
}

// segmentFor returns the segment for rows of time t, a new one if need be.
func (s *Store) segmentFor(t time.Time) (*segment, error) {
	s.mu.RLock()
	var g *segment
	if i := s.find(t); i >= 0 {
		g = s.segments[i]
	}
	s.mu.RUnlock()
	start := t.Truncate(s.o.Span)
	if g != nil {
		end := s.end(g)
		if t.Before(end) {
			s.activate(g, t)
			return g, nil
		}
		if start.Before(end) {
			start = end
		}
	}
	g = &segment{path: filepath.Join(s.o.Dir, verdictsName, segmentName(start)), start: start, span: s.o.Span}
	if err := g.open(&s.o, true); err != nil {
		if errors.Is(err, ErrCorrupt) { // left there by a process that ended while it made it
			if err := os.Rename(g.path, brokenPath(g.path)); err == nil {
				s.broken.Add(1)
			}
		}
		return nil, err
	}
	g.stat()
	s.mu.Lock()
	s.segments = slices.Insert(s.segments, s.find(start)+1, g)
	s.mu.Unlock()
	signal(s.sweepNow)
	s.activate(g, t)
	return g, nil
}

// find returns the index of the last segment that starts at or before t, or -1. mu
// is held.
func (s *Store) find(t time.Time) int {
	i, found := slices.BinarySearchFunc(s.segments, t, func(g *segment, t time.Time) int { return g.start.Compare(t) })
	if !found {
		i--
	}
	return i
}

// end returns where g's time ends: where the next segment begins, its span ends, or,
// when it is full, the next full second.
func (s *Store) end(g *segment) time.Time {
	end := g.spanEnd(&s.o)
	s.mu.RLock()
	if i := slices.Index(s.segments, g); i >= 0 && i+1 < len(s.segments) {
		if next := s.segments[i+1].start; next.Before(end) {
			end = next
		}
	}
	s.mu.RUnlock()
	if full := g.fullAt.Load(); full != 0 && time.Unix(full, 0).Before(end) {
		end = time.Unix(full, 0).UTC()
	}
	return end
}

// activate makes g the active segment if it is that of the present, notes when it is
// full, and lets it take the counters.
func (s *Store) activate(g *segment, t time.Time) {
	if g.fullAt.Load() == 0 && g.size.Load() >= s.o.SegmentBytes {
		// Rows up to now may be in it, so its time ends with the second.
		now := s.o.Clock()
		if t.After(now) {
			now = t
		}
		g.fullAt.Store(now.Unix() + 1)
	}
	var before *segment
	s.mu.Lock()
	if s.active == nil || s.active.start.Before(g.start) {
		s.active = g
		if i := slices.Index(s.segments, g); i > 0 {
			before = s.segments[i-1]
		}
	}
	isActive, counting := s.active == g, s.counting
	s.mu.Unlock()

	var err error
	if before != nil {
		err = s.seal(before)
	}
	if isActive && counting != g {
		err = errors.Join(err, s.handOver(g))
	}
	if err != nil { // neither keeps a row from being written
		s.errors.Add(1)
		s.faults.failed(err)
	}
}

// seal makes zones of all rows of a segment that is no longer active.
func (s *Store) seal(g *segment) error {
	index := g.index
	g.index = nil
	sealed, err := false, error(nil)
	if index == nil {
		sealed, err = s.isSealed(g)
	}
	if !sealed && err == nil {
		err = g.update(&s.o, func(tx *bbolt.Tx) (err error) {
			if index == nil {
				if index, err = loadIndex(tx, s.o.zoneRows); err != nil {
					return err
				}
			}
			return index.seal(tx)
		})
	}
	if err == nil || errors.Is(err, errGone) || errors.Is(err, ErrSchema) {
		return nil // removed by now, or none of ours
	}
	s.writeFailed(g, err)
	return fmt.Errorf("store: sealing segment %s: %w", g.name(), err)
}

// isSealed reports whether the last row of g is in a zone.
func (s *Store) isSealed(g *segment) (done bool, err error) {
	err = g.view(&s.o, func(tx *bbolt.Tx) error {
		rows, zones := tx.Bucket(bucketRows), tx.Bucket(bucketZones)
		if rows == nil {
			done = true
			return nil
		}
		row, _ := rows.Cursor().Last()
		zone, _ := zones.Cursor().Last()
		done = bytes.Compare(row, zone) <= 0
		return nil
	})
	return done, err
}

// commitCounters writes the counters when no row took them along.
func (s *Store) commitCounters() {
	if !s.counters.dirty() {
		return
	}
	g, err := s.segmentFor(s.o.Clock())
	if err == nil && s.counting != nil {
		g = s.counting
		err = s.commitTo(g, &batch{}, 0)
	}
	if err != nil {
		s.errors.Add(1)
		s.faults.failed(err)
	}
}

// handOver lets g take the counters: what was counted so far moves to the permanent
// file. Until that is done the segment before goes on taking them.
func (s *Store) handOver(g *segment) error {
	own := map[counterKey]uint64{}
	err := g.view(&s.o, func(tx *bbolt.Tx) error {
		return readCounters(tx.Bucket(bucketCounters), func(k counterKey, n uint64) { own[k] = n })
	})
	if err != nil {
		return err
	}
	// The sum of both parts is what is on disk now: committed totals. g's own
	// part, from an earlier turn, is taken off so that it does not count twice.
	base := map[counterKey]uint64{}
	s.counters.each(func(k counterKey, n *counter) { base[k] = n.written - min(own[k], n.written) })
	if err := s.permanent.putCounts(g.name(), base); err != nil {
		return fmt.Errorf("store: handing the counters over to %s: %w", g.name(), err)
	}
	s.counters.each(func(k counterKey, n *counter) { n.base = base[k] })
	s.mu.Lock()
	s.counting = g
	s.mu.Unlock()
	return nil
}

// loadCounters sums up both parts of the counters.
func (s *Store) loadCounters() error {
	counting, err := s.permanent.counts(func(k counterKey, n uint64) {
		c := s.counters.get(k)
		c.base = n
		c.total.Add(n)
	})
	if err != nil {
		return err
	}
	i := slices.IndexFunc(s.segments, func(g *segment) bool { return g.name() == counting })
	if i >= 0 {
		g := s.segments[i]
		err = g.view(&s.o, func(tx *bbolt.Tx) error {
			return readCounters(tx.Bucket(bucketCounters), func(k counterKey, n uint64) {
				s.counters.get(k).total.Add(n)
			})
		})
		if err != nil {
			// Only the decisions of its own time are lost with it.
			s.log.Warn().Err(err).Msg("reading the counters of the last segment")
			if errors.Is(err, ErrCorrupt) && !s.o.ReadOnly {
				s.setAside(g, err)
			}
		} else {
			s.counting = g
		}
	}
	s.counters.each(func(_ counterKey, n *counter) { n.written = n.total.Load() })
	return nil
}
