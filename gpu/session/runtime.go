//go:build cgo

package session

/*
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

// What ONNX Runtime's Go binding does not offer: tensors without dimensions, of no
// elements, of half floats and of strings with any bytes in them, a choice of
// outputs, and options of a run. The functions are members of OrtApi, whose order
// never changes (onnxruntime_c_api.h); TestSlots compares the numbers with the
// header that the binding is compiled against.
enum {
	GetErrorCode = 1,
	GetErrorMessage = 2,
	Run = 9,
	SessionGetInputCount = 30,
	SessionGetOutputCount = 31,
	SessionGetInputTypeInfo = 33,
	SessionGetOutputTypeInfo = 34,
	SessionGetInputName = 36,
	SessionGetOutputName = 37,
	CreateRunOptions = 39,
	RunOptionsSetTerminate = 46,
	CreateTensorAsOrtValue = 48,
	CreateTensorWithDataAsOrtValue = 49,
	GetTensorMutableData = 51,
	GetStringTensorDataLength = 53,
	GetStringTensorContent = 54,
	CastTypeInfoToTensorInfo = 55,
	GetTensorElementType = 60,
	GetDimensionsCount = 61,
	GetDimensions = 62,
	GetSymbolicDimensions = 63,
	GetTensorTypeAndShape = 65,
	CreateCpuMemoryInfo = 69,
	AllocatorFree = 76,
	GetAllocatorWithDefaultOptions = 78,
	ReleaseStatus = 93,
	ReleaseMemoryInfo = 94,
	ReleaseValue = 96,
	ReleaseRunOptions = 97,
	ReleaseTypeInfo = 98,
	ReleaseTensorTypeAndShapeInfo = 99,
	AddRunConfigEntry = 165,
	GetResizedStringTensorElementBuffer = 252,
};

typedef void *status;

#define FN(a, slot, result, ...) ((result (*)(__VA_ARGS__))((void *const *)(a))[slot])
#define TRY(call) do { status s = (call); if (s) return s; } while (0)

static int limen_code(const void *a, status s) { return FN(a, GetErrorCode, int, const void *)(s); }
static const char *limen_message(const void *a, status s) { return FN(a, GetErrorMessage, const char *, const void *)(s); }
static void limen_drop_status(const void *a, status s) { FN(a, ReleaseStatus, void, void *)(s); }
static void limen_drop_value(const void *a, void *v) { FN(a, ReleaseValue, void, void *)(v); }
static void limen_drop_options(const void *a, void *o) { FN(a, ReleaseRunOptions, void, void *)(o); }
static void limen_drop_memory(const void *a, void *m) { FN(a, ReleaseMemoryInfo, void, void *)(m); }

static status limen_counts(const void *a, void *session, size_t *in, size_t *out) {
	TRY(FN(a, SessionGetInputCount, status, void *, size_t *)(session, in));
	return FN(a, SessionGetOutputCount, status, void *, size_t *)(session, out);
}

enum { MOST_RANK = 64 };

// A tensor's type and shape. type is -1 for what is no tensor.
typedef struct {
	int type;
	size_t rank;
	int64_t shape[MOST_RANK];
	char first[256]; // the first dimension's name
	char *name;      // the caller frees it
	void *data;
} limen_info;

static status limen_shape(const void *a, const void *shape, limen_info *info) {
	TRY(FN(a, GetTensorElementType, status, const void *, int *)(shape, &info->type));
	TRY(FN(a, GetDimensionsCount, status, const void *, size_t *)(shape, &info->rank));
	if (info->rank > MOST_RANK)
		return NULL; // the caller looks
	return FN(a, GetDimensions, status, const void *, int64_t *, size_t)(shape, info->shape, info->rank);
}

static status limen_describe(const void *a, void *session, int input, size_t i, limen_info *info) {
	memset(info, 0, sizeof *info);
	info->type = -1;
	void *allocator;
	char *name;
	TRY(FN(a, GetAllocatorWithDefaultOptions, status, void **)(&allocator));
	TRY(FN(a, input ? SessionGetInputName : SessionGetOutputName, status, void *, size_t, void *, char **)(session, i, allocator, &name));
	info->name = strdup(name);
	TRY(FN(a, AllocatorFree, status, void *, void *)(allocator, name));
	void *type;
	TRY(FN(a, input ? SessionGetInputTypeInfo : SessionGetOutputTypeInfo, status, void *, size_t, void **)(session, i, &type));
	const void *shape = NULL;
	status s = FN(a, CastTypeInfoToTensorInfo, status, const void *, const void **)(type, &shape);
	if (!s && shape) {
		s = limen_shape(a, shape, info);
		if (!s && info->rank > 0 && info->rank <= MOST_RANK) {
			const char *names[MOST_RANK];
			s = FN(a, GetSymbolicDimensions, status, const void *, const char **, size_t)(shape, names, info->rank);
			if (!s)
				strncpy(info->first, names[0], sizeof info->first - 1);
		}
	}
	FN(a, ReleaseTypeInfo, void, void *)(type);
	return s;
}

static status limen_memory(const void *a, void **memory) {
	// OrtArenaAllocator, OrtMemTypeDefault
	return FN(a, CreateCpuMemoryInfo, status, int, int, void **)(1, 0, memory);
}

static status limen_tensor(const void *a, void *memory, void *data, size_t size, const int64_t *shape, size_t rank, int type, void **value) {
	static char none[16];
	return FN(a, CreateTensorWithDataAsOrtValue, status, const void *, void *, size_t, const int64_t *, size_t, int, void **)(
		memory, size ? data : none, size, shape, rank, type, value);
}

static status limen_strings(const void *a, const int64_t *shape, size_t rank, int type, void **value) {
	void *allocator;
	TRY(FN(a, GetAllocatorWithDefaultOptions, status, void **)(&allocator));
	return FN(a, CreateTensorAsOrtValue, status, void *, const int64_t *, size_t, int, void **)(allocator, shape, rank, type, value);
}

static status limen_set_string(const void *a, void *value, size_t i, const void *data, size_t size) {
	char *buffer;
	TRY(FN(a, GetResizedStringTensorElementBuffer, status, void *, size_t, size_t, char **)(value, i, size, &buffer));
	if (size)
		memcpy(buffer, data, size);
	return NULL;
}

// A value's type, shape and data. data is not set for strings.
static status limen_look(const void *a, void *value, int strings, limen_info *info) {
	void *shape;
	TRY(FN(a, GetTensorTypeAndShape, status, const void *, void **)(value, &shape));
	status s = limen_shape(a, shape, info);
	FN(a, ReleaseTensorTypeAndShapeInfo, void, void *)(shape);
	if (s || info->type == strings)
		return s;
	return FN(a, GetTensorMutableData, status, void *, void **)(value, &info->data);
}

static status limen_string_size(const void *a, void *value, size_t *size) {
	return FN(a, GetStringTensorDataLength, status, const void *, size_t *)(value, size);
}

static status limen_string_content(const void *a, void *value, void *data, size_t size, size_t *offsets, size_t count) {
	return FN(a, GetStringTensorContent, status, const void *, void *, size_t, size_t *, size_t)(value, data, size, offsets, count);
}

static status limen_options(const void *a, void **options) { return FN(a, CreateRunOptions, status, void **)(options); }
static status limen_config(const void *a, void *options, const char *key, const char *value) {
	return FN(a, AddRunConfigEntry, status, void *, const char *, const char *)(options, key, value);
}
static status limen_terminate(const void *a, void *options) { return FN(a, RunOptionsSetTerminate, status, void *)(options); }

static status limen_run(const void *a, void *session, void *options, char *const *inNames, void *const *in, size_t inCount,
	char *const *outNames, size_t outCount, void **out) {
	return FN(a, Run, status, void *, const void *, char *const *, void *const *, size_t, char *const *, size_t, void **)(
		session, options, inNames, in, inCount, outNames, outCount, out);
}

// Gives the memory back to the system that the allocator keeps: a model takes megabytes
// in thousands of pieces, and those that are freed would stay.
static void limen_trim(void) {
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"unsafe"
)

// table is OrtApi.
type table struct{ api unsafe.Pointer }

// elementTypes are ONNX's numbers of the types (ONNXTensorElementDataType).
var elementTypes = map[Type]C.int{
	FP32: 1, Uint8: 2, Int8: 3, Uint16: 4, Int16: 5, Int32: 6, Int64: 7, String: 8,
	Bool: 9, FP16: 10, FP64: 11, Uint32: 12, Uint64: 13, BF16: 16,
}

// typeOf returns the type with ONNX's number.
func typeOf(number C.int) (Type, bool) {
	for t, n := range elementTypes {
		if n == number {
			return t, true
		}
	}
	return "", false
}

// runtimeError is an error of ONNX Runtime.
type runtimeError struct {
	code int
	text string
}

func (e *runtimeError) Error() string { return e.text }

// codeInvalidArgument is OrtErrorCode's ORT_INVALID_ARGUMENT.
const codeInvalidArgument = 2

// fail makes an error of a status and frees it. NULL is no error.
func (a table) fail(s C.status) error {
	if s == nil {
		return nil
	}
	defer C.limen_drop_status(a.api, s)
	return &runtimeError{code: int(C.limen_code(a.api, s)), text: strings.TrimSpace(C.GoString(C.limen_message(a.api, s)))}
}

// describe returns the inputs or outputs of a session and the names of their first
// dimensions.
func (a table) describe(session unsafe.Pointer) (signature, error) {
	var g signature
	var in, out C.size_t
	if err := a.fail(C.limen_counts(a.api, session, &in, &out)); err != nil {
		return g, err
	}
	for i := range in + out {
		isInput, at := C.int(1), i
		what, list := "input", &g.inputs
		if i >= in {
			isInput, at, what, list = 0, i-in, "output", &g.outputs
		}
		var info C.limen_info
		err := a.fail(C.limen_describe(a.api, session, isInput, at, &info))
		name := C.GoString(info.name)
		C.free(unsafe.Pointer(info.name))
		if err != nil {
			return g, fmt.Errorf("%s %d: %w", what, at, err)
		}
		t, ok := typeOf(info._type)
		if !ok || info.rank > C.MOST_RANK {
			return g, fmt.Errorf("%s %q is no tensor of a type that can be served: leave it out, "+
				"or export the model so that it gives tensors (scikit-learn's converter: zipmap=False)", what, name)
		}
		shape := make([]int64, info.rank)
		for d := range shape {
			shape[d] = max(-1, int64(info.shape[d]))
		}
		*list = append(*list, Info{Name: name, Type: t, Shape: shape})
		g.batchNames = append(g.batchNames, C.GoString(&info.first[0]))
	}
	for i := range g.outputs {
		g.all = append(g.all, i)
	}
	return g, nil
}

// value makes an input. The pinner keeps the tensor's memory in its place; it
// must last as long as the value.
func (a table) value(memory unsafe.Pointer, t *Tensor, pin *runtime.Pinner) (unsafe.Pointer, error) {
	var v unsafe.Pointer
	shape := (*C.int64_t)(unsafe.SliceData(t.Shape))
	rank, number := C.size_t(len(t.Shape)), elementTypes[t.Type]
	if t.Type != String {
		data := unsafe.Pointer(unsafe.SliceData(t.Data))
		if len(t.Data) > 0 {
			pin.Pin(unsafe.SliceData(t.Data))
		}
		return v, a.fail(C.limen_tensor(a.api, memory, data, C.size_t(len(t.Data)), shape, rank, number, &v))
	}
	if err := a.fail(C.limen_strings(a.api, shape, rank, number, &v)); err != nil {
		return nil, err
	}
	for i, s := range t.Strings {
		err := a.fail(C.limen_set_string(a.api, v, C.size_t(i), unsafe.Pointer(unsafe.SliceData(s)), C.size_t(len(s))))
		if err != nil {
			C.limen_drop_value(a.api, v)
			return nil, err
		}
	}
	return v, nil
}

// view describes an output in place; strings are copied.
func (a table) view(v unsafe.Pointer, name string) (Tensor, error) {
	t := Tensor{Name: name}
	if v == nil {
		return t, errors.New("it was not computed")
	}
	var info C.limen_info
	if err := a.fail(C.limen_look(a.api, v, elementTypes[String], &info)); err != nil {
		return t, err
	}
	var ok bool
	if t.Type, ok = typeOf(info._type); !ok || info.rank > C.MOST_RANK {
		return t, errors.New("it has a type or shape that cannot be served")
	}
	t.Shape = make([]int64, info.rank)
	for d := range t.Shape {
		t.Shape[d] = int64(info.shape[d])
	}
	count := Elements(t.Shape)
	switch {
	case t.Type == String:
		return t, a.strings(v, &t, int(count))
	case count > 0:
		t.Data = unsafe.Slice((*byte)(info.data), count*int64(t.Type.Size()))
	}
	return t, nil
}

// strings copies the elements of a string output.
func (a table) strings(v unsafe.Pointer, t *Tensor, count int) error {
	t.Strings = make([][]byte, count)
	if count == 0 {
		return nil
	}
	var size C.size_t
	if err := a.fail(C.limen_string_size(a.api, v, &size)); err != nil {
		return err
	}
	// One byte more, so that there is an address when all are empty.
	data, offsets := make([]byte, size+1), make([]C.size_t, count)
	err := a.fail(C.limen_string_content(a.api, v, unsafe.Pointer(&data[0]), size, &offsets[0], C.size_t(count)))
	if err != nil {
		return err
	}
	for i, from := range offsets {
		to := size
		if i+1 < count {
			to = offsets[i+1]
		}
		t.Strings[i] = data[from:to:to]
	}
	return nil
}

// cString is memory of C; the names of inputs and outputs are kept there.
type cString = *C.char

func newCString(s string) cString { return C.CString(s) }
func (a table) memory() (m unsafe.Pointer, err error) {
	return m, a.fail(C.limen_memory(a.api, &m))
}
func freeCString(s cString)                 { C.free(unsafe.Pointer(s)) }
func (a table) dropValue(v unsafe.Pointer)  { C.limen_drop_value(a.api, v) }
func (a table) dropMemory(m unsafe.Pointer) { C.limen_drop_memory(a.api, m) }

// trim gives freed memory back to the system.
func trim() { C.limen_trim() }

// run runs a session. options may be nil. outputs get their values.
func (a table) run(session, options unsafe.Pointer, inNames []cString, in []unsafe.Pointer, outNames []cString, out []unsafe.Pointer) error {
	return a.fail(C.limen_run(a.api, session, options,
		unsafe.SliceData(inNames), unsafe.SliceData(in), C.size_t(len(in)),
		unsafe.SliceData(outNames), C.size_t(len(out)), unsafe.SliceData(out)))
}

// runOptions are the options of one run, by which it is stopped.
type runOptions struct {
	table table
	mu    sync.Mutex // a run may end while it is being stopped
	at    unsafe.Pointer
}

// newRunOptions makes options, with config entries by key.
func (a table) newRunOptions(config map[string]string) (*runOptions, error) {
	o := &runOptions{table: a}
	if err := a.fail(C.limen_options(a.api, &o.at)); err != nil {
		return nil, err
	}
	for key, value := range config {
		k, v := C.CString(key), C.CString(value)
		err := a.fail(C.limen_config(a.api, o.at, k, v))
		C.free(unsafe.Pointer(k))
		C.free(unsafe.Pointer(v))
		if err != nil {
			o.free()
			return nil, err
		}
	}
	return o, nil
}

// terminate makes the run fail at the next operator.
func (o *runOptions) terminate() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.at != nil {
		_ = o.table.fail(C.limen_terminate(o.table.api, o.at))
	}
}

func (o *runOptions) free() {
	o.mu.Lock()
	defer o.mu.Unlock()
	C.limen_drop_options(o.table.api, o.at)
	o.at = nil
}
