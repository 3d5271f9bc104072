package store

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// Chain is where a verdict comes from: the model and the policy that made it, the
// runs, data and labels that the model comes from, and what people said about the
// verdict since.
type Chain struct {
	Verdict *Verdict `json:"verdict"`
	// Model and Policy are nil when the verdict names none, or one that was never
	// put; Missing then says which.
	Model  *ModelRecord  `json:"model"`
	Policy *PolicyRecord `json:"policy"`
	// DataSets are those of the model's manifest.
	DataSets []DataSet `json:"data_sets"`
	// Lineage is the model and those that it was made from, the newest first, each
	// with its run, its data and its labels.
	Lineage []Ancestor `json:"lineage"`
	// Promotion is what made the model the active one when the verdict was made; nil
	// when the configuration did.
	Promotion *Promotion `json:"promotion,omitempty"`
	// Exception is what let the request through, when it was added at run time.
	Exception *Exception `json:"exception,omitempty"`
	// Labels of the verdict, oldest first. All but the last are superseded.
	Labels  []Label  `json:"labels"`
	Missing []string `json:"missing,omitempty"`
}

// DataSet is one set of requests that a model was trained or judged on.
type DataSet struct {
	Name   string `json:"name"`
	Split  string `json:"split,omitempty"`
	Role   string `json:"role,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	Rows   int64  `json:"rows,omitempty"`
}

// Why returns the chain of the verdict with the given ID.
func (s *Store) Why(ctx context.Context, id ulid.ULID) (*Chain, error) {
	v, err := s.Verdict(ctx, id)
	if err != nil {
		return nil, err
	}
	c := &Chain{Verdict: v, DataSets: []DataSet{}, Lineage: []Ancestor{}, Labels: []Label{}}
	now := s.At(time.Time{})
	if err := c.addModel(now); err != nil {
		return nil, err
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
	if id, ok := exceptionID(v.Exception); ok {
		if c.Exception, err = now.Exception(id); err != nil {
			return nil, err
		}
		if c.Exception == nil {
			c.Missing = append(c.Missing, "exception "+id.String())
		}
	}
	c.Labels, err = now.LabelsOf(id)
	return c, err
}

// addModel adds the model, and what it comes from.
func (c *Chain) addModel(now *View) error {
	digest := c.Verdict.ModelDigest
	if digest == "" {
		return nil
	}
	line, missing, err := now.Lineage(digest)
	if err != nil {
		return err
	}
	c.Missing = append(c.Missing, missing...)
	if len(line) == 0 {
		return nil
	}
	c.Model, c.Lineage = line[0].Model, line
	c.DataSets = dataSets(c.Model.Manifest)
	var names []string
	err = now.lastOfEach(EventPromote, "", func(e *Event) error {
		names = append(names, e.Subject)
		return nil
	})
	for _, name := range names {
		all, err := now.Promotions(name)
		if err != nil {
			return err
		}
		for _, p := range all {
			if p.Model == digest && p.Model != p.Configured && p.Time.Before(c.Verdict.Time) {
				c.Promotion = &p
			}
		}
	}
	return err
}

// exceptionID reads the ID from the name that Exception.Name makes.
func exceptionID(name string) (id ulid.ULID, ok bool) {
	rest, ok := strings.CutSuffix(name, ")")
	if i := strings.LastIndex(rest, " ("); ok && i >= 0 {
		id, err := ulid.ParseStrict(rest[i+2:])
		return id, err == nil
	}
	return id, false
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
		m, err := decodeModel(b)
		if err != nil {
			return err
		}
		out = append(out, *m)
		return nil
	})
	return out, err
}
