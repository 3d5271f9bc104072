package corpus_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/corpus"
)

// Ensure that the export holds, for every record in order, exactly the tokens
// that the tokenizer gives.
func TestWriteTokens(t *testing.T) {
	files := []string{"testdata/shop.jsonl", "testdata/pipelined.http"}
	var out bytes.Buffer
	if err := corpus.WriteTokens(context.Background(), &out, corpus.NewReader(nil, files...), 2, classifier.Limits{}); err != nil {
		t.Fatal(err)
	}
	lines := json.NewDecoder(&out)
	tokenizer := classifier.NewTokenizer(classifier.Limits{})
	in := corpus.NewReader(nil, files...)
	n := 0
	for ; ; n++ {
		rec, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		var line corpus.TokenLine
		if err := lines.Decode(&line); err != nil {
			t.Fatal(err)
		}
		if line.ID != rec.ID || line.Dataset != rec.Dataset || line.Label != rec.Label || line.Class != rec.Class {
			t.Errorf("got %+v, want %+v", line, rec)
		}
		got := make([]classifier.Token, len(line.Tokens)/2)
		for i := range got {
			got[i] = binary.LittleEndian.Uint16(line.Tokens[2*i:])
		}
		if want := tokenizer.Tokenize(rec.Request()).Tokens; len(line.Tokens)%2 != 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v\nwant %v", rec.ID, got, want)
		}
	}
	if err := lines.Decode(new(corpus.TokenLine)); n != 8 || err != io.EOF {
		t.Errorf("%d records, then %v", n, err)
	}
}

// Ensure that odd names survive the hand-written JSON.
func TestWriteTokensQuoting(t *testing.T) {
	in, err := json.Marshal(&corpus.Record{ID: "a\"\\\n\x01<é🙂", Dataset: "\u2028\x7f", Method: "GET", Target: "/"})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := corpus.WriteTokens(context.Background(), &out, corpus.NewReader(bytes.NewReader(in), "-"), 1, classifier.Limits{}); err != nil {
		t.Fatal(err)
	}
	var line corpus.TokenLine
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line.ID != "a\"\\\n\x01<é🙂" || line.Dataset != "\u2028\x7f" {
		t.Errorf("got %+v", line)
	}
}

// Ensure that the text form shows every request under its name.
func TestWriteTokenText(t *testing.T) {
	var out bytes.Buffer
	if err := corpus.WriteTokenText(context.Background(), &out, corpus.NewReader(nil, "testdata/shop.jsonl"), 2, classifier.Limits{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# shop-2 attack sqli, ", "UNION", "# shop-5 anomaly none, "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}
