package store

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"
)

// Exception leaves requests out of inspection. It is added and removed while the
// server runs.
type Exception struct {
	ID     ulid.ULID `json:"id"`
	Time   time.Time `json:"time"`
	Author string    `json:"author"`
	ExceptionMatch
	Note string `json:"note,omitempty"`
	// Removed is when it was taken back, and by whom; zero while it holds.
	Removed   time.Time `json:"removed,omitzero"`
	RemovedBy string    `json:"removed_by,omitempty"`
}

// ExceptionMatch says which requests an exception leaves out.
type ExceptionMatch struct {
	// Kind is what is looked at, such as "path"; Values what it is to be. The store
	// does not know kinds.
	Kind   string   `json:"kind"`
	Values []string `json:"values"`
	// Site is the one that the exception is for, "" for all.
	Site string `json:"site,omitempty"`
}

// Name is what rows say of the exception: what it matches and its ID.
func (e *Exception) Name() string {
	return e.Kind + " " + strings.Join(e.Values, " ") + " (" + e.ID.String() + ")"
}

// exceptBody is the body of an exception's events. The subject is the ID of the
// first, which adds it; the second removes it.
type exceptBody struct {
	*ExceptionMatch
	Remove bool   `json:"remove,omitempty"`
	Note   string `json:"note,omitempty"`
}

// ExceptInput is the input of the procedure except.
type ExceptInput struct {
	// Action is "add" or "remove". To remove, only ID is given, and a note.
	Action string `json:"action"`
	ID     string `json:"id,omitempty"`
	ExceptionMatch
	Note string `json:"note,omitempty"`
}

// Bounds of an exception.
const (
	maxValues = 100
	maxValue  = 1000
)

// ExceptProcedure adds and removes exceptions. check refuses what cannot be applied.
func ExceptProcedure(check func(*ExceptionMatch) error) *Procedure {
	return NewProcedure("except", 1, "leaves requests out of inspection, or takes that back",
		func(_ context.Context, t *Txn, in ExceptInput) (*Exception, error) {
			in.Note = strings.TrimSpace(in.Note)
			if len(in.Note) > maxNote || !utf8.ValidString(in.Note) {
				return nil, fail(ErrQuery, "note has %d bytes: want at most %d, in UTF-8", len(in.Note), maxNote)
			}
			switch in.Action {
			case "add":
				return t.addException(in, check)
			case "remove":
				return t.removeException(in)
			}
			return nil, fail(ErrQuery, "action is %q: want add or remove", in.Action)
		})
}

func (t *Txn) addException(in ExceptInput, check func(*ExceptionMatch) error) (*Exception, error) {
	switch {
	case in.ID != "":
		return nil, fail(ErrQuery, "id is %q: an exception gets its ID when it is added", in.ID)
	case in.Kind == "" || len(in.Values) == 0:
		return nil, fail(ErrQuery, "exception of kind %q has %d values: want a kind and at least one value", in.Kind, len(in.Values))
	case len(in.Values) > maxValues:
		return nil, fail(ErrQuery, "exception has %d values: want at most %d", len(in.Values), maxValues)
	case len(in.Site) > maxSubject:
		return nil, fail(ErrQuery, "site has %d bytes: want at most %d", len(in.Site), maxSubject)
	}
	for _, v := range in.Values {
		if v == "" || len(v) > maxValue || !utf8.ValidString(v) {
			return nil, fail(ErrQuery, "value %.40q: want 1 to %d bytes of UTF-8", v, maxValue)
		}
	}
	if err := check(&in.ExceptionMatch); err != nil {
		return nil, fail(ErrQuery, "exception %s %s: %w", in.Kind, strings.Join(in.Values, " "), err)
	}
	out := new(Exception)
	return out, t.Append(EventExcept, "", exceptBody{&in.ExceptionMatch, false, in.Note}, func(e *Event) {
		*out = Exception{ID: e.ID, Time: e.Time, Author: e.Author, ExceptionMatch: in.ExceptionMatch, Note: in.Note}
	})
}

func (t *Txn) removeException(in ExceptInput) (*Exception, error) {
	if in.Kind != "" || len(in.Values) > 0 || in.Site != "" {
		return nil, fail(ErrQuery, "an exception is removed by its id alone")
	}
	id, err := ulid.ParseStrict(in.ID)
	if err != nil {
		return nil, fail(ErrQuery, "id is %q: want the 26 characters of an exception's ID", in.ID)
	}
	x, err := t.Exception(id)
	switch {
	case err != nil:
		return nil, err
	case x == nil:
		return nil, fail(ErrNotFound, "there is no exception %s", id)
	case !x.Removed.IsZero():
		return nil, fail(ErrQuery, "exception %s was removed at %s by %s", id, x.Removed.Format(time.RFC3339), x.RemovedBy)
	}
	t.Parent("event", id.String())
	return x, t.Append(EventExcept, id.String(), exceptBody{Remove: true, Note: in.Note}, func(e *Event) {
		x.Removed, x.RemovedBy = e.Time, e.Author
	})
}

// Exception returns an exception, removed or not; nil when there is none.
func (v *View) Exception(id ulid.ULID) (x *Exception, err error) {
	err = v.History(EventExcept, id.String(), func(e *Event) error {
		var body exceptBody
		if err := e.decode(&body); err != nil {
			return err
		}
		switch {
		case x == nil && body.ExceptionMatch != nil:
			x = &Exception{ID: e.ID, Time: e.Time, Author: e.Author, ExceptionMatch: *body.ExceptionMatch, Note: body.Note}
		case x != nil && body.Remove && x.Removed.IsZero():
			x.Removed, x.RemovedBy = e.Time, e.Author
		}
		return nil
	})
	return x, err
}

// Exceptions returns the exceptions that held, oldest first; with history those
// too that were removed.
func (v *View) Exceptions(history bool) ([]Exception, error) {
	var ids []ulid.ULID
	err := v.lastOfEach(EventExcept, "", func(e *Event) error {
		id, err := ulid.ParseStrict(e.Subject)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := []Exception{}
	for _, id := range ids {
		x, err := v.Exception(id)
		if err != nil {
			return nil, err
		}
		if x != nil && (history || x.Removed.IsZero()) {
			out = append(out, *x)
		}
	}
	slices.SortFunc(out, func(a, b Exception) int { return a.ID.Compare(b.ID) })
	return out, nil
}

// ExceptionSet are the exceptions that hold. It is never changed: another set takes
// its place.
type ExceptionSet struct{ List []Exception }

// Exceptions returns the exceptions that hold now. It costs nothing.
func (s *Store) Exceptions() *ExceptionSet { return s.exceptions.Load() }

func (s *Store) loadExceptions() error {
	s.exceptionsMu.Lock() // so that no older set takes the place of a newer one
	defer s.exceptionsMu.Unlock()
	list, err := s.At(time.Time{}).Exceptions(false)
	if err == nil {
		s.exceptions.Store(&ExceptionSet{list})
	}
	return err
}
