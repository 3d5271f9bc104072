package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/limen-waf/limen/store"
)

// Ensure that the sample has whole, unlabelled requests that a score decided, equal ones
// once, flagged and others apart, the same for the same seed and another for another.
func TestSample(t *testing.T) {
	s := open(t, store.Options{})
	var flagged ulid.ULID
	var rows []*store.Verdict
	for i := range 60 {
		v := typical(i)
		v.Score, v.Threshold, v.Exception, v.Fallback, v.Decision = 0.1, 0.8, "", "", store.Allow
		v.Source, v.Request = nil, store.AppendRequest(nil, &store.Request{Method: "GET", Target: fmt.Sprintf("/item/%d", i%50)})
		switch i {
		case 3:
			v.Score, v.Decision = 0.9, store.Block
		case 4:
			v.Exception = "let through"
		case 5:
			v.Fallback = "deadline"
		case 6:
			v.Request = nil
		case 7:
			v.Request = append(v.Request, make([]byte, 3000)...)
		}
		record(t, s, v)
		rows = append(rows, v)
		if i == 3 {
			flagged = v.ID
		}
	}
	flush(t, s)
	label(t, s, rows[8].ID, store.LabelNormal, "")
	now := s.At(time.Time{})
	draw := func(o store.SampleOptions) []*store.Verdict {
		t.Helper()
		got, err := now.Sample(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	all := draw(store.SampleOptions{Rows: 1000, Flagged: 100, Passed: 100, Bytes: 2000})
	// Of the 50 targets rows 4 to 8 have others that are whole and unlabelled.
	seen := make(map[string]bool)
	for i, v := range all {
		if seen[string(v.Request)] || v.Exception != "" || v.Fallback != "" || v.ID == rows[8].ID || len(v.Request) > 2000 || i > 0 && all[i-1].ID.Compare(v.ID) >= 0 {
			t.Errorf("row %s does not belong in the sample, or not there", v.ID)
		}
		seen[string(v.Request)] = true
	}
	if len(all) != 50 {
		t.Errorf("%d rows, expected one for each of 50 targets", len(all))
	}
	o := store.SampleOptions{Seed: 1, Rows: 1000, Flagged: 0, Passed: 10, Bytes: 2000}
	a, b := draw(o), draw(o)
	if len(a) != 10 || store.SampleDigest(a) != store.SampleDigest(b) {
		t.Errorf("%d rows, two draws of one seed differ: %v", len(a), store.SampleDigest(a) != store.SampleDigest(b))
	}
	if o.Seed = 2; store.SampleDigest(draw(o)) == store.SampleDigest(a) {
		t.Error("another seed gives the same draw")
	}
	if got := draw(store.SampleOptions{Rows: 1000, Flagged: 5, Bytes: 2000}); len(got) != 0 && got[0].ID != flagged {
		t.Errorf("flagged rows are %d", len(got))
	}
	if got := draw(store.SampleOptions{Rows: 5, Flagged: 100, Passed: 100, Bytes: 2000}); len(got) != 5 || got[4].ID != rows[59].ID {
		t.Errorf("of the newest 5 rows %d are drawn", len(got))
	}
}

// Ensure that the labels that hold come with their rows, oldest first, the newest of too
// many, and as of a time.
func TestLabelledVerdicts(t *testing.T) {
	s := open(t, store.Options{})
	var rows []*store.Verdict
	for i := range 4 {
		v := typical(i)
		record(t, s, v)
		rows = append(rows, v)
	}
	flush(t, s)
	for i := range 3 {
		label(t, s, rows[i].ID, store.LabelNormal, "")
	}
	time.Sleep(3 * time.Millisecond)
	then := time.Now()
	time.Sleep(3 * time.Millisecond)
	label(t, s, rows[0].ID, store.LabelAttack, "sqli")
	label(t, s, rows[1].ID, store.LabelRetracted, "")
	check := func(v *store.View, most, left int, want ...int) {
		t.Helper()
		got, older, err := v.LabelledVerdicts(ctx, most)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) || older != left {
			t.Fatalf("%d labels and %d older, expected %d and %d", len(got), older, len(want), left)
		}
		for i, w := range want {
			if got[i].Verdict == nil || got[i].Verdict.ID != rows[w].ID || got[i].Label.Verdict != rows[w].ID {
				t.Errorf("label %d is of %s, expected row %d", i, got[i].Label.Verdict, w)
			}
		}
	}
	check(s.At(time.Time{}), 10, 0, 2, 0)
	check(s.At(time.Time{}), 1, 1, 0)
	check(s.At(then), 10, 0, 0, 1, 2)
}
