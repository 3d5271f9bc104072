package adapt

import (
	"errors"
	"fmt"
	"math"
)

// ErrInput: what a head should be fitted to makes no sense.
var ErrInput = errors.New("bad input of an adaptation")

// Known is a request of which it is known what it is.
type Known struct {
	Example
	// Attack says that it is an attack, Class of which class: an index of the head's
	// classes, 0 where that is not known.
	Attack bool
	Class  int
}

// right says whether a judgement is what k is.
func (k *Known) right(j *Judgement) bool { return j.Flagged == k.Attack }

// Input is what a head is fitted to. All examples are of the same network, and have at
// least one window.
type Input struct {
	// Base is the head to begin with, and the teacher of the anchors.
	Base *Head
	// Running is the head whose decisions the outcome is held against; Base when nil.
	Running *Head
	// Labels are what people said.
	Labels []Known
	// Anchors are requests of the site of which nobody said anything.
	Anchors []Example
	// Rehearsal are requests that are learned along with the labels, so that what
	// they stand for stays known. Guard are those that the outcome is held against.
	Rehearsal, Guard []Known
	// Strength is the weight of one labelled request beside all anchors together. 0: the
	// least that puts the labels right.
	Strength float64
	// Limits bound what else may change; Force takes an outcome beyond them.
	Limits Limits
	Force  bool
	// Progress, which may be nil, is called before each fit with its strength.
	Progress func(strength float64)
}

// Limits bound what an adaptation may change besides what was labelled. Of everything
// countable one is always allowed.
type Limits struct {
	// New is the most of the anchors that pass now, Cleared the most of those that are
	// flagged now, whose decision may flip, as shares. Anchors that are like a
	// labelled request do not count.
	New     float64 `json:"new"`
	Cleared float64 `json:"cleared"`
	// TPR is the most that the guard's true positive rate may fall, FPR the most that its
	// false positive rate may rise, as shares.
	TPR float64 `json:"tpr"`
	FPR float64 `json:"fpr"`
}

// DefaultLimits are what the command and the procedure go by.
var DefaultLimits = Limits{New: 0.002, Cleared: 0.05, TPR: 0.01, FPR: 0.01}

func (in *Input) check() error {
	h := in.Base
	if h == nil || h.Classes < 2 || h.Features < 1 || len(h.Weights) != h.Classes*h.Features || len(h.Bias) != h.Classes {
		return fmt.Errorf("%w: the base has no head of two classes or more", ErrInput)
	}
	if r := in.Running; r != nil && (r.Classes != h.Classes || r.Features != h.Features) {
		return fmt.Errorf("%w: the running head has %d classes of %d features, the base %d of %d", ErrInput, r.Classes, r.Features, h.Classes, h.Features)
	}
	if in.Strength != 0 && !(in.Strength > 0) || math.IsInf(in.Strength, 0) {
		return fmt.Errorf("%w: strength is %v: want a number above 0, or 0 for the least that suffices", ErrInput, in.Strength)
	}
	for name, list := range map[string][]Known{"label": in.Labels, "rehearsal": in.Rehearsal, "guard": in.Guard} {
		for i := range list {
			k := &list[i]
			if k.Class < 0 || k.Class >= h.Classes || !k.Attack && k.Class != 0 {
				return fmt.Errorf("%w: %s %d has class %d, attack %v", ErrInput, name, i, k.Class, k.Attack)
			}
			if err := k.check(h); err != nil {
				return fmt.Errorf("%w: %s %d: %w", ErrInput, name, i, err)
			}
		}
	}
	for i := range in.Anchors {
		if err := in.Anchors[i].check(h); err != nil {
			return fmt.Errorf("%w: anchor %d: %w", ErrInput, i, err)
		}
	}
	return nil
}

func (e *Example) check(h *Head) error {
	switch n := len(e.Features); {
	case n == 0 || n%h.Features != 0:
		return fmt.Errorf("%d features, expected a multiple of %d", n, h.Features)
	case len(e.Thresholds) != h.Classes:
		return fmt.Errorf("%d thresholds, expected %d", len(e.Thresholds), h.Classes)
	}
	for _, v := range e.Features {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("a feature is %v", v)
		}
	}
	return nil
}
