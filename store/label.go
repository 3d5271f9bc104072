package store

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// What a label says of a verdict's request.
const (
	LabelAttack = "attack"
	LabelNormal = "normal"
	// LabelRetracted takes back the label before.
	LabelRetracted = "retracted"
)

// Label is a person's word on a verdict. A later one on the same verdict
// supersedes it.
type Label struct {
	ID      ulid.ULID `json:"id"`
	Time    time.Time `json:"time"`
	Verdict ulid.ULID `json:"verdict"`
	// Label is LabelAttack, LabelNormal or LabelRetracted.
	Label string `json:"label"`
	// Class is the kind of attack; "" where the author did not say.
	Class  string `json:"class,omitempty"`
	Note   string `json:"note,omitempty"`
	Author string `json:"author,omitempty"`
	// SupersededBy is the label that holds in its place; zero while this one holds.
	SupersededBy ulid.ULID `json:"superseded_by,omitzero"`
}

// labelBody is the body of a label's event, whose subject is the verdict.
type labelBody struct {
	Label string `json:"label"`
	Class string `json:"class,omitempty"`
	Note  string `json:"note,omitempty"`
}

// maxNote bounds a note, in bytes.
const maxNote = 4000

func labelOf(e *Event) (*Label, error) {
	var body labelBody
	if err := e.decode(&body); err != nil {
		return nil, err
	}
	id, err := ulid.ParseStrict(e.Subject)
	if err != nil {
		return nil, fail(ErrCorrupt, "event %s labels %q, which is no verdict's ID", e.ID, e.Subject)
	}
	return &Label{ID: e.ID, Time: e.Time, Verdict: id, Label: body.Label, Class: body.Class, Note: body.Note, Author: e.Author}, nil
}

// LabelInput is the input of the procedure label.
type LabelInput struct {
	Verdict string `json:"verdict"`
	labelBody
}

// LabelProcedure labels a verdict. classes are the kinds of attack that there are.
func LabelProcedure(classes []string) *Procedure {
	return NewProcedure("label", 1, "says whether a decision's request was an attack, or takes that back",
		func(ctx context.Context, t *Txn, in LabelInput) (*Label, error) { return t.label(ctx, in, classes) })
}

func (t *Txn) label(ctx context.Context, in LabelInput, classes []string) (*Label, error) {
	id, err := ParseID(in.Verdict)
	if err != nil {
		return nil, err
	}
	if err := in.check(classes); err != nil {
		return nil, err
	}
	if _, err := t.s.Verdict(ctx, id); err != nil {
		return nil, err
	}
	before, err := t.Last(EventLabel, id.String())
	if err != nil {
		return nil, err
	}
	if in.Label == LabelRetracted {
		var last labelBody
		if before != nil {
			if err := before.decode(&last); err != nil {
				return nil, err
			}
		}
		if last.Label == "" || last.Label == LabelRetracted {
			return nil, fail(ErrQuery, "verdict %s has no label to retract", id)
		}
	}
	t.Parent("verdict", id.String())
	if before != nil {
		t.Parent("event", before.ID.String())
	}
	t.write(func(tx *bbolt.Tx) error { return t.s.keep(tx, id) })
	out := new(Label)
	return out, t.Append(EventLabel, id.String(), in.labelBody, func(e *Event) {
		*out = Label{ID: e.ID, Time: e.Time, Verdict: id, Label: in.Label, Class: in.Class, Note: in.Note, Author: e.Author}
	})
}

func (in *LabelInput) check(classes []string) error {
	in.Note = strings.TrimSpace(in.Note)
	switch in.Label {
	case LabelAttack:
		if in.Class != "" && !slices.Contains(classes, in.Class) {
			return fail(ErrQuery, "class is %q: want one of %s, or none given", in.Class, strings.Join(classes, ", "))
		}
	case LabelNormal, LabelRetracted:
		if in.Class == noneClass {
			in.Class = ""
		}
		if in.Class != "" {
			return fail(ErrQuery, "class is %q, but the label is %s: only an attack has a class", in.Class, in.Label)
		}
	default:
		return fail(ErrQuery, "label is %q: want %s, %s or %s", in.Label, LabelAttack, LabelNormal, LabelRetracted)
	}
	if len(in.Note) > maxNote || !utf8.ValidString(in.Note) {
		return fail(ErrQuery, "note has %d bytes: want at most %d, in UTF-8", len(in.Note), maxNote)
	}
	return nil
}

// noneClass is the class of what is no attack.
const noneClass = "none"

// Label returns the label that holds for a verdict, nil for none.
func (v *View) Label(verdict ulid.ULID) (*Label, error) {
	e, err := v.Last(EventLabel, verdict.String())
	if err != nil || e == nil {
		return nil, err
	}
	l, err := labelOf(e)
	if err != nil || l.Label == LabelRetracted {
		return nil, err
	}
	return l, nil
}

// LabelsOf returns every label of a verdict, oldest first. All but the last are
// superseded.
func (v *View) LabelsOf(verdict ulid.ULID) ([]Label, error) {
	out := []Label{}
	err := v.History(EventLabel, verdict.String(), func(e *Event) error {
		l, err := labelOf(e)
		if err != nil {
			return err
		}
		if n := len(out); n > 0 {
			out[n-1].SupersededBy = l.ID
		}
		out = append(out, *l)
		return nil
	})
	return out, err
}

// LabelQuery says which labels to list. Zero values filter nothing.
type LabelQuery struct {
	Label, Class, Author string
	// History lists superseded and retracted labels too.
	History bool
	// Limit is the most on a page, default DefaultLimit, at most MaxLimit; After is
	// LabelPage.Next of the page before.
	Limit int
	After string
}

// LabelPage is one page of labels, newest first.
type LabelPage struct {
	Labels []Label `json:"labels"`
	Next   string  `json:"next,omitempty"`
}

// Labels lists labels, newest first.
func (v *View) Labels(ctx context.Context, q LabelQuery) (*LabelPage, error) {
	switch q.Label {
	case "", LabelAttack, LabelNormal:
	case LabelRetracted:
		q.History = true
	default:
		return nil, fail(ErrQuery, "label is %q: want %s, %s or %s", q.Label, LabelAttack, LabelNormal, LabelRetracted)
	}
	before, limit, err := pageOf(q.After, q.Limit)
	if err != nil {
		return nil, err
	}
	if v.err != nil {
		return nil, v.err
	}
	if last := next(v.last); last.Compare(before) < 0 && !last.IsZero() {
		before = last
	}
	page := &LabelPage{Labels: []Label{}}
	err = v.s.eachRecord(ctx, bucketEvents, before, func(tx *bbolt.Tx, id ulid.ULID, value []byte) (bool, error) {
		e, err := decodeEvent(id, value)
		if err != nil || e.Kind != EventLabel {
			return err == nil, err
		}
		l, err := labelOf(e)
		if err != nil {
			return false, err
		}
		prefix := subjectPrefix(EventLabel, e.Subject)
		l.SupersededBy = firstAfter(tx.Bucket(bucketSubjects), prefix, id, v.last)
		switch {
		case !q.History && (!l.SupersededBy.IsZero() || l.Label == LabelRetracted),
			q.Label != "" && q.Label != l.Label, q.Class != "" && q.Class != l.Class, q.Author != "" && q.Author != l.Author:
			return true, nil
		case len(page.Labels) == limit:
			page.Next = page.Labels[limit-1].ID.String()
			return false, nil
		}
		page.Labels = append(page.Labels, *l)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// firstAfter returns the first ID behind the prefix that is above id and not above
// last, zero for none.
func firstAfter(b *bbolt.Bucket, prefix []byte, id, last ulid.ULID) ulid.ULID {
	start := next(id)
	k, _ := b.Cursor().Seek(append(slices.Clone(prefix), start[:]...))
	if !bytes.HasPrefix(k, prefix) || len(k) != len(prefix)+len(id) {
		return ulid.ULID{}
	}
	if found := ulid.ULID(k[len(prefix):]); found.Compare(last) <= 0 {
		return found
	}
	return ulid.ULID{}
}

// labelIndex has the labels that hold, in memory: listings ask for every row that
// they look at.
type labelIndex struct {
	mu sync.RWMutex
	by map[ulid.ULID]heldLabel
	// order are the verdicts of by, sorted; nil when it must be made anew.
	order []ulid.ULID
	// turn counts changes.
	turn uint64
}

type heldLabel struct {
	event ulid.ULID
	label string
}

// take takes an event, in any order.
func (x *labelIndex) take(e *Event) error {
	l, err := labelOf(e)
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.by == nil {
		x.by = make(map[ulid.ULID]heldLabel)
	}
	old, ok := x.by[l.Verdict]
	if ok && old.event.Compare(l.ID) >= 0 {
		return nil
	}
	x.by[l.Verdict] = heldLabel{l.ID, l.Label} // a retraction too: it is newer than what it takes back
	x.turn++
	if !ok {
		x.order = nil
	}
	return nil
}

// loadLabels reads the labels that hold.
func (s *Store) loadLabels() error {
	err := s.At(time.Time{}).lastOfEach(EventLabel, "", s.labels.take)
	if errors.Is(err, ErrClosed) {
		return nil
	}
	return err
}

// LabelState returns LabelAttack or LabelNormal, or "" for a verdict without a
// label that holds.
func (s *Store) LabelState(verdict ulid.ULID) string {
	s.labels.mu.RLock()
	defer s.labels.mu.RUnlock()
	if l := s.labels.by[verdict].label; l != LabelRetracted {
		return l
	}
	return ""
}

// LabelTurn changes whenever a label is made or taken back.
func (s *Store) LabelTurn() uint64 {
	s.labels.mu.RLock()
	defer s.labels.mu.RUnlock()
	return s.labels.turn
}

// Labelled returns the verdicts from lo to hi that have a label, in order. state
// is LabelAttack, LabelNormal, or "" for either.
func (s *Store) Labelled(lo, hi ulid.ULID, state string) []ulid.ULID {
	x := &s.labels
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.order == nil {
		x.order = make([]ulid.ULID, 0, len(x.by))
		for id := range x.by {
			x.order = append(x.order, id)
		}
		slices.SortFunc(x.order, ulid.ULID.Compare)
	}
	from, _ := slices.BinarySearchFunc(x.order, lo, ulid.ULID.Compare)
	var out []ulid.ULID
	for _, id := range x.order[from:] {
		if id.Compare(hi) > 0 {
			break
		}
		if l := x.by[id].label; l != LabelRetracted && (state == "" || state == l) {
			out = append(out, id)
		}
	}
	return out
}
