package inference

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/limen-waf/limen/gpu/ort"
	"github.com/limen-waf/limen/gpu/session"
)

// runtimeModel serves a session.
type runtimeModel struct {
	*session.Session
	labels []string
}

func (m runtimeModel) Versions() []string     { return []string{"1"} }
func (m runtimeModel) Digest() string         { return "" }
func (m runtimeModel) Labels(string) []string { return m.labels }
func (m runtimeModel) Platform() string       { return "onnxruntime_onnx" }

func (m runtimeModel) MaxBatch() int {
	if m.BatchDim() {
		return 64
	}
	return 0
}

// one is a repository of one model.
type one struct{ model Model }

func (o one) Models() []Index                      { return []Index{{Name: o.model.Name(), Version: "1", State: Ready}} }
func (o one) Model(string, string) (Model, error)  { return o.model, nil }
func (o one) Load(context.Context, string) error   { return nil }
func (o one) Unload(context.Context, string) error { return nil }

// openRuntime opens a model on the CPU, or skips the test where there is no ONNX
// Runtime.
func openRuntime(t testing.TB, path string) *session.Session {
	t.Helper()
	onnx, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := session.Open("m", onnx, session.Options{Device: "cpu", DataDir: ".."})
	if errors.Is(err, ort.ErrNoCgo) || errors.Is(err, ort.ErrNoLibrary) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// sharedModel gives the path of a published model of the shared data, or skips the
// test.
func sharedModel(t testing.TB, elements ...string) string {
	t.Helper()
	folder := os.Getenv("LIMEN_SHARED")
	if folder == "" {
		folder = filepath.Join("..", "..", "shared")
	}
	path := filepath.Join(append([]string{folder, "models"}, elements...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%v (LIMEN_SHARED)", err)
	}
	return path
}

// Ensure that ONNX Runtime takes and gives tensors of every type through the protocol,
// unchanged.
func TestRuntimeTypes(t *testing.T) {
	s := openRuntime(t, filepath.Join("..", "gpu", "session", "testdata", "types.onnx"))
	h := NewHandler(one{runtimeModel{Session: s}}, Options{})
	var inputs []string
	var tensors [][]byte
	for _, info := range s.Inputs() {
		data := slices.Clone(extremes[info.Type].data)
		if size := info.Type.Size(); size > 0 {
			data = data[:2*size]
		} else {
			data = []byte("\x01\x00\x00\x00a\x00\x00\x00\x00")
		}
		inputs = append(inputs, fmt.Sprintf(`{"name":"%s","shape":[1,2],"datatype":"%s","parameters":{"binary_data_size":%d}}`, info.Name, info.Type, len(data)))
		tensors = append(tensors, data)
	}
	if len(inputs) != len(session.Types()) {
		t.Fatalf("%d inputs for %d types", len(inputs), len(session.Types()))
	}
	body, header, length := withBinary(`{"parameters":{"binary_data_output":true},"inputs":[`+strings.Join(inputs, ",")+`]}`, tensors...)
	a := readAnswer(t, post(t, h, "/v2/models/m/infer", body, header, length))
	for i, o := range a.Outputs {
		if !bytes.Equal(o.binary, tensors[i]) || o.Datatype != string(s.Inputs()[i].Type) {
			t.Errorf("%s %s: % x, want % x", o.Name, o.Datatype, o.binary, tensors[i])
		}
	}
	if len(a.Outputs) != len(inputs) {
		t.Errorf("%d outputs", len(a.Outputs))
	}
}

// Ensure that a published classifier gives the same through the protocol, in JSON and
// in binary, as its session does, and its best classes with their labels.
func TestRuntimeClassifier(t *testing.T) {
	s := openRuntime(t, sharedModel(t, "mobilenetv2_int8", "mobilenetv2-12-int8.onnx"))
	raw, err := os.ReadFile(sharedModel(t, "labels", "imagenet1000_synset.txt"))
	if err != nil {
		t.Fatal(err)
	}
	labels := strings.Split(strings.TrimSpace(string(raw)), "\n")
	h := NewHandler(one{runtimeModel{s, labels}}, Options{})
	pixels := make([]float32, 2*3*224*224)
	for i := range pixels {
		pixels[i] = float32(i%251)/125 - 1
	}
	in := session.Tensor{Name: "input", Type: session.FP32, Shape: []int64{2, 3, 224, 224}, Data: session.Bytes(pixels)}
	direct, _, err := s.Run(t.Context(), []session.Tensor{in}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := session.Float32s(direct[0].Data)

	const text = `{"inputs":[{"name":"input","shape":[2,3,224,224],"datatype":"FP32",%s}],"outputs":[{"name":"output","parameters":%s}]}`
	size := fmt.Sprintf(`"parameters":{"binary_data_size":%d}`, len(in.Data))
	body, header, length := withBinary(fmt.Sprintf(text, size, `{"binary_data":true}`), in.Data)
	o := readAnswer(t, post(t, h, "/v2/models/m/infer", body, header, length)).Outputs[0]
	if got := session.Float32s(o.binary); !slices.Equal(got, want) || !slices.Equal(o.Shape, []int64{2, 1000}) {
		t.Error("other logits in binary")
	}

	list, err := json.Marshal(pixels)
	if err != nil {
		t.Fatal(err)
	}
	o = readAnswer(t, post(t, h, "/v2/models/m/infer", strings.NewReader(fmt.Sprintf(text, `"data":`+string(list), `{}`)))).Outputs[0]
	var got []float32
	if err := json.Unmarshal(o.Data, &got); err != nil || !slices.Equal(got, want) {
		t.Errorf("other logits in JSON: %v", err)
	}

	body, header, length = withBinary(fmt.Sprintf(text, size, `{"classification":3}`), in.Data)
	o = readAnswer(t, post(t, h, "/v2/models/m/infer", body, header, length)).Outputs[0]
	var classes []string
	if err := json.Unmarshal(o.Data, &classes); err != nil || len(classes) != 6 || !slices.Equal(o.Shape, []int64{2, 3}) {
		t.Fatalf("%v: %s of %v", err, o.Data, o.Shape)
	}
	for row := range 2 {
		logits := want[row*1000:][:1000]
		best := slices.Index(logits, slices.Max(logits))
		if class := fmt.Sprintf("%v:%d:%s", logits[best], best, labels[best]); classes[3*row] != class {
			t.Errorf("row %d is %s, want %s", row, classes[3*row], class)
		}
	}
}

// BenchmarkRuntime sends a batch of two pictures in binary to a published classifier
// over a connection, and says how much of the time was the session's run, waiting
// included, and how much was beyond it: client, connection, protocol.
func BenchmarkRuntime(b *testing.B) {
	s := openRuntime(b, sharedModel(b, "mobilenetv2_int8", "mobilenetv2-12-int8.onnx"))
	var run, total time.Duration
	send := binaryClient(b, one{runtimeModel{Session: s}}, "input", "output", func(c *Call) { run = c.Queue + c.ComputeInfer })
	send()
	var beyond []time.Duration
	for b.Loop() {
		start := time.Now()
		send()
		beyond = append(beyond, time.Since(start)-run)
		total += run
	}
	milliseconds := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }
	slices.Sort(beyond)
	b.ReportMetric(milliseconds(total)/float64(b.N), "run-ms/op")
	b.ReportMetric(milliseconds(beyond[len(beyond)/2]), "beyond-p50-ms")
	b.ReportMetric(milliseconds(beyond[len(beyond)*99/100]), "beyond-p99-ms")
}
