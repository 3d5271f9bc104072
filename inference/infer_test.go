package inference

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/limen-waf/limen/gpu/session"
)

// extremes are elements of a type, as JSON and in binary.
var extremes = map[session.Type]struct {
	text string
	data []byte
}{
	session.Bool:   {`[true,false,true]`, []byte{1, 0, 1}},
	session.Uint8:  {`[0,1,255]`, []byte{0, 1, 255}},
	session.Uint16: {`[0,1,65535]`, []byte{0, 0, 1, 0, 255, 255}},
	session.Uint32: {`[0,1,4294967295]`, []byte{0, 0, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255}},
	session.Uint64: {`[0,1,18446744073709551615]`, append(append(make([]byte, 8), 1, 0, 0, 0, 0, 0, 0, 0), bytes.Repeat([]byte{255}, 8)...)},
	session.Int8:   {`[-128,-1,127]`, []byte{128, 255, 127}},
	session.Int16:  {`[-32768,-1,32767]`, []byte{0, 128, 255, 255, 255, 127}},
	session.Int32:  {`[-2147483648,-1,2147483647]`, int32Bytes(math.MinInt32, -1, math.MaxInt32)},
	session.Int64:  {`[-9223372036854775808,-1,9223372036854775807]`, append(append([]byte{0, 0, 0, 0, 0, 0, 0, 128}, bytes.Repeat([]byte{255}, 15)...), 127)},
	session.FP16:   {``, []byte{0, 60, 0, 124, 255, 255}},
	session.BF16:   {``, []byte{128, 63, 128, 127, 255, 255}},
	session.FP32:   {`[-3.4028235e+38,1e-45,0.1]`, float32Bytes(-math.MaxFloat32, math.SmallestNonzeroFloat32, 0.1)},
	session.FP64:   {`[-1.7976931348623157e+308,5e-324,0.1]`, float64Bytes(-math.MaxFloat64, math.SmallestNonzeroFloat64, 0.1)},
	session.String: {`["","aé\n\"\\\u0000","日本"]`, []byte("\x00\x00\x00\x00\x07\x00\x00\x00a\xc3\xa9\n\"\\\x00\x06\x00\x00\x00日本")},
}

func float64Bytes(values ...float64) []byte {
	var data []byte
	for _, v := range values {
		data = binary.LittleEndian.AppendUint64(data, math.Float64bits(v))
	}
	return data
}

// Ensure that tensors of every type come back as they were sent, in JSON and in binary
// on the way in and out, with the extremes of the type; FP16 and BF16 in binary alone.
func TestTypes(t *testing.T) {
	for _, typ := range session.Types() {
		want, ok := extremes[typ]
		if !ok {
			t.Fatalf("no elements of type %s", typ)
		}
		h := NewHandler(repositoryOf(echo("m", 0, 1, typ)), Options{})
		for _, in := range []bool{false, true} {
			for _, out := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/binary in %t/out %t", typ, in, out), func(t *testing.T) {
					var w *httptest.ResponseRecorder
					if in {
						body, header, length := withBinary(fmt.Sprintf(`{"inputs":[{"name":"in0","shape":[3],"datatype":"%s","parameters":{"binary_data_size":%d}}],"parameters":{"binary_data_output":%t}}`, typ, len(want.data), out), want.data)
						w = post(t, h, "/v2/models/m/infer", body, header, length)
					} else {
						text := want.text
						if text == "" {
							text = "[1,2,3]"
						}
						w = post(t, h, "/v2/models/m/infer", strings.NewReader(fmt.Sprintf(`{"inputs":[{"name":"in0","shape":[3],"datatype":"%s","data":%s}],"parameters":{"binary_data_output":%t}}`, typ, text, out)))
					}
					if want.text == "" && (!in || !out) {
						code, message := readError(t, w)
						if code != 400 || !strings.Contains(message, string(typ)+" data via JSON is not supported") {
							t.Errorf("%d %s", code, message)
						}
						return
					}
					a := readAnswer(t, w)
					o := a.Outputs[0]
					if o.Name != "out0" || o.Datatype != string(typ) || !slices.Equal(o.Shape, []int64{3}) {
						t.Errorf("output %+v", o)
					}
					if out {
						if !bytes.Equal(o.binary, want.data) {
							t.Errorf("got % x, want % x", o.binary, want.data)
						}
						return
					}
					var got, wanted any
					if err := errors.Join(json.Unmarshal(o.Data, &got), json.Unmarshal([]byte(want.text), &wanted)); err != nil {
						t.Fatal(err)
					}
					if !reflect.DeepEqual(got, wanted) {
						t.Errorf("got %s, want %s", o.Data, want.text)
					}
					if typ.Size() == 8 && typ != session.FP64 && string(o.Data) != want.text { // JSON numbers beyond 53 bits
						t.Errorf("got %s, want %s", o.Data, want.text)
					}
				})
			}
		}
	}
}

// Ensure that several inputs and outputs can be JSON and binary in any mixture, in any
// order, with members in any order, and that outputs come in the order asked for.
func TestMixture(t *testing.T) {
	h := NewHandler(repositoryOf(echo("m", 0, 2, session.FP32, session.String, session.Uint8)), Options{})
	const request = `{"outputs":[{"name":"out2","parameters":{"binary_data":true}},{"parameters":{"binary_data":false},"name":"out0"},{"name":"out1"}],
		"inputs":[
			{"name":"in2","shape":[1,3],"datatype":"UINT8","parameters":{"binary_data_size":3}},
			{"data":[[1.5],[-2]],"name":"in0","datatype":"FP32","shape":[2,1]},
			{"name":"in1","shape":[1,2],"datatype":"BYTES","parameters":{"binary_data_size":11,"other":1}}
		],"parameters":{"binary_data_output":true},"id":"é\u00e9","extension":{"a":[null]}}`
	body, header, length := withBinary(request, []byte{7, 8, 9}, []byte("\x02\x00\x00\x00ab\x01\x00\x00\x00c"))
	a := readAnswer(t, post(t, h, "/v2/models/m/infer", body, header, length))
	if a.ID == nil || *a.ID != "éé" {
		t.Errorf("id %v", a.ID)
	}
	if len(a.Outputs) != 3 || a.Outputs[0].Name != "out2" || a.Outputs[1].Name != "out0" || a.Outputs[2].Name != "out1" {
		t.Fatalf("outputs %+v", a.Outputs)
	}
	if got := a.Outputs[0].binary; !bytes.Equal(got, []byte{7, 8, 9}) {
		t.Errorf("out2 % x", got)
	}
	if got := string(a.Outputs[1].Data); got != "[1.5,-2.0]" {
		t.Errorf("out0 %s", got)
	}
	if got := a.Outputs[2].binary; string(got) != "\x02\x00\x00\x00ab\x01\x00\x00\x00c" {
		t.Errorf("out1 %q", got)
	}
}

// Ensure that tensors without elements and scalars are served in both forms.
func TestEmpty(t *testing.T) {
	h := NewHandler(repositoryOf(echo("m", 0, 2, session.FP32, session.String), echo("scalar", 0, 0, session.FP64)), Options{})
	const request = `{"inputs":[{"name":"in0","shape":[0,4],"datatype":"FP32","data":[]},{"name":"in1","shape":[2,0],"datatype":"BYTES","data":[[],[]]}]}`
	a := readAnswer(t, post(t, h, "/v2/models/m/infer", strings.NewReader(request)))
	if string(a.Outputs[0].Data) != "[]" || string(a.Outputs[1].Data) != "[]" || !slices.Equal(a.Outputs[1].Shape, []int64{2, 0}) {
		t.Errorf("%+v", a.Outputs)
	}
	body, header, length := withBinary(`{"inputs":[{"name":"in0","shape":[0,4],"datatype":"FP32","parameters":{"binary_data_size":0}},{"name":"in1","shape":[2,0],"datatype":"BYTES","parameters":{"binary_data_size":0}}],"parameters":{"binary_data_output":true}}`)
	a = readAnswer(t, post(t, h, "/v2/models/m/infer", body, header, length))
	if *a.Outputs[0].Parameters.Size != 0 || *a.Outputs[1].Parameters.Size != 0 {
		t.Errorf("%+v", a.Outputs)
	}
	a = readAnswer(t, post(t, h, "/v2/models/scalar/infer", strings.NewReader(`{"inputs":[{"name":"in0","shape":[],"datatype":"FP64","data":[2.5]}]}`)))
	if string(a.Outputs[0].Data) != "[2.5]" || len(a.Outputs[0].Shape) != 0 {
		t.Errorf("%+v", a.Outputs)
	}
}

// Ensure that a body that is one tensor gets the shape that its size says.
func TestRaw(t *testing.T) {
	free := echo("free", 4, 2, session.Uint8)
	free.inputs[0].Shape = []int64{-1, -1}
	fixed := echo("fixed", 0, 2, session.FP32)
	fixed.inputs[0].Shape = []int64{2, 2}
	text := echo("text", 2, 2, session.String)
	text.inputs[0].Shape = []int64{-1, 1}
	h := NewHandler(repositoryOf(free, fixed, text, echo("two", 0, 1, session.FP32, session.FP32), echo("open", 0, 2, session.FP32)), Options{})
	for name, c := range map[string]struct {
		model, body string
		shape       []int64
		error       string
	}{
		"free dimension":     {"free", "abcde", []int64{1, 5}, ""},
		"fixed":              {"fixed", "0123456789abcdef", []int64{2, 2}, ""},
		"fixed, other size":  {"fixed", "0123456789", nil, "input byte size mismatch for input 'in0' for model 'fixed'. Expected 16, got 10"},
		"a string":           {"text", "hello", []int64{1, 1}, ""},
		"two inputs":         {"two", "hell", nil, "Raw request must only have 1 input (found 1) to be deduced but got 2 inputs in 'two' model configuration"},
		"two free":           {"open", "hell", nil, "The shape of the raw input 'in0' can not be deduced because there are more than one variable-sized dimension"},
		"no whole of a type": {"fixed", "", nil, "input byte size mismatch for input 'in0' for model 'fixed'. Expected 16, got 0"},
	} {
		t.Run(name, func(t *testing.T) {
			w := post(t, h, "/v2/models/"+c.model+"/infer", strings.NewReader(c.body), headerLength, "0")
			if c.error != "" {
				if code, message := readError(t, w); code != 400 || message != c.error {
					t.Errorf("%d %s", code, message)
				}
				return
			}
			o := readAnswer(t, w).Outputs[0]
			if !slices.Equal(o.Shape, c.shape) || !strings.HasSuffix(string(o.binary), c.body) {
				t.Errorf("%+v", o)
			}
		})
	}
}

// Ensure that a compressed body is the same request, and that no body can be larger
// than the limit: announced, not announced, or after decompression.
func TestBody(t *testing.T) {
	const limit = 1 << 16
	h := NewHandler(repositoryOf(echo("m", 0, 1, session.Uint8)), Options{MaxBytes: limit})
	request := func(n int) []byte {
		text := fmt.Sprintf(`{"inputs":[{"name":"in0","shape":[%d],"datatype":"UINT8","parameters":{"binary_data_size":%d}}]}`, n, n)
		return append([]byte(text), make([]byte, n)...)
	}
	length := func(body []byte) string { return strconv.Itoa(bytes.IndexByte(body, 0)) }
	compress := func(z interface {
		io.WriteCloser
		Reset(io.Writer)
	}, body []byte) io.Reader {
		var b bytes.Buffer
		z.Reset(&b)
		if _, err := z.Write(body); err != nil {
			t.Fatal(err)
		}
		z.Close()
		return &b
	}
	small, large := request(1000), request(limit)
	unsized := func(b []byte) io.Reader { return io.MultiReader(bytes.NewReader(b)) } // of unknown length to httptest
	for name, c := range map[string]struct {
		body           io.Reader
		encoding, json string
		status         int
		error          string
	}{
		"announced":           {bytes.NewReader(small), "", length(small), 200, ""},
		"chunked":             {unsized(small), "", length(small), 200, ""},
		"identity":            {bytes.NewReader(small), "identity", length(small), 200, ""},
		"gzip":                {compress(gzip.NewWriter(nil), small), "gzip", length(small), 200, ""},
		"deflate":             {compress(zlib.NewWriter(nil), small), "deflate", length(small), 200, ""},
		"large":               {bytes.NewReader(large), "", length(large), 413, "the request body is larger than the limit of 65536 bytes"},
		"large, chunked":      {unsized(large), "", length(large), 413, "the request body is larger than the limit of 65536 bytes"},
		"large, gzip":         {compress(gzip.NewWriter(nil), large), "gzip", length(large), 413, "the request body is larger than the limit of 65536 bytes"},
		"large JSON, gzip":    {compress(gzip.NewWriter(nil), bytes.Repeat([]byte{' '}, limit+1)), "gzip", "", 413, "the request body is larger than the limit of 65536 bytes"},
		"large JSON, chunked": {unsized(bytes.Repeat([]byte{' '}, limit+1)), "", "", 413, "the request body is larger than the limit of 65536 bytes"},
		"no gzip":             {bytes.NewReader(small), "gzip", length(small), 400, "failed to read the request body: gzip: invalid header"},
		"unknown":             {bytes.NewReader(small), "br", length(small), 415, "Unsupported compression type: Content-Encoding is 'br', and can be gzip, deflate or identity"},
	} {
		t.Run(name, func(t *testing.T) {
			w := post(t, h, "/v2/models/m/infer", c.body, "Content-Encoding", c.encoding, headerLength, c.json)
			if c.status == 200 {
				if o := readAnswer(t, w).Outputs[0]; !slices.Equal(o.Shape, []int64{1000}) {
					t.Errorf("%+v", o)
				}
				return
			}
			if code, message := readError(t, w); code != c.status || message != c.error {
				t.Errorf("%d %s", code, message)
			}
		})
	}
}

// Ensure that every mistake in a request gets 400 and the words that Triton has for
// it.
func TestInvalid(t *testing.T) {
	m := echo("m", 0, 2, session.FP32, session.String)
	m.inputs[0].Shape = []int64{-1, 2}
	batched := echo("batched", 4, 2, session.Int8, session.Int8)
	flags := echo("flags", 0, 1, session.Bool)
	h := NewHandler(repositoryOf(m, simple(), batched, flags, echo("numbers", 0, 1, session.Uint8, session.Int16, session.FP32)), Options{})
	const (
		in0 = `{"name":"in0","shape":[1,2],"datatype":"FP32","data":[1,2]}`
		in1 = `{"name":"in1","shape":[1,1],"datatype":"BYTES","data":["a"]}`
	)
	for name, c := range map[string]struct {
		model, json, binary string
		error               string
	}{
		"empty":                {"m", ``, "", "failed to parse the request JSON buffer: The document is empty. at 0"},
		"no JSON":              {"m", `hello`, "", "failed to parse the request JSON buffer: Invalid value. at 0"},
		"no object":            {"m", `[]`, "", "attempt to access JSON non-object as object"},
		"unfinished":           {"m", `{"inputs":[` + in0, "", "failed to parse the request JSON buffer: Missing a comma or ] after an array element. at 70"},
		"two values":           {"m", `{"inputs":[` + in0 + `,` + in1 + `]} {}`, "", "failed to parse the request JSON buffer: The document root must not be followed by other values. at 134"},
		"deep":                 {"m", `{"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, "", "failed to parse the request JSON buffer: Values are nested more than 64 deep. at 68"},
		"no inputs member":     {"m", `{"id":"1"}`, "", "Unable to parse 'inputs': attempt to access non-existing object member 'inputs'"},
		"inputs no array":      {"m", `{"inputs":{}}`, "", "Unable to parse 'inputs': attempt to access JSON non-array as array"},
		"inputs twice":         {"m", `{"inputs":[` + in0 + `,` + in1 + `],"inputs":[]}`, "", "Unable to parse 'inputs': the member stands twice in its object"},
		"id no string":         {"m", `{"id":1,"inputs":[]}`, "", "Unable to parse 'id': attempt to access JSON non-string as string"},
		"no inputs":            {"m", `{"inputs":[]}`, "", "expected 2 inputs but got 0 inputs for model 'm'. Got input(s) [], but missing required input(s) ['in0','in1']. Please provide all required input(s)."},
		"input missing":        {"m", `{"inputs":[` + in0 + `]}`, "", "expected 2 inputs but got 1 inputs for model 'm'. Got input(s) ['in0'], but missing required input(s) ['in1']. Please provide all required input(s)."},
		"input twice":          {"m", `{"inputs":[` + in0 + `,` + in0 + `]}`, "", "input 'in0' already exists in request"},
		"input unknown":        {"m", `{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}`, "", "unexpected inference input 'x' for model 'm'"},
		"no name":              {"m", `{"inputs":[{"shape":[1],"datatype":"FP32","data":[1]}]}`, "", "Unable to parse 'name': attempt to access non-existing object member 'name'"},
		"no shape":             {"m", `{"inputs":[{"name":"in0","datatype":"FP32","data":[1]}]}`, "", "Unable to parse 'shape': attempt to access non-existing object member 'shape'"},
		"no datatype":          {"m", `{"inputs":[{"name":"in0","shape":[1],"data":[1]}]}`, "", "Unable to parse 'datatype': attempt to access non-existing object member 'datatype'"},
		"datatype unknown":     {"m", `{"inputs":[{"name":"in0","shape":[1,2],"datatype":"FLOAT","data":[1,2]}]}`, "", "invalid datatype for input in0: 'FLOAT'"},
		"datatype other":       {"m", `{"inputs":[{"name":"in0","shape":[1,2],"datatype":"FP64","data":[1,2]}]}`, "", "inference input 'in0' data-type is 'FP64', but model 'm' expects 'FP32'"},
		"shape other":          {"m", `{"inputs":[{"name":"in0","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}`, "", "unexpected shape for input 'in0' for model 'm'. Expected [-1,2], got [1,3]"},
		"rank other":           {"m", `{"inputs":[{"name":"in0","shape":[2],"datatype":"FP32","data":[1,2]}]}`, "", "unexpected shape for input 'in0' for model 'm'. Expected [-1,2], got [2]"},
		"shape negative":       {"m", `{"inputs":[{"name":"in0","shape":[-1,2],"datatype":"FP32","data":[1,2]}]}`, "", "Unable to parse 'shape': attempt to access JSON non-unsigned-integer as unsigned-integer"},
		"shape no integer":     {"m", `{"inputs":[{"name":"in0","shape":[1.0,2],"datatype":"FP32","data":[1,2]}]}`, "", "Unable to parse 'shape': attempt to access JSON non-unsigned-integer as unsigned-integer"},
		"shape overflows":      {"m", `{"inputs":[{"name":"in0","shape":[9223372036854775807,2],"datatype":"FP32","data":[1,2]}]}`, "", "unexpected shape for input 'in0' for model 'm'. Expected [-1,2], got [9223372036854775807,2]"},
		"shape of many":        {"m", `{"inputs":[{"name":"in0","shape":[` + strings.Repeat("1,", 99) + `1]}]}`, "", "Unable to parse 'shape': more than 64 dimensions"},
		"claims much":          {"m", `{"inputs":[{"name":"in0","shape":[100000000000,2],"datatype":"FP32","data":[1,2]}]}`, "", "Unable to parse 'data': Shape does not match true shape of 'data' field"},
		"claims many strings":  {"m", `{"inputs":[{"name":"in1","shape":[100000000,2],"datatype":"BYTES","data":["a"]}]}`, "", "Unable to parse 'data': Shape does not match true shape of 'data' field"},
		"too few":              {"m", `{"inputs":[{"name":"in0","shape":[1,2],"datatype":"FP32","data":[1]}]}`, "", "Unable to parse 'data': Shape does not match true shape of 'data' field"},
		"too many":             {"m", `{"inputs":[{"name":"in0","shape":[1,2],"datatype":"FP32","data":[1,2,3]}]}`, "", "Unable to parse 'data': Shape does not match true shape of 'data' field"},
		"ragged":               {"m", `{"inputs":[{"name":"in0","shape":[2,2],"datatype":"FP32","data":[[1,2,3],[4]]}]}`, "", "Unable to parse 'data': Shape does not match true shape of 'data' field"},
		"nested and flat":      {"m", `{"inputs":[{"name":"in0","shape":[2,2],"datatype":"FP32","data":[[1,2],3,4]}]}`, "", "Unable to parse 'data': Shape does not match true shape of 'data' field"},
		"nested too deep":      {"m", `{"inputs":[{"name":"in0","shape":[1,2],"datatype":"FP32","data":[[[1,2]]]}]}`, "", "Unable to parse 'data': Shape does not match true shape of 'data' field"},
		"transposed":           {"m", `{"inputs":[{"name":"in0","shape":[1,2],"datatype":"FP32","data":[[1],[2]]}]}`, "", "Unable to parse 'data': Shape does not match true shape of 'data' field"},
		"data no array":        {"m", `{"inputs":[{"name":"in0","shape":[1,2],"datatype":"FP32","data":1}]}`, "", "Unable to parse 'data': attempt to access JSON non-array as array"},
		"data later no array":  {"m", `{"inputs":[{"data":{},"name":"in0","shape":[1,2],"datatype":"FP32"}]}`, "", "Unable to parse 'data': attempt to access JSON non-array as array"},
		"number from string":   {"m", `{"inputs":[{"name":"in0","shape":[1,2],"datatype":"FP32","data":["1",2]}]}`, "", "Unable to parse 'data': attempt to access JSON non-number as number"},
		"number from null":     {"m", `{"inputs":[{"name":"in0","shape":[1,2],"datatype":"FP32","data":[null,2]}]}`, "", "Unable to parse 'data': attempt to access JSON non-number as number"},
		"not a number":         {"m", `{"inputs":[{"name":"in0","shape":[1,2],"datatype":"FP32","data":[NaN,2]}]}`, "", "failed to parse the request JSON buffer: Invalid value. at 65"},
		"string from number":   {"m", `{"inputs":[{"name":"in1","shape":[1,1],"datatype":"BYTES","data":[1]}]}`, "", "Unable to parse 'data': attempt to access JSON non-string as string"},
		"FP32 too large":       {"numbers", `{"inputs":[{"name":"in2","shape":[1],"datatype":"FP32","data":[1e39]}]}`, "", "Unable to parse 'data': 1e39 does not fit FP32"},
		"UINT8 too large":      {"numbers", `{"inputs":[{"name":"in0","shape":[1],"datatype":"UINT8","data":[256]}]}`, "", "Unable to parse 'data': attempt to access JSON non-unsigned-integer as unsigned-integer"},
		"UINT8 negative":       {"numbers", `{"inputs":[{"name":"in0","shape":[1],"datatype":"UINT8","data":[-1]}]}`, "", "Unable to parse 'data': attempt to access JSON non-unsigned-integer as unsigned-integer"},
		"INT16 too large":      {"numbers", `{"inputs":[{"name":"in1","shape":[1],"datatype":"INT16","data":[32768]}]}`, "", "Unable to parse 'data': attempt to access JSON non-signed-integer as signed-integer"},
		"INT16 no integer":     {"numbers", `{"inputs":[{"name":"in1","shape":[1],"datatype":"INT16","data":[1.5]}]}`, "", "Unable to parse 'data': attempt to access JSON non-signed-integer as signed-integer"},
		"BOOL from number":     {"flags", `{"inputs":[{"name":"in0","shape":[1],"datatype":"BOOL","data":[1]}]}`, "", "Unable to parse 'data': attempt to access JSON non-boolean as boolean"},
		"BOOL of 2":            {"flags", `{"inputs":[{"name":"in0","shape":[1],"datatype":"BOOL","parameters":{"binary_data_size":1}}]}`, "\x02", "unexpected byte 2 for input 'in0': a BOOL is 0 or 1"},
		"no data":              {"m", `{"inputs":[{"name":"in0","shape":[1,2],"datatype":"FP32"}]}`, "", "Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters'. But no field is set"},
		"both data":            {"m", `{"inputs":[{"name":"in0","shape":[1,2],"datatype":"FP32","data":[1,2],"parameters":{"binary_data_size":8}}]}`, "", "Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters'. But set 'data' 'binary_data_size'"},
		"shared memory":        {"m", `{"inputs":[{"name":"in0","shape":[1,2],"datatype":"FP32","parameters":{"shared_memory_region":"r"}}]}`, "", "Unable to find shared memory region: 'r': this server has no shared memory extension, send the tensor in the request"},
		"shared memory output": {"m", `{"inputs":[` + in0 + `,` + in1 + `],"outputs":[{"name":"out0","parameters":{"shared_memory_region":"r"}}]}`, "", "Unable to find shared memory region: 'r': this server has no shared memory extension, send the tensor in the request"},
		"binary size other":    {"m", `{"inputs":[{"name":"in0","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":12}}]}`, "0123456789ab", "input byte size mismatch for input 'in0' for model 'm'. Expected 8, got 12"},
		"binary size no int":   {"m", `{"inputs":[{"name":"in0","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":"8"}}]}`, "01234567", "Unable to parse 'binary_data_size': attempt to access JSON non-unsigned-integer as unsigned-integer"},
		"binary missing":       {"m", `{"inputs":[{"name":"in0","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}},` + in1 + `]}`, "01234", "unexpected size for input 'in0', expecting 3 more bytes for model 'm'"},
		"binary too much":      {"m", `{"inputs":[{"name":"in0","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}},` + in1 + `]}`, "0123456789", "unexpected additional input data for model 'm'"},
		"binary not asked for": {"m", `{"inputs":[` + in0 + `,` + in1 + `]}`, "0", "unexpected additional input data for model 'm'"},
		"string length cut":    {"m", `{"inputs":[` + in0 + `,{"name":"in1","shape":[1,1],"datatype":"BYTES","parameters":{"binary_data_size":6}}]}`, "\x00\x00\x00\x00\x00\x00", "unexpected number of string elements 2 for inference input 'in1', expecting 1"},
		"string length short":  {"m", `{"inputs":[` + in0 + `,{"name":"in1","shape":[1,2],"datatype":"BYTES","parameters":{"binary_data_size":10}}]}`, "\x04\x00\x00\x00abcd\x01\x00", "incomplete string length indicator for inference input 'in1', expecting 4 bytes but only 2 bytes available"},
		"string cut":           {"m", `{"inputs":[` + in0 + `,{"name":"in1","shape":[1,1],"datatype":"BYTES","parameters":{"binary_data_size":6}}]}`, "\xff\xff\xff\xffab", "incomplete string data for inference input 'in1', expecting string of length 4294967295 but only 2 bytes available"},
		"strings missing":      {"m", `{"inputs":[` + in0 + `,{"name":"in1","shape":[1,2],"datatype":"BYTES","parameters":{"binary_data_size":8}}]}`, "\x04\x00\x00\x00abcd", "expected 2 strings for inference input 'in1', got 1"},
		"strings claimed":      {"m", `{"inputs":[` + in0 + `,{"name":"in1","shape":[1,1000000],"datatype":"BYTES","parameters":{"binary_data_size":4}}]}`, "\x00\x00\x00\x00", "expected 1000000 strings for inference input 'in1', got data for at most 1"},
		"strings too many":     {"m", `{"inputs":[` + in0 + `,{"name":"in1","shape":[1,1000000000],"datatype":"BYTES","parameters":{"binary_data_size":4}}]}`, "\x00\x00\x00\x00", "input 'in1' has 1000000000 BYTES elements, and may have 1048576"},
		"batch too large":      {"simple", `{"inputs":[{"name":"INPUT0","shape":[9,16],"datatype":"INT32","data":[]}]}`, "", "inference request batch-size must be <= 8 for 'simple'"},
		"batches differ":       {"batched", `{"inputs":[{"name":"in0","shape":[2,1],"datatype":"INT8","data":[1,2]},{"name":"in1","shape":[1,1],"datatype":"INT8","data":[1]}]}`, "", "input 'in1' batch size does not match other inputs for 'batched'"},
		"output unknown":       {"m", `{"inputs":[` + in0 + `,` + in1 + `],"outputs":[{"name":"x"}]}`, "", "unexpected inference output 'x' for model 'm'"},
		"output twice":         {"m", `{"inputs":[` + in0 + `,` + in1 + `],"outputs":[{"name":"out0"},{"name":"out0"}]}`, "", "output 'out0' is requested twice"},
		"output no name":       {"m", `{"inputs":[` + in0 + `,` + in1 + `],"outputs":[{}]}`, "", "Unable to parse 'name': attempt to access non-existing object member 'name'"},
		"binary_data no bool":  {"m", `{"inputs":[` + in0 + `,` + in1 + `],"outputs":[{"name":"out0","parameters":{"binary_data":1}}]}`, "", "Unable to parse 'binary_data': attempt to access JSON non-boolean as boolean"},
		"classes of strings":   {"m", `{"inputs":[` + in0 + `,` + in1 + `],"outputs":[{"name":"out1","parameters":{"classification":2}}]}`, "", "class result not available for output 'out1' due to unsupported type 'BYTES'"},
		"classes negative":     {"m", `{"inputs":[` + in0 + `,` + in1 + `],"outputs":[{"name":"out0","parameters":{"classification":-1}}]}`, "", "Unable to parse 'classification': attempt to access JSON non-unsigned-integer as unsigned-integer"},
		"reserved parameter":   {"m", `{"parameters":{"triton_x":1},"inputs":[]}`, "", "parameter keys starting with 'triton_' are reserved for Triton usage and should not be specified."},
	} {
		t.Run(name, func(t *testing.T) {
			var w *httptest.ResponseRecorder
			if c.binary == "" {
				w = post(t, h, "/v2/models/"+c.model+"/infer", strings.NewReader(c.json))
			} else {
				body, header, length := withBinary(c.json, []byte(c.binary))
				w = post(t, h, "/v2/models/"+c.model+"/infer", body, header, length)
			}
			if code, message := readError(t, w); code != 400 || message != c.error {
				t.Errorf("%d %s\nwant %s", code, message, c.error)
			}
		})
	}
}

// Ensure that a wrong header for the JSON's length is told, and never trusted.
func TestHeaderLength(t *testing.T) {
	h := NewHandler(repositoryOf(echo("m", 0, 1, session.Uint8)), Options{MaxBytes: 1 << 20})
	const body = `{"inputs":[]}`
	for value, want := range map[string]string{
		"x":                    "Unable to parse Inference-Header-Content-Length, got: x",
		"-1":                   "Unable to parse Inference-Header-Content-Length, got: -1",
		"99999999999999999999": "Unable to parse Inference-Header-Content-Length, got: 99999999999999999999",
		"14":                   "Inference-Header-Content-Length is 14, more than the length of the body, 13",
		"12":                   "failed to parse the request JSON buffer: Missing a comma or } after an object member. at 12",
	} {
		if code, message := readError(t, post(t, h, "/v2/models/m/infer", strings.NewReader(body), headerLength, value)); code != 400 || message != want {
			t.Errorf("%s: %d %s", value, code, message)
		}
	}
	unsized := io.MultiReader(strings.NewReader(body))
	if code, message := readError(t, post(t, h, "/v2/models/m/infer", unsized, headerLength, "20")); code != 400 || message != "unexpected size for request JSON, expecting 7 more bytes" {
		t.Errorf("%d %s", code, message)
	}
	unsized = io.MultiReader(strings.NewReader(body))
	if code, _ := readError(t, post(t, h, "/v2/models/m/infer", unsized, headerLength, "1048577")); code != 413 {
		t.Errorf("%d", code)
	}
}

// Ensure that what JSON cannot say is an error and not a guess, and can be had in
// binary.
func TestUnsayable(t *testing.T) {
	h := NewHandler(repositoryOf(echo("m", 0, 1, session.FP32), echo("text", 0, 1, session.String)), Options{})
	for name, c := range map[string]struct {
		model, typ string
		data       []byte
		count      int
		error      string
	}{
		"NaN":      {"m", "FP32", float32Bytes(1, float32(math.NaN())), 2, "element 1 of output 'out0' is not a finite number, which JSON needs. Please use the binary data format for output 'out0'"},
		"infinite": {"m", "FP32", float32Bytes(float32(math.Inf(-1))), 1, "element 0 of output 'out0' is not a finite number, which JSON needs. Please use the binary data format for output 'out0'"},
		"no UTF-8": {"text", "BYTES", []byte("\x01\x00\x00\x00\xff"), 1, "element 0 of output 'out0' is not UTF-8, which JSON needs. Please use the binary data format for output 'out0'"},
	} {
		for _, binary := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " binary ", binary), func(t *testing.T) {
				body, header, length := withBinary(fmt.Sprintf(`{"parameters":{"binary_data_output":%t},"inputs":[{"name":"in0","shape":[%d],"datatype":"%s","parameters":{"binary_data_size":%d}}]}`, binary, c.count, c.typ, len(c.data)), c.data)
				w := post(t, h, "/v2/models/"+c.model+"/infer", body, header, length)
				if binary {
					if o := readAnswer(t, w).Outputs[0]; !bytes.Equal(o.binary, c.data) {
						t.Errorf("% x", o.binary)
					}
				} else if code, message := readError(t, w); code != 400 || message != c.error {
					t.Errorf("%d %s", code, message)
				}
			})
		}
	}
}

// Ensure that an error of the model or the repository has the status that says whose
// it is.
func TestModelErrors(t *testing.T) {
	m := echo("m", 0, 1, session.Uint8)
	var fail error
	run := m.run
	m.run = func(ctx context.Context, in []session.Tensor) ([]session.Tensor, session.Stats, error) {
		if fail == nil {
			out, stats, err := run(ctx, in)
			out[0].Data = out[0].Data[1:]
			return out, stats, err
		}
		return nil, session.Stats{}, fail
	}
	h := NewHandler(repositoryOf(m), Options{})
	for _, c := range []struct {
		err    error
		status int
		text   string
	}{
		{fmt.Errorf("%w: in0 is odd", session.ErrInput), 400, "the inputs do not fit the model: in0 is odd"},
		{session.ErrBusy, 503, "Exceeds maximum queue size: too many requests wait for model 'm', try again"},
		{session.ErrClosed, 503, "model 'm' is being unloaded"},
		{context.DeadlineExceeded, 503, "Request timeout expired"},
		{fmt.Errorf("%w: no kernel", session.ErrRun), 500, "the run failed: no kernel"},
		{nil, 500, "output tensor shape does not match size of output for 'out0'"},
	} {
		fail = c.err
		w := post(t, h, "/v2/models/m/infer", strings.NewReader(`{"inputs":[{"name":"in0","shape":[2],"datatype":"UINT8","data":[1,2]}]}`))
		if code, message := readError(t, w); code != c.status || message != c.text {
			t.Errorf("%v: %d %s", c.err, code, message)
		}
		if again := w.Header().Get("Retry-After"); (again != "") != (c.status == 503) {
			t.Errorf("%v: Retry-After %q", c.err, again)
		}
	}
}

// Ensure that the timeout parameter, in microseconds, is the run's deadline.
func TestTimeout(t *testing.T) {
	m := echo("m", 0, 1, session.Uint8)
	var deadline time.Time
	var has bool
	m.run = func(ctx context.Context, _ []session.Tensor) ([]session.Tensor, session.Stats, error) {
		deadline, has = ctx.Deadline()
		if !has {
			return nil, session.Stats{}, errors.New("no deadline")
		}
		<-ctx.Done()
		return nil, session.Stats{}, ctx.Err()
	}
	h := NewHandler(repositoryOf(m), Options{})
	before := time.Now()
	w := post(t, h, "/v2/models/m/infer", strings.NewReader(`{"parameters":{"timeout":2000},"inputs":[{"name":"in0","shape":[1],"datatype":"UINT8","data":[1]}]}`))
	if code, message := readError(t, w); code != 503 || message != "Request timeout expired" {
		t.Errorf("%d %s", code, message)
	}
	if early := before.Add(2 * time.Millisecond); deadline.Before(early) {
		t.Errorf("the deadline is %v before the timeout", early.Sub(deadline))
	}
	post(t, h, "/v2/models/m/infer", strings.NewReader(`{"inputs":[{"name":"in0","shape":[1],"datatype":"UINT8","data":[1]}]}`))
	if has {
		t.Error("a deadline without a timeout")
	}
}

// Ensure that requests at the same time, of sizes that share memory one after the
// other, get their own tensors back: through a real server, in all forms.
func TestConcurrent(t *testing.T) {
	server := httptest.NewServer(NewHandler(repositoryOf(echo("m", 0, 1, session.Uint32)), Options{}))
	defer server.Close()
	var wait sync.WaitGroup
	for worker := range 8 {
		wait.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 1))
			for range 40 {
				n := 1 + random.IntN(3000)
				var data []byte
				var numbers []uint32
				for range n {
					v := random.Uint32()
					numbers = append(numbers, v)
					data = binary.LittleEndian.AppendUint32(data, v)
				}
				var request *http.Request
				if random.IntN(2) == 0 {
					text := fmt.Sprintf(`{"inputs":[{"name":"in0","shape":[%d],"datatype":"UINT32","parameters":{"binary_data_size":%d}}],"parameters":{"binary_data_output":true}}`, n, len(data))
					body, header, length := withBinary(text, data)
					request, _ = http.NewRequest(http.MethodPost, server.URL+"/v2/models/m/infer", body)
					request.Header.Set(header, length)
				} else {
					list, _ := json.Marshal(numbers)
					text := fmt.Sprintf(`{"inputs":[{"name":"in0","shape":[%d],"datatype":"UINT32","data":%s}],"parameters":{"binary_data_output":true}}`, n, list)
					request, _ = http.NewRequest(http.MethodPost, server.URL+"/v2/models/m/infer", strings.NewReader(text))
				}
				answer, err := server.Client().Do(request)
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(answer.Body)
				answer.Body.Close()
				if err != nil || answer.StatusCode != 200 || !bytes.HasSuffix(got, data) {
					t.Errorf("status %d, %v, other data of %d", answer.StatusCode, err, n)
				}
			}
		})
	}
	wait.Wait()
}

// Ensure that a client that writes a long body before it reads gets the error of a
// request that is refused for its first bytes.
func TestRefusedIsRead(t *testing.T) {
	server := httptest.NewServer(NewHandler(repositoryOf(echo("m", 0, 1, session.Uint8)), Options{}))
	defer server.Close()
	const n = 8 << 20
	text := fmt.Sprintf(`{"inputs":[{"name":"other","shape":[%d],"datatype":"UINT8","parameters":{"binary_data_size":%d}}]}`, n, n)
	for _, path := range []string{"/v2/models/m/infer", "/v2/models/nosuch/infer"} {
		request, _ := http.NewRequest(http.MethodPost, server.URL+path, io.MultiReader(strings.NewReader(text), bytes.NewReader(make([]byte, n))))
		request.ContentLength = int64(len(text) + n)
		request.Header.Set(headerLength, strconv.Itoa(len(text)))
		answer, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode/100 != 4 || answer.Close || !bytes.Contains(got, []byte("unexpected inference input 'other'")) && !bytes.Contains(got, []byte("unknown model")) {
			t.Errorf("%s: %d %s, closed %t", path, answer.StatusCode, got, answer.Close)
		}
	}
}
