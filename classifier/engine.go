package classifier

import "context"

// Window is a run of at most the model's window length of tokens. Windows of
// one request overlap and share memory.
type Window []Token

// Engine computes the network's logits. Implementations live in package gpu:
// the pure-Go engine and the ONNX Runtime engine agree to 1e-4 on every logit.
//
// All methods are safe for concurrent use. Score must not keep windows or
// logits after it returned.
type Engine interface {
	// Score writes the logits of windows[i] to
	// logits[i*Classes : (i+1)*Classes]. A window's logits depend on that
	// window alone, never on the others in the call nor on padding. The error is
	// ctx.Err() when ctx ended before the work began; an engine that has
	// begun may finish.
	Score(ctx context.Context, windows []Window, logits []float32) error
	// Info says what the engine is. It does not change over the engine's life.
	Info() EngineInfo
	// Close frees what the engine holds. Score fails after Close.
	Close() error
}

// EngineInfo describes an engine for verdict rows, logs and the doctor.
type EngineInfo struct {
	Engine  string `json:"engine"`  // "native" or "onnxruntime"
	Version string `json:"version"` // of the engine or the library behind it
	Device  string `json:"device"`  // "cpu", "cpu/avx2", "cpu/avx512", "cuda:0", …
	Classes int    `json:"classes"` // logits per window
}
