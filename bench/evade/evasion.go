package evade

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/limen-waf/limen/bench/report"
	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/corpus"
	"github.com/limen-waf/limen/classifier/evasion"
)

// Options are those of a run.
type Options struct {
	Search evasion.Options
	Seed   uint64
	// Out takes the evading requests (or those that became false alarms) as JSON
	// Lines; may be nil.
	Out      io.Writer
	Progress io.Writer
}

// Count is k of n.
type Count struct {
	Name string `json:"name"`
	// Tried payloads, Caught before, Held: still caught.
	Tried  int `json:"tried"`
	Caught int `json:"caught"`
	Held   int `json:"held"`
	// Low and High are the 95 % Clopper-Pearson interval of Held of Caught.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Blame is how often a mutation stands in the shortened chains of what flipped.
type Blame struct {
	Mutation string `json:"mutation"`
	Chains   int    `json:"chains"`
	Alone    int    `json:"alone"` // as the only step
	// Classes counts the chains by class of attack.
	Classes map[string]int `json:"classes"`
}

// ChainCount is how many payloads one chain of mutations flipped.
type ChainCount struct {
	Chain string `json:"chain"`
	Count int    `json:"count"`
}

// Report is the outcome of a search over payloads.
type Report struct {
	Title     string       `json:"title"`
	Model     string       `json:"model"`
	Threshold float64      `json:"threshold"`
	Rounds    int          `json:"rounds"`
	PerRound  int          `json:"candidates"`
	Seed      uint64       `json:"seed"`
	Overall   Count        `json:"overall"`
	Classes   []Count      `json:"classes"`
	Datasets  []Count      `json:"datasets"`
	Places    []Count      `json:"places"`
	Mutations []Blame      `json:"mutations"`
	Chains    []ChainCount `json:"chains"`
	Scored    int          `json:"scored"`
	Seconds   float64      `json:"seconds"`
	// Held is what a flipped request is not: "caught" or "passed".
	Held string `json:"held"`
}

// outcome is one payload's.
type outcome struct {
	payload *Payload
	first   *evasion.Candidate
	*evasion.Outcome
}

// candidate puts a payload into a carrier drawn by the seed.
func candidate(p *Payload, seed uint64) *evasion.Candidate {
	r := rand.New(rand.NewPCG(seed, 5))
	return evasion.NewCandidate(p.Class, p.Text, evasion.DrawPlace(p.Class, p.Text, r), r)
}

// Evasion searches for requests that evade the model.
func Evasion(ctx context.Context, m *Model, payloads []Payload, o Options) (*Report, error) {
	o.Search.Upwards = false
	suites := map[string]evasion.Suite{}
	for _, p := range payloads {
		if suites[p.Class] == nil {
			suites[p.Class] = evasion.Mutations().For(p.Class)
		}
	}
	return search(ctx, m, payloads, "evasion", o, func(p *Payload, c *evasion.Candidate, score evasion.Scorer, seed uint64) (*evasion.Outcome, error) {
		return evasion.Search(c, suites[p.Class], score, o.Search, seed)
	})
}

// Drift searches for ordinary mutations that turn ordinary values into false
// alarms.
func Drift(ctx context.Context, m *Model, values []Payload, o Options) (*Report, error) {
	o.Search.Upwards = true
	suite := evasion.Mutations().Ordinary()
	return search(ctx, m, values, "drift, searched", o, func(_ *Payload, c *evasion.Candidate, score evasion.Scorer, seed uint64) (*evasion.Outcome, error) {
		return evasion.Search(c, suite, score, o.Search, seed)
	})
}

// RandomDrift applies steps random ordinary mutations to ordinary values.
func RandomDrift(ctx context.Context, m *Model, values []Payload, steps int, o Options) (*Report, error) {
	o.Search.Upwards = true
	suite := evasion.Mutations().Ordinary()
	return search(ctx, m, values, fmt.Sprintf("drift, %d random mutations", steps), o, func(_ *Payload, c *evasion.Candidate, score evasion.Scorer, seed uint64) (*evasion.Outcome, error) {
		before, caught, err := score(c.Request())
		if err != nil || caught {
			return &evasion.Outcome{Before: before, After: before, Caught: caught, Final: c, Scored: 1}, err
		}
		d, chain := evasion.Random(c, suite, steps, o.Search, seed)
		after, flipped, err := score(d.Request())
		return &evasion.Outcome{Before: before, After: after, Flipped: flipped, Final: d, Steps: chain, Scored: 2}, err
	})
}

func search(ctx context.Context, m *Model, payloads []Payload, what string, o Options,
	one func(*Payload, *evasion.Candidate, evasion.Scorer, uint64) (*evasion.Outcome, error)) (*Report, error) {
	started := time.Now()
	outcomes := make([]outcome, len(payloads))
	score := m.Scorer(ctx)
	err := each(ctx, len(payloads), what, o.Progress, func(i int) error {
		p := &payloads[i]
		seed := seedOf(o.Seed, p)
		c := candidate(p, seed)
		found, err := one(p, c, score, seed)
		if err != nil {
			return fmt.Errorf("%s: %w", p.ID, err)
		}
		outcomes[i] = outcome{p, c, found}
		return nil
	})
	if err != nil {
		return nil, err
	}
	r := tally(outcomes, o.Search.Upwards)
	r.Title, r.Seed = what, o.Seed
	r.Model, r.Threshold = m.Model().Manifest.Name+"@"+m.Model().ShortDigest(), m.Policy.Threshold
	r.Rounds, r.PerRound = max(o.Search.Rounds, 0), max(o.Search.Candidates, 0)
	r.Seconds = time.Since(started).Seconds()
	if o.Out != nil {
		err = write(o.Out, outcomes)
	}
	return r, err
}

// tally counts outcomes.
func tally(outcomes []outcome, upwards bool) *Report {
	r := &Report{Held: "caught"}
	if upwards {
		r.Held = "passed"
	}
	groups := [3]map[string]*Count{{}, {}, {}}
	blames := map[string]*Blame{}
	chains := map[string]int{}
	r.Overall.Name = "all"
	for i := range outcomes {
		o := &outcomes[i]
		r.Scored += o.Scored
		counts := []*Count{&r.Overall}
		for g, key := range []string{o.payload.Class, o.payload.Dataset, o.first.Place.String()} {
			if groups[g][key] == nil {
				groups[g][key] = &Count{Name: key}
			}
			counts = append(counts, groups[g][key])
		}
		for _, c := range counts {
			c.Tried++
			if o.Caught != upwards {
				c.Caught++
				if !o.Flipped {
					c.Held++
				}
			}
		}
		if !o.Flipped {
			continue
		}
		chain := o.Chain()
		names := slices.Clone(chain)
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			b := blames[name]
			if b == nil {
				b = &Blame{Mutation: name, Classes: map[string]int{}}
				blames[name] = b
			}
			b.Chains++
			b.Classes[o.payload.Class]++
			if len(chain) == 1 {
				b.Alone++
			}
		}
		chains[o.payload.Class+": "+strings.Join(chain, " → ")]++
	}
	r.Overall.interval()
	for g, to := range []*[]Count{&r.Classes, &r.Datasets, &r.Places} {
		for _, key := range sortedKeys(groups[g]) {
			groups[g][key].interval()
			*to = append(*to, *groups[g][key])
		}
	}
	for _, name := range sortedKeys(blames) {
		r.Mutations = append(r.Mutations, *blames[name])
	}
	slices.SortStableFunc(r.Mutations, func(a, b Blame) int { return b.Chains - a.Chains })
	for _, chain := range sortedKeys(chains) {
		r.Chains = append(r.Chains, ChainCount{chain, chains[chain]})
	}
	slices.SortStableFunc(r.Chains, func(a, b ChainCount) int { return b.Count - a.Count })
	return r
}

func (c *Count) interval() { c.Low, c.High = report.Interval(c.Held, c.Caught) }

// evaded is the JSON form of a request that flipped: a record with what led to it.
type evaded struct {
	Payload string   `json:"payload"`
	Place   string   `json:"place"`
	Before  float64  `json:"before"`
	Score   float64  `json:"score"`
	Chain   []string `json:"chain"`
	Final   string   `json:"final"`
}

// write writes the requests that flipped as JSON Lines that caddy limen score
// reads.
func write(w io.Writer, outcomes []outcome) error {
	b := bufio.NewWriter(w)
	for i := range outcomes {
		o := &outcomes[i]
		if !o.Flipped {
			continue
		}
		line, err := recordLine(o.payload, o.Final.Request(), evaded{o.payload.Text, o.first.Place.String() + " → " + o.Final.Place.String(), o.Before, o.After, o.Chain(), o.Final.Payload})
		if err != nil {
			return err
		}
		if _, err := b.Write(line); err != nil {
			return err
		}
	}
	return b.Flush()
}

// recordLine is a record's JSON line with more fields at its end.
func recordLine(p *Payload, r *classifier.Request, more any) ([]byte, error) {
	label := corpus.Attack
	if p.Class == "none" {
		label = corpus.Normal
	}
	record := &corpus.Record{ID: p.ID, Dataset: p.Dataset, Label: label, Class: p.Class, Method: r.Method, Target: r.Target, Headers: r.Headers, Body: r.Body}
	line, err := record.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var extra strings.Builder
	e := json.NewEncoder(&extra)
	e.SetEscapeHTML(false)
	if err := e.Encode(more); err != nil {
		return nil, err
	}
	return append(append(line[:len(line)-1], ','), extra.String()[1:]...), nil
}

// Markdown is the report as tables.
func (r *Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**, model %s at threshold %v, seed %d: of %d payloads %d were %s before, %d still are: %s (95 %% interval %s). %d requests scored in %.0f s.\n\n",
		r.Title, r.Model, r.Threshold, r.Seed, r.Overall.Tried, r.Overall.Caught, r.Held, r.Overall.Held, report.Percent(r.Overall.Held, r.Overall.Caught),
		report.PercentInterval(r.Overall.Held, r.Overall.Caught), r.Scored, r.Seconds)
	for _, group := range []struct {
		title  string
		counts []Count
	}{{" class", r.Classes}, {" data set", r.Datasets}, {" place at first", r.Places}} {
		if len(group.counts) < 2 {
			continue
		}
		t := report.Table{Titles: []string{group.title, "payloads", r.Held + " before", "still " + r.Held, "share", "95 % interval"}}
		for _, c := range group.counts {
			t.Row(c.Name, c.Tried, c.Caught, c.Held, report.Percent(c.Held, c.Caught), report.PercentInterval(c.Held, c.Caught))
		}
		b.WriteString(t.String() + "\n")
	}
	if len(r.Mutations) > 0 {
		t := report.Table{Titles: []string{" mutation", "chains", "alone", " classes"}}
		for _, m := range r.Mutations {
			var classes []string
			for _, c := range sortedKeys(m.Classes) {
				classes = append(classes, fmt.Sprintf("%s %d", c, m.Classes[c]))
			}
			t.Row(m.Mutation, m.Chains, m.Alone, strings.Join(classes, ", "))
		}
		b.WriteString(t.String() + "\n")
		t = report.Table{Titles: []string{" chain (shortened)", "payloads"}}
		for _, c := range r.Chains[:min(len(r.Chains), 25)] {
			t.Row(c.Chain, c.Count)
		}
		b.WriteString(t.String() + "\n")
	}
	return b.String()
}
