//go:build cgo && windows

package ort

import (
	"errors"
	"fmt"
	"syscall"
	"unsafe"
)

// Cgo says whether the binary can use ONNX Runtime at all.
const Cgo = true

// load loads the library at path, reads its version, and unloads it.
func load(path string) (where, version string, err error) {
	library, err := syscall.LoadLibrary(path)
	if err != nil {
		return path, "", err
	}
	defer syscall.FreeLibrary(library)
	get, err := syscall.GetProcAddress(library, "OrtGetApiBase")
	if err != nil {
		return path, "", fmt.Errorf("it has no OrtGetApiBase: %w", err)
	}
	// OrtApiBase begins with GetApi and GetVersionString, in all versions.
	base, _, _ := syscall.SyscallN(get)
	if base == 0 {
		return path, "", errors.New("OrtGetApiBase returned nothing")
	}
	versionString := *(*uintptr)(unsafe.Add(*(*unsafe.Pointer)(unsafe.Pointer(&base)), unsafe.Sizeof(base)))
	text, _, _ := syscall.SyscallN(versionString)
	if text == 0 {
		return path, "", errors.New("it has no version")
	}
	for p := *(*unsafe.Pointer)(unsafe.Pointer(&text)); *(*byte)(p) != 0; p = unsafe.Add(p, 1) {
		version += string(*(*byte)(p))
	}
	return path, version, nil
}
