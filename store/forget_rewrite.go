package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// rewriteSuffix ends the name of a segment's new file until it is whole.
const rewriteSuffix = ".rewrite"

// rewrite copies a segment to a new file and puts that in its place: bbolt leaves what
// was deleted in free pages. It runs in the writer, so that no commit comes between;
// rows wait in the queue meanwhile (a segment of 256 MiB takes about a second).
func (s *Store) rewrite(g *segment) error {
	to := g.path + rewriteSuffix
	_ = os.Remove(to)
	err := g.with(&s.o, true, func(src *bbolt.DB) error {
		o := boltOptions(&s.o, false)
		o.NoSync = true // once, at the end
		dst, err := openBolt(to, o)
		if err != nil {
			return err
		}
		err = bbolt.Compact(dst, src, 8<<20)
		if err == nil && !s.o.noSync {
			err = dst.Sync()
		}
		return errors.Join(err, dst.Close())
	})
	if errors.Is(err, errGone) {
		return nil
	}
	if err == nil {
		err = g.replace(to)
	}
	if err != nil {
		_ = os.Remove(to)
		return fmt.Errorf("store: writing segment %s anew, without what was forgotten: %w", g.name(), err)
	}
	g.index, g.chain = nil, nil
	g.stat()
	return nil
}

// replace puts another file in the place of the segment's.
func (g *segment) replace(path string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.gone {
		return os.Remove(path)
	}
	g.close()
	if err := os.Rename(path, g.path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(g.path))
}
