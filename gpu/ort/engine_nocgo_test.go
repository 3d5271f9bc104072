//go:build !cgo

package ort_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/limen-waf/limen/gpu/ort"
)

// Ensure that a build without cgo says so and says what to do.
func TestNoCgo(t *testing.T) {
	_, err := ort.New(network(t, "tiny"), ort.Options{})
	if !errors.Is(err, ort.ErrNoCgo) || !strings.Contains(err.Error(), "CGO_ENABLED=1") {
		t.Fatalf("got %v", err)
	}
	if _, err := ort.Find(""); !errors.Is(err, ort.ErrNoCgo) {
		t.Fatalf("got %v", err)
	}
	if _, err := ort.Providers(""); !errors.Is(err, ort.ErrNoCgo) {
		t.Fatalf("got %v", err)
	}
}
