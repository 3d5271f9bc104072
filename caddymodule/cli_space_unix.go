//go:build linux || darwin || freebsd

package caddymodule

import "syscall"

// freeSpace is the number of bytes that a user may still write at path.
func freeSpace(path string) (bytes uint64, ok bool) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(path, &st); err != nil {
		return 0, false
	}
	return uint64(st.Bavail) * uint64(st.Bsize), true // the types differ between systems
}
