package inference

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/limen-waf/limen/gpu/session"
)

// The request of the benchmarks: a batch of two pictures of 224×224, 1.2 MB as FP32,
// answered with 2×1000 logits.
const (
	benchInput  = 2 * 3 * 224 * 224 * 4
	benchOutput = 2 * 1000 * 4
)

// idle is a model that answers at once.
func idle() *testModel {
	out := []session.Tensor{{Name: "out", Type: session.FP32, Shape: []int64{2, 1000}, Data: make([]byte, benchOutput)}}
	return &testModel{name: "m", maxBatch: 8,
		inputs:  []session.Info{{Name: "in", Type: session.FP32, Shape: []int64{-1, 3, 224, 224}}},
		outputs: []session.Info{{Name: "out", Type: session.FP32, Shape: []int64{-1, 1000}}},
		run: func(context.Context, []session.Tensor) ([]session.Tensor, session.Stats, error) {
			return out, session.Stats{Batch: 2}, nil
		}}
}

// client gives a function that sends a request over a kept connection to a server and
// reads the answer.
func client(b *testing.B, h http.Handler, body []byte, headers map[string]string) func() {
	server := httptest.NewServer(h)
	b.Cleanup(server.Close)
	answer := make([]byte, 64<<10)
	return func() {
		request, err := http.NewRequest(http.MethodPost, server.URL+"/v2/models/m/infer", bytes.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		for name, value := range headers {
			request.Header.Set(name, value)
		}
		res, err := server.Client().Do(request)
		if err != nil {
			b.Fatal(err)
		}
		n, err := io.ReadFull(res.Body, answer)
		if err != io.ErrUnexpectedEOF || res.StatusCode != 200 || n < benchOutput {
			b.Fatalf("status %d, %d bytes, %v", res.StatusCode, n, err)
		}
		res.Body.Close()
	}
}

func binaryRequest(input, output string) (body []byte, headers map[string]string) {
	text := fmt.Sprintf(`{"inputs":[{"name":"%s","shape":[2,3,224,224],"datatype":"FP32","parameters":{"binary_data_size":%d}}],"outputs":[{"name":"%s","parameters":{"binary_data":true}}]}`, input, benchInput, output)
	return append([]byte(text), make([]byte, benchInput)...), map[string]string{headerLength: strconv.Itoa(len(text))}
}

func binaryClient(b *testing.B, repo Repository, input, output string, observe func(c *Call)) func() {
	body, headers := binaryRequest(input, output)
	return client(b, NewHandler(repo, Options{Observe: func(_ context.Context, c *Call) { observe(c) }}), body, headers)
}

// BenchmarkInfer compares, over a connection: a bare net/http handler that reads the
// body and writes as much as the answer, the protocol in binary, the same with the
// digest that provenance takes, and the protocol in JSON. The difference to bare is
// what the protocol costs.
func BenchmarkInfer(b *testing.B) {
	body, headers := binaryRequest("in", "out")
	bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		memory := &buffers{}
		defer memory.release()
		_, _ = io.ReadFull(r.Body, memory.take(int(r.ContentLength)))
		_, _ = w.Write(memory.take(benchOutput))
	})
	list, err := json.Marshal(make([]float32, benchInput/4))
	if err != nil {
		b.Fatal(err)
	}
	text := []byte(fmt.Sprintf(`{"inputs":[{"name":"in","shape":[2,3,224,224],"datatype":"FP32","data":%s}]}`, strings.ReplaceAll(string(list), "0", "0.4858352")))
	for _, c := range []struct {
		name    string
		handler http.Handler
		body    []byte
		headers map[string]string
	}{
		{"bare", bare, body, headers},
		{"binary", NewHandler(repositoryOf(idle()), Options{}), body, headers},
		{"binary+digest", NewHandler(repositoryOf(idle()), Options{Observe: func(_ context.Context, c *Call) { c.ID = c.InputDigest() }}), body, headers},
		{"json", NewHandler(repositoryOf(idle()), Options{}), text, nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			send := client(b, c.handler, c.body, c.headers)
			send()
			b.ReportAllocs()
			before := processorTime()
			for b.Loop() {
				send()
			}
			b.ReportMetric(float64((processorTime()-before).Microseconds())/1e3/float64(b.N), "cpu-ms/op")
		})
	}
}

// BenchmarkHandler is the handler alone, without connection and client.
func BenchmarkHandler(b *testing.B) {
	body, headers := binaryRequest("in", "out")
	h := NewHandler(repositoryOf(idle()), Options{})
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/v2/models/m/infer", bytes.NewReader(body))
		for name, value := range headers {
			r.Header.Set(name, value)
		}
		h.ServeHTTP(discard{http.Header{}}, r)
	}
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

// BenchmarkData reads the JSON of a tensor, in comparison with encoding/json.
func BenchmarkData(b *testing.B) {
	text := []byte("[" + strings.Repeat("0.4858352,", 3*224*224-1) + "0.4858352]")
	b.Run("scanner", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			memory := &buffers{}
			t := session.Tensor{Name: "x", Type: session.FP32, Shape: []int64{3, 224, 224}}
			if err := readData(&scanner{data: text}, &t, memory); err != nil {
				b.Fatal(err)
			}
			memory.release()
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			var list []float32
			if err := json.Unmarshal(text, &list); err != nil {
				b.Fatal(err)
			}
		}
	})
}
