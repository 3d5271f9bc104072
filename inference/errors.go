package inference

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/limen-waf/limen/gpu/session"
)

// failure is an error with the HTTP status that tells it to the client.
type failure struct {
	status  int
	message string
	cause   error // where the client is told less than is known
}

func (f *failure) Error() string { return f.message }
func (f *failure) Unwrap() error { return f.cause }

// invalid is a request that the client got wrong.
func invalid(format string, args ...any) error {
	return &failure{status: http.StatusBadRequest, message: fmt.Sprintf(format, args...)}
}

// statusClientClosed is what servers log for a client that went away; nobody is there
// to read it.
const statusClientClosed = 499

// failed gives the status and text of any error: of the request, the repository or the
// model. name and version are the model's in the request.
func failed(err error, name, version string) *failure {
	var f *failure
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, ErrUnknownModel):
		return &failure{http.StatusNotFound, fmt.Sprintf("Request for unknown model: '%s' is not found", name), err}
	case errors.Is(err, ErrUnknownVersion):
		return &failure{http.StatusNotFound, fmt.Sprintf("Request for unknown model: '%s' version %s is not at ready state", name, version), err}
	case errors.Is(err, ErrNotReady):
		return &failure{http.StatusNotFound, fmt.Sprintf("Request for unknown model: '%s' has no available versions", name), err}
	case errors.Is(err, session.ErrInput):
		return &failure{http.StatusBadRequest, err.Error(), err}
	case errors.Is(err, session.ErrBusy):
		return &failure{http.StatusServiceUnavailable, fmt.Sprintf("Exceeds maximum queue size: too many requests wait for model '%s', try again", name), err}
	case errors.Is(err, session.ErrClosed):
		return &failure{http.StatusServiceUnavailable, fmt.Sprintf("model '%s' is being unloaded", name), err}
	case errors.Is(err, context.DeadlineExceeded):
		return &failure{http.StatusServiceUnavailable, "Request timeout expired", err}
	case errors.Is(err, context.Canceled):
		return &failure{statusClientClosed, "the request was cancelled", err}
	}
	return &failure{http.StatusInternalServerError, err.Error(), err}
}
