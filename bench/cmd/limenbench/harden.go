//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/limen-waf/limen/bench/evade"
	"github.com/limen-waf/limen/classifier/evasion"
)

// runHarden is the subcommand harden, which training runs between epochs.
func runHarden(ctx context.Context, arguments []string, _, stderr io.Writer) (err error) {
	set := flag.NewFlagSet("limenbench harden", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.Usage = func() {
		fmt.Fprintln(stderr, "usage: limenbench harden --out OUT [flags] FILE…\n\nWrites requests for adversarial training: the attacks in FILE as the model sees them worst, and ordinary\nvalues that went through the same mutations.")
		set.PrintDefaults()
	}
	var f evadeFlags
	f.add(set, 0)
	var o evade.HardenOptions
	set.IntVar(&o.Searched, "searched", 4000, "attacks that go through the search")
	set.IntVar(&o.Random, "random", 8000, "attacks that go through random mutations")
	set.IntVar(&o.Padded, "padded", 2000, "attacks in filler")
	set.IntVar(&o.Ordinary, "ordinary", 8000, "ordinary values that go through random mutations; a fourth as many in filler")
	set.IntVar(&o.Alarms, "alarms", 2000, "ordinary values that go through the search for a higher score")
	set.IntVar(&o.Steps, "steps", 10, "longest chain of random mutations")
	set.IntVar(&o.Search.Rounds, "rounds", 50, "rounds of a search")
	set.IntVar(&o.Search.Candidates, "candidates", 6, "candidates a round")
	if err := set.Parse(arguments); err != nil {
		return err
	}
	if f.out == "" || o.Steps < 1 || o.Search.Rounds < 1 || o.Search.Candidates < 1 {
		return errors.New("--out names the file to write; --steps, --rounds and --candidates are at least 1")
	}
	m, files, err := f.open(set.Args())
	if err != nil {
		return err
	}
	payloads, err := f.payloads(files, stderr)
	if err != nil {
		return err
	}
	values, skipped, err := evade.ReadValues(files, f.seed)
	if err != nil {
		return err
	}
	fmt.Fprintln(stderr, evade.Taken(values, skipped))
	file, err := os.Create(f.out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	o.Options = evade.Options{Search: evasion.Options{Rounds: o.Search.Rounds, Candidates: o.Search.Candidates}, Seed: f.seed, Out: file, Progress: stderr}
	return evade.Harden(ctx, m, payloads, values, o)
}
