package store_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"

	"github.com/limen-waf/limen/store"
)

// backUp makes a backup of s and unpacks it.
func backUp(t testing.TB, s *store.Store) (dir string, m *store.Manifest) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "backup")
	r, w := io.Pipe()
	go func() {
		_, err := s.Backup(context.Background(), w)
		w.CloseWithError(err)
	}()
	m, err := store.Unpack(context.Background(), r, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return dir, m
}

// Ensure that a backup under write load has every row that was on disk before it
// began, and that what is restored is a sound store.
func TestBackupWhileWriting(t *testing.T) {
	s := open(t, store.Options{Span: time.Minute, CommitEvery: time.Millisecond})
	if err := s.PutPolicy(policyDigest, []byte(`{"mode":"block"}`)); err != nil {
		t.Fatal(err)
	}
	// Old segments, and one of the present that is written to all the time.
	old := spread(t, s, time.Now().Add(-10*time.Minute), 300, nil)
	var mu sync.Mutex
	var acknowledged []ulid.ULID
	var stop atomic.Bool
	var group sync.WaitGroup
	defer func() {
		stop.Store(true)
		group.Wait()
	}()
	for w := range 4 {
		group.Go(func() {
			for i := w; !stop.Load(); i += 4 {
				v := typical(i)
				v.Source = sampleRequest
				if err := s.RecordSync(context.Background(), v); err != nil {
					t.Error(err)
					return
				}
				s.Count(v)
				mu.Lock()
				acknowledged = append(acknowledged, v.ID)
				mu.Unlock()
			}
		})
	}
	for range 3 {
		time.Sleep(50 * time.Millisecond)
		mu.Lock()
		before := len(acknowledged)
		mu.Unlock()
		dir, m := backUp(t, s)
		mu.Lock()
		must := append(old[:len(old):len(old)], acknowledged[:before]...)
		mu.Unlock()
		data := filepath.Join(t.TempDir(), "data")
		if _, err := store.Restore(context.Background(), dir, data, nil); err != nil {
			t.Fatal(err)
		}
		for _, f := range m.Files {
			if strings.HasSuffix(f.Name, ".db") {
				checkFile(t, filepath.Join(data, filepath.FromSlash(f.Name)))
			}
		}
		restored := open(t, store.Options{Dir: data, Span: time.Minute})
		there := map[ulid.ULID]bool{}
		err := restored.Each(context.Background(), store.Query{}, func(v *store.Verdict) error { there[v.ID] = true; return nil })
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range must {
			if !there[id] {
				t.Fatalf("row %s, on disk before the backup, is not in it", id)
			}
		}
		why, err := restored.Why(context.Background(), must[0])
		if err != nil || why.Policy == nil {
			t.Errorf("the policy is not restored: %v", err)
		}
		// It is a store like any other: it takes rows.
		if err := restored.RecordSync(context.Background(), typical(1)); err != nil {
			t.Error(err)
		}
	}
}

// checkFile has bbolt check every page of a file.
func checkFile(t testing.TB, path string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		var first error
		for err := range tx.Check() {
			if first == nil {
				first = err
			}
		}
		return first
	})
	if err != nil {
		t.Errorf("%s: %v", path, err)
	}
}

// Ensure that a backup can be made from a folder that no server has open, and that
// one ends when its store is closed.
func TestBackupOtherwise(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	ids := spread(t, s, aDay, 5000, nil)
	var once sync.Once
	slow := writerFunc(func(p []byte) (int, error) {
		once.Do(func() { go s.Close() })
		time.Sleep(5 * time.Millisecond)
		return len(p), nil
	})
	if _, err := s.Backup(context.Background(), slow); !errors.Is(err, store.ErrClosed) {
		t.Errorf("got %v, expected that the store is closed", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "limen.key"), strings.Repeat("k", 32))
	reader := open(t, store.Options{Dir: dir, ReadOnly: true})
	backup, _ := backUp(t, reader)
	data := t.TempDir()
	if _, err := store.Restore(context.Background(), backup, data, nil); err != nil {
		t.Fatal(err)
	}
	if key := string(get(t, filepath.Join(data, "limen.key"))); key != strings.Repeat("k", 32) {
		t.Errorf("the key that client addresses are hashed with is %q", key)
	}
	restored := open(t, store.Options{Dir: data, ReadOnly: true})
	bounds, err := restored.Bounds(context.Background(), store.Query{})
	if err != nil || bounds.First != ids[0] || bounds.Last != ids[len(ids)-1] {
		t.Errorf("bounds are %v, %v", bounds, err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// Ensure that nothing but a whole backup is restored, nothing is overwritten, and a
// failure leaves nothing behind.
func TestRestoreRefuses(t *testing.T) {
	s := open(t, store.Options{})
	spread(t, s, aDay, 100, nil)
	segment := filepath.Join("verdicts", s.SegmentNames()[0])
	tests := map[string]struct {
		damage func(t *testing.T, backup, data string)
		want   string
		kind   error
	}{
		"folder in use": {func(t *testing.T, _, data string) { put(t, filepath.Join(data, "limen.db"), "mine") }, "is not empty (limen.db is there)", store.ErrFolder},
		"altered byte": {func(t *testing.T, backup, _ string) {
			raw := get(t, filepath.Join(backup, segment))
			raw[len(raw)/2] ^= 1
			put(t, filepath.Join(backup, segment), string(raw))
		}, "was altered or damaged", store.ErrBackup},
		"cut file": {func(t *testing.T, backup, _ string) {
			if err := os.Truncate(filepath.Join(backup, segment), 4096); err != nil {
				t.Fatal(err)
			}
		}, "has 4096 bytes, the manifest says", store.ErrBackup},
		"missing file": {func(t *testing.T, backup, _ string) { remove(t, filepath.Join(backup, "limen.db")) }, "is missing", store.ErrBackup},
		"no manifest":  {func(t *testing.T, backup, _ string) { remove(t, filepath.Join(backup, "manifest.json")) }, "is no backup", store.ErrBackup},
		"newer format": {func(t *testing.T, backup, _ string) {
			put(t, filepath.Join(backup, "manifest.json"), `{"format":9}`)
		}, "has format 9, this Limen reads 1", store.ErrBackup},
		"foreign name": {func(t *testing.T, backup, _ string) {
			put(t, filepath.Join(backup, "manifest.json"), `{"format":1,"files":[{"name":"verdicts/../../x.db"}]}`)
		}, "none of a store", store.ErrBackup},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			backup, _ := backUp(t, s)
			data := t.TempDir()
			tt.damage(t, backup, data)
			before := folder(t, data)
			_, err := store.Restore(context.Background(), backup, data, nil)
			if !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, expected %q", err, tt.want)
			}
			if after := folder(t, data); after != before {
				t.Errorf("the data folder had %q, and now %q", before, after)
			}
		})
	}
}

// Ensure that an archive that is broken off, altered or foreign is no backup.
func TestUnpackRefuses(t *testing.T) {
	s := open(t, store.Options{})
	spread(t, s, aDay, 100, nil)
	var whole bytes.Buffer
	if _, err := s.Backup(context.Background(), &whole); err != nil {
		t.Fatal(err)
	}
	altered := bytes.Clone(whole.Bytes())
	altered[3*4096] ^= 1
	var foreign bytes.Buffer
	w := tar.NewWriter(&foreign)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "../evil.db", Size: 0}); err != nil {
		t.Fatal(err)
	}
	w.Close()
	for name, tt := range map[string]struct {
		archive []byte
		want    string
	}{
		"empty":      {nil, "ends without its manifest"},
		"broken off": {whole.Bytes()[:whole.Len()/2], ""},
		"altered":    {altered, "was damaged on the way"},
		"foreign":    {foreign.Bytes(), "none of a store"},
		"no tar":     {bytes.Repeat([]byte("<html>"), 200), ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "backup")
			_, err := store.Unpack(context.Background(), bytes.NewReader(tt.archive), dir, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, expected %q", err, tt.want)
			}
			if _, err := os.Stat(filepath.Join(dir, "manifest.json")); err == nil {
				t.Error("there is a manifest")
			}
			if _, err := os.Stat(filepath.Join(dir, "..", "evil.db")); err == nil {
				t.Error("a file was written outside of the folder")
			}
		})
	}
	t.Run("folder in use", func(t *testing.T) {
		dir := t.TempDir()
		put(t, filepath.Join(dir, "note"), "mine")
		_, err := store.Unpack(context.Background(), &whole, dir, nil)
		if !errors.Is(err, store.ErrFolder) || !strings.Contains(err.Error(), "note is there") {
			t.Errorf("got %v, expected that the folder is not empty", err)
		}
	})
}

// Ensure that the manifest names every file with its size.
func TestManifest(t *testing.T) {
	s := open(t, store.Options{})
	spread(t, s, aDay, 7200, nil) // three segments of an hour
	dir, m := backUp(t, s)
	var read store.Manifest
	if err := json.Unmarshal(get(t, filepath.Join(dir, "manifest.json")), &read); err != nil {
		t.Fatal(err)
	}
	if len(read.Files) != 5 || !slices.Equal(read.Files, m.Files) { // with limen.db and limen.key
		t.Errorf("the manifest has %+v", read.Files)
	}
	for _, f := range read.Files {
		if got := len(get(t, filepath.Join(dir, filepath.FromSlash(f.Name)))); int64(got) != f.Size {
			t.Errorf("%s has %d bytes, the manifest says %d", f.Name, got, f.Size)
		}
	}
}

func put(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func get(t testing.TB, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func remove(t testing.TB, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func folder(t testing.TB, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// Ensure that a backup holds what replays found, as it was saved last, and that one
// that was interrupted goes on after a restore.
func TestBackupReplays(t *testing.T) {
	from := t.TempDir()
	s := open(t, store.Options{Dir: from})
	if _, m := backUp(t, s); m.Format != 1 {
		t.Errorf("without replays the format is %d, older versions read 1", m.Format)
	}
	_, want := recorded(t, s, 300)
	job := newReplay(t, s, store.Query{})
	if err := s.SaveReplay(job); err != nil {
		t.Fatal(err)
	}
	// What is no replay is left alone.
	put(t, filepath.Join(from, "replays", job.ID.String()+".json.part"), "half")
	put(t, filepath.Join(from, "replays", "notes.json"), "mine")

	dir, m := backUp(t, s)
	name := "replays/" + job.ID.String() + ".json"
	if !slices.ContainsFunc(m.Files, func(f store.BackupFile) bool { return f.Name == name }) || m.Format != 2 {
		t.Fatalf("%s is not in %+v", name, m)
	}
	data := filepath.Join(t.TempDir(), "data")
	if _, err := store.Restore(ctx, dir, data, nil); err != nil {
		t.Fatal(err)
	}
	if there := folder(t, filepath.Join(data, "replays")); strings.Contains(there, "part") || strings.Contains(there, "notes") {
		t.Errorf("restored: %s", there)
	}
	restored := open(t, store.Options{Dir: data})
	got, err := restored.LoadReplay(job.ID)
	if err != nil || got.Model != job.Model || got.Range != job.Range {
		t.Fatalf("%+v, %v", got, err)
	}
	if err := restored.Replay(ctx, got, options(1)); err != nil {
		t.Fatal(err)
	}
	if got.Counts != want || !got.Done {
		t.Errorf("the replay goes on to %+v\nexpected %+v", got.Counts, want)
	}

	// A damaged one is found like any other file.
	put(t, filepath.Join(dir, filepath.FromSlash(name)), "{}")
	if _, err := store.CheckBackup(ctx, dir, nil); !errors.Is(err, store.ErrBackup) || !strings.Contains(err.Error(), job.ID.String()) {
		t.Errorf("%v", err)
	}
}
