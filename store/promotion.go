package store

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// Promotion is the choice of the model that is the active one for a name. The server
// goes by it from its next start or reload on, as long as its configuration
// names the model that was promoted over.
type Promotion struct {
	ID     ulid.ULID `json:"id"`
	Time   time.Time `json:"time"`
	Author string    `json:"author"`
	Name   string    `json:"name"`
	Action string    `json:"action"` // "promote" or "rollback"
	// Model is the digest of the active model from now on, Before that of the one
	// until now. Configured is what the configuration names.
	Model      string `json:"model"`
	Before     string `json:"before"`
	Configured string `json:"configured"`
	Note       string `json:"note,omitempty"`
}

// promoteBody is the body of a promotion's event, whose subject is the name.
type promoteBody struct {
	Action     string `json:"action"`
	Model      string `json:"model"`
	Before     string `json:"before"`
	Configured string `json:"configured"`
	Note       string `json:"note,omitempty"`
}

const (
	actionPromote  = "promote"
	actionRollback = "rollback"
)

// PromoteInput is the input of the procedure promote.
type PromoteInput struct {
	Name string `json:"name"`
	// Model is a digest, the beginning of one, a model's name if no other has it,
	// or name@digest; or what the server can load, such as a path.
	Model string `json:"model"`
	Note  string `json:"note,omitempty"`
}

// RollbackInput is the input of the procedure rollback.
type RollbackInput struct {
	Name string `json:"name"`
	Note string `json:"note,omitempty"`
}

// PromotionHost is what promote and rollback need to know of the server.
type PromotionHost struct {
	// Names are those that models may be promoted for.
	Names []string
	// Configured is the digest of the model that the configuration names.
	Configured func(name string) string
	// Load makes a model of a reference that the store does not know. nil, nil: it
	// is none.
	Load func(reference string) (*NewModel, error)
	// Check refuses a model that the server could not run.
	Check func(ctx context.Context, m *ModelRecord, weights []byte) error
}

// NewModel is a model to be kept.
type NewModel struct {
	Digest   string
	Name     string
	Manifest json.RawMessage
	Weights  []byte
}

// PromoteProcedure makes a model the active one.
func PromoteProcedure(host *PromotionHost) *Procedure {
	return NewProcedure("promote", 1, "makes a model the active one from the next start or reload on",
		func(ctx context.Context, t *Txn, in PromoteInput) (*Promotion, error) {
			return t.promote(ctx, in, host)
		})
}

// RollbackProcedure goes back to the model that was active before the last
// promotion.
func RollbackProcedure(host *PromotionHost) *Procedure {
	return NewProcedure("rollback", 1, "takes the last promotion back, from the next start or reload on",
		func(ctx context.Context, t *Txn, in RollbackInput) (*Promotion, error) {
			return t.rollback(ctx, in, host)
		})
}

func (t *Txn) promote(ctx context.Context, in PromoteInput, host *PromotionHost) (*Promotion, error) {
	if err := host.checkName(in.Name); err != nil {
		return nil, err
	}
	m, weights, err := t.resolve(in.Model, host)
	if err != nil {
		return nil, err
	}
	if weights == nil {
		return nil, fail(ErrNotFound, "the files of model %s are not in the store (an older Limen loaded it): promote it by the path of its ONNX file", m.Digest)
	}
	if err := host.Check(ctx, m, weights); err != nil {
		return nil, fail(ErrQuery, "model %s cannot be run here: %w", m.Digest, err)
	}
	stack, err := t.promotions(in.Name, host.Configured(in.Name))
	if err != nil {
		return nil, err
	}
	now := stack[len(stack)-1]
	if now == m.Digest {
		return nil, fail(ErrQuery, "model %s is the active one for %s already", m.Digest, in.Name)
	}
	return t.activate(in.Name, promoteBody{actionPromote, m.Digest, now, stack[0], in.Note})
}

func (t *Txn) rollback(ctx context.Context, in RollbackInput, host *PromotionHost) (*Promotion, error) {
	if err := host.checkName(in.Name); err != nil {
		return nil, err
	}
	stack, err := t.promotions(in.Name, host.Configured(in.Name))
	if err != nil {
		return nil, err
	}
	n := len(stack)
	if n < 2 {
		return nil, fail(ErrQuery, "no promotion of %s to take back: the configuration's model %s is the active one", in.Name, stack[0])
	}
	to := stack[n-2]
	if to != stack[0] { // the configuration's is running or can be loaded
		m, weights, err := t.resolve(to, host)
		if err != nil {
			return nil, err
		}
		if err := host.Check(ctx, m, weights); err != nil {
			return nil, fail(ErrQuery, "model %s cannot be run here: %w", m.Digest, err)
		}
	}
	return t.activate(in.Name, promoteBody{actionRollback, to, stack[n-1], stack[0], in.Note})
}

func (h *PromotionHost) checkName(name string) error {
	if !slices.Contains(h.Names, name) {
		return fail(ErrQuery, "name is %q: want one of %s", name, strings.Join(h.Names, ", "))
	}
	return nil
}

func (t *Txn) activate(name string, body promoteBody) (*Promotion, error) {
	if body.Note = strings.TrimSpace(body.Note); len(body.Note) > maxNote {
		return nil, fail(ErrQuery, "note has %d bytes: want at most %d", len(body.Note), maxNote)
	}
	t.Parent("model", body.Model)
	t.Parent("model", body.Before)
	out := new(Promotion)
	return out, t.Append(EventPromote, name, body, func(e *Event) { *out = promotionOf(e, body) })
}

func promotionOf(e *Event, b promoteBody) Promotion {
	return Promotion{e.ID, e.Time, e.Author, e.Subject, b.Action, b.Model, b.Before, b.Configured, b.Note}
}

// resolve finds a model by its reference, or has it loaded and kept.
func (t *Txn) resolve(reference string, host *PromotionHost) (*ModelRecord, []byte, error) {
	m, err := t.FindModel(reference)
	if err == nil {
		weights, err := t.s.Weights(m.Digest)
		if err == nil || !errors.Is(err, ErrNotFound) {
			return m, weights, err
		}
	} else if !errors.Is(err, ErrNotFound) {
		return nil, nil, err
	}
	loaded, loadErr := host.Load(reference)
	switch {
	case loadErr != nil:
		return nil, nil, fail(ErrQuery, "model %q: %w", reference, loadErr)
	case loaded == nil && m != nil:
		return m, nil, nil
	case loaded == nil:
		return nil, nil, err
	}
	record := &ModelRecord{loaded.Digest, loaded.Name, loaded.Manifest, t.s.o.Clock().UTC()}
	t.write(func(tx *bbolt.Tx) error { return putModel(tx, record, loaded.Weights) })
	return record, loaded.Weights, nil
}

// FindModel returns the one model that a reference names: a digest or its
// beginning, a name, or name@digest.
func (v *View) FindModel(reference string) (*ModelRecord, error) {
	all, err := v.Models()
	if err != nil {
		return nil, err
	}
	name, digest, both := strings.Cut(reference, "@")
	if !both {
		digest = reference
	}
	digest = strings.TrimPrefix(digest, "sha256:")
	var found []ModelRecord
	for _, m := range all {
		byDigest := len(digest) >= 4 && strings.HasPrefix(strings.TrimPrefix(m.Digest, "sha256:"), digest)
		if both && m.Name == name && byDigest || !both && (byDigest || m.Name == reference) {
			found = append(found, m)
		}
	}
	switch len(found) {
	case 0:
		return nil, fail(ErrNotFound, "no model %q in the store: list them with models, or give the path of an ONNX file", reference)
	case 1:
		return &found[0], nil
	}
	names := make([]string, len(found))
	for i, m := range found {
		names[i] = m.Digest
	}
	return nil, fail(ErrQuery, "model %q is one of several, say which: %s", reference, strings.Join(names, ", "))
}

// promotions returns the digests that were promoted and not taken back, oldest
// first, behind the configuration's. A promotion belongs to the configured model that
// it was made over: with another one in the configuration it does not count.
func (v *View) promotions(name, configured string) ([]string, error) {
	stack := []string{configured}
	err := v.History(EventPromote, name, func(e *Event) error {
		var b promoteBody
		if err := e.decode(&b); err != nil {
			return err
		}
		switch {
		case b.Configured != configured:
		case b.Action == actionPromote:
			stack = append(stack, b.Model)
		case len(stack) > 1:
			stack = stack[:len(stack)-1]
		}
		return nil
	})
	return stack, err
}

// Active returns the digest of the active model for a name, if the configuration
// names the one with the digest configured.
func (v *View) Active(name, configured string) (string, error) {
	stack, err := v.promotions(name, configured)
	return stack[len(stack)-1], err
}

// Promotions returns the promotions and rollbacks of a name, oldest first.
func (v *View) Promotions(name string) ([]Promotion, error) {
	out := []Promotion{}
	err := v.History(EventPromote, name, func(e *Event) error {
		var b promoteBody
		if err := e.decode(&b); err != nil {
			return err
		}
		out = append(out, promotionOf(e, b))
		return nil
	})
	return out, err
}

// Weights returns a model's ONNX file.
func (s *Store) Weights(digest string) (weights []byte, err error) {
	err = s.permanent.view(func(tx *bbolt.Tx) error {
		b := bucketGet(tx, bucketWeights, []byte(digest))
		if b == nil {
			return fail(ErrNotFound, "the file of model %s is not in the store", digest)
		}
		weights = append([]byte{}, b...)
		return nil
	})
	return weights, err
}

// ReadActive returns the model that was promoted for a name over the configured
// one, nil for none. It reads the permanent file in dir without opening the store,
// so a server can ask before it takes the folder. ErrLocked: another process has it.
func ReadActive(dir, name, configured string, wait time.Duration) (*NewModel, error) {
	o := Options{Dir: dir, ReadOnly: true, LockTimeout: wait}
	if err := o.complete(); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, permanentName)
	db, err := openBolt(path, boltOptions(&o, true))
	switch {
	case errors.Is(err, ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	defer closeBolt(db)
	if err := checkLength(db); err != nil {
		return nil, err
	}
	s := &Store{o: o, permanent: &permanent{path, db}, closing: make(chan struct{})}
	return s.ActiveModel(name, configured)
}

// ActiveModel is ReadActive on an open store.
func (s *Store) ActiveModel(name, configured string) (*NewModel, error) {
	v := s.At(time.Time{})
	active, err := v.Active(name, configured)
	if err != nil || active == configured {
		return nil, err
	}
	m, err := v.Model(active)
	if err != nil {
		return nil, err
	}
	if m == nil {
		return nil, fail(ErrNotFound, "model %s was promoted for %s and is not in the store", active, name)
	}
	weights, err := s.Weights(active)
	if err != nil {
		return nil, err
	}
	return &NewModel{m.Digest, m.Name, m.Manifest, weights}, nil
}

// HasWeights says whether a model's ONNX file is kept.
func (s *Store) HasWeights(digest string) (has bool, err error) {
	err = s.permanent.view(func(tx *bbolt.Tx) error {
		has = bucketGet(tx, bucketWeights, []byte(digest)) != nil
		return nil
	})
	return has, err
}
