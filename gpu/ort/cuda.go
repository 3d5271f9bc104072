package ort

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// NoCUDA words an error of ONNX Runtime that keeps it from a CUDA device: ErrNoCUDA, the
// runtime's own reason, and what to do about it where that is known.
func NoCUDA(err error) error {
	text := Reason(err)
	if way := remedy(text); way != "" {
		return fmt.Errorf("%w: %s: %s", ErrNoCUDA, text, way)
	}
	return fmt.Errorf("%w: %s", ErrNoCUDA, text)
}

// HasProvider says whether the CUDA provider lies beside a library, where ONNX Runtime
// looks for it.
func HasProvider(library Place) bool {
	name := "libonnxruntime_providers_cuda.so"
	if runtime.GOOS == "windows" {
		name = "onnxruntime_providers_cuda.dll"
	}
	info, err := os.Stat(filepath.Join(filepath.Dir(library.Path), name))
	return err == nil && !info.IsDir()
}

// missingLibrary finds the library that the loader did not: the words are those of the C
// libraries of Linux, glibc and musl.
var missingLibrary = regexp.MustCompile(`(?:^|[\s/:])([A-Za-z0-9_+.-]+\.so(?:\.\d+)*): cannot open shared object file|Error loading shared library ([^\s:]+):`)

// libraryOf are the packages whose libraries the providers need, by the beginnings of
// the libraries' names.
var libraryOf = []struct{ prefixes, way string }{
	{"libonnxruntime_providers_", "put libonnxruntime_providers_cuda.so and libonnxruntime_providers_shared.so of the same version beside the library: they come with the builds of ONNX Runtime for CUDA"},
	{"libcuda.so", "that library is a part of NVIDIA's driver: install the driver (nvidia-smi tells whether it works), and give a container the device, as docker run --gpus all does"},
	{"libcudnn", "install cuDNN%s, and name the folder of its libraries in LD_LIBRARY_PATH"},
	{"libnvinfer libnvonnxparser", "install TensorRT%s, and name the folder of its libraries in LD_LIBRARY_PATH"},
	{"libcublas libcudart libcurand libcufft libcusparse libcusolver libnvrtc libnvJitLink", "install CUDA, of the version that this build of ONNX Runtime is for%s, and name the folder of its libraries in LD_LIBRARY_PATH"},
}

// remedy is the way out of an error with a CUDA device, "" where none is known.
func remedy(text string) string {
	if m := missingLibrary.FindStringSubmatch(text); m != nil {
		name := m[1] + m[2]
		for _, l := range libraryOf {
			for prefix := range strings.FieldsSeq(l.prefixes) {
				if strings.HasPrefix(name, prefix) {
					return strings.Replace(l.way, "%s", " (it asks for "+name+")", 1)
				}
			}
		}
		return "install what holds " + name + ", and name its folder in LD_LIBRARY_PATH"
	}
	// cudaError_t of the CUDA runtime API: 35 cudaErrorInsufficientDriver, 100
	// cudaErrorNoDevice, 101 cudaErrorInvalidDevice, 209 cudaErrorNoKernelImageForDevice.
	switch {
	case strings.Contains(text, "CUDA failure 35:"), strings.Contains(text, "driver version is insufficient"):
		return "the driver is missing or older than CUDA: install a newer one (nvidia-smi names the newest CUDA that it can do)"
	case strings.Contains(text, "CUDA failure 100:"), strings.Contains(text, "no CUDA-capable device"):
		return "the driver sees no device: nvidia-smi lists those that there are, and CUDA_VISIBLE_DEVICES may hide them"
	case strings.Contains(text, "CUDA failure 101:"), strings.Contains(text, "invalid device ordinal"):
		return "there is no device of that number: nvidia-smi lists those that there are, counted from 0"
	case strings.Contains(text, "CUDA failure 209:"), strings.Contains(text, "no kernel image"):
		return "this build of ONNX Runtime has no code for the device: use one that was built for its architecture"
	}
	return ""
}
