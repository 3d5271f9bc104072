package caddymodule

import (
	"github.com/spf13/cobra"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/corpus"
)

func newTokensCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tokens [--text] FILE…",
		Short: "Writes requests as the tokens that the network reads, for training",
		Long: `Writes requests as the tokens that the network reads. Training a model reads
this, so that there is one tokenizer.

One JSON object a line, in input order:

  {"id":"…","dataset":"…","label":"…","class":"…","tokens":"…"}

tokens is base64 of 16-bit little-endian numbers: 0 is padding, 1 to 256 are the
bytes 0 to 255, larger ones are marks. The sequence is whole, not cut into
windows.
` + requestFilesHelp,
		Example: `  $ caddy limen tokens train.jsonl.gz | gzip > train.tokens.gz
  $ caddy limen tokens --text request.http`,
		Args: requestFiles,
	}
	text := cmd.Flags().Bool("text", false, "Write the tokens in a form for people: bytes as they are, marks as <name>")
	workers := addWorkersFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		r, err := openFiles(cmd, args)
		if err != nil {
			return err
		}
		write := corpus.WriteTokens
		if *text {
			write = corpus.WriteTokenText
		}
		return write(cmd.Context(), cmd.OutOrStdout(), r, *workers, classifier.Limits{})
	}
	return cmd
}
