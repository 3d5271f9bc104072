package session

import (
	"errors"

	"github.com/limen-waf/limen/gpu/ort"
)

// Errors when a session is opened.
var (
	// ErrNoCgo means that the binary was built without cgo, which the binding
	// to ONNX Runtime needs. Package ort's other errors come back too:
	// ErrNoLibrary, ErrTooOld, ErrBadLibrary, ErrNoCUDA.
	ErrNoCgo = ort.ErrNoCgo
	// ErrModel means that ONNX Runtime refuses the model, or that the model has an
	// input or output that is no tensor.
	ErrModel = errors.New("the model cannot be run")
)

// Errors of Run.
var (
	// ErrInput means that the caller's inputs, or the outputs asked for, are not
	// the model's: a name, type, shape or length.
	ErrInput = errors.New("the inputs do not fit the model")
	// ErrClosed means that the session was closed.
	ErrClosed = errors.New("the session is closed")
	// ErrBusy means that as many calls wait as may.
	ErrBusy = errors.New("too many calls wait for the model")
	// ErrRun means that ONNX Runtime failed to run the model on inputs that
	// fit its signature.
	ErrRun = errors.New("the run failed")
)
