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
	"path/filepath"
	"regexp"
	"time"

	"github.com/limen-waf/limen/bench/proc"
	"github.com/limen-waf/limen/bench/report"
	"github.com/limen-waf/limen/bench/storebench"
)

// storeReport is everything that limenbench store finds.
type storeReport struct {
	Machine proc.Machine         `json:"machine"`
	Filled  *storebench.Filled   `json:"filled,omitempty"`
	Cold    bool                 `json:"cold"`
	Server  bool                 `json:"server"`
	Queries []*storebench.Timing `json:"queries,omitempty"`
}

// runStore is the subcommand store.
func runStore(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	set := flag.NewFlagSet("limenbench store", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.Usage = func() {
		fmt.Fprintln(stderr, "usage: limenbench store [flags]\n\nFills a data folder with rows like those of a busy site, then times the first page of every query.")
		set.PrintDefaults()
	}
	dir := set.String("dir", "", "data `folder`: filled if it does not exist, and kept; default a temporary one")
	rows := set.Int("rows", 300_000, "rows to fill the folder with")
	span := set.Duration("span", 24*time.Hour, "time that the rows cover")
	seed := set.Uint64("seed", 1, "seed of the rows")
	rounds := set.Int("rounds", 20, "times that each query is asked after the first, 0 to fill alone")
	cold := set.Bool("cold", false, "drop the files from the system's cache before each query's first time")
	server := set.Bool("server", false, "open the folder as a server does, and ask when it has read its index")
	only := set.String("only", "", "ask only the queries whose names match this `regular expression`")
	asJSON := set.Bool("json", false, "write JSON")
	if err := set.Parse(arguments); err != nil {
		return err
	}
	switch {
	case set.NArg() > 0:
		return fmt.Errorf("store: takes no arguments, got %q", set.Arg(0))
	case *rows < 10:
		return fmt.Errorf("--rows is %d, want at least 10", *rows)
	case *span < time.Second:
		return fmt.Errorf("--span is %s, want at least a second", *span)
	case *rounds < 0:
		return fmt.Errorf("--rounds is %d, want 0 or more", *rounds)
	}
	names, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("--only %q: %w", *only, err)
	}
	if *dir == "" {
		temporary, err := os.MkdirTemp("", "limenbench-store-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temporary)
		*dir = filepath.Join(temporary, "limen")
	}
	r := &storeReport{Machine: proc.ReadMachine(), Cold: *cold, Server: *server}
	if _, err := os.Stat(*dir); errors.Is(err, os.ErrNotExist) {
		progress := func(n int) { fmt.Fprintf(stderr, "\r%d of %d rows", n, *rows) }
		if r.Filled, err = storebench.Fill(ctx, *dir, *rows, *span, *seed, progress); err != nil {
			return err
		}
		fmt.Fprintln(stderr)
	}
	if *rounds > 0 {
		var err error
		plan := storebench.Plan{Span: *span, Rounds: *rounds, Only: names, Cold: *cold, Server: *server, CPU: ownCPU}
		r.Queries, err = storebench.Measure(ctx, *dir, plan, func(t *storebench.Timing) {
			fmt.Fprintf(stderr, "%-32s %-6s %5d rows %9.2f ms first %9.2f ms warm %9.2f ms CPU\n", t.Name, t.Order, t.Rows, t.First, t.Warm.Median, t.CPU)
		})
		if err != nil {
			return err
		}
	}
	if *asJSON {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	return r.write(stdout)
}

// ownCPU returns the processor time of this process.
func ownCPU() (time.Duration, error) {
	c, err := proc.ReadCPU(os.Getpid())
	return c.Total, err
}

// write renders the report as Markdown.
func (r *storeReport) write(w io.Writer) error {
	m := r.Machine
	fmt.Fprintf(w, "- machine: %s, %d cores, %d GiB, Linux %s, %s, load %.2f before the run\n", m.CPU, m.Cores, m.Memory>>30, m.Kernel, m.Go, m.Load)
	if f := r.Filled; f != nil {
		fmt.Fprintf(w, "- filled: %d rows in %.1f s (%.0f a second, the generator's work included), %d segments, %.1f MB (%.0f bytes a row); then %d labels\n",
			f.Rows, f.Elapsed.Seconds(), f.PerSecond(), f.Segments, float64(f.Bytes)/1e6, float64(f.Bytes)/float64(f.Rows), f.Labels)
	}
	if r.Queries == nil {
		return nil
	}
	first := "first (store just opened), ms"
	if r.Cold {
		first = "first (store just opened, files not in memory), ms"
	}
	if r.Server {
		first = "first (server that has read its index), ms"
	}
	t := report.Table{Titles: []string{" query", " order", "rows", first, "then, ms (min–max)", "CPU ms"}}
	worst := &storebench.Timing{}
	for _, q := range r.Queries {
		t.Row(q.Name, q.Order, q.Rows, fmt.Sprintf("%.2f", q.First), q.Warm.Format("%.2f"), fmt.Sprintf("%.2f", q.CPU))
		if q.Warm.Max > worst.Warm.Max {
			worst = q
		}
	}
	_, err := fmt.Fprintf(w, "- slowest after the first time: %.2f ms (%s, %s first)\n\n%s", worst.Warm.Max, worst.Name, worst.Order, &t)
	return err
}
