package proc_test

import (
	"os"
	"testing"
	"time"

	"github.com/limen-waf/limen/bench/proc"
)

// Ensure that work done shows in both clocks, and that they agree to what a
// tick can tell.
func TestReadCPU(t *testing.T) {
	before, err := proc.ReadCPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	x := 0
	for begin := time.Now(); time.Since(begin) < 200*time.Millisecond; x++ {
	}
	after, err := proc.ReadCPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	used := after.Sub(before)
	if used.Total < 20*time.Millisecond || used.Total > 5*time.Second {
		t.Errorf("%d turns used %v", x, used.Total)
	}
	if diff := (used.Stat() - used.Total).Abs(); diff > 50*time.Millisecond {
		t.Errorf("/proc/PID/stat shows %v, the CPU clock %v", used.Stat(), used.Total)
	}
	if _, err := proc.ReadCPU(1 << 30); err == nil {
		t.Error("a process that does not exist gave no error")
	}
}

// Ensure that memory in use shows.
func TestReadMemory(t *testing.T) {
	before, err := proc.ReadMemory(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	held := make([]byte, 64<<20)
	for i := 0; i < len(held); i += 4096 {
		held[i] = 1
	}
	after, err := proc.ReadMemory(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if grown := after.RSS - before.RSS; grown < int64(len(held)/2) {
		t.Errorf("RSS grew by %d for %d bytes", grown, len(held))
	}
	if after.PSS <= 0 || after.Anon <= 0 || after.File <= 0 || after.Peak < after.RSS || held[4096] != 1 {
		t.Errorf("%+v", after)
	}
	if _, err := proc.ReadMemory(1 << 30); err == nil {
		t.Error("a process that does not exist gave no error")
	}
}

// Ensure that the machine is described.
func TestReadMachine(t *testing.T) {
	m := proc.ReadMachine()
	if m.Cores < 1 || m.Memory < 1<<20 || m.Kernel == "" || m.Go == "" {
		t.Errorf("%+v", m)
	}
	busy, _, err := proc.Busy()
	if err != nil || busy <= 0 {
		t.Errorf("busy %v, error %v", busy, err)
	}
}
