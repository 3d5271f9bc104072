package store

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync/atomic"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// guard runs fn, which works on the database at path, and turns a panic into
// ErrCorrupt: bbolt panics on damaged pages. A page beyond the end of a file that
// was cut short is a memory fault, which ends the process unless the goroutine
// asks for a panic in its place.
func guard(path string, fn func() error) (err error) {
	old := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(old)
	defer func() {
		if r := recover(); r != nil {
			err = fail(ErrCorrupt, "%s is damaged: %v", path, r)
		}
	}()
	return fn()
}

// openBolt opens a bbolt file with errors of this package.
func openBolt(path string, o *bbolt.Options) (db *bbolt.DB, err error) {
	err = guard(path, func() error {
		db, err = bbolt.Open(path, 0o600, o)
		return err
	})
	switch {
	case err == nil:
		return db, nil
	case errors.Is(err, ErrCorrupt):
		return nil, err
	case errors.Is(err, berrors.ErrTimeout):
		return nil, lockedError(path, err)
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return nil, fail(ErrCorrupt, "%s is damaged or no database of Limen: %w", path, err)
	case errors.Is(err, os.ErrNotExist):
		return nil, fail(ErrNotFound, "%s does not exist: %w", path, err)
	}
	var onPath *os.PathError
	if errors.As(err, &onPath) {
		return nil, fail(ErrFolder, "opening %s: %w", path, err)
	}
	return nil, fail(ErrCorrupt, "%s is damaged: %w", path, err)
}

func lockedError(path string, cause error) error {
	holder := "another process"
	if pid := lockHolder(path); pid != "" {
		holder = "process " + pid
	}
	return fail(ErrLocked, "%s is in use by %s (fuser %s names it): stop it, or give this one a data folder of its own: %w",
		path, holder, path, cause)
}

// checkLength reports a file that ends before its last page.
func checkLength(db *bbolt.DB) error {
	path := db.Path()
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return guard(path, func() error {
		return db.View(func(tx *bbolt.Tx) error {
			if tx.Size() > info.Size() {
				return fail(ErrCorrupt, "%s is damaged: cut short, %d bytes of %d are left", path, info.Size(), tx.Size())
			}
			return nil
		})
	})
}

// sink keeps reads of walk from being optimized away.
var sink atomic.Uint32

// walk reads every page of the database and the first and last byte of every
// value, and reports the first damage. It tells a damaged file from a fault of
// our own.
func walk(db *bbolt.DB) error {
	path := db.Path()
	return guard(path, func() error {
		return db.View(func(tx *bbolt.Tx) error {
			return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
				var last []byte
				return b.ForEach(func(k, v []byte) error {
					if last != nil && string(last) >= string(k) {
						return fail(ErrCorrupt, "%s is damaged: keys of %q are out of order", path, name)
					}
					last = k
					if len(v) > 0 {
						sink.Store(uint32(v[0]) + uint32(v[len(v)-1]))
					}
					return nil
				})
			})
		})
	})
}
