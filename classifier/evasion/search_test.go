package evasion_test

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/evasion"
)

// toy catches requests that hold a word as it is, with a hole: any other
// letter case or any escape hides it.
func toy(word string) evasion.Scorer {
	return func(r *classifier.Request) (float64, bool, error) {
		text := r.Target + string(r.Body)
		score := 0.01 * float64(strings.Count(text, word[:1]))
		if strings.Contains(text, word) {
			score = 0.99
		}
		return score, score >= 0.5, nil
	}
}

// Ensure that a search finds a hole that is there, names what went through it
// and nothing else, and comes to the same end with the same seed.
func TestSearchFindsHole(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	c := evasion.NewCandidate("sqli", "1' union select 2 -- ", evasion.Query, r)
	suite := evasion.Mutations().For("sqli")
	out, err := evasion.Search(c, suite, toy("union"), evasion.Options{}, 5)
	if err != nil {
		t.Fatal(err)
	}
	if !out.Caught || !out.Flipped || out.After >= 0.5 {
		t.Fatalf("caught %v, flipped %v, score %v", out.Caught, out.Flipped, out.After)
	}
	if len(out.Steps) != 1 {
		t.Errorf("chain %v, want one step: the hole takes no more", out.Chain())
	}
	if replayed := evasion.Replay(c, out.Steps); wire(replayed.Request()) != wire(out.Final.Request()) {
		t.Error("the steps do not lead to the final request")
	}
	again, err := evasion.Search(c, suite, toy("union"), evasion.Options{}, 5)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(out.Chain(), again.Chain()) || wire(out.Final.Request()) != wire(again.Final.Request()) || out.Scored != again.Scored {
		t.Error("the same seed gave another outcome")
	}
}

// Ensure that a search ends where nothing can be found: after its rounds, or
// at once when the request is not caught.
func TestSearchGivesUp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	c := evasion.NewCandidate("xss", "<img src=a onerror=alert(7)>", evasion.JSON, r)
	constant := func(score float64) evasion.Scorer {
		return func(*classifier.Request) (float64, bool, error) { return score, score >= 0.5, nil }
	}
	suite := evasion.Mutations().For("xss")
	out, err := evasion.Search(c, suite, constant(1), evasion.Options{Rounds: 7, Candidates: 3}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if out.Flipped || out.Rounds != 7 || out.Scored > 1+7*3 {
		t.Errorf("flipped %v, %d rounds, %d scored", out.Flipped, out.Rounds, out.Scored)
	}
	out, err = evasion.Search(c, suite, constant(0), evasion.Options{}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if out.Caught || out.Flipped || out.Scored != 1 {
		t.Errorf("not caught before, and yet: caught %v, flipped %v, %d scored", out.Caught, out.Flipped, out.Scored)
	}
	out, err = evasion.Search(c, suite, constant(0), evasion.Options{Rounds: 4, Upwards: true}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if out.Rounds != 4 {
		t.Errorf("upwards, a request that passes was searched for %d rounds, want 4", out.Rounds)
	}
}

// Ensure that no request grows beyond the limit, however long the search.
func TestGrowthLimit(t *testing.T) {
	grow := func(r *classifier.Request) (float64, bool, error) {
		return 1 - float64(evasion.Size(r))/1e9, true, nil // the longer the better
	}
	r := rand.New(rand.NewPCG(1, 1))
	for class, payloads := range samples {
		if class == "none" {
			continue
		}
		for _, payload := range payloads {
			c := evasion.NewCandidate(class, payload, evasion.DrawPlace(class, payload, r), r)
			o := evasion.Options{Rounds: 60, MaxFactor: 5, MaxBytes: 2000}
			out, err := evasion.Search(c, evasion.Mutations().For(class), grow, o, 3)
			if err != nil {
				t.Fatal(err)
			}
			before, after := evasion.Size(c.Request()), evasion.Size(out.Final.Request())
			if limit := before + min(max(5*len(payload), 1<<10), 2000); after > limit || after <= before {
				t.Errorf("%s: from %d to %d bytes, limit %d", class, before, after, limit)
			}
		}
	}
}
