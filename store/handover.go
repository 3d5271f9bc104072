package store

import (
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"
)

// commitCounters writes the counters when no row took them along.
func (s *Store) commitCounters() {
	if !s.counters.dirty() {
		return
	}
	_, err := s.segmentFor(s.o.Clock()) // it names the segment that counts
	if err == nil && s.counting != nil {
		err = s.commitTo(s.counting, &batch{}, 0)
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
