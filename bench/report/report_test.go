package report_test

import (
	"math"
	"testing"

	"github.com/limen-waf/limen/bench/report"
)

func TestSummarize(t *testing.T) {
	tests := []struct {
		values []float64
		want   report.Spread
		text   string
	}{
		{nil, report.Spread{}, "–"},
		{[]float64{3}, report.Spread{3, 3, 3, 1}, "3.0 (3.0–3.0)"},
		{[]float64{4, 1, 2}, report.Spread{2, 1, 4, 3}, "2.0 (1.0–4.0)"},
		{[]float64{4, 1, 2, 3}, report.Spread{2.5, 1, 4, 4}, "2.5 (1.0–4.0)"},
	}
	for _, test := range tests {
		got := report.Summarize(test.values)
		if got != test.want || got.Format("%.1f") != test.text {
			t.Errorf("Summarize(%v) = %+v, %q", test.values, got, got.Format("%.1f"))
		}
	}
}

func TestSlope(t *testing.T) {
	if got := report.Slope([]float64{0, 1, 2, 3}, []float64{1, 3, 5, 7}); math.Abs(got-2) > 1e-12 {
		t.Errorf("slope %v, want 2", got)
	}
	if got := report.Slope([]float64{1, 1}, []float64{1, 2}); got != 0 {
		t.Errorf("slope of a vertical line %v, want 0", got)
	}
	if got := report.Slope([]float64{1}, []float64{1}); got != 0 {
		t.Errorf("slope of one point %v, want 0", got)
	}
}

// Ensure that intervals are those that scipy.stats.binomtest(k, n).proportion_ci
// (method "exact") gives, and the closed forms at the ends.
func TestInterval(t *testing.T) {
	tests := []struct {
		k, n      int
		low, high float64
	}{
		{0, 0, 0, 1},
		{0, 10, 0, 0.3084971078187608},
		{10, 10, 0.6915028921812392, 1},
		{5, 10, 0.18708602844739506, 0.8129139715526049},
		{1, 100, 0.0002531460312164906, 0.05445938539208085},
		{0, 11812, 0, 1 - math.Pow(0.025, 1.0/11812)},
		{11812, 11812, math.Pow(0.025, 1.0/11812), 1},
	}
	for _, test := range tests {
		low, high := report.Interval(test.k, test.n)
		if math.Abs(low-test.low) > 1e-8 || math.Abs(high-test.high) > 1e-8 {
			t.Errorf("Interval(%d, %d) = %.10f, %.10f, want %.10f, %.10f", test.k, test.n, low, high, test.low, test.high)
		}
	}
}

func TestTable(t *testing.T) {
	table := report.Table{Titles: []string{" name", "n"}}
	table.Row("a|b", 1)
	table.Row("c", 2.5)
	const want = "| name | n |\n| --- | ---: |\n| a\\|b | 1 |\n| c | 2.5 |\n"
	if got := table.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := report.Percent(1, 8); got != "12.50 %" {
		t.Errorf("percent %q", got)
	}
	if got := report.Percent(0, 0) + report.PercentInterval(0, 0); got != "––" {
		t.Errorf("percent of nothing %q", got)
	}
	if got := report.PercentInterval(5, 10); got != "18.71–81.29 %" {
		t.Errorf("interval %q", got)
	}
}
