package caddymodule

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/limen-waf/limen/store"
)

func newWhyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "why [--json] ID",
		Short: "Explains one decision or image call: by which model and policy, trained on what, labelled by whom",
		Long: `Explains one decision: what was asked, what the network made of it, by which
model and under which policy, what the model was trained on, and what people
said about the decision since.

Of a call of an image or inference model, it says what was sent, what came out, by
which model and preset, where it ran and how long each part took.

ID is in the list that "caddy limen verdicts" writes, in the access log, and in
the placeholder {http.limen.id}; that of an image call in its answer, in the
header Limen-Id, and in the placeholder {http.limen_image.id}.`,
		Example: `  $ caddy limen why 01KA2B3C4D5E6F7G8H9JKMNPQR
  $ caddy limen why --json 01KA2B3C4D5E6F7G8H9JKMNPQR | jq .data_sets`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("got %d arguments, expected the ID of one decision", len(args))
			}
			return nil
		},
	}
	var source sourceFlags
	source.add(cmd)
	asJSON := cmd.Flags().Bool("json", false, "Write everything as JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		id, err := store.ParseID(args[0])
		if err != nil {
			return err
		}
		src, err := source.open(cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		defer src.Close()
		chain, err := src.Why(cmd.Context(), id)
		if err != nil {
			act, actErr := src.WhyAct(cmd.Context(), id)
			switch {
			case actErr != nil:
				return err
			case *asJSON:
				return writeJSONChain(cmd.OutOrStdout(), act)
			}
			return writeActChain(cmd.OutOrStdout(), act)
		}
		if *asJSON {
			return writeJSONChain(cmd.OutOrStdout(), chain)
		}
		return writeChain(cmd.OutOrStdout(), chain)
	}
	return cmd
}

// page is text of named lines.
type page struct{ strings.Builder }

// line writes "name  text"; nothing when text is empty.
func (p *page) line(name, format string, args ...any) {
	if text := fmt.Sprintf(format, args...); text != "" {
		fmt.Fprintf(p, "  %-10s %s\n", name, text)
	}
}

// text writes a line without a name.
func (p *page) text(s string) { fmt.Fprintf(p, "  %s\n", s) }

func (p *page) title(text string) { fmt.Fprintf(p, "%s\n", text) }

// writeChain writes where a decision comes from, for people.
func writeChain(w io.Writer, c *store.Chain) error {
	p := new(page)
	writeDecision(p, c.Verdict)
	if x := c.Exception; x != nil {
		p.line("added", "%s by %s, for %s; %s", timeOrNone(x.Time), printable(x.Author), printable(orAll(x.Site)), orNone(printable(x.Note)))
	}
	writeMaker(p, c)
	if err := writeData(p, c.DataSets); err != nil {
		return err
	}
	writeParents(p, c)
	p.title("labels")
	if len(c.Labels) == 0 {
		p.text("none")
	}
	for i := range c.Labels {
		writeLabel(p, &c.Labels[i])
	}
	writeStoredRequest(p, c.Verdict)
	_, err := io.WriteString(w, p.String())
	return err
}

func writeDecision(p *page, v *store.Verdict) {
	p.title(fmt.Sprintf("%s %s", v.Decision, v.ID))
	p.line("time", "%s", v.Time.Local().Format("2006-01-02 15:04:05.000000 -0700"))
	p.line("request", "%s", printable(cut(v.Method+" "+v.Host+v.Path, 300)))
	p.line("client", "%s", printable(v.ClientIP))
	p.line("user", "%s", printable(v.Principal))
	if v.Status != 0 {
		text := strconv.Itoa(v.Status)
		if v.UpstreamMicros != 0 {
			text += fmt.Sprintf(", the upstream answered within %s", time.Duration(v.UpstreamMicros)*time.Microsecond)
		}
		p.line("status", "%s", text)
	}
	p.line("score", "%.6f, class %s, threshold %g, mode %s", v.Score, v.Class, v.Threshold, v.Mode)
	p.line("classes", "%s", likeliest(v.ClassScores, 4))
	p.line("exception", "%s", printable(v.Exception))
	p.line("fallback", "%s", printable(v.Fallback))
	read := fmt.Sprintf("%s of %s bytes in %d window(s), decoded %d deep", thousands(int(v.BytesInspected)), thousands(int(v.BytesSent)), v.Windows, v.DecodeDepth)
	if v.CacheHit {
		read += ", verdict from the cache"
	}
	p.line("read", "%s", read)
	p.line("took", "tokenizer %d µs, queue %d µs, network %d µs", v.TokenizeMicros, v.QueueMicros, v.InferMicros)
}

// likeliest names the n most probable classes.
func likeliest(scores store.ClassScores, n int) string {
	sorted := slices.Clone(scores)
	slices.SortStableFunc(sorted, func(a, b store.ClassScore) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	var parts []string
	for _, s := range sorted[:min(n, len(sorted))] {
		parts = append(parts, fmt.Sprintf("%s %.4f", s.Class, s.Score))
	}
	return strings.Join(parts, ", ")
}

// writeMaker writes who made the decision, and from what.
func writeMaker(p *page, c *store.Chain) {
	v := c.Verdict
	p.title("model")
	if c.Model != nil {
		p.line("name", "%s", c.Model.Name)
		p.line("first seen", "%s", c.Model.FirstSeen.Local().Format(time.DateTime))
	}
	p.line("digest", "%s", orNone(v.ModelDigest))
	if m := c.Promotion; m != nil {
		p.line("promoted", "%s by %s in place of %s %s", timeOrNone(m.Time), printable(m.Author), m.Before, printable(m.Note))
	}
	if len(c.Lineage) > 0 {
		writeRun(p, c.Lineage[0].Run)
	}
	if v.Engine != "" {
		p.line("engine", "%s on %s, tokenizer version %d", v.Engine, v.Device, v.TokenizerVersion)
	}
	p.title("policy")
	p.line("digest", "%s", orNone(v.PolicyDigest))
	if c.Policy != nil {
		p.line("first seen", "%s", c.Policy.FirstSeen.Local().Format(time.DateTime))
		p.line("policy", "%s", c.Policy.Policy)
	}
	for _, missing := range c.Missing {
		p.line("missing", "%s is not in the store", missing)
	}
}

// writeData writes the rows of each data set of the model by what they were for.
func writeData(p *page, sets []store.DataSet) error {
	p.title("data of the model, in rows (digests: --json)")
	if len(sets) == 0 {
		p.text("the model's manifest names none")
		return nil
	}
	var names, roles []string
	rows := make(map[[2]string]int64)
	for _, d := range sets {
		if !slices.Contains(names, d.Name) {
			names = append(names, d.Name)
		}
		if !slices.Contains(roles, d.Role) {
			roles = append(roles, d.Role)
		}
		rows[[2]string{d.Name, d.Role}] += d.Rows
	}
	var t table
	t.row(append([]string{"  "}, roles...)...)
	for _, name := range names {
		row := []string{"  " + printable(name)}
		for _, role := range roles {
			row = append(row, count(int(rows[[2]string{name, role}])))
		}
		t.row(row...)
	}
	return t.write(p)
}

// writeRun writes how a model came to be.
func writeRun(p *page, r *store.Run) {
	if r == nil {
		return
	}
	text := r.Kind
	if !r.Finished.IsZero() {
		text += ", finished " + timeOrNone(r.Finished)
	}
	if r.Seed != nil {
		text += fmt.Sprintf(", seed %d", *r.Seed)
	}
	if r.Author != "" {
		text += ", by " + printable(r.Author)
	}
	p.line("run", "%s", text)
	p.line("note", "%s", printable(r.Note))
	p.line("code", "%s", printable(r.Code))
	if r.LabelSet != "" {
		p.line("label set", "%s, %s", thousands(len(r.Labels)), r.LabelSet)
	}
}

// writeParents writes the models that the model was made from, with their data, and the
// labels that went into each.
func writeParents(p *page, c *store.Chain) {
	const most = 20
	for i, a := range c.Lineage {
		if i > 0 {
			p.title("made from model " + printable(a.Model.Name) + " " + a.Model.Digest)
			writeRun(p, a.Run)
			writeRunData(p, a.Run)
		} else if a.Run != nil && a.Run.Kind == store.RunAdaptation {
			p.title("read by the adaptation besides labels")
			writeRunData(p, a.Run)
		}
		if len(a.Labels) > 0 {
			p.title("labels that model " + a.Model.Digest + " learned from")
		}
		for j := range a.Labels[:min(most, len(a.Labels))] {
			writeLabel(p, &a.Labels[j])
		}
		if n := len(a.Labels) - most; n > 0 {
			p.text("… " + thousands(n) + " more (--json)")
		}
	}
}

func writeRunData(p *page, r *store.Run) {
	if r == nil {
		return
	}
	for _, d := range r.Data {
		p.line("data", "%s, %s, %s rows, %s", printable(d.Name), d.Role, thousands(int(d.Rows)), orNone(d.SHA256))
	}
}

func writeLabel(p *page, l *store.Label) {
	text := l.Class
	if !l.SupersededBy.IsZero() {
		text += " (superseded)"
	}
	p.line(l.Label, "%s", strings.Join(strings.Fields(fmt.Sprintf("%s by %s at %s, verdict %s", text, printable(l.Author), timeOrNone(l.Time), l.Verdict)), " "))
	p.line("note", "%s", printable(l.Note))
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// writeStoredRequest shows the start of the request as it was recorded.
func writeStoredRequest(p *page, v *store.Verdict) {
	const most = 4 << 10
	if v.Request == nil {
		return
	}
	p.title("request as stored, sensitive values masked")
	text := strings.ToValidUTF8(cut(string(v.Request), most), "\uFFFD")
	for line := range strings.Lines(text) {
		p.text(printable(strings.TrimRight(line, "\r\n")))
	}
	left := int64(max(0, len(v.Request)-most)) + v.RequestCut
	if left > 0 {
		p.text("… " + thousands(int(left)) + " bytes more")
	}
}
