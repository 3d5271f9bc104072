package evasion

import (
	"math/rand/v2"

	"github.com/limen-waf/limen/classifier"
)

// Scorer gives the score of a request in [0, 1] and says whether it is caught.
type Scorer func(*classifier.Request) (score float64, caught bool, err error)

// Step is one mutation as it was applied: the same step on the same candidate
// gives the same candidate.
type Step struct {
	Mutation *Mutation
	Seed     uint64
}

// Apply returns the mutated candidate, or nil when the mutation does not fit.
func (s Step) Apply(c *Candidate) *Candidate {
	d := c.clone()
	if !s.Mutation.Apply(d, rand.New(rand.NewPCG(s.Seed, 0))) || !d.valid() || d.Depth() > max(maxDepth, c.Depth()) {
		return nil
	}
	return d
}

// Options bound a search. The zero value means the defaults.
type Options struct {
	Rounds     int // 50
	Candidates int // 8 a round
	// MaxFactor and MaxBytes bound growth: the request may not be larger than
	// before by more than MaxFactor times the payload (20), with 1 KiB always
	// granted to short ones, nor by more than MaxBytes (16 KiB).
	MaxFactor int
	MaxBytes  int
	// Upwards searches for the highest score instead: of an ordinary request
	// that is to be caught.
	Upwards bool
}

func (o Options) withDefaults() Options {
	if o.Rounds <= 0 {
		o.Rounds = 50
	}
	if o.Candidates <= 0 {
		o.Candidates = 8
	}
	if o.MaxFactor <= 0 {
		o.MaxFactor = 20
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 16 << 10
	}
	return o
}

// limit is the largest request that may come of c.
func (o *Options) limit(c *Candidate) int {
	return Size(c.Request()) + min(max(o.MaxFactor*len(c.Payload), 1<<10), o.MaxBytes)
}

// Outcome is what a search found.
type Outcome struct {
	// Before and After are the scores of the first and the last candidate.
	Before, After float64
	// Caught says whether the first candidate was caught; the search is only
	// begun if so (if not so, upwards).
	Caught bool
	// Flipped says whether the last candidate is on the other side.
	Flipped bool
	Rounds  int
	Scored  int
	Final   *Candidate
	// Steps lead from the first candidate to the last. Of a search that flipped,
	// what it can do without is left out.
	Steps []Step
}

// Chain are the names of the steps.
func (o *Outcome) Chain() []string {
	names := make([]string, len(o.Steps))
	for i, s := range o.Steps {
		names[i] = s.Mutation.Name
	}
	return names
}

// Search hides a payload: in each round it draws candidates that differ from
// the present one by a mutation, and goes on with the one that scores lowest,
// if not higher than the present one. It ends when that is not caught any
// more. The same seed gives the same outcome.
func Search(c *Candidate, suite Suite, score Scorer, o Options, seed uint64) (*Outcome, error) {
	o = o.withDefaults()
	r := rand.New(rand.NewPCG(seed, 1))
	limit := o.limit(c)
	out := &Outcome{Final: c}
	present, caught, err := score(c.Request())
	if err != nil {
		return nil, err
	}
	out.Before, out.After, out.Caught, out.Scored = present, present, caught, 1
	if caught == o.Upwards {
		return out, nil
	}
	draw := newDrawer(suite)
	first := c
	for out.Rounds < o.Rounds && !out.Flipped {
		out.Rounds++
		var best *Candidate
		var step Step
		bestScore, flipped := 0.0, false
		for range o.Candidates {
			d, s := draw.next(c, limit, r)
			if d == nil {
				continue
			}
			v, hit, err := score(d.Request())
			if err != nil {
				return nil, err
			}
			out.Scored++
			if best == nil || o.better(v, bestScore) {
				best, step, bestScore, flipped = d, s, v, hit == o.Upwards
			}
		}
		if best == nil || o.better(present, bestScore) {
			continue
		}
		c, present = best, bestScore
		out.Final, out.After, out.Flipped = c, present, flipped
		out.Steps = append(out.Steps, step)
	}
	if out.Flipped {
		err = out.shorten(first, score, o.Upwards, limit)
	}
	return out, err
}

func (o *Options) better(a, b float64) bool {
	if o.Upwards {
		return a > b
	}
	return a < b
}

// shorten leaves out steps without which the outcome is the same, from the
// last to the first.
func (o *Outcome) shorten(first *Candidate, score Scorer, upwards bool, limit int) error {
	for i := len(o.Steps) - 1; i >= 0 && len(o.Steps) > 1; i-- {
		steps := append(append([]Step{}, o.Steps[:i]...), o.Steps[i+1:]...)
		c := Replay(first, steps)
		if c == nil {
			continue
		}
		request := c.Request()
		v, hit, err := score(request)
		if err != nil {
			return err
		}
		o.Scored++
		if hit == upwards && Size(request) <= limit {
			o.Steps, o.Final, o.After = steps, c, v
		}
	}
	return nil
}

// Replay applies steps one after the other; nil when one does not fit.
func Replay(c *Candidate, steps []Step) *Candidate {
	for _, s := range steps {
		if c = s.Apply(c); c == nil {
			return nil
		}
	}
	return c
}

// Random applies up to n random mutations, without looking at scores.
func Random(c *Candidate, suite Suite, n int, o Options, seed uint64) (*Candidate, []Step) {
	o = o.withDefaults()
	r := rand.New(rand.NewPCG(seed, 2))
	limit := o.limit(c)
	draw := newDrawer(suite)
	var steps []Step
	for range n {
		if d, s := draw.next(c, limit, r); d != nil {
			c = d
			steps = append(steps, s)
		}
	}
	return c, steps
}

// drawer draws mutations: as often one of those for a class as one for all.
type drawer struct{ special, general Suite }

func newDrawer(suite Suite) *drawer {
	d := new(drawer)
	for _, m := range suite {
		if m.Classes != nil {
			d.special = append(d.special, m)
		} else {
			d.general = append(d.general, m)
		}
	}
	return d
}

// next draws a mutation that fits c and keeps within limit. The candidate is
// nil when none was found.
func (d *drawer) next(c *Candidate, limit int, r *rand.Rand) (*Candidate, Step) {
	for range 24 {
		from := d.special
		if len(from) == 0 || len(d.general) > 0 && r.IntN(100) < 35 {
			from = d.general
		}
		if len(from) == 0 {
			break
		}
		s := Step{&from[r.IntN(len(from))], r.Uint64()}
		if out := s.Apply(c); out != nil && Size(out.Request()) <= limit {
			return out, s
		}
	}
	return nil, Step{}
}
