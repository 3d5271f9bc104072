package adapt

import (
	"context"
	"errors"
	"math"
)

// Errors of an adaptation.
var (
	// ErrNoLabels: there is nothing to learn from.
	ErrNoLabels = errors.New("no labelled request to adapt to")
	// ErrAgree: the running head decides every labelled request as its label says.
	ErrAgree = errors.New("every labelled request is decided as its label says")
	// ErrStuck: no strength puts more labels right than are right already.
	ErrStuck = errors.New("no head decides more of the labelled requests rightly")
)

// The pull towards the base, in units of the mean square of the windows' features,
// which makes it mean the same whatever their scale; and the strengths that are
// tried, each twice the one before.
const (
	pullScale     = 1e-4
	firstStrength = 1.0 / 4096
	lastStrength  = 64.0
)

// How far a labelled request that was decided wrongly has to be on the right side of its
// threshold, in logits, to count as settled; how far below the threshold a
// window of an ordinary request is left alone; and how often windows are chosen anew for
// one strength.
const (
	margin      = 1.0
	nearby      = 3.0
	reselection = 4
)

// Result is a fitted head, and how it came about.
type Result struct {
	// Head is the outcome, in the precision of the file.
	Head *Head
	// Strength is that of the fit, Tried the number of strengths tried, Iterations those
	// of all fits. Converged says that the last fit reached its minimum.
	Strength   float64
	Tried      int
	Iterations int
	Converged  bool
	// Moved is the distance between Head and the base.
	Moved float64

	Before, After Figures
	// Labels are the labelled requests under the running head and under Head, in the
	// order of Input.Labels.
	Labels []Change
	// Flips are the anchors whose decision changes, in their order.
	Flips []Flip
	// Breach says which limit Head breaks, nil for none. With one Head is not to be used, unless
	// that was asked for.
	Breach *Breach
}

// Change is one labelled request.
type Change struct{ Before, After Judgement }

// run is one adaptation under way.
type run struct {
	*Input
	running *Head
	near    []bool // anchors that are like a labelled request
	chosen  [][]bool
	terms   []term // of anchors and rehearsal
	pull    float64
}

// Adapt fits a head. The strength rises, from one fit to the next, until every labelled
// request is settled or a limit is broken; the outcome is the last one that
// breaks none. Where even the first that puts a label right breaks one, the result has the
// Breach. The same input gives the same bits, on one kind of processor.
//
// It returns ErrNoLabels, ErrAgree, ErrStuck, or an error that wraps ErrInput or is ctx's.
func Adapt(ctx context.Context, in Input) (*Result, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if len(in.Labels) == 0 {
		return nil, ErrNoLabels
	}
	r := &run{Input: &in, running: in.Running}
	if r.running == nil {
		r.running = in.Base
	}
	r.prepare()
	before := r.judge(r.running)
	if before.figures.Right == before.figures.Labels {
		return nil, ErrAgree
	}
	return r.climb(ctx, before)
}

// climb goes through the strengths.
func (r *run) climb(ctx context.Context, before *judged) (*Result, error) {
	var best, broken *Result
	theta := r.Base.parameters()
	tried, iterations := 0, 0
	strength, last := firstStrength, lastStrength
	if r.Strength != 0 {
		strength, last = r.Strength, r.Strength
	}
	for ; strength <= last; strength *= 2 {
		if r.Progress != nil {
			r.Progress(strength)
		}
		f, n, err := r.fit(ctx, theta, strength)
		if err != nil {
			return nil, err
		}
		theta = f.theta
		tried++
		iterations += n
		res := r.assess(theta, before)
		res.Strength, res.Converged = strength, f.converged
		if res.Breach != nil && !r.Force {
			broken = res
			break
		}
		if best == nil || res.After.Settled > best.After.Settled || res.After.Right > best.After.Right {
			best = res
		}
		if res.After.Settled == res.After.Labels {
			break
		}
	}
	// An outcome within the limits that puts nothing right is none.
	if best == nil || broken != nil && best.After.Right <= before.figures.Right {
		best = broken
	}
	if broken == nil && best.After.Right <= before.figures.Right {
		return nil, ErrStuck
	}
	best.Tried, best.Iterations = tried, iterations
	return best, nil
}

// assess rounds a fit as the file does and says what it changes.
func (r *run) assess(theta []float64, before *judged) *Result {
	o := objective{classes: r.Base.Classes, features: r.Base.Features}
	head := o.head(theta).rounded()
	after := r.judge(head)
	res := &Result{Head: head, Moved: head.Distance(r.Base), Before: before.figures, After: after.figures}
	for i := range r.Labels {
		res.Labels = append(res.Labels, Change{before.labels[i], after.labels[i]})
	}
	for i, was := range before.anchors {
		if now := after.anchors[i]; was.Flagged != now.Flagged {
			res.Flips = append(res.Flips, Flip{Anchor: i, Like: r.near[i], Before: was, After: now})
		}
	}
	for i := range r.Labels {
		if r.settled(i, &before.labels[i], &after.labels[i]) {
			res.After.Settled++
		}
		if r.settled(i, &before.labels[i], &before.labels[i]) {
			res.Before.Settled++
		}
	}
	res.Breach = r.Limits.breach(res)
	return res
}

// settled says whether a label is as it should be: decided rightly, and with room to
// spare where it was not before, as the next request like it is not quite the same.
func (r *run) settled(i int, before, after *Judgement) bool {
	k := &r.Labels[i]
	switch {
	case !k.right(after):
		return false
	case k.right(before):
		return true
	case k.Attack:
		return lead(after.Score, after.Threshold) >= margin
	}
	return lead(after.Score, after.Threshold) <= -margin
}

// fit fits at one strength. Which windows a label is about depends on the head: those
// that a fit makes the ones that decide are added, and it is fitted again.
func (r *run) fit(ctx context.Context, theta []float64, strength float64) (*fitted, int, error) {
	o := &objective{classes: r.Base.Classes, features: r.Base.Features, start: r.Base.parameters(), pull: r.pull}
	iterations := 0
	for range reselection {
		o.terms = append(r.labelTerms(strength), r.terms...)
		f, err := o.fit(ctx, theta)
		if err != nil {
			return nil, iterations, err
		}
		theta = f.theta
		iterations += f.iterations
		if !r.choose(o.head(theta)) {
			return f, iterations, nil
		}
	}
	o.terms = append(r.labelTerms(strength), r.terms...)
	f, err := o.fit(ctx, theta)
	if err != nil {
		return nil, iterations, err
	}
	return f, iterations + f.iterations, nil
}

// choose adds the windows that decide under h, and reports whether there are new ones:
// of an attack the highest, of an ordinary request each that is above its threshold
// or near it, since each of them alone would flag the request.
func (r *run) choose(h *Head) (more bool) {
	z := make([]float64, h.Classes)
	for i := range r.Labels {
		k := &r.Labels[i]
		j := h.Judge(&k.Example)
		for w := range r.chosen[i] {
			take := w == j.Window
			if !k.Attack && !take {
				h.Logits(z, k.window(h, w))
				take = lead(score(z), k.Thresholds[1+argmax(z[1:])]) >= -nearby
			}
			if take && !r.chosen[i][w] {
				r.chosen[i][w], more = true, true
			}
		}
	}
	return more
}

// labelTerms are the chosen windows of the labels.
func (r *run) labelTerms(strength float64) []term {
	var out []term
	for i := range r.Labels {
		k := &r.Labels[i]
		for w, chosen := range r.chosen[i] {
			if chosen {
				x := k.window(r.Base, w)
				out = append(out, term{x, r.target(k, x), strength})
			}
		}
	}
	return out
}

// target is what a labelled window should be. An attack whose class nobody named is
// shared out among the classes as the base has it.
func (r *run) target(k *Known, x []float32) []float64 {
	q := make([]float64, r.Base.Classes)
	switch {
	case !k.Attack:
		q[0] = 1
	case k.Class > 0:
		q[k.Class] = 1
	default:
		r.Base.Logits(q, x)
		q[0] = math.Inf(-1)
		softmax(q)
	}
	return q
}
