package caddymodule

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/limen-waf/limen/store"
)

// filterFlags choose decisions, as those of "verdicts" do.
type filterFlags struct{ verdictsFlags }

// filterHelp describes the flags.
const filterHelp = `
Those decisions are taken for which all filters hold. Times are ages, such as 90s,
1h or 7d, or points in time, such as 2026-01-31, "2026-01-31 08:00" (local time) or
2026-01-31T08:00:00Z.`

// add adds the flags; modelFlag is the name of the one for the model that was
// running.
func (f *filterFlags) add(cmd *cobra.Command, modelFlag string) {
	flags := cmd.Flags()
	flags.StringVar(&f.since, "since", "", "Not older than this age or time")
	flags.StringVar(&f.until, "until", "", "Not newer than this age or time")
	flags.StringVar(&f.decision, "decision", "", "Decision: allow, tag or block")
	flags.StringVar(&f.class, "class", "", "Class, such as sqli")
	flags.StringVar(&f.host, "host", "", "Host of the request")
	flags.StringVar(&f.clientIP, "client-ip", "", "Client's IP address")
	flags.StringVar(&f.principal, "principal", "", "User who was logged in")
	flags.StringVar(&f.path, "path", "", "Beginning of the request's path and query")
	flags.StringVar(&f.model, modelFlag, "", "Name or digest of the model that decided")
	flags.Float64Var(&f.minScore, "min-score", 0, "Score at least this")
	flags.Float64Var(&f.maxScore, "max-score", 1, "Score at most this")
	flags.StringVar(&f.label, "label", "", "What people said: attack, normal, any or none")
}

// query checks the flags. What is recorded from now on is left out: otherwise work
// on a busy site would never end.
func (f *filterFlags) query(now time.Time) (store.Query, error) {
	q, err := f.verdictsFlags.query(now)
	if q.Until.IsZero() {
		q.Until = now.UTC()
	}
	return q, err
}
