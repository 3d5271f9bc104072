package store

import (
	"errors"
	"fmt"
)

// Errors of opening a store.
var (
	// ErrFolder: the data folder is missing, is no folder, or cannot be read or
	// written.
	ErrFolder = errors.New("store: data folder not usable")
	// ErrLocked: another process, or another Store in this one, holds the data
	// folder.
	ErrLocked = errors.New("store: data folder is in use")
	// ErrSchema: a file was written by a newer Limen than this one.
	ErrSchema = errors.New("store: file is from a newer version")
	// ErrOptions: an option has a value that makes no sense.
	ErrOptions = errors.New("store: bad option")
)

// Errors of using a store.
var (
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("store: closed")
	// ErrReadOnly: the store was opened for reading.
	ErrReadOnly = errors.New("store: opened read-only")
	// ErrNotFound: no such row, or retention removed it.
	ErrNotFound = errors.New("store: not found")
	// ErrQuery: a query has an argument that is not allowed.
	ErrQuery = errors.New("store: bad query")
	// ErrFull: the queue is full and the row was not taken.
	ErrFull = errors.New("store: queue is full")
	// ErrKey: an Idempotency-Key was used with another input.
	ErrKey = errors.New("store: Idempotency-Key used before")
	// ErrCorrupt: a file, page or row is damaged.
	ErrCorrupt = errors.New("store: damaged")
)

// detail is an error that reads as its text alone and is its kind for
// errors.Is. Texts name the input and the way out, which the kind cannot.
type detail struct {
	kind error
	text string
	err  error // cause, may be nil
}

func (d *detail) Error() string { return d.text }

func (d *detail) Unwrap() []error {
	if d.err == nil {
		return []error{d.kind}
	}
	return []error{d.kind, d.err}
}

// fail makes an error of the given kind. What %w wraps is kept as the cause.
func fail(kind error, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &detail{kind: kind, text: "store: " + err.Error(), err: errors.Unwrap(err)}
}
