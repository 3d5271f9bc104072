package caddymodule

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/limen-waf/limen/store"
	"github.com/limen-waf/limen/store/export"
)

func newExportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export --format jsonl|csv|parquet [--out FILE] [--since 7d] [filters]",
		Short: "Writes recorded decisions to a file for other programs, the oldest first",
		Long: `Writes recorded decisions to a file for other programs, the oldest first.

They come from the running server through its admin endpoint, which streams them.
When no server runs, they are read from its data folder. Memory stays the same
however many there are.

  jsonl    one JSON object a line, with everything that is stored
  csv      a header line and one line for each decision, without the request;
           what a spreadsheet or a terminal would obey is escaped
  parquet  for DuckDB, pandas and the like: time is a timestamp in UTC, scores
           are numbers, what is not known is null, class_scores is a map, and
           request is binary

The file gets its name when it is complete, and only its owner may read it: it
holds what people sent, with sensitive values masked.
` + filterHelp,
		Example: `  $ caddy limen export --format parquet --out verdicts.parquet --since 7d
  $ duckdb -c "SELECT class, count(*) FROM 'verdicts.parquet' GROUP BY class"
  $ caddy limen export --format jsonl --decision block | jq .path
  $ caddy limen export --format csv --host shop.example --out shop.csv`,
		Args: cobra.NoArgs,
	}
	f := &exportFlags{}
	f.source.add(cmd)
	f.filter.add(cmd, "model")
	cmd.Flags().StringVar(&f.format, "format", "", "Format: jsonl, csv or parquet (default: the ending of --out, else jsonl)")
	cmd.Flags().StringVarP(&f.out, "out", "o", "-", "File to write, - for standard output")
	cmd.RunE = f.run
	return cmd
}

type exportFlags struct {
	source sourceFlags
	filter filterFlags
	format string
	out    string
}

func (f *exportFlags) run(cmd *cobra.Command, _ []string) (err error) {
	format, err := f.chosenFormat(cmd.OutOrStdout())
	if err != nil {
		return err
	}
	q, err := f.filter.query(time.Now())
	if err != nil {
		return err
	}
	src, err := f.source.open(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer src.Close()
	out := cmd.OutOrStdout()
	if f.out != "-" {
		file, err := createOut(f.out)
		if err != nil {
			return err
		}
		defer func() { err = file.end(err) }()
		out = file
	}
	e := &exporter{format: format, out: &counter{w: out}, bar: newBar(cmd.ErrOrStderr())}
	defer e.bar.clear()
	switch src := src.(type) {
	case *adminClient:
		err = e.fromServer(src, q)
	case *store.Store:
		err = e.fromFolder(cmd.Context(), src, q)
	}
	if err != nil {
		return err
	}
	e.bar.clear()
	e.tell(cmd.ErrOrStderr())
	return nil
}

func (f *exportFlags) chosenFormat(stdout io.Writer) (string, error) {
	format := f.format
	if format == "" {
		format = export.JSONL
		if i := strings.LastIndexByte(f.out, '.'); i >= 0 && slices.Contains(export.Formats, f.out[i+1:]) {
			format = f.out[i+1:]
		}
	}
	if !slices.Contains(export.Formats, format) {
		return "", fmt.Errorf("--format is %q, expected %s", format, strings.Join(export.Formats, ", "))
	}
	if file, ok := stdout.(*os.File); ok && f.out == "-" && format == export.Parquet && term.IsTerminal(int(file.Fd())) {
		return "", errors.New("parquet is not for a terminal: name a file with --out")
	}
	return format, nil
}

// counter counts the bytes that are written.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// exporter writes decisions to a file.
type exporter struct {
	format string
	out    *counter
	bar    *bar
	bounds store.Range
	rows   int
	gaps   store.Gaps
}

func (e *exporter) progress(id ulid.ULID) {
	e.rows++
	if e.rows%64 == 0 {
		e.bar.show(e.bounds.Share(id), func() string {
			return fmt.Sprintf("%s decisions, %s", thousands(e.rows), byteSize(e.out.n))
		})
	}
}

func (e *exporter) fromFolder(ctx context.Context, s *store.Store, q store.Query) (err error) {
	if e.bounds, err = s.Bounds(ctx, q); err != nil {
		return err
	}
	w, err := export.New(e.out, e.format)
	if err != nil {
		return err
	}
	e.gaps, err = s.Stream(ctx, q, e.bounds, func(piece []*store.Verdict) error {
		for _, v := range piece {
			if err := w.Write(v); err != nil {
				return err
			}
			e.progress(v.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return w.Close()
}

func (e *exporter) fromServer(c *adminClient, q store.Query) error {
	resp, err := c.request(http.MethodGet, "/limen/export?"+queryValues(&q).Encode())
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	e.bounds.First, _ = ulid.ParseStrict(resp.Header.Get(headerFirst))
	e.bounds.Last, _ = ulid.ParseStrict(resp.Header.Get(headerLast))
	if err := e.copyLines(c, resp.Body); err != nil {
		return err
	}
	if rows, err := strconv.Atoi(resp.Trailer.Get(trailerRows)); err != nil || rows != e.rows {
		return c.brokenOff(fmt.Errorf("%d decisions came, its count is %q", e.rows, resp.Trailer.Get(trailerRows)))
	}
	if err := json.Unmarshal([]byte(resp.Trailer.Get(trailerGaps)), &e.gaps); err != nil {
		return c.brokenOff(err)
	}
	return nil
}

// copyLines writes the server's lines in the format. JSON Lines pass through.
func (e *exporter) copyLines(c *adminClient, lines io.Reader) error {
	in := bufio.NewReaderSize(lines, 256<<10)
	w, err := export.New(e.out, e.format)
	if err != nil {
		return err
	}
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			break
		}
		if err != nil {
			return c.brokenOff(err)
		}
		id, err := e.line(w, line)
		if err != nil {
			return err
		}
		e.progress(id)
	}
	return w.Close()
}

func (e *exporter) line(w export.Writer, line []byte) (id ulid.ULID, err error) {
	if e.format == export.JSONL {
		const before = `{"id":"`
		if len(line) > len(before)+ulid.EncodedSize {
			id, _ = ulid.ParseStrict(string(line[len(before) : len(before)+ulid.EncodedSize]))
		}
		_, err = e.out.Write(line)
		return id, err
	}
	var v store.Verdict
	if err := json.Unmarshal(line, &v); err != nil {
		return id, fmt.Errorf("reading the server's answer: %w", err)
	}
	return v.ID, w.Write(&v)
}

// tell says what was written, and what could not be read.
func (e *exporter) tell(stderr io.Writer) {
	fmt.Fprintf(stderr, "%s decisions, %s, in %s\n", thousands(e.rows), byteSize(e.out.n), e.bar.took())
	tellGaps(stderr, e.gaps)
}

func tellGaps(stderr io.Writer, gaps store.Gaps) {
	for _, s := range gaps.Skipped {
		fmt.Fprintf(stderr, "segment %s could not be read and its decisions are missing: %s\n", s.Segment, s.Reason)
	}
	if gaps.Unreadable > 0 {
		fmt.Fprintf(stderr, "%d damaged decisions were passed over\n", gaps.Unreadable)
	}
}
