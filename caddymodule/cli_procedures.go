package caddymodule

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/limen-waf/limen/store"
)

func newProceduresCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "procedures [--json]",
		Short: "Lists the procedures that can be called, with their versions",
		Long: `Lists the procedures: every operation on the models and the store has a name and a
version, which stand in the row of each call. "caddy limen calls" lists the rows.

They come from the running server. When no server runs, those that were seen here
are read from its data folder.

POST /limen/call/NAME at the admin endpoint calls one, with its input in JSON.
Those that the table says are the server's alone it calls itself.`,
		Example: `  $ caddy limen procedures
  $ curl -H 'Content-Type: application/json' -d '{"method":"GET","target":"/?q=1"}' localhost:2019/limen/call/score`,
		Args: cobra.NoArgs,
	}
	var source sourceFlags
	source.add(cmd)
	asJSON := cmd.Flags().Bool("json", false, "Write JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		src, err := source.open(cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		defer src.Close()
		list, err := src.Procedures()
		switch {
		case err != nil:
			return err
		case *asJSON:
			return writeJSON(cmd.OutOrStdout(), proceduresAnswer{list})
		}
		return writeProcedures(cmd.OutOrStdout(), list)
	}
	return cmd
}

// Procedures implements verdictSource.
func (c *adminClient) Procedures() ([]store.ProcedureInfo, error) {
	var answer proceduresAnswer
	return answer.Procedures, c.get("/limen/procedures", &answer)
}

func writeProcedures(w io.Writer, list []store.ProcedureInfo) error {
	if len(list) == 0 {
		_, err := io.WriteString(w, "no procedures were seen here\n")
		return err
	}
	var t table
	t.row("procedure", "version", "first seen", "what it does")
	for _, p := range list {
		about := p.About
		if p.Internal {
			about += " (the server alone)"
		}
		t.row(printable(p.Name), fmt.Sprint(p.Version), timeOrNone(p.FirstSeen), printable(about))
	}
	return t.writeLeft(w)
}
