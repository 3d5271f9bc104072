package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"github.com/limen-waf/limen/store"
)

// verdictSource is where verdicts and why look: a running server, or the store
// in its data folder.
type verdictSource interface {
	Verdicts(context.Context, store.Query) (*store.Page, error)
	Why(context.Context, ulid.ULID) (*store.Chain, error)
	WhyAct(context.Context, ulid.ULID) (*store.ActChain, error)
	Calls(context.Context, store.CallQuery) (*store.CallPage, error)
	Acts(context.Context, store.ActQuery) (*store.ActPage, error)
	Procedures() ([]store.ProcedureInfo, error)
	Close() error
}

// sourceFlags choose the source.
type sourceFlags struct {
	admin adminFlags
	data  string
}

func (f *sourceFlags) add(cmd *cobra.Command) {
	f.admin.add(cmd)
	cmd.Flags().StringVar(&f.data, "data", "", "Data folder to read when no server runs (default: limen in Caddy's data folder)")
}

// open asks the running server, and opens the data folder when there is none.
// It says so on stderr.
func (f *sourceFlags) open(stderr io.Writer) (verdictSource, error) {
	client, err := newAdminClient(f.admin.address, f.admin.config, f.admin.adapter)
	if err != nil {
		return nil, err
	}
	err = client.get("/limen/verdicts?limit=1", nil)
	if err == nil {
		return client, nil
	}
	if !errors.Is(err, errNoServer) && !errors.Is(err, errNoLimen) {
		return nil, err
	}
	dir := f.data
	if dir == "" {
		dir = defaultDataDir()
	}
	s, openErr := store.Open(store.Options{Dir: dir, ReadOnly: true})
	switch {
	case errors.Is(openErr, store.ErrLocked):
		return nil, fmt.Errorf("%w, but a server holds the data folder %s: give the address of its admin endpoint with --address, "+
			"or, if it runs with \"admin off\", stop it first or turn the admin endpoint on", err, dir)
	case openErr != nil:
		return nil, fmt.Errorf("%w, and the data folder cannot be read (choose another one with --data): %w", err, openErr)
	}
	fmt.Fprintf(stderr, "%v; reading the data folder %s\n", err, dir)
	return s, nil
}
