package vision

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Digest is "sha256:" and the SHA-256 in hexadecimal of the Spec as canonical JSON: with
// its defaults in place, keys sorted, no white space (RFC 8785).
func (s *Spec) Digest() string {
	sum := sha256.Sum256(s.canonical())
	return "sha256:" + hex.EncodeToString(sum[:])
}

// canonical writes the Spec by way of a map, whose keys encoding/json sorts.
// A Spec that is valid always has a JSON form; one with NaN in it has none, and
// an empty one here.
func (s *Spec) canonical() []byte {
	b, err := json.Marshal(s.normal())
	if err != nil {
		return nil
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		return nil
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m); err != nil {
		return nil
	}
	return bytes.TrimSpace(buf.Bytes())
}
