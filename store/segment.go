package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
)

// Buckets of a segment. "chain" and "forgotten" are in chain.go.
var (
	bucketMeta     = []byte("meta")
	bucketRows     = []byte("rows")
	bucketZones    = []byte("zones")
	bucketCounters = []byte("counters")
)

// Keys of the bucket "meta".
var (
	keySchema = []byte("schema") // uvarint
	keySpan   = []byte("span")   // uvarint, seconds
)

// segmentSchema is the version of a segment's layout. Version 1 had no hash chain: a
// file of it is read as it is, and gets its chain when it is next written to. Version
// actSchema is that of a segment with rows of calls (act_row.go), and of no other.
const segmentSchema = 2

// segment is one file of verdicts: those whose ID lies at or after its start and
// before its end, which is the next segment's start or its own span's end. The
// file is opened when it is needed, for writing only when something is written,
// and may be closed in between.
type segment struct {
	path  string
	start time.Time

	size    atomic.Int64 // of the file
	used    atomic.Int64 // time of the last use, for closing
	fullAt  atomic.Int64 // Unix time at which it ends because it is full, or 0
	suspect atomic.Bool  // a read failed; the file is to be checked

	// mu is held for reading while db is in use and for writing while it changes.
	mu       sync.RWMutex
	db       *bbolt.DB
	writable bool
	gone     bool // removed or set aside
	hung     bool // bbolt did not let go of a handle
	span     time.Duration

	checked checkedZones // while db is open

	// Of the writer alone.
	index   *index
	chain   *chain
	strikes int
}

const (
	layoutMinutes = "20060102T1504Z"
	layoutSeconds = "20060102T150405Z" // where a segment was full before its time
	segmentSuffix = ".db"
	brokenSuffix  = ".broken"
)

func segmentName(start time.Time) string {
	layout := layoutMinutes
	if start.Second() != 0 {
		layout = layoutSeconds
	}
	return start.UTC().Format(layout) + segmentSuffix
}

// parseSegmentName returns the start that a file name says.
func parseSegmentName(name string) (time.Time, bool) {
	base, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok {
		return time.Time{}, false
	}
	for _, layout := range []string{layoutMinutes, layoutSeconds} {
		if t, err := time.Parse(layout, base); err == nil && segmentName(t) == name {
			return t, true
		}
	}
	return time.Time{}, false
}

func (g *segment) name() string { return filepath.Base(g.path) }

// boltOptions are those of every file. The list of free pages is kept on disk:
// rows are only added, so it stays short, and a file opens without being read
// from end to end.
func boltOptions(o *Options, readOnly bool) *bbolt.Options {
	return &bbolt.Options{
		Timeout:      o.LockTimeout,
		ReadOnly:     readOnly,
		FreelistType: bbolt.FreelistMapType,
		NoStatistics: true,
		NoSync:       o.noSync,
		NoGrowSync:   o.noSync,
	}
}

// reserve is the address space that a segment is mapped into when it is opened
// for writing: a file that outgrows its map waits for all readers. It costs no
// memory, but on Windows it would cost disk.
const reserve = 512 << 20

// open opens the file, for writing if write.
func (g *segment) open(o *Options, write bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.gone {
		return errGone
	}
	if g.db != nil {
		if g.writable || !write {
			return nil
		}
		g.close()
	}
	bo := boltOptions(o, !write)
	if write && runtime.GOOS != "windows" && ^uint(0)>>32 != 0 {
		bo.InitialMmapSize = reserve
	}
	db, err := openBolt(g.path, bo)
	if err != nil {
		return err
	}
	// Files grow by this much. Most segments of a quiet site stay small.
	db.AllocSize = 1 << 20
	if err := g.checkMeta(db, o, write); err != nil {
		closeBolt(db)
		return err
	}
	g.db, g.writable = db, write
	return nil
}

// checkMeta checks the file's version and reads its span, or writes both into
// a new one.
func (g *segment) checkMeta(db *bbolt.DB, o *Options, write bool) error {
	if err := checkLength(db); err != nil {
		return err
	}
	isNew, isOld := false, false
	err := guard(g.path, func() error {
		return db.View(func(tx *bbolt.Tx) error {
			meta := tx.Bucket(bucketMeta)
			if isNew = meta == nil; isNew {
				g.span = o.Span
				return nil
			}
			n, _ := binary.Uvarint(meta.Get(keySchema))
			if n > actSchema {
				return schemaError(g.path, n, actSchema)
			}
			isOld = n < segmentSchema
			seconds, _ := binary.Uvarint(meta.Get(keySpan))
			g.span = time.Duration(seconds) * time.Second
			return nil
		})
	})
	if err != nil || !isNew && !isOld || !write {
		return err
	}
	return guard(g.path, func() error {
		return db.Update(func(tx *bbolt.Tx) error {
			for _, name := range [][]byte{bucketMeta, bucketRows, bucketZones, bucketCounters, bucketChain, bucketForgotten} {
				if _, err := tx.CreateBucketIfNotExists(name); err != nil {
					return err
				}
			}
			meta := tx.Bucket(bucketMeta)
			if isOld {
				if err := adopt(tx, g.name()); err != nil {
					return err
				}
				return meta.Put(keySchema, binary.AppendUvarint(nil, segmentSchema))
			}
			if err := meta.Put(keySpan, binary.AppendUvarint(nil, uint64(o.Span/time.Second))); err != nil {
				return err
			}
			return meta.Put(keySchema, binary.AppendUvarint(nil, segmentSchema))
		})
	})
}

func schemaError(path string, have, want uint64) error {
	return fail(ErrSchema, "%s has schema %d, this Limen reads up to %d: update Limen, or start it with another data folder", path, have, want)
}

// errGone says that the segment is no longer part of the store.
var errGone = errors.New("store: segment was removed")

// view runs fn in a read transaction. fn may see no bucket in a file whose first
// commit did not happen.
func (g *segment) view(o *Options, fn func(*bbolt.Tx) error) error {
	return g.with(o, false, func(db *bbolt.DB) error { return db.View(fn) })
}

// update runs fn in a write transaction.
func (g *segment) update(o *Options, fn func(*bbolt.Tx) error) error {
	return g.with(o, true, func(db *bbolt.DB) error {
		if g.size.Load() > 16<<20 {
			db.AllocSize = 8 << 20
		}
		return db.Update(fn)
	})
}

func (g *segment) with(o *Options, write bool, fn func(*bbolt.DB) error) error {
	g.used.Store(time.Now().UnixNano())
	for {
		g.mu.RLock()
		if g.gone {
			g.mu.RUnlock()
			return errGone
		}
		if g.db != nil && (g.writable || !write) {
			break
		}
		g.mu.RUnlock()
		if err := g.open(o, write); err != nil {
			return err
		}
	}
	defer g.mu.RUnlock()
	return guard(g.path, func() error { return fn(g.db) })
}

// stat refreshes size.
func (g *segment) stat() {
	if info, err := os.Stat(g.path); err == nil {
		g.size.Store(info.Size())
	}
}

// close closes the file. mu is held for writing.
func (g *segment) close() {
	if g.db != nil {
		g.checked.reset()
		g.hung = !closeBolt(g.db) || g.hung
		g.db = nil
	}
}

// shut closes the file until it is needed again.
func (g *segment) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.close()
}

func (g *segment) isOpen() bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.db != nil
}

func (g *segment) isHung() bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.hung
}

// retire closes the file for good.
func (g *segment) retire() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.close()
	g.gone = true
}

// closeBolt closes db. After a panic inside bbolt a lock of its own may be held
// for ever; then the handle is given up, and the result is false.
func closeBolt(db *bbolt.DB) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = guard(db.Path(), db.Close)
	}()
	select {
	case <-done:
		return true
	case <-time.After(2 * time.Second):
		return false
	}
}

// spanEnd returns the end of the span that the segment was begun for.
func (g *segment) spanEnd(o *Options) time.Time {
	g.mu.RLock()
	span := g.span
	g.mu.RUnlock()
	if span == 0 {
		// Opened for the first time: the file says. One that cannot be opened
		// counts as of today's span.
		_ = g.view(o, func(*bbolt.Tx) error { return nil })
		g.mu.RLock()
		span = g.span
		g.mu.RUnlock()
		if span == 0 {
			span = o.Span
		}
	}
	return g.start.Truncate(span).Add(span)
}

// brokenPath returns a free name for the file to be set aside under.
func brokenPath(path string) string {
	name := path + brokenSuffix
	for i := 2; ; i++ {
		if _, err := os.Lstat(name); err != nil {
			return name
		}
		name = fmt.Sprintf("%s%s.%d", path, brokenSuffix, i)
	}
}
