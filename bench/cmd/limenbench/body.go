//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/limen-waf/limen/bench/load"
	"github.com/limen-waf/limen/bench/report"
)

// bodyReport is everything that limenbench body finds.
type bodyReport struct {
	Setting setting    `json:"setting"`
	Rows    []*bodyRow `json:"bodies"`
}

// bodyRow is the cost of bodies of one size for one contestant, in ms of the
// server's processor time a request. Added is the difference to the baseline in
// the same round: the cost of inspection.
type bodyRow struct {
	Name    string        `json:"name"`
	Bytes   int           `json:"bytes"`
	CPU     report.Spread `json:"cpu_ms"`
	Added   report.Spread `json:"added_cpu_ms"`
	Latency report.Spread `json:"p50_ms"`
	Passed  int           `json:"passed"`
	Blocked int           `json:"blocked"`
	Failed  int           `json:"failed"`
	// Inspected says what the recorded verdicts tell of the bodies.
	Inspected string `json:"inspected,omitempty"`

	cpu, latency []float64
}

func runBody(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	var s settings
	flags := newFlags("body", "bare,limen", &s, stderr)
	sizes := flags.String("sizes", "1024,65536,1048576", "comma-separated body sizes in `bytes`")
	rounds := flags.Int("rounds", 7, "`number` of rounds; contestants take turns in each")
	count := flags.Int("requests", 20, "requests a round, contestant and size; each body is another")
	seed := flags.Uint64("seed", 1, "seed of the bodies")
	flags.IntVar(&s.connections, "connections", 1, "`number` of kept-alive connections")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	contestants, err := s.parsed(ctx, stderr)
	if err != nil {
		return err
	}
	if *rounds < 1 || *count < 1 || flags.NArg() > 0 {
		return errors.New("body: takes no files, and at least one round of one request")
	}
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	r := &bodyReport{Setting: newSetting("body", arguments, contestants[0].Binary)}
	st, err := newStage(&s, stderr)
	if err != nil {
		return err
	}
	defer st.close()
	if err := st.startAll(ctx, contestants); err != nil {
		return err
	}
	for text := range strings.SplitSeq(*sizes, ",") {
		size, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || size < 64 || size > 1<<28 {
			return fmt.Errorf("body: --sizes %q: want numbers from 64 to %d", text, 1<<28)
		}
		if err := r.measure(ctx, st, size, *rounds, *count, *seed); err != nil {
			return err
		}
	}
	for _, caddy := range st.caddies {
		r.Setting.ask(ctx, st, caddy)
	}
	r.Setting.OthersCores, r.Setting.StealCores = st.quiet.cores()
	var w bytes.Buffer
	fmt.Fprintf(&w, "%s\nBodies of ordinary JSON, %d rounds of %d requests, each body sent once a contestant; processor time of the server process:\n\n%s\n", &r.Setting, *rounds, *count, r.table())
	if _, err := stdout.Write(w.Bytes()); err != nil {
		return err
	}
	return writeJSON(s.json, r)
}

// measure sends bodies of one size. No body repeats, so that no cache of
// verdicts can help.
func (r *bodyReport) measure(ctx context.Context, st *stage, size, rounds, count int, seed uint64) error {
	rows := make([]*bodyRow, len(st.caddies))
	for i, caddy := range st.caddies {
		rows[i] = &bodyRow{Name: caddy.Contestant.Name, Bytes: size}
	}
	added := make([][]float64, len(rows))
	// Round -1 warms up.
	for round := -1; round < rounds; round++ {
		messages := make([]load.Message, count)
		for i := range messages {
			body := ordinaryJSON(size, seed+uint64((round+1)*count+i))
			messages[i].Wire = append([]byte("POST /api/v1/orders/import HTTP/1.1\r\nHost: shop.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"+
				"Accept: application/json\r\nContent-Type: application/json\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"), body...)
		}
		base := 0.0
		for i, caddy := range st.caddies {
			row := rows[i]
			u, err := st.measure(ctx, caddy, messages, load.Options{
				Connections: 1, Count: count,
				Outcome: func(_ int, o load.Outcome) {
					switch {
					case round < 0:
					case o.Upstream:
						row.Passed++
					case o.Status == 403:
						row.Blocked++
					default:
						row.Failed++
					}
				},
			})
			if err != nil {
				return err
			}
			if round < 0 {
				continue
			}
			cpu := perRequest(u.server.Total, u) / 1e3
			if i == 0 {
				base = cpu
			}
			row.cpu = append(row.cpu, cpu)
			row.latency = append(row.latency, milliseconds(load.Quantile(u.result.Latencies, 0.5)))
			added[i] = append(added[i], cpu-base)
			st.say("%d bytes, round %d of %d: %-14s %.3f ms CPU a request", size, round+1, rounds, row.Name, cpu)
		}
	}
	for i, row := range rows {
		row.CPU, row.Added, row.Latency = report.Summarize(row.cpu), report.Summarize(added[i]), report.Summarize(row.latency)
		if st.caddies[i].Contestant.Limen() {
			row.Inspected = inspected(ctx, st, i, count)
		}
	}
	r.Rows = append(r.Rows, rows...)
	return nil
}

// inspected asks the contestant for its newest verdicts.
func inspected(ctx context.Context, st *stage, i, count int) string {
	verdicts, err := st.caddies[i].Verdicts(ctx, count)
	if err != nil {
		st.say("%s: %v", st.caddies[i].Contestant.Name, err)
		return "no verdicts to be had"
	}
	whole, fallbacks := 0, map[string]int{}
	for _, v := range verdicts {
		if v.Inspected >= v.Sent {
			whole++
		}
		if v.Fallback != "" {
			fallbacks[v.Fallback]++
		}
	}
	text := fmt.Sprintf("%d of %d whole", whole, len(verdicts))
	for reason, n := range fallbacks {
		text += fmt.Sprintf(", %d fell back (%s)", n, reason)
	}
	return text
}

func (r *bodyReport) table() string {
	table := report.Table{Titles: []string{"body bytes", " contestant", "CPU ms/request, median (range)", "added CPU ms (inspection)", "p50 latency ms", "passed", "blocked", "failed", " last verdicts"}}
	for _, row := range r.Rows {
		table.Row(row.Bytes, row.Name, row.CPU.Format("%.3f"), row.Added.Format("%.3f"), row.Latency.Format("%.2f"), row.Passed, row.Blocked, row.Failed, row.Inspected)
	}
	return table.String()
}
