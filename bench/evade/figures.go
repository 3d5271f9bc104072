package evade

import (
	"fmt"
	"strings"
)

// Figures are the outcome of a run. Their JSON form has every number.
type Figures interface {
	// Markdown is the outcome as tables.
	Markdown() string
}

// Taken says how many payloads were taken of which data sets, and what was
// left out.
func Taken(payloads []Payload, skipped Skipped) string {
	datasets := map[string]int{}
	for _, p := range payloads {
		datasets[p.Dataset]++
	}
	var parts, left []string
	for _, d := range sortedKeys(datasets) {
		parts = append(parts, fmt.Sprintf("%s %d", d, datasets[d]))
	}
	for _, reason := range sortedKeys(skipped) {
		left = append(left, fmt.Sprintf("%s %d", reason, skipped[reason]))
	}
	return fmt.Sprintf("%d texts: %s; records left out: %s", len(payloads), strings.Join(parts, ", "), strings.Join(left, ", "))
}

// SampleDatasets is Sample with data sets in the place of classes.
func SampleDatasets(all []Payload, n int, seed uint64) []Payload {
	return sampleBy(all, n, seed, func(p *Payload) string { return p.Dataset })
}
