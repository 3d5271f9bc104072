package evaluate_test

import (
	"math"
	"testing"

	"github.com/limen-waf/limen/classifier/evaluate"
)

// Ensure that the bounds are those of published tables and closed forms.
func TestClopperPearson(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 0, 0, 1},
		{0, 1, 0, 0.975},
		{1, 1, 0.025, 1},
		{0, 10, 0, 1 - math.Pow(0.025, 0.1)}, // closed form
		{10, 10, math.Pow(0.025, 0.1), 1},
		{5, 10, 0.1870860, 0.8129140},
		{1, 10, 0.0025286, 0.4450161},
		{8, 100, 0.0351715626, 0.1515576359},
		{0, 3000, 0, 1 - math.Pow(0.025, 1.0/3000)}, // "rule of three" at two sides: 3.69/n
		{0, 10_000_000, 0, -math.Expm1(math.Log(0.025) / 1e7)},
	} {
		low, high := evaluate.ClopperPearson(c.k, c.n, 0.95)
		if math.Abs(low-c.low) > 1e-7 || math.Abs(high-c.high) > 1e-7 {
			t.Errorf("%d of %d: [%.8f, %.8f], want [%.8f, %.8f]", c.k, c.n, low, high, c.low, c.high)
		}
	}
}

// Ensure by the definition that each bound is the proportion at which so many
// hits, or more, or fewer, have a probability of 2.5 %.
func TestClopperPearsonTails(t *testing.T) {
	for _, n := range []int{1, 2, 7, 40, 333, 2500, 40_000} {
		for _, k := range []int{0, 1, 2, n / 10, n / 2, n - 1, n} {
			if k < 0 || k > n {
				continue
			}
			low, high := evaluate.ClopperPearson(k, n, 0.95)
			if low > float64(k)/float64(n) || high < float64(k)/float64(n) || low < 0 || high > 1 {
				t.Errorf("%d of %d: [%g, %g] does not hold the proportion", k, n, low, high)
			}
			if k > 0 {
				if got := 1 - atMost(k-1, n, low); math.Abs(got-0.025) > 1e-6 {
					t.Errorf("%d of %d: P(at least k) at %g is %g", k, n, low, got)
				}
			}
			if k < n {
				if got := atMost(k, n, high); math.Abs(got-0.025) > 1e-6 {
					t.Errorf("%d of %d: P(at most k) at %g is %g", k, n, high, got)
				}
			}
		}
	}
}

// atMost sums the binomial distribution.
func atMost(k, n int, p float64) (sum float64) {
	lgamma := func(x int) float64 { v, _ := math.Lgamma(float64(x)); return v }
	for i := 0; i <= k; i++ {
		sum += math.Exp(lgamma(n+1) - lgamma(i+1) - lgamma(n-i+1) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}
