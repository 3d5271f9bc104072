package caddymodule

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/limen-waf/limen/store"
)

// callFlags are those of the commands that call procedures: that change state, which only a
// running server does, as it goes by what is changed at once, or that have its models run.
type callFlags struct {
	admin adminFlags
	as    string
	key   string
	note  string
}

func (f *callFlags) add(cmd *cobra.Command) {
	f.addCaller(cmd)
	cmd.Flags().StringVar(&f.note, "note", "", "Why, for those who ask later")
}

// addCaller adds the flags that all calls have.
func (f *callFlags) addCaller(cmd *cobra.Command) {
	f.admin.add(cmd)
	cmd.Flags().StringVar(&f.as, "as", "", "Who says so (default: the user's name)")
	cmd.Flags().StringVar(&f.key, "key", "", "Idempotency key: the same command with the same key is done once, within 24 hours")
}

// call calls a procedure in the running server and decodes its output.
func (f *callFlags) call(procedure string, input, output any) (*store.Call, error) {
	call := new(store.Call)
	if err := f.send(procedure, input, call); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(call.Output, output); err != nil {
		return nil, fmt.Errorf("reading the output of %s: %w", procedure, err)
	}
	return call, nil
}

// send calls a procedure in the running server and decodes the call's row with its
// output into call.
func (f *callFlags) send(procedure string, input, call any) error {
	client, err := newAdminClient(f.admin.address, f.admin.config, f.admin.adapter)
	if err != nil {
		return err
	}
	err = client.call(procedure, f.principal(), f.key, input, call)
	if errors.Is(err, errNoServer) || errors.Is(err, errNoLimen) {
		err = fmt.Errorf("%w: %s needs the running server, whose admin endpoint --address names", err, procedure)
	}
	return err
}

// principal is who calls.
func (f *callFlags) principal() string {
	if f.as != "" {
		return f.as
	}
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	if name := os.Getenv("USER"); name != "" {
		return name
	}
	return "cli"
}

// remark says that a call was done before.
func remark(call *store.Call) string {
	if call.Stored {
		return " (done already at " + call.Time.Local().Format(time.DateTime) + ", with this key)"
	}
	return ""
}

func newLabelCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "label ID attack|normal|retract [--class C] [--note N]",
		Short: "Says whether a decision's request was an attack",
		Long: `Says whether a decision's request was an attack, or ordinary; "retract" takes the
label back. A later label takes the place of an earlier one; nothing is lost,
and "caddy limen why" shows who said what, when.

A labelled decision is kept, however old it gets. Labels count at once where
target_fpr chooses the threshold.

ID is in the list that "caddy limen verdicts" writes, in the access log, and in
the placeholder {http.limen.id}.`,
		Example: `  $ caddy limen label 01KA2B3C4D5E6F7G8H9JKMNPQR normal --note "our own crawler"
  $ caddy limen label 01KA2B3C4D5E6F7G8H9JKMNPQR attack --class sqli
  $ caddy limen label 01KA2B3C4D5E6F7G8H9JKMNPQR retract`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("got %d arguments, expected the ID of a decision, and attack, normal or retract", len(args))
			}
			return nil
		},
	}
	var f callFlags
	f.add(cmd)
	class := cmd.Flags().String("class", "", "Kind of attack, such as sqli")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if _, err := store.ParseID(args[0]); err != nil {
			return err
		}
		label := args[1]
		switch label {
		case store.LabelAttack, store.LabelNormal:
		case "retract":
			label = store.LabelRetracted
		default:
			return fmt.Errorf("label is %q, expected attack, normal or retract", label)
		}
		var out store.Label
		call, err := f.call("label", map[string]string{"verdict": args[0], "label": label, "class": *class, "note": f.note}, &out)
		if err != nil {
			return err
		}
		what := out.Label
		if out.Class != "" {
			what += " (" + out.Class + ")"
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s by %s%s\n", out.Verdict, what, printable(out.Author), remark(call))
		return err
	}
	return cmd
}

func newLabelsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "labels [--label L] [--class C] [--author A] [--history] [--as-of T] [--limit N] [--json]",
		Short: "Lists what people said of decisions, the newest first",
		Long: `Lists what people said of decisions, the newest first. Labels that others took
the place of, and those that were taken back, are listed with --history.

They come from the running server through its admin endpoint. When no server
runs, they are read from its data folder.

--as-of lists the labels as they were at a time: an age such as 90s or 7d, or a
point in time such as 2026-01-31 or 2026-01-31T08:00:00Z.`,
		Example: `  $ caddy limen labels --label normal
  $ caddy limen labels --history --as-of 2026-01-31 --json`,
		Args: cobra.NoArgs,
	}
	var source sourceFlags
	var q store.LabelQuery
	var at asOfFlag
	source.add(cmd)
	at.add(cmd)
	cmd.Flags().StringVar(&q.Label, "label", "", "Label: attack, normal or retracted")
	cmd.Flags().StringVar(&q.Class, "class", "", "Class, such as sqli")
	cmd.Flags().StringVar(&q.Author, "author", "", "Who said so")
	cmd.Flags().BoolVar(&q.History, "history", false, "Superseded and retracted labels too")
	limit := cmd.Flags().Int("limit", 100, "At most this many, 0 for all")
	asJSON := cmd.Flags().Bool("json", false, "Write one JSON object a line")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		as, err := at.time()
		if err != nil {
			return err
		}
		if *limit < 0 {
			return fmt.Errorf("--limit is %d, expected 0 for all, or more", *limit)
		}
		src, err := source.open(cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		defer src.Close()
		w := newLabelWriter(cmd.OutOrStdout(), *asJSON)
		if err := eachLabel(cmd.Context(), src, q, as, *limit, w.write); err != nil {
			return err
		}
		return w.end()
	}
	return cmd
}

// eachLabel calls visit with the first limit labels (0: all), page after page.
func eachLabel(ctx context.Context, src verdictSource, q store.LabelQuery, at time.Time, limit int, visit func(*store.Label) error) error {
	for left := limit; ; {
		q.Limit = pageRows
		if limit > 0 {
			q.Limit = min(left, pageRows)
		}
		var page *store.LabelPage
		var err error
		switch src := src.(type) {
		case *adminClient:
			page, err = src.labels(q, at)
		case *store.Store:
			page, err = src.At(at).Labels(ctx, q)
		}
		if err != nil {
			return err
		}
		for i := range page.Labels {
			if err := visit(&page.Labels[i]); err != nil {
				return err
			}
		}
		left -= len(page.Labels)
		if q.After = page.Next; q.After == "" || limit > 0 && left <= 0 {
			return nil
		}
	}
}

// labels asks the running server.
func (c *adminClient) labels(q store.LabelQuery, at time.Time) (*store.LabelPage, error) {
	values := url.Values{"limit": {strconv.Itoa(q.Limit)}}
	for name, value := range map[string]string{"label": q.Label, "class": q.Class, "author": q.Author, "cursor": q.After} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if q.History {
		values.Set("history", "true")
	}
	setAsOf(values, at)
	page := new(store.LabelPage)
	return page, c.get("/limen/labels?"+values.Encode(), page)
}

// labelWriter writes labels in one of the forms.
type labelWriter struct {
	write func(*store.Label) error
	end   func() error
}

func newLabelWriter(w io.Writer, asJSON bool) labelWriter {
	if asJSON {
		out := bufio.NewWriter(w)
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		return labelWriter{func(l *store.Label) error { return e.Encode(l) }, out.Flush}
	}
	var t table
	t.row("time", "label", "class", "author", "verdict", "note")
	return labelWriter{
		func(l *store.Label) error {
			label := l.Label
			if !l.SupersededBy.IsZero() {
				label += ", superseded"
			}
			t.row(l.Time.Local().Format(time.DateTime), label, l.Class, printable(l.Author), l.Verdict.String(), printable(cut(l.Note, 100)))
			return nil
		},
		func() error {
			if len(t) == 1 {
				_, err := io.WriteString(w, "no labels\n")
				return err
			}
			return t.writeLeft(w)
		},
	}
}

// asOfFlag is --as-of.
type asOfFlag struct{ text string }

func (f *asOfFlag) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.text, "as-of", "", "As it was at this time, or this long ago")
}

// time returns the zero time for the present.
func (f *asOfFlag) time() (time.Time, error) {
	if f.text == "" {
		return time.Time{}, nil
	}
	at, err := pointInTime(f.text, time.Now())
	if err != nil {
		return at, fmt.Errorf("--as-of is %q, expected an age such as 1h or 7d, or a time such as 2026-01-31T08:00:00Z", f.text)
	}
	return at, nil
}

func setAsOf(values url.Values, at time.Time) {
	if !at.IsZero() {
		values.Set("as_of", at.UTC().Format(time.RFC3339Nano))
	}
}

// timeOrNone writes a time for people.
func timeOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strings.TrimSpace(t.Local().Format(time.DateTime))
}
