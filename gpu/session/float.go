package session

import (
	"encoding/binary"
	"math"
)

// bigEndian says that the machine's own order is not the tensors'. ONNX
// Runtime's buffers are in the machine's order, and none of its builds is for
// such a machine, so there only the pure-Go packages that use the types are served.
var bigEndian = binary.NativeEndian.Uint16([]byte{1, 0}) != 1

// copyFloat32s is Float32s for data that cannot be viewed: at an address that is
// no multiple of four (a slice of a request body), or in the other order.
func copyFloat32s(data []byte) []float32 {
	f := make([]float32, len(data)/4)
	for i := range f {
		f[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return f
}
