package imagebench_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/limen-waf/limen/bench/imagebench"
	"github.com/limen-waf/limen/gpu/session"
)

// Ensure that net/http reads a request of the protocol as it was meant, with the tensor's
// bytes behind the JSON.
func TestInfer(t *testing.T) {
	tensor, err := imagebench.Tensor(session.Info{Name: "x", Type: session.FP32, Shape: []int64{-1, 3, 2}}, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(tensor.Shape, []int64{2, 3, 2}) || len(tensor.Data) != 4*12 {
		t.Fatalf("shape %v, %d bytes", tensor.Shape, len(tensor.Data))
	}
	for _, v := range session.Float32s(tensor.Data) {
		if v < -1 || v > 1 {
			t.Errorf("value %v", v)
		}
	}
	message, err := imagebench.Infer("m", tensor)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(message.Wire)))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != "POST" || r.URL.Path != "/v2/models/m/infer" {
		t.Errorf("%s %s, %v", r.Method, r.URL, err)
	}
	head, err := strconv.Atoi(r.Header.Get("Inference-Header-Content-Length"))
	if err != nil || head > len(body) || !bytes.Equal(body[head:], tensor.Data) {
		t.Fatalf("a header of %d bytes and %d bytes in all, %v", head, len(body), err)
	}
	var said struct {
		Inputs []struct {
			Name, Datatype string
			Shape          []int64
			Parameters     map[string]int
		}
	}
	if err := json.Unmarshal(body[:head], &said); err != nil || len(said.Inputs) != 1 {
		t.Fatalf("%v in %s", err, body[:head])
	}
	if in := said.Inputs[0]; in.Name != "x" || in.Datatype != "FP32" || !slices.Equal(in.Shape, tensor.Shape) || in.Parameters["binary_data_size"] != len(tensor.Data) {
		t.Errorf("%+v", in)
	}
}

// Ensure that an input that no tensor can be made for is an error.
func TestTensorCannot(t *testing.T) {
	for _, in := range []session.Info{
		{Name: "bytes", Type: session.String, Shape: []int64{-1}},
		{Name: "scalar", Type: session.FP32},
		{Name: "free", Type: session.FP32, Shape: []int64{-1, -1}},
		{Name: "large", Type: session.FP32, Shape: []int64{-1, 1 << 30}},
	} {
		if tensor, err := imagebench.Tensor(in, 2, 1); err == nil {
			t.Errorf("%s: shape %v", in, tensor.Shape)
		}
	}
}
