// Package session runs any ONNX model through ONNX Runtime, for many callers at
// the same time.
//
// [Open] loads a model onto a device and runs it once; [Session.Run] takes named
// tensors and gives named tensors back. The types are those of the Open
// Inference Protocol ([Tensor], [Info], [Type]), so what a server gets needs no
// conversion.
//
// Calls wait in one line (line.go). A lane takes the first and, where the model
// has a free first dimension, those of the same shape behind it, and runs them
// as one batch (lane.go). A call that is alone runs at once. Whether the rows of a
// batch are independent is not taken on trust: Open runs two different rows
// together and apart and compares (probe.go), because some models,
// dynamically quantised ones for example, answer differently depending on what is in the
// batch, and a caller's answer must not depend on who else calls.
//
// On a device other than the CPU a run that fails is done again on the CPU
// (devices.go). If the CPU can do it the device is at fault: it is counted,
// left alone and opened anew in the background, and the calls go on.
//
// Only backend_ort.go and runtime.go need cgo. Without it the types and checks
// are there and Open returns [ErrNoCgo].
package session
