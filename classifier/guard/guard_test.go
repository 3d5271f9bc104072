package guard_test

import (
	"slices"
	"testing"

	"github.com/limen-waf/limen/classifier/corpus"
	"github.com/limen-waf/limen/classifier/guard"
)

// Ensure that both sets have attacks of every class and ordinary requests, and share none.
func TestRequests(t *testing.T) {
	seen := make(map[string]bool)
	for _, set := range []string{guard.Rehearsal, guard.Held} {
		requests, err := guard.Requests(set)
		if err != nil {
			t.Fatal(err)
		}
		classes := make(map[string]int)
		for _, rec := range requests {
			classes[rec.Class]++
			if (rec.Label == corpus.Attack) == (rec.Class == "none") || !slices.Contains(corpus.Classes, rec.Class) {
				t.Errorf("%s is labelled %q, %q", rec.ID, rec.Label, rec.Class)
			}
			key := rec.Method + rec.Target + string(rec.Body)
			for _, h := range rec.Headers {
				key += h.Name + h.Value
			}
			if seen[key] {
				t.Errorf("%s is there twice", rec.ID)
			}
			seen[key] = true
		}
		if len(classes) != len(corpus.Classes) || classes["none"] < 100 || len(requests)-classes["none"] < 100 {
			t.Errorf("set %s has %v", set, classes)
		}
	}
	if none, err := guard.Requests("other"); err != nil || len(none) != 0 {
		t.Errorf("an unknown set has %d requests, %v", len(none), err)
	}
}
