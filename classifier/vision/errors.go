package vision

import "errors"

// Errors of a [Spec].
var (
	// ErrSpec is a specification that makes no sense, or does not fit its model.
	ErrSpec = errors.New("bad image model options")
	// ErrPreset is a preset that does not exist.
	ErrPreset = errors.New("no such preset")
	// ErrLabels is a labels file that cannot be used.
	ErrLabels = errors.New("bad labels")
)

// Errors of a call.
var (
	// ErrOutput is an output that is missing, has the wrong shape, or holds what
	// the decoder cannot read.
	ErrOutput = errors.New("bad model output")
)
