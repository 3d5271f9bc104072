package session

import (
	"fmt"
	"slices"
	"time"
	"unsafe"

	"github.com/rs/zerolog"
)

// Type is the type of a tensor's elements, by its name in the Open Inference
// Protocol (version 2, "Tensor Data Types").
type Type string

// The types of the protocol. BF16 is one of the protocol's binary extension.
const (
	Bool   Type = "BOOL"
	Uint8  Type = "UINT8"
	Uint16 Type = "UINT16"
	Uint32 Type = "UINT32"
	Uint64 Type = "UINT64"
	Int8   Type = "INT8"
	Int16  Type = "INT16"
	Int32  Type = "INT32"
	Int64  Type = "INT64"
	FP16   Type = "FP16"
	BF16   Type = "BF16"
	FP32   Type = "FP32"
	FP64   Type = "FP64"
	String Type = "BYTES"
)

// Types lists every type.
func Types() []Type {
	return []Type{Bool, Uint8, Uint16, Uint32, Uint64, Int8, Int16, Int32, Int64, FP16, BF16, FP32, FP64, String}
}

// Size returns the bytes of one element: 0 for BYTES, whose elements have
// lengths of their own, and for what is no type.
func (t Type) Size() int {
	switch t {
	case Bool, Uint8, Int8:
		return 1
	case Uint16, Int16, FP16, BF16:
		return 2
	case Uint32, Int32, FP32:
		return 4
	case Uint64, Int64, FP64:
		return 8
	}
	return 0
}

// Valid says that t is one of the protocol's types.
func (t Type) Valid() bool { return t == String || t.Size() > 0 }

// Tensor is one input or output of a run, its elements in row-major order.
type Tensor struct {
	Name  string
	Type  Type
	Shape []int64
	// Data are the elements, little-endian, Elements times Type.Size bytes;
	// a BOOL is one byte, 0 or 1. Empty for BYTES.
	Data []byte
	// Strings are the elements of a BYTES tensor.
	Strings [][]byte
}

// Elements is the number of elements that a shape holds: 1 for a scalar's empty
// shape, -1 where a dimension is negative or the product overflows.
func Elements(shape []int64) int64 {
	n := int64(1)
	for _, d := range shape {
		switch {
		case d < 0:
			return -1
		case d > 0 && n > maxElements/d:
			return -1
		}
		n *= d
	}
	return n
}

// maxElements keeps the size in bytes of any tensor within an int64.
const maxElements = 1 << 59

// Info describes an input or an output of a model.
type Info struct {
	Name string
	Type Type
	// Shape holds -1 where the model takes or gives any size.
	Shape []int64
}

// String gives the tensor's name, type and shape: input FP32[-1,3,224,224].
func (i Info) String() string { return fmt.Sprintf("%s %s%s", i.Name, i.Type, shapeText(i.Shape)) }

// shapeText writes a shape as [1,3,224,224].
func shapeText(shape []int64) string {
	text := []byte{'['}
	for i, d := range shape {
		if i > 0 {
			text = append(text, ',')
		}
		text = fmt.Append(text, d)
	}
	return string(append(text, ']'))
}

func (i Info) clone() Info {
	i.Shape = slices.Clone(i.Shape)
	return i
}

// Stats says how a run went.
type Stats struct {
	// Queue is how long the call waited for its turn, the gathering of a batch included.
	Queue time.Duration
	// Infer is how long the run took in which the call was, with the copies in
	// and out of a batch.
	Infer time.Duration
	// Batch is the number of rows in that run: of this call and of those that
	// ran with it. A call of one picture that ran alone has 1.
	Batch int
	// Device is where the run was: cpu, cuda:0, tensorrt:0.
	Device string
	// Fallback says why the run was not on the device that the session was
	// opened for; empty when it was.
	Fallback string
}

// Options says how a session is opened. The zero value is the best device
// there is, with one run at a time on all CPUs of the container, and batches of up to
// DefaultMaxBatch rows of the calls that wait at the same moment.
type Options struct {
	// Device is auto (or empty: the first CUDA device if it works, else the
	// CPU), cpu, cuda, cuda:N, tensorrt or tensorrt:N.
	Device string
	// Strict makes it an error that the device cannot be used, when the session
	// is opened and later. Without it the CPU takes its place, with one line in the log.
	Strict bool
	// DataDir is Limen's data folder, in which the library is looked for too.
	DataDir string
	// Threads is the number of threads of one run on the CPU (0: the CPUs
	// that the process may use, which in a container is its limit).
	Threads int
	// Runs is the number of runs at the same time (0: 1). Each needs its
	// own memory.
	Runs int
	// MaxBatch is the most rows of several calls that are run as one (0:
	// DefaultMaxBatch, or DefaultDeviceBatch on a device other than the CPU; 1:
	// calls are never run together). Fewer are taken where that is faster. One
	// call may bring more. It has an effect only where Session.BatchDim is true.
	MaxBatch int
	// MaxDelay is how long two or more calls that wait are held for more to come
	// (0: not at all). A call that is alone never waits, nor one whose deadline
	// would pass.
	MaxDelay time.Duration
	// MaxQueue is the most calls that wait (0: DefaultMaxQueue); further ones
	// get ErrBusy at once.
	MaxQueue int
	// MemoryLimit is the most bytes of device memory to use (0: no limit).
	MemoryLimit int64
	// NoArena turns the CPU memory arena off: memory goes back after each run,
	// and each run pays for having it again.
	NoArena bool
	// Shrink gives the memory of the arenas back after each run, but for what
	// they began with.
	Shrink bool
	// Spin lets the threads of a run wait for work by spinning. It makes a run
	// of small operators faster on cores that nothing else needs.
	Spin bool
	// Config are further session options of ONNX Runtime by key (see
	// onnxruntime_session_options_config_keys.h).
	Config map[string]string
	// CUDA and TensorRT are options of these providers by key, over the defaults.
	CUDA, TensorRT map[string]string
	// Logger gets a line when the session is opened, when its device is lost and
	// when it is back. The zero Logger is silent.
	Logger zerolog.Logger
}

// Defaults of Options.
const (
	DefaultMaxBatch    = 16
	DefaultDeviceBatch = 64
	DefaultMaxQueue    = 1024
)

// Float32s returns the elements of an FP32 tensor's data. It is a view of the
// same memory; bytes behind the last whole element are left out.
func Float32s(data []byte) []float32 {
	if len(data) < 4 {
		return nil
	}
	p := unsafe.Pointer(unsafe.SliceData(data))
	if uintptr(p)%4 != 0 || bigEndian {
		return copyFloat32s(data)
	}
	return unsafe.Slice((*float32)(p), len(data)/4)
}

// Bytes returns the memory of f as an FP32 tensor's data. It is a view.
func Bytes(f []float32) []byte {
	if len(f) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(f))), 4*len(f))
}
