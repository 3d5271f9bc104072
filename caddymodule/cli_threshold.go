package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/limen-waf/limen/model"
	"github.com/limen-waf/limen/store"
)

func newThresholdCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "threshold [--target-fpr 0.001] [--host H] [--since 720h] [--json]",
		Short: "Says which threshold the recorded traffic gives for a rate of false alarms",
		Long: `Says which threshold the recorded traffic gives for a rate of false alarms, site
by site, as the option target_fpr would choose it, or what is missing.

The requests are those that the running model scored, of the last 30 days. They
are not labelled, so this takes them for ordinary, with three exceptions. A client
that sends a request far above the model's own threshold (ten times its odds) is
taken for an attacker, and all that it sent on that day is left out. Of any other
client (an IPv4 address or an IPv6 /64 network), 100 requests a day count, and 20
of them at or above the model's own threshold. The result is never below a tenth
or above ten times the odds of the model's own threshold.

It comes from the running server through its admin endpoint. When no server
runs, it is read from its data folder, for the model that scored the newest
request there.

--since is an age, such as 12h or 7d, or a point in time, such as 2026-01-31.`,
		Example: `  $ caddy limen threshold
  $ caddy limen threshold --target-fpr 0.005 --host shop.example
  $ caddy limen threshold --json | jq '.sites[].threshold'`,
		Args: cobra.NoArgs,
	}
	f := &thresholdFlags{}
	f.source.add(cmd)
	cmd.Flags().StringVar(&f.target, "target-fpr", strconv.FormatFloat(defaultTarget, 'g', -1, 64), "Share of ordinary requests that may be flagged")
	cmd.Flags().StringVar(&f.host, "host", "", "Only requests to this host")
	cmd.Flags().StringVar(&f.since, "since", "", "Not older than this age or time")
	cmd.Flags().BoolVar(&f.json, "json", false, "Write the answer as JSON")
	cmd.RunE = f.run
	return cmd
}

type thresholdFlags struct {
	source      sourceFlags
	target      string
	host, since string
	json        bool
}

func (f *thresholdFlags) run(cmd *cobra.Command, _ []string) error {
	q := thresholdQuery{Host: f.host}
	var err error
	if q.Target, err = parseTargetFPR(f.target); err != nil {
		return fmt.Errorf("--target-fpr is %q, expected %s", f.target, targetFPRExpected)
	}
	if f.since != "" {
		if q.Since, err = pointInTime(f.since, time.Now()); err != nil {
			return fmt.Errorf("--since is %q, expected an age such as 12h or 7d, or a time such as 2026-01-31T08:00:00Z", f.since)
		}
	}
	src, err := f.source.open(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer src.Close()
	var answer *thresholdAnswer
	switch src := src.(type) {
	case *adminClient:
		answer, err = src.threshold(q)
	case *store.Store:
		answer, err = storedThreshold(cmd.Context(), src, q)
	}
	if err != nil {
		return err
	}
	if f.json {
		out := json.NewEncoder(cmd.OutOrStdout())
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false)
		return out.Encode(answer)
	}
	return answer.write(cmd.OutOrStdout())
}

// threshold asks the running server.
func (c *adminClient) threshold(q thresholdQuery) (*thresholdAnswer, error) {
	values := url.Values{"target_fpr": {strconv.FormatFloat(q.Target, 'g', -1, 64)}}
	if q.Host != "" {
		values.Set("host", q.Host)
	}
	if !q.Since.IsZero() {
		values.Set("since", q.Since.UTC().Format(time.RFC3339Nano))
	}
	answer := new(thresholdAnswer)
	return answer, c.get("/limen/threshold?"+values.Encode(), answer)
}

// storedThreshold asks the store for the model that scored the newest request.
func storedThreshold(ctx context.Context, s *store.Store, q thresholdQuery) (*thresholdAnswer, error) {
	var key evidenceKey
	newest := errors.New("found")
	err := s.Each(ctx, store.Query{Limit: 10000}, func(v *store.Verdict) error {
		if v.ModelDigest == "" { // an exception
			return nil
		}
		chain, err := s.Why(ctx, v.ID)
		if err != nil {
			return err
		}
		if chain.Model == nil {
			return fmt.Errorf("model %s of the newest decision is not in the store", v.ModelDigest)
		}
		var m model.Manifest
		if err := json.Unmarshal(chain.Model.Manifest, &m); err != nil {
			return fmt.Errorf("manifest of model %s in the store: %w", v.ModelDigest, err)
		}
		key = evidenceKey{model: v.ModelDigest, tokenizer: m.Tokenizer.Version, shipped: m.Threshold, keep: boundsOf(m.Threshold).Floor}
		return newest
	})
	switch {
	case err == nil:
		return &thresholdAnswer{TargetFPR: q.Target, Host: q.Host, Since: q.Since, Sites: []*calibration{}}, nil
	case !errors.Is(err, newest):
		return nil, err
	}
	return askThreshold(ctx, s, key, q, time.Now())
}

// write writes the answer for people.
func (a *thresholdAnswer) write(w io.Writer) error {
	p := new(page)
	if len(a.Sites) == 0 {
		p.title("no requests of this model are recorded")
	}
	for i, c := range a.Sites {
		if i > 0 {
			p.title("")
		}
		p.title(c.Site)
		c.write(p)
	}
	_, err := io.WriteString(w, p.String())
	return err
}

func (c *calibration) write(p *page) {
	p.line("target", "%v", c.TargetFPR)
	switch c.State {
	case stateTraffic:
		p.line("threshold", "%v (the model's own is %v; it may lie between %v and %v)", c.Threshold, c.Shipped, short(c.Floor), short(c.Ceiling))
	default:
		p.line("threshold", "none; the model's own, %v, is used", c.Threshold)
	}
	p.line("because", "%s", c.Reason)
	if c.Rows > 0 {
		p.line("requests", "%s", c.interval())
		p.line("since", "%s", c.Since.Local().Format("2006-01-02 15:04:05"))
	}
	for _, out := range []struct {
		n   int
		why string
	}{
		{c.LeftOut.Attackers, "of clients that sent an attack that day"},
		{c.LeftOut.Repeats, "beyond what one client counts for in a day"},
		{c.LeftOut.Biased, "stored only because they were flagged"},
		{c.LeftOut.Unscored, "with an exception or without a whole score"},
		{c.LeftOut.Labelled, "labelled attack"},
	} {
		if out.n > 0 {
			p.line("left out", "%s %s", thousands(out.n), out.why)
		}
	}
}
