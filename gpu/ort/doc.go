// Package ort is the engine that runs a model through ONNX Runtime, on the CPU
// or on a CUDA device.
//
// ONNX Runtime is a shared library that Limen loads when it is there; nothing
// links against it. [Search] says where it was looked for and what was found,
// [New] loads it and opens an [Engine] on a model. The library's environment
// is one for the process: it is made by the first engine and stays until the
// process ends, because unloading the library would pull the code from under
// the thread-local destructors it left behind.
//
// The binding needs cgo. Without it the package still compiles and searches, and
// [New] returns [ErrNoCgo]; package gpu then uses the pure-Go engine.
//
// An engine pads each window to a multiple of the network's pooling, groups
// windows of about the same length ([plan]) and runs each group as one batch.
// On the CPU every caller runs its own windows, on one of a fixed number of
// workers; on a device, or where [Batch] says so, calls that wait at the same
// moment are run together (batcher).
package ort
