package session_test

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/limen-waf/limen/gpu/ort"
	"github.com/limen-waf/limen/gpu/session"
)

// root is the repository's root, under which ./xcaddy.sh onnxruntime puts the
// library; passed as the data folder it is found there.
const root = "../.."

// library skips the test when there is no ONNX Runtime to run it with.
func library(t testing.TB) {
	t.Helper()
	_, err := ort.Find(root)
	if errors.Is(err, ort.ErrNoCgo) || errors.Is(err, ort.ErrNoLibrary) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// file reads a model of the test data.
func file(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".onnx"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// open opens a model of the test data.
func open(t testing.TB, name string, o session.Options) *session.Session {
	t.Helper()
	library(t)
	o.DataDir = root
	s, err := session.Open(name, file(t, name), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// floats makes an FP32 tensor.
func floats(name string, shape []int64, f ...float32) session.Tensor {
	return session.Tensor{Name: name, Type: session.FP32, Shape: shape, Data: session.Bytes(f)}
}

// integers makes an INT64 tensor.
func integers(name string, shape []int64, n ...int64) session.Tensor {
	t := session.Tensor{Name: name, Type: session.Int64, Shape: shape}
	for _, i := range n {
		t.Data = binary.LittleEndian.AppendUint64(t.Data, uint64(i))
	}
	return t
}

// close32 says whether two lists of floats agree to 1e-5.
func close32(a, b []float32) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !(math.Abs(float64(a[i]-b[i])) <= 1e-5*(1+math.Abs(float64(b[i])))) {
			return false
		}
	}
	return true
}

// shared reads a model from the shared folder, or returns nil.
func shared(t testing.TB, path ...string) []byte {
	t.Helper()
	folder := os.Getenv("LIMEN_SHARED")
	if folder == "" {
		folder = filepath.Join(root, "..", "shared")
	}
	raw, err := os.ReadFile(filepath.Join(append([]string{folder, "models"}, path...)...))
	if err != nil {
		return nil
	}
	return raw
}
