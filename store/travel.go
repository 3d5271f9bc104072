package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// View is the state at one time: models, settings, exceptions and labels as the
// events up to then say. It stays the same whatever is committed later.
type View struct {
	s *Store
	// at bounds records by time, last events by ID.
	at   time.Time
	last ulid.ULID
	err  error
}

// At returns the view at a time; that of the present for the zero time. Events
// of the millisecond of t belong to it.
func (s *Store) At(t time.Time) *View {
	v := &View{s: s, at: t}
	if !t.IsZero() {
		v.last = idCeil(t)
		return v
	}
	v.err = s.permanent.view(func(tx *bbolt.Tx) error {
		if b := tx.Bucket(bucketEvents); b != nil {
			if k, _ := b.Cursor().Last(); len(k) == len(v.last) {
				v.last = ulid.ULID(k)
			}
		}
		return nil
	})
	return v
}

// read runs fn in a transaction. A file that a server has not brought up to date
// has no events.
func (v *View) read(fn func(*bbolt.Tx) error) error {
	switch {
	case v.err != nil:
		return v.err
	case v.s.closed():
		return ErrClosed
	}
	return v.s.permanent.view(fn)
}

// covers says whether a record of that time is part of the view.
func (v *View) covers(t time.Time) bool { return v.at.IsZero() || !t.After(v.at) }

// Last returns the last event on a subject, nil when there is none.
func (v *View) Last(kind, subject string) (e *Event, err error) {
	err = v.read(func(tx *bbolt.Tx) error {
		e, err = v.lastEvent(tx, kind, subject)
		return err
	})
	return e, err
}

func (v *View) lastEvent(tx *bbolt.Tx, kind, subject string) (*Event, error) {
	id := lastUpTo(tx.Bucket(bucketSubjects), subjectPrefix(kind, subject), v.last)
	if id.IsZero() {
		return nil, nil
	}
	return getEvent(tx, id)
}

// History calls fn for the events on a subject, oldest first.
func (v *View) History(kind, subject string, fn func(*Event) error) error {
	prefix := subjectPrefix(kind, subject)
	return v.read(func(tx *bbolt.Tx) error {
		index := tx.Bucket(bucketSubjects)
		if index == nil {
			return nil
		}
		c := index.Cursor()
		for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
			id, err := subjectID(k)
			if err != nil {
				return err
			}
			if id.Compare(v.last) > 0 {
				return nil
			}
			e, err := getEvent(tx, id)
			if err != nil {
				return err
			}
			if err := fn(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// lastOfEach calls fn with the last event on every subject of a kind, in order of
// the subjects from one on.
func (v *View) lastOfEach(kind, from string, fn func(*Event) error) error {
	prefix := append([]byte(kind), 0)
	return v.read(func(tx *bbolt.Tx) error {
		index := tx.Bucket(bucketSubjects)
		if index == nil {
			return nil
		}
		c := index.Cursor()
		k, _ := c.Seek(append(slices.Clone(prefix), from...))
		for bytes.HasPrefix(k, prefix) {
			if _, err := subjectID(k); err != nil {
				return err
			}
			subject := k[:len(k)-len(ulid.ULID{})]
			if last := lastUpTo(index, subject, v.last); !last.IsZero() {
				e, err := getEvent(tx, last)
				if err != nil {
					return err
				}
				if err := fn(e); err != nil {
					return err
				}
			}
			after := slices.Clone(subject)
			after[len(after)-1] = 1 // behind the 0 that ends the subject
			k, _ = c.Seek(after)
		}
		return nil
	})
}

// lastWithPrefix returns the ID at the end of the last key with the prefix, zero
// for none.
func lastWithPrefix(b *bbolt.Bucket, prefix []byte) ulid.ULID {
	var last ulid.ULID
	for i := range last {
		last[i] = 0xff
	}
	return lastUpTo(b, prefix, last)
}

// lastUpTo returns the last ID behind the prefix that is not above last, zero for
// none.
func lastUpTo(b *bbolt.Bucket, prefix []byte, last ulid.ULID) (id ulid.ULID) {
	if b == nil {
		return id
	}
	c := b.Cursor()
	key := append(slices.Clone(prefix), last[:]...)
	k, _ := c.Seek(key)
	if k == nil {
		k, _ = c.Last()
	} else if !bytes.Equal(k, key) {
		k, _ = c.Prev()
	}
	if len(k) != len(prefix)+len(id) || !bytes.HasPrefix(k, prefix) {
		return id
	}
	return ulid.ULID(k[len(prefix):])
}

// subjectID returns the ID that ends a key of the index.
func subjectID(k []byte) (id ulid.ULID, err error) {
	if len(k) < len(id)+2 {
		return id, fail(ErrCorrupt, "a key of %s has %d bytes", bucketSubjects, len(k))
	}
	return ulid.ULID(k[len(k)-len(id):]), nil
}

// Models returns the models that were known, in order of first sight.
func (v *View) Models() ([]ModelRecord, error) {
	if v.err != nil {
		return nil, v.err
	}
	all, err := v.s.Models()
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(m ModelRecord) bool { return !v.covers(m.FirstSeen) })
	slices.SortStableFunc(all, func(a, b ModelRecord) int { return a.FirstSeen.Compare(b.FirstSeen) })
	return all, nil
}

// Model returns the model with the digest, nil when it was not known.
func (v *View) Model(digest string) (*ModelRecord, error) {
	var m *ModelRecord
	err := v.s.permanent.view(func(tx *bbolt.Tx) (err error) {
		if value := tx.Bucket(bucketModels).Get([]byte(digest)); value != nil {
			if m, err = decodeModel(value); err != nil {
				return fail(ErrCorrupt, "%s: model %s cannot be read: %w", v.s.permanent.path, digest, err)
			}
		}
		return nil
	})
	if err != nil || m == nil || !v.covers(m.FirstSeen) {
		return nil, err
	}
	return m, nil
}

// Policies returns the policies that were known, in order of first sight.
func (v *View) Policies() ([]PolicyRecord, error) {
	out := []PolicyRecord{}
	err := v.s.permanent.each(bucketPolicies, func(b []byte) error {
		var p PolicyRecord
		if err := json.Unmarshal(b, &p); err != nil {
			return err
		}
		if v.covers(p.FirstSeen) {
			out = append(out, p)
		}
		return nil
	})
	slices.SortStableFunc(out, func(a, b PolicyRecord) int { return a.FirstSeen.Compare(b.FirstSeen) })
	return out, err
}

// Site is what is in force at a place of the configuration.
type Site struct {
	Site  string    `json:"site"`
	Since time.Time `json:"since"`
	SiteSetting
}

// SiteSetting is what decisions of a site depend on.
type SiteSetting struct {
	Mode            string             `json:"mode,omitempty"`
	Threshold       float64            `json:"threshold,omitempty"`
	ClassThresholds map[string]float64 `json:"class_thresholds,omitempty"`
	PolicyDigest    string             `json:"policy_digest,omitempty"`
	ModelDigest     string             `json:"model_digest,omitempty"`
	// Source says where the threshold comes from: the configuration, the model
	// or recorded traffic.
	Source string `json:"source,omitempty"`
	// Gone: the configuration has no such site any more.
	Gone bool `json:"gone,omitempty"`
}

// Sites returns the settings in force, in order of the sites' names.
func (v *View) Sites() ([]Site, error) {
	out := []Site{}
	err := v.lastOfEach(EventConfigure, "", func(e *Event) error {
		site := Site{Site: e.Subject, Since: e.Time}
		if err := e.decode(&site.SiteSetting); err != nil {
			return err
		}
		if !site.Gone {
			out = append(out, site)
		}
		return nil
	})
	return out, err
}

// decode reads an event's body.
func (e *Event) decode(body any) error {
	if err := json.Unmarshal(e.Body, body); err != nil {
		return fail(ErrCorrupt, "event %s (%s of %s) cannot be read: %w", e.ID, e.Kind, e.Subject, err)
	}
	return nil
}

// configureInput is what the server says of its sites.
type configureInput struct {
	Sites map[string]SiteSetting `json:"sites"`
	// Whole: sites that are not named are gone.
	Whole bool `json:"whole,omitempty"`
}

// ConfigureProcedure keeps what is in force at each site. It is the server's own.
func ConfigureProcedure() *Procedure {
	p := NewProcedure("configure", 1, "keeps the settings that came into force",
		func(_ context.Context, t *Txn, in configureInput) (map[string]SiteSetting, error) {
			return t.configure(in)
		})
	p.Internal = true
	return p
}

func (t *Txn) configure(in configureInput) (map[string]SiteSetting, error) {
	changed := make(map[string]SiteSetting)
	known, err := t.Sites()
	if err != nil {
		return nil, err
	}
	same := make(map[string]bool)
	for _, site := range known {
		now, ok := in.Sites[site.Site]
		switch {
		case ok:
			same[site.Site] = equalJSON(now, site.SiteSetting)
		case in.Whole:
			changed[site.Site] = SiteSetting{Gone: true}
		}
	}
	for name, setting := range in.Sites {
		if !same[name] {
			changed[name] = setting
		}
	}
	if len(changed) == 0 {
		return nil, ErrUnchanged
	}
	for name, setting := range changed {
		if setting.PolicyDigest != "" {
			t.Parent("policy", setting.PolicyDigest)
		}
		if err := t.Append(EventConfigure, name, setting, nil); err != nil {
			return nil, err
		}
	}
	slices.Sort(t.parents)
	t.parents = slices.Compact(t.parents)
	return changed, nil
}

func equalJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// Configure has the settings of sites kept where they changed; whole says that
// there are no others.
func (s *Store) Configure(ctx context.Context, p *Procedure, principal string, sites map[string]SiteSetting, whole bool) error {
	input, err := json.Marshal(configureInput{sites, whole})
	if err != nil {
		return err
	}
	_, err = s.Invoke(ctx, p, Invocation{Principal: principal, Input: input})
	if errors.Is(err, ErrUnchanged) {
		return nil
	}
	return err
}
