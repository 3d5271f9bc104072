//go:build linux

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/limen-waf/limen/bench/load"
	"github.com/limen-waf/limen/bench/report"
)

// tally counts what became of the requests of one group.
type tally struct {
	group
	// Requests is the number in the files. Skipped could not be sent as they
	// stand, Refused got a 4xx other than 403 from Caddy itself, before any
	// handler; Blocked got a 403 from Caddy, Passed any answer of the upstream.
	Requests int `json:"requests"`
	Skipped  int `json:"skipped"`
	Refused  int `json:"refused"`
	Blocked  int `json:"blocked"`
	Passed   int `json:"passed"`
	// Errors are requests without an answer, or with a 5xx of Caddy's.
	Errors int `json:"errors"`
	// Statuses counts answers that are not the upstream's by status code.
	Statuses map[int]int `json:"statuses,omitempty"`
}

func (t *tally) add(o load.Outcome) {
	switch {
	case o.Failed || !o.Upstream && o.Status >= 500:
		t.Errors++
	case o.Upstream:
		t.Passed++
	case o.Status == 403:
		t.Blocked++
	default:
		t.Refused++
	}
	if !o.Failed && !o.Upstream {
		t.Statuses[o.Status]++
	}
}

// tallies counts outcomes by group.
func tallies(s *samples, outcomes []load.Outcome) []*tally {
	byGroup := map[group]*tally{}
	var all []*tally
	for _, g := range s.order {
		t := &tally{group: g, Skipped: s.skipped[g], Requests: s.skipped[g], Statuses: map[int]int{}}
		byGroup[g] = t
		all = append(all, t)
	}
	for i, o := range outcomes {
		t := byGroup[s.groups[i]]
		t.Requests++
		t.add(o)
	}
	return all
}

// tallyTable renders tallies. The rate is of blocked requests among those that
// reached the firewall: a true positive rate for attacks, a false positive rate
// for normal requests.
func tallyTable(all []*tally) string {
	table := report.Table{Titles: []string{" data set", " label", "n", "skipped", "refused by Caddy", "passed", "blocked", "errors", "", "blocked/(passed+blocked)", "95 % CI"}}
	totals := map[string]*tally{}
	row := func(t *tally) {
		kind := map[string]string{"attack": "TPR", "normal": "FPR"}[t.Label]
		table.Row(t.Dataset, t.Label, t.Requests, t.Skipped, t.Refused, t.Passed, t.Blocked, t.Errors, kind,
			report.Percent(t.Blocked, t.Passed+t.Blocked), report.PercentInterval(t.Blocked, t.Passed+t.Blocked))
	}
	for _, t := range all {
		row(t)
		total := totals[t.Label]
		if total == nil {
			total = &tally{group: group{"all", t.Label}}
			totals[t.Label] = total
		}
		total.Requests += t.Requests
		total.Skipped += t.Skipped
		total.Refused += t.Refused
		total.Passed += t.Passed
		total.Blocked += t.Blocked
		total.Errors += t.Errors
	}
	if len(all) > len(totals) {
		for _, label := range slices.Sorted(maps.Keys(totals)) {
			row(totals[label])
		}
	}
	return table.String()
}

// statuses lists the status codes of answers that are not the upstream's.
func statuses(all []*tally) string {
	counts := map[int]int{}
	for _, t := range all {
		for status, n := range t.Statuses {
			counts[status] += n
		}
	}
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d × %d", counts[status], status))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
