package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/limen-waf/limen/classifier/picture"
	"github.com/limen-waf/limen/gpu/session"
	"github.com/limen-waf/limen/store"
)

// callError is an error with the status to answer it with.
type callError struct {
	status int
	err    error
}

func (e *callError) Error() string { return e.err.Error() }

func (e *callError) Unwrap() error { return e.err }

func badCall(status int, format string, args ...any) error {
	return &callError{status, fmt.Errorf(format, args...)}
}

// asCallError gives an error of a call its status.
func asCallError(err error) *callError {
	var known *callError
	if errors.As(err, &known) {
		return &callError{known.status, err}
	}
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, picture.ErrFormat):
		status = http.StatusUnsupportedMediaType
	case errors.Is(err, picture.ErrTooLarge):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, picture.ErrTruncated), errors.Is(err, picture.ErrCorrupt), errors.Is(err, store.ErrQuery):
		status = http.StatusBadRequest
	case errors.Is(err, store.ErrKey):
		status = http.StatusUnprocessableEntity
	case errors.Is(err, session.ErrBusy), errors.Is(err, session.ErrClosed), errors.Is(err, errUnloaded), errors.Is(err, store.ErrClosed):
		status = http.StatusServiceUnavailable
	case errors.Is(err, context.DeadlineExceeded):
		status, err = http.StatusGatewayTimeout, errors.New("the call took longer than its timeout")
	}
	return &callError{status, err}
}
