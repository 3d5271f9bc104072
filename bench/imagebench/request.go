package imagebench

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/limen-waf/limen/bench/load"
	"github.com/limen-waf/limen/gpu/session"
)

// Post is a POST of a body, ready for the wire. Fields are pairs of a name and a value.
func Post(path string, body []byte, fields ...string) load.Message {
	var b strings.Builder
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: bench\r\n", path)
	for i := 0; i+1 < len(fields); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", fields[i], fields[i+1])
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", len(body))
	return load.Message{Wire: append([]byte(b.String()), body...)}
}

// Tensor makes rows of an FP32 input, with values from -1 to 1. Dimensions after
// the first must be known.
func Tensor(in session.Info, rows int, seed uint64) (session.Tensor, error) {
	shape := append([]int64(nil), in.Shape...)
	if len(shape) == 0 || in.Type != session.FP32 {
		return session.Tensor{}, fmt.Errorf("making a tensor: the input is %s, expected FP32 with rows", in)
	}
	shape[0] = int64(rows)
	n := session.Elements(shape)
	if n <= 0 || n > 1<<28 {
		return session.Tensor{}, fmt.Errorf("making a tensor: the input is %s, expected one whose dimensions after the first are known", in)
	}
	random := rand.New(rand.NewPCG(seed, 3))
	values := make([]float32, n)
	for i := range values {
		values[i] = 2*random.Float32() - 1
	}
	return session.Tensor{Name: in.Name, Type: in.Type, Shape: shape, Data: session.Bytes(values)}, nil
}

// Infer is a request of the Open Inference Protocol (version 2, binary tensor data
// extension) that runs a model on a tensor and asks for binary outputs.
func Infer(model string, t session.Tensor) (load.Message, error) {
	type parameters map[string]any
	head, err := json.Marshal(map[string]any{
		"inputs": []any{map[string]any{"name": t.Name, "shape": t.Shape, "datatype": t.Type,
			"parameters": parameters{"binary_data_size": len(t.Data)}}},
		"parameters": parameters{"binary_data_output": true},
	})
	if err != nil {
		return load.Message{}, fmt.Errorf("making a request: %w", err)
	}
	body := append(head, t.Data...)
	return Post("/v2/models/"+model+"/infer", body, "Content-Type", "application/octet-stream", "Inference-Header-Content-Length", fmt.Sprint(len(head))), nil
}
