package evaluate

import "gonum.org/v1/gonum/mathext"

// Confidence is that of all intervals in a Report.
const Confidence = 0.95

// ClopperPearson returns the exact confidence interval of a proportion of
// which k of n were seen (Clopper and Pearson, Biometrika 26, 1934). It covers
// the true proportion with at least the given confidence, however small n is.
// For n = 0 it is [0, 1].
func ClopperPearson(k, n int, confidence float64) (low, high float64) {
	low, high = 0, 1
	tail := (1 - confidence) / 2
	if k > 0 {
		low = mathext.InvRegIncBeta(float64(k), float64(n-k+1), tail)
	}
	if k < n {
		// By symmetry: the lower tail of the other proportion keeps its
		// precision where 1 - tail would lose it.
		high = 1 - mathext.InvRegIncBeta(float64(n-k), float64(k+1), tail)
	}
	return low, high
}
