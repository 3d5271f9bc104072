package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// Kinds of a run.
const (
	RunTraining   = "training"
	RunAdaptation = "adaptation"
)

// Run is how a model came to be: from which code, data, labels and model. It is
// written once, with the model.
type Run struct {
	ID   ulid.ULID `json:"id"`
	Kind string    `json:"kind"`
	// Model is the digest of what the run made, Parent that of what it began with.
	Model  string `json:"model"`
	Parent string `json:"parent,omitempty"`
	// Code is the version of the program, Seed that of its random numbers.
	Code string `json:"code,omitempty"`
	Seed *int64 `json:"seed,omitempty"`
	// Data are the files that the run read, by digest. Labels are the labels that
	// it learned from, LabelSet the digest over them (LabelSetDigest).
	Data     []DataSet   `json:"data,omitempty"`
	Labels   []ulid.ULID `json:"labels,omitempty"`
	LabelSet string      `json:"label_set,omitempty"`
	// Metrics are the run's own figures, as it wrote them.
	Metrics  json.RawMessage `json:"metrics,omitempty"`
	Finished time.Time       `json:"finished,omitzero"`
	Author   string          `json:"author,omitempty"`
	Note     string          `json:"note,omitempty"`
}

// LabelSetDigest is the digest of a set of labels: SHA-256 over their IDs in order,
// 16 bytes each.
func LabelSetDigest(labels []ulid.ULID) string {
	labels = slices.Clone(labels)
	slices.SortFunc(labels, ulid.ULID.Compare)
	h := sha256.New()
	for _, id := range slices.Compact(labels) {
		h.Write(id[:])
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// PutRun stages the run that made a model, with the model.
func (t *Txn) PutRun(m *NewModel, r Run) error {
	if r.Model != m.Digest || r.Kind == "" {
		return fail(ErrOptions, "run %q makes model %q: want a kind, and the model that it is kept with (%s)", r.Kind, r.Model, m.Digest)
	}
	if len(r.Labels) > 0 {
		r.LabelSet = LabelSetDigest(r.Labels)
	}
	r.Author = t.principal
	if r.Note = strings.TrimSpace(r.Note); len(r.Note) > maxNote || !utf8.ValidString(r.Note) {
		return fail(ErrQuery, "note has %d bytes: want at most %d, in UTF-8", len(r.Note), maxNote)
	}
	if r.Parent != "" {
		t.Parent("model", r.Parent)
	}
	record := &ModelRecord{m.Digest, m.Name, m.Manifest, t.s.o.Clock().UTC()}
	t.write(func(tx *bbolt.Tx) error {
		r.ID = runID(r.Model)
		if err := putRun(tx, &r); err != nil {
			return err
		}
		return putModel(tx, record, m.Weights)
	})
	return nil
}

// runID is the ID of the run that made a model: there is one, wherever the model
// is met first, so that stores agree on it.
func runID(model string) (id ulid.ULID) {
	sum := sha256.Sum256([]byte(model))
	copy(id[:], sum[:])
	id[0] &= 0x7f // the largest that a ULID's text can say
	return id
}

func putRun(tx *bbolt.Tx, r *Run) error {
	if tx.Bucket(bucketRuns).Get(r.ID[:]) != nil {
		return nil
	}
	value, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return tx.Bucket(bucketRuns).Put(r.ID[:], value)
}

// putModel keeps a model, its file and, from its manifest, the run that made it. A
// digest that is known stays as it is, with the time when it was first seen.
func putModel(tx *bbolt.Tx, m *ModelRecord, weights []byte) error {
	key := []byte(m.Digest)
	if !knowsModel(tx, m, nil) {
		first := *m
		if old := tx.Bucket(bucketModels).Get(key); old != nil {
			if known, err := decodeModel(old); err == nil {
				first.FirstSeen = known.FirstSeen
			}
		}
		value, err := encodeModel(&first)
		if err != nil {
			return err
		}
		if err := tx.Bucket(bucketModels).Put(key, value); err != nil {
			return err
		}
	}
	if len(weights) > 0 && tx.Bucket(bucketWeights).Get(key) == nil {
		if err := tx.Bucket(bucketWeights).Put(key, weights); err != nil {
			return err
		}
	}
	return putTraining(tx, m)
}

// putTraining keeps the training run that a model's manifest tells of.
func putTraining(tx *bbolt.Tx, m *ModelRecord) error {
	r := trainingOf(m)
	return putRun(tx, &r)
}

// trainingOf reads the run from a manifest. What it does not say stays empty.
func trainingOf(m *ModelRecord) Run {
	var manifest struct {
		Created time.Time       `json:"created"`
		Metrics json.RawMessage `json:"metrics"`
		Run     struct {
			Kind     string    `json:"kind"`
			Parent   string    `json:"parent"`
			LabelSet string    `json:"label_set"`
			Code     string    `json:"code"`
			Seed     *int64    `json:"seed"`
			Finished time.Time `json:"finished"`
		} `json:"run"`
	}
	_ = json.Unmarshal(m.Manifest, &manifest) // it is the model's, in whatever form
	r := Run{
		ID: runID(m.Digest), Kind: RunTraining, Model: m.Digest, Code: manifest.Run.Code, Seed: manifest.Run.Seed,
		Data: dataSets(m.Manifest), Metrics: manifest.Metrics, Finished: manifest.Run.Finished,
	}
	if manifest.Run.Kind == RunAdaptation { // in another store, which has its labels
		r.Kind, r.Parent, r.LabelSet = RunAdaptation, manifest.Run.Parent, manifest.Run.LabelSet
	}
	if r.Finished.IsZero() {
		r.Finished = manifest.Created
	}
	return r
}

// run returns the run that made a model, nil for none.
func (v *View) run(model string) (*Run, error) {
	id := runID(model)
	var r Run
	found, err := v.s.permanent.get(bucketRuns, id[:], &r)
	if err != nil || !found {
		return nil, err
	}
	return &r, nil
}

// Ancestor is one model in a line, and where it comes from.
type Ancestor struct {
	Model *ModelRecord `json:"model"`
	Run   *Run         `json:"run,omitempty"`
	// Labels are those that the run learned from.
	Labels []Label `json:"labels,omitempty"`
}

// maxAncestors bounds a line, which a damaged file could close to a ring.
const maxAncestors = 100

// Lineage returns a model and those that it was made from, the newest first.
// missing are what the store does not have.
func (v *View) Lineage(model string) (line []Ancestor, missing []string, err error) {
	for len(line) < maxAncestors && model != "" {
		m, err := v.Model(model)
		if err != nil {
			return line, missing, err
		}
		if m == nil {
			return line, append(missing, "model "+model), nil
		}
		a := Ancestor{Model: m}
		if a.Run, err = v.run(model); err != nil {
			return line, missing, err
		}
		model = ""
		if a.Run != nil {
			for _, id := range a.Run.Labels {
				l, err := v.labelByID(id)
				if err != nil {
					return line, missing, err
				}
				if l == nil {
					missing = append(missing, "label "+id.String())
					continue
				}
				a.Labels = append(a.Labels, *l)
			}
			if !slices.ContainsFunc(line, func(b Ancestor) bool { return b.Model.Digest == a.Run.Parent }) {
				model = a.Run.Parent
			}
		}
		line = append(line, a)
	}
	return line, missing, nil
}

func (v *View) labelByID(id ulid.ULID) (l *Label, err error) {
	err = v.read(func(tx *bbolt.Tx) error {
		value := bucketGet(tx, bucketEvents, id[:])
		if value == nil || id.Compare(v.last) > 0 {
			return nil
		}
		e, err := decodeEvent(id, value)
		if err != nil || e.Kind != EventLabel {
			return err
		}
		l, err = labelOf(e)
		return err
	})
	return l, err
}
