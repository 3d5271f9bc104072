package store

import (
	"bytes"
	"encoding/json"
	"time"

	"go.etcd.io/bbolt"
)

// ModelRecord is a model that made verdicts.
type ModelRecord struct {
	Digest string `json:"digest"`
	Name   string `json:"name"`
	// Manifest is the manifest's own bytes: Digest is over them.
	Manifest json.RawMessage `json:"manifest"`
	// FirstSeen is when the model was first loaded here.
	FirstSeen time.Time `json:"first_seen"`
}

// storedModel is a ModelRecord on disk. JSON within JSON loses its white space, so that a
// manifest that has some is kept as it came as well: else its digest could not be told
// again, and the model not be loaded.
type storedModel struct {
	ModelRecord
	Bytes []byte `json:"manifest_bytes,omitempty"`
}

func encodeModel(m *ModelRecord) ([]byte, error) {
	value, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	again, err := decodeModel(value)
	if err != nil || bytes.Equal(again.Manifest, m.Manifest) {
		return value, err
	}
	return json.Marshal(storedModel{*m, m.Manifest})
}

func decodeModel(value []byte) (*ModelRecord, error) {
	var s storedModel
	if err := json.Unmarshal(value, &s); err != nil {
		return nil, err
	}
	if s.Bytes != nil {
		s.Manifest = s.Bytes
	}
	return &s.ModelRecord, nil
}

// knowsModel says whether a model is kept with its manifest's own bytes, which entries
// of earlier versions may lack, and with its file where there is one.
func knowsModel(tx *bbolt.Tx, m *ModelRecord, weights []byte) bool {
	key := []byte(m.Digest)
	old := tx.Bucket(bucketModels).Get(key)
	if old == nil || len(weights) > 0 && tx.Bucket(bucketWeights).Get(key) == nil {
		return false
	}
	known, err := decodeModel(old)
	return err == nil && bytes.Equal(known.Manifest, m.Manifest)
}
