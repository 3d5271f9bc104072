//go:build linux

package main

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/limen-waf/limen/bench/corpus"
	"github.com/limen-waf/limen/bench/load"
)

// Labels of a record.
const (
	attackLabel  = "attack"
	normalLabel  = "normal"
	anomalyLabel = "anomaly"
)

// labelled are the requests of a comparison, in mixed order.
type labelled struct {
	samples
	// found counts the records of the files by group, those that were not drawn
	// and those that cannot be sent included.
	found map[group]int
}

// readLabelled reads the requests of the files and draws at most most (0: all)
// of every data set and label, each with the same chance; the same seed draws the
// same. Anomaly says what requests so labelled count as.
func readLabelled(paths []string, most int, seed uint64, as string) (*labelled, error) {
	files, err := corpus.Files(paths)
	if err != nil {
		return nil, err
	}
	l := &labelled{samples{skipped: map[group]int{}, reasons: map[string]int{}}, map[group]int{}}
	drawn := map[group]*reservoir{}
	for _, file := range files {
		n := 0
		var wrong error
		err := corpus.Read(file, func(r *corpus.Record) bool {
			n++
			switch r.Label {
			case attackLabel, normalLabel:
			case anomalyLabel:
				r.Label = as
			default:
				wrong = fmt.Errorf(`reading %s: request %d (%s) has the label %q: compare needs "label":"normal", "attack" or "anomaly" (proxy takes requests without)`, file, n, r.ID, r.Label)
				return false
			}
			g := group{r.Dataset, r.Label}
			if drawn[g] == nil {
				drawn[g] = newReservoir(most, seed, g)
				l.order = append(l.order, g)
			}
			l.found[g]++
			wire, err := corpus.Wire(r, "www.example.com")
			if err == nil && !corpus.Acceptable(wire) {
				err = errRefused
			}
			if err != nil {
				l.skipped[g]++
				l.reasons[err.Error()]++
				return true
			}
			drawn[g].add(load.Message{Wire: wire, Head: r.Method == "HEAD"})
			return true
		})
		if err == nil {
			err = wrong
		}
		if err != nil {
			return nil, err
		}
	}
	for _, g := range l.order {
		for _, message := range drawn[g].kept {
			l.messages, l.groups = append(l.messages, message), append(l.groups, g)
			l.bytes += int64(len(message.Wire))
		}
	}
	if len(l.messages) == 0 {
		return nil, fmt.Errorf("reading requests: none of %d can be sent: %v", sum(l.skipped), l.reasons)
	}
	// Mixed, so that any run of them is like the whole.
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(l.messages), func(i, j int) {
		l.messages[i], l.messages[j] = l.messages[j], l.messages[i]
		l.groups[i], l.groups[j] = l.groups[j], l.groups[i]
	})
	return l, nil
}

// reservoir keeps a sample of a group (reservoir sampling).
type reservoir struct {
	most, seen int
	random     *rand.Rand
	kept       []load.Message
}

func newReservoir(most int, seed uint64, g group) *reservoir {
	hash := fnv.New64a()
	fmt.Fprintf(hash, "%s\n%s", g.Dataset, g.Label)
	return &reservoir{most: most, random: rand.New(rand.NewPCG(seed, hash.Sum64()))}
}

func (d *reservoir) add(m load.Message) {
	d.seen++
	if d.most <= 0 || len(d.kept) < d.most {
		d.kept = append(d.kept, m)
	} else if i := d.random.IntN(d.seen); i < d.most {
		d.kept[i] = m
	}
}

// only returns the requests with the label, or all if there are none or the
// label is "all".
func (l *labelled) only(label string) (*samples, string) {
	out := &samples{skipped: map[group]int{}, reasons: map[string]int{}}
	seen := map[group]bool{}
	for i, g := range l.groups {
		if g.Label != label {
			continue
		}
		if !seen[g] {
			seen[g] = true
			out.order = append(out.order, g)
		}
		out.messages, out.groups = append(out.messages, l.messages[i]), append(out.groups, g)
		out.bytes += int64(len(l.messages[i].Wire))
	}
	if len(out.messages) == 0 {
		return &l.samples, "all"
	}
	return out, label
}

// sets returns the names of the data sets in order.
func (l *labelled) sets() []string {
	names := map[string]bool{}
	for _, g := range l.order {
		names[g.Dataset] = true
	}
	return slices.Sorted(maps.Keys(names))
}
