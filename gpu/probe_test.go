package gpu

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/limen-waf/limen/gpu/ort"
)

// Ensure that Probe tells a whole story about this machine, whatever it is.
func TestProbe(t *testing.T) {
	r := Probe("..")
	if !strings.HasPrefix(r.Native, "cpu/") || r.Cgo != ort.Cgo || len(r.Searched) == 0 {
		t.Errorf("got %+v", r)
	}
	if (r.Library == nil) == (r.LibraryError == "") {
		t.Errorf("library %v with error %q", r.Library, r.LibraryError)
	}
	if r.Library != nil && (len(r.Providers) == 0 || r.CUDA.Usable == (r.CUDA.Error != "")) {
		t.Errorf("got %+v", r)
	}
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", raw)
}

// Ensure that advice is given where something can be done, and nowhere else.
func TestAdvise(t *testing.T) {
	absent := ort.Place{Source: ort.SourceSystem, Path: "libonnxruntime.so.1", Err: fs.ErrNotExist}
	old := ort.Place{Source: ort.SourceSystem, Path: "/usr/lib/libonnxruntime.so.1", Version: "1.17.3", Err: ort.ErrTooOld}
	library := &ort.Place{Source: ort.SourceData, Path: "/data/libonnxruntime.so.1", Version: "1.30.0"}
	tests := []struct {
		name string
		r    Report
		want string // "" for no advice
	}{
		{"nothing missing", Report{Native: "cpu/avx2", Cgo: true, Searched: []ort.Place{absent}, LibraryError: "none"}, ""},
		{"drop-in build", Report{Native: "cpu/avx2", LibraryError: ort.ErrNoCgo.Error(), Searched: []ort.Place{absent}}, ""},
		{"library", Report{Native: "cpu/avx2", Cgo: true, Library: library, Searched: []ort.Place{*library}}, ""},
		{"no vector code", Report{Native: portable, Cgo: true, Searched: []ort.Place{absent}}, "no vector code"},
		{"too old", Report{Native: "cpu/avx2", Cgo: true, Searched: []ort.Place{absent, old}, LibraryError: "1.17.3 is too old"}, "1.17.3 is too old"},
		{"named, not there", Report{Native: "cpu/avx2", Cgo: true, LibraryError: "nothing at /x",
			Searched: []ort.Place{{Source: ort.SourceEnv, Path: "/x", Err: fs.ErrNotExist}}}, "nothing at /x"},
		{"device without cgo", Report{Native: "cpu/avx2", CUDA: CUDAReport{Visible: true}}, "built without cgo"},
		{"device without library", Report{Native: "cpu/avx2", Cgo: true, CUDA: CUDAReport{Visible: true}, LibraryError: "none found"}, "none found"},
		{"device without provider", Report{Native: "cpu/avx2", Cgo: true, Library: library,
			CUDA: CUDAReport{Visible: true, Error: "libcudnn.so.9 is missing"}}, "libcudnn.so.9 is missing"},
		{"device that works", Report{Native: "cpu/avx2", Cgo: true, Library: library, CUDA: CUDAReport{Visible: true, Usable: true}}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.r.Advice = test.r.advise()
			if test.want == "" && len(test.r.Advice) > 0 || test.want != "" && (len(test.r.Advice) != 1 || !strings.Contains(test.r.Advice[0], test.want)) {
				t.Errorf("got %q, expected one line about %q", test.r.Advice, test.want)
			}
		})
	}
}

// Ensure that the driver's own folder is read where nvidia-smi is not there.
func TestNvidiaProc(t *testing.T) {
	root := t.TempDir()
	write := func(path, text string) {
		t.Helper()
		path = filepath.Join(root, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	write("version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024\nGCC version:  gcc version 12.2.0\n")
	for i := range 2 {
		write(fmt.Sprintf("gpus/0000:0%d:00.0/information", i+1), fmt.Sprintf("Model: \t\t NVIDIA Card %d\nIRQ:   \t\t 31\n", i))
	}
	driver, devices := nvidiaProc(root)
	if driver != "550.54.15" || !reflect.DeepEqual(devices, []string{"NVIDIA Card 0", "NVIDIA Card 1"}) {
		t.Errorf("got %q, %q", driver, devices)
	}
	write("version", "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.10  Release Build\n")
	if driver, _ := nvidiaProc(root); driver != "570.86.10" {
		t.Errorf("got %q for the open driver", driver)
	}
	if driver, devices := nvidiaProc(filepath.Join(root, "nowhere")); driver != "" || devices != nil {
		t.Errorf("got %q, %q from nothing", driver, devices)
	}
}
