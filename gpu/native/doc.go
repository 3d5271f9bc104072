// Package native is the engine that is always there: it runs Limen's request
// network in pure Go with vector kernels in assembly, needs no cgo and no
// shared library, and starts no goroutine.
//
// [New] reads the model's ONNX file (compile.go) and refuses every graph that
// is not, operator by operator, a network of this form:
//
//	mask m = (tokens != 0)
//	x = embedding[tokens] * m
//	for each block: x = maxpool(relu(conv(x)) * m), m = maxpool(m)
//	features = relu(dense(max over time of x))
//	logits = dense(features)
//
// What it runs is the same function in another order:
//
//   - Embedding and first convolution are one sum of table rows (table.go):
//     entry [token][tap] is the tap's weights times the token's embedding.
//   - Further convolutions and the dense layers are matrix products
//     (product.go). Activations lie time-major, so the taps of a position are
//     one contiguous row of the left matrix, and neighbouring rows overlap.
//     Bias, ReLU and pooling happen in registers.
//   - Masks cost nothing: what they cut off behind a window's last token is not
//     computed. Only a window with Pad between its tokens takes the way that
//     applies masks cell by cell (mask.go).
//
// Kernels exist for AVX-512, for AVX2 with FMA, and in plain Go (isa.go). The
// environment variable LIMEN_NATIVE, one of "avx512", "avx2" and "portable",
// overrides the choice. The two vector kernels give the same bits; plain Go
// rounds products on their own on most processors and differs in the last ones.
//
// The kernels are generated: see asmgen, a module of its own, and go generate.
package native
