//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/limen-waf/limen/bench/load"
	"github.com/limen-waf/limen/bench/site"
)

// proxyFlags are the flags of limenbench proxy.
type proxyFlags struct {
	settings
	table          bool
	most           int
	rounds         int
	requests       int
	warmup         int
	latencyRounds  int
	latencyTime    time.Duration
	rate           float64
	share          float64
	poisson        bool
	latencyOpen    int
	memoryRequests int
	memorySample   time.Duration
	seed           uint64
	patience       time.Duration
	others         float64
}

// proxyReport is everything that limenbench proxy finds.
type proxyReport struct {
	Setting  setting             `json:"setting"`
	Requests int                 `json:"requests"`
	Bytes    int64               `json:"bytes"`
	Skipped  map[string]int      `json:"skipped"`
	Outcomes map[string][]*tally `json:"outcomes,omitempty"`
	// Rounds and LatencyRounds were measured; the figures are of those in which
	// other processes were quiet.
	Rounds        int          `json:"rounds,omitempty"`
	LatencyRounds int          `json:"latency_rounds,omitempty"`
	CPU           []*closedRow `json:"closed_loop,omitempty"`
	Rate          float64      `json:"open_loop_rate,omitempty"`
	Latency       []*openRow   `json:"open_loop,omitempty"`
	Memory        []*memoryRow `json:"memory,omitempty"`
}

func runProxy(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	var f proxyFlags
	flags := newFlags("proxy", "bare,limen", &f.settings, stderr)
	flags.BoolVar(&f.table, "table", false, "only send every request once, also those that Caddy refuses, and print what became of them by data set")
	flags.IntVar(&f.most, "max", 0, "read at most this `number` of requests from the files (0: all)")
	flags.IntVar(&f.connections, "connections", 16, "`number` of kept-alive connections of the closed loop (2 with --table, unless given)")
	flags.IntVar(&f.rounds, "rounds", 7, "`number` of closed-loop rounds; contestants take turns in each (0: none)")
	flags.IntVar(&f.requests, "requests", 0, "requests a round and contestant (0: each request of the files once)")
	flags.IntVar(&f.warmup, "warmup", 5000, "requests before the first round (0: none)")
	flags.IntVar(&f.latencyRounds, "latency-rounds", 5, "`number` of open-loop rounds (0: none)")
	flags.DurationVar(&f.latencyTime, "latency-time", 10*time.Second, "`time` of an open-loop round")
	flags.Float64Var(&f.rate, "rate", 0, "open-loop requests per second (0: --share of the baseline's closed-loop throughput)")
	flags.Float64Var(&f.share, "share", 0.5, "open-loop load as a share of the baseline's closed-loop throughput")
	flags.BoolVar(&f.poisson, "poisson", false, "open loop with exponential instead of even times between starts")
	flags.IntVar(&f.latencyOpen, "latency-connections", 64, "`number` of connections of the open loop")
	flags.IntVar(&f.memoryRequests, "memory-requests", 200_000, "requests of the memory measurement, on a fresh process of every contestant but the baseline (0: none)")
	flags.DurationVar(&f.memorySample, "memory-sample", 500*time.Millisecond, "`time` between two memory samples")
	flags.DurationVar(&f.patience, "patience", 0, "longest `time` to wait before each round until other processes leave the machine alone")
	flags.Float64Var(&f.others, "others", 0.25, "`cores` that other processes may use: rounds in which they used more are left out, unless all would be")
	flags.Uint64Var(&f.seed, "seed", 1, "seed of --poisson")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("proxy: name at least one JSON Lines file or folder of requests")
	}
	if f.table {
		given := false
		flags.Visit(func(set *flag.Flag) { given = given || set.Name == "connections" })
		if !given {
			f.connections = 2
		}
	}
	contestants, err := f.parsed(ctx, stderr)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, f.limit)
	defer cancel()

	r := &proxyReport{Setting: newSetting("proxy", arguments, contestants[0].Binary), Outcomes: map[string][]*tally{}}
	requests, err := readSamples(flags.Args(), f.most, f.table)
	if err != nil {
		return err
	}
	r.Requests, r.Bytes, r.Skipped = len(requests.messages), requests.bytes, requests.reasons
	st, err := newStage(&f.settings, stderr)
	if err != nil {
		return err
	}
	defer st.close()
	if f.table {
		err = r.measureTable(ctx, st, &f, requests, contestants)
	} else {
		err = r.measureAll(ctx, st, &f, requests, contestants)
	}
	if err != nil {
		return err
	}
	r.Setting.OthersCores, r.Setting.StealCores = st.quiet.cores()
	if err := r.write(stdout); err != nil {
		return err
	}
	return writeJSON(f.json, r)
}

// measureTable sends every request once to each contestant with Limen.
func (r *proxyReport) measureTable(ctx context.Context, st *stage, f *proxyFlags, requests *samples, contestants []*site.Contestant) error {
	tested := 0
	for _, c := range contestants {
		if c.Name == "bare" {
			continue
		}
		tested++
		caddy, err := st.start(ctx, c)
		if err != nil {
			return err
		}
		st.say("%s: sending %d requests once", c.Name, len(requests.messages))
		outcomes := make([]load.Outcome, len(requests.messages))
		_, err = st.measure(ctx, caddy, requests.messages, load.Options{
			Connections: f.connections, Count: len(requests.messages),
			Outcome: func(n int, o load.Outcome) { outcomes[n] = o },
		})
		if err != nil {
			return err
		}
		r.Outcomes[c.Name] = tallies(requests, outcomes)
		r.Setting.ask(ctx, st, caddy)
		caddy.Stop()
	}
	if tested == 0 {
		return errors.New("proxy --table: name a contestant other than bare")
	}
	return nil
}

// measureAll takes every measurement that is asked for.
func (r *proxyReport) measureAll(ctx context.Context, st *stage, f *proxyFlags, requests *samples, contestants []*site.Contestant) error {
	if err := st.startAll(ctx, contestants); err != nil {
		return err
	}
	if f.requests <= 0 {
		f.requests = len(requests.messages)
	}
	if f.warmup > 0 {
		for _, caddy := range st.caddies {
			st.say("%s: warming up", caddy.Contestant.Name)
			if _, err := st.measure(ctx, caddy, requests.messages, load.Options{Connections: f.connections, Count: f.warmup}); err != nil {
				return err
			}
		}
		st.quiet = quiet{}
	}
	if f.rounds > 0 {
		if err := r.measureClosed(ctx, st, f, requests); err != nil {
			return err
		}
	}
	if f.latencyRounds > 0 {
		if err := r.measureOpen(ctx, st, f, requests); err != nil {
			return err
		}
	}
	for _, caddy := range st.caddies {
		r.Setting.ask(ctx, st, caddy)
	}
	if f.memoryRequests > 0 {
		return r.measureMemory(ctx, st, f, requests)
	}
	return nil
}

// writeJSON writes the report to the file, if one is named.
func writeJSON(path string, report any) error {
	if path == "" {
		return nil
	}
	text, err := json.MarshalIndent(report, "", "  ")
	if err == nil {
		err = os.WriteFile(path, append(text, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("writing numbers: %w", err)
	}
	return nil
}
