package store

import (
	"time"

	"github.com/rs/zerolog"
)

// Options say where and how verdicts are kept. Zero values mean the defaults.
type Options struct {
	// Dir is the data folder. It is created, readable by its owner alone.
	Dir string
	// ReadOnly opens the store for queries while no server runs.
	ReadOnly bool

	// Retain is how long verdicts are kept; 0 keeps them for ever. MaxSize
	// bounds the bytes of all files together; 0 means no bound. Both remove whole
	// segments, oldest first, and never the one that is written to.
	Retain  time.Duration
	MaxSize int64
	// Span is the time one segment covers, default 1 hour, in whole minutes.
	Span time.Duration
	// SegmentBytes begins a new segment when one grew past it, default 256 MiB
	// or a sixteenth of MaxSize if that is less: retention by size is as fine
	// as a segment.
	SegmentBytes int64

	// QueueRows and QueueBytes bound what waits to be written, default 65536 rows
	// and 64 MiB.
	QueueRows  int
	QueueBytes int
	// CommitEvery is the longest a row waits for its commit, default 50 ms.
	// CommitRows begins a commit earlier, default 8192 rows.
	CommitEvery time.Duration
	CommitRows  int
	// RequestLimit bounds the bytes of a recorded request, default 1 MiB. What
	// is left out is counted in the row.
	RequestLimit int

	// HashClientIPs stores a keyed hash in place of a client's address, and hides
	// the addresses in headers of proxies (X-Forwarded-For …). Queries by address
	// find rows of both forms. The key is the file limen.key in Dir.
	HashClientIPs bool

	// LockTimeout is how long Open waits for another process to let go of the
	// folder, default 250 ms. CloseTimeout bounds the writing of what is
	// queued at Close, default 10 s.
	LockTimeout  time.Duration
	CloseTimeout time.Duration

	// Clock is the time for IDs, segments and retention, default time.Now.
	Clock func() time.Time
	// Logger takes the store's log lines.
	Logger zerolog.Logger

	// For tests: the number of rows in a zone, no waiting for the disk, and another
	// patience of listings.
	zoneRows int
	noSync   bool
	patience time.Duration
}

// nameSpan is the granularity of segments that time alone separates.
const nameSpan = time.Minute

func (o *Options) complete() error {
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"Retain", int64(o.Retain)}, {"MaxSize", o.MaxSize}, {"Span", int64(o.Span)},
		{"SegmentBytes", o.SegmentBytes}, {"QueueRows", int64(o.QueueRows)}, {"QueueBytes", int64(o.QueueBytes)},
		{"CommitEvery", int64(o.CommitEvery)}, {"CommitRows", int64(o.CommitRows)},
		{"RequestLimit", int64(o.RequestLimit)}, {"LockTimeout", int64(o.LockTimeout)},
		{"CloseTimeout", int64(o.CloseTimeout)},
	} {
		if n.value < 0 {
			return fail(ErrOptions, "option %s is negative (%d): want 0 for the default, or more", n.name, n.value)
		}
	}
	if o.Dir == "" {
		return fail(ErrOptions, "option Dir is empty: want the path of the data folder")
	}
	if o.Span%nameSpan != 0 {
		return fail(ErrOptions, "option Span is %s: want whole minutes", o.Span)
	}
	if o.MaxSize > 0 && o.MaxSize < minMaxSize {
		return fail(ErrOptions, "option MaxSize is %d bytes: want at least %d", o.MaxSize, int64(minMaxSize))
	}
	defaultTo(&o.Span, time.Hour)
	segment := int64(256 << 20)
	if o.MaxSize > 0 {
		segment = min(segment, o.MaxSize/16)
	}
	defaultTo(&o.SegmentBytes, segment)
	defaultTo(&o.QueueRows, 65536)
	defaultTo(&o.QueueBytes, 64<<20)
	defaultTo(&o.CommitEvery, 50*time.Millisecond)
	defaultTo(&o.CommitRows, 8192)
	defaultTo(&o.RequestLimit, 1<<20)
	defaultTo(&o.LockTimeout, 250*time.Millisecond)
	defaultTo(&o.CloseTimeout, 10*time.Second)
	defaultTo(&o.zoneRows, 1024)
	defaultTo(&o.patience, patience)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return nil
}

// minMaxSize leaves room for the permanent file and a few segments.
const minMaxSize = 8 << 20

func defaultTo[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}
