package classifier

import (
	"fmt"
	"slices"
)

// Decision is what is done with a request.
type Decision string

// The decisions, in rising order.
const (
	Allow Decision = "allow"
	Tag   Decision = "tag"
	Block Decision = "block"
)

// Mode is the most that a policy does.
type Mode string

// The modes.
const (
	ModeObserve Mode = "observe" // record only
	ModeTag     Mode = "tag"     // mark the request for the upstream
	ModeBlock   Mode = "block"   // answer 403
)

// Policy makes decisions of results.
type Policy struct {
	Mode Mode
	// Threshold on Result.Score, in (0, 1].
	Threshold float64
	// ClassThresholds replace Threshold for requests of a class.
	ClassThresholds map[string]float64
	// OnError is the decision for a request whose scoring did not finish and
	// whose score so far is below the threshold: Allow or Block.
	OnError Decision
	// OnOversize is the decision for a request that is longer than what was
	// inspected and whose score is below the threshold.
	OnOversize Decision
}

// Validate says whether the policy makes sense with a model of these classes.
func (p *Policy) Validate(classes []string) error {
	if p.Mode != ModeObserve && p.Mode != ModeTag && p.Mode != ModeBlock {
		return fmt.Errorf("mode is %q, expected observe, tag or block", p.Mode)
	}
	if !(p.Threshold > 0 && p.Threshold <= 1) {
		return fmt.Errorf("threshold is %v, expected a number above 0 and at most 1", p.Threshold)
	}
	for c, t := range p.ClassThresholds {
		if i := slices.Index(classes, c); i < 1 {
			return fmt.Errorf("class %q is not an attack class of the model (it has %v)", c, classes[1:])
		}
		if !(t > 0 && t <= 1) {
			return fmt.Errorf("threshold of class %q is %v, expected a number above 0 and at most 1", c, t)
		}
	}
	if p.OnError != Allow && p.OnError != Block {
		return fmt.Errorf("on_error is %q, expected allow or block", p.OnError)
	}
	if p.OnOversize != Allow && p.OnOversize != Tag && p.OnOversize != Block {
		return fmt.Errorf("on_oversize is %q, expected allow, tag or block", p.OnOversize)
	}
	return nil
}

// ThresholdFor returns the threshold that applies to a class.
func (p *Policy) ThresholdFor(class string) float64 {
	if t, ok := p.ClassThresholds[class]; ok {
		return t
	}
	return p.Threshold
}

// Flagged says whether the score crosses the threshold of its likeliest attack
// class.
func (p *Policy) Flagged(r *Result) bool {
	return r.Score >= p.ThresholdFor(r.Attack)
}

// Decide returns the decision for a result, never above the mode: an observing
// policy always allows.
func (p *Policy) Decide(r *Result) Decision {
	want := Allow
	switch {
	case p.Flagged(r):
		want = Block
	case r.Fallback != "":
		want = p.OnError
	case r.Inspected < r.Sent:
		want = p.OnOversize
	}
	switch {
	case want == Allow || p.Mode == ModeObserve:
		return Allow
	case p.Mode == ModeTag:
		return Tag
	}
	return want
}
