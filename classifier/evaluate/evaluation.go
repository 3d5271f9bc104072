package evaluate

import (
	"slices"

	"github.com/limen-waf/limen/classifier/corpus"
)

// Sample is one labelled request and what was said of it.
type Sample struct {
	// Dataset is the request's data set.
	Dataset string
	// Label is corpus.Normal, corpus.Attack or corpus.Anomaly.
	Label string
	// Class is the true class of an attack, or empty when not known.
	Class string
	// Score is the model's, in [0, 1].
	Score float64
	// Attack is the class that the model thinks likeliest if it is an attack.
	Attack string
	// Flagged says whether the policy would tag or block the request.
	Flagged bool
}

// Options of an Evaluation.
type Options struct {
	// Classes are the model's classes; the first is "none".
	Classes []string
	// Anomaly says how to count samples labelled anomaly: corpus.Attack and
	// corpus.Normal count them as such, anything else counts them apart, so
	// that they touch no other figure.
	Anomaly string
	// TargetFPR is the rate of false alarms to find a threshold for; 0 finds
	// none.
	TargetFPR float64
	// Prior is the share of attacks that calibration and precision are judged at, in
	// (0, 1); 0 means DefaultPrior.
	Prior float64
}

// Evaluation gathers samples. It is for one goroutine.
type Evaluation struct {
	options  Options
	datasets map[string]*tally
	order    []string // data sets as they came
	// named[true][said] counts attacks found, by index in Options.Classes.
	named   [][]int
	classes []classTally
}

// tally is what is known of one data set.
type tally struct {
	normal, attack         []float64 // scores
	normalHits, attackHits int
	anomalies, anomalyHits int
}

type classTally struct{ attacks, found int }

// New returns an empty Evaluation.
func New(o Options) *Evaluation {
	e := &Evaluation{options: o, datasets: make(map[string]*tally), classes: make([]classTally, len(o.Classes))}
	e.named = make([][]int, len(o.Classes))
	for i := range e.named {
		e.named[i] = make([]int, len(o.Classes))
	}
	return e
}

// Add counts a sample.
func (e *Evaluation) Add(s Sample) {
	t := e.datasets[s.Dataset]
	if t == nil {
		t = new(tally)
		e.datasets[s.Dataset] = t
		e.order = append(e.order, s.Dataset)
	}
	hit := 0
	if s.Flagged {
		hit = 1
	}
	label := s.Label
	if label == corpus.Anomaly {
		t.anomalies++
		t.anomalyHits += hit
		label = e.options.Anomaly
	}
	switch label {
	case corpus.Normal:
		t.normal = append(t.normal, s.Score)
		t.normalHits += hit
	case corpus.Attack:
		t.attack = append(t.attack, s.Score)
		t.attackHits += hit
		e.addClass(s)
	}
}

// addClass counts an attack of a known class.
func (e *Evaluation) addClass(s Sample) {
	class := slices.Index(e.options.Classes, s.Class)
	if class < 1 {
		return
	}
	e.classes[class].attacks++
	if !s.Flagged {
		return
	}
	e.classes[class].found++
	if said := slices.Index(e.options.Classes, s.Attack); said >= 0 {
		e.named[class][said]++
	}
}

// Wrong reports whether the sample is one that the policy got wrong, and how:
// "false positive" or "false negative". Anomalies are wrong only where
// Options.Anomaly says what they are.
func (e *Evaluation) Wrong(s Sample) (kind string, wrong bool) {
	label := s.Label
	if label == corpus.Anomaly {
		label = e.options.Anomaly
	}
	switch {
	case label == corpus.Normal && s.Flagged:
		return "false positive", true
	case label == corpus.Attack && !s.Flagged:
		return "false negative", true
	}
	return "", false
}
