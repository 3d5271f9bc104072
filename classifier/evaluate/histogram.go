package evaluate

import "math"

// Histogram counts the scores by their log-odds, ln(score / (1 - score)), in bins
// one wide: both ends of the scores, where they are, stand wide apart.
type Histogram struct {
	// From is the log-odds where the first bin begins. Lower ones are in the
	// first bin, and higher ones than the last bin's in the last.
	From int `json:"from"`
	// Normal and Attack are the counts.
	Normal []int `json:"normal"`
	Attack []int `json:"attack"`
}

// histogramReach is the log-odds of the histogram's ends: scores of 6e-6 from 0 and 1.
const histogramReach = 12

func (t *tally) histogram() Histogram {
	return Histogram{From: -histogramReach, Normal: countLogits(t.normal), Attack: countLogits(t.attack)}
}

func countLogits(scores []float64) []int {
	out := make([]int, 2*histogramReach)
	for _, s := range scores {
		x := math.Log(s) - math.Log1p(-s)
		out[int(min(max(math.Floor(x)+histogramReach, 0), 2*histogramReach-1))]++
	}
	return out
}
