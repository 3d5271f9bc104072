package proc

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Memory is what a process holds in memory, in bytes.
type Memory struct {
	RSS  int64 `json:"rss"`  // resident pages
	Anon int64 `json:"anon"` // of them, the process's own: heap, stacks
	File int64 `json:"file"` // of them, of mapped files: the binary, the store
	Peak int64 `json:"peak"` // most ever resident
	PSS  int64 `json:"pss"`  // resident pages, shared ones divided by their users
}

// ReadMemory reads the memory of the process pid.
func ReadMemory(pid int) (Memory, error) {
	var m Memory
	folder := "/proc/" + strconv.Itoa(pid)
	status, err := os.ReadFile(folder + "/status")
	if err != nil {
		return m, fmt.Errorf("reading memory: %w", err)
	}
	for name, to := range map[string]*int64{"VmRSS": &m.RSS, "RssAnon": &m.Anon, "RssFile": &m.File, "VmHWM": &m.Peak} {
		if *to, err = kilobytes(string(status), name); err != nil {
			return m, fmt.Errorf("reading memory of process %d: %w", pid, err)
		}
	}
	rollup, err := os.ReadFile(folder + "/smaps_rollup")
	if err != nil {
		return m, fmt.Errorf("reading memory: %w", err)
	}
	if m.PSS, err = kilobytes(string(rollup), "Pss"); err != nil {
		return m, fmt.Errorf("reading memory of process %d: %w", pid, err)
	}
	return m, nil
}

// kilobytes returns the bytes of the line "name:   123 kB".
func kilobytes(text, name string) (int64, error) {
	_, rest, ok := strings.Cut("\n"+text, "\n"+name+":")
	if !ok {
		return 0, fmt.Errorf("no %s line", name)
	}
	fields := strings.Fields(rest)
	n, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s line: %w", name, err)
	}
	return n << 10, nil
}
