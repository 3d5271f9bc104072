//go:build linux

package main

import (
	"fmt"

	"github.com/limen-waf/limen/bench/corpus"
	"github.com/limen-waf/limen/bench/load"
)

// group is a data set and a label.
type group struct {
	Dataset string `json:"dataset"`
	Label   string `json:"label"`
}

// samples are requests read from files.
type samples struct {
	messages []load.Message
	groups   []group // of each message
	order    []group // every group, in order of appearance
	// skipped counts, by group, the requests that cannot be sent as they stand.
	skipped map[group]int
	reasons map[string]int
	bytes   int64
}

// readSamples reads the requests of the files, at most limit of them (0: all).
// With refused, requests that Caddy will refuse by itself are kept.
func readSamples(paths []string, limit int, refused bool) (*samples, error) {
	files, err := corpus.Files(paths)
	if err != nil {
		return nil, err
	}
	s := &samples{skipped: map[group]int{}, reasons: map[string]int{}}
	seen := map[group]bool{}
	for _, file := range files {
		err := corpus.Read(file, func(r *corpus.Record) bool {
			g := group{r.Dataset, r.Label}
			if !seen[g] {
				seen[g] = true
				s.order = append(s.order, g)
			}
			wire, err := corpus.Wire(r, "www.example.com")
			if err == nil && !refused && !corpus.Acceptable(wire) {
				err = errRefused
			}
			if err != nil {
				s.skipped[g]++
				s.reasons[err.Error()]++
				return true
			}
			s.messages = append(s.messages, load.Message{Wire: wire, Head: r.Method == "HEAD"})
			s.groups = append(s.groups, g)
			s.bytes += int64(len(wire))
			return limit <= 0 || len(s.messages) < limit
		})
		if err != nil {
			return nil, err
		}
		if limit > 0 && len(s.messages) >= limit {
			break
		}
	}
	if len(s.messages) == 0 {
		return nil, fmt.Errorf("reading requests: none of %d can be sent: %v", sum(s.skipped), s.reasons)
	}
	return s, nil
}

var errRefused = fmt.Errorf("refused by any Go server (400)")

func sum[K comparable](counts map[K]int) (n int) {
	for _, count := range counts {
		n += count
	}
	return n
}
