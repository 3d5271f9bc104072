package corpus_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/corpus"
)

// Ensure that every field of the JSON form arrives, and that fields of others
// do no harm.
func TestRecordUnmarshal(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want corpus.Record
	}{
		"whole": {
			in: `{"id":"a","dataset":"d","label":"attack","class":"xss","method":"POST","target":"/p?q=%3C","headers":[["Host","h"],["A",""]],"body":"x\u0000ü","weak":true,"hard":false,"other":{"n":[1]}}`,
			want: corpus.Record{ID: "a", Dataset: "d", Label: "attack", Class: "xss", Method: "POST", Target: "/p?q=%3C",
				Headers: []classifier.Header{{Name: "Host", Value: "h"}, {Name: "A"}}, Body: []byte("x\x00ü")},
		},
		"least":          {in: `{"method":"GET","target":"/"}`, want: corpus.Record{Method: "GET", Target: "/"}},
		"empty body":     {in: `{"method":"GET","target":"/","headers":[],"body":""}`, want: corpus.Record{Method: "GET", Target: "/"}},
		"null fields":    {in: `{"id":null,"method":"GET","target":"/","headers":null,"body":null,"body_b64":null}`, want: corpus.Record{Method: "GET", Target: "/"}},
		"binary body":    {in: `{"method":"GET","target":"/","body_b64":"/wA="}`, want: corpus.Record{Method: "GET", Target: "/", Body: []byte{0xff, 0}}},
		"empty body_b64": {in: `{"method":"GET","target":"/","body":"x","body_b64":""}`, want: corpus.Record{Method: "GET", Target: "/", Body: []byte("x")}},
		"absolute form":  {in: `{"method":"GET","target":"http://localhost:8080.old"}`, want: corpus.Record{Method: "GET", Target: "http://localhost:8080.old"}},
		"surrogate pair": {in: `{"method":"GET","target":"/","body":"\ud83d\ude42 \\ud83d"}`, want: corpus.Record{Method: "GET", Target: "/", Body: []byte(`🙂 \ud83d`)}},
	} {
		t.Run(name, func(t *testing.T) {
			var got corpus.Record
			if err := json.Unmarshal([]byte(c.in), &got); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

// Ensure that each way to be wrong is told by name, with what is expected.
func TestRecordUnmarshalErrors(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"not JSON":         {`{"method":"GET",}`, "not JSON at byte 17"},
		"cut":              {`{"method":"GET"`, "not JSON at byte 15: unexpected end"},
		"array":            {`["GET","/"]`, "a JSON array, want an object"},
		"no method":        {`{"target":"/"}`, `"method" is missing`},
		"no target":        {`{"method":"GET","target":""}`, `"target" is missing`},
		"number":           {`{"id":7,"method":"GET","target":"/"}`, `"id" is a number, want a string`},
		"label":            {`{"method":"GET","target":"/","label":"bad"}`, `"label" is "bad", want normal, attack or anomaly`},
		"class":            {`{"method":"GET","target":"/","class":"rce"}`, `"class" is "rce", want one of none, sqli, xss`},
		"long label":       {`{"method":"GET","target":"/","label":"` + strings.Repeat("x", 99) + `"}`, strings.Repeat("x", 40) + `…"`},
		"headers object":   {`{"method":"GET","target":"/","headers":{"a":"b"}}`, `"headers" is a object, want [["Name","value"], …]`},
		"header of one":    {`{"method":"GET","target":"/","headers":[["a","b"],["a"]]}`, `header 2 has 1 parts, want ["Name","value"]`},
		"header of three":  {`{"method":"GET","target":"/","headers":[["a","b","c"]]}`, `header 1 has 3 parts`},
		"header null":      {`{"method":"GET","target":"/","headers":[null]}`, `header 1 has 0 parts`},
		"header of number": {`{"method":"GET","target":"/","headers":[["a",1]]}`, `"headers" is a number, want [["Name","value"], …]`},
		"two bodies":       {`{"method":"GET","target":"/","body":"a","body_b64":"YQ=="}`, `both "body" and "body_b64"`},
		"bad base64":       {`{"method":"GET","target":"/","body_b64":"a"}`, `"body_b64" is not standard base64`},
		"Latin-1":          {"{\"method\":\"GET\",\"target\":\"/\",\"body\":\"\xfc\"}", "not UTF-8; put a binary body in body_b64"},
		"high surrogate":   {`{"method":"GET","target":"/","body":"a\ud83dx"}`, `\ud83d is half a surrogate pair`},
		"low surrogate":    {`{"method":"GET","target":"/","body":"\uDE42"}`, `\uDE42 is half a surrogate pair`},
		"two highs":        {`{"method":"GET","target":"/","body":"\ud83d\ud83d"}`, `\ud83d is half a surrogate pair`},
	} {
		t.Run(name, func(t *testing.T) {
			var rec corpus.Record
			err := rec.UnmarshalJSON([]byte(c.in))
			if err == nil {
				t.Fatalf("no error, got %+v", rec)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %q\nwant %q in it", err, c.want)
			}
		})
	}
}

// Ensure that the written form is stable and that markup stays readable.
func TestRecordMarshal(t *testing.T) {
	rec := corpus.Record{ID: "a", Label: corpus.Attack, Class: "xss", Method: "GET", Target: "/\xff?q=<b>&é",
		Headers: []classifier.Header{{Name: "X", Value: "caf\xe9 é"}}, Body: []byte{0xff}}
	got, err := json.Marshal(&rec)
	if err != nil {
		t.Fatal(err)
	}
	direct, err := rec.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"a","label":"attack","class":"xss","method":"GET","target":"/%FF?q=<b>&é","headers":[["X","café é"]],"body_b64":"/w=="}`
	if string(direct) != want {
		t.Errorf("got  %s\nwant %s", direct, want)
	}
	var a, b corpus.Record // json.Marshal escapes "<"; it must mean the same
	if err := json.Unmarshal(got, &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(direct, &b); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("json.Marshal %+v\nMarshalJSON  %+v", a, b)
	}
}

// Ensure that no line panics, and that what was read is written and read back
// the same.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"id":"a","dataset":"d","label":"attack","class":"xss","method":"POST","target":"/p?q=%3C","headers":[["Host","h"]],"body":"x"}`))
	f.Add([]byte(`{"method":"GET","target":"/","body_b64":"/w=="}`))
	f.Add([]byte(`{"method":"GET","target":"/","body":"\ud83d\ude42\\u","headers":[["",""]]}`))
	f.Add([]byte(`{"method":"GET","target":"/","headers":[["a"]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var rec corpus.Record
		if rec.UnmarshalJSON(data) != nil {
			return
		}
		out, err := rec.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(out, '\n') >= 0 {
			t.Fatalf("more than a line: %q", out)
		}
		var again corpus.Record
		if err := again.UnmarshalJSON(out); err != nil {
			t.Fatalf("reading back %q: %v", out, err)
		}
		if !reflect.DeepEqual(rec, again) {
			t.Fatalf("got  %+v\nwant %+v", again, rec)
		}
	})
}
