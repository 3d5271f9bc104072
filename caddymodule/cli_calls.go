package caddymodule

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"github.com/limen-waf/limen/store"
)

func newCallsCommand() *cobra.Command {
	f := &callsFlags{}
	cmd := &cobra.Command{
		Use:   "calls [--procedure P] [--model M] [--principal P] [--since 1h] [--until T] [--decision D] [--limit N] [--json]",
		Short: "Lists the calls of procedures, the newest first",
		Long: `Lists the calls of procedures, the newest first: pictures and tensors that models were
run on (classify, detect, infer), and what people and the server did (label, except,
promote, rollback, replay …). The requests that the firewall read are in
"caddy limen verdicts". Those calls are listed for which all flags hold.

They come from the running server through its admin endpoint. When no server
runs, they are read from its data folder.

--model takes a model's name, its digest or the beginning of it. --decision lists the
pictures that a gate allowed or blocked.

Times are ages, such as 90s, 1h or 7d, or points in time, such as 2026-01-31,
"2026-01-31 08:00" (local time) or 2026-01-31T08:00:00Z.

--json writes one JSON object a line with everything that is stored but the outputs
kept for an Idempotency-Key.`,
		Example: `  $ caddy limen calls --since 1h
  $ caddy limen calls --procedure classify --decision block
  $ caddy limen calls --principal alice --limit 0 --json | jq .procedure`,
		Args: cobra.NoArgs,
		RunE: f.run,
	}
	f.source.add(cmd)
	cmd.Flags().StringVar(&f.procedure, "procedure", "", `Procedure, as "caddy limen procedures" lists them`)
	cmd.Flags().StringVar(&f.model, "model", "", "Model's name or digest")
	cmd.Flags().StringVar(&f.principal, "principal", "", "Who called")
	cmd.Flags().StringVar(&f.since, "since", "", "Not older than this age or time")
	cmd.Flags().StringVar(&f.until, "until", "", "Not newer than this age or time")
	cmd.Flags().StringVar(&f.decision, "decision", "", "Decision of a gate: allow or block")
	cmd.Flags().IntVar(&f.limit, "limit", 100, "At most this many, 0 for all")
	cmd.Flags().BoolVar(&f.json, "json", false, "Write one JSON object a line")
	return cmd
}

type callsFlags struct {
	source       sourceFlags
	procedure    string
	model        string
	principal    string
	since, until string
	decision     string
	limit        int
	json         bool
}

func (f *callsFlags) run(cmd *cobra.Command, _ []string) error {
	times := verdictsFlags{since: f.since, until: f.until, maxScore: 1, limit: f.limit}
	q, err := times.query(time.Now())
	if err != nil {
		return err
	}
	switch f.decision {
	case "", store.Allow, store.Block:
	default:
		return fmt.Errorf("--decision is %q, expected allow or block", f.decision)
	}
	src, err := f.source.open(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer src.Close()
	calls, acts, err := f.kinds(src)
	if err != nil {
		return err
	}
	ctx, stderr, limit := cmd.Context(), cmd.ErrOrStderr(), pageRows
	if f.limit > 0 {
		limit = min(f.limit, pageRows)
	}
	var pagers []*callPager
	if calls {
		pagers = append(pagers, newCallPager(ctx, src, store.CallQuery{
			Since: q.Since, Until: q.Until, Procedure: f.procedure, Model: f.model, Principal: f.principal, Limit: limit,
		}))
	}
	if acts {
		pagers = append(pagers, newActPager(ctx, src, store.ActQuery{
			Since: q.Since, Until: q.Until, Procedure: f.procedure, Model: f.model, Principal: f.principal, Decision: f.decision, Limit: limit,
		}, stderr))
	}
	w := f.writer(cmd.OutOrStdout())
	if err := mergeCalls(pagers, f.limit, w.write); err != nil {
		return err
	}
	return w.end()
}

// kinds says which kinds of rows can match.
func (f *callsFlags) kinds(src verdictSource) (calls, acts bool, err error) {
	calls, acts = f.decision == "", true
	if f.procedure == "" {
		return calls, acts, nil
	}
	list, err := src.Procedures()
	if err != nil {
		return false, false, err
	}
	var names []string
	for _, p := range list {
		names = append(names, p.Name)
	}
	at := slices.Index(names, f.procedure)
	if at < 0 {
		slices.Sort(names)
		return false, false, fmt.Errorf("--procedure is %q, expected one of %s", f.procedure, strings.Join(slices.Compact(names), ", "))
	}
	isAct := slices.ContainsFunc(actProcedures, func(p *store.Procedure) bool { return p.Name == f.procedure })
	return calls && !isAct, isAct, nil
}

// callRow is a call of either kind.
type callRow struct {
	id   ulid.ULID
	call *store.Call
	act  *store.Act
}

// callPager lists calls of one kind, page after page.
type callPager struct {
	page  func() (rows []callRow, more bool, err error)
	rows  []callRow
	ended bool
}

// fill sees to it that there is a row, unless there is none any more.
func (p *callPager) fill() error {
	for len(p.rows) == 0 && !p.ended {
		rows, more, err := p.page()
		if err != nil {
			return err
		}
		p.rows, p.ended = rows, !more
	}
	return nil
}

func newCallPager(ctx context.Context, src verdictSource, q store.CallQuery) *callPager {
	return &callPager{page: func() ([]callRow, bool, error) {
		page, err := src.Calls(ctx, q)
		if err != nil {
			return nil, false, err
		}
		rows := make([]callRow, len(page.Calls))
		for i, c := range page.Calls {
			rows[i] = callRow{id: c.ID, call: c}
		}
		q.After = page.Next
		return rows, page.Next != "", nil
	}}
}

// newActPager tells on stderr what could not be read.
func newActPager(ctx context.Context, src verdictSource, q store.ActQuery, stderr io.Writer) *callPager {
	return &callPager{page: func() ([]callRow, bool, error) {
		page, err := src.Acts(ctx, q)
		if err != nil {
			return nil, false, err
		}
		for _, s := range page.Skipped {
			fmt.Fprintf(stderr, "segment %s could not be read and its calls are missing: %s\n", s.Segment, s.Reason)
		}
		if page.Unreadable > 0 {
			fmt.Fprintf(stderr, "%d damaged calls were passed over\n", page.Unreadable)
		}
		rows := make([]callRow, len(page.Acts))
		for i, a := range page.Acts {
			rows[i] = callRow{id: a.ID, act: a}
		}
		q.After = page.Next
		return rows, page.Next != "", nil
	}}
}

// mergeCalls calls visit with the first limit rows of all (0: every one), newest first.
func mergeCalls(pagers []*callPager, limit int, visit func(*callRow) error) error {
	for n := 0; limit == 0 || n < limit; n++ {
		var next *callPager
		for _, p := range pagers {
			if err := p.fill(); err != nil {
				return err
			}
			if len(p.rows) > 0 && (next == nil || p.rows[0].id.Compare(next.rows[0].id) > 0) {
				next = p
			}
		}
		if next == nil {
			return nil
		}
		if err := visit(&next.rows[0]); err != nil {
			return err
		}
		next.rows = next.rows[1:]
	}
	return nil
}

// callWriter writes calls in one of the forms.
type callWriter struct {
	write func(*callRow) error
	end   func() error
}

func (f *callsFlags) writer(w io.Writer) callWriter {
	if f.json {
		out := bufio.NewWriter(w)
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		return callWriter{func(r *callRow) error {
			if r.act != nil {
				return e.Encode(r.act)
			}
			return e.Encode(r.call)
		}, out.Flush}
	}
	var t table
	t.row("time", "procedure", "model", "by", "answer", "result", "id")
	return callWriter{
		func(r *callRow) error { t.row(r.cells()...); return nil },
		func() error {
			if len(t) == 1 {
				_, err := io.WriteString(w, "no calls\n")
				return err
			}
			return t.writeLeft(w)
		},
	}
}

// cells are a line of the table.
func (r *callRow) cells() []string {
	const most = 60
	at := func(t time.Time) string { return t.Local().Format(time.DateTime) }
	if c := r.call; c != nil {
		return []string{at(c.Time), printable(c.Procedure), "", printable(c.Principal), "done", printable(cut(strings.Join(c.Parents, ", "), most)), c.ID.String()}
	}
	a := r.act
	by := a.Principal
	if by == "" {
		by = a.ClientIP
	}
	answer := a.Decision
	if answer == "" && a.Status != 0 {
		answer = strconv.Itoa(a.Status)
	}
	return []string{at(a.Time), printable(a.Procedure), printable(a.Model), printable(by), answer, printable(cut(resultText(a), most)), a.ID.String()}
}

// resultText says in a few words what came out of a call.
func resultText(a *store.Act) string {
	switch {
	case a.Error != "":
		return a.Error
	case a.Reason != "":
		return a.Reason
	case a.Procedure == procedureInfer:
		return fmt.Sprintf("%d tensors", a.Found)
	case len(a.Results) == 0:
		return "nothing"
	}
	text := fmt.Sprintf("%s %.4f", a.Results[0].Label, a.Results[0].Score)
	if more := a.Found - 1; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// Calls implements verdictSource.
func (c *adminClient) Calls(_ context.Context, q store.CallQuery) (*store.CallPage, error) {
	page := new(store.CallPage)
	return page, c.get("/limen/calls?"+callValues(q.Since, q.Until, q.Limit, map[string]string{
		"procedure": q.Procedure, "model": q.Model, "principal": q.Principal, "cursor": q.After,
	}), page)
}

// Acts implements verdictSource.
func (c *adminClient) Acts(_ context.Context, q store.ActQuery) (*store.ActPage, error) {
	page := new(store.ActPage)
	return page, c.get("/limen/acts?"+callValues(q.Since, q.Until, q.Limit, map[string]string{
		"procedure": q.Procedure, "model": q.Model, "principal": q.Principal, "decision": q.Decision, "cursor": q.After,
	}), page)
}

// callValues is a question about calls in the form of the admin API.
func callValues(since, until time.Time, limit int, rest map[string]string) string {
	values := url.Values{"limit": {strconv.Itoa(limit)}}
	for name, at := range map[string]time.Time{"since": since, "until": until} {
		if !at.IsZero() {
			values.Set(name, at.UTC().Format(time.RFC3339Nano))
		}
	}
	for name, value := range rest {
		if value != "" {
			values.Set(name, value)
		}
	}
	return values.Encode()
}
