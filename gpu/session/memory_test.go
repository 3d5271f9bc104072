//go:build cgo && linux

package session_test

import (
	"bytes"
	"os"
	"runtime/debug"
	"strconv"
	"testing"

	"github.com/limen-waf/limen/gpu/session"
)

// resident is the process's resident memory in bytes.
func resident(t testing.TB) int64 {
	t.Helper()
	debug.FreeOSMemory()
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	fields := bytes.Fields(raw)
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// Ensure that the memory of a model returns when it is closed, over 200 rounds of
// opening, running in batches and closing.
func TestMemoryReturns(t *testing.T) {
	library(t)
	name, onnx := "rows", file(t, "rows")
	in := []session.Tensor{floats("x", []int64{64, 4}, make([]float32, 256)...)}
	if raw := shared(t, "light", "light_squeezenet.onnx"); raw != nil && !testing.Short() {
		name, onnx = "light_squeezenet", raw
		in = nil
	}
	round := func() {
		s, err := session.Open(name, onnx, session.Options{DataDir: root, Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		use := in
		if use == nil {
			w := s.Inputs()[0]
			use = []session.Tensor{{Name: w.Name, Type: w.Type, Shape: w.Shape, Data: make([]byte, 4*session.Elements(w.Shape))}}
		}
		if _, _, err := s.Run(t.Context(), use, nil); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 { // what is set up once
		round()
	}
	before := resident(t)
	const rounds = 200
	for range rounds {
		round()
	}
	after := resident(t)
	t.Logf("%s: resident %d KiB before, %d KiB after %d rounds", name, before>>10, after>>10, rounds)
	if grown := after - before; grown > 8<<20 {
		t.Errorf("resident memory grew by %d KiB", grown>>10)
	}
}
