package caddymodule

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func newAdaptCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "adapt [--dry-run] [--force] [--name N] [--note N] [--json]",
		Short: "Makes a model that decides as the labels say, from the running one",
		Long: `Makes a model of the running one that decides as the labels say: its last layer is
fitted to every labelled request, within seconds, in the server. Nothing decides
differently until the model is promoted ("caddy limen promote").

What else may change is bounded. Recorded requests without a label are held to what they
are decided now, and so is a set of attacks and ordinary requests that comes with
Limen. No model is made when more than one in a hundred of other such attacks would be missed
that are caught now, or more than two in a thousand of the recorded requests that
pass, or one in twenty of those that are flagged, would be decided differently and are
not like a labelled one. --dry-run shows what would change all the same, --force makes
the model all the same.

An adapted model is not adapted again: the next one begins with the same base, and learns
all labels that hold then. A label that was taken back is gone from it.

--as-of looks at the labels and the requests as they were at a time: an age such as
90s or 7d, or a point in time such as 2026-01-31 or 2026-01-31T08:00:00Z.`,
		Example: `  $ caddy limen label 01KA2B3C4D5E6F7G8H9JKMNPQR normal --note "our own editor"
  $ caddy limen adapt --dry-run
  $ caddy limen adapt --note "editor, search"
  $ caddy limen adapt --json | jq .model`,
		Args: cobra.NoArgs,
	}
	var f callFlags
	var in adaptInput
	var at asOfFlag
	f.add(cmd)
	at.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&in.Name, "name", "", "Name of the new model (default: that of the base)")
	flags.Int64Var(&in.Seed, "seed", 0, "Which recorded requests are drawn, where there are more than it takes")
	flags.Float64Var(&in.Strength, "strength", 0, "Weight of a label, about 0.0005 to 50 (default: the least that puts the labels right)")
	flags.BoolVar(&in.DryRun, "dry-run", false, "Only show what would change")
	flags.BoolVar(&in.Force, "force", false, "Make the model although it changes more than it should")
	asJSON := flags.Bool("json", false, "Write the report as JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var err error
		if in.AsOf, err = at.time(); err != nil {
			return err
		}
		if !in.AsOf.IsZero() {
			in.AsOf = in.AsOf.UTC()
		}
		if err := in.check(); err != nil {
			return fmt.Errorf("--%w", err)
		}
		in.Note = f.note
		report := new(adaptReport)
		call, err := f.call("adapt", &in, report)
		if err != nil {
			return err
		}
		if *asJSON {
			return writeJSON(cmd.OutOrStdout(), report)
		}
		if call.Stored {
			fmt.Fprintln(cmd.ErrOrStderr(), "note:"+remark(call))
		}
		return report.write(cmd.OutOrStdout())
	}
	return cmd
}

// reportedChanges is how many labelled requests are written; JSON has all of them.
const reportedChanges = 20

// write writes the report for people.
func (r *adaptReport) write(w io.Writer) error {
	p := new(page)
	switch {
	case r.DryRun:
		p.title("dry run: no model is made")
	default:
		p.title(fmt.Sprintf("made model %s %s", printable(r.Name), printable(r.Version)))
		p.line("digest", "%s", r.Model)
	}
	p.line("base", "%s", r.Base)
	if r.Running != r.Base {
		p.line("running", "%s", r.Running)
	}
	l := &r.Labels
	text := fmt.Sprintf("%s used (%d ordinary, %d attacks)", thousands(l.Used), l.Ordinary, l.Attacks)
	if l.LeftOutCount > 0 {
		text += fmt.Sprintf(", %s left out", thousands(l.LeftOutCount))
	}
	if l.Older > 0 {
		text += fmt.Sprintf(", %s older ones not looked at", thousands(l.Older))
	}
	p.line("labels", "%s", text)
	b, a := &r.Before, &r.After
	p.line("right", "%d of %d before, %d of %d after", b.Right, b.Labels, a.Right, a.Labels)
	p.line("recorded", "%s requests without a label: %s newly flagged, %s no longer, %s of them like a labelled one",
		thousands(a.Anchors), thousands(r.Flips.New), thousands(r.Flips.Cleared), thousands(r.Flips.Like))
	p.line("guard", "%d of %d attacks caught before, %d after; %d of %d ordinary requests flagged before, %d after",
		b.GuardCaught, b.GuardAttacks, a.GuardCaught, b.GuardAlarms, b.GuardOrdinary, a.GuardAlarms)
	fit := fmt.Sprintf("strength %.2g, %d iterations", r.Options.Strength, r.Options.Iterations)
	if !r.Options.Converged {
		fit += ", not converged"
	}
	p.line("fit", "%s, %s", fit, (time.Duration(r.Micros) * time.Microsecond).Round(10*time.Millisecond))
	p.line("limit", "%s", strings.TrimSpace(r.Refused))
	if _, err := io.WriteString(w, p.String()+"\n"); err != nil {
		return err
	}
	if err := r.writeChanges(w); err != nil {
		return err
	}
	if err := writeFlips(w, "recorded requests without a label that change", r.Flips.Examples); err != nil {
		return err
	}
	return r.writeNext(w)
}

// writeChanges writes the labelled requests, those that are wrong first.
func (r *adaptReport) writeChanges(w io.Writer) error {
	var t table
	t.row("label", "before", "", "after", "", "verdict", "request")
	n := 0
	for _, pick := range []func(*labelChange) bool{
		func(c *labelChange) bool { return !c.Right },
		func(c *labelChange) bool { return c.Right && !c.Was },
		func(c *labelChange) bool { return c.Right && c.Was },
	} {
		for i := range r.Changes {
			c := &r.Changes[i]
			if !pick(c) {
				continue
			}
			if n++; n <= reportedChanges {
				t.row(c.Label, fmt.Sprintf("%.4f", c.Before.Score), rightOrWrong(c.Was), fmt.Sprintf("%.4f", c.After.Score), rightOrWrong(c.Right), c.Verdict.String(), printable(cut(c.Path, 80)))
			}
		}
	}
	if err := t.writeLeft(w); err != nil {
		return err
	}
	if n > reportedChanges {
		if _, err := fmt.Fprintf(w, "… %s more (--json)\n", thousands(n-reportedChanges)); err != nil {
			return err
		}
	}
	if len(r.Labels.LeftOut) == 0 {
		return nil
	}
	t = table{{""}}
	t.row("left out", "verdict", "because")
	for _, l := range r.Labels.LeftOut[:min(len(r.Labels.LeftOut), reportedChanges)] {
		t.row(l.Label, l.Verdict.String(), l.Why)
	}
	return t.writeLeft(w)
}

func rightOrWrong(right bool) string {
	if right {
		return "right"
	}
	return "wrong"
}

// writeNext says how to go on.
func (r *adaptReport) writeNext(w io.Writer) error {
	if r.Model == "" {
		return nil
	}
	short := strings.TrimPrefix(r.Model, "sha256:")[:12]
	_, err := fmt.Fprintf(w, "\nnext\n  caddy limen replay --model %s --since 7d\n  caddy limen promote %s && caddy reload --force\n", short, short)
	return err
}
