package jpeg

import (
	"errors"
	"fmt"
)

// Kinds of error; each error of this package wraps one.
var (
	// ErrTruncated is a file that ends early.
	ErrTruncated = errors.New("ends early")
	// ErrCorrupt is a file that breaks the standard's rules.
	ErrCorrupt = errors.New("is damaged")
	// ErrUnsupported is a file of a kind that this package does not read.
	ErrUnsupported = errors.New("is of a kind that is not read")
)

func truncated(format string, args ...any) error { return kind(ErrTruncated, format, args) }

func corrupt(format string, args ...any) error { return kind(ErrCorrupt, format, args) }

func unsupported(format string, args ...any) error { return kind(ErrUnsupported, format, args) }

func kind(sentinel error, format string, args []any) error {
	return fmt.Errorf("JPEG %w: %s", sentinel, fmt.Sprintf(format, args...))
}
