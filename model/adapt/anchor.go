package adapt

import (
	"math"
	"slices"
)

// likeness is the cosine between the features of two windows from which requests count
// as alike, placeLikeness that of requests to one place. Other values in one parameter
// of one page move the cosine by some tenths.
const (
	likeness      = 0.95
	placeLikeness = 0.8
)

// anchorWindows is how many of an anchor's windows are held to what they were: those
// with the highest scores.
const anchorWindows = 2

// prepare finds what is the same for all strengths.
func (r *run) prepare() {
	r.chosen = make([][]bool, len(r.Labels))
	for i := range r.Labels {
		r.chosen[i] = make([]bool, r.Labels[i].windows(r.Base))
	}
	r.choose(r.Base)
	r.findNear()
	r.terms = r.anchorTerms()
	sum, n := 0.0, 0
	for _, t := range append(r.labelTerms(1), r.terms...) {
		for _, v := range t.features {
			sum += float64(v) * float64(v)
		}
		n++
	}
	r.pull = pullScale * max(sum/float64(n), math.SmallestNonzeroFloat64)
	if sum == 0 {
		r.pull = pullScale
	}
}

// findNear finds the anchors that would be decided at the place of a wrongly decided label
// as that was, by a window much like its own. They are more of what was labelled: to
// hold them to what they were would undo the label.
func (r *run) findNear() {
	var wrong []*Known
	var windows [][]float32
	for i := range r.Labels {
		k := &r.Labels[i]
		j := r.Base.Judge(&k.Example)
		if k.right(&j) {
			continue
		}
		wrong = append(wrong, k)
		windows = append(windows, k.window(r.Base, j.Window))
	}
	r.near = make([]bool, len(r.Anchors))
	for i := range r.Anchors {
		a := &r.Anchors[i]
		j := r.Base.Judge(a)
		x := a.window(r.Base, j.Window)
		for n, k := range wrong {
			if flagged := j.Score >= k.Thresholds[j.Attack]; flagged != k.Attack && cosine(x, windows[n]) >= likenessOf(a, k) {
				r.near[i] = true
				break
			}
		}
	}
}

// likenessOf is the cosine from which an anchor counts as like a label.
func likenessOf(a *Example, k *Known) float64 {
	if a.Place != "" && a.Place == k.Place {
		return placeLikeness
	}
	return likeness
}

func cosine(a, b []float32) float64 {
	ab, aa, bb := 0.0, 0.0, 0.0
	for i, v := range a {
		ab += float64(v) * float64(b[i])
		aa += float64(v) * float64(v)
		bb += float64(b[i]) * float64(b[i])
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}

// anchorTerms are the windows that should stay what they are. Four groups weigh alike,
// whatever their numbers: anchors that pass and anchors that are flagged, ordinary
// requests and attacks of the rehearsal. Of a group of a few each weighs no more than one of a
// group of many.
func (r *run) anchorTerms() []term {
	var groups [4][]term
	for i := range r.Anchors {
		if r.near[i] {
			continue
		}
		g := 0
		if j := r.Base.Judge(&r.Anchors[i]); j.Flagged {
			g = 1
		}
		groups[g] = append(groups[g], r.distil(&r.Anchors[i])...)
	}
	for i := range r.Rehearsal {
		g := 2
		if r.Rehearsal[i].Attack {
			g = 3
		}
		groups[g] = append(groups[g], r.distil(&r.Rehearsal[i].Example)...)
	}
	const few = 50
	var out []term
	for _, group := range groups {
		for _, t := range group {
			t.weight = 1 / float64(max(len(group), few))
			out = append(out, t)
		}
	}
	return out
}

// distil returns the highest windows of an example with what the base says of them.
func (r *run) distil(e *Example) []term {
	n := e.windows(r.Base)
	scores := make([]float64, n)
	order := make([]int, n)
	z := make([]float64, r.Base.Classes)
	for i := range n {
		r.Base.Logits(z, e.window(r.Base, i))
		scores[i], order[i] = score(z), i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return 0
	})
	var out []term
	for _, i := range order[:min(n, anchorWindows)] {
		q := make([]float64, r.Base.Classes)
		x := e.window(r.Base, i)
		r.Base.Logits(q, x)
		softmax(q)
		out = append(out, term{features: x, target: q})
	}
	return out
}
