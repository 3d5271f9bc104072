//go:build cgo

package session

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"strconv"
	"unsafe"

	binding "github.com/yalue/onnxruntime_go"

	"github.com/limen-waf/limen/gpu"
	"github.com/limen-waf/limen/gpu/ort"
)

// ortBackend is a session of ONNX Runtime. The binding makes it; values and runs go
// by table.
type ortBackend struct {
	table   table
	session *binding.DynamicAdvancedSession
	at      unsafe.Pointer // session's OrtSession
	memory  unsafe.Pointer // describes memory of the CPU
	model   signature
	device  device
	config  map[string]string // of each run

	inNames, outNames []cString
}

// openBackend loads the model with ONNX Runtime.
func openBackend(onnx []byte, d device, o Options) (backend, error) {
	api, library, err := ort.API(o.DataDir)
	if err != nil {
		return nil, err
	}
	b := &ortBackend{table: table{api}, device: d}
	if err := b.open(onnx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("ONNX Runtime %s: %w", library.Version, err), b.close())
	}
	return b, nil
}

func (b *ortBackend) open(onnx []byte, o Options) error {
	options, err := b.options(o)
	if err != nil {
		return err
	}
	defer options.Destroy()
	b.session, err = binding.NewDynamicAdvancedSessionWithONNXData(onnx, nil, nil, options)
	switch {
	case err != nil && b.device != cpu:
		return ort.NoCUDA(err)
	case err != nil:
		return fmt.Errorf("%w: %s", ErrModel, ort.Reason(err))
	}
	if b.at, err = sessionPointer(b.session); err != nil {
		return err
	}
	if b.memory, err = b.table.memory(); err != nil {
		return err
	}
	if b.model, err = b.table.describe(b.at); err != nil {
		return fmt.Errorf("%w: %w", ErrModel, err)
	}
	for _, w := range b.model.inputs {
		b.inNames = append(b.inNames, newCString(w.Name))
	}
	for _, w := range b.model.outputs {
		b.outNames = append(b.outNames, newCString(w.Name))
	}
	return nil
}

// options are those of the session.
func (b *ortBackend) options(o Options) (*binding.SessionOptions, error) {
	options, err := binding.NewSessionOptions()
	if err != nil {
		return nil, fmt.Errorf("making session options: %w", err)
	}
	fail := func(err error) (*binding.SessionOptions, error) {
		return nil, errors.Join(err, options.Destroy())
	}
	entries := map[string]string{
		// Threads that spin between runs take the cores from those that decode
		// the next pictures.
		"session.intra_op.allow_spinning": "0",
		"session.inter_op.allow_spinning": "0",
	}
	if o.Spin {
		clear(entries)
	}
	maps.Copy(entries, o.Config)
	for _, err := range []error{
		options.SetIntraOpNumThreads(o.Threads),
		options.SetInterOpNumThreads(1),
		options.SetExecutionMode(binding.ExecutionModeSequential),
		options.SetGraphOptimizationLevel(binding.GraphOptimizationLevelEnableAll),
		options.SetCpuMemArena(!o.NoArena),
		// A pattern is kept for each shape, and callers choose the shapes.
		options.SetMemPattern(false),
		options.SetLogSeverityLevel(binding.LoggingLevelFatal),
	} {
		if err != nil {
			return fail(fmt.Errorf("setting session options: %w", err))
		}
	}
	for key, value := range entries {
		if err := options.AddSessionConfigEntry(key, value); err != nil {
			return fail(fmt.Errorf("setting session option %s to %q: %w", key, value, err))
		}
	}
	var arenas string
	if !o.NoArena {
		arenas = "cpu:0"
	}
	if b.device != cpu {
		if b.device.kind == tensorRT {
			if err := appendTensorRT(options, b.device.index, o); err != nil {
				return fail(err)
			}
		}
		// Behind TensorRT too, for the operators that it does not have.
		cuda := ort.CUDA{Device: b.device.index, MemoryLimit: o.MemoryLimit}
		if err := ort.AppendCUDA(options, cuda, o.CUDA); err != nil {
			return fail(err)
		}
		arenas += fmt.Sprintf(";gpu:%d", b.device.index)
	}
	if o.Shrink && arenas != "" {
		b.config = map[string]string{"memory.enable_memory_arena_shrinkage": arenas}
	}
	return options, nil
}

// appendTensorRT puts TensorRT on a device in front of all else.
func appendTensorRT(options *binding.SessionOptions, index int, o Options) error {
	trt, err := binding.NewTensorRTProviderOptions()
	if err != nil {
		return fmt.Errorf("TensorRT: %w", ort.NoCUDA(err))
	}
	defer trt.Destroy()
	settings := map[string]string{"device_id": strconv.Itoa(index)}
	if o.MemoryLimit > 0 {
		settings["trt_max_workspace_size"] = strconv.FormatInt(o.MemoryLimit, 10)
	}
	maps.Copy(settings, o.TensorRT)
	if err := trt.Update(settings); err != nil {
		return fmt.Errorf("TensorRT: %w", ort.NoCUDA(err))
	}
	if err := options.AppendExecutionProviderTensorRT(trt); err != nil {
		return fmt.Errorf("TensorRT: %w", ort.NoCUDA(err))
	}
	return nil
}

// sessionPointer returns the C session that the binding keeps to itself.
// Reflection finds it by name, so that another version of the binding in which it is
// elsewhere gives an error, not a crash.
func sessionPointer(s *binding.DynamicAdvancedSession) (unsafe.Pointer, error) {
	inner := reflect.ValueOf(s).Elem().FieldByName("s")
	if inner.Kind() == reflect.Pointer && !inner.IsNil() && inner.Elem().Kind() == reflect.Struct {
		if p := inner.Elem().FieldByName("ortSession"); p.Kind() == reflect.Pointer && !p.IsNil() {
			return p.UnsafePointer(), nil
		}
	}
	return nil, errors.New("this version of the module github.com/yalue/onnxruntime_go is not the one Limen was written for: build with the version in Limen's go.mod")
}

func (b *ortBackend) signature() signature { return b.model }

// run implements backend.
func (b *ortBackend) run(ctx context.Context, in []Tensor, outputs []int) (*outcome, error) {
	if b.device.kind == gpu.CUDA || b.device.kind == tensorRT {
		// CUDA's handles belong to a thread.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	values := make([]unsafe.Pointer, 0, len(in)+len(outputs))
	defer func() {
		for _, v := range values {
			b.table.dropValue(v)
		}
	}()
	for i := range in {
		v, err := b.table.value(b.memory, &in[i], &pin)
		if err != nil {
			return nil, fmt.Errorf("input %q: %w", in[i].Name, failure(err))
		}
		values = append(values, v)
	}
	var options unsafe.Pointer
	if ctx.Done() != nil || len(b.config) > 0 {
		o, err := b.table.newRunOptions(b.config)
		if err != nil {
			return nil, failure(err)
		}
		defer o.free()
		defer context.AfterFunc(ctx, o.terminate)()
		options = o.at
	}
	names, results := make([]cString, len(outputs)), make([]unsafe.Pointer, len(outputs))
	for i, o := range outputs {
		names[i] = b.outNames[o]
	}
	err := b.table.run(b.at, options, b.inNames, values, names, results)
	release := func() {
		for _, v := range results {
			if v != nil {
				b.table.dropValue(v)
			}
		}
	}
	if err != nil {
		release()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, failure(err)
	}
	out := &outcome{outputs: make([]Tensor, len(outputs)), release: release}
	for i, o := range outputs {
		if out.outputs[i], err = b.table.view(results[i], b.model.outputs[o].Name); err != nil {
			release()
			return nil, fmt.Errorf("%w: output %q: %w", ErrRun, b.model.outputs[o].Name, err)
		}
	}
	return out, nil
}

// failure says whose fault an error of a run is.
func failure(err error) error {
	var e *runtimeError
	if errors.As(err, &e) && e.code == codeInvalidArgument {
		return fmt.Errorf("%w: %w", ErrInput, err)
	}
	return fmt.Errorf("%w: %w", ErrRun, err)
}

// close frees the session. It can be called on one that is half open.
func (b *ortBackend) close() error {
	var err error
	if b.session != nil {
		err = b.session.Destroy()
		b.session = nil
	}
	if b.memory != nil {
		b.table.dropMemory(b.memory)
		b.memory = nil
	}
	for _, names := range [][]cString{b.inNames, b.outNames} {
		for _, n := range names {
			freeCString(n)
		}
	}
	b.inNames, b.outNames = nil, nil
	trim()
	return err
}
