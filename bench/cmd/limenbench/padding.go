//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/limen-waf/limen/bench/evade"
)

// runPadding is the subcommand padding.
func runPadding(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	set := flag.NewFlagSet("limenbench padding", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.Usage = func() {
		fmt.Fprintln(stderr, "usage: limenbench padding [flags] FILE…\n\nBuries the attacks in FILE in ordinary filler: every size and body type, before, after and around.")
		set.PrintDefaults()
	}
	var f evadeFlags
	f.add(set, 200)
	sizes := set.String("sizes", "8,16,32,64,128,1024", "sizes of the filler in `KiB`")
	limit := set.Int("body-limit", 0, "read at most this many bytes of a body, as the handler's body_limit; 0 for all")
	if err := set.Parse(arguments); err != nil {
		return err
	}
	o := evade.PaddingOptions{Seed: f.seed, BodyLimit: *limit, Progress: stderr}
	for _, s := range strings.Split(*sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil || n < 1 || n > 64<<10 {
			return fmt.Errorf("--sizes: %q is no size in KiB between 1 and 65536", s)
		}
		o.Sizes = append(o.Sizes, n<<10)
	}
	if *limit < 0 {
		return errors.New("--body-limit is a number of bytes, 0 for all")
	}
	m, files, err := f.open(set.Args())
	if err != nil {
		return err
	}
	payloads, err := f.payloads(files, stderr)
	if err != nil {
		return err
	}
	return f.write(stdout, func(out io.Writer) ([]evade.Figures, error) {
		o.Out = out
		r, err := evade.Padding(ctx, m, payloads, o)
		return []evade.Figures{r}, err
	})
}
