package onnx

import (
	"fmt"
	"math"
)

// DataType is the type of a tensor's elements. The numbers are those of
// TensorProto.DataType.
type DataType int32

// The element types that a Tensor can hold the values of, and Undefined.
const (
	Undefined DataType = 0
	Float32   DataType = 1
	Int32     DataType = 6
	Int64     DataType = 7
	Bool      DataType = 9
	Float64   DataType = 11
)

// dataTypeNames are the names of TensorProto.DataType in lower case.
var dataTypeNames = []string{
	"undefined", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool",
	"float16", "float64", "uint32", "uint64", "complex64", "complex128", "bfloat16",
}

func (t DataType) String() string {
	if t >= 0 && int(t) < len(dataTypeNames) {
		return dataTypeNames[t]
	}
	return fmt.Sprintf("type %d", int32(t))
}

// Tensor is a constant. Its elements are in row-major order: in Floats for
// Float32 and Float64 (rounded to float32), in Ints for Int32, Int64 and Bool
// (0 and 1). Elements of any other type stay in Raw as they stand in the file.
type Tensor struct {
	Name string
	Type DataType
	// Dims is the shape, empty for a scalar.
	Dims []int64

	Floats []float32
	Ints   []int64
	// Raw is the TensorProto itself when Type is none of the above.
	Raw []byte
}

// NewFloats returns a Float32 tensor. It keeps values.
func NewFloats(name string, values []float32, dims ...int64) Tensor {
	return Tensor{Name: name, Type: Float32, Dims: dims, Floats: values}
}

// NewInts returns an Int64 tensor. It keeps values.
func NewInts(name string, values []int64, dims ...int64) Tensor {
	return Tensor{Name: name, Type: Int64, Dims: dims, Ints: values}
}

// Len is the number of elements that Dims gives, or an error when a dimension
// is negative or the number does not fit in an int.
func (t *Tensor) Len() (int, error) {
	n := int64(1)
	for _, d := range t.Dims {
		switch {
		case d < 0:
			return 0, fmt.Errorf("tensor %q has the dimension %d", t.Name, d)
		case d > 0 && n > math.MaxInt32/d:
			return 0, fmt.Errorf("tensor %q of shape %v is too large", t.Name, t.Dims)
		}
		n *= d
	}
	return int(n), nil
}
