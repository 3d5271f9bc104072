package e2e_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// root is the repository's root, seen from this package.
const root = "../.."

var scratch string // removed after the tests

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "limen-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}

// build makes the binary, once.
var build = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("LIMEN_CADDY"); path != "" {
		return filepath.Abs(path)
	}
	path := filepath.Join(scratch, "caddy")
	command := exec.Command("go", "build", "-o", path, "./cmd/caddy")
	command.Dir = root
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("building ./cmd/caddy: %w\n%s", err, &out)
	}
	return path, nil
})

// binary returns the path of the Caddy to test.
func binary(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
