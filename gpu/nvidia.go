package gpu

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// CUDAVisible says whether the process could see a CUDA device at all. It is
// cheap and errs on the side of yes: opening the device tells.
func CUDAVisible() bool { return cudaVisible() }

func cudaVisible() bool {
	switch runtime.GOOS {
	case "linux":
		for _, path := range []string{"/dev/nvidia0", "/dev/nvidiactl", "/dev/dxg", "/proc/driver/nvidia/version"} {
			if _, err := os.Stat(path); err == nil {
				return true
			}
		}
		return false
	case "windows":
		_, err := exec.LookPath("nvidia-smi")
		return err == nil
	}
	return false
}

// nvidiaTimeout bounds nvidia-smi, which hangs where a driver does.
const nvidiaTimeout = 5 * time.Second

// nvidia asks the driver for its version and its devices, a line each.
func nvidia() (driver string, devices []string) {
	ctx, cancel := context.WithTimeout(context.Background(), nvidiaTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, "nvidia-smi",
		"--query-gpu=driver_version,name,memory.total", "--format=csv,noheader").Output()
	if err == nil {
		for line := range strings.Lines(string(out)) {
			version, device, ok := strings.Cut(strings.TrimSpace(line), ", ")
			if ok {
				driver, devices = version, append(devices, device)
			}
		}
		return driver, devices
	}
	return nvidiaProc("/proc/driver/nvidia")
}

// nvidiaProc reads the driver's own folder, which containers without
// nvidia-smi have.
func nvidiaProc(root string) (driver string, devices []string) {
	if raw, err := os.ReadFile(filepath.Join(root, "version")); err == nil {
		// NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar …
		first, _, _ := bytes.Cut(raw, []byte("\n"))
		_, version, _ := strings.Cut(string(first), "Module")
		for field := range strings.FieldsSeq(version) {
			if field[0] >= '0' && field[0] <= '9' {
				driver = field
				break
			}
		}
	}
	cards, _ := filepath.Glob(filepath.Join(root, "gpus", "*", "information"))
	for _, card := range cards {
		raw, err := os.ReadFile(card)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(raw)) {
			if name, ok := strings.CutPrefix(line, "Model:"); ok {
				devices = append(devices, strings.TrimSpace(name))
			}
		}
	}
	return driver, devices
}
