package proc

import (
	"os"
	"runtime"
	"strconv"
	"strings"
)

// Machine says where numbers were taken.
type Machine struct {
	CPU    string  `json:"cpu"`    // model name
	Cores  int     `json:"cores"`  // that the process may use
	Memory int64   `json:"memory"` // bytes
	Kernel string  `json:"kernel"`
	Go     string  `json:"go"` // that built the benchmark
	Arch   string  `json:"arch"`
	Load   float64 `json:"load"` // average over the minute before the run
}

// ReadMachine describes this machine; what cannot be read stays empty.
func ReadMachine() Machine {
	m := Machine{CPU: "unknown", Cores: runtime.NumCPU(), Go: runtime.Version(), Arch: runtime.GOARCH}
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		// Hypervisors hide the model's name; family and model number remain.
		text := string(info)
		if name := after(text, "model name\t: "); name != "" {
			m.CPU = name + " (family " + after(text, "cpu family\t: ") + ", model " + after(text, "model\t\t: ") + ")"
		}
	}
	if info, err := os.ReadFile("/proc/meminfo"); err == nil {
		m.Memory, _ = kilobytes(string(info), "MemTotal")
	}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(release))
	}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		first, _, _ := strings.Cut(string(load), " ")
		m.Load, _ = strconv.ParseFloat(first, 64)
	}
	return m
}

func after(text, label string) string {
	_, rest, _ := strings.Cut(text, label)
	value, _, _ := strings.Cut(rest, "\n")
	return value
}
