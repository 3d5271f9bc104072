//go:build !cgo

package session_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/limen-waf/limen/gpu/session"
)

// Ensure that a build without cgo says so and says what to do.
func TestNoCgo(t *testing.T) {
	for _, device := range []string{"", "cpu", "cuda"} {
		s, err := session.Open("rows", file(t, "rows"), session.Options{Device: device})
		if s != nil || !errors.Is(err, session.ErrNoCgo) || !strings.Contains(err.Error(), "CGO_ENABLED=1") {
			t.Errorf("%s: got %v, %v", device, s, err)
		}
	}
}
