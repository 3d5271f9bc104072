package session

import "context"

// backend is a model on one device. run may be called by several goroutines.
type backend interface {
	// signature returns the model's inputs and outputs, with the names of their
	// first dimensions where they are free and have one.
	signature() signature
	// run runs the model on all of its inputs, in the model's order, and returns
	// the outputs with the given indexes. It stops early when ctx ends, with
	// ctx's error. The inputs are not kept.
	run(ctx context.Context, in []Tensor, outputs []int) (*outcome, error)
	close() error
}

// signature is what a model takes and gives.
type signature struct {
	inputs, outputs []Info
	// batchNames are the symbolic names of the first dimensions, inputs before
	// outputs; empty where there is none.
	batchNames []string
	// all are the indexes of all outputs.
	all []int
}

// outcome are the outputs of a run. They are views of the backend's memory and
// good until release.
type outcome struct {
	outputs []Tensor
	release func()
}

// opener opens the model on a device.
type opener func(d device) (backend, error)
