package store

import (
	"archive/tar"
	"bufio"
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
)

// ErrBackup: a backup is incomplete, damaged, or not one.
var ErrBackup = errors.New("store: bad backup")

// Unpack writes the archive that Backup made to the folder dir, which must be empty
// or not there, and checks it against its manifest. progress, which may be nil, is
// called with the bytes so far. When it fails, dir has no manifest and is no
// backup.
func Unpack(ctx context.Context, r io.Reader, dir string, progress func(int64)) (*Manifest, error) {
	if err := emptyFolder(dir); err != nil {
		return nil, err
	}
	u := unpacker{ctx: ctx, dir: dir, progress: progress}
	in := bufio.NewReaderSize(r, 256<<10)
	t := tar.NewReader(in)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil, fail(ErrBackup, "the backup ends without its manifest: it was broken off")
		}
		if err != nil {
			return nil, fail(ErrBackup, "reading the backup: %w", err)
		}
		if h.Name == manifestName {
			m, err := u.end(t)
			if err == nil {
				_, err = io.Copy(io.Discard, in) // who writes it is to see that all was taken
			}
			return m, err
		}
		if err := u.file(h.Name, t); err != nil {
			return nil, err
		}
	}
}

// unpacker writes files to a folder.
type unpacker struct {
	ctx      context.Context
	dir      string
	files    []BackupFile
	bytes    int64
	progress func(int64)
}

// file writes one file, to the disk, and notes its digest.
func (u *unpacker) file(name string, r io.Reader) error {
	to, err := backupPath(u.dir, name)
	if err != nil {
		return err
	}
	f, err := create(to)
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum, u), r)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("store: writing %s: %w", to, err)
	}
	u.files = append(u.files, BackupFile{name, n, hex.EncodeToString(sum.Sum(nil))})
	return nil
}

// Write counts bytes.
func (u *unpacker) Write(p []byte) (int, error) {
	u.bytes += int64(len(p))
	if u.progress != nil {
		u.progress(u.bytes)
	}
	return len(p), u.ctx.Err()
}

// end checks the files against the manifest and writes that.
func (u *unpacker) end(r io.Reader) (*Manifest, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxManifest))
	if err != nil {
		return nil, fail(ErrBackup, "reading the backup: %w", err)
	}
	m, err := parseManifest(raw)
	if err != nil {
		return nil, err
	}
	if len(m.Files) != len(u.files) {
		return nil, fail(ErrBackup, "the backup has %d files, its manifest names %d", len(u.files), len(m.Files))
	}
	for i, f := range m.Files {
		if f != u.files[i] {
			return nil, fail(ErrBackup, "file %s of the backup is not what its manifest says: it was damaged on the way", f.Name)
		}
	}
	to := filepath.Join(u.dir, manifestName)
	f, err := create(to + ".part")
	if err != nil {
		return nil, err
	}
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(to+".part", to)
	}
	if err != nil {
		return nil, fmt.Errorf("store: writing %s: %w", to, err)
	}
	return m, nil
}

const maxManifest = 64 << 20

func parseManifest(raw []byte) (*Manifest, error) {
	m := new(Manifest)
	if err := json.Unmarshal(raw, m); err != nil {
		return nil, fail(ErrBackup, "the backup's %s cannot be read: %w", manifestName, err)
	}
	if m.Format < 1 || m.Format > manifestFormat {
		return nil, fail(ErrBackup, "the backup's %s has format %d, this Limen reads 1 to %d: restore it with the Limen that made it",
			manifestName, m.Format, manifestFormat)
	}
	for _, f := range m.Files {
		if _, err := backupPath("", f.Name); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// backupPath returns the place in dir of a file of a backup. It refuses names that
// Backup does not give.
func backupPath(dir, name string) (string, error) {
	folder, base := path.Split(name)
	_, isSegment := parseSegmentName(base)
	_, isReplay := parseReplayName(base)
	if name != permanentName && name != keyName && !(folder == verdictsName+"/" && isSegment) && !(folder == replaysName+"/" && isReplay) {
		return "", fail(ErrBackup, "the backup has a file %q, which is none of a store", name)
	}
	return filepath.Join(dir, filepath.FromSlash(path.Clean(name))), nil
}

// create makes a file and its folder, both for the owner alone.
func create(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fail(ErrFolder, "%w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fail(ErrFolder, "%w", err)
	}
	return f, nil
}

// emptyFolder refuses a folder that has something in it.
func emptyFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fail(ErrFolder, "folder %s cannot be used: %w", dir, err)
	case len(entries) > 0:
		return fail(ErrFolder, "folder %s is not empty (%s is there): nothing is overwritten, name a folder that is empty or not there yet",
			dir, entries[0].Name())
	}
	return nil
}

// CheckBackup reads the whole backup in dir and reports the first file that is not
// what the manifest says.
func CheckBackup(ctx context.Context, dir string, progress func(int64)) (*Manifest, error) {
	raw, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fail(ErrBackup, "%s is no backup, or was broken off: it has no %s", dir, manifestName)
	}
	if err != nil {
		return nil, fail(ErrFolder, "%w", err)
	}
	m, err := parseManifest(raw)
	if err != nil {
		return nil, err
	}
	u := unpacker{ctx: ctx, progress: progress}
	for _, f := range m.Files {
		from, err := backupPath(dir, f.Name)
		if err != nil {
			return nil, err
		}
		if err := u.check(from, f); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (u *unpacker) check(from string, want BackupFile) error {
	f, err := os.Open(from)
	if err != nil {
		return fail(ErrBackup, "a file of the backup is missing: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(sum, u), f)
	switch {
	case err != nil:
		return fmt.Errorf("store: reading %s: %w", from, err)
	case n != want.Size:
		return fail(ErrBackup, "%s has %d bytes, the manifest says %d: restore another backup", from, n, want.Size)
	case hex.EncodeToString(sum.Sum(nil)) != want.SHA256:
		return fail(ErrBackup, "%s was altered or damaged: its SHA-256 is not the manifest's; restore another backup", from)
	}
	return nil
}

// Restore checks the backup in the folder from and copies it to the data folder dir,
// which must be empty or not there. Files get their names there when all of them are
// on disk, so that an interrupted restore leaves nothing that looks like a store.
// progress, which may be nil, is called with the bytes read, twice the backup's in
// all.
func Restore(ctx context.Context, from, dir string, progress func(int64)) (m *Manifest, err error) {
	if err := emptyFolder(dir); err != nil {
		return nil, err
	}
	m, err = CheckBackup(ctx, from, progress)
	if err != nil {
		return nil, err
	}
	verdicts := filepath.Join(dir, verdictsName)
	if err := os.MkdirAll(verdicts, 0o700); err != nil {
		return nil, fail(ErrFolder, "data folder %s cannot be used: %w", dir, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(verdicts) // while it is empty: another attempt may follow
		}
	}()
	temp, err := os.MkdirTemp(dir, ".restore-*")
	if err != nil {
		return nil, fail(ErrFolder, "data folder %s cannot be written: %w", dir, err)
	}
	defer os.RemoveAll(temp)
	u := unpacker{ctx: ctx, dir: temp, bytes: m.Bytes(), progress: progress}
	for i, f := range m.Files {
		if err := u.copy(from, f.Name); err != nil {
			return nil, err
		}
		if u.files[i] != f { // it changed since it was checked
			return nil, fail(ErrBackup, "file %s of the backup changed while it was copied", f.Name)
		}
	}
	return m, u.move(dir)
}

func (u *unpacker) copy(from, name string) error {
	source, err := backupPath(from, name)
	if err != nil {
		return err
	}
	f, err := os.Open(source)
	if err != nil {
		return fail(ErrBackup, "a file of the backup is missing: %w", err)
	}
	defer f.Close()
	return u.file(name, f)
}

// move gives the files their names in the data folder, the permanent one last.
func (u *unpacker) move(dir string) error {
	rename := func(name string) error {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return fail(ErrFolder, "restoring %s: %w", to, err)
		}
		if err := os.Rename(filepath.Join(u.dir, filepath.FromSlash(name)), to); err != nil {
			return fmt.Errorf("store: restoring %s: %w", to, err)
		}
		return nil
	}
	permanent := false
	for _, f := range u.files {
		if f.Name == permanentName {
			permanent = true
			continue
		}
		if err := rename(f.Name); err != nil {
			return err
		}
	}
	if !permanent {
		return fail(ErrBackup, "the backup has no %s", permanentName)
	}
	return rename(permanentName)
}
