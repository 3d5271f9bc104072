package report

import (
	"math"
	"slices"
)

// Spread is the middle and the range of repeated measurements.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	N      int     `json:"n"`
}

// Summarize returns the spread of values, all zero if there are none.
func Summarize(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	n := len(sorted)
	return Spread{Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Min: sorted[0], Max: sorted[n-1], N: n}
}

// Slope returns the slope of the least-squares line through the points.
func Slope(x, y []float64) float64 {
	n := float64(len(x))
	if n < 2 {
		return 0
	}
	var sx, sy, sxx, sxy float64
	for i := range x {
		sx, sy = sx+x[i], sy+y[i]
		sxx, sxy = sxx+x[i]*x[i], sxy+x[i]*y[i]
	}
	below := n*sxx - sx*sx
	if below == 0 {
		return 0
	}
	return (n*sxy - sx*sy) / below
}

// Interval returns the 95 % confidence interval of Clopper and Pearson for the
// probability behind k hits in n tries.
func Interval(k, n int) (low, high float64) {
	const tail = 0.025
	if n == 0 {
		return 0, 1
	}
	high = 1
	if k > 0 {
		low = bisect(func(p float64) bool { return 1-binomial(k-1, n, p) < tail })
	}
	if k < n {
		high = bisect(func(p float64) bool { return binomial(k, n, p) > tail })
	}
	return low, high
}

// bisect returns the p in [0,1] up to which below holds.
func bisect(below func(p float64) bool) float64 {
	low, high := 0.0, 1.0
	for range 60 {
		if p := (low + high) / 2; below(p) {
			low = p
		} else {
			high = p
		}
	}
	return low
}

// binomial returns the probability of at most k hits in n tries of probability
// p each.
func binomial(k, n int, p float64) float64 {
	switch {
	case k < 0:
		return 0
	case k >= n || p <= 0:
		return 1
	case p >= 1:
		return 0
	}
	logFactorial := func(n int) float64 { v, _ := math.Lgamma(float64(n) + 1); return v }
	whole, sum := logFactorial(n), 0.0
	for i := 0; i <= k; i++ {
		sum += math.Exp(whole - logFactorial(i) - logFactorial(n-i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return min(sum, 1)
}
