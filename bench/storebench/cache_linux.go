package storebench

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// fadvDontNeed is POSIX_FADV_DONTNEED.
const fadvDontNeed = 4

// dropCache drops the files under dir from the system's cache, so that they are read
// from the disk again. It needs no privilege; what is not yet written stays.
func dropCache(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			return err
		}
		if _, _, errno := syscall.Syscall6(syscall.SYS_FADVISE64, f.Fd(), 0, 0, fadvDontNeed, 0, 0); errno != 0 {
			return &fs.PathError{Op: "fadvise", Path: path, Err: errno}
		}
		return nil
	})
}
