package model

import "errors"

// Errors when a model is loaded.
var (
	// ErrManifest means that the manifest is missing, is not JSON, or lacks
	// something that scoring needs.
	ErrManifest = errors.New("bad manifest")
	// ErrDigest means that the ONNX file is not the one that the manifest
	// describes: one of the two was changed without the other.
	ErrDigest = errors.New("digest mismatch")
)
