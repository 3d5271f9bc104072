package store

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// lockHolder returns the id and the name of the process that holds a lock on
// path, as far as /proc says, or "".
func lockHolder(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return ""
	}
	// 1: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF
	dev := uint64(stat.Dev)
	major, minor := dev>>8&0xfff, dev&0xff|dev>>12&0xfff00
	file := fmt.Sprintf("%02x:%02x:%d", major, minor, stat.Ino)
	for line := range strings.Lines(string(locks)) {
		f := strings.Fields(line)
		if len(f) < 6 || f[1] != "FLOCK" || f[5] != file || f[4] == "0" {
			continue
		}
		if name, err := os.ReadFile("/proc/" + f[4] + "/comm"); err == nil {
			return f[4] + " (" + strings.TrimSpace(string(name)) + ")"
		}
		return f[4]
	}
	return ""
}
