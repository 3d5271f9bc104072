package caddymodule

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/limen-waf/limen/model"
	"github.com/limen-waf/limen/store"
)

const asOfHelp = `
It comes from the running server through its admin endpoint. When no server runs,
it is read from its data folder.

--as-of shows it as it was at a time: an age such as 90s or 7d, or a point in time
such as 2026-01-31 or 2026-01-31T08:00:00Z.`

func newModelsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "models [--as-of T] [--json]",
		Short: "Lists the models that ever decided here, and which one is active",
		Long: `Lists the models that ever decided here, which one is in use, and which one will be
from the next start or reload on, with the promotions that made it so.
` + asOfHelp,
		Example: `  $ caddy limen models
  $ caddy limen models --as-of 7d --json | jq .promotions`,
		Args: cobra.NoArgs,
	}
	addAsOf(cmd, func(src verdictSource, at time.Time) (answer *modelsAnswer, err error) {
		switch src := src.(type) {
		case *adminClient:
			answer = new(modelsAnswer)
			err = src.asOf("/limen/models", at, answer)
		case *store.Store:
			answer, err = modelsAt(src, at, "")
		}
		return answer, err
	}, (*modelsAnswer).write)
	return cmd
}

func newPoliciesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policies [--as-of T] [--json]",
		Short: "Shows the thresholds and policies in force at each site",
		Long: `Shows the thresholds and policies in force at each site, with the model, since when,
and where the threshold comes from: the configuration, the model, or recorded
traffic.
` + asOfHelp,
		Example: `  $ caddy limen policies
  $ caddy limen policies --as-of 2026-01-31 --json | jq .sites`,
		Args: cobra.NoArgs,
	}
	addAsOf(cmd, func(src verdictSource, at time.Time) (answer *sitesAnswer, err error) {
		switch src := src.(type) {
		case *adminClient:
			answer = new(sitesAnswer)
			err = src.asOf("/limen/policies", at, answer)
		case *store.Store:
			answer, err = sitesAt(src, at)
		}
		return answer, err
	}, (*sitesAnswer).write)
	return cmd
}

// addAsOf makes cmd ask for an answer as of a time and write it.
func addAsOf[T any](cmd *cobra.Command, ask func(verdictSource, time.Time) (T, error), write func(T, io.Writer) error) {
	var source sourceFlags
	var at asOfFlag
	source.add(cmd)
	at.add(cmd)
	asJSON := cmd.Flags().Bool("json", false, "Write JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		as, err := at.time()
		if err != nil {
			return err
		}
		src, err := source.open(cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		defer src.Close()
		answer, err := ask(src, as)
		if err != nil {
			return err
		}
		if *asJSON {
			return writeJSON(cmd.OutOrStdout(), answer)
		}
		return write(answer, cmd.OutOrStdout())
	}
}

// asOf asks the running server how something was at a time.
func (c *adminClient) asOf(path string, at time.Time, answer any) error {
	values := url.Values{}
	setAsOf(values, at)
	return c.get(path+"?"+values.Encode(), answer)
}

func (a *modelsAnswer) write(w io.Writer) error {
	if len(a.Models) == 0 {
		_, err := io.WriteString(w, "no models\n")
		return err
	}
	var t table
	t.row("model", "task", "version", "created", "first seen", "state", "digest")
	for _, m := range a.Models {
		var state []string
		switch {
		case m.InUse && m.Device != "":
			state = append(state, "in use on "+m.Device)
		case m.InUse:
			state = append(state, "in use")
		}
		if m.Next && !m.InUse {
			state = append(state, "from the next start or reload on")
		}
		if !m.Stored && !slices.Contains([]string{procedureClassify, procedureDetect, procedureInfer}, m.Task) {
			state = append(state, "file not stored")
		}
		t.row(printable(m.Name), printable(m.Task), printable(m.Version), timeOrNone(m.Created), timeOrNone(m.FirstSeen), strings.Join(state, ", "), m.Digest)
	}
	if err := t.writeLeft(w); err != nil || len(a.Promotions) == 0 {
		return err
	}
	t = table{{"", "", "", "", ""}}
	t.row("time", "action", "author", "to", "note")
	for _, p := range a.Promotions {
		t.row(timeOrNone(p.Time), p.Action, printable(p.Author), p.Model, printable(cut(p.Note, 100)))
	}
	return t.writeLeft(w)
}

func (a *sitesAnswer) write(w io.Writer) error {
	if len(a.Sites) == 0 {
		_, err := io.WriteString(w, "no sites\n")
		return err
	}
	p := new(page)
	for _, s := range a.Sites {
		p.title(printable(s.Site))
		p.line("since", "%s", timeOrNone(s.Since))
		p.line("mode", "%s", s.Mode)
		p.line("threshold", "%v, from the %s", s.Threshold, strings.ReplaceAll(s.Source, "traffic", "recorded traffic"))
		classes := make([]string, 0, len(s.ClassThresholds))
		for class, threshold := range s.ClassThresholds {
			classes = append(classes, fmt.Sprintf("%s %v", class, threshold))
		}
		slices.Sort(classes)
		p.line("classes", "%s", strings.Join(classes, ", "))
		p.line("model", "%s", s.ModelDigest)
		p.line("policy", "%s", s.PolicyDigest)
	}
	_, err := io.WriteString(w, p.String())
	return err
}

func newPromoteCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "promote MODEL [--note N]",
		Short: "Makes a model the active one from the next start or reload on",
		Long: `Makes a model the active one, from the server's next start or reload on
("caddy reload --force"), in place of the one that the configuration names.

MODEL is a digest or its beginning, as "caddy limen models" lists them, a
name, name@digest, "default" for the model in the server's binary, or the path of an
ONNX file on the server with its manifest beside it. It is loaded once to see that
it runs.

The promotion counts while the configuration names the model that it was made over:
"model http" with another file has the last word. "caddy limen rollback" takes it
back.`,
		Example: `  $ caddy limen promote 49378af7a4ce --note "fewer alarms on /search"
  $ caddy limen promote /srv/candidate.onnx
  $ caddy reload --force`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("got %d arguments, expected one model", len(args))
			}
			return nil
		},
	}
	var f callFlags
	f.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		reference := args[0]
		if _, err := os.Stat(reference); err == nil && reference != model.DefaultRef {
			if reference, err = filepath.Abs(reference); err != nil {
				return err
			}
		}
		return f.promotion(cmd, "promote", store.PromoteInput{Name: modelHTTP, Model: reference, Note: f.note})
	}
	return cmd
}

func newRollbackCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rollback [--note N]",
		Short: "Takes the last promotion back, from the next start or reload on",
		Long: `Takes the last promotion back: from the server's next start or reload on
("caddy reload --force"), the model before it is the active one. Called again, it
takes back the promotion before, until the configuration's model is the active one.`,
		Example: `  $ caddy limen rollback --note "blocks the newsletter"
  $ caddy reload --force`,
		Args: cobra.NoArgs,
	}
	var f callFlags
	f.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return f.promotion(cmd, "rollback", store.RollbackInput{Name: modelHTTP, Note: f.note})
	}
	return cmd
}

func (f *callFlags) promotion(cmd *cobra.Command, procedure string, input any) error {
	var out store.Promotion
	call, err := f.call(procedure, input, &out)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: model %s from the next start or reload on (caddy reload --force), in place of %s%s\n",
		out.Action, out.Model, out.Before, remark(call))
	return err
}
