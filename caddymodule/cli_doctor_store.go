package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize"

	"github.com/limen-waf/limen/store"
)

// lowSpace is the free space below which the doctor speaks up.
const lowSpace = 1 << 30

// checkStore looks at the data folder without changing what is in it.
func (d *doctor) checkStore() {
	c := check{Name: "data folder", State: checkOK, Found: d.data}
	err := tryFolder(d.data)
	switch {
	case errors.Is(err, errWillBeMade):
		c.Found += " (not there yet; the server makes it)"
	case err != nil:
		c.State, c.Found = checkBroken, err.Error()
		c.Advice = "run the doctor as the user that runs the server, give that user the folder (chown), or choose another one: data in the limen option"
	default:
		d.readStore(&c)
	}
	if free, ok := freeSpace(existing(d.data)); ok {
		c.Detail = append(c.Detail, humanize.IBytes(free)+" free on the disk")
		if free < lowSpace && c.State == checkOK {
			c.State, c.Advice = checkWarn, "free some space, or set max_size in the limen option below it"
		}
	}
	d.add(c)
}

// readStore opens the store for reading, if there is one.
func (d *doctor) readStore(c *check) {
	s, err := store.Open(store.Options{Dir: d.data, ReadOnly: true})
	switch {
	case err == nil:
	case errors.Is(err, store.ErrNotFound):
		c.Detail = append(c.Detail, "readable and writable, no decisions stored yet")
		return
	case errors.Is(err, store.ErrLocked):
		c.Detail = append(c.Detail, "in use by a running server")
		return
	default:
		c.State, c.Found = checkBroken, err.Error()
		return
	}
	defer s.Close()
	st := s.Stats()
	c.Detail = append(c.Detail, fmt.Sprintf("readable and writable, %s in %d segments", humanize.IBytes(uint64(st.Bytes)), st.Segments))
	if page, err := s.Verdicts(context.Background(), store.Query{Limit: 1}); err == nil && len(page.Verdicts) == 1 {
		c.Detail = append(c.Detail, "last decision "+page.Verdicts[0].Time.Local().Format("2006-01-02 15:04:05"))
	}
	if st.Broken > 0 {
		c.State = checkWarn
		c.Detail = append(c.Detail, fmt.Sprintf("%d damaged files were set aside", st.Broken))
		c.Advice = "look at the disk; the files are kept until retention removes them"
	}
}

// errWillBeMade means that the folder is not there and can be made.
var errWillBeMade = errors.New("the folder will be made")

// tryFolder finds out whether the folder can be written, by writing to it, or
// whether it could be made.
func tryFolder(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		parent := existing(dir)
		if err := tryWrite(parent); err != nil {
			return fmt.Errorf("%s is not there and cannot be made: %w", dir, err)
		}
		return errWillBeMade
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder", dir)
	}
	return tryWrite(dir)
}

func tryWrite(dir string) error {
	f, err := os.CreateTemp(dir, ".limen-doctor-*")
	if err != nil {
		return err // names the folder
	}
	f.Close()
	return os.Remove(f.Name())
}

// existing is the nearest folder above dir, or dir itself, that is there.
func existing(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil || filepath.Dir(dir) == dir {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}
