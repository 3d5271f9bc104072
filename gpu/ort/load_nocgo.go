//go:build !cgo

package ort

import (
	"errors"
	"os"
	"path/filepath"
)

// Cgo says whether the binary can use ONNX Runtime at all.
const Cgo = false

// load only looks whether there is a file: nothing is loaded without cgo. The
// system's loader cannot be asked either, so a bare name is never found.
func load(path string) (where, version string, err error) {
	if filepath.Base(path) == path {
		return "", "", errors.New("not tried without cgo")
	}
	if _, err := os.Stat(path); err != nil {
		return "", "", err
	}
	return path, "", nil
}
