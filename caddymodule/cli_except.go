package caddymodule

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/limen-waf/limen/store"
)

func newExceptCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "except add|remove|list",
		Short: "Leaves requests out of inspection while the server runs",
		Long: `Leaves requests out of inspection while the server runs, without a reload: what
is added or removed counts from the next request on, and outlives restarts.

The rows of excepted requests name the exception, and "caddy limen why" says who
added it. What the configuration excepts stands there, not here.`,
		Example: `  $ caddy limen except add path /webhooks/* --note "signed by the sender"
  $ caddy limen except list
  $ caddy limen except remove 01KA2B3C4D5E6F7G8H9JKMNPQR`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return fmt.Errorf("unknown command %q for %q, expected add, remove or list", args[0], cmd.CommandPath())
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newExceptAddCommand(), newExceptRemoveCommand(), newExceptListCommand())
	return cmd
}

func newExceptAddCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "add KIND VALUE… [--site S] [--note N]",
		Short: "Adds an exception",
		Long: `Adds an exception, of the kinds that the Caddyfile has:

  path      PATTERN…         such as /static/*
  method    NAME…
  header    FIELD [VALUE]
  client_ip RANGE…           such as 10.0.0.0/8

--site limits it to one site of the configuration, as "caddy limen threshold"
and /limen/status name them.`,
		Example: `  $ caddy limen except add path /webhooks/* --note "signed by the sender"
  $ caddy limen except add client_ip 192.0.2.0/24 --site shop.example`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return fmt.Errorf("got %d arguments, expected a kind (%s) and at least one value", len(args), strings.Join(exceptMatchers, ", "))
			}
			return nil
		},
	}
	var f callFlags
	f.add(cmd)
	site := cmd.Flags().String("site", "", "Only at this site (default: all)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var out store.Exception
		call, err := f.call("except", store.ExceptInput{
			Action: "add", ExceptionMatch: store.ExceptionMatch{Kind: args[0], Values: args[1:], Site: *site}, Note: f.note,
		}, &out)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "added %s%s\n", printable(out.Name()), remark(call))
		return err
	}
	return cmd
}

func newExceptRemoveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "remove ID [--note N]",
		Short:   "Removes an exception",
		Long:    `Removes an exception. ID is in the list that "caddy limen except list" writes.`,
		Example: `  $ caddy limen except remove 01KA2B3C4D5E6F7G8H9JKMNPQR`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("got %d arguments, expected the ID of one exception", len(args))
			}
			return nil
		},
	}
	var f callFlags
	f.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var out store.Exception
		call, err := f.call("except", store.ExceptInput{Action: "remove", ID: args[0], Note: f.note}, &out)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "removed %s%s\n", printable(out.Name()), remark(call))
		return err
	}
	return cmd
}

func newExceptListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list [--history] [--as-of T] [--json]",
		Short: "Lists the exceptions that were added while the server ran",
		Long: `Lists the exceptions that were added while the server ran; with --history those
too that were removed.

They come from the running server through its admin endpoint. When no server
runs, they are read from its data folder.

--as-of lists the exceptions as they were at a time: an age such as 90s or 7d, or
a point in time such as 2026-01-31 or 2026-01-31T08:00:00Z.`,
		Example: `  $ caddy limen except list
  $ caddy limen except list --as-of 7d --json`,
		Args: cobra.NoArgs,
	}
	var source sourceFlags
	var at asOfFlag
	source.add(cmd)
	at.add(cmd)
	history := cmd.Flags().Bool("history", false, "Removed ones too")
	asJSON := cmd.Flags().Bool("json", false, "Write JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		as, err := at.time()
		if err != nil {
			return err
		}
		src, err := source.open(cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		defer src.Close()
		var answer exceptionsAnswer
		switch src := src.(type) {
		case *adminClient:
			err = src.exceptions(*history, as, &answer)
		case *store.Store:
			answer.Exceptions, err = src.At(as).Exceptions(*history)
		}
		if err != nil {
			return err
		}
		if *asJSON {
			return writeJSON(cmd.OutOrStdout(), answer)
		}
		return writeExceptions(cmd.OutOrStdout(), answer.Exceptions)
	}
	return cmd
}

func (c *adminClient) exceptions(history bool, at time.Time, answer *exceptionsAnswer) error {
	values := url.Values{}
	if history {
		values.Set("history", "true")
	}
	setAsOf(values, at)
	return c.get("/limen/exceptions?"+values.Encode(), answer)
}

func writeExceptions(w io.Writer, list []store.Exception) error {
	if len(list) == 0 {
		_, err := io.WriteString(w, "no exceptions besides the configuration's\n")
		return err
	}
	var t table
	t.row("id", "added", "author", "site", "exception", "removed", "note")
	for i := range list {
		x := &list[i]
		removed := timeOrNone(x.Removed)
		if removed != "" {
			removed += " by " + printable(x.RemovedBy)
		}
		t.row(x.ID.String(), timeOrNone(x.Time), printable(x.Author), printable(orAll(x.Site)),
			printable(x.Kind+" "+strings.Join(x.Values, " ")), removed, printable(cut(x.Note, 100)))
	}
	return t.writeLeft(w)
}

func orAll(site string) string {
	if site == "" {
		return "all"
	}
	return site
}

// writeJSON writes an answer as indented JSON.
func writeJSON(w io.Writer, v any) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(v)
}
