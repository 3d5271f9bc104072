package caddymodule

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/limen-waf/limen/classifier/corpus"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "limen",
		Short: "Scores requests, judges models, and shows what the Limen firewall decided",
		Long: `Works with Limen, the neural firewall in this Caddy.

score, eval, explain and tokens read requests from files and need no server.
verdicts, why, explain with an ID, calls, procedures, threshold, labels, models, policies, replay, export, backup and verify ask
the running server through its admin endpoint; when no server runs they read its
data folder. label, except, adapt, promote, rollback, and classify, detect and infer, which
run its models, need the running server. restore
needs none. doctor says what works on this machine and what to do about the rest.`,
		CobraFunc: setUpCLI,
	})
}

// setUpCLI makes cmd the "limen" command.
func setUpCLI(cmd *cobra.Command) {
	cmd.Use, cmd.DisableFlagsInUseLine = "limen", true
	cmd.Example = `  $ caddy limen doctor
  $ caddy limen score request.http
  $ caddy limen eval test.jsonl.gz
  $ caddy limen verdicts --since 1h --decision block`
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		names := make([]string, 0, len(cmd.Commands()))
		for _, sub := range cmd.Commands() {
			names = append(names, sub.Name())
		}
		return fmt.Errorf("unknown command %q for %q, expected one of %s", args[0], cmd.CommandPath(), strings.Join(names, ", "))
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.AddCommand(
		newScoreCommand(),
		newEvalCommand(),
		newExplainCommand(),
		newTokensCommand(),
		newClassifyCommand(),
		newDetectCommand(),
		newInferCommand(),
		newVerdictsCommand(),
		newWhyCommand(),
		newCallsCommand(),
		newProceduresCommand(),
		newThresholdCommand(),
		newLabelCommand(),
		newLabelsCommand(),
		newExceptCommand(),
		newModelsCommand(),
		newPoliciesCommand(),
		newAdaptCommand(),
		newPromoteCommand(),
		newRollbackCommand(),
		newReplayCommand(),
		newExportCommand(),
		newBackupCommand(),
		newRestoreCommand(),
		newVerifyCommand(),
		newForgetCommand(),
		newDoctorCommand(),
	)
}

// requestFilesHelp describes the files that score, eval, explain and tokens take.
const requestFilesHelp = `
FILE is JSON Lines, one request a line:

  {"id":"1","label":"normal|attack|anomaly","class":"none|sqli|xss|traversal|
   cmdi|log4shell|shellshock|xxe|other","method":"POST","target":"/path?query",
   "headers":[["Name","value"]],"body":"…"}

with body_b64 instead of body when the body is not UTF-8; only method and
target are required. Or it is a raw HTTP message, as curl -v or a proxy shows
it, or several in a row. Either may be gzipped. "-" is standard input.`

// requestFiles refuses an empty list of files.
func requestFiles(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return errors.New("no FILE given, expected JSON Lines or raw HTTP messages, or - for standard input")
	}
	return nil
}

// openFiles returns a reader over the command's file arguments, and refuses at
// once those that cannot be read, rather than after an hour of work.
func openFiles(cmd *cobra.Command, paths []string) (*corpus.Reader, error) {
	for _, path := range paths {
		if path == "-" {
			continue
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		f.Close()
	}
	return corpus.NewReader(cmd.InOrStdin(), paths...), nil
}

// addWorkersFlag adds --workers, the number of requests worked on at a time.
func addWorkersFlag(cmd *cobra.Command) *int {
	return cmd.Flags().Int("workers", runtime.GOMAXPROCS(0), "Number of requests worked on at a time")
}
