package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// CPU is processor time that a process used since it began, all threads,
// finished ones too.
type CPU struct {
	// Total comes from the process's CPU clock, in nanoseconds.
	Total time.Duration
	// User and System come from /proc/PID/stat, in ticks of 10 ms.
	User, System time.Duration
}

// Sub returns c less earlier.
func (c CPU) Sub(earlier CPU) CPU {
	return CPU{c.Total - earlier.Total, c.User - earlier.User, c.System - earlier.System}
}

// Stat returns the time that /proc/PID/stat shows: the check on Total.
func (c CPU) Stat() time.Duration { return c.User + c.System }

// tick is the unit of /proc/PID/stat: USER_HZ is 100 on every Linux that Go
// runs on.
const tick = 10 * time.Millisecond

// ReadCPU reads the CPU time of the process pid.
func ReadCPU(pid int) (CPU, error) {
	var c CPU
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return c, fmt.Errorf("reading CPU time: %w", err)
	}
	// proc_pid_stat(5): the second field is the name in parentheses, and may
	// itself hold spaces and parentheses; utime and stime are fields 14 and 15.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return c, fmt.Errorf("reading CPU time of process %d: stat has %d fields", pid, len(fields))
	}
	user, err1 := strconv.ParseInt(string(fields[11]), 10, 64)
	system, err2 := strconv.ParseInt(string(fields[12]), 10, 64)
	if err1 != nil || err2 != nil {
		return c, fmt.Errorf("reading CPU time of process %d: stat %q", pid, stat)
	}
	c.User, c.System = time.Duration(user)*tick, time.Duration(system)*tick

	// The clock of another process, as clock_getcpuclockid(3) makes its name:
	// the complement of the process id, and 2 for scheduler time.
	var spec syscall.Timespec
	clock := ^pid<<3 | 2
	if _, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, uintptr(clock), uintptr(unsafe.Pointer(&spec)), 0); errno != 0 {
		return c, fmt.Errorf("reading the CPU clock of process %d: %w", pid, errno)
	}
	c.Total = time.Duration(spec.Nano())
	return c, nil
}

// Busy returns the time that the processors of the machine were not idle since
// boot, and the time that the hypervisor took from it (steal). Where the control
// groups are mounted, busy is the root group's, to the nanosecond; in a container
// that is the container. Elsewhere it is what /proc/stat sampled at every tick.
func Busy() (busy, steal time.Duration, err error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, fmt.Errorf("reading the machine's CPU time: %w", err)
	}
	line, _, _ := strings.Cut(string(stat), "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, 0, fmt.Errorf("reading the machine's CPU time: %q", line)
	}
	// proc_stat(5): user nice system idle iowait irq softirq steal.
	for i, field := range fields[1:9] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("reading the machine's CPU time: %q", line)
		}
		switch i {
		case 3, 4:
		case 7:
			steal = time.Duration(n) * tick
		default:
			busy += time.Duration(n) * tick
		}
	}
	if exact, ok := groupTime(); ok {
		busy = exact
	}
	return busy, steal, nil
}

// groupTime returns the processor time of the root control group.
func groupTime() (time.Duration, bool) {
	if text, err := os.ReadFile("/sys/fs/cgroup/cpuacct/cpuacct.usage"); err == nil { // version 1, nanoseconds
		n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		return time.Duration(n), err == nil
	}
	if text, err := os.ReadFile("/sys/fs/cgroup/cpu.stat"); err == nil { // version 2, microseconds
		line, _, _ := strings.Cut(string(text), "\n")
		n, err := strconv.ParseInt(strings.TrimPrefix(line, "usage_usec "), 10, 64)
		return time.Duration(n) * time.Microsecond, err == nil
	}
	return 0, false
}
