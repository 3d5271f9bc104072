package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/limen-waf/limen/gpu"
	"github.com/limen-waf/limen/gpu/session"
)

// Ensure that tensors of every type go through unchanged, that strings may hold any
// bytes, and that input order does not matter.
func TestTypes(t *testing.T) {
	s := open(t, "types", session.Options{})
	const rows = 3
	var in []session.Tensor
	for i, kind := range session.Types() {
		x := session.Tensor{Name: "in_" + string(kind), Type: kind, Shape: []int64{rows, 2}}
		switch {
		case kind == session.String:
			x.Strings = [][]byte{[]byte("a"), {}, []byte("nul\x00inside"), {0}, {0xff, 0xfe}, []byte("ü")}
		case kind == session.Bool:
			x.Data = []byte{0, 1, 1, 0, 0, 1}
		default:
			x.Data = make([]byte, rows*2*kind.Size())
			for j := range x.Data {
				x.Data[j] = byte(1 + j*7 + i)
			}
		}
		in = append(in, x)
	}
	slices.Reverse(in)
	if !slices.EqualFunc(s.Inputs(), session.Types(), func(w session.Info, k session.Type) bool {
		return w.Name == "in_"+string(k) && w.Type == k && slices.Equal(w.Shape, []int64{-1, 2})
	}) {
		t.Errorf("got inputs %v", s.Inputs())
	}
	out, stats, err := s.Run(t.Context(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if stats.Batch != rows || stats.Device != "cpu" || stats.Fallback != "" || stats.Infer <= 0 {
		t.Errorf("got %+v", stats)
	}
	if len(out) != len(in) {
		t.Fatalf("got %d outputs", len(out))
	}
	for _, x := range in {
		i := slices.IndexFunc(out, func(y session.Tensor) bool { return y.Name == "out_"+string(x.Type) })
		if i < 0 {
			t.Errorf("%s: no output", x.Type)
			continue
		}
		y := out[i]
		if y.Type != x.Type || !slices.Equal(y.Shape, x.Shape) || !bytes.Equal(y.Data, x.Data) ||
			!slices.EqualFunc(y.Strings, x.Strings, bytes.Equal) {
			t.Errorf("%s: got %+v, expected %+v", x.Type, y, x)
		}
	}
}

// Ensure that scalars, free shapes, outputs without elements and half floats of
// unknown shape are served.
func TestShapes(t *testing.T) {
	s := open(t, "shapes", session.Options{})
	tests := []struct {
		x     []float32
		limit float32
		where []byte
		half  []byte
		sum   float32
	}{
		{[]float32{1, 5, 2, 8}, 1.5, integers("", nil, 1, 2, 3).Data, []byte{0, 0x45, 0, 0x40, 0, 0x48}, 16},
		{[]float32{1, 5}, 9, nil, nil, 6},
		{nil, 0, nil, nil, 0},
	}
	for _, test := range tests {
		out, stats, err := s.Run(t.Context(), []session.Tensor{
			floats("x", []int64{int64(len(test.x))}, test.x...), floats("limit", nil, test.limit)}, nil)
		if err != nil {
			t.Errorf("%v: %v", test.x, err)
			continue
		}
		where, half, sum := out[0], out[1], out[2]
		n := int64(len(test.half) / 2)
		if !bytes.Equal(where.Data, test.where) || !slices.Equal(where.Shape, []int64{1, n}) {
			t.Errorf("%v: got where %+v", test.x, where)
		}
		if half.Type != session.FP16 || !bytes.Equal(half.Data, test.half) || !slices.Equal(half.Shape, []int64{n}) {
			t.Errorf("%v: got half %+v", test.x, half)
		}
		if len(sum.Shape) != 0 || !close32(session.Float32s(sum.Data), []float32{test.sum}) {
			t.Errorf("%v: got sum %+v", test.x, sum)
		}
		if stats.Batch != 1 {
			t.Errorf("%v: got batch %d", test.x, stats.Batch)
		}
	}
}

// Ensure that outputs come as they are asked for.
func TestOutputs(t *testing.T) {
	s := open(t, "rows", session.Options{})
	in := []session.Tensor{floats("x", []int64{1, 4}, 1, 2, 3, 4)}
	for _, want := range [][]string{nil, {"z"}, {"z", "y"}, {"y", "z"}} {
		out, _, err := s.Run(t.Context(), in, want)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, o := range out {
			got = append(got, o.Name)
			if o.Name == "z" && !close32(session.Float32s(o.Data), []float32{10}) {
				t.Errorf("%v: got %v", want, session.Float32s(o.Data))
			}
		}
		if want == nil {
			want = []string{"y", "z"}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, expected %v", got, want)
		}
	}
}

// Ensure that inputs that are not the model's are refused with their name and what the
// model takes.
func TestInputErrors(t *testing.T) {
	rows := open(t, "rows", session.Options{})
	types := open(t, "types", session.Options{})
	index := open(t, "index", session.Options{})
	x := floats("x", []int64{1, 4}, 1, 2, 3, 4)
	with := func(change func(*session.Tensor)) []session.Tensor {
		c := x
		change(&c)
		return []session.Tensor{c}
	}
	tests := []struct {
		name    string
		model   *session.Session
		in      []session.Tensor
		outputs []string
		want    string
	}{
		{"no inputs", rows, nil, nil, `input "x" is missing, the model takes x FP32[-1,4]`},
		{"unknown", rows, with(func(t *session.Tensor) { t.Name = "y" }), nil, `no input "y", the model takes x FP32[-1,4]`},
		{"twice", rows, []session.Tensor{x, x}, nil, `"x" is given twice`},
		{"type", rows, with(func(t *session.Tensor) { t.Type = session.Int32 }), nil, `has type INT32, the model takes x FP32`},
		{"rank", rows, with(func(t *session.Tensor) { t.Shape = []int64{4} }), nil, `has shape [4], the model takes x FP32[-1,4]`},
		{"dimension", rows, with(func(t *session.Tensor) { t.Shape = []int64{2, 2} }), nil, `has shape [2,2]`},
		{"negative", rows, with(func(t *session.Tensor) { t.Shape = []int64{-1, 4} }), nil, `has shape [-1,4]`},
		{"overflow", rows, with(func(t *session.Tensor) { t.Shape = []int64{1 << 61, 4} }), nil, `too large`},
		{"length", rows, with(func(t *session.Tensor) { t.Shape = []int64{2, 4} }), nil, `has 16 bytes, its shape [2,4] of FP32 takes 32`},
		{"strings", rows, with(func(t *session.Tensor) { t.Strings = [][]byte{{1}} }), nil, `has 16 bytes`},
		{"output", rows, []session.Tensor{x}, []string{"w"}, `no output "w", the model gives y FP32[-1,3], z FP32[-1]`},
		{"output twice", rows, []session.Tensor{x}, []string{"z", "z"}, `"z" is asked for twice`},
		{"bool", types, []session.Tensor{{Name: "in_BOOL", Type: session.Bool, Shape: []int64{1, 2}, Data: []byte{1, 7}}}, nil, `the byte 7 at element 1`},
		{"string count", types, []session.Tensor{{Name: "in_BYTES", Type: session.String, Shape: []int64{1, 2}, Strings: [][]byte{{}}}}, nil, `has 1 elements, its shape [1,2] holds 2`},
		{"value", index, []session.Tensor{integers("i", []int64{1}, 99)}, nil, `indices element out of data bounds`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, _, err := test.model.Run(t.Context(), test.in, test.outputs)
			if !errors.Is(err, session.ErrInput) || out != nil {
				t.Fatalf("got %v, %v", out, err)
			}
			if !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "model "+test.model.Name()) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Ensure that a model that cannot be run gives an error that says so.
func TestOpenErrors(t *testing.T) {
	library(t)
	good := file(t, "rows")
	tests := []struct {
		name string
		onnx []byte
		o    session.Options
		is   error
		want string
	}{
		{"empty", nil, session.Options{}, session.ErrModel, "opening model m"},
		{"text", []byte("no model"), session.Options{}, session.ErrModel, "protobuf"},
		{"cut", good[:len(good)/2], session.Options{}, session.ErrModel, "protobuf"},
		{"sequence", file(t, "sequence"), session.Options{}, session.ErrModel, `output "y" is no tensor`},
		{"device", good, session.Options{Device: "gpu"}, gpu.ErrDevice, "use auto, cpu, cuda"},
		{"native", good, session.Options{Device: "native"}, gpu.ErrDevice, `"native"`},
		{"tensorrt:x", good, session.Options{Device: "tensorrt:x"}, gpu.ErrDevice, `"tensorrt:x"`},
		{"config", good, session.Options{Config: map[string]string{"": "1"}}, nil, "session option"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.o.DataDir = root
			s, err := session.Open("m", test.onnx, test.o)
			if err == nil {
				s.Close()
				t.Fatal("no error")
			}
			if test.is != nil && !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Ensure that it is found out whether calls may be run together.
func TestBatchDim(t *testing.T) {
	tests := []struct {
		model string
		o     session.Options
		want  bool
	}{
		{"rows", session.Options{}, true},
		{"types", session.Options{}, true},
		{"rows", session.Options{MaxBatch: 1}, false},
		{"mixed", session.Options{}, false},  // rows are not independent
		{"shapes", session.Options{}, false}, // a scalar
		{"index", session.Options{}, true},
	}
	for _, test := range tests {
		if s := open(t, test.model, test.o); s.BatchDim() != test.want || (s.MaxBatch() > 1) != test.want {
			t.Errorf("%s, at most %d: got %v, %d", test.model, test.o.MaxBatch, s.BatchDim(), s.MaxBatch())
		}
	}
}

// Ensure that many callers get their own rows, whatever runs together.
func TestCallers(t *testing.T) {
	single := open(t, "rows", session.Options{MaxBatch: 1})
	for _, o := range []session.Options{{}, {MaxBatch: 4, MaxDelay: time.Millisecond}, {Runs: 2, MaxBatch: 3}, {Threads: 2, Spin: true}, {NoArena: true}, {Shrink: true}} {
		s := open(t, "rows", o)
		var callers sync.WaitGroup
		var mu sync.Mutex
		largest := 0
		for i := range 16 {
			callers.Add(1)
			go func() {
				defer callers.Done()
				for j := range 20 {
					n := int64(1 + (i+j)%3)
					x := make([]float32, 4*n)
					for k := range x {
						x[k] = float32(i*1000 + j*10 + k)
					}
					in := []session.Tensor{floats("x", []int64{n, 4}, x...)}
					outputs := [][]string{nil, {"z"}, {"y"}}[j%3]
					got, stats, err := s.Run(t.Context(), in, outputs)
					if err != nil {
						t.Error(err)
						return
					}
					want, _, err := single.Run(t.Context(), in, outputs)
					if err != nil {
						t.Error(err)
						return
					}
					for k := range want {
						if got[k].Name != want[k].Name || !slices.Equal(got[k].Shape, want[k].Shape) ||
							!close32(session.Float32s(got[k].Data), session.Float32s(want[k].Data)) {
							t.Errorf("%+v: got %v, expected %v", o, got[k], want[k])
						}
					}
					mu.Lock()
					largest = max(largest, stats.Batch)
					mu.Unlock()
				}
			}()
		}
		callers.Wait()
		if largest > s.MaxBatch() {
			t.Errorf("%+v: got a batch of %d", o, largest)
		}
	}
}

// Ensure that a call whose values the model refuses does not fail those that it is
// run with.
func TestBadNeighbour(t *testing.T) {
	s := open(t, "index", session.Options{MaxDelay: 5 * time.Millisecond})
	var callers sync.WaitGroup
	for i := range 24 {
		callers.Add(1)
		go func() {
			defer callers.Done()
			for range 10 {
				at := int64(i % 8)
				if i%6 == 5 {
					at = 99
				}
				out, _, err := s.Run(t.Context(), []session.Tensor{integers("i", []int64{1}, at)}, nil)
				switch {
				case at == 99 && !errors.Is(err, session.ErrInput):
					t.Errorf("got %v, %v for an index out of range", out, err)
				case at != 99 && err != nil:
					t.Error(err)
				case at != 99 && session.Float32s(out[0].Data)[0] != float32(10*at):
					t.Errorf("%d: got %v", at, session.Float32s(out[0].Data))
				}
			}
		}()
	}
	callers.Wait()
}

// Ensure that a run that is going on is stopped when its caller's context ends.
func TestRunStops(t *testing.T) {
	s := open(t, "slow", session.Options{Threads: 1})
	in := []session.Tensor{floats("x", []int64{160, 160}, make([]float32, 160*160)...)}
	start := time.Now()
	if _, _, err := s.Run(t.Context(), in, nil); err != nil {
		t.Fatal(err)
	}
	whole := time.Since(start)
	ctx, cancel := context.WithTimeout(t.Context(), whole/20)
	defer cancel()
	_, stats, err := s.Run(ctx, in, nil)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v after %v of %v", err, stats.Infer, whole)
	}
	// The session serves on.
	if _, _, err := s.Run(t.Context(), in, nil); err != nil {
		t.Fatal(err)
	}
}

// Ensure that calls after Close, and a second Close, do what they should.
func TestClose(t *testing.T) {
	library(t)
	s, err := session.Open("rows", file(t, "rows"), session.Options{DataDir: root})
	if err != nil {
		t.Fatal(err)
	}
	in := []session.Tensor{floats("x", []int64{1, 4}, 1, 2, 3, 4)}
	if _, _, err := s.Run(t.Context(), in, nil); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := s.Run(t.Context(), in, nil); !errors.Is(err, session.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// Ensure that data at any address is taken, such as a slice of a request's body.
func TestUnaligned(t *testing.T) {
	s := open(t, "rows", session.Options{})
	raw := append([]byte{0}, session.Bytes([]float32{1, 2, 3, 4})...)
	in := session.Tensor{Name: "x", Type: session.FP32, Shape: []int64{1, 4}, Data: raw[1:]}
	out, _, err := s.Run(t.Context(), []session.Tensor{in}, []string{"z"})
	if err != nil || !close32(session.Float32s(out[0].Data), []float32{10}) {
		t.Errorf("got %v, %v", out, err)
	}
}

// Ensure that CUDA that cannot be used gives its reason, and the CPU in its place where
// that is allowed.
func TestNoCUDA(t *testing.T) {
	library(t)
	if gpu.CUDAVisible() {
		t.Skip("there may be a CUDA device")
	}
	for _, device := range []string{"cuda", "cuda:3", "tensorrt"} {
		_, err := session.Open("rows", file(t, "rows"), session.Options{DataDir: root, Device: device, Strict: true})
		name := device
		if !strings.Contains(name, ":") {
			name += ":0"
		}
		if err == nil || !strings.Contains(err.Error(), "CUDA is not usable") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s, strict: got %v", device, err)
		}
		s := open(t, "rows", session.Options{Device: device})
		if s.Device() != "cpu" || s.Health().Device != name || s.Health().Reason == "" {
			t.Errorf("%s: got %s, %+v", device, s.Device(), s.Health())
		}
		_, stats, err := s.Run(t.Context(), []session.Tensor{floats("x", []int64{1, 4}, 1, 2, 3, 4)}, nil)
		if err != nil || stats.Device != "cpu" || stats.Fallback == "" || s.Health().Fallbacks == 0 {
			t.Errorf("%s: got %+v, %v, %+v", device, stats, err, s.Health())
		}
	}
}

func ExampleInfo_String() {
	fmt.Println(session.Info{Name: "input", Type: session.FP32, Shape: []int64{-1, 3, 224, 224}})
	// Output: input FP32[-1,3,224,224]
}
