package store

import (
	"context"
	"encoding/json"

	"github.com/oklog/ulid/v2"
)

// Chain is where a verdict comes from: the model and the policy that made it, the
// data that the model was trained on, and what people said about it since.
type Chain struct {
	Verdict *Verdict `json:"verdict"`
	// Model and Policy are nil when the verdict names none, or one that was never
	// put; Missing then says which.
	Model  *ModelRecord  `json:"model"`
	Policy *PolicyRecord `json:"policy"`
	// DataSets are those of the model's manifest.
	DataSets []DataSet `json:"data_sets"`
	Labels   []Label   `json:"labels"`
	Missing  []string  `json:"missing,omitempty"`
}

// DataSet is one set of requests that a model was trained or judged on.
type DataSet struct {
	Name   string `json:"name"`
	Split  string `json:"split,omitempty"`
	Role   string `json:"role,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	Rows   int64  `json:"rows,omitempty"`
}

// Label is a person's word on a verdict.
type Label struct {
	ID     ulid.ULID `json:"id"`
	Label  string    `json:"label"`
	Class  string    `json:"class,omitempty"`
	Author string    `json:"author,omitempty"`
	Note   string    `json:"note,omitempty"`
}

// Why returns the chain of the verdict with the given ID.
func (s *Store) Why(ctx context.Context, id ulid.ULID) (*Chain, error) {
	v, err := s.Verdict(ctx, id)
	if err != nil {
		return nil, err
	}
	c := &Chain{Verdict: v, DataSets: []DataSet{}, Labels: []Label{}}
	if v.ModelDigest != "" {
		var m ModelRecord
		found, err := s.permanent.get(bucketModels, []byte(v.ModelDigest), &m)
		if err != nil {
			return nil, err
		}
		if found {
			c.Model = &m
			c.DataSets = dataSets(m.Manifest)
		} else {
			c.Missing = append(c.Missing, "model "+v.ModelDigest)
		}
	}
	if v.PolicyDigest != "" {
		var p PolicyRecord
		found, err := s.permanent.get(bucketPolicies, []byte(v.PolicyDigest), &p)
		if err != nil {
			return nil, err
		}
		if found {
			c.Policy = &p
		} else {
			c.Missing = append(c.Missing, "policy "+v.PolicyDigest)
		}
	}
	return c, nil
}

// dataSets reads the list "data" of a manifest. A manifest without one has none.
func dataSets(manifest []byte) []DataSet {
	var m struct {
		Data []DataSet `json:"data"`
	}
	if json.Unmarshal(manifest, &m) != nil || m.Data == nil {
		return []DataSet{}
	}
	return m.Data
}

// Models returns the models that were ever put.
func (s *Store) Models() ([]ModelRecord, error) {
	var out []ModelRecord
	err := s.permanent.each(bucketModels, func(b []byte) error {
		var m ModelRecord
		if err := json.Unmarshal(b, &m); err != nil {
			return err
		}
		out = append(out, m)
		return nil
	})
	return out, err
}
