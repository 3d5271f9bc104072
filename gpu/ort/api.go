//go:build cgo

package ort

import (
	"fmt"
	"unsafe"
)

// API returns ONNX Runtime's table of C functions (OrtApi, in the version that
// MinVersion has) for what the binding does not offer, and the library that it
// is of. It starts the environment as Start does.
func API(dataDir string) (unsafe.Pointer, Place, error) {
	library, err := start(dataDir)
	if err != nil {
		return nil, library, err
	}
	where := library
	if where.Path == "" { // another plugin loaded it and only it knows from where
		if where, err = Find(dataDir); err != nil {
			return nil, library, err
		}
	}
	api := apiOf(where.Path)
	if api == nil {
		return nil, library, fmt.Errorf("%s is not the library that another plugin of this process has loaded: "+
			"name that one's file in %s: %w", where.Path, EnvLibrary, ErrBadLibrary)
	}
	return api, library, nil
}
