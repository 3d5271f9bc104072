//go:build cgo && !windows

package ort

/*
#cgo linux LDFLAGS: -ldl
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

// Returns the functions of version of the API, as the library at path has them, or
// NULL where the library is not loaded or has no such version.
static const void *limen_api(const char *path, uint32_t version) {
	// NOLOAD: a second copy of the library would not know the first one's sessions.
	void *library = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
	if (!library)
		return NULL;
	typedef struct {
		const void *(*GetApi)(uint32_t version);
	} base;
	const base *(*get)(void) = (const base *(*)(void))dlsym(library, "OrtGetApiBase");
	const void *api = get ? get()->GetApi(version) : NULL;
	dlclose(library); // the environment keeps it
	return api;
}
*/
import "C"

import "unsafe"

// apiOf returns the API of the library that was loaded from path, or nil.
func apiOf(path string) unsafe.Pointer {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	return unsafe.Pointer(C.limen_api(name, apiVersion))
}
