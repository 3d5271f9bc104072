//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/limen-waf/limen/bench/report"
)

// write renders the report as Markdown.
func (r *compareReport) write(out io.Writer) error {
	var w bytes.Buffer
	fmt.Fprintf(&w, "%s", &r.Setting)
	for _, name := range slices.Sorted(maps.Keys(r.LeftOut)) {
		fmt.Fprintf(&w, "- left out: %s: %s\n", name, r.LeftOut[name])
	}
	fmt.Fprintf(&w, "- requests: %d of %d (%.0f bytes on the wire each)", r.Requests, r.Found, float64(r.Bytes)/float64(r.Requests))
	for _, reason := range slices.Sorted(maps.Keys(r.Skipped)) {
		fmt.Fprintf(&w, "; %d skipped: %s", r.Skipped[reason], reason)
	}
	fmt.Fprintf(&w, "\n- cost: of requests labelled %s (%.0f bytes each); latency at %.0f requests/s\n\n", r.CostLabel, r.CostBytes, r.Cost.Rate)

	how := "All requests together"
	if r.Requests < r.Found-sum(r.Skipped) {
		how = "All requests of the files together, estimated: every data set and label weighs as many as it has there"
	}
	fmt.Fprintf(&w, "%s:\n\n%s\n", how, r.comparison(func(a *accuracy) figures { return a.Pooled }))
	fmt.Fprintf(&w, "Mean over data sets, each with the same weight:\n\n%s\n", meanTable(r.Accuracy))
	fmt.Fprintf(&w, "Blocked by data set, of the requests that a bare Caddy passes on; TPR for attacks, FPR for normal requests:\n\n%s\n", setTable(r.Accuracy))
	writeClosed(&w, r.Cost.CPU, r.Cost.Rounds)
	writeOpen(&w, r.Cost.Latency, r.Cost.Rate, r.Cost.LatencyRounds)
	fmt.Fprintf(&w, "Memory after the closed loop (1 MB = 10⁶ bytes):\n\n%s\n", footprintTable(r.Memory))
	_, err := out.Write(w.Bytes())
	return err
}

func meanTable(all []*accuracy) string {
	table := report.Table{Titles: []string{" contestant", "TPR (95 % CI)", "FPR (95 % CI)", "balanced accuracy (95 % CI)"}}
	for _, a := range all {
		table.Row(a.Name, a.Mean.TPR, a.Mean.FPR, a.Mean.Balanced)
	}
	return table.String()
}

// setTable has a row a data set and label, and a column a contestant but the bare
// one.
func setTable(all []*accuracy) string {
	table := report.Table{Titles: []string{" data set", " label", "in files", "sent", "refused by bare"}}
	for _, a := range all[1:] {
		table.Titles = append(table.Titles, a.Name+" (95 % CI)")
	}
	errors := false
	for i, s := range all[0].Scores {
		kind := map[string]string{attackLabel: " (TPR)", normalLabel: " (FPR)"}[s.Label]
		row := []any{s.Dataset, s.Label + kind, s.Found, s.Sent, s.Refused}
		for _, a := range all[1:] {
			s := a.Scores[i]
			text := s.rate().String()
			if s.Errors > 0 {
				text += fmt.Sprintf(", %d without an answer", s.Errors)
				errors = true
			}
			row = append(row, text)
		}
		table.Row(row...)
	}
	text := table.String()
	for _, a := range all[1:] {
		statuses := map[int]int{}
		for _, s := range a.Scores {
			for status, n := range s.Statuses {
				statuses[status] += n
			}
		}
		text += fmt.Sprintf("\nAnswers of %s's own:", a.Name)
		if len(statuses) == 0 {
			text += " none."
		}
		for i, status := range slices.Sorted(maps.Keys(statuses)) {
			if i > 0 {
				text += ","
			}
			text += fmt.Sprintf(" %d × %d", statuses[status], status)
		}
		text += "\n"
	}
	if errors {
		text += "\nRequests without an answer, or with one that neither blocks nor is the site's, count in no rate.\n"
	}
	return text
}

func footprintTable(all []*footprint) string {
	table := report.Table{Titles: []string{" contestant", "requests served", "RSS MB", "own pages MB", "mapped files MB", "PSS MB", "peak MB"}}
	for _, m := range all {
		table.Row(m.Name, m.Served, megabytes(m.RSS), megabytes(m.Anon), megabytes(m.File), megabytes(m.PSS), megabytes(m.Peak))
	}
	return table.String()
}
