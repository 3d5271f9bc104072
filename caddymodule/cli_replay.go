package caddymodule

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu"
	"github.com/limen-waf/limen/model"
	"github.com/limen-waf/limen/store"
)

func newReplayCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "replay --model M [--since 7d] [filters] [--examples N] [--json]",
		Short: "Scores recorded requests again under another model, and shows what would change",
		Long: `Scores recorded requests again under another model, and shows which decisions
would change: newly flagged and no longer flagged ones, by class and host, with
examples, those whose score changed most first.

The running server does it, at low priority behind live traffic, and makes no
decision differently. When no server runs, it is done here, on its data folder.

M is the path of an ONNX file with its manifest beside it, "default" for the model
in the binary, or the name or digest of a model that the store has. Without
--model it is the model that the server runs, which should change nothing.

A request is held against the threshold that its site would have under the new
model: that of the configuration where it names one, else the new model's own;
with target_fpr, the one that was in force. --threshold replaces them all.

What is scored is the request as it is stored, with sensitive values masked: two
replays of the same requests under one model agree bit for bit, and with the
recorded scores wherever nothing was masked. Requests that were stored in part,
or decided by an exception or a deadline instead of a score, are counted apart.

Interrupted, it goes on with --resume ID; --list shows the replays that are kept.
` + filterHelp,
		Example: `  $ caddy limen replay --model candidate.onnx --since 7d
  $ caddy limen replay --model default --host shop.example --examples 20
  $ caddy limen replay --resume 01KA2B3C4D5E6F7G8H9JKMNPQR
  $ caddy limen replay --model candidate.onnx --json | jq .new`,
		Args: cobra.NoArgs,
	}
	f := &replayFlags{}
	f.source.add(cmd)
	f.filter.add(cmd, "recorded-model")
	flags := cmd.Flags()
	flags.StringVar(&f.model, "model", "", "Model to score with: path, \"default\", name or digest")
	flags.Float64Var(&f.threshold, "threshold", 0, "Threshold for all requests, in place of their sites'")
	flags.IntVar(&f.examples, "examples", defaultExamples, "Number of examples of each kind")
	flags.IntVar(&f.workers, "workers", 0, "Requests scored at a time (default: half of the processors in a server, else all)")
	flags.StringVar(&f.device, "device", string(gpu.Auto), "Device when no server runs: auto, native, cpu or cuda[:N]")
	flags.StringVar(&f.resume, "resume", "", "Go on with the replay that has this ID")
	flags.BoolVar(&f.list, "list", false, "List the replays that are kept")
	flags.BoolVar(&f.json, "json", false, "Write the result as JSON")
	for _, other := range []string{"model", "threshold", "examples", "list"} {
		cmd.MarkFlagsMutuallyExclusive("resume", other)
	}
	cmd.RunE = f.run
	return cmd
}

type replayFlags struct {
	source    sourceFlags
	filter    filterFlags
	model     string
	threshold float64
	examples  int
	workers   int
	device    string
	resume    string
	list      bool
	json      bool
}

func (f *replayFlags) run(cmd *cobra.Command, _ []string) error {
	q, err := f.query(time.Now())
	if err != nil {
		return err
	}
	src, err := f.source.open(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer src.Close()
	if f.list {
		return f.writeList(cmd, src)
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt)
	defer stop()
	b := newBar(cmd.ErrOrStderr())
	tell := func(e *replayEvent) error {
		b.show(e.Share, func() string {
			return fmt.Sprintf("%s requests, %s/s, %s newly flagged, %s no longer",
				thousands(int(e.Rows)), thousands(int(e.Rate)), thousands(int(e.New)), thousands(int(e.Cleared)))
		})
		return nil
	}
	var last *replayEvent
	switch src := src.(type) {
	case *adminClient:
		last, err = src.replay(ctx, q, tell)
	case *store.Store:
		last, err = f.offline(ctx, cmd, src, q, tell)
	}
	b.clear()
	if err != nil {
		return err
	}
	if !last.Finished {
		return last.failure()
	}
	tellGaps(cmd.ErrOrStderr(), last.Replay.Gaps)
	return f.write(cmd.OutOrStdout(), last.Replay)
}

// failure says how far the replay came and how to go on.
func (e *replayEvent) failure() error {
	if !e.CanGoOn {
		return fmt.Errorf("replay %s ended after %s requests: %s", e.ID, thousands(int(e.Rows)), e.Error)
	}
	return fmt.Errorf("replay ended after %s requests: %s; go on with: caddy limen replay --resume %s", thousands(int(e.Rows)), e.Error, e.ID)
}

// query checks the flags.
func (f *replayFlags) query(now time.Time) (q replayQuery, err error) {
	q = replayQuery{candidate: f.model, threshold: f.threshold, examples: f.examples, workers: f.workers}
	switch {
	case f.threshold != 0 && !(f.threshold > 0 && f.threshold <= 1):
		return q, fmt.Errorf("--threshold is %v, expected a number above 0, up to 1", f.threshold)
	case f.examples < 0 || f.examples > 1000:
		return q, fmt.Errorf("--examples is %d, expected 0 to 1000", f.examples)
	case f.workers < 0:
		return q, fmt.Errorf("--workers is %d, expected 1 or more", f.workers)
	}
	if f.resume != "" {
		if q.resume, err = ulid.ParseStrict(f.resume); err != nil {
			return q, fmt.Errorf("--resume is %q, expected the ID of a replay: list them with --list", f.resume)
		}
		return q, nil
	}
	if isPath(q.candidate) { // the server has another working directory
		if q.candidate, err = filepath.Abs(q.candidate); err != nil {
			return q, err
		}
	}
	q.query, err = f.filter.query(now)
	return q, err
}

// isPath reports whether a model is named by the path of a file.
func isPath(reference string) bool {
	if reference == "" || reference == model.DefaultRef {
		return false
	}
	_, err := os.Stat(reference)
	return err == nil || strings.ContainsRune(reference, filepath.Separator)
}

// replay has the running server do it. The connection is the server's sign that
// somebody still listens.
func (c *adminClient) replay(ctx context.Context, q replayQuery, tell func(*replayEvent) error) (*replayEvent, error) {
	resp, err := c.request(http.MethodPost, "/limen/replay?"+q.values().Encode())
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	defer context.AfterFunc(ctx, func() { resp.Body.Close() })()
	last := new(replayEvent)
	lines := json.NewDecoder(bufio.NewReader(resp.Body))
	for {
		e := new(replayEvent)
		err := lines.Decode(e)
		switch {
		case err != nil && ctx.Err() != nil:
			last.Error, last.CanGoOn = "interrupted", true
			return last, nil
		case err != nil:
			return nil, fmt.Errorf("%w; go on with: caddy limen replay --resume %s", c.brokenOff(err), last.ID)
		case e.Replay != nil:
			return e, nil
		}
		last = e
		if err := tell(e); err != nil {
			return nil, err
		}
	}
}

// offline does it here.
func (f *replayFlags) offline(ctx context.Context, cmd *cobra.Command, s *store.Store, q replayQuery, tell func(*replayEvent) error) (*replayEvent, error) {
	before, err := resumed(s, &q)
	if err != nil {
		return nil, err
	}
	if q.candidate == "" {
		q.candidate = model.DefaultRef
	}
	m, err := findModel(s, q.candidate)
	if err != nil {
		return nil, err
	}
	e, err := openEngine(m, gpu.Options{Device: f.device, DataDir: defaultDataDir(), Logger: cliLogger(cmd.ErrOrStderr())})
	if err != nil {
		return nil, fmt.Errorf("opening engine: %w", err)
	}
	defer e.Close()
	c, err := classifier.New(m, e, classifier.Options{})
	if err != nil {
		return nil, err
	}
	if q.workers == 0 {
		q.workers = runtime.GOMAXPROCS(0)
	}
	job, err := newReplayJob(ctx, s, c, q, before)
	if err != nil {
		return nil, err
	}
	last := job.run(ctx, s, tell)
	if errors.Is(ctx.Err(), context.Canceled) {
		last.Error = "interrupted"
	}
	return last, nil
}

func (f *replayFlags) write(w io.Writer, p *store.Replay) error {
	if f.json {
		return writeJSON(w, p)
	}
	return writeReplay(w, p)
}

// writeReplay writes what came of a replay, for people.
func writeReplay(w io.Writer, p *store.Replay) error {
	c := &p.Counts
	var out strings.Builder
	seconds := float64(p.BusyMicros) / 1e6
	fmt.Fprintf(&out, "replay %s under %s on %s (%s)\n", p.ID, printable(p.ModelName), p.Engine, p.Device)
	if !p.Range.Empty() {
		fmt.Fprintf(&out, "  recorded     %s to %s\n", localTime(ulid.Time(p.Range.First.Time())), localTime(ulid.Time(p.Range.Last.Time())))
	}
	fmt.Fprintf(&out, "  requests     %s in %.1f s, %s/s\n", thousands(int(c.Rows)), seconds, thousands(int(float64(c.Rows)/max(seconds, 1e-6))))
	fmt.Fprintf(&out, "  scored       %s\n", thousands(int(c.Scored)))
	for _, apart := range []struct {
		n    int64
		what string
	}{
		{c.Cut, "stored in part"}, {c.NotKept, "without their request"}, {c.Excepted, "let through by an exception"},
		{c.Fallback, "decided by a deadline or a failure"}, {c.Unparsed, "unreadable"},
	} {
		if apart.n > 0 {
			fmt.Fprintf(&out, "  apart        %s %s\n", thousands(int(apart.n)), apart.what)
		}
	}
	fmt.Fprintf(&out, "  flagged      %s before, %s now: %s newly, %s no longer\n",
		thousands(int(c.Flagged)), thousands(int(c.FlaggedNow)), thousands(int(c.New)), thousands(int(c.Cleared)))
	if c.SameModel > 0 {
		fmt.Fprintf(&out, "  same model   %s of %s scores are the recorded ones bit for bit, the largest difference is %.2g",
			thousands(int(c.Identical)), thousands(int(c.SameModel)), c.MaxDifference)
		if c.Verbatim > 0 {
			fmt.Fprintf(&out, "; of %s stored as they came, %s differ", thousands(int(c.Verbatim)), thousands(int(c.Mismatched)))
		}
		out.WriteString("\n")
	}
	fmt.Fprintf(&out, "  scores       %s\n", orNone(p.ScoresDigest))
	if err := writeFlipTable(&out, "class", p.Classes, store.FlipCounts{}); err != nil {
		return err
	}
	if err := writeFlipTable(&out, "host", p.Hosts, p.OtherHosts); err != nil {
		return err
	}
	for _, list := range []struct {
		title string
		flips []store.Flip
	}{{"newly flagged", p.New}, {"no longer flagged", p.Cleared}} {
		if err := writeFlips(&out, list.title, list.flips); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func localTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

// flipLines is how many classes or hosts are written; JSON has all of them.
const flipLines = 20

func writeFlipTable(w io.Writer, what string, counts map[string]*store.FlipCounts, others store.FlipCounts) error {
	if len(counts) == 0 {
		return nil
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		x, y := counts[a], counts[b]
		return cmp.Or(cmp.Compare(y.New+y.Cleared, x.New+x.Cleared), cmp.Compare(y.Scored, x.Scored), cmp.Compare(a, b))
	})
	for _, name := range names[min(flipLines, len(names)):] {
		c := counts[name]
		others.Scored, others.New, others.Cleared = others.Scored+c.Scored, others.New+c.New, others.Cleared+c.Cleared
	}
	var t table
	line := func(name string, c *store.FlipCounts) {
		t.row(printable(cut(name, 60)), thousands(int(c.Scored)), thousands(int(c.New)), thousands(int(c.Cleared)))
	}
	t.row(what, "scored", "newly flagged", "no longer")
	for _, name := range names[:min(flipLines, len(names))] {
		line(name, counts[name])
	}
	if others.Scored > 0 {
		line("others", &others)
	}
	fmt.Fprintln(w)
	return t.write(w)
}

func writeFlips(w io.Writer, title string, flips []store.Flip) error {
	if len(flips) == 0 {
		return nil
	}
	fmt.Fprintf(w, "\n%s, the largest change first\n", title)
	var t table
	for _, f := range flips {
		t.row("  "+localTime(f.Time), fmt.Sprintf("%.4f %s", f.Recorded.Score, f.Recorded.Class), "->",
			fmt.Sprintf("%.4f %s", f.Candidate.Score, f.Candidate.Class), f.ID.String(), printable(cut(f.Method+" "+f.Host+f.Path, 100)))
	}
	return t.writeLeft(w)
}

func (f *replayFlags) writeList(cmd *cobra.Command, src verdictSource) error {
	var list replayList
	var err error
	switch src := src.(type) {
	case *adminClient:
		err = src.get("/limen/replay", &list)
	case *store.Store:
		list.Replays, err = src.Replays()
	}
	if err != nil {
		return err
	}
	if f.json {
		return writeJSON(cmd.OutOrStdout(), list)
	}
	if len(list.Replays) == 0 {
		_, err := io.WriteString(cmd.OutOrStdout(), "no replays\n")
		return err
	}
	var t table
	t.row("id", "started", "model", "state", "requests", "newly flagged", "no longer")
	for _, p := range list.Replays {
		state := "done"
		if !p.Done {
			state = fmt.Sprintf("at %.0f %%", 100*p.Range.Share(p.Cursor))
		}
		t.row(p.ID.String(), localTime(p.Started), printable(p.ModelName), state,
			thousands(int(p.Counts.Rows)), thousands(int(p.Counts.New)), thousands(int(p.Counts.Cleared)))
	}
	return t.writeLeft(cmd.OutOrStdout())
}
