//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/limen-waf/limen/bench/load"
	"github.com/limen-waf/limen/bench/report"
)

// openRow is what the open loop found of one contestant. Latencies are in ms,
// from the time a request was meant to start; Added is the difference to the
// baseline in the same round.
type openRow struct {
	Name     string        `json:"name"`
	P50      report.Spread `json:"p50_ms"`
	P99      report.Spread `json:"p99_ms"`
	P999     report.Spread `json:"p999_ms"`
	AddedP50 report.Spread `json:"added_p50_ms"`
	AddedP99 report.Spread `json:"added_p99_ms"`
	CPU      report.Spread `json:"cpu_us"`
	// Lag is the 99th percentile of how late the generator itself was, in ms.
	Lag    report.Spread `json:"generator_lag_p99_ms"`
	Failed int           `json:"failed"`

	rounds []*used // kept
}

// measureOpen lets contestants take turns under the same open-loop load.
func (r *proxyReport) measureOpen(ctx context.Context, st *stage, f *proxyFlags, requests *samples) error {
	r.Rate = f.rate
	if r.Rate <= 0 {
		if len(r.CPU) == 0 {
			return errors.New("proxy: an open loop needs --rate, or --rounds to measure the baseline's throughput")
		}
		r.Rate = f.share * r.CPU[0].Throughput.Median
	}
	count := max(1, int(r.Rate*f.latencyTime.Seconds()))
	for _, caddy := range st.caddies {
		r.Latency = append(r.Latency, &openRow{Name: caddy.Contestant.Name})
	}
	all := make([][]*used, len(st.caddies))
	for round := range f.latencyRounds {
		if err := st.wait(ctx, f.patience, f.others); err != nil {
			return err
		}
		for turn := range st.caddies {
			i := (turn + round) % len(st.caddies)
			row := r.Latency[i]
			u, err := st.measure(ctx, st.caddies[i], requests.messages, load.Options{
				Connections: f.latencyOpen, Count: count, Offset: round * count,
				Rate: r.Rate, Poisson: f.poisson, Seed: f.seed + uint64(round),
			})
			if err != nil {
				return err
			}
			all[i] = append(all[i], u)
			l := u.result.Latencies
			st.say("open loop %d of %d at %.0f requests/s: %-14s p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms; others used %.2f cores", round+1, f.latencyRounds, r.Rate, row.Name,
				milliseconds(load.Quantile(l, 0.5)), milliseconds(load.Quantile(l, 0.99)), milliseconds(load.Quantile(l, 0.999)), u.others)
		}
	}
	r.LatencyRounds = f.latencyRounds
	for i, kept := range calm(all, f.others) {
		r.Latency[i].rounds = kept
	}
	for _, row := range r.Latency {
		row.summarize(r.Latency[0])
	}
	return nil
}

func milliseconds(t time.Duration) float64 { return t.Seconds() * 1e3 }

func (row *openRow) summarize(base *openRow) {
	quantile := func(from *openRow, q float64) (values []float64) {
		for _, u := range from.rounds {
			values = append(values, milliseconds(load.Quantile(u.result.Latencies, q)))
		}
		return values
	}
	added := func(q float64) []float64 {
		values := quantile(row, q)
		for i, b := range quantile(base, q) {
			values[i] -= b
		}
		return values
	}
	var lag, cpu []float64
	for _, u := range row.rounds {
		lag = append(lag, milliseconds(load.Quantile(u.result.Lags, 0.99)))
		cpu = append(cpu, perRequest(u.server.Total, u))
		row.Failed += u.result.Failed
	}
	row.P50, row.P99, row.P999 = report.Summarize(quantile(row, 0.5)), report.Summarize(quantile(row, 0.99)), report.Summarize(quantile(row, 0.999))
	row.AddedP50, row.AddedP99 = report.Summarize(added(0.5)), report.Summarize(added(0.99))
	row.Lag, row.CPU = report.Summarize(lag), report.Summarize(cpu)
}

func writeOpen(w io.Writer, rows []*openRow, rate float64, rounds int) {
	table := report.Table{Titles: []string{" contestant", "p50 ms", "p99 ms", "p99.9 ms", "added p50 ms", "added p99 ms", "CPU µs/request", "generator's own lag p99 ms", "failed"}}
	for _, row := range rows {
		table.Row(row.Name, row.P50.Format("%.2f"), row.P99.Format("%.2f"), row.P999.Format("%.2f"), row.AddedP50.Format("%.2f"), row.AddedP99.Format("%.2f"), row.CPU.Format("%.1f"), row.Lag.Format("%.2f"), row.Failed)
	}
	fmt.Fprintf(w, "Latency from the intended start, open loop at %.0f requests/s, median of %s (range):\n\n%s\n", rate, keptRounds(len(rows[0].rounds), rounds), &table)
}
