package caddymodule_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/limen-waf/limen/store"
)

const addRequest = `{"inputs":[
	{"name":"INPUT0","datatype":"INT32","shape":[1,4],"data":[1,2,3,4]},
	{"name":"INPUT1","datatype":"INT32","shape":[1,4],"data":[10,20,30,40]}]}`

// Ensure that models are served by the protocol, with a row for each call.
func TestInference(t *testing.T) {
	s, _ := startImages(t)
	s.expect(s.get("/v2/health/ready"), 200, "")
	s.expect(s.get("/v2/models/add"), 200, `"onnxruntime_onnx"`)
	s.expect(s.get("/v2/models/nothing"), 404, "nothing")
	s.expect(s.get("/v2/models/http"), 404, "http")

	res := s.do("POST", "/v2/models/add/infer", typed("application/json"), strings.NewReader(addRequest))
	s.expect(res, 200, `[11,22,33,44]`)
	id := res.Header.Get("Limen-Id")
	var answer struct{ ID string }
	if err := json.Unmarshal([]byte(res.Text), &answer); err != nil || answer.ID != id || len(id) != 26 {
		t.Errorf("id %q, header %q, %v", answer.ID, id, err)
	}
	var chain store.ActChain
	s.api("/limen/acts/"+id+"/why", &chain)
	if a := chain.Act; a == nil || a.Procedure != "infer" || a.Model != "add" || a.InputBytes != 32 || len(a.InputDigest) != 71 || a.Status != 200 || a.Found != 2 || a.Batch != 1 {
		t.Errorf("%+v", a)
	}
	if chain.Model == nil || len(chain.Missing) != 0 {
		t.Errorf("%+v", chain)
	}

	head := `{"inputs":[
		{"name":"INPUT0","datatype":"INT32","shape":[2,4],"parameters":{"binary_data_size":32}},
		{"name":"INPUT1","datatype":"INT32","shape":[2,4],"parameters":{"binary_data_size":32}}],
		"outputs":[{"name":"OUTPUT1","parameters":{"binary_data":true}}]}`
	var body bytes.Buffer
	body.WriteString(head)
	for i := range 16 {
		_ = binary.Write(&body, binary.LittleEndian, int32(100-i))
	}
	h := typed("application/octet-stream")
	h.Set("Inference-Header-Content-Length", fmt.Sprint(len(head)))
	res = s.do("POST", "/v2/models/add/versions/1/infer", h, bytes.NewReader(body.Bytes()))
	s.expect(res, 200, "OUTPUT1")
	if tail := []byte(res.Text[len(res.Text)-32:]); int32(binary.LittleEndian.Uint32(tail)) != 8 {
		t.Errorf("%v", tail)
	}

	bad := strings.Replace(addRequest, "INPUT1", "INPUT2", 1)
	res = s.do("POST", "/v2/models/add/infer", typed("application/json"), strings.NewReader(bad))
	s.expect(res, 400, "INPUT")
	if acts := s.acts("procedure=infer", 3); acts[0].Status != 400 || acts[0].Error == "" {
		t.Errorf("%+v", acts[0])
	}
	// What is not the protocol's goes on.
	s.expect(s.get("/v3"), 200, "upstream")
}

// Ensure that an Idempotency-Key gets the same response again, in its binary form too,
// and that a request that failed leaves it free.
func TestInferenceIdempotencyKey(t *testing.T) {
	s, _ := startImages(t)
	h := typed("application/json")
	h.Set("Idempotency-Key", "k-1")
	s.expect(s.do("POST", "/v2/models/add/infer", h, strings.NewReader(`{"inputs":[]}`)), 400, "")
	request := strings.Replace(addRequest, `"inputs"`, `"parameters":{"binary_data_output":true},"inputs"`, 1)
	before := sessionRuns.Load()
	first := s.do("POST", "/v2/models/add/infer", h, strings.NewReader(request))
	again := s.do("POST", "/v2/models/add/infer", h, strings.NewReader(request))
	s.expect(first, 200, "OUTPUT0")
	length := first.Header.Get("Inference-Header-Content-Length")
	if sessionRuns.Load()-before != 1 || again.Text != first.Text || length == "" || again.Header.Get("Inference-Header-Content-Length") != length ||
		again.Header.Get("Content-Type") != first.Header.Get("Content-Type") || again.Header.Get("Idempotent-Replayed") != "true" || again.Header.Get("Limen-Id") != first.Header.Get("Limen-Id") {
		t.Errorf("%d runs, %v, %v", sessionRuns.Load()-before, first.Header, again.Header)
	}
	s.expect(s.do("POST", "/v2/models/add/infer", h, strings.NewReader(addRequest)), 422, "used with another input")
}

// Ensure that models are listed, unloaded and loaded where admin is on, and that what
// is unloaded says so everywhere.
func TestInferenceAdmin(t *testing.T) {
	s, _ := startImages(t)
	pic := plain(8, 8, red)
	s.expect(s.do("POST", "/v2/repository/index", nil, nil), 200, `"colours"`)
	s.expect(s.do("POST", "/v2/repository/models/colours/unload", nil, nil), 200, "")
	s.expect(s.get("/v2/models/colours/ready"), 400, "")
	s.expect(s.do("POST", "/v2/repository/index", nil, nil), 200, `UNAVAILABLE`)
	res := s.do("POST", "/classify", nil, bytes.NewReader(pic))
	s.expect(res, 503, "not loaded")
	s.expect(s.do("POST", "/v2/repository/models/colours/load", nil, nil), 200, "")
	s.expect(s.do("POST", "/classify", nil, bytes.NewReader(pic)), 200, `"red"`)
	s.expect(s.do("POST", "/v2/repository/models/nothing/load", nil, nil), 400, "nothing")
	s.do("POST", "/v2/repository/models/colours/unload", nil, nil)
	s.reload(strings.Replace(imageSite, "admin on", "admin off", 1))
	s.expect(s.do("POST", "/classify", nil, bytes.NewReader(pic)), 200, `"red"`)
	s.expect(s.do("POST", "/v2/repository/index", nil, nil), 403, "")
}

// Ensure that a handler serves only the models that it names.
func TestInferenceModels(t *testing.T) {
	s, _ := startImages(t)
	s.reload(imagesBlock + "$SITE {\n limen_inference add\n respond elsewhere\n}\n")
	s.expect(s.get("/v2/models/add"), 200, "")
	s.expect(s.get("/v2/models/colours"), 404, "colours")
	s.expect(s.get("/x"), 200, "elsewhere")
}

// Ensure that requests of an old configuration find their model while a reload takes
// it away.
func TestImageReloadUnderLoad(t *testing.T) {
	s, _ := startImages(t)
	pic := plain(8, 8, red)
	r, w := io.Pipe()
	done := make(chan response, 1)
	request, err := http.NewRequest("POST", s.URL+"/classify", r)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		res, err := s.Client.Do(request)
		if err != nil {
			t.Error(err)
			close(done)
			return
		}
		defer res.Body.Close()
		raw, _ := io.ReadAll(res.Body)
		done <- response{res, string(raw)}
	}()
	if _, err := w.Write(pic[:20]); err != nil {
		t.Fatal(err)
	}
	// The next configuration has none of the models.
	s.reload(answers)
	if _, err := w.Write(pic[20:]); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if res, ok := <-done; ok {
		s.expect(res, 200, `"red"`)
	}
}
