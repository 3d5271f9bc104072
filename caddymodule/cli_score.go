package caddymodule

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/corpus"
)

func newScoreCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "score [--model M] [--device D] [--threshold T] FILE…",
		Short: "Scores requests from files: how likely each one is an attack, and of what class",
		Long: `Scores requests from files.

One JSON object a line, in input order:

  {"id":"…","score":0.997,"class":"sqli","classes":{"none":0.003,…},
   "decision":"allow|block","bytes":512,"inspected":512,
   "model":"name@digest","us":180}

score is the probability that the request is an attack, class what it most
likely is, classes the probability of each. bytes is the size of target and
body, inspected the part of it that the score covers. us is the time spent on
the request, in microseconds.
` + requestFilesHelp,
		Example: `  $ caddy limen score request.http
  $ curl -s https://example.com/list.jsonl.gz | caddy limen score -
  $ caddy limen score --threshold 0.5 requests.jsonl | jq 'select(.decision=="block")'`,
		Args: requestFiles,
	}
	var flags modelFlags
	flags.add(cmd)
	workers := addWorkersFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		r, err := openFiles(cmd, args)
		if err != nil {
			return err
		}
		s, err := flags.open(cmd)
		if err != nil {
			return err
		}
		defer s.close()
		return score(cmd.Context(), cmd.OutOrStdout(), s, r, *workers)
	}
	return cmd
}

// scoreLine is one line of score's output.
type scoreLine struct {
	ID        string              `json:"id"`
	Score     float64             `json:"score"`
	Class     string              `json:"class"`
	Classes   probabilities       `json:"classes"`
	Decision  classifier.Decision `json:"decision"`
	Bytes     int64               `json:"bytes"`
	Inspected int64               `json:"inspected"`
	Fallback  string              `json:"fallback,omitempty"`
	Model     string              `json:"model"`
	US        int64               `json:"us"`
}

// probabilities is a JSON object of the classes in the model's order.
type probabilities struct {
	names  []string
	values []float64
}

func (p probabilities) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, v := range p.values {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(strconv.AppendQuote(out, p.names[i]), ':')
		out = strconv.AppendFloat(out, v, 'g', 4, 64)
	}
	return append(out, '}'), nil
}

// score writes a line for every request of r.
func score(ctx context.Context, w io.Writer, s *scorer, r *corpus.Reader, workers int) error {
	model := s.modelName()
	return corpus.Map(ctx, r, workers,
		func() func(*corpus.Record) ([]byte, error) {
			return func(rec *corpus.Record) ([]byte, error) {
				res, err := s.Classify(ctx, rec.Request())
				if err != nil {
					return nil, fmt.Errorf("request %s: %w", rec.ID, err)
				}
				line, err := json.Marshal(scoreLine{
					ID: rec.ID, Score: res.Score, Class: res.Class, Classes: probabilities{s.Model().Manifest.Classes, res.Classes},
					Decision: s.policy.Decide(&res), Bytes: res.Sent, Inspected: res.Inspected, Fallback: res.Fallback,
					Model: model, US: (res.Tokenize + res.Infer).Microseconds(),
				})
				return append(line, '\n'), err
			}
		},
		func(line []byte) error {
			_, err := w.Write(line) // at once: somebody may wait for the answer
			return err
		})
}
