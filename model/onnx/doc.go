// Package onnx reads and writes ONNX files: the protobuf wire format of
// onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3), as far
// as a plain inference graph needs it.
//
// [Decode] turns a file's bytes into a [Graph] of [Node], [Tensor] and
// [ValueInfo]; [Encode] turns a Graph back into bytes. The package knows the
// format, not the operators: which operators a graph may use is up to the
// engine that runs it.
//
// What a Graph does not hold is left out when it is read: documentation
// strings, intermediate value types, quantization annotations, training
// information. What would change the meaning of the graph, and cannot be held,
// is an error: weights in other files, sparse weights, functions local to the
// model.
//
// Decode is made for files that nobody vouches for. A malformed file is an
// error that wraps [ErrFormat]; memory stays in proportion to the file.
package onnx
