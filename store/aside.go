package store

import (
	"errors"
	"os"
	"slices"
)

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
	if headErr := s.asideHead(g.name()); headErr != nil {
		s.errors.Add(1)
		s.faults.failed(headErr)
	}
	s.broken.Add(1)
	s.log.Error().Err(cause).AnErr("rename", err).Str("segment", g.name()).Str("moved_to", to).
		Msg("a verdict segment is damaged and was set aside; its rows are not in queries, everything else goes on")
}

// readFailed has a segment checked that could not be read.
func (s *Store) readFailed(g *segment, err error) {
	if errors.Is(err, ErrCorrupt) && !s.o.ReadOnly {
		g.suspect.Store(true)
		signal(s.sweepNow)
	}
}
