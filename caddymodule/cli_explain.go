package caddymodule

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/corpus"
	"github.com/limen-waf/limen/classifier/explain"
	"github.com/limen-waf/limen/store"
)

func newExplainCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain [--model M] [--device D] [--threshold T] [--json] ID…|FILE…",
		Short: "Shows the characters of requests that made their scores",
		Long: `Shows the characters of requests that made their scores: of recorded decisions by
their IDs, or of requests from files.

A recorded request is asked about as it is stored, with sensitive values masked,
under the model that decided, which the store keeps, and the threshold that held
(--model and --threshold replace them). What was recorded is shown beside what
comes out now: the scores differ where values were masked. It comes from the
running server, or from the data folder when there is none.

The network is asked again with parts of the request blanked. Marked are the
characters without which it would find less of an attack, and with which alone
it still would: in colour on a terminal, else between ⟦ and ⟧. Their weight is
their part of the evidence, -ln(1 - score), in nats. An ordinary request has no
marked characters.

Long values are cut and say by how much. What cannot be seen is spelled out:
␀ for a control character, \xNN for a byte that is not UTF-8.

With --json, one JSON object a line, in input order:

  {"id":"…","score":0.997,"class":"sqli","attack":"sqli","window":0,"windows":1,
   "evidence":5.8,"spans":[{"field":"target|method|header name|header|body",
   "header":-1,"start":9,"end":33,"text":"…","weight":5.1}],"decision":"allow|block","model":"name@digest",
   "recorded":{"time":"…","score":0.998,"class":"sqli","decision":"block","threshold":0.9,"model_digest":"sha256:…",
   "request_cut":0}}

recorded is there for recorded decisions only.

start and end are bytes of the field as it was sent, both -1 where the
characters do not stand in it as such (a compressed body); header is the index of
the header field.
` + requestFilesHelp,
		Example: `  $ caddy limen explain 01KA2B3C4D5E6F7G8H9JKMNPQR
  $ caddy limen explain request.http
  $ caddy limen eval --mistakes - test.jsonl | caddy limen explain - | less
  $ caddy limen explain --json requests.jsonl | jq '.spans[0].text'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("no ID of a decision and no FILE given, expected IDs, or JSON Lines or raw HTTP messages, or - for standard input")
			}
			return nil
		},
	}
	var flags modelFlags
	flags.add(cmd)
	var source sourceFlags
	source.add(cmd)
	asJSON := cmd.Flags().Bool("json", false, "Write one JSON object a request")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ids, err := decisionIDs(args)
		if err != nil {
			return err
		}
		x := explainer{out: bufio.NewWriter(cmd.OutOrStdout()), json: *asJSON, marks: plainMarks}
		if f, ok := cmd.OutOrStdout().(*os.File); ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" {
			x.marks = colourMarks
		}
		if ids != nil {
			return x.decisions(cmd, ids, &flags, &source)
		}
		r, err := openFiles(cmd, args)
		if err != nil {
			return err
		}
		if x.scorer, err = flags.open(cmd); err != nil {
			return err
		}
		defer x.scorer.close()
		return x.run(cmd.Context(), r)
	}
	return cmd
}

// explainer writes explanations.
type explainer struct {
	*scorer
	out   *bufio.Writer
	json  bool
	marks marks
	// recorded is the decision whose request is explained, nil for one from a file.
	recorded *store.Verdict
}

// marks are what stands before and after marked characters, and around what is
// spelled out.
type marks struct{ on, off, oddOn, oddOff string }

var (
	plainMarks  = marks{"⟦", "⟧", "", ""}
	colourMarks = marks{"\x1b[1;30;43m", "\x1b[0m", "\x1b[7m", "\x1b[27m"}
)

// explained is one line of the JSON form.
type explained struct {
	ID string `json:"id"`
	explain.Explanation
	Decision classifier.Decision `json:"decision"`
	Model    string              `json:"model"`
	Recorded *recordedDecision   `json:"recorded,omitempty"`
}

func (x *explainer) run(ctx context.Context, r *corpus.Reader) error {
	defer r.Close()
	first := true
	for {
		rec, err := r.Read()
		if err == io.EOF {
			return x.out.Flush()
		}
		if err == nil {
			if !x.json && !first {
				x.out.WriteByte('\n')
			}
			err = x.request(ctx, rec)
			first = false
		}
		// What came before an error is worth having, and an answer may be waited for.
		if flushErr := x.out.Flush(); err == nil {
			err = flushErr
		}
		if err != nil {
			return err
		}
	}
}

func (x *explainer) request(ctx context.Context, rec *corpus.Record) error {
	e, err := explain.Explain(ctx, x.Classifier, rec.Request())
	if err != nil {
		return fmt.Errorf("request %s: %w", rec.ID, err)
	}
	decision := x.policy.Decide(&classifier.Result{Score: e.Score, Attack: e.Attack})
	if x.json {
		out := json.NewEncoder(x.out)
		out.SetEscapeHTML(false) // "<script>" stays readable
		return out.Encode(explained{rec.ID, e, decision, x.modelName(), recordedAs(x.recorded)})
	}
	x.write(rec, &e, decision)
	return nil
}

// write writes the request with its marks. Errors show when the writer is flushed.
func (x *explainer) write(rec *corpus.Record, e *explain.Explanation, decision classifier.Decision) {
	fmt.Fprintf(x.out, "# ")
	x.text(rec.ID)
	fmt.Fprintf(x.out, "  score %.6f  %s  %s\n", e.Score, e.Attack, decision)
	x.writeRecorded()
	x.value(rec.Method, e.In("method", -1), false)
	x.out.WriteByte(' ')
	x.value(rec.Target, e.In("target", -1), false)
	x.out.WriteByte('\n')
	for i, h := range rec.Headers {
		x.value(h.Name, e.In("header name", i), false)
		x.out.WriteString(": ")
		x.value(h.Value, e.In("header", i), false)
		x.out.WriteByte('\n')
	}
	if len(rec.Body) > 0 {
		x.out.WriteByte('\n')
		x.value(string(rec.Body), e.In("body", -1), true)
		x.out.WriteByte('\n')
	}
	x.out.WriteByte('\n')
	if len(e.Spans) == 0 {
		fmt.Fprintf(x.out, "no characters stand out\n")
	}
	for _, s := range e.Spans {
		place := s.Field
		if s.Name != "" {
			place += " " + s.Name
		}
		at := "as decoded"
		if s.Located() {
			at = fmt.Sprintf("bytes %d to %d", s.Start, s.End)
		}
		fmt.Fprintf(x.out, "%5.2f of %.2f  ", s.Weight, e.Evidence)
		x.text(place)
		fmt.Fprintf(x.out, ", %s: ", at)
		x.value(s.Text, nil, false)
		x.out.WriteByte('\n')
	}
}

// value writes a value with its spans marked. In a body, lines end where they end.
func (x *explainer) value(s string, spans []explain.Span, lines bool) {
	for _, part := range explain.Excerpt(s, spans) {
		if part.Cut > 0 {
			fmt.Fprintf(x.out, " … %s bytes not shown … ", thousands(part.Cut))
			continue
		}
		if part.Marked {
			x.out.WriteString(x.marks.on)
		}
		x.pieces(part.Pieces, lines)
		if part.Marked {
			x.out.WriteString(x.marks.off)
		}
	}
}

// text writes a short text that others wrote.
func (x *explainer) text(s string) { x.pieces(explain.Visible(s), false) }

func (x *explainer) pieces(list []explain.Piece, lines bool) {
	for _, p := range list {
		if !p.Odd {
			x.out.WriteString(p.Text)
			continue
		}
		text := p.Text
		if lines {
			text = strings.ReplaceAll(strings.ReplaceAll(text, "␍␊", "␊"), "␊", "\n")
		}
		x.out.WriteString(x.marks.oddOn + text + x.marks.oddOff)
	}
}
