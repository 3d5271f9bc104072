//go:build cgo && linux

package gpu_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/limen-waf/limen/gpu"
	"github.com/limen-waf/limen/gpu/ort"
	"github.com/limen-waf/limen/gpu/session"
	"github.com/limen-waf/limen/model"
)

// noDriver is what a machine without a driver makes of the devices cuda and auto.
type noDriver struct {
	Report gpu.Report
	// Engine and Session are the two that run models: the firewall's and all others'.
	Engine, Session tried
}

// tried is what was opened, and said.
type tried struct {
	Strict     string // the error of cuda with Strict
	CUDA, Auto opened
}

// opened is where a model runs and what the log holds of how it got there.
type opened struct {
	Device string
	Log    []map[string]any
}

// Ensure that where ONNX Runtime has a CUDA provider and the machine lacks what that
// needs, device cuda says what is missing and what to do, that the CPU takes its place
// with one warning, and that auto takes the CPU without one. The providers are made for
// the test, but for the last two, which need those of a build for CUDA beside the
// library (LIMEN_ONNXRUNTIME).
func TestNoDriver(t *testing.T) {
	if gpu.CUDAVisible() {
		t.Skip("there may be a CUDA device")
	}
	library, err := ort.Find("..")
	if errors.Is(err, ort.ErrNoLibrary) || err == nil && !filepath.IsAbs(library.Path) {
		t.Skip("no ONNX Runtime library to put a provider beside")
	}
	if err != nil {
		t.Fatal(err)
	}
	const installDriver, installCUDA = "install the driver", "install CUDA"
	tests := []struct {
		name     string
		provider string // the library that a made provider asks for; "" for the real one
		stubs    []string
		missing  string
		way      string
	}{
		{"no CUDA", "libcublasLt.so.13", nil, "libcublasLt.so.13", installCUDA},
		{"no cuDNN", "libcudnn.so.9", nil, "libcudnn.so.9", "install cuDNN"},
		{"no driver", "libcuda.so.1", nil, "libcuda.so.1", installDriver},
		{"provider, no CUDA", "", nil, "lib", installCUDA},
		{"provider and CUDA, no driver", "", []string{"libcublasLt.so.13", "libcublas.so.13", "libcurand.so.10", "libcudart.so.13", "libcufft.so.12", "libcudnn.so.9",
			"libcublasLt.so.12", "libcublas.so.12", "libcudart.so.12", "libcufft.so.11"}, "libcuda.so.1", installDriver},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			folder, libraries := filepath.Dir(library.Path), t.TempDir()
			if test.provider != "" {
				folder = t.TempDir()
				if err := os.Symlink(library.Path, filepath.Join(folder, "libonnxruntime.so.1")); err != nil {
					t.Fatal(err)
				}
				compile(t, filepath.Join(folder, "libonnxruntime_providers_shared.so"), "static void *host; void Provider_SetHost(void *h) { host = h; } void *Provider_GetHost(void) { return host; }")
				needed := filepath.Join(t.TempDir(), test.provider)
				compile(t, needed, "int limen_needed(void) { return 1; }", "-Wl,-soname,"+test.provider)
				compile(t, filepath.Join(folder, "libonnxruntime_providers_cuda.so"), "int limen_needed(void); void *GetProvider(void) { return limen_needed() ? 0 : 0; }", needed)
			} else if _, err := os.Stat(filepath.Join(folder, "libonnxruntime_providers_cuda.so")); err != nil {
				t.Skipf("%s has no libonnxruntime_providers_cuda.so: name the folder of a build of ONNX Runtime for CUDA in %s", folder, ort.EnvLibrary)
			}
			for _, name := range test.stubs {
				compile(t, filepath.Join(libraries, name), "int limen_stub(void) { return 1; }", "-Wl,-soname,"+name)
			}
			got := childNoDriver(t, folder, libraries)
			says := func(what, text string) {
				t.Helper()
				for _, want := range []string{ort.ErrNoCUDA.Error(), test.missing, test.way} {
					if !strings.Contains(text, want) {
						t.Errorf("%s does not say %q:\n%s", what, want, text)
					}
				}
			}
			t.Log(got.Report.CUDA.Error)
			says("the report", got.Report.CUDA.Error)
			if !got.Report.CUDA.Provider || got.Report.CUDA.Usable || got.Report.CUDA.Visible {
				t.Errorf("report %+v", got.Report.CUDA)
			}
			for name, tried := range map[string]tried{"engine": got.Engine, "session": got.Session} {
				says(name+", strict", tried.Strict)
				if !strings.Contains(tried.Strict, "device cuda:0") {
					t.Errorf("%s: %s does not name the device", name, tried.Strict)
				}
				warned := 0
				for _, line := range tried.CUDA.Log {
					if line["level"] == "warn" {
						warned++
						says(name+"'s warning", line["reason"].(string))
					}
				}
				if !strings.HasPrefix(tried.CUDA.Device, "cpu") || warned != 1 {
					t.Errorf("%s: cuda gives %+v", name, tried.CUDA)
				}
				if !strings.HasPrefix(tried.Auto.Device, "cpu") || len(tried.Auto.Log) != 1 || tried.Auto.Log[0]["level"] != "info" {
					t.Errorf("%s: auto gives %+v", name, tried.Auto)
				}
			}
		})
	}
}

// compile makes a shared library from C source, or skips the test.
func compile(t *testing.T, path, source string, further ...string) {
	t.Helper()
	compiler, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler on this machine")
	}
	input := filepath.Join(t.TempDir(), "library.c")
	if err := os.WriteFile(input, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	arguments := append([]string{"-shared", "-fPIC", "-Wl,--no-as-needed", "-o", path, input}, further...)
	if out, err := exec.Command(compiler, arguments...).CombinedOutput(); err != nil {
		t.Fatalf("compiling: %v\n%s", err, out)
	}
}

const envNoDriver = "LIMEN_TEST_NO_DRIVER"

// childNoDriver tries the devices in another process: a process loads one ONNX Runtime,
// and its loader's path is read when it starts.
func childNoDriver(t *testing.T, folder, libraries string) (got noDriver) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.json")
	c := exec.Command(os.Args[0], "-test.run=^TestNoDriverChild$")
	c.Env = append(os.Environ(), envNoDriver+"="+out, ort.EnvLibrary+"="+folder, "LD_LIBRARY_PATH="+libraries)
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	raw, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestNoDriverChild is the process that childNoDriver starts.
func TestNoDriverChild(t *testing.T) {
	out := os.Getenv(envNoDriver)
	if out == "" {
		t.Skip("for TestNoDriver")
	}
	m, err := model.Load("testdata/tiny.onnx")
	if err != nil {
		t.Fatal(err)
	}
	engine := func(device string, strict bool, log *bytes.Buffer) (string, error) {
		e, err := gpu.Open(m, gpu.Options{Device: device, Strict: strict, DataDir: "..", Logger: zerolog.New(log).Level(zerolog.InfoLevel)})
		if err != nil {
			return "", err
		}
		return e.Info().Device, e.Close()
	}
	run := func(device string, strict bool, log *bytes.Buffer) (string, error) {
		s, err := session.Open("tiny", m.ONNX, session.Options{Device: device, Strict: strict, DataDir: "..", Logger: zerolog.New(log).Level(zerolog.InfoLevel)})
		if err != nil {
			return "", err
		}
		return s.Device(), s.Close()
	}
	try := func(open func(device string, strict bool, log *bytes.Buffer) (string, error)) (all tried) {
		if _, err := open("cuda", true, new(bytes.Buffer)); err != nil {
			all.Strict = err.Error()
		}
		for device, got := range map[string]*opened{"cuda": &all.CUDA, "auto": &all.Auto} {
			var log bytes.Buffer
			where, err := open(device, false, &log)
			if err != nil {
				t.Fatal(err)
			}
			got.Device = where
			for line := range bytes.Lines(log.Bytes()) {
				var fields map[string]any
				if err := json.Unmarshal(line, &fields); err != nil {
					t.Fatal(err)
				}
				got.Log = append(got.Log, fields)
			}
		}
		return all
	}
	raw, err := json.Marshal(noDriver{Report: gpu.Probe(".."), Engine: try(engine), Session: try(run)})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(out, raw, 0o644); err != nil {
		t.Fatal(err)
	}
}
