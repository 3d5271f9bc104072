package store

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

// Manifest describes a backup: every file of it with its digest. It is the file
// manifest.json of the backup, and the last one to be written: without it, a backup
// is not complete.
type Manifest struct {
	Format  int       `json:"format"`
	Created time.Time `json:"created"`
	// Files are those of the data folder, by slash-separated names.
	Files []BackupFile `json:"files"`
	// Skipped are segments that could not be opened and are not in the backup.
	Skipped []Skipped `json:"skipped,omitempty"`
}

// BackupFile is one file of a backup.
type BackupFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

// Bytes returns the size of all files together.
func (m *Manifest) Bytes() (n int64) {
	for _, f := range m.Files {
		n += f.Size
	}
	return n
}

const (
	manifestName = "manifest.json"
	// manifestFormat 2 may have replays, which a Limen that knows 1 takes for no file
	// of a store.
	manifestFormat = 2
)

// Backup writes a copy of the store to w, as a tar archive that ends with the
// manifest, while the store goes on serving. Rows that were recorded before the call
// are in it, unless retention removes them meanwhile; of those recorded during the
// call some may be. Replays are as they were last saved. Models, policies, labels and whatever else the permanent file
// holds are those of one moment, and so are the rows of the newest segment.
//
// Each file is copied inside a read transaction. Writing goes on beside it, but
// pages that it frees are not used again before the file's copy is done: w should
// not block for minutes. Files that were set aside are left out.
func (s *Store) Backup(ctx context.Context, w io.Writer) (*Manifest, error) {
	if s.closed() {
		return nil, ErrClosed
	}
	if err := s.Flush(ctx); err != nil {
		return nil, err
	}
	b := &backup{
		s:        s,
		w:        &stoppable{w, ctx, s.closing},
		manifest: &Manifest{Format: 1, Created: s.o.Clock().UTC(), Files: []BackupFile{}},
	}
	b.tar = tar.NewWriter(b.w)
	// What is not written any more comes first. Whatever retention takes away before
	// its turn, it has moved to the permanent file, which comes last.
	done := map[*segment]bool{}
	for {
		g := b.nextSealed(done)
		if g == nil {
			break
		}
		done[g] = true
		if err := b.segment(g); err != nil {
			return nil, err
		}
	}
	// A segment that is set aside just then takes the attempt with it.
	for attempt := 0; !b.permanent; attempt++ {
		if attempt == 10 {
			return nil, fmt.Errorf("store: backing up %s: segments go faster than they can be copied", s.o.Dir)
		}
		if err := b.present(done); err != nil {
			return nil, err
		}
	}
	if err := b.replays(); err != nil {
		return nil, err
	}
	if err := b.key(); err != nil {
		return nil, err
	}
	return b.manifest, b.end()
}

// backup is a backup that is being written.
type backup struct {
	s        *Store
	w        io.Writer
	tar      *tar.Writer
	manifest *Manifest
	// permanent says that the permanent file is in it.
	permanent bool
}

// nextSealed returns a segment that takes no rows and is not done yet.
func (b *backup) nextSealed(done map[*segment]bool) *segment {
	open := b.written()
	for _, g := range b.s.all() {
		if !done[g] && !slices.Contains(open, g) {
			return g
		}
	}
	return nil
}

// written returns the segments that rows or counters go to.
func (b *backup) written() []*segment {
	b.s.mu.RLock()
	defer b.s.mu.RUnlock()
	out := []*segment{}
	for _, g := range []*segment{b.s.counting, b.s.active} {
		if g != nil && !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	return out
}

// segment adds a segment.
func (b *backup) segment(g *segment) error {
	err := b.view(g, func(tx *bbolt.Tx) error { return b.add(path.Join(verdictsName, g.name()), tx) })
	if errors.Is(err, errGone) {
		return nil
	}
	return err
}

// view runs fn in a transaction of g. The error is errGone when there is nothing to
// copy: the segment was removed, or cannot be opened.
func (b *backup) view(g *segment, fn func(*bbolt.Tx) error) error {
	if !b.s.o.ReadOnly {
		// A handle for reading would have to be closed before a row could be written,
		// and closing waits for fn. A file that cannot be written is read all the same.
		_ = g.open(&b.s.o, true)
	}
	began := false
	err := g.view(&b.s.o, func(tx *bbolt.Tx) error {
		began = true
		return fn(tx)
	})
	if err == nil || errors.Is(err, errGone) || began {
		return err
	}
	b.s.readFailed(g, err)
	b.manifest.Skipped = append(b.manifest.Skipped, Skipped{g.name(), err.Error()})
	return errGone
}

// present adds the segments that are written to, and the permanent file, as they
// are at one moment: all transactions begin before anything is copied.
func (b *backup) present(done map[*segment]bool) error {
	segments := slices.DeleteFunc(b.written(), func(g *segment) bool { return done[g] })
	var nest func(int, []*bbolt.Tx) error
	nest = func(i int, open []*bbolt.Tx) error {
		if i < len(segments) {
			err := b.view(segments[i], func(tx *bbolt.Tx) error { return nest(i+1, append(open, tx)) })
			if errors.Is(err, errGone) {
				done[segments[i]] = true
				return nil
			}
			return err
		}
		// The small one first: it has no room to grow into while it is read.
		err := b.s.permanent.view(func(tx *bbolt.Tx) error { return b.add(permanentName, tx) })
		if err != nil {
			return err
		}
		b.permanent = true
		for i, tx := range open {
			if err := b.add(path.Join(verdictsName, segments[i].name()), tx); err != nil {
				return err
			}
		}
		return nil
	}
	return nest(0, nil)
}

// key adds the key that clients' addresses are hashed with, if there is one: without
// it nobody is found again after a restore.
func (b *backup) key() error {
	_, err := b.file(keyName)
	return err
}

// replays adds what replays found, and where those that are not done go on. The rows
// that they name were copied before.
func (b *backup) replays() error {
	ids, err := b.s.replayIDs()
	if err != nil {
		return err
	}
	for _, id := range ids {
		added, err := b.file(replayName(id))
		if err != nil {
			return err
		}
		if added {
			b.manifest.Format = manifestFormat
		}
	}
	return nil
}

// file adds a small file as it is now, if it is there. Such files are only ever
// replaced as a whole.
func (b *backup) file(name string) (added bool, err error) {
	content, err := os.ReadFile(filepath.Join(b.s.o.Dir, filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fail(ErrFolder, "backing up %s: %w", name, err)
	}
	if err := b.header(name, int64(len(content))); err != nil {
		return false, err
	}
	if _, err := b.tar.Write(content); err != nil {
		return false, fmt.Errorf("store: backing up %s: %w", name, err)
	}
	sum := sha256.Sum256(content)
	b.manifest.Files = append(b.manifest.Files, BackupFile{name, int64(len(content)), hex.EncodeToString(sum[:])})
	return true, nil
}

// add adds the database of tx.
func (b *backup) add(name string, tx *bbolt.Tx) error {
	if err := b.header(name, tx.Size()); err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := tx.WriteTo(io.MultiWriter(sum, b.tar)); err != nil {
		return fmt.Errorf("store: backing up %s: %w", name, err)
	}
	b.manifest.Files = append(b.manifest.Files, BackupFile{name, tx.Size(), hex.EncodeToString(sum.Sum(nil))})
	return nil
}

func (b *backup) header(name string, size int64) error {
	err := b.tar.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: b.manifest.Created, Format: tar.FormatPAX,
	})
	if err != nil {
		return fmt.Errorf("store: backing up %s: %w", name, err)
	}
	return nil
}

// end adds the manifest.
func (b *backup) end() error {
	encoded, err := json.MarshalIndent(b.manifest, "", "  ")
	if err != nil {
		return err
	}
	encoded = append(encoded, '\n')
	if err := b.header(manifestName, int64(len(encoded))); err != nil {
		return err
	}
	if _, err := b.tar.Write(encoded); err != nil {
		return fmt.Errorf("store: backing up %s: %w", manifestName, err)
	}
	return b.tar.Close()
}

// stoppable is a writer that fails when ctx or the store ends, so that neither waits
// for a reader that does not read.
type stoppable struct {
	io.Writer
	ctx     context.Context
	closing <-chan struct{}
}

func (w *stoppable) Write(p []byte) (int, error) {
	select {
	case <-w.ctx.Done():
		return 0, w.ctx.Err()
	case <-w.closing:
		return 0, ErrClosed
	default:
		return w.Writer.Write(p)
	}
}
