package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/rs/zerolog"
	"go.etcd.io/bbolt"
)

// Store holds the verdicts of one data folder. All methods are safe for concurrent
// use.
type Store struct {
	o         Options
	log       zerolog.Logger
	ids       *ids
	queue     *queue
	counters  *counters
	permanent *permanent
	rows      sync.Pool // *rowBuffer
	keys      *keys     // nil for a reader of a folder without a key
	asked     Options   // as Open got them
	limits    atomic.Pointer[limits]
	// hashClients is Options.HashClientIPs.
	hashClients atomic.Bool

	// Of the writer alone.
	finishers []*finisher
	heads     heads

	calls        inFlight   // by Idempotency-Key
	labels       labelIndex // that hold
	exceptions   atomic.Pointer[ExceptionSet]
	exceptionsMu sync.Mutex

	// mu guards the list of segments, oldest first.
	mu       sync.RWMutex
	segments []*segment
	active   *segment // of the present; nil before the first commit
	counting *segment // takes the counters; not removed before it is relieved
	// unlisting is held while a segment leaves the list and limen.db (unlist).
	unlisting sync.RWMutex

	written    atomic.Uint64
	dropped    atomic.Uint64
	errors     atomic.Uint64
	commits    atomic.Uint64
	commitTime atomic.Int64 // of the last commit, ns
	broken     atomic.Int64 // files that were set aside
	faults     faultLog
	// damagedIndexes are the paths of the segments that indexDamaged told of.
	damagedIndexes sync.Map

	closing   chan struct{} // closed by Close
	abandon   chan struct{} // closed when Close waits no longer
	done      chan struct{} // closed when the writer is through
	warmed    chan struct{} // closed when the index was read
	sweepNow  chan struct{}
	jobs      chan job // for the writer
	closeOnce sync.Once
	closeErr  error
	others    sync.WaitGroup // goroutines besides the writer
}

const (
	permanentName = "limen.db"
	verdictsName  = "verdicts"
)

// Open opens the store in o.Dir and makes it when it is not there. One process at
// a time may have it open for writing, and none while another reads: ErrLocked
// says who has it. With ReadOnly nothing is created or changed.
func Open(o Options) (*Store, error) {
	asked := o
	if err := o.complete(); err != nil {
		return nil, err
	}
	if err := checkFolder(&o); err != nil {
		return nil, err
	}
	permanent, err := openPermanent(filepath.Join(o.Dir, permanentName), &o)
	if err != nil {
		return nil, hint(err)
	}
	s := &Store{
		o:         o,
		log:       o.Logger,
		ids:       newIDs(o.Clock),
		queue:     newQueue(&o),
		counters:  newCounters(),
		permanent: permanent,
		asked:     asked,
		closing:   make(chan struct{}),
		abandon:   make(chan struct{}),
		done:      make(chan struct{}),
		warmed:    make(chan struct{}),
		sweepNow:  make(chan struct{}, 1),
		jobs:      make(chan job),
	}
	s.hashClients.Store(o.HashClientIPs)
	s.limits.Store(&limits{o.Retain, o.MaxSize, o.SegmentBytes})
	s.heads = heads{unsaved: map[string]head{}, moved: map[string]head{}, known: map[string]bool{}}
	s.rows.New = func() any { return new(rowBuffer) }
	s.faults.log = s.log
	if err := s.start(); err != nil {
		closeBolt(permanent.db)
		return nil, err
	}
	return s, nil
}

// hint adds the way out to errors about the permanent file, which cannot be set
// aside without its labels.
func hint(err error) error {
	if errors.Is(err, ErrCorrupt) {
		return fmt.Errorf("%w: restore it from a backup, or move it away to begin a new one (verdicts stay)", err)
	}
	return err
}

func checkFolder(o *Options) error {
	verdicts := filepath.Join(o.Dir, verdictsName)
	if o.ReadOnly {
		if _, err := os.Stat(filepath.Join(o.Dir, permanentName)); errors.Is(err, fs.ErrNotExist) {
			return fail(ErrNotFound, "data folder %s holds no store (no %s): is the path right, and has the server run?", o.Dir, permanentName)
		} else if err != nil {
			return fail(ErrFolder, "data folder %s cannot be read: %w", o.Dir, err)
		}
		return nil
	}
	if err := os.MkdirAll(verdicts, 0o700); err != nil {
		return fail(ErrFolder, "data folder %s cannot be used: %w", o.Dir, err)
	}
	// Reading and writing are both tried, so that the first fault is not met under load.
	if _, err := os.ReadDir(verdicts); err != nil {
		return fail(ErrFolder, "data folder %s cannot be read: %w", o.Dir, err)
	}
	f, err := os.CreateTemp(verdicts, ".write-test-*")
	if err != nil {
		return fail(ErrFolder, "data folder %s cannot be written: %w", o.Dir, err)
	}
	_ = f.Close()
	if err := os.Remove(f.Name()); err != nil {
		return fail(ErrFolder, "data folder %s cannot be written: %w", o.Dir, err)
	}
	return nil
}

// start lists the segments, reads the counters and begins the background work.
func (s *Store) start() (err error) {
	if s.keys, err = openKeys(&s.o); err != nil {
		return err
	}
	if err := s.list(); err != nil {
		return err
	}
	if err := s.loadCounters(); err != nil {
		return hint(err)
	}
	if err := s.loadLabels(); err != nil {
		return hint(err)
	}
	if err := s.loadExceptions(); err != nil {
		return hint(err)
	}
	if s.o.ReadOnly {
		close(s.warmed)
		close(s.done)
		return nil
	}
	if err := s.checkLast(); err != nil {
		return err
	}
	if err := s.loadHeads(); err != nil {
		return hint(err)
	}
	go s.write()
	s.others.Add(2)
	go s.tend()
	go s.warm()
	return nil
}

// list finds the segments in the folder.
func (s *Store) list() error {
	dir := filepath.Join(s.o.Dir, verdictsName)
	entries, err := os.ReadDir(dir)
	if err != nil && !(s.o.ReadOnly && errors.Is(err, fs.ErrNotExist)) {
		return fail(ErrFolder, "data folder %s cannot be read: %w", s.o.Dir, err)
	}
	for _, e := range entries {
		if strings.Contains(e.Name(), brokenSuffix) {
			s.broken.Add(1)
			continue
		}
		if strings.HasSuffix(e.Name(), rewriteSuffix) && !s.o.ReadOnly { // Forget was interrupted
			_ = os.Remove(filepath.Join(dir, e.Name()))
			continue
		}
		start, ok := parseSegmentName(e.Name())
		if !ok {
			continue
		}
		g := &segment{path: filepath.Join(dir, e.Name()), start: start}
		g.stat()
		if g.size.Load() == 0 { // the process ended while it made the file
			if !s.o.ReadOnly {
				_ = os.Remove(g.path)
			}
			continue
		}
		s.segments = append(s.segments, g)
	}
	slices.SortFunc(s.segments, func(a, b *segment) int { return a.start.Compare(b.start) })
	return nil
}

// checkLast opens the last segment, which may be the one to be written next. A
// damaged one is set aside; one of a newer version would refuse every row.
func (s *Store) checkLast() error {
	if len(s.segments) == 0 {
		return nil
	}
	g := s.segments[len(s.segments)-1]
	err := g.open(&s.o, false)
	switch {
	case errors.Is(err, ErrCorrupt):
		s.setAside(g, err)
	case errors.Is(err, ErrSchema):
		return err
	case err != nil:
		s.log.Warn().Err(err).Msg("opening the last verdict segment")
	}
	return nil
}

// NewID returns the ID for a verdict on a request that arrives now. IDs grow.
func (s *Store) NewID() ulid.ULID { return s.ids.next() }

// rowBuffer is memory to encode a row in.
type rowBuffer struct{ row []byte }

// Record queues v to be written and returns at once. It reports whether the row was
// taken: when the queue is full it is not, and is counted as dropped. v is
// completed (ID, Time) and not kept.
func (s *Store) Record(v *Verdict) bool {
	return s.record(v, nil) == nil
}

// RecordSync writes v and returns when it is on disk. An error says that it is not
// known to be there; after a failed commit it may still be written later.
func (s *Store) RecordSync(ctx context.Context, v *Verdict) error {
	done := make(chan error, 1)
	if err := s.record(v, done); err != nil {
		return err
	}
	return wait(ctx, done)
}

func wait(ctx context.Context, done <-chan error) error {
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store) record(v *Verdict, done chan<- error) error {
	if s.o.ReadOnly {
		return ErrReadOnly
	}
	if v.ID.IsZero() {
		v.ID = s.ids.next()
	}
	if v.Time.IsZero() {
		v.Time = idTime(v.ID)
	}
	if v.Class != "" && wordOf(v.Class) == 0 {
		s.counters.get(counterKey{v.Decision, v.Class}) // makes the class known to queries
	}
	if v.Source != nil && v.RequestDigest == "" && requestLen(v.Source) > s.o.RequestLimit {
		v.RequestDigest = s.RequestDigest(v.Source) // the queue does not get all of it
	}
	client := v.ClientIP
	if s.hashClients.Load() {
		client = s.keys.pseudonym(client)
	}
	b := s.rows.Get().(*rowBuffer)
	var d draft
	b.row, d = appendDraft(b.row[:0], v, client, s.o.RequestLimit)
	err := s.queue.put(v.ID, b.row, d, v.Decision == Block || v.Decision == Tag, done)
	if cap(b.row) <= 256<<10 {
		s.rows.Put(b)
	}
	if errors.Is(err, ErrFull) {
		s.dropped.Add(1)
	}
	return err
}

// Count counts v's decision, whether or not v is recorded. Counts are exact and
// outlive restarts; after a crash those of the last commit interval are missing.
func (s *Store) Count(v *Verdict) {
	s.counters.get(counterKey{v.Decision, v.Class}).total.Add(1)
}

// Flush returns when every row queued before the call is on disk.
func (s *Store) Flush(ctx context.Context) error {
	if s.o.ReadOnly {
		return nil
	}
	done := make(chan error, 1)
	if err := s.queue.wait(done); err != nil {
		return err
	}
	return wait(ctx, done)
}

// PutModel keeps a model's record, for ever, and the training run that its manifest
// tells of. A digest that is known stays as it is.
func (s *Store) PutModel(digest, name string, manifest []byte, loaded time.Time) error {
	return s.PutModelFile(digest, name, manifest, nil, loaded)
}

// PutModelFile is PutModel, and keeps the model's ONNX file too, so that it can be
// promoted later.
func (s *Store) PutModelFile(digest, name string, manifest, weights []byte, loaded time.Time) error {
	if err := s.mayPut("model", digest, manifest); err != nil {
		return err
	}
	m := &ModelRecord{digest, name, manifest, loaded.UTC()}
	known := false
	err := s.permanent.view(func(tx *bbolt.Tx) error {
		known = knowsModel(tx, m, weights)
		return nil
	})
	if err != nil || known {
		return err
	}
	return s.permanent.update(func(tx *bbolt.Tx) error { return putModel(tx, m, weights) })
}

// PutPolicy keeps a policy's snapshot, for ever. A digest that is known stays as it
// is.
func (s *Store) PutPolicy(digest string, policy []byte) error {
	if err := s.mayPut("policy", digest, policy); err != nil {
		return err
	}
	return s.permanent.put(bucketPolicies, []byte(digest), PolicyRecord{digest, policy, s.o.Clock().UTC()})
}

func (s *Store) mayPut(what, digest string, content []byte) error {
	switch {
	case s.o.ReadOnly:
		return ErrReadOnly
	case s.closed():
		return ErrClosed
	case digest == "":
		return fail(ErrOptions, "%s has no digest", what)
	case !json.Valid(content):
		return fail(ErrOptions, "%s %s: its description is not JSON", what, digest)
	}
	return nil
}

func (s *Store) closed() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

// Close writes what is queued, for at most Options.CloseTimeout, and closes the
// files. An error says how many rows could not be written.
func (s *Store) Close() error {
	s.closeOnce.Do(func() { s.closeErr = s.close() })
	return s.closeErr
}

func (s *Store) close() error {
	close(s.closing)
	s.queue.close()
	before := s.dropped.Load()
	timeout := time.NewTimer(s.o.CloseTimeout)
	defer timeout.Stop()
	late := false
	select {
	case <-s.done:
	case <-timeout.C:
		late = true
		close(s.abandon)
		// A commit that hangs in the kernel cannot be ended; the files are left
		// to it.
		select {
		case <-s.done:
			late = false
		case <-time.After(time.Second):
		}
	}
	s.others.Wait()
	rows, _ := s.queue.size()
	lost := s.dropped.Add(uint64(rows)) - before
	s.faults.report(s, true)
	if late {
		return fmt.Errorf("store: closing %s: the disk does not answer, at least %d rows are lost", s.o.Dir, lost)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.segments {
		g.retire()
	}
	closeBolt(s.permanent.db)
	if lost > 0 {
		return fmt.Errorf("store: closing %s: %d rows could not be written and are lost", s.o.Dir, lost)
	}
	return nil
}
