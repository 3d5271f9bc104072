package inference

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/limen-waf/limen/gpu/session"
)

// testModel is a model made of a function.
type testModel struct {
	name     string
	versions []string
	inputs   []session.Info
	outputs  []session.Info
	maxBatch int
	labels   map[string][]string
	run      func(ctx context.Context, in []session.Tensor) ([]session.Tensor, session.Stats, error)
}

func (m *testModel) Name() string                  { return m.name }
func (m *testModel) Digest() string                { return "digest of " + m.name }
func (m *testModel) Inputs() []session.Info        { return m.inputs }
func (m *testModel) Outputs() []session.Info       { return m.outputs }
func (m *testModel) MaxBatch() int                 { return m.maxBatch }
func (m *testModel) Labels(output string) []string { return m.labels[output] }
func (m *testModel) Platform() string              { return "onnxruntime_onnx" }

func (m *testModel) Versions() []string {
	if m.versions == nil {
		return []string{"1"}
	}
	return m.versions
}

func (m *testModel) Run(ctx context.Context, in []session.Tensor, names []string) ([]session.Tensor, session.Stats, error) {
	all, stats, err := m.run(ctx, in)
	if err != nil {
		return nil, stats, err
	}
	var out []session.Tensor
	for _, name := range names {
		for _, t := range all {
			if t.Name == name {
				out = append(out, t)
			}
		}
	}
	return out, stats, nil
}

// testRepository holds models that can be unloaded and loaded.
type testRepository struct {
	mu       sync.Mutex
	models   map[string]*testModel
	unloaded map[string]bool
	loading  map[string]bool
}

func repositoryOf(models ...*testModel) *testRepository {
	r := &testRepository{models: map[string]*testModel{}, unloaded: map[string]bool{}, loading: map[string]bool{}}
	for _, m := range models {
		r.models[m.name] = m
	}
	return r
}

func (r *testRepository) Models() []Index {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []Index
	for name, m := range r.models {
		i := Index{Name: name, Version: m.Versions()[0], State: Ready}
		switch {
		case r.unloaded[name]:
			i.State, i.Reason = Unavailable, Unloaded
		case r.loading[name]:
			i.State = Loading
		}
		all = append(all, i)
	}
	slices.SortFunc(all, func(a, b Index) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func (r *testRepository) Model(name, version string) (Model, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.models[name]
	switch {
	case m == nil:
		return nil, ErrUnknownModel
	case r.unloaded[name] || r.loading[name]:
		return nil, fmt.Errorf("%s: %w", name, ErrNotReady)
	case version != "" && !slices.Contains(m.Versions(), version):
		return nil, ErrUnknownVersion
	}
	return m, nil
}

func (r *testRepository) set(name string, unloaded bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.models[name] == nil {
		return fmt.Errorf("no file for %s: %w", name, ErrUnknownModel)
	}
	r.unloaded[name] = unloaded
	return nil
}

func (r *testRepository) Load(_ context.Context, name string) error   { return r.set(name, false) }
func (r *testRepository) Unload(_ context.Context, name string) error { return r.set(name, true) }

// echo is a model whose outputs out0, out1, … are its inputs in0, in1, … of the types
// given, of any shape of the rank given.
func echo(name string, maxBatch, rank int, types ...session.Type) *testModel {
	m := &testModel{name: name, maxBatch: maxBatch}
	for i, t := range types {
		shape := slices.Repeat([]int64{-1}, rank)
		m.inputs = append(m.inputs, session.Info{Name: "in" + strconv.Itoa(i), Type: t, Shape: shape})
		m.outputs = append(m.outputs, session.Info{Name: "out" + strconv.Itoa(i), Type: t, Shape: shape})
	}
	m.run = func(_ context.Context, in []session.Tensor) ([]session.Tensor, session.Stats, error) {
		var out []session.Tensor
		for _, t := range in {
			t.Name = "out" + strings.TrimPrefix(t.Name, "in")
			t.Data = bytes.Clone(t.Data)
			t.Strings = slices.Clone(t.Strings)
			for i := range t.Strings {
				t.Strings[i] = bytes.Clone(t.Strings[i])
			}
			out = append(out, t)
		}
		return out, session.Stats{Batch: 1, Device: "cpu"}, nil
	}
	return m
}

// constant is a model with one FP32 output that is always the same.
func constant(name string, inputs []session.Info, output string, shape []int64, values ...float32) *testModel {
	return &testModel{name: name, inputs: inputs,
		outputs: []session.Info{{Name: output, Type: session.FP32, Shape: shape}},
		run: func(context.Context, []session.Tensor) ([]session.Tensor, session.Stats, error) {
			return []session.Tensor{{Name: output, Type: session.FP32, Shape: shape, Data: float32Bytes(values...)}}, session.Stats{Batch: 1}, nil
		}}
}

func float32Bytes(values ...float32) []byte {
	var data []byte
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return data
}

func int32Bytes(values ...int32) []byte {
	var data []byte
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, uint32(v))
	}
	return data
}

// simple is Triton's example model of that name: the sum and difference of two rows of
// 16.
func simple() *testModel {
	shape := []int64{-1, 16}
	return &testModel{name: "simple", maxBatch: 8,
		inputs:  []session.Info{{Name: "INPUT0", Type: session.Int32, Shape: shape}, {Name: "INPUT1", Type: session.Int32, Shape: shape}},
		outputs: []session.Info{{Name: "OUTPUT0", Type: session.Int32, Shape: shape}, {Name: "OUTPUT1", Type: session.Int32, Shape: shape}},
		run: func(_ context.Context, in []session.Tensor) ([]session.Tensor, session.Stats, error) {
			sum := session.Tensor{Name: "OUTPUT0", Type: session.Int32, Shape: in[0].Shape}
			difference := session.Tensor{Name: "OUTPUT1", Type: session.Int32, Shape: in[0].Shape}
			by := map[string][]byte{}
			for _, t := range in {
				by[t.Name] = t.Data
			}
			for i := 0; i < len(in[0].Data); i += 4 {
				a, b := binary.LittleEndian.Uint32(by["INPUT0"][i:]), binary.LittleEndian.Uint32(by["INPUT1"][i:])
				sum.Data = binary.LittleEndian.AppendUint32(sum.Data, a+b)
				difference.Data = binary.LittleEndian.AppendUint32(difference.Data, a-b)
			}
			return []session.Tensor{sum, difference}, session.Stats{Batch: int(in[0].Shape[0])}, nil
		}}
}

// post sends a body with headers, given as name, value, name, value.
func post(t testing.TB, h http.Handler, path string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, body)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func get(t testing.TB, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

// withBinary puts tensors behind the JSON of a request, and gives the header for it.
func withBinary(text string, tensors ...[]byte) (io.Reader, string, string) {
	return strings.NewReader(text + string(bytes.Join(tensors, nil))), headerLength, strconv.Itoa(len(text))
}

// answered is an infer response as a client reads it.
type answered struct {
	ID           *string        `json:"id"`
	ModelName    string         `json:"model_name"`
	ModelVersion string         `json:"model_version"`
	Outputs      []answerOutput `json:"outputs"`
}

type answerOutput struct {
	Name       string          `json:"name"`
	Datatype   string          `json:"datatype"`
	Shape      []int64         `json:"shape"`
	Data       json.RawMessage `json:"data"`
	Parameters struct {
		Size *int `json:"binary_data_size"`
	} `json:"parameters"`
	binary []byte
}

// read takes a response with status 200 apart.
func readAnswer(t testing.TB, w *httptest.ResponseRecorder) answered {
	t.Helper()
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	body := w.Body.Bytes()
	if got := w.Header().Get("Content-Length"); got != strconv.Itoa(len(body)) {
		t.Errorf("Content-Length %s of a body of %d bytes", got, len(body))
	}
	text := body
	if length := w.Header().Get(headerLength); length != "" {
		n, err := strconv.Atoi(length)
		if err != nil || n > len(body) {
			t.Fatalf("%s is %q for a body of %d bytes", headerLength, length, len(body))
		}
		text = body[:n]
		if got := w.Header().Get("Content-Type"); got != "application/octet-stream" {
			t.Errorf("Content-Type %q with binary tensors", got)
		}
	} else if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q without binary tensors", got)
	}
	var a answered
	if err := json.Unmarshal(text, &a); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	rest := body[len(text):]
	for i := range a.Outputs {
		if size := a.Outputs[i].Parameters.Size; size != nil {
			a.Outputs[i].binary, rest = rest[:*size], rest[*size:]
		}
	}
	if len(rest) > 0 {
		t.Errorf("%d bytes behind the last tensor", len(rest))
	}
	return a
}

// readError gives the status and text of an error response.
func readError(t testing.TB, w *httptest.ResponseRecorder) (int, string) {
	t.Helper()
	var e map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || len(e) != 1 || e["error"] == "" {
		t.Fatalf("status %d with a body that is no error object: %s", w.Code, w.Body)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q of an error", got)
	}
	return w.Code, e["error"]
}
