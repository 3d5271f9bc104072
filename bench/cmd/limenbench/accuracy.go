//go:build linux

package main

import (
	"github.com/limen-waf/limen/bench/load"
	"github.com/limen-waf/limen/bench/report"
)

// groupScore counts what one contestant did with the requests of a group that reach
// the site behind a bare Caddy.
type groupScore struct {
	group
	// Found is the number in the files, Sent of them were drawn and sent, Unsent
	// cannot be sent as they stand, Refused were not passed by bare Caddy either.
	Found   int `json:"found"`
	Unsent  int `json:"unsent"`
	Sent    int `json:"sent"`
	Refused int `json:"refused"`
	Passed  int `json:"passed"`
	// Blocked got an answer of 4xx that is not the upstream's. Errors got none, or
	// another one that is not the upstream's.
	Blocked  int         `json:"blocked"`
	Errors   int         `json:"errors"`
	Statuses map[int]int `json:"statuses,omitempty"`
}

func (s *groupScore) add(bare, o load.Outcome) {
	s.Sent++
	switch {
	case bare.Failed || !bare.Upstream:
		s.Refused++
		return
	case o.Failed:
		s.Errors++
		return
	case o.Upstream:
		s.Passed++
		return
	case o.Status/100 == 4:
		s.Blocked++
	default:
		s.Errors++
	}
	s.Statuses[o.Status]++
}

// rate returns the share of blocked requests among the judged.
func (s *groupScore) rate() *report.Rate { return report.NewRate(s.Blocked, s.Blocked+s.Passed) }

// accuracy is how well one contestant tells attacks from normal requests.
type accuracy struct {
	Name   string        `json:"name"`
	Scores []*groupScore `json:"scores"`
	Sets   []*figures    `json:"sets"`
	// Pooled is of all requests of the files together: where they were not all
	// sent, groups weigh as many as can be sent. Mean is the mean over data sets.
	Pooled figures `json:"pooled"`
	Mean   figures `json:"mean_over_sets"`
	Errors int     `json:"errors"`
}

// figures are rates that belong together; nil where the labels are missing.
type figures struct {
	Dataset  string       `json:"dataset,omitempty"`
	TPR      *report.Rate `json:"tpr,omitempty"`
	FPR      *report.Rate `json:"fpr,omitempty"`
	Balanced *report.Rate `json:"balanced_accuracy,omitempty"`
}

// newAccuracy judges a contestant's outcomes beside those of a bare Caddy.
func newAccuracy(name string, l *labelled, bare, outcomes []load.Outcome) *accuracy {
	a := &accuracy{Name: name}
	scores := map[group]*groupScore{}
	for _, g := range l.order {
		scores[g] = &groupScore{group: g, Found: l.found[g], Unsent: l.skipped[g], Statuses: map[int]int{}}
		a.Scores = append(a.Scores, scores[g])
	}
	for i, g := range l.groups {
		scores[g].add(bare[i], outcomes[i])
	}
	var all [2]groupScore
	var rates [2][]*report.Rate
	var weights [2][]float64
	whole := true
	labels := [2]string{attackLabel, normalLabel}
	for _, set := range l.sets() {
		f := &figures{Dataset: set}
		for i, to := range []**report.Rate{&f.TPR, &f.FPR} {
			s := scores[group{set, labels[i]}]
			if s == nil {
				continue
			}
			*to = s.rate()
			rates[i] = append(rates[i], *to)
			weights[i] = append(weights[i], float64(s.Found-s.Unsent))
			whole = whole && s.Sent == s.Found-s.Unsent
			all[i].Blocked += s.Blocked
			all[i].Passed += s.Passed
		}
		f.Balanced = report.Balanced(f.TPR, f.FPR)
		if f.TPR != nil || f.FPR != nil {
			a.Sets = append(a.Sets, f)
		}
	}
	if whole {
		a.Pooled.TPR, a.Pooled.FPR = all[0].rate(), all[1].rate()
	} else {
		a.Pooled.TPR, a.Pooled.FPR = report.WeightedRate(rates[0], weights[0]), report.WeightedRate(rates[1], weights[1])
	}
	a.Mean.TPR, a.Mean.FPR = report.MeanRate(rates[0]), report.MeanRate(rates[1])
	for _, f := range []*figures{&a.Pooled, &a.Mean} {
		f.Balanced = report.Balanced(f.TPR, f.FPR)
	}
	for _, s := range a.Scores {
		a.Errors += s.Errors
	}
	return a
}
