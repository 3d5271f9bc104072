package store

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"
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
			s.keepHeads()
			s.faults.report(s, false)
			continue
		case job := <-s.jobs:
			job.done <- job.run()
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
	s.keepHeads()
}

// keepHeads saves the heads of the chains. A failure is counted and tried again.
func (s *Store) keepHeads() {
	if err := s.saveHeads(); err != nil {
		s.errors.Add(1)
		s.faults.failed(err)
	}
}

// job is work that only the writer may do, between two commits.
type job struct {
	run  func() error
	done chan error // of capacity one
}

// inWriter has the writer run fn and returns what it returns.
func (s *Store) inWriter(ctx context.Context, fn func() error) error {
	j := job{fn, make(chan error, 1)}
	select {
	case s.jobs <- j:
		return <-j.done
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return ErrClosed
	}
}

// commitBatch writes the batch, however long it takes, or until Close abandons it.
// Rows stay in memory meanwhile, and what comes when the queue is full is
// dropped: the request path never waits for a disk.
func (s *Store) commitBatch(b *batch) {
	defer s.queue.back(b)
	order(b)
	s.finish(b)
	retry := firstRetry
	for {
		err := s.commit(b)
		if err == nil {
			b.tellWaiters(b.lost)
			return
		}
		b.tellWaiters(err)
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
			b.lost = err
		case err != nil:
			return err
		default:
			s.written.Add(uint64(n))
		}
		b.entries = slices.Delete(b.entries, 0, n)
		b.leaves = slices.Delete(b.leaves, 0, n)
	}
	return nil
}

// reach returns how many of the entries, the first of which belongs to g, belong to
// g, within one commit.
func (s *Store) reach(g *segment, entries []entry) int {
	end := idFloor(s.end(g))
	n, bytes := 1, 0
	for n < len(entries) && n < 4*s.o.CommitRows && entries[n].id.Compare(end) < 0 && bytes < 32<<20 {
		bytes += len(entries[n].whole)
		n++
	}
	return n
}

// commitTo writes the first n entries to g, with the counters if g takes them.
func (s *Store) commitTo(g *segment, b *batch, n int) error {
	begin := time.Now()
	counted := func() {}
	heads := s.heads.others(g.name())
	err := g.update(&s.o, func(tx *bbolt.Tx) (err error) {
		if g.index == nil {
			if g.index, err = loadIndex(tx, s.o.zoneRows); err != nil {
				return err
			}
		}
		if g.chain == nil {
			if g.chain, err = loadChain(tx, g.name()); err != nil {
				return err
			}
		}
		g.chain.builder.begin(linkRows, ulid.ULID{}, heads)
		if err := putRows(tx, g.index, g.chain, b, n); err != nil {
			return err
		}
		if g.chain.builder.n > 0 {
			if err := g.chain.put(tx); err != nil {
				return err
			}
		}
		if g == s.counting {
			counted, err = s.counters.put(tx.Bucket(bucketCounters))
		}
		return err
	})
	if err != nil {
		g.index, g.chain = nil, nil // they may be ahead of the file
		s.writeFailed(g, err)
		return err
	}
	counted()
	g.strikes = 0
	if g.chain.builder.n > 0 {
		s.heads.mentioned(heads)
		s.heads.changed(g.name(), g.chain.head)
	}
	if s.commits.Add(1)%dropEvery == 0 {
		_ = g.view(&s.o, func(tx *bbolt.Tx) error { dropResident(tx); return nil })
	}
	s.commitTime.Store(int64(time.Since(begin)))
	if s.grown(g) {
		signal(s.sweepNow)
		s.checkFull(g)
	}
	return nil
}

// putRows puts the first n entries of b. A row that is there already stays: rows are
// written once.
func putRows(tx *bbolt.Tx, x *index, c *chain, b *batch, n int) error {
	rows, forgotten := tx.Bucket(bucketRows), tx.Bucket(bucketForgotten)
	rows.FillPercent = rowFill
	marks := x.scratch[:0]
	for i := range b.entries[:n] {
		e := &b.entries[i]
		row := e.row()
		if isAct(row) {
			put, err := putAct(tx, x, e.id, row)
			if err != nil {
				return err
			}
			if put {
				c.builder.add(e.id, b.leaves[i])
			}
			continue
		}
		if e.id.Compare(x.newest) <= 0 && (rows.Get(e.id[:]) != nil || forgotten.Get(e.id[:]) != nil) {
			continue
		}
		r, err := x.marks(e.id, row)
		if err != nil {
			return err
		}
		if err := rows.Put(e.id[:], row); err != nil {
			return err
		}
		c.builder.add(e.id, b.leaves[i])
		marks = append(marks, r)
	}
	x.scratch = marks
	return x.add(tx, marks)
}

// putAct puts the row of a call, unless it is there or forgotten.
func putAct(tx *bbolt.Tx, x *index, id ulid.ULID, row []byte) (put bool, err error) {
	acts, err := actsBucket(tx)
	if err != nil {
		return false, err
	}
	if acts.Get(id[:]) != nil || tx.Bucket(bucketForgotten).Get(id[:]) != nil {
		return false, nil
	}
	acts.FillPercent = rowFill
	if x.newest.Compare(id) < 0 {
		x.newest = id
	}
	return true, acts.Put(bytes.Clone(id[:]), row)
}

// grown refreshes a segment's size and reports whether it changed.
func (s *Store) grown(g *segment) bool {
	before := g.size.Load()
	g.stat()
	return g.size.Load() != before
}
