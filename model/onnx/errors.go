package onnx

import "errors"

// Errors when a file is read or written.
var (
	// ErrFormat means that the bytes are not an ONNX file, or a damaged one.
	ErrFormat = errors.New("malformed ONNX file")
	// ErrUnsupported means that the file is ONNX, with something that a Graph
	// cannot hold.
	ErrUnsupported = errors.New("unsupported ONNX feature")
)
