//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/limen-waf/limen/bench/load"
	"github.com/limen-waf/limen/bench/report"
)

// closedRow is what the closed loop found of one contestant. Ratios compare with
// the baseline in the same round.
type closedRow struct {
	Name string `json:"name"`
	// CPU is the server's processor time a request in µs, by its CPU clock;
	// Stat is the same by /proc/PID/stat over all rounds, of it System in the
	// kernel.
	CPU    report.Spread `json:"cpu_us"`
	Stat   float64       `json:"stat_us"`
	System float64       `json:"system_us"`
	Ratio  report.Spread `json:"cpu_ratio"`
	// Throughput is in requests per second, with server, upstream and generator
	// on the same cores; Generator and Upstream are their µs a request.
	Throughput      report.Spread `json:"requests_per_second"`
	ThroughputRatio report.Spread `json:"throughput_ratio"`
	Generator       float64       `json:"generator_us"`
	Upstream        float64       `json:"upstream_us"`
	Requests        int           `json:"requests"`
	Failed          int           `json:"failed"`
	// Blocked requests got a 403 without the upstream's work: they cost less.
	Blocked int `json:"blocked"`
	// Sent is the number of requests of all rounds, of which Blocked were.
	Sent int `json:"sent"`

	rounds []*used // kept
}

// measureClosed lets contestants take turns under a closed loop.
func (r *proxyReport) measureClosed(ctx context.Context, st *stage, f *proxyFlags, requests *samples) error {
	for _, caddy := range st.caddies {
		r.CPU = append(r.CPU, &closedRow{Name: caddy.Contestant.Name})
	}
	all := make([][]*used, len(st.caddies))
	for round := range f.rounds {
		if err := st.wait(ctx, f.patience, f.others); err != nil {
			return err
		}
		for turn := range st.caddies {
			// Rotating takes away what being first or last is worth.
			i := (turn + round) % len(st.caddies)
			caddy, row := st.caddies[i], r.CPU[i]
			outcomes := make([]load.Outcome, len(requests.messages))
			u, err := st.measure(ctx, caddy, requests.messages, load.Options{
				Connections: f.connections, Count: f.requests,
				Outcome: func(n int, o load.Outcome) {
					outcomes[n%len(outcomes)] = o
					row.Sent++
					if o.Status == 403 && !o.Upstream {
						row.Blocked++
					}
				},
			})
			if err != nil {
				return err
			}
			all[i] = append(all[i], u)
			st.say("round %d of %d: %-14s %6.1f µs CPU a request, %6.0f requests/s; others used %.2f cores", round+1, f.rounds, row.Name, perRequest(u.server.Total, u), u.result.Throughput(), u.others)
			if round == 0 && f.requests >= len(requests.messages) {
				r.Outcomes[row.Name] = tallies(requests, outcomes)
			}
		}
	}
	r.Rounds = f.rounds
	for i, kept := range calm(all, f.others) {
		r.CPU[i].rounds = kept
	}
	for _, row := range r.CPU {
		row.summarize(r.CPU[0])
	}
	return nil
}

// perRequest returns t in µs a finished request.
func perRequest(t time.Duration, u *used) float64 {
	return t.Seconds() * 1e6 / float64(max(u.result.Finished, 1))
}

func (row *closedRow) summarize(base *closedRow) {
	var cpu, ratio, rate, rateRatio []float64
	var total used
	for i, u := range row.rounds {
		b := base.rounds[i]
		cpu = append(cpu, perRequest(u.server.Total, u))
		ratio = append(ratio, perRequest(u.server.Total, u)/perRequest(b.server.Total, b))
		rate = append(rate, u.result.Throughput())
		rateRatio = append(rateRatio, u.result.Throughput()/b.result.Throughput())
		total.server.User += u.server.User
		total.server.System += u.server.System
		total.upstream.Total += u.upstream.Total
		total.generator.Total += u.generator.Total
		row.Requests += u.result.Finished
		row.Failed += u.result.Failed
	}
	each := func(t time.Duration) float64 { return t.Seconds() * 1e6 / float64(max(row.Requests, 1)) }
	row.CPU, row.Ratio = report.Summarize(cpu), report.Summarize(ratio)
	row.Throughput, row.ThroughputRatio = report.Summarize(rate), report.Summarize(rateRatio)
	row.Stat, row.System = each(total.server.Stat()), each(total.server.System)
	row.Upstream, row.Generator = each(total.upstream.Total), each(total.generator.Total)
}

// keptRounds says how many rounds the figures are of.
func keptRounds(kept, rounds int) string {
	if kept == rounds {
		return fmt.Sprintf("%d rounds", rounds)
	}
	return fmt.Sprintf("%d of %d rounds (the others left out: other processes were busy)", kept, rounds)
}

func writeClosed(w io.Writer, rows []*closedRow, rounds int) {
	cpu := report.Table{Titles: []string{" contestant", "CPU µs/request, median (range)", "ratio to " + rows[0].Name, "by /proc/PID/stat", "of it system", "blocked", "failed"}}
	rate := report.Table{Titles: []string{" contestant", "requests/s, median (range)", "ratio to " + rows[0].Name, "upstream CPU µs/request", "generator CPU µs/request"}}
	for _, row := range rows {
		cpu.Row(row.Name, row.CPU.Format("%.1f"), row.Ratio.Format("%.2f"), fmt.Sprintf("%.1f", row.Stat), fmt.Sprintf("%.1f", row.System), report.Percent(row.Blocked, row.Sent), row.Failed)
		rate.Row(row.Name, row.Throughput.Format("%.0f"), row.ThroughputRatio.Format("%.2f"), fmt.Sprintf("%.1f", row.Upstream), fmt.Sprintf("%.1f", row.Generator))
	}
	kept := len(rows[0].rounds)
	fmt.Fprintf(w, "Processor time of the server process, %s, %d requests each:\n\n%s\n", keptRounds(kept, rounds), rows[0].Requests/max(1, kept), &cpu)
	fmt.Fprintf(w, "Closed-loop throughput; server, upstream and generator share the cores:\n\n%s\n", &rate)
}
