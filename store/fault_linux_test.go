package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/limen-waf/limen/store"
)

// onReadOnlyDisk makes a store on a disk of its own and opens it when that takes no more
// writes.
func onReadOnlyDisk(dir string) {
	if err := syscall.Mount("limen-test", dir, "tmpfs", 0, "size=64m"); err != nil {
		fmt.Println("skip", err)
		return
	}
	o := store.Options{Dir: filepath.Join(dir, "limen")}
	s, err := store.Open(o)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	for i := range 1000 {
		s.Record(typical(i))
	}
	if err := s.Close(); err != nil {
		fmt.Println("error", err)
	}
	if err := syscall.Mount("limen-test", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, "size=64m"); err != nil {
		fmt.Println("skip", err)
		return
	}
	_, err = store.Open(o)
	fmt.Printf("write folder=%t named=%t\n", errors.Is(err, store.ErrFolder), err != nil && strings.Contains(err.Error(), o.Dir))
	o.ReadOnly = true
	s, err = store.Open(o)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	rows := 0
	err = s.Each(ctx, store.Query{}, func(*store.Verdict) error { rows++; return nil })
	r, verifyErr := s.Verify(ctx, store.VerifyOptions{})
	fmt.Printf("read rows=%d err=%v verify=%v", rows, err, verifyErr)
	if verifyErr == nil {
		fmt.Printf(" problems=%d", r.Found)
	}
	fmt.Println()
}

// Ensure that a disk that became read-only is one clear error for a server, and no
// hindrance to a reader.
func TestReadOnlyDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("mounting needs root")
	}
	cmd := helper(t, "readonly", t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	out, err := cmd.Output()
	if err != nil && len(out) == 0 {
		t.Skipf("no mount namespace here: %v", err)
	}
	if strings.HasPrefix(string(out), "skip") {
		t.Skip(string(out))
	}
	want := "write folder=true named=true\nread rows=1000 err=<nil> verify=<nil> problems=0\n"
	if string(out) != want {
		t.Errorf("got %swant %s", out, want)
	}
}
