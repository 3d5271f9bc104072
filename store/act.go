package store

import (
	"context"
	"time"

	"github.com/oklog/ulid/v2"
)

// Act is the row of one call of an image or inference procedure (classify, detect,
// infer): what was asked of which model, what came out, and how long each part took.
// It is written off the request path as a verdict is, lies in the same segments and
// the same hash chain, and goes with them.
//
// Digests are "sha256:" and 64 lower-case hex digits. Durations are whole
// microseconds. Zero values mean "not known" and take no room on disk.
type Act struct {
	// ID orders rows by time, with those of verdicts: its first 48 bits are the
	// milliseconds at which the call began. Take it from Store.NewID.
	ID ulid.ULID `json:"id"`
	// Time is that of ID, in milliseconds, UTC.
	Time time.Time `json:"time"`

	Procedure string `json:"procedure"` // classify, detect or infer
	Version   int    `json:"version"`   // of the procedure

	// Model is the model's name in the configuration, ModelDigest that of its file,
	// PresetDigest that of how pictures and outputs are treated (PutPolicy has it).
	Model        string `json:"model"`
	ModelDigest  string `json:"model_digest,omitempty"`
	PresetDigest string `json:"preset_digest,omitempty"`

	// InputDigest is over the bytes of the uploaded picture, or over the input
	// tensors. InputBytes are how many those are.
	InputDigest string `json:"input_digest,omitempty"`
	InputBytes  int64  `json:"input_bytes,omitempty"`
	// Format, Width and Height are the picture's, upright, in pixels.
	Format string `json:"format,omitempty"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`

	// Device is what it ran on, Batch the number of rows that ran together, and
	// Fallback why that is not the device that was asked for.
	Device   string `json:"device,omitempty"`
	Batch    int    `json:"batch,omitempty"`
	Fallback string `json:"fallback,omitempty"`

	DecodeMicros     int64 `json:"decode_us,omitempty"`
	PreprocessMicros int64 `json:"preprocess_us,omitempty"`
	QueueMicros      int64 `json:"queue_us,omitempty"`
	InferMicros      int64 `json:"infer_us,omitempty"`
	PostMicros       int64 `json:"post_us,omitempty"`

	// Results are the first of Found, the best first.
	Results []ActResult `json:"results,omitempty"`
	Found   int         `json:"found,omitempty"`

	// Decision is what a gate made of it: Allow or Block; "" for a call that is none.
	// Reason says by which rule.
	Decision string `json:"decision,omitempty"`
	Reason   string `json:"reason,omitempty"`
	// Status is the HTTP status of the answer, Error why the call failed.
	Status int    `json:"status,omitempty"`
	Error  string `json:"error,omitempty"`

	Method    string `json:"method,omitempty"`
	Host      string `json:"host,omitempty"`
	Path      string `json:"path,omitempty"` // path and query; RecordAct redacts it
	ClientIP  string `json:"client_ip,omitempty"`
	Principal string `json:"principal,omitempty"`
	Server    string `json:"server,omitempty"`

	// Key is the Idempotency-Key; Output is then what was answered, of the type
	// OutputType, and CallDigest is over everything that the answer depends on
	// (Store.InvokeAct).
	Key        string `json:"idempotency_key,omitempty"`
	CallDigest string `json:"call_digest,omitempty"`
	OutputType string `json:"output_type,omitempty"`
	Output     []byte `json:"-"`

	// Thumbnail is a small JPEG of the picture, nil where none is kept. One of more than
	// MaxActThumbnail is left out.
	Thumbnail []byte `json:"-"`
}

// ActResult is one result of a call: a class with its probability, or an object with
// its score and its box, x1, y1, x2, y2 in pixels of the upright upload.
type ActResult struct {
	Label string      `json:"label"`
	Index int         `json:"index"`
	Score float32     `json:"score"`
	Box   *[4]float32 `json:"box,omitempty"`
}

// Bounds of an act's row.
const (
	// MaxActResults are the results that a row keeps.
	MaxActResults = 16
	// MaxActOutput is the longest output that is kept for an Idempotency-Key.
	MaxActOutput = 8 << 20
	// MaxActThumbnail is the longest thumbnail that a row keeps.
	MaxActThumbnail = 64 << 10
)

// RecordAct queues a to be written and returns at once. It reports whether the row
// was taken: when the queue is full it is not, and is counted as dropped. a is
// completed (ID, Time) and not kept.
func (s *Store) RecordAct(a *Act) bool {
	return s.recordAct(a, nil) == nil
}

// RecordActSync writes a and returns when it is on disk. An error says that it is
// not known to be there.
func (s *Store) RecordActSync(ctx context.Context, a *Act) error {
	done := make(chan error, 1)
	if err := s.recordAct(a, done); err != nil {
		return err
	}
	return wait(ctx, done)
}

func (s *Store) recordAct(a *Act, done chan<- error) error {
	if s.o.ReadOnly {
		return ErrReadOnly
	}
	if a.ID.IsZero() {
		a.ID = s.ids.next()
	}
	a.Time = idTime(a.ID)
	row := *a
	if s.hashClients.Load() {
		row.ClientIP = s.keys.pseudonym(row.ClientIP)
	}
	b := s.rows.Get().(*rowBuffer)
	var d draft
	b.row, d = appendActDraft(b.row[:0], &row)
	err := s.queue.put(a.ID, b.row, d, a.Decision == Block, done)
	if cap(b.row) <= 256<<10 {
		s.rows.Put(b)
	}
	if err == ErrFull {
		s.dropped.Add(1)
	}
	return err
}

// PutProcedure keeps the description of a procedure whose calls are acts, as those of
// Invoke are kept. A version that is known stays as it is.
func (s *Store) PutProcedure(p ProcedureInfo) error {
	switch {
	case s.o.ReadOnly:
		return ErrReadOnly
	case s.closed():
		return ErrClosed
	case p.Name == "" || p.Version < 1:
		return fail(ErrOptions, "procedure %q, version %d: want a name and a version from 1 on", p.Name, p.Version)
	}
	p.FirstSeen = s.o.Clock().UTC()
	return s.permanent.put(bucketProcedures, procedureKey(p.Name, p.Version), p)
}
