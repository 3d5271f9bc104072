//go:build cgo && !windows

package ort

/*
#cgo linux LDFLAGS: -ldl
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// The head of OrtApiBase, which ONNX Runtime keeps for all versions. It is
// declared here because asking for the version through the binding is only
// possible once its initialisation has succeeded.
typedef struct {
	const void *(*GetApi)(uint32_t version);
	const char *(*GetVersionString)(void);
} limen_api_base;

// Writes the version of the library at path and the path it was loaded from,
// or the loader's error. All three buffers have size bytes.
static int limen_load(const char *path, char *version, char *where, char *error, size_t size) {
	void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	if (!library) {
		const char *reason = dlerror();
		snprintf(error, size, "%s", reason ? reason : "unknown error");
		return 1;
	}
	const limen_api_base *(*get)(void) = (const limen_api_base *(*)(void))dlsym(library, "OrtGetApiBase");
	const limen_api_base *base = get ? get() : NULL;
	if (!base) {
		snprintf(error, size, "it has no OrtGetApiBase");
		dlclose(library);
		return 1;
	}
	snprintf(version, size, "%s", base->GetVersionString());
	Dl_info info;
	if (dladdr((void *)get, &info) && info.dli_fname)
		snprintf(where, size, "%s", info.dli_fname);
	dlclose(library);
	return 0;
}
*/
import "C"

import (
	"errors"
	"unsafe"
)

// Cgo says whether the binary can use ONNX Runtime at all.
const Cgo = true

// load loads the library at path, reads its version, and unloads it.
func load(path string) (where, version string, err error) {
	const size = 4096
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	buffers := (*C.char)(C.calloc(3, size))
	defer C.free(unsafe.Pointer(buffers))
	at := func(i int) *C.char { return (*C.char)(unsafe.Add(unsafe.Pointer(buffers), i*size)) }
	if C.limen_load(name, at(0), at(1), at(2), size) != 0 {
		return path, "", errors.New(C.GoString(at(2)))
	}
	if where = C.GoString(at(1)); where == "" {
		where = path
	}
	return where, C.GoString(at(0)), nil
}
