// Package guard has requests that an adapted model is held against: attacks and
// ordinary requests of our own, which belong to no site. model/training/guard.py
// writes them from the grammars of the training.
package guard

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/limen-waf/limen/classifier/corpus"
)

//go:embed requests.jsonl.gz
var file []byte

// The two sets. A fit learns Rehearsal along with a site's labels, so that the rest
// stays known; Held is never learned from, and says whether it did.
const (
	Rehearsal = "rehearsal"
	Held      = "guard"
)

// Requests returns the requests of a set, in the order of the file. Label is "normal" or
// "attack", Class that of the attack.
func Requests(set string) ([]*corpus.Record, error) {
	in, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("reading the requests of the guard: %w", err)
	}
	var out []*corpus.Record
	for lines := json.NewDecoder(in); ; {
		rec := new(corpus.Record)
		err := lines.Decode(rec)
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, fmt.Errorf("reading the requests of the guard: %w", err)
		}
		if rec.Dataset == set {
			out = append(out, rec)
		}
	}
}
