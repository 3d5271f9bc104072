//go:build cgo && windows

package ort

import (
	"syscall"
	"unsafe"
)

// apiOf returns the API of the library that was loaded from path, or nil.
func apiOf(path string) unsafe.Pointer {
	// Loaded already: this only adds to its count.
	library, err := syscall.LoadLibrary(path)
	if err != nil {
		return nil
	}
	defer syscall.FreeLibrary(library)
	get, err := syscall.GetProcAddress(library, "OrtGetApiBase")
	if err != nil {
		return nil
	}
	base, _, _ := syscall.SyscallN(get)
	if base == 0 {
		return nil
	}
	getAPI := **(**uintptr)(unsafe.Pointer(&base)) // the first member of OrtApiBase
	api, _, _ := syscall.SyscallN(getAPI, apiVersion)
	return *(*unsafe.Pointer)(unsafe.Pointer(&api))
}
