//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/limen-waf/limen/bench/load"
	"github.com/limen-waf/limen/bench/proc"
	"github.com/limen-waf/limen/bench/report"
	"github.com/limen-waf/limen/bench/site"
)

// compareFlags are the flags of limenbench compare. Those of proxy among them
// mean the same.
type compareFlags struct {
	proxyFlags
	sample  int
	anomaly string
	cost    string
	out     string
	// optional says that the contestants are the default ones.
	optional bool
}

// compareReport is everything that limenbench compare finds.
type compareReport struct {
	Setting setting `json:"setting"`
	// LeftOut says why contestants did not take part.
	LeftOut map[string]string `json:"left_out,omitempty"`
	// Found counts the requests of the files, Requests those that were drawn.
	Found    int            `json:"found"`
	Requests int            `json:"requests"`
	Bytes    int64          `json:"bytes"`
	Skipped  map[string]int `json:"skipped"`
	Accuracy []*accuracy    `json:"accuracy"`
	// Cost is of requests with the label, CostBytes on the wire each.
	CostLabel string       `json:"cost_label"`
	CostBytes float64      `json:"cost_bytes"`
	Cost      *proxyReport `json:"cost"`
	Memory    []*footprint `json:"memory"`
}

// footprint is the memory of a contestant after the closed loop, in bytes.
type footprint struct {
	Name string `json:"name"`
	// Served is the number of requests that the process has seen by then.
	Served int `json:"served"`
	proc.Memory
}

// comparisonContestants take part where --contestants says nothing.
const comparisonContestants = "bare,limen-native,limen-cpu,coraza-pl1,coraza-pl2"

func runCompare(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	f, files, err := parseCompare(arguments, stderr)
	if err != nil {
		return err
	}
	requests, err := readLabelled(files, f.sample, f.seed, f.anomaly)
	if err != nil {
		return err
	}
	all, err := f.parsed(ctx, stderr)
	if err != nil {
		return err
	}
	if first := all[0]; len(first.Directives) > 0 {
		return fmt.Errorf("compare: the first contestant is %s, and must be one without directives (bare): it shows what reaches the site at all, and what everything else costs is measured against it", first.Name)
	}
	if err := sameCaddy(all); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, f.limit)
	defer cancel()
	r := &compareReport{
		Setting: newSetting("compare", arguments, all[0].Binary), LeftOut: map[string]string{},
		Found: sum(requests.found), Requests: len(requests.messages), Bytes: requests.bytes, Skipped: requests.reasons,
	}
	st, err := newStage(&f.settings, stderr)
	if err != nil {
		return err
	}
	defer st.close()
	if err := r.startAll(ctx, st, f, all); err != nil {
		return err
	}
	if err := r.measureAccuracy(ctx, st, requests); err != nil {
		return err
	}
	if err := r.measureCost(ctx, st, f, requests); err != nil {
		return err
	}
	r.Setting.OthersCores, r.Setting.StealCores = st.quiet.cores()
	if err := r.write(stdout); err != nil {
		return err
	}
	if err := r.draw(f.out); err != nil {
		return err
	}
	return writeJSON(f.json, r)
}

// parseCompare reads the command line and returns the files too.
func parseCompare(arguments []string, stderr io.Writer) (*compareFlags, []string, error) {
	f := new(compareFlags)
	flags := newFlags("compare", comparisonContestants, &f.settings, stderr)
	flags.IntVar(&f.sample, "sample", 500, "send at most this `number` of requests of every data set and label, drawn by --seed (0: all)")
	flags.Uint64Var(&f.seed, "seed", 1, "seed of the sample")
	flags.StringVar(&f.anomaly, "anomaly", anomalyLabel, "what requests labelled anomaly count as: anomaly (neither), attack or normal")
	flags.StringVar(&f.cost, "cost", normalLabel, "`label` of the requests whose cost is measured: normal, attack or all; all where no request has it")
	flags.IntVar(&f.connections, "connections", 16, "`number` of kept-alive connections of the closed loop")
	flags.IntVar(&f.rounds, "rounds", 5, "`number` of closed-loop rounds; contestants take turns in each")
	flags.IntVar(&f.requests, "requests", 1000, "requests a round and contestant")
	flags.IntVar(&f.warmup, "warmup", 500, "requests before the first round (0: none)")
	flags.IntVar(&f.latencyRounds, "latency-rounds", 3, "`number` of open-loop rounds")
	flags.DurationVar(&f.latencyTime, "latency-time", 15*time.Second, "`time` of an open-loop round")
	flags.Float64Var(&f.rate, "rate", 0, "open-loop requests per second (0: --share of the slowest contestant's closed-loop throughput)")
	flags.Float64Var(&f.share, "share", 0.5, "open-loop load as a share of the slowest contestant's closed-loop throughput")
	flags.IntVar(&f.latencyOpen, "latency-connections", 64, "`number` of connections of the open loop")
	flags.DurationVar(&f.patience, "patience", 0, "longest `time` to wait before each round until other processes leave the machine alone")
	flags.Float64Var(&f.others, "others", 0.25, "`cores` that other processes may use: rounds in which they used more are left out, unless all would be")
	flags.StringVar(&f.out, "out", "", "`folder` for plots (SVG and PNG)")
	if err := flags.Parse(arguments); err != nil {
		return nil, nil, err
	}
	switch {
	case flags.NArg() == 0:
		return nil, nil, errors.New("compare: name at least one JSON Lines file or folder of labelled requests")
	case !slices.Contains([]string{anomalyLabel, attackLabel, normalLabel}, f.anomaly):
		return nil, nil, fmt.Errorf("compare: --anomaly is %q, want anomaly, attack or normal", f.anomaly)
	case !slices.Contains([]string{attackLabel, normalLabel, "all"}, f.cost):
		return nil, nil, fmt.Errorf("compare: --cost is %q, want normal, attack or all", f.cost)
	case f.rounds < 1 || f.latencyRounds < 1 || f.requests < 1:
		return nil, nil, errors.New("compare: --rounds, --latency-rounds and --requests must be at least 1")
	}
	f.optional = true
	flags.Visit(func(set *flag.Flag) { f.optional = f.optional && set.Name != "contestants" })
	return f, flags.Args(), nil
}

// startAll runs the contestants. Where --contestants names none, one whose engine
// is not installed is left out, and that is said.
func (r *compareReport) startAll(ctx context.Context, st *stage, f *compareFlags, all []*site.Contestant) error {
	for _, c := range all {
		st.say("starting %s", c.Name)
		_, err := st.start(ctx, c)
		if err != nil && f.optional && c.Name == "limen-cpu" && ctx.Err() == nil {
			lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
			r.LeftOut[c.Name] = lines[len(lines)-1]
			st.say("left out %s: %s", c.Name, r.LeftOut[c.Name])
			continue
		}
		if err != nil {
			return err
		}
		if c.Coraza() {
			if r.Setting.Coraza == nil {
				r.Setting.Coraza = map[string]string{}
			}
			r.Setting.Coraza[c.Name] = corazaVersions(c)
		}
	}
	return nil
}

// measureAccuracy sends every request once to each contestant, over two
// connections: no firewall is pressed for time.
func (r *compareReport) measureAccuracy(ctx context.Context, st *stage, requests *labelled) error {
	var bare []load.Outcome
	for _, caddy := range st.caddies {
		name := caddy.Contestant.Name
		st.say("%s: sending %d requests once", name, len(requests.messages))
		outcomes := make([]load.Outcome, len(requests.messages))
		_, err := st.measure(ctx, caddy, requests.messages, load.Options{
			Connections: 2, Count: len(requests.messages), Timeout: 2 * time.Minute,
			Outcome: func(n int, o load.Outcome) { outcomes[n] = o },
		})
		if err != nil {
			return err
		}
		if bare == nil {
			bare = outcomes
		}
		a := newAccuracy(name, requests, bare, outcomes)
		st.say("%s: TPR %s, FPR %s", name, a.Pooled.TPR, a.Pooled.FPR)
		r.Accuracy = append(r.Accuracy, a)
	}
	st.quiet = quiet{}
	return nil
}

// measureCost lets the contestants take turns as limenbench proxy does, and reads
// their memory in between.
func (r *compareReport) measureCost(ctx context.Context, st *stage, f *compareFlags, requests *labelled) error {
	samples, label := requests.only(f.cost)
	r.CostLabel, r.CostBytes = label, float64(samples.bytes)/float64(len(samples.messages))
	r.Cost = &proxyReport{Outcomes: map[string][]*tally{}}
	for _, caddy := range st.caddies {
		if f.warmup > 0 {
			st.say("%s: warming up", caddy.Contestant.Name)
			if _, err := st.measure(ctx, caddy, samples.messages, load.Options{Connections: f.connections, Count: f.warmup}); err != nil {
				return err
			}
		}
	}
	st.quiet = quiet{}
	if err := r.Cost.measureClosed(ctx, st, &f.proxyFlags, samples); err != nil {
		return err
	}
	for _, caddy := range st.caddies {
		m, err := proc.ReadMemory(caddy.PID())
		if err != nil {
			return err
		}
		r.Memory = append(r.Memory, &footprint{caddy.Contestant.Name, len(requests.messages) + f.warmup + f.rounds*f.requests, m})
	}
	if f.rate <= 0 {
		slowest := slices.MinFunc(r.Cost.CPU, func(a, b *closedRow) int {
			return int(a.Throughput.Median - b.Throughput.Median)
		})
		f.rate = max(1, f.share*slowest.Throughput.Median)
	}
	if err := r.Cost.measureOpen(ctx, st, &f.proxyFlags, samples); err != nil {
		return err
	}
	for _, caddy := range st.caddies {
		r.Setting.ask(ctx, st, caddy)
	}
	return nil
}

// row returns what belongs together in the table and the plots, by contestant.
func (r *compareReport) row(i int) (*accuracy, *closedRow, *openRow, *footprint) {
	return r.Accuracy[i], r.Cost.CPU[i], r.Cost.Latency[i], r.Memory[i]
}

// comparison is the table that sums it all up, a row a contestant.
func (r *compareReport) comparison(of func(*accuracy) figures) string {
	table := report.Table{Titles: []string{" contestant", "TPR (95 % CI)", "FPR (95 % CI)", "balanced accuracy (95 % CI)", "CPU µs/request", "ratio to " + r.Accuracy[0].Name, "p50 ms", "p99 ms", "RSS MB"}}
	for i := range r.Accuracy {
		a, closed, open, memory := r.row(i)
		f := of(a)
		table.Row(a.Name, f.TPR, f.FPR, f.Balanced, fmt.Sprintf("%.0f", closed.CPU.Median), fmt.Sprintf("%.2f", closed.Ratio.Median),
			fmt.Sprintf("%.2f", open.P50.Median), fmt.Sprintf("%.2f", open.P99.Median), megabytes(memory.RSS))
	}
	return table.String()
}
