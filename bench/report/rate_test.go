package report_test

import (
	"math"
	"testing"

	"github.com/limen-waf/limen/bench/report"
)

func near(t *testing.T, name string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%s: got %.12f, want %.12f", name, got, want)
	}
}

// Ensure that a rate carries the interval of Clopper and Pearson, and that
// nothing is known of no requests.
func TestRate(t *testing.T) {
	r := report.NewRate(5, 10)
	low, high := report.Interval(5, 10)
	near(t, "value", r.Value, 0.5)
	near(t, "low", r.Low, low)
	near(t, "high", r.High, high)
	if got := r.String(); got != "50.00 % (18.71–81.29)" {
		t.Errorf("text %q", got)
	}
	unknown := report.NewRate(0, 0)
	if unknown != nil || unknown.String() != "–" || report.MeanRate([]*report.Rate{nil}) != nil || report.Balanced(r, nil) != nil {
		t.Error("a rate of nothing is known")
	}
}

// Ensure that the mean of rates weighs each the same, and that its interval is
// that of one rate, of n like ones narrowed by the root of n, and no wider than
// what is possible.
func TestMeanRate(t *testing.T) {
	one := report.NewRate(9, 10)
	alone := report.MeanRate([]*report.Rate{one, nil})
	near(t, "mean of one", alone.Value, one.Value)
	near(t, "low of one", alone.Low, one.Low)
	near(t, "high of one", alone.High, one.High)

	four := report.MeanRate([]*report.Rate{one, one, one, one})
	near(t, "mean of four", four.Value, 0.9)
	near(t, "low of four", four.Low, 0.9-(0.9-one.Low)/2)
	near(t, "high of four", four.High, 0.9+(one.High-0.9)/2)

	mixed := report.MeanRate([]*report.Rate{report.NewRate(1, 1), report.NewRate(0, 1000)})
	near(t, "mean of unequal sets", mixed.Value, 0.5)
	if mixed.Low < 0 || mixed.High > 1 || mixed.Low >= 0.5 || mixed.High < 0.5 {
		t.Errorf("interval %v–%v", mixed.Low, mixed.High)
	}
}

// Ensure that weights count as shares of their sum.
func TestWeightedRate(t *testing.T) {
	half, none := report.NewRate(50, 100), report.NewRate(0, 100)
	r := report.WeightedRate([]*report.Rate{half, nil, none}, []float64{3, 100, 1})
	near(t, "value", r.Value, 0.375)
	near(t, "low", r.Low, 0.375-0.75*(0.5-half.Low))
	near(t, "high", r.High, 0.375+math.Hypot(0.75*(half.High-0.5), 0.25*none.High))
}

// Ensure that balanced accuracy falls with false positives, and that the end of
// the false positive rate that hurts is the one that lowers it.
func TestBalanced(t *testing.T) {
	positive := &report.Rate{Value: 0.9, Low: 0.9, High: 0.9}
	b := report.Balanced(positive, &report.Rate{Value: 0.1, Low: 0.08, High: 0.2})
	near(t, "value", b.Value, 0.9)
	near(t, "low", b.Low, 0.9-0.05)
	near(t, "high", b.High, 0.9+0.01)
	if perfect := report.Balanced(report.NewRate(100, 100), report.NewRate(0, 100)); perfect.Value != 1 || perfect.High != 1 || perfect.Low >= 1 {
		t.Errorf("perfect %+v", perfect)
	}
}
