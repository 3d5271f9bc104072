package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"go.etcd.io/bbolt"
)

// bucketHeads, in limen.db, has the head of every segment's chain, as of at most
// headEvery ago: under the segment's name, uvarint number of links, 32 bytes hash.
// The segment's file is committed first, so it is never behind.
var bucketHeads = []byte("heads")

// keyFloor, in "meta" of limen.db, is the name of the newest segment that retention
// removed.
var keyFloor = []byte("chain_floor")

// heads are the chain heads that changed. Of the writer alone.
type heads struct {
	unsaved map[string]head // not yet in limen.db
	moved   map[string]head // not yet in a link of another segment
	known   map[string]bool // in limen.db, or on the way to it
}

func (h *heads) changed(segment string, to head) {
	if h.unsaved == nil {
		h.unsaved, h.moved = map[string]head{}, map[string]head{}
	}
	h.unsaved[segment], h.moved[segment] = to, to
}

// others returns the heads that a link of a segment is to mention.
func (h *heads) others(segment string) (out []chainHead) {
	for name, m := range h.moved {
		if name != segment {
			out = append(out, chainHead{name, m})
		}
	}
	slices.SortFunc(out, func(a, b chainHead) int { return compareNames(a.segment, b.segment) })
	return out
}

// mentioned takes note that a link has them.
func (h *heads) mentioned(heads []chainHead) {
	for _, m := range heads {
		delete(h.moved, m.segment)
	}
}

// compareNames orders names of segments by their start.
func compareNames(a, b string) int {
	s, _ := parseSegmentName(a)
	t, _ := parseSegmentName(b)
	return s.Compare(t)
}

// loadHeads has the first link that is written after a start mention the newest
// segment.
func (s *Store) loadHeads() error {
	known, _, err := s.permanent.heads()
	if err != nil {
		return err
	}
	newest := ""
	for name := range known {
		s.heads.known[name] = true
		if strings.HasSuffix(name, brokenSuffix) {
			continue
		}
		if newest == "" || compareNames(name, newest) > 0 {
			newest = name
		}
	}
	if newest != "" {
		s.heads.moved = map[string]head{newest: known[newest]}
		s.heads.unsaved = map[string]head{}
	}
	return nil
}

// saveHeads writes the heads that changed to limen.db.
func (s *Store) saveHeads() error {
	if len(s.heads.unsaved) == 0 {
		return nil
	}
	err := s.permanent.update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucketHeads)
		if err != nil {
			return err
		}
		for name, h := range s.heads.unsaved {
			if !s.hasSegment(name) { // retention removed it meanwhile
				continue
			}
			value := append(binary.AppendUvarint(nil, h.links), h.hash[:]...)
			if err := b.Put([]byte(name), value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store: keeping the heads of the hash chains: %w", err)
	}
	clear(s.heads.unsaved)
	return nil
}

func (s *Store) hasSegment(name string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.ContainsFunc(s.segments, func(g *segment) bool { return g.name() == name })
}

// dropHead takes note that retention removed a segment.
func (s *Store) dropHead(name string) error {
	return s.permanent.update(func(tx *bbolt.Tx) error {
		if b := tx.Bucket(bucketHeads); b != nil {
			if err := b.Delete([]byte(name)); err != nil {
				return err
			}
		}
		meta := tx.Bucket(bucketMeta)
		if floor := string(meta.Get(keyFloor)); floor == "" || compareNames(floor, name) < 0 {
			return meta.Put(keyFloor, []byte(name))
		}
		return nil
	})
}

// asideHead takes note that a damaged segment was set aside: another may begin in its
// place, under its name.
func (s *Store) asideHead(name string) error {
	return s.permanent.update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucketHeads)
		if err != nil {
			return err
		}
		h := b.Get([]byte(name))
		if h == nil {
			return nil
		}
		if err := b.Put([]byte(name+brokenSuffix), bytes.Clone(h)); err != nil {
			return err
		}
		return b.Delete([]byte(name))
	})
}

// heads returns the heads in limen.db, those of segments that were set aside under
// their name and brokenSuffix, and the newest segment that retention removed.
func (p *permanent) heads() (known map[string]head, floor string, err error) {
	known = map[string]head{}
	err = p.view(func(tx *bbolt.Tx) error {
		if meta := tx.Bucket(bucketMeta); meta != nil {
			floor = string(meta.Get(keyFloor))
		}
		b := tx.Bucket(bucketHeads)
		if b == nil {
			return nil
		}
		return b.ForEach(func(k, v []byte) error {
			links, rest, ok := takeUvarint(v)
			if !ok || len(rest) != sha256.Size {
				return fail(ErrCorrupt, "%s: the chain head of segment %s cannot be read", p.path, k)
			}
			known[string(k)] = head{links, [sha256.Size]byte(rest)}
			return nil
		})
	})
	return known, floor, err
}
