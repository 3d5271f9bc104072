// Package export writes verdicts to files for other programs: JSON Lines, CSV and
// Parquet. Its writers hold a bounded amount of memory, however many rows they
// write.
package export

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/limen-waf/limen/store"
)

// Formats of a file.
const (
	JSONL   = "jsonl"
	CSV     = "csv"
	Parquet = "parquet"
)

// Formats are the names of all formats.
var Formats = []string{JSONL, CSV, Parquet}

// ErrFormat: there is no such format.
var ErrFormat = errors.New("export: unknown format")

// Writer writes verdicts to a file. It is for one goroutine.
type Writer interface {
	// Write adds a verdict. It may be buffered.
	Write(*store.Verdict) error
	// Close writes what is buffered and the end of the file. It does not close the
	// io.Writer beneath. A file without its Close is not complete.
	Close() error
}

// New returns a writer of the format. The error is ErrFormat.
func New(w io.Writer, format string) (Writer, error) {
	switch format {
	case JSONL:
		return newJSONLWriter(w), nil
	case CSV:
		return newCSVWriter(w), nil
	case Parquet:
		return newParquetWriter(w), nil
	}
	return nil, fmt.Errorf("%w: format is %q, expected %s", ErrFormat, format, strings.Join(Formats, ", "))
}
