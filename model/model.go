package model

import (
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Model is a validated pair of manifest and ONNX file. It is read-only and may
// be shared.
type Model struct {
	Manifest Manifest
	// ManifestJSON is the manifest as it was stored.
	ManifestJSON []byte
	// ONNX is the network: an ONNX ModelProto in protobuf wire format.
	ONNX []byte
	// Digest is "sha256:" and 64 hexadecimal digits over both files.
	Digest string
	// Path is the ONNX file's path, or "embedded".
	Path string
}

//go:embed default/limen-http.onnx
var defaultONNX []byte

//go:embed default/limen-http.json
var defaultManifest []byte

// DefaultRef is what a user writes for the embedded model.
const DefaultRef = "default"

// Default returns the model that is embedded in the binary.
var Default = sync.OnceValues(func() (*Model, error) {
	m, err := New(defaultManifest, defaultONNX)
	if err != nil {
		return nil, fmt.Errorf("loading the embedded model: %w", err)
	}
	m.Path = "embedded"
	return m, nil
})

// Open returns the model that ref names: "default" (or nothing) for the
// embedded one, else the path of an ONNX file or of its manifest.
func Open(ref string) (*Model, error) {
	if ref == "" || ref == DefaultRef {
		return Default()
	}
	return Load(ref)
}

// Load reads the ONNX file at path and the manifest beside it. Path may name
// either of the two. The error wraps fs.ErrNotExist, ErrManifest or ErrDigest
// and names the file.
func Load(path string) (*Model, error) {
	onnxPath, manifestPath := pair(path)
	onnx, err := os.ReadFile(onnxPath)
	if err != nil {
		return nil, fmt.Errorf("reading model: %w", err)
	}
	raw, err := os.ReadFile(manifestPath)
	if err != nil {
		return nil, fmt.Errorf("reading the manifest of model %s (it stands beside the ONNX file): %w", onnxPath, err)
	}
	m, err := New(raw, onnx)
	if err != nil {
		return nil, fmt.Errorf("loading model %s: %w", onnxPath, err)
	}
	m.Path = onnxPath
	return m, nil
}

// pair gives the two file names of a model from either of them.
func pair(path string) (onnx, manifest string) {
	stem := strings.TrimSuffix(path, filepath.Ext(path))
	if filepath.Ext(path) == ".json" {
		return stem + ".onnx", path
	}
	return path, stem + ".json"
}

// New validates a manifest and the ONNX bytes it describes. It does not look
// into the network: the engine that runs it does.
func New(manifestJSON, onnx []byte) (*Model, error) {
	m, err := parseManifest(manifestJSON)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(onnx)
	if got := hex.EncodeToString(sum[:]); got != m.SHA256 {
		return nil, fmt.Errorf("%w: the manifest is for an ONNX file with SHA-256 %s, this one has %s; "+
			"keep the two files of one training run together", ErrDigest, orNone(m.SHA256), got)
	}
	return &Model{
		Manifest:     m,
		ManifestJSON: manifestJSON,
		ONNX:         onnx,
		Digest:       digest(manifestJSON, onnx),
	}, nil
}

func orNone(s string) string {
	if s == "" {
		return "(none given)"
	}
	return s
}

// digest is SHA-256 over both files, each behind its length as eight
// big-endian bytes, so that no byte can move from one file to the other.
func digest(files ...[]byte) string {
	h := sha256.New()
	var n [8]byte
	for _, f := range files {
		binary.BigEndian.PutUint64(n[:], uint64(len(f)))
		h.Write(n[:])
		h.Write(f)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// ShortDigest is the digest's first twelve hexadecimal digits, for people.
func (m *Model) ShortDigest() string {
	return m.Digest[len("sha256:"):][:12]
}
