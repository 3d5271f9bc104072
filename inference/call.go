package inference

import (
	"net/http"
	"time"

	"github.com/limen-waf/limen/gpu/session"
)

// Call is one infer request as provenance sees it. Options.Observe gets it once the
// outcome is known and before the response is written.
type Call struct {
	// Model, Version and Digest say what ran: the version that the request named, else
	// the newest.
	Model, Version, Digest string
	// Inputs and Outputs may be read until Observe returns; their memory is used again
	// afterwards. Outputs is nil after an error, and so is Inputs where they could not
	// be read.
	Inputs, Outputs []session.Tensor
	// Rows is the size of the request's own batch: 1 for a model without a batch
	// dimension. Stats.Batch is how many rows ran together.
	Rows  int
	Stats session.Stats
	Start time.Time
	// Total is the time from Start to the response ready to be written, less what was
	// spent on reading the body.
	Total time.Duration
	// Queue, ComputeInput, ComputeInfer and ComputeOutput are Triton's parts of it:
	// waiting, making tensors of the request, the run, making the response of the
	// outputs.
	Queue, ComputeInput, ComputeInfer, ComputeOutput time.Duration
	// Err is why the request failed, with Status the HTTP status that says so; nil and
	// 200 if it did not.
	Err    error
	Status int
	// ID is the request's "id", "" if it has none, and becomes the response's: Observe
	// may set one.
	ID string
	// Header is the response's header, for Observe to add to.
	Header http.Header

	inputDigest string // "" until it is taken
}
