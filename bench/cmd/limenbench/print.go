//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
)

// write renders the report as Markdown.
func (r *proxyReport) write(out io.Writer) error {
	var w bytes.Buffer
	fmt.Fprintf(&w, "%s- requests: %d (%.0f bytes on the wire each)", &r.Setting, r.Requests, float64(r.Bytes)/float64(r.Requests))
	for _, reason := range slices.Sorted(maps.Keys(r.Skipped)) {
		fmt.Fprintf(&w, "; %d skipped: %s", r.Skipped[reason], reason)
	}
	fmt.Fprint(&w, "\n\n")
	if len(r.CPU) > 0 {
		writeClosed(&w, r.CPU, r.Rounds)
	}
	if len(r.Latency) > 0 {
		writeOpen(&w, r.Latency, r.Rate, r.LatencyRounds)
	}
	if len(r.Memory) > 0 {
		writeMemory(&w, r.Memory)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Outcomes)) {
		fmt.Fprintf(&w, "What became of the requests behind %s (answers of Caddy's own: %s):\n\n%s\n", name, statuses(r.Outcomes[name]), tallyTable(r.Outcomes[name]))
	}
	_, err := out.Write(w.Bytes())
	return err
}
