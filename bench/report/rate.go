package report

import (
	"fmt"
	"math"
)

// Rate is a proportion, or a combination of proportions, with its 95 %
// confidence interval.
type Rate struct {
	// Hits of Of requests; both 0 for a combination of other rates.
	Hits int `json:"hits,omitempty"`
	Of   int `json:"of,omitempty"`
	// Value lies between Low and High, all from 0 to 1.
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// NewRate returns k of n with the interval of Clopper and Pearson, nil if n is 0.
func NewRate(k, n int) *Rate {
	if n == 0 {
		return nil
	}
	r := &Rate{Hits: k, Of: n, Value: float64(k) / float64(n)}
	r.Low, r.High = Interval(k, n)
	return r
}

// MeanRate returns the mean of independent rates, each with the same weight, nil
// if there are none. Nil rates are left out.
func MeanRate(rates []*Rate) *Rate {
	weights := make([]float64, len(rates))
	for i := range weights {
		weights[i] = 1
	}
	return WeightedRate(rates, weights)
}

// WeightedRate returns the mean of independent rates with the given weights, nil
// if there are none. Nil rates are left out with their weights.
func WeightedRate(rates []*Rate, weights []float64) *Rate {
	var terms []term
	total := 0.0
	for i, r := range rates {
		if r != nil {
			terms = append(terms, term{r, weights[i]})
			total += weights[i]
		}
	}
	for i := range terms {
		terms[i].factor /= total
	}
	return combine(0, terms)
}

// Balanced returns the balanced accuracy, the mean of the true positive and the
// true negative rate, nil if one of them is unknown.
func Balanced(truePositive, falsePositive *Rate) *Rate {
	if truePositive == nil || falsePositive == nil {
		return nil
	}
	return combine(0.5, []term{{truePositive, 0.5}, {falsePositive, -0.5}})
}

// term is a rate times a factor.
type term struct {
	*Rate
	factor float64
}

// combine returns constant + Σ factor·rate of independent rates. Its interval is
// made of theirs by the method of variance estimates recovery: the distance to
// each end is the root of the sum of the squares of the terms' distances to the
// ends that lie on that side (Zou and Donner, Statistics in Medicine 27, 2008,
// 1693-1702).
func combine(constant float64, terms []term) *Rate {
	if len(terms) == 0 {
		return nil
	}
	out := &Rate{Value: constant}
	var below, above float64
	for _, t := range terms {
		out.Value += t.factor * t.Value
		down, up := t.factor*(t.Value-t.Low), t.factor*(t.High-t.Value)
		if t.factor < 0 {
			down, up = up, down
		}
		below, above = below+down*down, above+up*up
	}
	out.Low, out.High = max(0, out.Value-math.Sqrt(below)), min(1, out.Value+math.Sqrt(above))
	return out
}

// String formats a rate as "99.12 % (98.40–99.57)", "–" for nil.
func (r *Rate) String() string {
	if r == nil {
		return "–"
	}
	return fmt.Sprintf("%.2f %% (%.2f–%.2f)", 100*r.Value, 100*r.Low, 100*r.High)
}
