package session

import (
	"runtime"
	"testing"
	"testing/fstest"
)

// Ensure that the CPU limit of a container is read in both versions of control groups.
func TestCgroupCPUs(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		limit float64
		ok    bool
	}{
		{"no groups", nil, 0, false},
		{"v2, no limit", map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, 0, false},
		{"v2, in a container", map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 1.5, true},
		{"v2, host's path", map[string]string{"proc/self/cgroup": "0::/docker/1f\n", "sys/fs/cgroup/cpu.max": "400000 100000\n"}, 4, true},
		{"v2, least of the ancestors", map[string]string{"proc/self/cgroup": "0::/a.slice/b.service\n",
			"sys/fs/cgroup/a.slice/cpu.max": "200000 100000\n", "sys/fs/cgroup/a.slice/b.service/cpu.max": "max 100000\n"}, 2, true},
		{"v1", map[string]string{"proc/self/cgroup": "4:memory:/x\n3:cpu,cpuacct:/x\n",
			"sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": "50000\n", "sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000\n"}, 0.5, true},
		{"v1, no limit", map[string]string{"proc/self/cgroup": "1:cpu:/\n",
			"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"}, 0, false},
		{"nonsense", map[string]string{"proc/self/cgroup": "0::/\nx\n", "sys/fs/cgroup/cpu.max": "many\n"}, 0, false},
	}
	for _, test := range tests {
		root := fstest.MapFS{}
		for name, data := range test.files {
			root[name] = &fstest.MapFile{Data: []byte(data)}
		}
		if limit, ok := cgroupCPUs(root); ok != test.ok || ok && limit != test.limit {
			t.Errorf("%s: got %v, %v", test.name, limit, ok)
		}
	}
	if n := defaultThreads(); n < 1 || n > runtime.GOMAXPROCS(0) {
		t.Errorf("got %d threads", n)
	}
}
