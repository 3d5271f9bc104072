package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// Ensure that store fills a folder once, times every query and reports them.
func TestStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "limen")
	var out bytes.Buffer
	if err := run(context.Background(), []string{"store", "--dir", dir, "--rows", "3000", "--rounds", "1", "--span", "1h"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"- filled: 3000 rows in ", "| path: absent | oldest | 0 | ", "| all nine: rare | newest | 1 | ", "- slowest after the first time: "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out)
		}
	}
	out.Reset()
	if err := run(context.Background(), []string{"store", "--dir", dir, "--rounds", "1", "--span", "1h", "--json"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	var r storeReport
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if r.Filled != nil || len(r.Queries) < 50 {
		t.Errorf("filled again: %+v; %d queries", r.Filled, len(r.Queries))
	}
	for _, arguments := range [][]string{{"--rows", "1"}, {"--span", "1ms"}, {"--rounds", "-1"}, {"--only", "("}, {"FILE"}} {
		if err := run(context.Background(), append([]string{"store"}, arguments...), io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), strings.TrimLeft(arguments[0], "-")) {
			t.Errorf("%q: %v", arguments, err)
		}
	}
}
