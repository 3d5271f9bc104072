//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/limen-waf/limen/bench/corpus"
	"github.com/limen-waf/limen/bench/evade"
	"github.com/limen-waf/limen/classifier/evasion"
)

// evadeFlags are those of evade and padding.
type evadeFlags struct {
	model     string
	threshold float64
	seed      uint64
	sample    int
	out       string
	json      string
}

func (f *evadeFlags) add(set *flag.FlagSet, sample int) {
	set.StringVar(&f.model, "model", "default", "the model: default, or the path of an ONNX file with its manifest beside it")
	set.Float64Var(&f.threshold, "threshold", 0, "score from which a request is caught (default: those of the model)")
	set.Uint64Var(&f.seed, "seed", 1, "draws carriers and mutations")
	set.IntVar(&f.sample, "sample", sample, "payloads at most, classes as evenly as they allow; 0 for all")
	set.StringVar(&f.out, "out", "", "write the requests that were lost to this JSON Lines file")
	set.StringVar(&f.json, "json", "", "write every figure to this file")
}

// runEvade is the subcommand evade.
func runEvade(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	set := flag.NewFlagSet("limenbench evade", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.Usage = func() {
		fmt.Fprintln(stderr, "usage: limenbench evade [flags] FILE…\n\nSearches for requests that hide the attacks in FILE from the model, and with --drift for ordinary\nchanges that make false alarms of the ordinary values in FILE.")
		set.PrintDefaults()
	}
	var f evadeFlags
	f.add(set, 2000)
	rounds := set.Int("rounds", 50, "rounds of a search")
	candidates := set.Int("candidates", 8, "candidates a round")
	factor := set.Int("growth", 20, "a request may grow by this many times the payload, and never by more than 16 KiB")
	drift := set.Bool("drift", false, "mutate ordinary values instead")
	probe := set.Int("probe", 0, "instead of searching, apply each mutation alone this many times to each payload")
	steps := set.Int("steps", 3, "random mutations a value, with --drift")
	if err := set.Parse(arguments); err != nil {
		return err
	}
	if *rounds < 1 || *candidates < 1 || *factor < 1 || *steps < 1 {
		return errors.New("--rounds, --candidates, --growth and --steps are at least 1")
	}
	m, files, err := f.open(set.Args())
	if err != nil {
		return err
	}
	o := evade.Options{Search: evasion.Options{Rounds: *rounds, Candidates: *candidates, MaxFactor: *factor}, Seed: f.seed, Progress: stderr}
	return f.write(stdout, func(out io.Writer) (reports []evade.Figures, err error) {
		o.Out = out
		if *drift {
			values, skipped, err := evade.ReadValues(files, f.seed)
			if err != nil {
				return nil, err
			}
			values = evade.SampleDatasets(values, f.sample, f.seed)
			fmt.Fprintln(stderr, evade.Taken(values, skipped))
			random, err := evade.RandomDrift(ctx, m, values, *steps, o)
			if err != nil {
				return nil, err
			}
			searched, err := evade.Drift(ctx, m, values, o)
			return []evade.Figures{random, searched}, err
		}
		payloads, err := f.payloads(files, stderr)
		if err != nil {
			return nil, err
		}
		if *probe > 0 {
			r, err := evade.Probe(ctx, m, payloads, *probe, o)
			return []evade.Figures{r}, err
		}
		r, err := evade.Evasion(ctx, m, payloads, o)
		return []evade.Figures{r}, err
	})
}

// open opens the model and finds the files.
func (f *evadeFlags) open(arguments []string) (*evade.Model, []string, error) {
	files, err := corpus.Files(arguments)
	if err != nil {
		return nil, nil, err
	}
	m, err := evade.Open(f.model, f.threshold)
	return m, files, err
}

func (f *evadeFlags) payloads(files []string, stderr io.Writer) ([]evade.Payload, error) {
	all, skipped, err := evade.ReadPayloads(files)
	if err != nil {
		return nil, err
	}
	payloads := evade.Sample(all, f.sample, f.seed)
	fmt.Fprintln(stderr, evade.Taken(payloads, skipped))
	if len(payloads) == 0 {
		return nil, errors.New("no payloads: name files with attacks that have a \"payload\" field or one parameter")
	}
	return payloads, nil
}

// write runs the work and writes what it returns: Markdown to standard output,
// JSON and lost requests to files.
func (f *evadeFlags) write(stdout io.Writer, work func(out io.Writer) ([]evade.Figures, error)) (err error) {
	var lost io.Writer
	if f.out != "" {
		file, err2 := os.Create(f.out)
		if err2 != nil {
			return err2
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		lost = file
	}
	reports, err := work(lost)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(stdout)
	for _, r := range reports {
		fmt.Fprintln(w, r.Markdown())
	}
	if err := w.Flush(); err != nil || f.json == "" {
		return err
	}
	content, err := json.MarshalIndent(reports, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(f.json, append(content, '\n'), 0o644)
}
