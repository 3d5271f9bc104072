//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/limen-waf/limen/bench/imagebench"
	"github.com/limen-waf/limen/bench/load"
	"github.com/limen-waf/limen/bench/proc"
	"github.com/limen-waf/limen/bench/report"
	"github.com/limen-waf/limen/bench/site"
)

// imageContestant is what takes part in rounds: a server or a bare loop.
type imageContestant struct {
	name, settings string
	// pids are its processes.
	pids []int
	// inside says that it is this process.
	inside bool
	// rows is how many rows one call has.
	rows  int
	drive func(ctx context.Context, count int) (*load.Result, error)

	per    time.Duration // that a call took, all connections together
	rounds []imageRound
}

// imageRound is one measurement of a contestant.
type imageRound struct {
	Rate      float64 `json:"rows_per_second"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	CPU       float64 `json:"cpu_ms"`           // a row, of its processes
	Generator float64 `json:"generator_cpu_ms"` // a row, of this process, 0 for a bare loop
	Others    float64 `json:"others_cores"`
	Finished  int     `json:"finished"`
	Failed    int     `json:"failed"`
}

func (r *imageReport) measure(ctx context.Context, s *imageSettings, stderr io.Writer) error {
	caddy, err := filepath.Abs(s.caddy)
	if err != nil {
		return fmt.Errorf("finding Caddy: %w", err)
	}
	if err := library(filepath.Dir(caddy)); err != nil {
		return err
	}
	st, err := newStage(&settings{response: 16, folder: s.folder}, stderr)
	if err != nil {
		return err
	}
	defer st.close()
	st.say("starting limen")
	limen, err := st.start(ctx, s.contestant())
	if err != nil {
		return err
	}
	if s.has("classify") {
		err = r.classify(ctx, st, s, limen)
	}
	if err == nil && s.has("batch") {
		err = r.batch(ctx, st, s, limen)
	}
	if err == nil && s.has("added") {
		err = r.added(ctx, st, s, limen)
	}
	r.Setting.OthersCores, r.Setting.StealCores = st.quiet.cores()
	return err
}

// once measures a contestant for about as long as asked for.
func (st *stage) once(ctx context.Context, c *imageContestant, count int) (imageRound, error) {
	own := os.Getpid()
	read := func() (server, generator time.Duration, err error) {
		for _, pid := range c.pids {
			used, err := proc.ReadCPU(pid)
			if err != nil {
				return 0, 0, fmt.Errorf("%s did not survive the run: %w", c.name, err)
			}
			server += used.Total
		}
		used, err := proc.ReadCPU(own)
		if c.inside {
			return used.Total, 0, err
		}
		return server, used.Total, err
	}
	busy, err := st.quiet.begin()
	if err != nil {
		return imageRound{}, err
	}
	server, generator, err := read()
	if err != nil {
		return imageRound{}, err
	}
	result, err := c.drive(ctx, count)
	if err != nil {
		return imageRound{}, fmt.Errorf("measuring %s: %w", c.name, err)
	}
	time.Sleep(settle)
	server2, generator2, err := read()
	if err != nil {
		return imageRound{}, err
	}
	server, generator = server2-server, generator2-generator
	others, err := st.quiet.end(busy, server+generator)
	rows := float64(max(result.Finished, 1) * c.rows)
	c.per = result.Elapsed / time.Duration(max(result.Finished, 1))
	return imageRound{
		Rate: result.Throughput() * float64(c.rows), P50: milliseconds(load.Quantile(result.Latencies, 0.5)), P99: milliseconds(load.Quantile(result.Latencies, 0.99)),
		CPU: milliseconds(server) / rows, Generator: milliseconds(generator) / rows,
		Others: others, Finished: result.Finished, Failed: result.Failed,
	}, err
}

// count is how many calls make up about the time, at the pace of the last measurement.
func (c *imageContestant) count(least, most int, about time.Duration) int {
	if c.per <= 0 {
		return least
	}
	return int(min(max(int64(about/c.per), int64(least)), int64(max(most, least))))
}

// probe warms a contestant up and measures it for half of the time.
func (st *stage) probe(ctx context.Context, s *imageSettings, c *imageContestant, least int) (imageRound, error) {
	if _, err := st.once(ctx, c, least); err != nil {
		return imageRound{}, err
	}
	round, err := st.once(ctx, c, c.count(least, s.requests, s.seconds/2))
	if err == nil {
		st.say("probe: %s (%s): %.1f a second", c.name, c.settings, round.Rate)
	}
	return round, err
}

// turns measures contestants in turns.
func (st *stage) turns(ctx context.Context, s *imageSettings, contestants []*imageContestant, least int) error {
	for n := range s.rounds {
		for _, c := range contestants {
			round, err := st.once(ctx, c, c.count(least, s.requests, s.seconds))
			if err != nil {
				return err
			}
			c.rounds = append(c.rounds, round)
			st.say("round %d of %d: %s: %.1f a second, %.2f ms CPU each", n+1, s.rounds, c.name, round.Rate, round.CPU)
		}
	}
	return nil
}

// fastest probes variants one after the other and returns the index of the fastest.
// start makes a variant run, and what it returns ends it.
func (st *stage) fastest(ctx context.Context, s *imageSettings, n, least int, start func(i int) (*imageContestant, func(), error)) (int, []imageTried, error) {
	best, tried := 0, []imageTried{}
	for i := range n {
		c, stop, err := start(i)
		if err != nil {
			return 0, nil, err
		}
		round, err := st.probe(ctx, s, c, least)
		stop()
		if err != nil {
			return 0, nil, err
		}
		tried = append(tried, imageTried{Name: c.name, Settings: c.settings, Rate: round.Rate})
		if round.Rate > tried[best].Rate {
			best = i
		}
	}
	tried[best].Taken = true
	return best, tried, nil
}

// server returns a contestant that answers messages over HTTP.
func server(name, settings, address string, connections int, messages []load.Message, pids ...int) *imageContestant {
	return &imageContestant{name: name, settings: settings, pids: pids, rows: 1, drive: func(ctx context.Context, count int) (*load.Result, error) {
		refused := 0
		result, err := load.Run(ctx, messages, load.Options{Address: address, Connections: connections, Count: count, Timeout: time.Minute,
			Outcome: func(_ int, o load.Outcome) {
				if !o.Failed && o.Status != 200 {
					refused++
				}
			}})
		if err == nil && (refused > 0 || result.Failed > 0) {
			err = fmt.Errorf("%d of %d requests were not answered with 200, and %d not at all", refused, result.Finished, result.Failed)
		}
		return result, err
	}}
}

// batch measures tensors of many connections beside the runtime's own batches.
func (r *imageReport) batch(ctx context.Context, st *stage, s *imageSettings, limen *site.Caddy) error {
	own, err := imagebench.OpenSession(s.path(batchModel), s.options())
	if err != nil {
		return err
	}
	defer own.Close()
	t, err := imagebench.Tensor(own.Inputs()[0], 1, 1)
	if err != nil {
		return err
	}
	message, err := imagebench.Infer("batch", t)
	if err != nil {
		return err
	}
	sizes := s.batches
	bare := func(i int) *imageContestant {
		return &imageContestant{name: "bare", settings: fmt.Sprintf("batches of %d, one caller", sizes[i]), inside: true, rows: sizes[i],
			drive: func(ctx context.Context, count int) (*load.Result, error) {
				return imagebench.Batched(ctx, own, sizes[i], count)
			}}
	}
	best, tried, err := st.fastest(ctx, s, len(sizes), 1, func(i int) (*imageContestant, func(), error) { return bare(i), func() {}, nil })
	if err != nil {
		return err
	}
	r.BatchTried = tried
	contestants := []*imageContestant{
		server("limen", fmt.Sprintf("limen_inference, %d connections", s.batchConnections), limen.Address, s.batchConnections, []load.Message{message}, limen.PID()),
		bare(best),
	}
	for i, c := range contestants {
		least := 1
		if i == 0 {
			least = 2 * s.batchConnections
		}
		if _, err := st.probe(ctx, s, c, least); err != nil {
			return err
		}
	}
	if err := st.turns(ctx, s, contestants, 1); err != nil {
		return err
	}
	r.Batch = summarizeImage(contestants)
	return nil
}

// added measures what one connection adds to a call of the session.
func (r *imageReport) added(ctx context.Context, st *stage, s *imageSettings, limen *site.Caddy) error {
	own, err := imagebench.OpenSession(s.path(classifierModel), s.options())
	if err != nil {
		return err
	}
	defer own.Close()
	for _, rows := range []int{1, 2} {
		row := &imageAdded{Rows: rows}
		t, err := imagebench.Tensor(own.Inputs()[0], rows, 1)
		if err != nil {
			return err
		}
		count := 0
		values := map[string][]float64{}
		for n := range s.rounds {
			if count == 0 { // how long one takes
				begin := time.Now()
				if _, err := imagebench.Compare(ctx, limen.Address, "classifier", own, t, 5, 20); err != nil {
					return err
				}
				count = min(max(20, int(s.seconds/(time.Since(begin)/25))), s.requests)
			}
			busy, err := st.quiet.begin()
			if err != nil {
				return err
			}
			used, err := proc.ReadCPU(limen.PID())
			if err != nil {
				return err
			}
			mine, err := proc.ReadCPU(os.Getpid())
			if err != nil {
				return err
			}
			a, err := imagebench.Compare(ctx, limen.Address, "classifier", own, t, 5, count)
			if err != nil {
				return err
			}
			used2, err := proc.ReadCPU(limen.PID())
			if err != nil {
				return err
			}
			mine2, err := proc.ReadCPU(os.Getpid())
			if err != nil {
				return err
			}
			if _, err := st.quiet.end(busy, used2.Total-used.Total+mine2.Total-mine.Total); err != nil {
				return err
			}
			row.Calls += len(a.HTTP)
			for q, name := range map[float64]string{0.5: "p50", 0.99: "p99"} {
				values["http"+name] = append(values["http"+name], milliseconds(load.Quantile(a.HTTP, q)))
				values["bare"+name] = append(values["bare"+name], milliseconds(load.Quantile(a.Bare, q)))
				values["difference"+name] = append(values["difference"+name], milliseconds(a.Difference(q)))
				values["beyond"+name] = append(values["beyond"+name], milliseconds(load.Quantile(a.Beyond, q)))
			}
			st.say("round %d of %d: %d row(s): %.2f ms over HTTP, %.2f ms beyond the run", n+1, s.rounds, rows, values["httpp50"][n], values["beyondp50"][n])
		}
		spread := func(name string) imageQuantiles {
			return imageQuantiles{report.Summarize(values[name+"p50"]), report.Summarize(values[name+"p99"])}
		}
		row.HTTP, row.Bare, row.Difference, row.Beyond = spread("http"), spread("bare"), spread("difference"), spread("beyond")
		r.Added = append(r.Added, row)
	}
	return nil
}
