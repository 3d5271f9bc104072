package store_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/limen-waf/limen/store"
)

// Ensure that listings by label, alone and with other filters, have what a plain list
// would, through new labels, other labels and retracted ones, and that labelled rows
// stay when their segments go.
func TestQueryLabels(t *testing.T) {
	clock := newClock()
	w := &world{rand.New(rand.NewPCG(4, 4)), clock}
	o := store.Options{Clock: clock.now, Span: time.Minute, Retain: 24 * time.Hour}
	store.SetZoneRows(&o, 64)
	s := open(t, o)
	var m model
	for range 3000 {
		v := w.verdict(s.NewID())
		s.Count(v)
		record(t, s, v)
		m.add(v)
		clock.add(time.Duration(w.IntN(1000)) * time.Millisecond)
	}
	flush(t, s)
	labels := map[ulid.ULID]string{}
	procedure := store.LabelProcedure([]string{"sqli", "xss"})
	say := func(v *store.Verdict, label string) {
		t.Helper()
		input, err := json.Marshal(map[string]string{"verdict": v.ID.String(), "label": label})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Invoke(ctx, procedure, store.Invocation{Principal: "alice", Input: input}); err != nil {
			t.Fatal(err)
		}
		if labels[v.ID] = label; label == store.LabelRetracted {
			delete(labels, v.ID)
		}
	}
	check := func(rounds int) {
		t.Helper()
		for range rounds {
			q := w.query()
			if w.IntN(3) == 0 {
				q = store.Query{Order: q.Order}
			}
			state := pick(w, store.Labelled, store.Unlabelled, store.LabelAttack, store.LabelNormal)
			var left model
			for _, v := range m.rows {
				label := labels[v.ID]
				if label == state || label != "" && state == store.Labelled || label == "" && state == store.Unlabelled {
					left.add(v)
				}
			}
			q.Labels = state
			if compare(t, s, &left, q, w); t.Failed() {
				t.Fatalf("%+v of %d labelled", q, len(labels))
			}
			n := 0
			if err := s.Scores(ctx, q, func(*store.Score) bool { n++; return true }); err != nil {
				t.Fatal(err)
			}
			if want := len(left.query(q)); n > want || n < want && len(left.rows) == len(m.rows) {
				t.Fatalf("%+v: scores of %d rows, want %d", q, n, want)
			}
		}
	}
	check(10)
	for range 20 {
		for range 10 {
			v := pick(w, m.rows...)
			switch state := labels[v.ID]; {
			case state != "" && w.IntN(3) == 0:
				say(v, store.LabelRetracted)
			default:
				say(v, pick(w, store.LabelAttack, store.LabelNormal))
			}
		}
		check(10)
	}

	clock.add(48 * time.Hour)
	record(t, s, &store.Verdict{Host: "new.example"}) // the last segment is never removed
	flush(t, s)
	s.Sweep()
	var kept []*store.Verdict
	for _, v := range m.rows {
		if labels[v.ID] != "" {
			kept = append(kept, v)
		}
	}
	for _, order := range []string{store.Newest, store.Oldest} {
		q := store.Query{Labels: store.Labelled, Order: order}
		if got, want := list(t, s, q), (&model{kept}).query(q); !reflect.DeepEqual(got, want) || len(want) < 20 {
			t.Errorf("%s: %d kept rows, want %d", order, len(got), len(want))
		}
	}
	if n := s.Stats().Segments; n > 2 {
		t.Errorf("%d segments are left", n)
	}
	if _, err := s.Verdict(ctx, kept[0].ID); err != nil {
		t.Error(err)
	}
	if got := list(t, s, store.Query{Labels: store.Unlabelled}); len(got) != 1 {
		t.Errorf("%d rows without label, want 1", len(got))
	}
}
