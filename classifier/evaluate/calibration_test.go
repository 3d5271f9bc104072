package evaluate_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/limen-waf/limen/classifier/corpus"
	"github.com/limen-waf/limen/classifier/evaluate"
)

func judge(prior float64, normal, attack []float64) *evaluate.Report {
	e := evaluate.New(evaluate.Options{Classes: classes, Prior: prior})
	add(e, "d", corpus.Normal, normal...)
	add(e, "d", corpus.Attack, attack...)
	return e.Report()
}

// Ensure that the figures are those worked out by hand.
func TestCalibration(t *testing.T) {
	normal, attack := []float64{0, 0.1, 0.02, 0.7}, []float64{0.9, 0.7}
	// At a prior of 0.5 a normal sample weighs 1/8 and an attack 1/4. Bins are
	// 1/15 wide: [0, 0.0667) has 0 and 0.02, [0.0667, 0.1333) 0.1, [0.6667, 0.7333)
	// both 0.7, and [0.8667, 0.9333) 0.9.
	k := judge(0, normal, attack).Calibration
	if k.Prior != 0.5 || len(k.Width) != 4 {
		t.Fatalf("%+v", k)
	}
	near(t, "ECE", k.ECE, 0.25*0.01+0.125*0.1+0.375*math.Abs(0.7-2.0/3)+0.25*0.1)
	near(t, "Brier", k.Brier, 0.125*(0+0.01+0.0004+0.49)+0.25*(0.01+0.09))
	bin := k.Width[2]
	if bin.Normal != 1 || bin.Attack != 1 {
		t.Errorf("bin %+v", bin)
	}
	near(t, "weight", evaluate.Figure(bin.Weight), 0.375)
	near(t, "mean score", evaluate.Figure(bin.Score), 0.7)
	near(t, "share", evaluate.Figure(bin.Share), 2.0/3)
	// The interval of 1 of 2 is [0.01258, 0.98742]; attacks weigh twice as much.
	low, high := evaluate.ClopperPearson(1, 2, 0.95)
	near(t, "low", evaluate.Figure(bin.Low), 2*low/(2*low+1-low))
	near(t, "high", evaluate.Figure(bin.High), 2*high/(2*high+1-high))

	// At a prior of 0.2 a normal sample weighs 0.2 and an attack 0.1.
	k = judge(0.2, normal, attack).Calibration
	near(t, "ECE at 0.2", k.ECE, 0.4*0.01+0.2*0.1+0.3*math.Abs(0.7-1.0/3)+0.1*0.1)
	near(t, "Brier at 0.2", k.Brier, 0.2*(0+0.01+0.0004+0.49)+0.1*(0.01+0.09))
}

// Ensure that bins of equal weight have it, and that equal scores stay
// together.
func TestEqualMass(t *testing.T) {
	var normal, attack []float64
	for i := range 15 { // one of each kind a bin
		normal = append(normal, float64(i)/15)
		attack = append(attack, float64(i)/15+0.01)
	}
	k := judge(0.5, normal, attack).Calibration
	if len(k.Mass) != 15 {
		t.Fatalf("%d bins", len(k.Mass))
	}
	want := 0.0
	for i, b := range k.Mass {
		if b.Normal != 1 || b.Attack != 1 || math.Abs(b.Weight-1.0/15) > 1e-9 {
			t.Errorf("bin %d is %+v", i, b)
		}
		want += math.Abs(float64(i)/15+0.005-0.5) / 15
	}
	near(t, "ECE", k.ECEMass, want)

	k = judge(0.5, []float64{0.2, 0.2, 0.2}, []float64{0.2, 0.9}).Calibration
	if len(k.Mass) != 2 || k.Mass[0].Normal != 3 || k.Mass[0].Attack != 1 {
		t.Errorf("%+v", k.Mass)
	}
	near(t, "ECE", k.ECEMass, 0.75*math.Abs(0.2-1.0/3)+0.25*0.1)
	if r := judge(0.5, nil, []float64{1}); r.Calibration != nil || r.Curves != nil {
		t.Error("figures without normal samples")
	}
}

// Ensure that a perfect model has no error, that scores drawn as their own
// probabilities have next to none, and that a constant has the error it must.
func TestCalibrationExtremes(t *testing.T) {
	k := judge(0.3, []float64{0, 0}, []float64{1, 1}).Calibration
	if k.ECE != 0 || k.ECEMass != 0 || k.Brier != 0 {
		t.Errorf("perfect: %+v", k)
	}
	k = judge(0.25, []float64{0.4, 0.4}, []float64{0.4}).Calibration
	near(t, "constant, ECE", k.ECE, 0.15)
	near(t, "constant, Brier", k.Brier, 0.75*0.16+0.25*0.36)

	rnd := rand.New(rand.NewPCG(1, 2))
	var normal, attack []float64
	for range 200_000 {
		s := rnd.Float64()
		if rnd.Float64() < s {
			attack = append(attack, s)
		} else {
			normal = append(normal, s)
		}
	}
	k = judge(float64(len(attack))/200_000, normal, attack).Calibration
	if k.ECE > 0.005 || k.ECEMass > 0.005 || math.Abs(float64(k.Brier)-1.0/6) > 0.005 {
		t.Errorf("ECE %v and %v, Brier %v", k.ECE, k.ECEMass, k.Brier)
	}
	for i, b := range k.Width {
		if b.Low > b.Share || b.High < b.Share {
			t.Errorf("bin %d: %+v", i, b)
		}
	}
}

// Ensure that the curves are those worked out by hand.
func TestCurves(t *testing.T) {
	c := judge(0.5, []float64{0.1, 0.6, 0.3, 0.4}, []float64{0.9, 0.6, 0.2}).Curves
	third := 1.0 / 3
	want := []evaluate.Point{
		{Threshold: 0.9, FPR: 0, TPR: third, Precision: 1},
		{Threshold: 0.6, FPR: 0.25, TPR: 2 * third, Precision: 2 * third / (2*third + 0.25)},
		{Threshold: 0.4, FPR: 0.5, TPR: 2 * third, Precision: 2 * third / (2*third + 0.5)},
		{Threshold: 0.3, FPR: 0.75, TPR: 2 * third, Precision: 2 * third / (2*third + 0.75)},
		{Threshold: 0.2, FPR: 0.75, TPR: 1, Precision: 1 / 1.75},
		{Threshold: 0.1, FPR: 1, TPR: 1, Precision: 0.5},
	}
	if len(c.Points) != len(want) {
		t.Fatalf("%+v", c.Points)
	}
	for i, p := range c.Points {
		near(t, "FPR", evaluate.Figure(p.FPR), want[i].FPR)
		near(t, "TPR", evaluate.Figure(p.TPR), want[i].TPR)
		near(t, "precision", evaluate.Figure(p.Precision), want[i].Precision)
		near(t, "threshold", evaluate.Figure(p.Threshold), want[i].Threshold)
	}
	near(t, "average precision", c.AveragePrecision, third*(1+want[1].Precision+want[4].Precision))
	// At the prior of the mix it is the usual average precision: precisions of
	// 1, 2/3 and 3/6 at the three attacks.
	c = judge(3.0/7, []float64{0.1, 0.6, 0.3, 0.4}, []float64{0.9, 0.6, 0.2}).Curves
	near(t, "average precision of the mix", c.AveragePrecision, third*(1+2*third+0.5))
}

// Ensure on random samples that thinned curves are still the curves: few
// points, both ends, every point exact, and the area under them the AUC but for
// what a plot does not show.
func TestCurvesThinned(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var normal, attack []float64
	for range 50_000 {
		normal = append(normal, 1/(1+math.Exp(2-rnd.NormFloat64())))
		attack = append(attack, 1/(1+math.Exp(-2-rnd.NormFloat64())))
	}
	r := judge(0.1, normal, attack)
	points := r.Curves.Points
	if len(points) > 3000 || points[len(points)-1].FPR != 1 || points[len(points)-1].TPR != 1 {
		t.Errorf("%d points that end at %+v", len(points), points[len(points)-1])
	}
	slices.Sort(normal)
	slices.Sort(attack)
	from := func(scores []float64, s float64) float64 {
		at, _ := slices.BinarySearch(scores, s)
		return float64(len(scores)-at) / float64(len(scores))
	}
	area, last := 0.0, evaluate.Point{}
	for _, p := range points {
		if p.FPR != from(normal, p.Threshold) || p.TPR != from(attack, p.Threshold) {
			t.Fatalf("%+v, want FPR %v, TPR %v", p, from(normal, p.Threshold), from(attack, p.Threshold))
		}
		if want := 0.1 * p.TPR / (0.1*p.TPR + 0.9*p.FPR); math.Abs(p.Precision-want) > 1e-9 {
			t.Fatalf("%+v, want precision %v", p, want)
		}
		area += (p.FPR - last.FPR) * (p.TPR + last.TPR) / 2
		last = p
	}
	if math.Abs(area-float64(r.Overall.AUC)) > 1e-4 {
		t.Errorf("area %v, AUC %v", area, r.Overall.AUC)
	}
}

// Ensure that scores are counted where their log-odds are, and the ends too.
func TestHistogram(t *testing.T) {
	h := judge(0.5, []float64{0, 1e-9, 0.5, 0.4999}, []float64{1, 0.9999999, 0.75, 0.2}).Histogram
	if h.From != -12 || len(h.Normal) != 24 || len(h.Attack) != 24 {
		t.Fatalf("%+v", h)
	}
	for at, n := range map[int]int{0: 2, 11: 1, 12: 1} {
		if h.Normal[at] != n {
			t.Errorf("normal in bin %d: %d, want %d", at, h.Normal[at], n)
		}
	}
	for at, n := range map[int]int{10: 1, 13: 1, 23: 2} { // ln 3 = 1.1, ln 1/4 = -1.4
		if h.Attack[at] != n {
			t.Errorf("attacks in bin %d: %d, want %d", at, h.Attack[at], n)
		}
	}
}
