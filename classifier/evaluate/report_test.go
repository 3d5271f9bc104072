package evaluate_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier/corpus"
	"github.com/limen-waf/limen/classifier/evaluate"
)

var classes = []string{"none", "sqli", "xss", "other"}

// add adds samples of one data set with scores, flagged from 0.5.
func add(e *evaluate.Evaluation, dataset, label string, scores ...float64) {
	for _, s := range scores {
		e.Add(evaluate.Sample{Dataset: dataset, Label: label, Score: s, Flagged: s >= 0.5})
	}
}

func near(t *testing.T, name string, got evaluate.Figure, want float64) {
	t.Helper()
	if !(math.Abs(float64(got)-want) < 1e-9) {
		t.Errorf("%s is %v, want %v", name, got, want)
	}
}

// Ensure that the figures are those worked out by hand.
func TestReport(t *testing.T) {
	e := evaluate.New(evaluate.Options{Classes: classes, TargetFPR: 0.25})
	add(e, "b", corpus.Normal, 0.1, 0.6, 0.3, 0.4)
	add(e, "b", corpus.Attack, 0.9, 0.6, 0.2)
	add(e, "a", corpus.Attack, 0.8, 0.7)
	add(e, "a", corpus.Anomaly, 0.9, 0.1, 0.2)
	r := e.Report()

	if got := []string{r.Datasets[0].Name, r.Datasets[1].Name}; !reflect.DeepEqual(got, []string{"a", "b"}) {
		t.Errorf("data sets %q", got)
	}
	a, b := r.Datasets[0], r.Datasets[1]
	if b.FPR.Hits != 1 || b.FPR.Of != 4 || b.TPR.Hits != 2 || b.TPR.Of != 3 {
		t.Errorf("b: %+v", b)
	}
	near(t, "FPR", b.FPR.Rate, 0.25)
	near(t, "TPR", b.TPR.Rate, 2.0/3)
	near(t, "precision", b.Precision, 2.0/3)
	near(t, "F1", b.F1, 2.0/3)
	near(t, "balanced accuracy", b.BalancedAccuracy, (2.0/3+0.75)/2)
	// 0.9 beats 4; 0.6 beats 3 and ties 1; 0.2 beats 1.
	near(t, "AUC", b.AUC, 8.5/12)
	near(t, "anomaly rate", a.AnomalyRate.Rate, 1.0/3)
	for name, f := range map[string]evaluate.Figure{"FPR": a.FPR.Rate, "F1": a.F1, "precision": a.Precision, "AUC": a.AUC, "balanced accuracy": a.BalancedAccuracy} {
		if f.Known() {
			t.Errorf("%s of attacks alone is %v", name, f)
		}
	}

	o := r.Overall
	if o.Normal != 4 || o.Attack != 5 || o.Anomaly != 3 {
		t.Errorf("overall: %+v", o)
	}
	near(t, "TPR", o.TPR.Rate, 0.8)
	near(t, "precision", o.Precision, 0.8)
	near(t, "AUC", o.AUC, 16.5/20)

	// One of four may be flagged: everything above 0.4.
	if r.Target == nil || r.Target.Threshold != 0.401 || !r.Target.Reachable || !r.Target.Enough {
		t.Fatalf("target: %+v", r.Target)
	}
	near(t, "FPR at the target", r.Target.FPR.Rate, 0.25)
	near(t, "TPR at the target", r.Target.TPR.Rate, 0.8)
	near(t, "the FPR's low end", r.Target.FPR.Low, 0.006309463)
	near(t, "the FPR's high end", r.Target.FPR.High, 0.805879550)
}

// Ensure that attacks found are judged by their names, and that the others and
// those of unknown class stay out of it.
func TestReportClasses(t *testing.T) {
	e := evaluate.New(evaluate.Options{Classes: classes})
	for _, s := range []struct {
		class, said string
		flagged     bool
	}{
		{"sqli", "sqli", true}, {"sqli", "sqli", true}, {"sqli", "xss", true}, {"sqli", "sqli", false},
		{"xss", "xss", true}, {"xss", "xss", true},
		{"other", "other", false},
		{"", "xss", true}, {"none", "xss", true},
	} {
		e.Add(evaluate.Sample{Label: corpus.Attack, Class: s.class, Attack: s.said, Flagged: s.flagged})
	}
	e.Add(evaluate.Sample{Label: corpus.Normal, Class: "none", Attack: "sqli", Flagged: true})
	r := e.Report()
	if got, want := r.Confusion.Counts, [][]int{{0, 0, 0, 0}, {0, 2, 1, 0}, {0, 0, 2, 0}, {0, 0, 0, 0}}; !reflect.DeepEqual(got, want) {
		t.Errorf("confusion %v, want %v", got, want)
	}
	if len(r.Classes) != 3 {
		t.Fatalf("classes %+v", r.Classes)
	}
	sqli, xss, other := r.Classes[0], r.Classes[1], r.Classes[2]
	if sqli.Name != "sqli" || sqli.Attack != 4 || sqli.TPR.Hits != 3 {
		t.Errorf("sqli %+v", sqli)
	}
	near(t, "precision of sqli", sqli.Precision, 1)
	near(t, "recall of sqli", sqli.Recall, 2.0/3)
	near(t, "F1 of sqli", sqli.F1, 0.8)
	near(t, "precision of xss", xss.Precision, 2.0/3)
	near(t, "F1 of xss", xss.F1, 0.8)
	if other.F1.Known() || other.TPR.Hits != 0 {
		t.Errorf("other %+v", other)
	}
	near(t, "macro-F1", r.MacroF1, 0.8)
}

// Ensure that anomalies count as the options say.
func TestAnomaly(t *testing.T) {
	for _, c := range []struct {
		as                  string
		normal, attack, fps int
		wrong               [2]string // of a flagged and of a passed anomaly
	}{
		{"apart", 2, 1, 0, [2]string{"", ""}},
		{corpus.Attack, 2, 3, 0, [2]string{"", "false negative"}},
		{corpus.Normal, 4, 1, 1, [2]string{"false positive", ""}},
	} {
		e := evaluate.New(evaluate.Options{Classes: classes, Anomaly: c.as})
		add(e, "d", corpus.Normal, 0.1, 0.2)
		add(e, "d", corpus.Attack, 0.9)
		add(e, "d", corpus.Anomaly, 0.7, 0.3)
		m := e.Report().Overall
		if m.Normal != c.normal || m.Attack != c.attack || m.FPR.Hits != c.fps || m.Anomaly != 2 || m.AnomalyRate.Hits != 1 {
			t.Errorf("%s: %+v", c.as, m)
		}
		for i, flagged := range []bool{true, false} {
			if kind, wrong := e.Wrong(evaluate.Sample{Label: corpus.Anomaly, Flagged: flagged}); kind != c.wrong[i] || wrong != (kind != "") {
				t.Errorf("%s, flagged %v: %q", c.as, flagged, kind)
			}
		}
	}
}

// Ensure that the threshold is right at the edges: too few samples, all
// allowed, ties, and scores of 1.
func TestTarget(t *testing.T) {
	for name, c := range map[string]struct {
		wanted            float64
		normal            []float64
		threshold         float64
		hits              int
		reachable, enough bool
	}{
		"none allowed":   {0.01, []float64{0.1, 0.9, 0.5}, 0.901, 0, true, false},
		"one allowed":    {0.34, []float64{0.1, 0.9, 0.5}, 0.501, 1, true, true},
		"ties":           {0.5, []float64{0.7, 0.7, 0.7, 0.1}, 0.701, 0, true, true},
		"all allowed":    {1, []float64{0.7, 0.1}, 0, 2, true, true},
		"saturated":      {0.1, []float64{1, 1, 0.1}, math.Nextafter(1, 2), 0, false, false},
		"rounding":       {0.07, repeat(100, 0.5, 7, 0.9), 0.501, 7, true, true},
		"near one":       {0.5, []float64{0.99987312, 0.99987312, 0.9}, 0.999874, 0, true, true},
		"close together": {0.5, []float64{0.25000000001, 0.25, 0.25}, 0.25000000001, 1, true, true},
		"zero above all": {0.5, []float64{0, 0, 0}, 0.01, 0, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			e := evaluate.New(evaluate.Options{Classes: classes, TargetFPR: c.wanted})
			add(e, "d", corpus.Normal, c.normal...)
			got := e.Report().Target
			if got.Threshold != c.threshold || got.FPR.Hits != c.hits || got.Reachable != c.reachable || got.Enough != c.enough {
				t.Errorf("got %+v, want %+v", got, c)
			}
		})
	}
	e := evaluate.New(evaluate.Options{Classes: classes, TargetFPR: 0.1})
	add(e, "d", corpus.Attack, 1)
	if got := e.Report().Target; got != nil {
		t.Errorf("a target without normal samples: %+v", got)
	}
}

// repeat returns n scores: high of them the second value, the others the first.
func repeat(n int, low float64, high int, value float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = low
		if i < high {
			out[i] = value
		}
	}
	return out
}

// Ensure on random samples what must hold for any: the AUC is the share of
// pairs in order, turning the scores round turns it round, data sets add up,
// and the threshold holds its target while the next lower score does not.
func TestReportProperties(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		levels := 1 + rnd.IntN(30) // few levels make many ties
		target := rnd.Float64() / 2
		e := evaluate.New(evaluate.Options{Classes: classes, TargetFPR: target})
		turned := evaluate.New(evaluate.Options{Classes: classes})
		scores := map[string][]float64{}
		for range 2 + rnd.IntN(80) {
			label := []string{corpus.Normal, corpus.Attack}[rnd.IntN(2)]
			score := float64(rnd.IntN(levels+1)) / float64(levels)
			scores[label] = append(scores[label], score)
			add(e, fmt.Sprint(rnd.IntN(3)), label, score)
			add(turned, "", label, 1-score)
		}
		normal, attack := scores[corpus.Normal], scores[corpus.Attack]
		if len(normal) == 0 || len(attack) == 0 {
			continue
		}
		pairs := 0.0
		for _, n := range normal {
			for _, a := range attack {
				if a > n {
					pairs++
				} else if a == n {
					pairs += 0.5
				}
			}
		}
		r := e.Report()
		near(t, "AUC", r.Overall.AUC, pairs/float64(len(normal)*len(attack)))
		near(t, "AUC turned round", turned.Report().Overall.AUC, 1-float64(r.Overall.AUC))
		sum := 0
		for _, d := range r.Datasets {
			sum += d.TPR.Hits + d.FPR.Hits
		}
		if sum != r.Overall.TPR.Hits+r.Overall.FPR.Hits {
			t.Errorf("data sets have %d flagged, overall %d", sum, r.Overall.TPR.Hits+r.Overall.FPR.Hits)
		}
		if float64(r.Target.FPR.Rate) > target+1e-9 {
			t.Errorf("FPR %v at the threshold for %v", r.Target.FPR.Rate, target)
		}
		lower := -1.0 // the highest normal score that passes
		for _, n := range normal {
			if n < r.Target.Threshold {
				lower = max(lower, n)
			}
		}
		hits := 0
		for _, n := range normal {
			if n >= lower {
				hits++
			}
		}
		if float64(hits)/float64(len(normal)) <= target {
			t.Errorf("the threshold %v for %v could be lower", r.Target.Threshold, target)
		}
	}
}

// Ensure that the JSON form has null for what does not exist, and reads back.
func TestReportJSON(t *testing.T) {
	e := evaluate.New(evaluate.Options{Classes: classes})
	add(e, "d", corpus.Normal, 0.1)
	out, err := json.Marshal(e.Report())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"auc":null`, `"tpr":{"hits":0,"of":0,"rate":null,"low":0,"high":1}`, `"fpr":{"hits":0,"of":1,"rate":0,"low":0,"high":0.975}`, `"macro_f1":null`, `"classes":[]`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%s is not in %s", want, out)
		}
	}
	var back evaluate.Report
	if err := json.Unmarshal(out, &back); err != nil {
		t.Fatal(err)
	}
	if back.Overall.AUC.Known() || back.Overall.FPR.Of != 1 {
		t.Errorf("read back: %+v", back.Overall)
	}
	if out, err := json.Marshal(evaluate.New(evaluate.Options{}).Report()); err != nil || !json.Valid(out) {
		t.Errorf("an empty report: %s, %v", out, err)
	}
}

func BenchmarkReport(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	e := evaluate.New(evaluate.Options{Classes: classes, TargetFPR: 0.001})
	for i := range 100_000 {
		add(e, fmt.Sprint(i%20), []string{corpus.Normal, corpus.Attack}[i%2], rnd.Float64())
	}
	for b.Loop() {
		e.Report()
	}
}
