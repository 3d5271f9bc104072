package ort

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Ensure that an error with CUDA names what is missing and what to do about it, whatever
// the system's loader or CUDA calls it.
func TestNoCUDA(t *testing.T) {
	loader := func(library string) string {
		return "Failed to load library /opt/ort/libonnxruntime_providers_cuda.so with error: " + library + ": cannot open shared object file: No such file or directory"
	}
	for name, test := range map[string]struct{ text, want string }{
		"no provider":    {"Failed to load library /x/libonnxruntime_providers_shared.so with error: /x/libonnxruntime_providers_shared.so: cannot open shared object file: No such file or directory", "beside the library"},
		"no driver":      {loader("libcuda.so.1"), "install the driver"},
		"no CUDA":        {loader("libcudart.so.12"), "install CUDA, of the version that this build of ONNX Runtime is for (it asks for libcudart.so.12)"},
		"no cuDNN":       {loader("libcudnn_adv.so.9"), "install cuDNN (it asks for libcudnn_adv.so.9)"},
		"no TensorRT":    {loader("libnvinfer.so.10"), "install TensorRT (it asks for libnvinfer.so.10)"},
		"another":        {loader("libstdc++.so.6"), "install what holds libstdc++.so.6"},
		"musl":           {"Error loading shared library libcuda.so.1: No such file or directory (needed by x)", "install the driver"},
		"old driver":     {"CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=0", "a newer one"},
		"no device":      {"CUDA failure 100: no CUDA-capable device is detected ; GPU=-1 ; hostname=x", "CUDA_VISIBLE_DEVICES"},
		"invalid device": {"CUDA failure 101: invalid device ordinal ; GPU=3", "counted from 0"},
		"no kernel":      {"CUDA failure 209: no kernel image is available for execution on the device", "built for its architecture"},
	} {
		t.Run(name, func(t *testing.T) {
			err := NoCUDA(errors.New("[ONNXRuntimeError] : 1 : FAIL : " + test.text))
			if !errors.Is(err, ErrNoCUDA) || !strings.HasPrefix(err.Error(), ErrNoCUDA.Error()+": "+test.text+": ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, expected advice about %q", err, test.want)
			}
		})
	}
	if got := NoCUDA(errors.New("CUDA failure 719: unspecified launch failure")).Error(); got != ErrNoCUDA.Error()+": CUDA failure 719: unspecified launch failure" {
		t.Errorf("got %q, expected no advice where none is known", got)
	}
}

// Ensure that the provider is looked for where ONNX Runtime does.
func TestHasProvider(t *testing.T) {
	folder := t.TempDir()
	library := Place{Path: filepath.Join(folder, "libonnxruntime.so.1")}
	if HasProvider(library) {
		t.Error("an empty folder has one")
	}
	for _, name := range []string{"libonnxruntime_providers_cuda.so", "onnxruntime_providers_cuda.dll"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !HasProvider(library) {
		t.Error("it is not found")
	}
}
