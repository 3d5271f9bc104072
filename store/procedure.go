package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Procedure is one named, versioned operation on the store: it reads a snapshot,
// computes, and commits what it changes together with the row of its call
// ([Store.Invoke]). ML code as stored procedures with provenance follows Redmond et
// al., "Machine Learning with DBOS", AIDB@VLDB 2022.
//
// The version is raised when the same input would give another output for another
// reason than the state of the store.
type Procedure struct {
	Name    string
	Version int
	// About says in one line what it does.
	About string
	// Internal procedures are called by the server alone.
	Internal bool
	// Acts says that its calls have rows of acts (NewActProcedure).
	Acts bool

	run func(context.Context, *Txn, json.RawMessage) (any, error)
	// canonical brings an input into the one form that its digest is over.
	canonical func(json.RawMessage) (json.RawMessage, error)
}

// NewProcedure makes a procedure of a function. Its input is decoded from JSON,
// where unknown fields are an error. The function may run more than once for one
// call, when another call changed what it looked at: what it changes, it changes
// through the Txn. Its output is encoded when the IDs of its events are known, so it
// may hold pointers to what Txn returned.
func NewProcedure[I, O any](name string, version int, about string, run func(context.Context, *Txn, I) (O, error)) *Procedure {
	decode := func(raw json.RawMessage) (in I, err error) {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&in); err != nil {
			return in, fail(ErrQuery, "input of procedure %s: %w", name, err)
		}
		if d.More() {
			return in, fail(ErrQuery, "input of procedure %s: more than one JSON value", name)
		}
		return in, nil
	}
	return &Procedure{
		Name: name, Version: version, About: about,
		canonical: func(raw json.RawMessage) (json.RawMessage, error) {
			in, err := decode(raw)
			if err != nil {
				return nil, err
			}
			return json.Marshal(&in) // a method of *I counts
		},
		run: func(ctx context.Context, t *Txn, raw json.RawMessage) (any, error) {
			in, err := decode(raw)
			if err != nil {
				return nil, err
			}
			return run(ctx, t, in)
		},
	}
}

// ProcedureInfo describes a procedure, for people.
type ProcedureInfo struct {
	Name     string `json:"name"`
	Version  int    `json:"version"`
	About    string `json:"about"`
	Internal bool   `json:"internal,omitempty"`
	// Acts says that its calls are acts, which Store.Acts lists, and else Store.Calls.
	Acts bool `json:"acts,omitempty"`
	// FirstSeen is when this version was first called here, or, of one whose calls are
	// acts, first offered; zero when it was not.
	FirstSeen time.Time `json:"first_seen,omitzero"`
}

// Procedures is a registry of procedures by name.
type Procedures struct{ by map[string]*Procedure }

// NewProcedures makes a registry. Names are unique.
func NewProcedures(list ...*Procedure) (*Procedures, error) {
	r := &Procedures{by: make(map[string]*Procedure)}
	for _, p := range list {
		if p.Name == "" || p.Version < 1 || r.by[p.Name] != nil {
			return nil, fail(ErrOptions, "procedure %q, version %d: want a name of its own and a version from 1 on", p.Name, p.Version)
		}
		r.by[p.Name] = p
	}
	return r, nil
}

// Get returns the procedure with the name. The error lists those there are.
func (r *Procedures) Get(name string) (*Procedure, error) {
	if p := r.by[name]; p != nil {
		return p, nil
	}
	return nil, fail(ErrNotFound, "no procedure %q: there are %s", name, strings.Join(r.names(), ", "))
}

func (r *Procedures) names() []string {
	names := make([]string, 0, len(r.by))
	for name := range r.by {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// List describes the procedures in order of name.
func (r *Procedures) List() []ProcedureInfo {
	out := make([]ProcedureInfo, 0, len(r.by))
	for _, name := range r.names() {
		out = append(out, r.by[name].Info())
	}
	return out
}

// Info describes p.
func (p *Procedure) Info() ProcedureInfo {
	return ProcedureInfo{Name: p.Name, Version: p.Version, About: p.About, Internal: p.Internal, Acts: p.Acts}
}

// Invocation is what a procedure is called with.
type Invocation struct {
	// Principal is who calls.
	Principal string
	// Key is the Idempotency-Key, "" for none (idempotency.go).
	Key string
	// Input is JSON, null for the zero input.
	Input json.RawMessage
}

// maxPrincipal and maxAttempts bound a call.
const (
	maxPrincipal = 256
	maxAttempts  = 16
)

// ErrConflict: other calls kept changing what this one looked at.
var ErrConflict = errors.New("store: changed meanwhile")

// errConflict ends an attempt.
var errConflict = errors.New("store: another call was first")

// ErrUnchanged ends a procedure that found nothing to do: no call is recorded.
var ErrUnchanged = errors.New("store: nothing to change")

// Invoke calls p. What p changes and the call's row are committed in one
// transaction, on disk when Invoke returns; after an error nothing was changed. With
// a key that was used before, the stored call is returned.
func (s *Store) Invoke(ctx context.Context, p *Procedure, inv Invocation) (*Call, error) {
	if err := s.mayCall(&inv); err != nil {
		return nil, err
	}
	if p.Acts {
		return nil, fail(ErrOptions, "calls of procedure %s are acts: make them with InvokeAct", p.Name)
	}
	canonical, err := p.canonical(inv.Input)
	if err != nil {
		return nil, err
	}
	digest := inputDigest(p.Name, canonical)
	if inv.Key == "" {
		return s.invoke(ctx, p, &inv, canonical, digest)
	}
	release, err := s.calls.reserve(ctx, keyOf(&inv))
	if err != nil {
		return nil, err
	}
	defer release()
	if stored, err := s.storedCall(&inv, digest); err != nil || stored != nil {
		return stored, err
	}
	return s.invoke(ctx, p, &inv, canonical, digest)
}

func (s *Store) mayCall(inv *Invocation) error {
	switch {
	case s.o.ReadOnly:
		return ErrReadOnly
	case s.closed():
		return ErrClosed
	case inv.Principal == "" || len(inv.Principal) > maxPrincipal || !utf8.ValidString(inv.Principal) || strings.ContainsRune(inv.Principal, 0):
		return fail(ErrQuery, "principal is %.40q: want who calls, 1 to %d bytes of UTF-8", inv.Principal, maxPrincipal)
	}
	if len(inv.Input) == 0 {
		inv.Input = json.RawMessage("null")
	}
	return checkKey(inv.Key)
}

func inputDigest(name string, canonical []byte) string {
	h := sha256.New()
	h.Write(append([]byte(name), '\n'))
	h.Write(canonical)
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

func (s *Store) invoke(ctx context.Context, p *Procedure, inv *Invocation, input json.RawMessage, digest string) (*Call, error) {
	start := time.Now()
	for range maxAttempts {
		t := &Txn{s: s, View: s.At(time.Time{}), principal: inv.Principal, seen: make(map[string]ulid.ULID)}
		output, err := p.run(ctx, t, input)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		c := &Call{
			Procedure: p.Name, Version: p.Version, Principal: inv.Principal, Key: inv.Key,
			InputDigest: digest, Parents: t.parents, Micros: time.Since(start).Microseconds(),
		}
		err = s.permanent.update(func(tx *bbolt.Tx) error { return t.commit(tx, p, c, output) })
		switch {
		case errors.Is(err, errConflict):
			continue
		case errors.Is(err, berrors.ErrDatabaseNotOpen):
			return nil, ErrClosed
		case err != nil:
			return nil, err
		}
		if err := s.refresh(t); err != nil && !s.closed() { // committed it is all the same
			return nil, err
		}
		return c, nil
	}
	return nil, fail(ErrConflict, "procedure %s: what it works on was changed %d times meanwhile: try again", p.Name, maxAttempts)
}

// Txn is what a running procedure reads, and what it will commit.
type Txn struct {
	// View is the snapshot that the procedure reads.
	*View

	s         *Store
	principal string
	parents   []string
	seen      map[string]ulid.ULID // kind, 0, subject: last event when it was read
	events    []*staged
	writes    []func(*bbolt.Tx) error
}

// staged is an event to be committed, and what is to know its ID.
type staged struct {
	Event
	done func(*Event)
}

// Principal is who called.
func (t *Txn) Principal() string { return t.principal }

// Parent says what the output was made from: "verdict ID", "model DIGEST",
// "event ID".
func (t *Txn) Parent(kind, id string) { t.parents = append(t.parents, kind+" "+id) }

// Append stages an event. An empty subject becomes the event's own ID. done is
// called with the event when it is about to be committed.
func (t *Txn) Append(kind, subject string, body any, done func(*Event)) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if len(subject) > maxSubject || strings.ContainsRune(subject, 0) {
		return fail(ErrQuery, "%s %.40q: want at most %d bytes, none of them 0", kind, subject, maxSubject)
	}
	if subject != "" {
		if err := t.watch(kind, subject); err != nil {
			return err
		}
	}
	t.events = append(t.events, &staged{Event{Kind: kind, Subject: subject, Body: raw}, done})
	return nil
}

// watch has the call fail and run again when another event on the subject is
// committed before this call is.
func (t *Txn) watch(kind, subject string) error {
	e, err := t.Last(kind, subject)
	if err != nil {
		return err
	}
	var last ulid.ULID
	if e != nil {
		last = e.ID
	}
	t.seen[string(subjectPrefix(kind, subject))] = last
	return nil
}

// write stages a change besides events. It may run without being committed.
func (t *Txn) write(fn func(*bbolt.Tx) error) { t.writes = append(t.writes, fn) }

func (t *Txn) commit(tx *bbolt.Tx, p *Procedure, c *Call, output any) error {
	for prefix, last := range t.seen {
		if lastWithPrefix(tx.Bucket(bucketSubjects), []byte(prefix)) != last {
			return errConflict
		}
	}
	c.ID = t.s.nextRecordID(tx, ulid.ULID{})
	c.Time = idTime(c.ID)
	last := c.ID
	for _, e := range t.events {
		e.ID = t.s.nextRecordID(tx, last)
		last = e.ID
		e.Time, e.Author, e.Call = idTime(e.ID), t.principal, c.ID
		if e.Subject == "" {
			e.Subject = e.ID.String()
		}
		if err := putEvent(tx, &e.Event); err != nil {
			return err
		}
		c.Events = append(c.Events, e.ID)
		if e.done != nil {
			e.done(&e.Event)
		}
	}
	for _, fn := range t.writes {
		if err := fn(tx); err != nil {
			return err
		}
	}
	raw, err := json.Marshal(output)
	if err != nil {
		return fmt.Errorf("store: output of procedure %s: %w", p.Name, err)
	}
	c.Output = raw
	if err := putProcedure(tx, p, c.Time); err != nil {
		return err
	}
	if c.Key != "" {
		if err := putKey(tx, c.key(), c.ID); err != nil {
			return err
		}
	}
	return tx.Bucket(bucketCalls).Put(c.ID[:], appendCall(nil, c))
}

func procedureKey(name string, version int) []byte { return fmt.Appendf(nil, "%s@%d", name, version) }

func putProcedure(tx *bbolt.Tx, p *Procedure, now time.Time) error {
	key := procedureKey(p.Name, p.Version)
	if tx.Bucket(bucketProcedures).Get(key) != nil {
		return nil
	}
	info := p.Info()
	info.FirstSeen = now
	value, err := json.Marshal(info)
	if err != nil {
		return err
	}
	return tx.Bucket(bucketProcedures).Put(key, value)
}

// refresh brings what is kept in memory up to date after t was committed.
func (s *Store) refresh(t *Txn) error {
	kinds := make(map[string]bool)
	for _, e := range t.events {
		kinds[e.Kind] = true
		if e.Kind == EventLabel {
			if err := s.labels.take(&e.Event); err != nil {
				return err
			}
		}
	}
	if kinds[EventExcept] {
		return s.loadExceptions()
	}
	return nil
}
