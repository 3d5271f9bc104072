package caddymodule_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/limen-waf/limen/caddymodule"
	"github.com/limen-waf/limen/gpu/ort"
	"github.com/limen-waf/limen/gpu/session"
)

// root is the repository's root, under which ./xcaddy.sh onnxruntime puts the
// library.
const root = ".."

// sessionFault, when it holds an error, is what Run returns; sessionRuns counts runs,
// sessionsOpen open sessions.
var (
	sessionFault              atomic.Pointer[error]
	sessionRuns, sessionsOpen atomic.Int64
)

// openTestSession opens a model of testdata/images with ONNX Runtime where there is
// one, and else in Go, which answers the same.
func openTestSession(name string, onnx []byte, o session.Options) (caddymodule.ModelSession, error) {
	w := &watchedSession{}
	if _, err := ort.Find(root); err == nil {
		o.DataDir = root
		s, err := session.Open(name, onnx, o)
		if err != nil {
			return nil, err
		}
		w.ModelSession = s
	} else {
		s, err := newFakeSession(name, onnx)
		if err != nil {
			return nil, err
		}
		w.ModelSession = s
	}
	sessionsOpen.Add(1)
	return w, nil
}

// useTestSessions is to begin a test with image models.
func useTestSessions(t testing.TB) {
	t.Helper()
	t.Cleanup(caddymodule.SetOpenSession(openTestSession))
}

// watchedSession counts and fails.
type watchedSession struct {
	caddymodule.ModelSession
	once sync.Once
}

func (w *watchedSession) Run(ctx context.Context, in []session.Tensor, outputs []string) ([]session.Tensor, session.Stats, error) {
	sessionRuns.Add(1)
	if fault := sessionFault.Load(); fault != nil {
		return nil, session.Stats{}, *fault
	}
	return w.ModelSession.Run(ctx, in, outputs)
}

func (w *watchedSession) Close() error {
	w.once.Do(func() { sessionsOpen.Add(-1) })
	return w.ModelSession.Close()
}

// fakeSession does in Go what a model of testdata/images does.
type fakeSession struct {
	in, out []session.Info
	run     func(in []session.Tensor) []session.Tensor
	closed  atomic.Bool
}

func newFakeSession(name string, onnx []byte) (*fakeSession, error) {
	f32, i32 := session.FP32, session.Int32
	switch {
	case bytes.Contains(onnx, []byte("colours")):
		return &fakeSession{
			in:  []session.Info{{Name: "input", Type: f32, Shape: []int64{-1, 3, 8, 8}}},
			out: []session.Info{{Name: "logits", Type: f32, Shape: []int64{-1, 3}}}, run: runColours,
		}, nil
	case bytes.Contains(onnx, []byte("squares")):
		return &fakeSession{
			in:  []session.Info{{Name: "images", Type: f32, Shape: []int64{1, 3, 32, 32}}},
			out: []session.Info{{Name: "output", Type: f32, Shape: []int64{1, 21, 7}}}, run: runSquares,
		}, nil
	case bytes.Contains(onnx, []byte("INPUT0")):
		of := func(names ...string) (infos []session.Info) {
			for _, n := range names {
				infos = append(infos, session.Info{Name: n, Type: i32, Shape: []int64{-1, 4}})
			}
			return infos
		}
		return &fakeSession{in: of("INPUT0", "INPUT1"), out: of("OUTPUT0", "OUTPUT1"), run: runAdd}, nil
	}
	return nil, fmt.Errorf("opening model %s: %w", name, session.ErrModel)
}

func runColours(in []session.Tensor) []session.Tensor {
	x := session.Float32s(in[0].Data)
	n := int(in[0].Shape[0])
	out := make([]float32, 3*n)
	for i := range out {
		sum := float32(0)
		for _, v := range x[64*i : 64*i+64] {
			sum += v
		}
		out[i] = sum / 64 / 16
	}
	return []session.Tensor{{Name: "logits", Type: session.FP32, Shape: []int64{int64(n), 3}, Data: session.Bytes(out)}}
}

func runSquares(in []session.Tensor) []session.Tensor {
	x := session.Float32s(in[0].Data)
	out := make([]float32, 21*7)
	for cell := range 21 {
		row := out[7*cell:]
		row[0], row[1], row[5] = 0.5, 0.5, 1
		if cell >= 16 {
			continue
		}
		sum := float32(0)
		for i := range 64 {
			at := (cell/4*8+i/8)*32 + cell%4*8 + i%8
			sum += x[at] - x[1024+at]
		}
		row[4] = min(max(sum/64/255, 0), 1)
	}
	return []session.Tensor{{Name: "output", Type: session.FP32, Shape: []int64{1, 21, 7}, Data: session.Bytes(out)}}
}

func runAdd(in []session.Tensor) []session.Tensor {
	sum, difference := make([]byte, len(in[0].Data)), make([]byte, len(in[0].Data))
	for i := 0; i < len(sum); i += 4 {
		a, b := binary.LittleEndian.Uint32(in[0].Data[i:]), binary.LittleEndian.Uint32(in[1].Data[i:])
		binary.LittleEndian.PutUint32(sum[i:], a+b)
		binary.LittleEndian.PutUint32(difference[i:], a-b)
	}
	return []session.Tensor{
		{Name: "OUTPUT0", Type: session.Int32, Shape: in[0].Shape, Data: sum},
		{Name: "OUTPUT1", Type: session.Int32, Shape: in[0].Shape, Data: difference},
	}
}

func (f *fakeSession) Inputs() []session.Info  { return f.in }
func (f *fakeSession) Outputs() []session.Info { return f.out }
func (f *fakeSession) Device() string          { return "cpu" }
func (f *fakeSession) BatchDim() bool          { return f.in[0].Shape[0] < 0 }
func (f *fakeSession) MaxBatch() int           { return 16 }
func (f *fakeSession) Health() session.Health  { return session.Health{Device: "cpu"} }

func (f *fakeSession) Run(ctx context.Context, in []session.Tensor, outputs []string) ([]session.Tensor, session.Stats, error) {
	if f.closed.Load() {
		return nil, session.Stats{}, session.ErrClosed
	}
	if len(in) != len(f.in) {
		return nil, session.Stats{}, fmt.Errorf("%w: %d inputs, expected %d", session.ErrInput, len(in), len(f.in))
	}
	if err := ctx.Err(); err != nil {
		return nil, session.Stats{}, err
	}
	all := f.run(in)
	picked := all[:0]
	for _, t := range all {
		wanted := len(outputs) == 0
		for _, name := range outputs {
			wanted = wanted || name == t.Name
		}
		if wanted {
			picked = append(picked, t)
		}
	}
	return picked, session.Stats{Infer: time.Microsecond, Batch: int(in[0].Shape[0]), Device: "cpu"}, nil
}

func (f *fakeSession) Close() error {
	f.closed.Store(true)
	return nil
}
