package caddymodule

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/spf13/cobra"

	"github.com/limen-waf/limen/store"
)

func newVerdictsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verdicts [--since 1h] [--until T] [--decision D] [--class C] [--host H] [--client-ip IP] [--principal P] [--path P] [--model M] [--min-score S] [--max-score S] [--label L] [--oldest] [--limit N] [--json|--csv]",
		Short: "Lists the decisions of the firewall, the newest first",
		Long: `Lists the decisions of the firewall, the newest first, or with --oldest the
oldest. Those are listed for which all flags hold.

They come from the running server through its admin endpoint. When no server
runs, they are read from its data folder.

--model takes a model's name, its digest or the beginning of it. --label lists
what people said of decisions: "attack", "normal", "any" of the two, or "none".

Times are ages, such as 90s, 1h or 7d, or points in time, such as 2026-01-31,
"2026-01-31 08:00" (local time) or 2026-01-31T08:00:00Z.

--json writes one JSON object a line with everything that is stored; --csv has a
header line. In the table and in CSV, characters that a terminal or spreadsheet
would obey are escaped: what attackers send stands there.`,
		Example: `  $ caddy limen verdicts --since 1h --decision block
  $ caddy limen verdicts --class sqli --host shop.example --csv > sqli.csv
  $ caddy limen verdicts --min-score 0.5 --limit 0 --json | jq .path
  $ caddy limen verdicts --path /login --principal alice --oldest
  $ caddy limen verdicts --decision block --label none --since 7d`,
		Args: cobra.NoArgs,
	}
	f := &verdictsFlags{}
	f.source.add(cmd)
	cmd.Flags().StringVar(&f.since, "since", "", "Not older than this age or time")
	cmd.Flags().StringVar(&f.until, "until", "", "Not newer than this age or time")
	cmd.Flags().StringVar(&f.decision, "decision", "", "Decision: allow, tag or block")
	cmd.Flags().StringVar(&f.class, "class", "", "Class, such as sqli")
	cmd.Flags().StringVar(&f.host, "host", "", "Host of the request")
	cmd.Flags().StringVar(&f.clientIP, "client-ip", "", "Client's IP address")
	cmd.Flags().StringVar(&f.principal, "principal", "", "User who was logged in")
	cmd.Flags().StringVar(&f.path, "path", "", "Beginning of the request's path and query")
	cmd.Flags().StringVar(&f.model, "model", "", "Model's name or digest")
	cmd.Flags().Float64Var(&f.minScore, "min-score", 0, "Score at least this")
	cmd.Flags().Float64Var(&f.maxScore, "max-score", 1, "Score at most this")
	cmd.Flags().StringVar(&f.label, "label", "", "What people said: attack, normal, any or none")
	cmd.Flags().BoolVar(&f.oldest, "oldest", false, "Begin with the oldest")
	cmd.Flags().IntVar(&f.limit, "limit", 100, "At most this many, 0 for all")
	cmd.Flags().BoolVar(&f.json, "json", false, "Write one JSON object a line")
	cmd.Flags().BoolVar(&f.csv, "csv", false, "Write comma-separated values")
	cmd.MarkFlagsMutuallyExclusive("json", "csv")
	cmd.RunE = f.run
	return cmd
}

type verdictsFlags struct {
	source       sourceFlags
	since, until string
	decision     string
	class, host  string
	clientIP     string
	principal    string
	path, model  string
	label        string
	minScore     float64
	maxScore     float64
	oldest       bool
	limit        int
	json, csv    bool
}

func (f *verdictsFlags) run(cmd *cobra.Command, _ []string) error {
	query, err := f.query(time.Now())
	if err != nil {
		return err
	}
	src, err := f.source.open(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer src.Close()
	w := f.writer(cmd.OutOrStdout())
	if err := eachVerdict(cmd.Context(), src, query, cmd.ErrOrStderr(), w.write); err != nil {
		return err
	}
	return w.end()
}

// query checks the flags. Its limit is that of the whole listing, 0 for none.
func (f *verdictsFlags) query(now time.Time) (store.Query, error) {
	q := store.Query{
		Decision: f.decision, Class: f.class, Host: f.host, ClientIP: f.clientIP, Principal: f.principal,
		Path: f.path, Model: f.model, Labels: f.label, MinScore: f.minScore, Limit: f.limit,
	}
	if f.oldest {
		q.Order = store.Oldest
	}
	for _, t := range []struct {
		name, value string
		at          *time.Time
	}{{"since", f.since, &q.Since}, {"until", f.until, &q.Until}} {
		if t.value == "" {
			continue
		}
		at, err := pointInTime(t.value, now)
		if err != nil {
			return q, fmt.Errorf("--%s is %q, expected an age such as 1h or 7d, or a time such as 2026-01-31T08:00:00Z", t.name, t.value)
		}
		*t.at = at.UTC()
	}
	switch f.decision {
	case "", store.Allow, store.Tag, store.Block:
	default:
		return q, fmt.Errorf("--decision is %q, expected allow, tag or block", f.decision)
	}
	switch f.label {
	case "", store.Labelled, store.LabelAttack, store.LabelNormal, store.Unlabelled:
	default:
		return q, fmt.Errorf("--label is %q, expected attack, normal, any or none", f.label)
	}
	switch {
	case !q.Until.IsZero() && q.Until.Before(q.Since):
		return q, fmt.Errorf("--until %s is before --since %s", f.until, f.since)
	case !(f.minScore >= 0 && f.minScore <= 1):
		return q, fmt.Errorf("--min-score is %v, expected a number from 0 to 1", f.minScore)
	case !(f.maxScore > 0 && f.maxScore <= 1):
		return q, fmt.Errorf("--max-score is %v, expected a number above 0, up to 1", f.maxScore)
	case f.maxScore < f.minScore:
		return q, fmt.Errorf("--max-score is %v, below --min-score, which is %v", f.maxScore, f.minScore)
	case f.limit < 0:
		return q, fmt.Errorf("--limit is %d, expected 0 for all, or more", f.limit)
	}
	if f.maxScore < 1 {
		q.MaxScore = f.maxScore
	}
	return q, nil
}

// pointInTime reads an age or a time.
func pointInTime(s string, now time.Time) (time.Time, error) {
	if age, err := caddy.ParseDuration(s); err == nil {
		if age < 0 {
			return time.Time{}, errors.New("negative age")
		}
		return now.Add(-age), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errors.New("neither an age nor a time")
}

// pageRows is how many verdicts are asked for at a time.
const pageRows = 500

// eachVerdict calls visit with the first q.Limit verdicts (0: all), page after
// page. What could not be read is told on stderr.
func eachVerdict(ctx context.Context, src verdictSource, q store.Query, stderr io.Writer, visit func(*store.Verdict) error) error {
	left := q.Limit
	all := left == 0
	for {
		q.Limit = pageRows
		if !all {
			q.Limit = min(left, pageRows)
		}
		page, err := src.Verdicts(ctx, q)
		if err != nil {
			return err
		}
		for _, v := range page.Verdicts {
			if err := visit(v); err != nil {
				return err
			}
		}
		for _, s := range page.Skipped {
			fmt.Fprintf(stderr, "segment %s could not be read and its verdicts are missing: %s\n", s.Segment, s.Reason)
		}
		if page.Unreadable > 0 {
			fmt.Fprintf(stderr, "%d damaged verdicts were passed over\n", page.Unreadable)
		}
		left -= len(page.Verdicts)
		if q.After = page.Next; q.After == "" || !all && left <= 0 {
			return nil
		}
	}
}

// verdictWriter writes verdicts in one of the forms.
type verdictWriter struct {
	write func(*store.Verdict) error
	end   func() error
}

func (f *verdictsFlags) writer(w io.Writer) verdictWriter {
	switch {
	case f.json:
		out := bufio.NewWriter(w)
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		return verdictWriter{func(v *store.Verdict) error { return e.Encode(v) }, out.Flush}
	case f.csv:
		return csvWriter(w)
	}
	return tableWriter(w)
}

func tableWriter(w io.Writer) verdictWriter {
	var t table
	t.row("time", "decision", "score", "class", "status", "client", "id", "request")
	return verdictWriter{
		func(v *store.Verdict) error {
			status := ""
			if v.Status != 0 {
				status = strconv.Itoa(v.Status)
			}
			t.row(v.Time.Local().Format("2006-01-02 15:04:05"), v.Decision, fmt.Sprintf("%.4f", v.Score), v.Class, status,
				printable(v.ClientIP), v.ID.String(), printable(cut(v.Method+" "+v.Host+v.Path, 100)))
			return nil
		},
		func() error {
			if len(t) == 1 {
				_, err := io.WriteString(w, "no verdicts\n")
				return err
			}
			return t.writeLeft(w)
		},
	}
}

// csvColumns are CSV's columns.
var csvColumns = []string{
	"id", "time", "decision", "mode", "score", "threshold", "class", "method", "host", "path", "client_ip", "status",
	"principal", "route", "fallback", "exception", "model_digest", "engine", "device", "bytes_inspected", "bytes_sent",
}

func csvWriter(w io.Writer) verdictWriter {
	out := csv.NewWriter(w)
	headed := false
	head := func() error {
		if headed {
			return nil
		}
		headed = true
		return out.Write(csvColumns)
	}
	return verdictWriter{
		func(v *store.Verdict) error {
			if err := head(); err != nil {
				return err
			}
			number := func(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
			whole := func(n int64) string { return strconv.FormatInt(n, 10) }
			return out.Write([]string{
				v.ID.String(), v.Time.UTC().Format(time.RFC3339Nano), v.Decision, v.Mode, number(v.Score), number(v.Threshold), v.Class,
				cell(v.Method), cell(v.Host), cell(v.Path), cell(v.ClientIP), whole(int64(v.Status)),
				cell(v.Principal), cell(v.Route), cell(v.Fallback), cell(v.Exception), v.ModelDigest, v.Engine, v.Device, whole(v.BytesInspected), whole(v.BytesSent),
			})
		},
		func() error {
			if err := head(); err != nil {
				return err
			}
			out.Flush()
			return out.Error()
		},
	}
}

// cell makes text that a stranger sent safe in a spreadsheet, which would
// compute what begins like a formula.
func cell(s string) string {
	s = printable(s)
	if s != "" && strings.IndexByte("=+-@", s[0]) >= 0 {
		return "'" + s
	}
	return s
}

// printable escapes what a terminal would obey.
func printable(s string) string {
	clean := true
	for _, c := range s {
		if !strconv.IsPrint(c) || c == '\uFFFD' {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	quoted := strconv.Quote(s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// cut shortens s to n bytes or a little less, on the bound of a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n] + "…"
}
