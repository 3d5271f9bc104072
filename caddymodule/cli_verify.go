package caddymodule

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/limen-waf/limen/store"
)

func newVerifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify [--head HEAD] [--json]",
		Short: "Checks that no recorded decision was altered, removed or added",
		Long: `Checks every recorded decision against the hash chain of its segment, and names
those that were altered, removed or added since they were written. Exits with 1
when there are any.

The running server does it, beside its work; when no server runs, the data folder is
read.

The last line is the head of the chain. It depends on every decision that was
recorded before. Who can write the data folder can also write a whole chain anew:
keep the head somewhere else, and give it to a later verify with --head, which finds
that too.

Segments that an earlier Limen wrote have no chain: there, only check sums are
compared, and verify says so. Decisions that were removed by "caddy limen forget" have
left their hash, and are counted.`,
		Example: `  $ caddy limen verify
  $ caddy limen verify --json | jq .head
  $ caddy limen verify --head "$(ssh vault cat limen-head)"`,
		Args: cobra.NoArgs,
	}
	var f verifyFlags
	f.source.add(cmd)
	cmd.Flags().StringVar(&f.head, "head", "", "The head that an earlier verify wrote")
	cmd.Flags().BoolVar(&f.json, "json", false, "Write the report as JSON")
	cmd.RunE = f.run
	return cmd
}

type verifyFlags struct {
	source sourceFlags
	head   string
	json   bool
}

func (f *verifyFlags) run(cmd *cobra.Command, _ []string) error {
	src, err := f.source.open(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer src.Close()
	b := newBar(cmd.ErrOrStderr())
	tell := func(done, segments, rows int) {
		b.show(float64(done)/float64(max(segments, 1)), func() string { return thousands(rows) + " decisions" })
	}
	var r *store.VerifyReport
	switch src := src.(type) {
	case *adminClient:
		r, err = src.verify(f.head, tell)
	case *store.Store:
		r, err = src.Verify(cmd.Context(), store.VerifyOptions{
			Head:     f.head,
			Progress: func(_ string, done, segments, rows int) { tell(done, segments, rows) },
		})
	}
	b.clear()
	if err != nil {
		return err
	}
	return f.write(cmd.OutOrStdout(), r)
}

// verify has the server check, and tells how far it is.
func (c *adminClient) verify(head string, tell func(done, segments, rows int)) (*store.VerifyReport, error) {
	uri := "/limen/verify"
	if head != "" {
		uri += "?" + url.Values{"head": {head}}.Encode()
	}
	resp, err := c.request(http.MethodGet, uri)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	for d := json.NewDecoder(bufio.NewReader(resp.Body)); ; {
		var e verifyEvent
		switch err := d.Decode(&e); {
		case err != nil:
			return nil, c.brokenOff(err)
		case e.Error != "":
			return nil, errors.New(e.Error)
		case e.Report != nil:
			return e.Report, nil
		}
		tell(e.Done, e.Segments, e.Rows)
	}
}

func (f *verifyFlags) write(w io.Writer, r *store.VerifyReport) error {
	if f.json {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		if err := e.Encode(r); err != nil {
			return err
		}
		return f.result(r)
	}
	for _, p := range r.Problems {
		what := "segment " + p.Segment
		if p.ID != "" {
			what = "decision " + p.ID + " in " + what
		}
		fmt.Fprintf(w, "%s: %s: %s\n", p.Kind, what, printable(p.Detail))
	}
	if more := r.Found - len(r.Problems); more > 0 {
		fmt.Fprintf(w, "and %s more\n", thousands(more))
	}
	plain := 0
	for _, s := range r.Segments {
		if s.State == store.SegmentUnchained {
			plain++
		}
	}
	fmt.Fprintf(w, "%s decisions in %d segments, %s forgotten\n", thousands(r.Rows), len(r.Segments), thousands(r.Forgotten))
	if plain > 0 {
		fmt.Fprintf(w, "%d of the segments, with %s decisions, are of a Limen before the hash chain: only check sums were compared\n", plain, thousands(r.Unchained))
	}
	if r.Head != "" {
		fmt.Fprintf(w, "head %s\n", r.Head)
	}
	return f.result(r)
}

// result is the command's error.
func (f *verifyFlags) result(r *store.VerifyReport) error {
	if r.Found > 0 {
		return fmt.Errorf("%d problems found: the records are not as they were written", r.Found)
	}
	return nil
}
