package inference

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/limen-waf/limen/gpu/session"
)

// documented are the models that the protocol's documents speak of.
func documented() *testRepository {
	uint32s := session.Info{Name: "input0", Type: session.Uint32, Shape: []int64{-1, -1}}
	mymodel := constant("mymodel", []session.Info{uint32s, {Name: "input1", Type: session.Bool, Shape: []int64{-1}}},
		"output0", []int64{3, 2}, 1.0, 1.1, 2.0, 2.1, 3.0, 3.1)
	classes := constant("classes", []session.Info{uint32s}, "output0", []int64{4}, 1.1, 3.3, 0.5, 2.4)
	labelled := constant("labelled", []session.Info{uint32s}, "output0", []int64{4}, 1.1, 3.3, 0.5, 2.4)
	labelled.labels = map[string][]string{"output0": {"index_0_label", "index_1_label", "index_2_label", "index_3_label"}}
	versioned := echo("versioned", 0, 1, session.Int64)
	versioned.versions = []string{"1", "3"}
	return repositoryOf(mymodel, classes, labelled, versioned, simple())
}

// Ensure that the requests of the public documents get the answers that the documents
// show. A file in testdata/conformance is a comment with the source, the request line
// with its body, and behind a line of dashes with the status, the answer. The answer
// may have members that the document leaves out, but must not differ in any that it
// shows; "*" stands for any value.
func TestConformance(t *testing.T) {
	files, err := filepath.Glob("testdata/conformance/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recorded requests: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			for line := range strings.Lines(string(text)) {
				if !strings.HasPrefix(line, "#") {
					lines = append(lines, line)
				}
			}
			request, answer, ok := strings.Cut(strings.Join(lines, ""), "\n--- ")
			status, want, ok2 := strings.Cut(answer, "\n")
			line, body, _ := strings.Cut(request, "\n")
			method, path, ok3 := strings.Cut(line, " ")
			if !ok || !ok2 || !ok3 {
				t.Fatal("not a request and an answer")
			}
			w := httptest.NewRecorder()
			NewHandler(documented(), Options{Admin: true, Name: "limen", Version: "1"}).ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
			if fmt.Sprint(w.Code) != status {
				t.Errorf("status %d, want %s: %s", w.Code, status, w.Body)
			}
			if strings.TrimSpace(want) == "" {
				return
			}
			var wanted, got any
			if err := json.Unmarshal([]byte(want), &wanted); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatalf("%v in %s", err, w.Body)
			}
			if err := covers(got, wanted); err != nil {
				t.Errorf("%v\n got %s\nwant %s", err, w.Body, want)
			}
		})
	}
}

// covers checks that got has all that want has.
func covers(got, want any) error {
	switch want := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return fmt.Errorf("%v is no object", got)
		}
		for name, value := range want {
			v, ok := g[name]
			if !ok {
				return fmt.Errorf("no member %s", name)
			}
			if err := covers(v, value); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(want) {
			return fmt.Errorf("%v is no array of %d", got, len(want))
		}
		for i := range want {
			if err := covers(g[i], want[i]); err != nil {
				return fmt.Errorf("%d: %w", i, err)
			}
		}
		return nil
	}
	if want != "*" && !reflect.DeepEqual(got, want) {
		return fmt.Errorf("%v is not %v", got, want)
	}
	return nil
}

// Ensure that the request of the binary tensor data extension's document gets its
// answer.
func TestConformanceBinary(t *testing.T) {
	h := NewHandler(documented(), Options{})
	const request = `{
  "model_name" : "mymodel",
  "inputs" : [
    { "name" : "input0", "shape" : [ 2, 2 ], "datatype" : "UINT32", "parameters" : { "binary_data_size" : 16 } },
    { "name" : "input1", "shape" : [ 3 ], "datatype" : "BOOL", "parameters" : { "binary_data_size" : 3 } }
  ],
  "outputs" : [ { "name" : "output0", "parameters" : { "binary_data" : true } } ]
}`
	body, header, length := withBinary(request, int32Bytes(1, 2, 3, 4), []byte{1, 0, 1})
	a := readAnswer(t, post(t, h, "/v2/models/mymodel/infer", body, "Content-Type", "application/octet-stream", header, length))
	if len(a.Outputs) != 1 {
		t.Fatalf("%d outputs", len(a.Outputs))
	}
	o := a.Outputs[0]
	if o.Name != "output0" || o.Datatype != "FP32" || !reflect.DeepEqual(o.Shape, []int64{3, 2}) || o.Data != nil {
		t.Errorf("output %+v", o)
	}
	if want := float32Bytes(1.0, 1.1, 2.0, 2.1, 3.0, 3.1); o.Parameters.Size == nil || *o.Parameters.Size != 24 || string(o.binary) != string(want) {
		t.Errorf("tensor % x, want % x", o.binary, want)
	}
}

// Ensure that requests in the form of Triton's own Python client are understood:
// binary both ways by default, the JSON without spaces, inputs before outputs, and for
// no named outputs binary_data_output.
func TestConformancePythonClient(t *testing.T) {
	h := NewHandler(documented(), Options{})
	input0, input1 := make([]int32, 16), make([]int32, 16)
	for i := range input0 {
		input0[i], input1[i] = int32(i), 1
	}
	const inputs = `"inputs":[{"name":"INPUT0","shape":[1,16],"datatype":"INT32","parameters":{"binary_data_size":64}},{"name":"INPUT1","shape":[1,16],"datatype":"INT32","parameters":{"binary_data_size":64}}]`
	for name, request := range map[string]string{
		"named outputs": `{"id":"my_request","parameters":{"sequence_id":0,"priority":0},` + inputs + `,"outputs":[{"name":"OUTPUT0","parameters":{"binary_data":true}},{"name":"OUTPUT1","parameters":{"binary_data":true}}]}`,
		"all outputs":   `{"parameters":{"binary_data_output":true},` + inputs + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			body, header, length := withBinary(request, int32Bytes(input0...), int32Bytes(input1...))
			a := readAnswer(t, post(t, h, "/v2/models/simple/infer", body, header, length))
			if len(a.Outputs) != 2 || a.ModelName != "simple" || a.ModelVersion != "1" {
				t.Fatalf("%+v", a)
			}
			if strings.Contains(request, "my_request") != (a.ID != nil) {
				t.Errorf("id %v", a.ID)
			}
			for i := range input0 {
				sum, difference := int32Bytes(input0[i]+input1[i]), int32Bytes(input0[i]-input1[i])
				if string(a.Outputs[0].binary[4*i:4*i+4]) != string(sum) || string(a.Outputs[1].binary[4*i:4*i+4]) != string(difference) {
					t.Errorf("element %d is wrong", i)
				}
			}
		})
	}
}
