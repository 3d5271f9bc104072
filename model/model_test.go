package model_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/limen-waf/limen/model"
)

var network = []byte("stands for an ONNX file; New does not look into it")

// manifest returns a valid manifest for network as a map that a test can bend.
func manifest() map[string]any {
	sum := sha256.Sum256(network)
	return map[string]any{
		"format": 1, "name": "test", "version": "1", "task": "http",
		"file": "test.onnx", "sha256": hex.EncodeToString(sum[:]),
		"tokenizer": map[string]any{"version": 1, "vocabulary": 320, "window": 1024, "overlap": 128},
		"classes":   []string{"none", "sqli", "xss"},
		"threshold": 0.9,
		"created":   "2026-01-02T03:04:05Z",
	}
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Ensure that each thing that can be wrong with a manifest is refused with its
// name.
func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name string
		edit func(m map[string]any)
		want string
		is   error
	}{
		{"newer format", func(m map[string]any) { m["format"] = 2 }, "upgrade Limen", model.ErrManifest},
		{"no format", func(m map[string]any) { delete(m, "format") }, "format is 0", model.ErrManifest},
		{"unknown field", func(m map[string]any) { m["treshold"] = 0.5 }, "treshold", model.ErrManifest},
		{"no name", func(m map[string]any) { m["name"] = "" }, "name is empty", model.ErrManifest},
		{"task", func(m map[string]any) { m["task"] = "image" }, `task is "image"`, model.ErrManifest},
		{"one class", func(m map[string]any) { m["classes"] = []string{"none"} }, "classes has 1", model.ErrManifest},
		{"first class", func(m map[string]any) { m["classes"] = []string{"sqli", "none"} }, `begins with "sqli"`, model.ErrManifest},
		{"class twice", func(m map[string]any) { m["classes"] = []string{"none", "sqli", "sqli"} }, "stands twice", model.ErrManifest},
		{"threshold", func(m map[string]any) { m["threshold"] = 1 }, "threshold is 1", model.ErrManifest},
		{"prior", func(m map[string]any) { m["prior"] = 1 }, "prior is 1, expected a number between 0 and 1", model.ErrManifest},
		{"negative prior", func(m map[string]any) { m["prior"] = -0.5 }, "prior is -0.5", model.ErrManifest},
		{"class threshold of none", func(m map[string]any) { m["class_thresholds"] = map[string]any{"none": 0.5} }, `"none"`, model.ErrManifest},
		{"window", func(m map[string]any) { m["tokenizer"].(map[string]any)["window"] = 3 }, "window is 3", model.ErrManifest},
		{"overlap", func(m map[string]any) { m["tokenizer"].(map[string]any)["overlap"] = 1000 }, "overlap is 1000", model.ErrManifest},
		{"vocabulary", func(m map[string]any) { m["tokenizer"].(map[string]any)["vocabulary"] = 0 }, "vocabulary is 0", model.ErrManifest},
		{"digest", func(m map[string]any) { m["sha256"] = strings.Repeat("0", 64) }, "keep the two files", model.ErrDigest},
		{"no digest", func(m map[string]any) { delete(m, "sha256") }, "(none given)", model.ErrDigest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := manifest()
			tt.edit(m)
			_, err := model.New(encode(t, m), network)
			if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, expected %v containing %q", err, tt.is, tt.want)
			}
		})
	}
	if _, err := model.New([]byte("{"), network); !errors.Is(err, model.ErrManifest) {
		t.Errorf("error for broken JSON is %v, expected ErrManifest", err)
	}
}

// Ensure that the digest covers both files.
func TestDigest(t *testing.T) {
	m := manifest()
	a, err := model.New(encode(t, m), network)
	if err != nil {
		t.Fatal(err)
	}
	m["version"] = "2"
	b, err := model.New(encode(t, m), network)
	if err != nil {
		t.Fatal(err)
	}
	if a.Digest == b.Digest {
		t.Error("a changed manifest left the digest as it was")
	}
	if !strings.HasPrefix(a.Digest, "sha256:"+a.ShortDigest()) || len(a.Digest) != len("sha256:")+64 {
		t.Errorf("digest %q and short digest %q do not fit", a.Digest, a.ShortDigest())
	}
}

// Ensure that a model loads from either of its two files and that a missing
// file is named.
func TestLoad(t *testing.T) {
	dir := t.TempDir()
	onnx := filepath.Join(dir, "m.onnx")
	if _, err := model.Open(onnx); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), onnx) {
		t.Errorf("error is %v, expected one that names %s", err, onnx)
	}
	write(t, onnx, network)
	if _, err := model.Open(onnx); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "m.json") {
		t.Errorf("error is %v, expected one that names m.json", err)
	}
	write(t, filepath.Join(dir, "m.json"), encode(t, manifest()))
	for _, name := range []string{"m.onnx", "m.json"} {
		m, err := model.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if m.Path != onnx {
			t.Errorf("path is %q, expected %q", m.Path, onnx)
		}
	}
}

// Ensure that the embedded model is there and is what "default" means.
func TestDefault(t *testing.T) {
	m, err := model.Default()
	if err != nil {
		t.Fatal(err)
	}
	if len(m.ONNX) == 0 || len(m.ONNX) > 1<<20 {
		t.Errorf("the embedded network has %d bytes, expected 1 to 1 MiB", len(m.ONNX))
	}
	for _, ref := range []string{"", "default"} {
		if again, err := model.Open(ref); err != nil || again != m {
			t.Errorf("Open(%q) is %v, %v, expected the embedded model", ref, again, err)
		}
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
