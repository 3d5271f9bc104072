package native

import "errors"

// Errors when an engine is made.
var (
	// ErrUnsupported means that the network is sound as far as it was read,
	// and that it is more than this engine runs. Another engine may.
	ErrUnsupported = errors.New("network not supported by the native engine")
	// ErrNetwork means that the network contradicts itself or its manifest, or
	// that its weights cannot be computed with.
	ErrNetwork = errors.New("bad network")
	// ErrISA means that LIMEN_NATIVE names an instruction set that is unknown
	// or that this processor lacks.
	ErrISA = errors.New("instruction set not available")
)

// Errors when windows are scored.
var (
	// ErrClosed means that the engine was closed before the call.
	ErrClosed = errors.New("native engine is closed")
	// ErrToken means that a window holds a token outside the model's vocabulary.
	ErrToken = errors.New("token outside the vocabulary")
)
