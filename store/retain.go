package store

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Times of the background work.
const (
	tendEvery = 15 * time.Second
	idleAfter = 10 * time.Minute // a segment that no one reads is closed
	maxOpen   = 1024             // and the longest unused when more than these are open
)

// tend removes old segments, closes idle ones and checks suspect ones.
func (s *Store) tend() {
	defer s.others.Done()
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	for {
		s.sweep()
		select {
		case <-tick.C:
		case <-s.sweepNow:
		case <-s.closing:
			return
		}
	}
}

// all returns the segments, oldest first.
func (s *Store) all() []*segment {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.segments)
}

func (s *Store) sweep() {
	for _, g := range s.all() {
		if g.suspect.Swap(false) && s.damaged(g) {
			s.setAside(g, ErrCorrupt)
		}
	}
	s.retain()
	s.closeIdle()
}

// victim is a file that retention may remove.
type victim struct {
	start time.Time
	end   time.Time
	size  int64
	path  string
	g     *segment // nil for a file that was set aside
}

// retain removes the oldest files until age and size are within bounds. It never
// removes the segment that is written to.
func (s *Store) retain() {
	l := s.limits.Load()
	if l.retain == 0 && l.maxSize == 0 {
		return
	}
	victims, total := s.victims(l.retain)
	limit := l.maxSize - min(16<<20, l.maxSize/8) // the active segment grows meanwhile
	oldest := s.o.Clock().Add(-l.retain)
	for _, v := range victims {
		why := ""
		switch {
		case l.retain > 0 && !v.end.After(oldest):
			why = "retain"
		case l.maxSize > 0 && total > limit:
			why = "max_size"
		default:
			return
		}
		if err := s.remove(v); err != nil {
			s.errors.Add(1)
			s.faults.failed(err)
			continue
		}
		total -= v.size
		s.log.Info().Str("segment", filepath.Base(v.path)).Int64("bytes", v.size).Str("limit", why).
			Msg("old verdict segment removed")
	}
}

// victims returns what may be removed, oldest first, and the bytes of all files.
func (s *Store) victims(retain time.Duration) (victims []victim, total int64) {
	total = fileSize(s.permanent.path)
	s.mu.RLock()
	segments := slices.Clone(s.segments)
	active, counting := s.active, s.counting
	s.mu.RUnlock()
	for i, g := range segments {
		total += g.size.Load()
		if g == active || g == counting || active == nil && i == len(segments)-1 {
			continue
		}
		victims = append(victims, victim{start: g.start, size: g.size.Load(), path: g.path, g: g})
	}
	if retain > 0 {
		// Only the first ones can be too old; the rest need no look into the file.
		for i := range victims {
			victims[i].end = s.end(victims[i].g)
			if victims[i].end.After(s.o.Clock().Add(-retain)) {
				break
			}
		}
	}
	for i := range victims {
		if victims[i].end.IsZero() {
			victims[i].end = victims[i].start.Add(s.o.Span)
		}
	}
	if s.broken.Load() > 0 {
		for _, v := range s.brokenFiles() {
			total += v.size
			victims = append(victims, v)
		}
	}
	slices.SortStableFunc(victims, func(a, b victim) int { return a.start.Compare(b.start) })
	return victims, total
}

// brokenFiles returns the files that were set aside.
func (s *Store) brokenFiles() (out []victim) {
	dir := filepath.Join(s.o.Dir, verdictsName)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		name, _, found := strings.Cut(e.Name(), brokenSuffix)
		start, ok := parseSegmentName(name)
		if !found || !ok {
			continue
		}
		path := filepath.Join(dir, e.Name())
		out = append(out, victim{start: start, end: start.Add(s.o.Span), size: fileSize(path), path: path})
	}
	slices.SortFunc(out, func(a, b victim) int { return cmp.Compare(a.path, b.path) })
	return out
}

func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// remove deletes a file, once what outlives it is in the permanent file. A segment
// whose labelled rows could not be copied stays.
func (s *Store) remove(v victim) error {
	if v.g == nil {
		if err := os.Remove(v.path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		s.broken.Add(-1)
		name, _, _ := strings.Cut(filepath.Base(v.path), brokenSuffix)
		if s.hasSegment(name) {
			return nil // a new one began in its place
		}
		return s.dropHead(name)
	}
	err := s.keepLabelled(v.g)
	switch {
	case errors.Is(err, ErrCorrupt):
		s.readFailed(v.g, err) // it is set aside first
		return err
	case err != nil && !errors.Is(err, errGone) && !errors.Is(err, ErrSchema):
		return fmt.Errorf("store: keeping the labelled rows of segment %s: %w", v.g.name(), err)
	}
	if !s.unlist(v.g) {
		return nil
	}
	v.g.retire()
	if err := os.Remove(v.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// limits are what SetLimits changes.
type limits struct {
	retain       time.Duration
	maxSize      int64
	segmentBytes int64
}

// SetLimits changes Options.Retain and Options.MaxSize of an open store; they take
// effect at once. SegmentBytes follows MaxSize as in [Open].
func (s *Store) SetLimits(retain time.Duration, maxSize int64) error {
	o := s.asked
	o.Retain, o.MaxSize = retain, maxSize
	if err := o.complete(); err != nil {
		return err
	}
	s.limits.Store(&limits{o.Retain, o.MaxSize, o.SegmentBytes})
	signal(s.sweepNow)
	return nil
}

// closeIdle closes segments that were not used for a while, but for the active one.
// Opening one takes a fraction of a millisecond, and a listing over months may need
// hundreds; an open one costs a file handle.
func (s *Store) closeIdle() {
	s.mu.RLock()
	active := s.active
	s.mu.RUnlock()
	open := slices.DeleteFunc(s.all(), func(g *segment) bool { return g == active || !g.isOpen() })
	slices.SortFunc(open, func(a, b *segment) int { return cmp.Compare(b.used.Load(), a.used.Load()) })
	old := time.Now().Add(-idleAfter).UnixNano()
	for i, g := range open {
		if i >= maxOpen || g.used.Load() < old {
			g.shut()
		}
	}
}

// unlist takes a segment off the list and its head out of limen.db: verify sees both or
// neither, and so does not take the segment for one that somebody removed.
func (s *Store) unlist(g *segment) bool {
	s.unlisting.Lock()
	defer s.unlisting.Unlock()
	s.mu.Lock()
	i := slices.Index(s.segments, g)
	if i < 0 || g == s.active || g == s.counting {
		s.mu.Unlock()
		return false
	}
	s.segments = slices.Delete(s.segments, i, i+1)
	s.mu.Unlock()
	if err := s.dropHead(g.name()); err != nil {
		s.errors.Add(1)
		s.faults.failed(err)
	}
	return true
}
