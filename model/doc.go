// Package model says what a model is: one ONNX file, a manifest beside it, and
// a digest over both.
//
// Begin with [Open], which takes what a user writes in a Caddyfile: "default"
// for the model that is embedded in the binary, or the path of an ONNX file.
// [Load] reads a pair of files, [New] takes their bytes, [Default] is the
// embedded model. All of them validate: a [Model] that you hold has a complete
// manifest, and its ONNX bytes are those that the manifest was written for.
//
// A [Manifest] is the model's provenance in one JSON document: the tokenizer
// that feeds it, its classes, the shipped threshold, the digests of the data
// that it was trained, chosen and measured on, and the figures measured. The
// [Model.Digest] names the pair: two models with the same digest give the same
// scores, so shared state (engines, verdict rows) is keyed by it.
//
// The subpackage onnx reads the ONNX file itself; training/ holds the PyTorch
// program that makes the embedded model.
package model
