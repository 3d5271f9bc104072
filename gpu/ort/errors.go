package ort

import (
	"errors"
	"strings"
)

// Errors when the library is looked for and loaded.
var (
	// ErrNoCgo means that the binary was built without cgo, which the binding
	// to ONNX Runtime needs.
	ErrNoCgo = errors.New("this binary was built without cgo, which ONNX Runtime needs: rebuild with a C compiler installed and CGO_ENABLED=1 ./xcaddy.sh")
	// ErrNoLibrary means that no ONNX Runtime library was found anywhere.
	ErrNoLibrary = errors.New("no ONNX Runtime library found: fetch it with ./xcaddy.sh onnxruntime, or name the file or its folder in LIMEN_ONNXRUNTIME")
	// ErrTooOld means that a library was found, and is older than MinVersion.
	ErrTooOld = errors.New("ONNX Runtime is too old, Limen needs " + MinVersion + " or newer: fetch it with ./xcaddy.sh onnxruntime")
	// ErrBadLibrary means that a file was found that cannot be loaded as ONNX
	// Runtime: another platform's, damaged, or another library.
	ErrBadLibrary = errors.New("cannot be loaded as ONNX Runtime")
)

// Errors when an engine is opened.
var (
	// ErrNoCUDA means that the CUDA device cannot be used; the error that wraps
	// it carries ONNX Runtime's own reason.
	ErrNoCUDA = errors.New("CUDA is not usable")
	// ErrNetwork means that ONNX Runtime refuses the network, or that the
	// network is not of the form the engine runs.
	ErrNetwork = errors.New("the network cannot be run")
)

// Errors when an engine is used.
var (
	// ErrClosed means that the engine was closed.
	ErrClosed = errors.New("the engine is closed")
	// ErrSize means that the logits slice is shorter than windows times classes.
	ErrSize = errors.New("the logits slice is too short")
)

// Reason is what an error of ONNX Runtime says, without the C++ source file,
// function and status in front.
func Reason(err error) string {
	text := err.Error()
	if _, after, ok := strings.Cut(text, "[ONNXRuntimeError] : "); ok {
		// "1 : FAIL : what happened"
		if parts := strings.SplitN(after, " : ", 3); len(parts) == 3 {
			return parts[2]
		}
	}
	return text
}
