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
			s.announce(g)
			s.activate(g, false)
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
	s.activate(g, true)
	// limen.db knows of a segment before it has rows, so that one that was slipped in
	// is told from one of ours.
	s.heads.unsaved[g.name()] = genesis(g.name())
	s.heads.known[g.name()] = true
	s.keepHeads()
	signal(s.sweepNow)
	return g, nil
}

// announce has limen.db know of a segment without rows that it does not know: a process
// that was killed between making the file and telling of it left one. Else the rows that
// this process writes to it would look slipped in, should it be killed before it saves
// the head.
func (s *Store) announce(g *segment) {
	name := g.name()
	if s.heads.known[name] {
		return
	}
	err := g.view(&s.o, func(tx *bbolt.Tx) error {
		h, err := readHead(tx, name)
		if err == nil && h.links == 0 {
			s.heads.unsaved[name] = h
		}
		return err
	})
	if err != nil {
		return // the commit to it says why
	}
	s.heads.known[name] = true
	s.keepHeads()
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
// when it is full, the second of its last row ends.
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

// activate makes g the active segment if it is the latest, and lets it take the
// counters. A new segment joins the list here, so that retention does not find it
// before it is active.
func (s *Store) activate(g *segment, isNew bool) {
	var before *segment
	s.mu.Lock()
	if isNew {
		s.segments = slices.Insert(s.segments, s.find(g.start)+1, g)
	}
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

// checkFull ends a segment's time early when it is full: with the second of its last
// row, which may lie ahead of a clock that was set back.
func (s *Store) checkFull(g *segment) {
	if g.size.Load() < s.limits.Load().segmentBytes || g.fullAt.Load() != 0 {
		return
	}
	last := max(s.o.Clock().Unix(), idTime(g.index.newest).Unix())
	g.fullAt.Store(last + 1)
}
