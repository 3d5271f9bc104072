package inference

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/limen-waf/limen/gpu/session"
)

// FuzzScanner holds the scanner against encoding/json: both take the same texts, and
// read the same strings of them.
func FuzzScanner(f *testing.F) {
	for _, text := range []string{
		``, ` `, `null`, `true`, `fals`, `0`, `-0.5e+10`, `01`, `1.`, `.5`, `1e`, `-`, `"a"`, `"\u00e9\ud83d\ude00\ud83d"`, `"\x"`, "\"\x01\"", `"abc`, `"\`, `"\u12`,
		`[]`, `[1,]`, `[1 2]`, `{"a":1,"a":[{}]}`, `{"a"}`, `{,}`, `{"a":1,}`, `[[[[]]]]`, `{} {}`, `nul`, "\xff", "\"\xff\"", strings.Repeat("[", 70) + strings.Repeat("]", 70), "\ufeff{}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s := scanner{data: text}
		err := s.document(s.skip)
		if err != nil && strings.Contains(err.Error(), "nested more than") {
			return
		}
		if (err == nil) != json.Valid(text) {
			t.Fatalf("%v, and encoding/json says %t", err, json.Valid(text))
		}
		s = scanner{data: text}
		var got []byte
		if s.document(func() (err error) { got, err = s.text(); return err }) != nil {
			return
		}
		var want string
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		// encoding/json replaces bytes that are no UTF-8; an element of a BYTES tensor
		// keeps them.
		if utf8.Valid(text) && string(got) != want {
			t.Fatalf("%q, want %q", got, want)
		}
		var again string
		if err := json.Unmarshal(appendString(nil, []byte(want)), &again); err != nil || again != want {
			t.Fatalf("%q was written as %s: %v", want, appendString(nil, []byte(want)), err)
		}
	})
}

// FuzzData holds the reading of "data" against encoding/json: what is taken for a
// tensor of a shape of two dimensions is the flat or the nested list of its elements.
func FuzzData(f *testing.F) {
	f.Add([]byte(`[1,2,3,4]`), uint8(2), uint8(2))
	f.Add([]byte(`[[1,-2.5e3],[3,4]]`), uint8(2), uint8(2))
	f.Add([]byte(`[[1,2,3],[4]]`), uint8(2), uint8(2))
	f.Add([]byte(`[[],[]]`), uint8(2), uint8(0))
	f.Add([]byte(`[1e400]`), uint8(1), uint8(1))
	f.Fuzz(func(t *testing.T, text []byte, rows, columns uint8) {
		tensor := session.Tensor{Name: "x", Type: session.FP64, Shape: []int64{int64(rows), int64(columns)}}
		memory := &buffers{}
		defer memory.release()
		s := scanner{data: text}
		if s.document(func() error { return readData(&s, &tensor, memory) }) != nil {
			return
		}
		var flat []float64
		var nested [][]float64
		if json.Unmarshal(text, &flat) != nil {
			flat = nil
			if err := json.Unmarshal(text, &nested); err != nil {
				t.Fatal(err)
			}
			if len(nested) != int(rows) {
				t.Fatalf("%d rows taken for %d", len(nested), rows)
			}
			for _, row := range nested {
				if len(row) != int(columns) {
					t.Fatalf("%d columns taken for %d", len(row), columns)
				}
				flat = append(flat, row...)
			}
		}
		if want := float64Bytes(flat...); !bytes.Equal(tensor.Data, want) || len(flat) != int(rows)*int(columns) {
			t.Fatalf("% x, want % x", tensor.Data, want)
		}
	})
}

// FuzzStrings ensures that BYTES data is either refused or comes back as it was.
func FuzzStrings(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x00a\x00\x00\x00\x00"), uint8(2))
	f.Add([]byte("\xff\xff\xff\xffa"), uint8(1))
	f.Add([]byte("\x01\x00"), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, count uint8) {
		tensor := session.Tensor{Name: "x", Type: session.String, Shape: []int64{int64(count)}}
		if splitStrings(&tensor, data) != nil {
			return
		}
		memory := &buffers{}
		defer memory.release()
		if got := joinStrings(tensor.Strings, memory); !bytes.Equal(got, data) || len(tensor.Strings) != int(count) {
			t.Fatalf("%q of %d, want %q of %d", got, len(tensor.Strings), data, count)
		}
	})
}

// FuzzInfer sends any bytes as a request, split anywhere: the answer is an error of
// the client's, or a response whose tensors are the ones that were sent.
func FuzzInfer(f *testing.F) {
	add := func(text string, binary []byte) { f.Add([]byte(text+string(binary)), len(text)) }
	add(`{"inputs":[{"name":"in0","shape":[2],"datatype":"FP32","data":[1,2.5]},{"name":"in1","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":5}}],"parameters":{"binary_data_output":true}}`, []byte("\x01\x00\x00\x00a"))
	add(`{"id":"a","inputs":[{"data":[],"name":"in0","shape":[0],"datatype":"FP32"},{"name":"in1","shape":[2],"datatype":"BYTES","data":["\u0000",""]}],"outputs":[{"name":"out0","parameters":{"classification":3}},{"name":"out1"}]}`, nil)
	f.Add([]byte(`{"inputs":[]}`), -1)
	f.Add([]byte(`raw`), 0)
	h := NewHandler(repositoryOf(echo("m", 0, 1, session.FP32, session.String)), Options{MaxBytes: 1 << 16})
	f.Fuzz(func(t *testing.T, body []byte, length int) {
		r := httptest.NewRequest(http.MethodPost, "/v2/models/m/infer", bytes.NewReader(body))
		if length >= 0 {
			r.Header.Set(headerLength, strconv.Itoa(length))
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			if w.Code < 400 || w.Code > 499 {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			readError(t, w)
			return
		}
		for _, o := range readAnswer(t, w).Outputs {
			if o.Parameters.Size == nil && !json.Valid(o.Data) {
				t.Fatalf("%+v", o)
			}
		}
	})
}

// Ensure that numbers of all magnitudes are written so that they read back the same,
// as floating-point numbers.
func TestFloatText(t *testing.T) {
	for exponent := -324; exponent <= 308; exponent++ {
		f := 1.7 * math.Pow(10, float64(exponent))
		for _, bits := range []int{32, 64} {
			v := f
			if bits == 32 {
				v = float64(float32(f))
			}
			if math.IsInf(v, 0) {
				continue
			}
			text := appendFloat(nil, v, bits)
			got, err := strconv.ParseFloat(string(text), bits)
			if err != nil || got != v || !json.Valid(text) || !bytes.ContainsAny(text, ".e") {
				t.Errorf("%g in %d bits is %s", v, bits, text)
			}
		}
	}
}

// Ensure that memory is aligned, of the size wanted, and apart.
func TestBuffers(t *testing.T) {
	for range 3 {
		memory := &buffers{}
		var all [][]byte
		for i, n := range []int{0, 1, 4096, 4097, 1 << 20, 1<<24 + 1} {
			b := memory.take(n)
			if len(b) != n || cap(b) != n {
				t.Errorf("%d bytes of capacity %d for %d", len(b), cap(b), n)
			}
			if n > 0 && reflect.ValueOf(b).Pointer()%alignment != 0 {
				t.Errorf("%d bytes are not aligned", n)
			}
			for j := range b {
				b[j] = byte(i)
			}
			all = append(all, b)
		}
		for i, b := range all {
			if bytes.Count(b, []byte{byte(i)}) != len(b) {
				t.Errorf("memory %d was written through another", i)
			}
		}
		memory.release()
	}
}
