package evaluate

import (
	"math"
	"slices"
)

// Report is what an Evaluation found. Its JSON form is that of
// "caddy limen eval --json".
type Report struct {
	Overall  Metrics   `json:"overall"`
	Datasets []Metrics `json:"datasets"` // sorted by name
	Classes  []Class   `json:"classes"`  // those that attacks have, in the model's order
	// Confusion[i][j] is the number of attacks of class Names[i] that were
	// found and called Names[j].
	Confusion Confusion `json:"confusion"`
	// MacroF1 is the mean F1 of Classes: how well attacks that are found are
	// named. Classes without an attack found do not count.
	MacroF1 Figure `json:"macro_f1"`
	// Target is the threshold for Options.TargetFPR; absent without one or
	// without normal samples.
	Target *Target `json:"target,omitempty"`
	// Calibration and Curves are of all samples at Options.Prior; absent without
	// samples of both kinds.
	Calibration *Calibration `json:"calibration,omitempty"`
	Curves      *Curves      `json:"curves,omitempty"`
	// Histogram is of the scores of all samples.
	Histogram Histogram `json:"histogram"`
}

// Metrics judge one set of samples.
type Metrics struct {
	Name string `json:"name,omitempty"`
	// Normal, Attack and Anomaly count the samples by how they were judged.
	Normal  int `json:"normal"`
	Attack  int `json:"attack"`
	Anomaly int `json:"anomaly"`
	// FPR is the share of normal samples flagged, TPR that of attacks.
	FPR Rate `json:"fpr"`
	TPR Rate `json:"tpr"`
	// AnomalyRate is the share of samples labelled anomaly that were flagged,
	// however else they were counted.
	AnomalyRate Rate `json:"anomaly_rate"`

	// The following need samples of both kinds.

	// Precision is the share of attacks in what was flagged. It depends on the
	// mix of the samples, unlike the rates.
	Precision Figure `json:"precision"`
	// BalancedAccuracy is the mean of TPR and 1 - FPR.
	BalancedAccuracy Figure `json:"balanced_accuracy"`
	// F1 is the harmonic mean of Precision and TPR.
	F1 Figure `json:"f1"`
	// AUC is the area under the ROC curve: the probability that an attack
	// scores higher than a normal sample, equal scores counting half.
	AUC Figure `json:"auc"`
}

// Class judges how attacks of one class are found and named.
type Class struct {
	Name   string `json:"name"`
	Attack int    `json:"attack"` // samples
	TPR    Rate   `json:"tpr"`
	// Precision, Recall and F1 are of the name given to attacks found.
	Precision Figure `json:"precision"`
	Recall    Figure `json:"recall"`
	F1        Figure `json:"f1"`
}

// Confusion is a square table of counts.
type Confusion struct {
	Names  []string `json:"names"`
	Counts [][]int  `json:"counts"`
}

// Target is a threshold chosen on the samples. Its rates are those of the same
// samples, so they flatter it a little: judge it on others.
type Target struct {
	Wanted    float64 `json:"wanted"`    // Options.TargetFPR
	Threshold float64 `json:"threshold"` // flag when score >= Threshold
	FPR       Rate    `json:"fpr"`
	TPR       Rate    `json:"tpr"`
	// Reachable is false when normal samples score 1, so that no threshold of
	// at most 1 holds the target.
	Reachable bool `json:"reachable"`
	// Enough is false when there are too few normal samples for even one of
	// them to be flagged: Wanted is then below what they can tell.
	Enough bool `json:"enough"`
}

// Report judges what was added so far. It may be called again after more.
func (e *Evaluation) Report() *Report {
	r := &Report{Datasets: []Metrics{}, Classes: []Class{}}
	var all tally
	for _, name := range slices.Sorted(slices.Values(e.order)) {
		t := e.datasets[name]
		m := t.metrics()
		m.Name = name
		r.Datasets = append(r.Datasets, m)
		all.add(t)
	}
	r.Overall = all.metrics()
	r.Classes, r.Confusion, r.MacroF1 = e.judgeNames()
	if e.options.TargetFPR > 0 && len(all.normal) > 0 {
		r.Target = all.target(e.options.TargetFPR)
	}
	prior := e.options.Prior
	if prior == 0 {
		prior = DefaultPrior
	}
	r.Calibration, r.Curves, r.Histogram = all.calibration(prior), all.curves(prior), all.histogram()
	return r
}

func (t *tally) add(o *tally) {
	t.normal = append(t.normal, o.normal...)
	t.attack = append(t.attack, o.attack...)
	t.normalHits += o.normalHits
	t.attackHits += o.attackHits
	t.anomalies += o.anomalies
	t.anomalyHits += o.anomalyHits
}

func (t *tally) metrics() Metrics {
	m := Metrics{
		Normal: len(t.normal), Attack: len(t.attack), Anomaly: t.anomalies,
		FPR: rate(t.normalHits, len(t.normal)), TPR: rate(t.attackHits, len(t.attack)),
		AnomalyRate: rate(t.anomalyHits, t.anomalies),
		Precision:   None, BalancedAccuracy: None, F1: None, AUC: None,
	}
	if m.Normal > 0 && m.Attack > 0 {
		m.Precision = ratio(t.attackHits, t.attackHits+t.normalHits)
		m.BalancedAccuracy = (m.TPR.Rate + 1 - m.FPR.Rate) / 2
		m.F1 = ratio(2*t.attackHits, t.attackHits+t.normalHits+len(t.attack))
		m.AUC = auc(t.normal, t.attack)
	}
	return m
}

// auc is the Mann-Whitney statistic over the product of the sample sizes.
func auc(normal, attack []float64) Figure {
	normal, attack = slices.Sorted(slices.Values(normal)), slices.Sorted(slices.Values(attack))
	var wins, ties float64 // sums of whole numbers, exact up to 2^53
	below, upTo := 0, 0    // normal scores < s, and <= s
	for _, s := range attack {
		for below < len(normal) && normal[below] < s {
			below++
		}
		for upTo = max(upTo, below); upTo < len(normal) && normal[upTo] <= s; upTo++ {
		}
		wins += float64(below)
		ties += float64(upTo - below)
	}
	return Figure((wins + ties/2) / float64(len(normal)) / float64(len(attack)))
}

// target finds the lowest threshold that flags at most the wanted share of the
// normal samples.
func (t *tally) target(wanted float64) *Target {
	n := len(t.normal)
	falling := slices.Sorted(slices.Values(t.normal))
	slices.Reverse(falling)
	out := &Target{Wanted: wanted, Threshold: 0, Reachable: true}
	// The product may fall a hair short of a whole number: 0.07 * 100 < 7.
	allowed := int(math.Floor(wanted*float64(n) + 1e-9))
	out.Enough = allowed > 0
	if allowed < n {
		pass := falling[allowed] // the highest score that must pass
		above := 1.0
		for _, scores := range [][]float64{t.normal, t.attack} {
			for _, s := range scores {
				if s > pass {
					above = min(above, s)
				}
			}
		}
		out.Threshold = shortAbove(pass, above)
		out.Reachable = out.Threshold <= 1
	}
	out.FPR = rate(countFrom(t.normal, out.Threshold), n)
	out.TPR = rate(countFrom(t.attack, out.Threshold), len(t.attack))
	return out
}

// shortAbove returns a number above low and at most high that has few digits,
// so that people can copy it, and is near low: scores of other samples lie
// between low and high.
func shortAbove(low, high float64) float64 {
	high = min(high, low+(1-low)/100)
	for digits, scale := 1, 10.0; digits <= 15; digits, scale = digits+1, scale*10 {
		if t := (math.Floor(low*scale) + 1) / scale; t > low && t <= high {
			return t
		}
	}
	return math.Nextafter(low, 2)
}

func countFrom(scores []float64, threshold float64) (n int) {
	for _, s := range scores {
		if s >= threshold {
			n++
		}
	}
	return n
}

// judgeNames makes the class figures.
func (e *Evaluation) judgeNames() ([]Class, Confusion, Figure) {
	names := e.options.Classes
	confusion := Confusion{Names: append([]string{}, names...), Counts: make([][]int, len(names))}
	for i, row := range e.named {
		confusion.Counts[i] = slices.Clone(row)
	}
	classes := []Class{}
	var sum Figure
	named := 0
	for i, t := range e.classes {
		if t.attacks == 0 {
			continue
		}
		said := 0 // attacks called by this name
		for _, row := range e.named {
			said += row[i]
		}
		right := e.named[i][i]
		c := Class{
			Name: names[i], Attack: t.attacks, TPR: rate(t.found, t.attacks),
			Precision: ratio(right, said), Recall: ratio(right, t.found), F1: None,
		}
		if t.found > 0 {
			c.F1 = ratio(2*right, said+t.found)
			sum += c.F1
			named++
		}
		classes = append(classes, c)
	}
	if named == 0 {
		return classes, confusion, None
	}
	return classes, confusion, sum / Figure(named)
}
