package session

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/limen-waf/limen/gpu"
)

// fake is a model with one input x FP32[-1,k] for any k and one output y FP32[-1,k]:
// y is x plus 1, but x of -1 fails the run. A run takes a millisecond a row.
type fake struct {
	mu     sync.Mutex
	runs   []int64
	err    error // of each run, when set
	wide   bool  // y has one row too many
	closed bool
}

func (f *fake) signature() signature {
	return signature{
		inputs:     []Info{{Name: "x", Type: FP32, Shape: []int64{-1, -1}}},
		outputs:    []Info{{Name: "y", Type: FP32, Shape: []int64{-1, -1}}},
		batchNames: []string{"n", "n"},
		all:        []int{0},
	}
}

var errValue = errors.New("a value is -1")

func (f *fake) run(ctx context.Context, in []Tensor, _ []int) (*outcome, error) {
	shape := slices.Clone(in[0].Shape)
	select {
	case <-time.After(time.Duration(shape[0]) * time.Millisecond):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.runs = append(f.runs, shape[0])
	if f.err != nil {
		return nil, f.err
	}
	x := Float32s(in[0].Data)
	y := make([]float32, len(x))
	for i := range x {
		if x[i] == -1 {
			return nil, errValue
		}
		y[i] = x[i] + 1
	}
	if f.wide {
		shape[0]++
		y = append(y, make([]float32, shape[1])...)
	}
	return &outcome{outputs: []Tensor{{Name: "y", Type: FP32, Shape: shape, Data: Bytes(y)}}, release: func() { clear(y) }}, nil
}

func (f *fake) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

func (f *fake) isClosed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closed
}

func (f *fake) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *fake) sizes() []int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.runs)
}

// openFake opens a session on f.
func openFake(t *testing.T, f *fake, o Options) *Session {
	t.Helper()
	s, err := open("fake", cpu, o.withDefaults(), func(device) (backend, error) { return f, nil })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ask runs one row of one element.
func ask(ctx context.Context, s *Session, x float32) (float32, Stats, error) {
	out, stats, err := s.Run(ctx, []Tensor{{Name: "x", Type: FP32, Shape: []int64{1, 1}, Data: Bytes([]float32{x})}}, nil)
	if err != nil {
		return 0, stats, err
	}
	return Float32s(out[0].Data)[0], stats, nil
}

// machine opens fakes by device.
type machine struct {
	mu     sync.Mutex
	fakes  map[device]*fake
	errs   map[device]error // of opening
	opened []device
}

func (m *machine) open(d device) (backend, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.opened = append(m.opened, d)
	if err := m.errs[d]; err != nil {
		return nil, err
	}
	f := &fake{}
	m.fakes[d] = f
	return f, nil
}

func (m *machine) refuse(d device, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.errs[d] = err
}

func (m *machine) at(d device) *fake {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fakes[d]
}

var cuda = device{kind: gpu.CUDA}

func newMachine() *machine { return &machine{fakes: map[device]*fake{}, errs: map[device]error{}} }

func (m *machine) session(t *testing.T, o Options) *Session {
	t.Helper()
	s, err := open("fake", cuda, o.withDefaults(), m.open)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
