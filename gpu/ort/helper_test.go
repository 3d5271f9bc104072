package ort_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu/ort"
	"github.com/limen-waf/limen/model"
)

// root is the repository's root, under which ./xcaddy.sh onnxruntime puts the
// library; passed as the data folder it is found there.
const root = "../.."

// library skips the test when there is no ONNX Runtime to run it with.
func library(t testing.TB) ort.Place {
	t.Helper()
	place, err := ort.Find(root)
	if errors.Is(err, ort.ErrNoCgo) || errors.Is(err, ort.ErrNoLibrary) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return place
}

// network returns a network of the test data.
func network(t testing.TB, name string) *model.Model {
	t.Helper()
	m, err := model.Load("../testdata/" + name + ".onnx")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// randomWindow returns n tokens without padding, the same for the same seed.
func randomWindow(seed int64, n int) classifier.Window {
	rng := rand.New(rand.NewPCG(uint64(seed), uint64(n)))
	w := make(classifier.Window, n)
	for i := range w {
		w[i] = classifier.Token(1 + rng.IntN(classifier.Vocabulary-1))
	}
	return w
}
