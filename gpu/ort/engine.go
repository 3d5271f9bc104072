//go:build cgo

package ort

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"runtime"
	"strconv"
	"sync"

	ort "github.com/yalue/onnxruntime_go"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/model"
)

// Engine runs a model through ONNX Runtime. It is safe for concurrent use.
type Engine struct {
	session *ort.DynamicAdvancedSession
	info    classifier.EngineInfo
	workers chan *worker // those that no call uses
	count   int          // all of them
	batcher *batcher     // nil: callers run their own windows
	closing sync.Once
	closed  chan struct{}
}

// New loads ONNX Runtime, opens a session on m, and runs it once, so that the
// first request does not pay for what is set up on first use. The error wraps
// ErrNoLibrary, ErrTooOld or ErrBadLibrary when there is no library to use,
// ErrNoCUDA when the device cannot be used, and ErrNetwork when the network
// cannot be run.
func New(m *model.Model, o Options) (*Engine, error) {
	o = o.withDefaults(runtime.GOMAXPROCS(0))
	library, err := start(o.DataDir)
	if err != nil {
		return nil, err
	}
	step, err := pooling(m.ONNX)
	if err != nil {
		return nil, fmt.Errorf("opening model %s: %w: %w", m.Path, ErrNetwork, err)
	}
	session, err := open(m.ONNX, o)
	if err != nil {
		return nil, fmt.Errorf("opening model %s with ONNX Runtime %s: %w", m.Path, library.Version, err)
	}
	e := &Engine{
		session: session,
		info: classifier.EngineInfo{
			Engine:  "onnxruntime",
			Version: library.Version,
			Device:  "cpu",
			Classes: len(m.Manifest.Classes),
		},
		workers: make(chan *worker, o.Concurrency),
		count:   o.Concurrency,
		closed:  make(chan struct{}),
	}
	p := plan{step: step, most: o.Batch.MaxWindows, slack: cpuSlack}
	if o.CUDA != nil {
		e.info.Device = "cuda:" + strconv.Itoa(o.CUDA.Device)
		p.step, p.slack = (cudaStep+step-1)/step*step, math.MaxInt
	}
	var run []runner
	for range o.Concurrency {
		w := &worker{session: session, classes: e.info.Classes, plan: p, values: map[shape]values{}}
		e.workers <- w
		run = append(run, w.score)
	}
	if err := e.warmUp(); err != nil {
		e.Close()
		return nil, fmt.Errorf("opening model %s with ONNX Runtime %s: %w", m.Path, library.Version, err)
	}
	if o.Batch.Across {
		e.batcher = newBatcher(e.info.Classes, o.Batch, o.CUDA != nil, run)
	}
	return e, nil
}

const (
	// cpuSlack is the padding, in tokens, that costs about as much as one more
	// run of the network.
	cpuSlack = 64
	// cudaStep keeps the number of different lengths small on a device, where
	// each new shape is planned anew and padding costs next to nothing.
	cudaStep = 64
)

// open makes the session.
func open(onnx []byte, o Options) (*ort.DynamicAdvancedSession, error) {
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, fmt.Errorf("making session options: %w", err)
	}
	defer options.Destroy()
	for _, err := range []error{
		options.SetIntraOpNumThreads(o.Threads),
		options.SetInterOpNumThreads(1),
		options.SetExecutionMode(ort.ExecutionModeSequential),
		options.SetGraphOptimizationLevel(ort.GraphOptimizationLevelEnableAll),
		options.SetCpuMemArena(!o.NoArena),
		// Patterns are kept for each input shape, and there are many of those.
		options.SetMemPattern(false),
		options.SetLogSeverityLevel(ort.LoggingLevelFatal),
		// Threads that spin between requests take the cores from those that serve.
		options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"),
		options.AddSessionConfigEntry("session.inter_op.allow_spinning", "0"),
	} {
		if err != nil {
			return nil, fmt.Errorf("setting session options: %w", err)
		}
	}
	if o.CUDA != nil {
		if err := AppendCUDA(options, *o.CUDA, nil); err != nil {
			return nil, err
		}
	}
	session, err := ort.NewDynamicAdvancedSessionWithONNXData(onnx, []string{inputName}, []string{outputName}, options)
	switch {
	case err == nil:
		return session, nil
	case o.CUDA != nil:
		return nil, NoCUDA(err)
	}
	return nil, fmt.Errorf("%w: %s", ErrNetwork, Reason(err))
}

// AppendCUDA puts a CUDA device in front of the CPU. Further options of the
// provider go over those that Limen sets. The error wraps ErrNoCUDA.
func AppendCUDA(options *ort.SessionOptions, c CUDA, further map[string]string) error {
	cuda, err := ort.NewCUDAProviderOptions()
	if err != nil {
		return NoCUDA(err)
	}
	defer cuda.Destroy()
	settings := map[string]string{
		"device_id":             strconv.Itoa(c.Device),
		"arena_extend_strategy": "kSameAsRequested",
		// The default tries every algorithm on every new shape, which stalls
		// the requests that bring one.
		"cudnn_conv_algo_search": "HEURISTIC",
		// TF32 has ten bits of mantissa: the engines would no longer agree.
		"use_tf32": "0",
	}
	if c.MemoryLimit > 0 {
		settings["gpu_mem_limit"] = strconv.FormatInt(c.MemoryLimit, 10)
	}
	maps.Copy(settings, further)
	if err := cuda.Update(settings); err != nil {
		return NoCUDA(err)
	}
	if err := options.AppendExecutionProviderCUDA(cuda); err != nil {
		return NoCUDA(err)
	}
	return nil
}

// Providers returns ONNX Runtime's execution providers that Limen knows and
// the library has: "CPU", and "CUDA" when the library was built for it and its
// CUDA libraries load. In the second case the error is nil; otherwise it wraps
// ErrNoCUDA and says why CUDA is missing, or is that of a missing library.
func Providers(dataDir string) ([]string, error) {
	if _, err := start(dataDir); err != nil {
		return nil, err
	}
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, fmt.Errorf("making session options: %w", err)
	}
	defer options.Destroy()
	if err := AppendCUDA(options, CUDA{}, nil); err != nil {
		return []string{"CPU"}, err
	}
	return []string{"CPU", "CUDA"}, nil
}

// warmUp runs short windows through the network. It refuses a network whose
// outputs are not the manifest's classes or whose logits depend on padding: such
// a network would give wrong verdicts, not errors.
func (e *Engine) warmUp() error {
	w := <-e.workers
	defer func() { e.workers <- w }()
	short := make(classifier.Window, 12)
	for i := range short {
		short[i] = classifier.ByteToken(byte('a' + i))
	}
	padded := append(short[:len(short):len(short)], make(classifier.Window, 16*w.plan.step)...)
	var a, b = make([]float32, e.info.Classes), make([]float32, e.info.Classes)
	for _, run := range []struct {
		window classifier.Window
		logits []float32
	}{{short, a}, {padded, b}} {
		if err := w.score(context.Background(), []classifier.Window{run.window}, run.logits); err != nil {
			if e.info.Device != "cpu" {
				return NoCUDA(err)
			}
			return fmt.Errorf("%w: %s", ErrNetwork, Reason(err))
		}
	}
	for i := range a {
		if !(math.Abs(float64(a[i]-b[i])) <= 1e-3*(1+math.Abs(float64(a[i])))) {
			return fmt.Errorf("%w: its logits depend on the padding of a window (logit %d is %v, with more padding %v); "+
				"multiply by the mask of the tokens that are not 0 before each convolution and each maximum",
				ErrNetwork, i, a[i], b[i])
		}
	}
	return nil
}

// Score implements classifier.Engine.
func (e *Engine) Score(ctx context.Context, windows []classifier.Window, logits []float32) error {
	if len(logits) < len(windows)*e.info.Classes {
		return fmt.Errorf("scoring %d windows of %d classes: %w: %d", len(windows), e.info.Classes, ErrSize, len(logits))
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(windows) == 0 {
		return nil
	}
	if e.batcher != nil {
		return e.batcher.score(ctx, windows, logits)
	}
	select {
	case <-e.closed: // first, because select picks any that is ready
		return ErrClosed
	default:
	}
	select {
	case w := <-e.workers:
		defer func() { e.workers <- w }()
		return w.score(ctx, windows, logits)
	case <-ctx.Done():
		return ctx.Err()
	case <-e.closed:
		return ErrClosed
	}
}

// Info implements classifier.Engine.
func (e *Engine) Info() classifier.EngineInfo { return e.info }

// Close waits for the calls that run and frees the session. Calls that wait
// and later ones get ErrClosed. A second Close does nothing.
func (e *Engine) Close() error {
	var err error
	e.closing.Do(func() {
		close(e.closed)
		if e.batcher != nil {
			e.batcher.close()
		}
		for range e.count {
			(<-e.workers).destroy()
		}
		err = errors.Join(err, e.session.Destroy())
	})
	return err
}
