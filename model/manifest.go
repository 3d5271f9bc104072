package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// ManifestFormat is the version of the manifest's own layout that this package
// reads and training writes.
const ManifestFormat = 1

// Manifest describes one trained model. It stands as JSON beside the ONNX file,
// under the same name with the ending .json.
type Manifest struct {
	// Format is the manifest layout, ManifestFormat.
	Format int `json:"format"`
	// Name and Version name the model for people; the digest names it for machines.
	Name    string `json:"name"`
	Version string `json:"version"`
	// Description is one or two sentences for the console and the doctor.
	Description string `json:"description,omitempty"`
	// Task is what the model does. "http" classifies HTTP requests.
	Task string `json:"task"`
	// File is the ONNX file's base name, SHA256 the hexadecimal SHA-256 of its bytes.
	File   string `json:"file"`
	SHA256 string `json:"sha256"`

	Tokenizer Tokenizer `json:"tokenizer"`

	// Classes are the meanings of the logits in their order. The first is "none".
	Classes []string `json:"classes"`
	// Threshold is the shipped block threshold on the score, in (0, 1).
	Threshold float64 `json:"threshold"`
	// ClassThresholds replaces Threshold for some classes.
	ClassThresholds map[string]float64 `json:"class_thresholds,omitempty"`
	// Prior is the share of attacks at which the score is a probability, in
	// (0, 1); 0 when the model does not state one.
	Prior float64 `json:"prior,omitempty"`

	// Data lists every file that shaped or measured the model.
	Data []DataSet `json:"data,omitempty"`
	// Metrics holds the figures of the training run's own evaluation, as it wrote them.
	Metrics json.RawMessage `json:"metrics,omitempty"`
	// Run is the training run's record: seed, code version, hyper-parameters.
	Run json.RawMessage `json:"run,omitempty"`

	// Licence is the SPDX expression for the weights, LicenceNote what else
	// there is to say of rights in data and weights.
	Licence     string    `json:"licence,omitempty"`
	LicenceNote string    `json:"licence_note,omitempty"`
	Created     time.Time `json:"created"`
}

// Tokenizer says what the model's input tokens are.
type Tokenizer struct {
	// Version is the tokenizer's version; see classifier.TokenizerVersion.
	Version int `json:"version"`
	// Vocabulary is the number of embedding rows; every token is below it.
	Vocabulary int `json:"vocabulary"`
	// Window is the most tokens that the network reads at once, Overlap the
	// number that neighbouring windows of one request share.
	Window  int `json:"window"`
	Overlap int `json:"overlap"`
}

// DataSet is one file of a training run.
type DataSet struct {
	Name string `json:"name"`
	// Split is the part of the data set: "train", "val" or "test".
	Split string `json:"split,omitempty"`
	// Role is what the file was used for: "train", "val" (choices) or "test"
	// (reporting only).
	Role   string `json:"role"`
	SHA256 string `json:"sha256"`
	Rows   int    `json:"rows"`
}

// parseManifest decodes and validates a manifest. Unknown fields are an error,
// so that a misspelt one cannot be taken for its default.
func parseManifest(raw []byte) (Manifest, error) {
	var m Manifest
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return m, fmt.Errorf("%w: %v", ErrManifest, err)
	}
	if err := m.validate(); err != nil {
		return m, fmt.Errorf("%w: %v", ErrManifest, err)
	}
	return m, nil
}

func (m *Manifest) validate() error {
	switch {
	case m.Format > ManifestFormat:
		return fmt.Errorf("format %d is newer than this build reads (%d): upgrade Limen", m.Format, ManifestFormat)
	case m.Format != ManifestFormat:
		return fmt.Errorf("format is %d, expected %d", m.Format, ManifestFormat)
	case m.Name == "":
		return fmt.Errorf("name is empty")
	case m.Task != "http":
		return fmt.Errorf("task is %q, expected \"http\"", m.Task)
	case len(m.Classes) < 2:
		return fmt.Errorf("classes has %d entries, expected at least 2", len(m.Classes))
	case m.Classes[0] != "none":
		return fmt.Errorf("classes begins with %q, expected \"none\"", m.Classes[0])
	}
	for i, c := range m.Classes {
		if c == "" || slices.Contains(m.Classes[:i], c) {
			return fmt.Errorf("class %d, %q, is empty or stands twice", i, c)
		}
	}
	if !(m.Threshold > 0 && m.Threshold < 1) {
		return fmt.Errorf("threshold is %v, expected a number between 0 and 1", m.Threshold)
	}
	for c, t := range m.ClassThresholds {
		if c == "none" || !slices.Contains(m.Classes, c) {
			return fmt.Errorf("class_thresholds names %q, which is not an attack class", c)
		}
		if !(t > 0 && t < 1) {
			return fmt.Errorf("class_thresholds of %q is %v, expected a number between 0 and 1", c, t)
		}
	}
	if m.Prior != 0 && !(m.Prior > 0 && m.Prior < 1) {
		return fmt.Errorf("prior is %v, expected a number between 0 and 1", m.Prior)
	}
	return m.Tokenizer.validate()
}

func (t Tokenizer) validate() error {
	switch {
	case t.Version < 1:
		return fmt.Errorf("tokenizer.version is %d, expected at least 1", t.Version)
	case t.Vocabulary < 1 || t.Vocabulary > 1<<16:
		return fmt.Errorf("tokenizer.vocabulary is %d, expected 1 to 65536", t.Vocabulary)
	case t.Window < 16 || t.Window > 1<<20:
		return fmt.Errorf("tokenizer.window is %d, expected 16 to 1048576", t.Window)
	case t.Overlap < 0 || t.Overlap > t.Window/2:
		return fmt.Errorf("tokenizer.overlap is %d, expected 0 to half the window (%d)", t.Overlap, t.Window/2)
	}
	return nil
}
