package session

import (
	"bufio"
	"bytes"
	"io/fs"
	"math"
	"os"
	"path"
	"runtime"
	"strconv"
	"strings"
)

// defaultThreads is the number of CPUs that the process may use: no more than
// Go's own count, which honours the affinity mask and GOMAXPROCS, nor than the
// limit of the control group, rounded up. Go rounds that limit up to two.
func defaultThreads() int {
	n := runtime.GOMAXPROCS(0)
	if limit, ok := cgroupCPUs(os.DirFS("/")); ok {
		n = min(n, max(1, int(math.Ceil(limit))))
	}
	return n
}

// cgroupCPUs returns the CPU limit of the process's control group, the least of the
// group's and its ancestors', in CPUs: version 2's cpu.max, or version 1's
// cpu.cfs_quota_us over cpu.cfs_period_us (Linux, Documentation/admin-guide/cgroup-v2.rst
// and scheduler/sched-bwc.rst). ok is false where there is none.
func cgroupCPUs(root fs.FS) (limit float64, ok bool) {
	raw, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0, false
	}
	limit = math.Inf(1)
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for lines.Scan() {
		// hierarchy-ID:controllers:path
		fields := strings.SplitN(lines.Text(), ":", 3)
		if len(fields) != 3 {
			continue
		}
		mount, read := "sys/fs/cgroup", quotaV2
		switch {
		case fields[1] == "":
		case contains(fields[1], "cpu"):
			mount, read = "sys/fs/cgroup/cpu", quotaV1
		default:
			continue
		}
		// A container may see its own group as the mount's root while the path
		// is the host's: what does not exist is skipped, the root is read always.
		for group := path.Join("/", fields[2]); ; group = path.Dir(group) {
			if n, found := read(root, path.Join(mount, group)); found {
				limit = min(limit, n)
			}
			if group == "/" {
				break
			}
		}
	}
	return limit, !math.IsInf(limit, 1)
}

// contains says whether a comma-separated list of controllers has one.
func contains(controllers, name string) bool {
	for c := range strings.SplitSeq(controllers, ",") {
		if c == name {
			return true
		}
	}
	return false
}

// quotaV2 reads "max 100000" or "150000 100000".
func quotaV2(root fs.FS, group string) (float64, bool) {
	raw, err := fs.ReadFile(root, path.Join(group, "cpu.max"))
	if err != nil {
		return 0, false
	}
	quota, period, _ := strings.Cut(strings.TrimSpace(string(raw)), " ")
	return ratio(quota, period)
}

// quotaV1 reads two files; a quota of -1 is none.
func quotaV1(root fs.FS, group string) (float64, bool) {
	quota, err1 := fs.ReadFile(root, path.Join(group, "cpu.cfs_quota_us"))
	period, err2 := fs.ReadFile(root, path.Join(group, "cpu.cfs_period_us"))
	if err1 != nil || err2 != nil {
		return 0, false
	}
	return ratio(strings.TrimSpace(string(quota)), strings.TrimSpace(string(period)))
}

func ratio(quota, period string) (float64, bool) {
	q, err1 := strconv.ParseFloat(quota, 64)
	p, err2 := strconv.ParseFloat(period, 64)
	if err1 != nil || err2 != nil || !(q > 0) || !(p > 0) {
		return 0, false
	}
	return q / p, true
}
