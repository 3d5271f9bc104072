package caddymodule

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/limen-waf/limen/store"
)

func newForgetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "forget --client-ip IP | --principal ID [--as NAME]",
		Short: "Removes all recorded decisions of one person",
		Long: `Removes all recorded decisions of one person, named by the client's IP address or by
the principal, for good. Labelled decisions are no exception.

The running server does it, beside its work; when no server runs, the data folder is
changed directly. The files are written anew, so that nothing is left in them. Of each
decision its ID and its hash stay, with which "caddy limen verify" can still check the
others. That somebody was forgotten, by whom, when, and how many decisions it were, is
recorded, with a keyed hash of the address or principal in its place.

What lies elsewhere is not touched: backups, exports, access logs. Segments that cannot
be read are named: look at them, or delete them, by hand.`,
		Example: `  $ caddy limen forget --client-ip 203.0.113.7
  $ caddy limen forget --principal alice --as privacy@shop.example`,
		Args: cobra.NoArgs,
	}
	var f forgetFlags
	f.calls.admin.add(cmd)
	cmd.Flags().StringVar(&f.data, "data", "", "Data folder to change when no server runs (default: limen in Caddy's data folder)")
	cmd.Flags().StringVar(&f.person.ClientIP, "client-ip", "", "The client's IP address, or its hash as verdicts shows it")
	cmd.Flags().StringVar(&f.person.Principal, "principal", "", "The principal ({http.auth.user.id})")
	cmd.Flags().StringVar(&f.calls.as, "as", "", "Who says so (default: the user's name)")
	cmd.Flags().BoolVar(&f.json, "json", false, "Write what was done as JSON")
	cmd.MarkFlagsMutuallyExclusive("client-ip", "principal")
	cmd.MarkFlagsOneRequired("client-ip", "principal")
	cmd.RunE = f.run
	return cmd
}

type forgetFlags struct {
	calls  callFlags
	data   string
	person store.Person
	json   bool
}

func (f *forgetFlags) run(cmd *cobra.Command, _ []string) error {
	client, err := newAdminClient(f.calls.admin.address, f.calls.admin.config, f.calls.admin.adapter)
	if err != nil {
		return err
	}
	b := newBar(cmd.ErrOrStderr())
	tell := func(done, total int) {
		b.show(float64(done)/float64(max(total, 1)), func() string { return thousands(done) + " decisions" })
	}
	done, err := client.forget(f.person, f.calls.principal(), tell)
	if errors.Is(err, errNoServer) || errors.Is(err, errNoLimen) {
		done, err = f.offline(cmd, err, tell)
	}
	b.clear()
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if f.json {
		return json.NewEncoder(out).Encode(done)
	}
	fmt.Fprintf(out, "%s decisions were removed from %d segments", thousands(done.Rows), len(done.Segments))
	if done.Kept > 0 {
		fmt.Fprintf(out, ", and %s labelled ones of before", thousands(done.Kept))
	}
	fmt.Fprintf(out, " (event %s)\n", done.Event)
	if len(done.Unread) > 0 {
		return fmt.Errorf("these files could not be read and may still hold decisions of this person: %s: look at them, or delete them", strings.Join(done.Unread, ", "))
	}
	return nil
}

// forget has the server forget, and tells how far it is.
func (c *adminClient) forget(p store.Person, principal string, tell func(done, total int)) (*store.Forgotten, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Content-Type": {"application/json"}, headerPrincipal: {principal}}
	resp, err := caddycmd.AdminAPIRequest(c.address, http.MethodPost, "/limen/forget", header, strings.NewReader(string(body)))
	if err != nil {
		return nil, c.explain(err)
	}
	defer resp.Body.Close()
	for d := json.NewDecoder(bufio.NewReader(resp.Body)); ; {
		var e forgetEvent
		switch err := d.Decode(&e); {
		case err != nil:
			return nil, c.brokenOff(err)
		case e.Error != "":
			return nil, errors.New(e.Error)
		case e.Forgotten != nil:
			return e.Forgotten, nil
		}
		tell(e.Done, e.Total)
	}
}

// offline changes the data folder, for want of a server.
func (f *forgetFlags) offline(cmd *cobra.Command, why error, tell func(done, total int)) (*store.Forgotten, error) {
	dir := f.data
	if dir == "" {
		dir = defaultDataDir()
	}
	// Opening for writing would make a store where there is none.
	if _, err := os.Stat(filepath.Join(dir, "limen.db")); err != nil {
		return nil, fmt.Errorf("%w, and there is no store to change (choose the data folder with --data): %w", why, err)
	}
	s, err := store.Open(store.Options{Dir: dir})
	switch {
	case errors.Is(err, store.ErrLocked):
		return nil, fmt.Errorf("%w, but a server holds the data folder %s: give the address of its admin endpoint with --address", why, dir)
	case err != nil:
		return nil, fmt.Errorf("%w, and the data folder cannot be changed (choose another one with --data): %w", why, err)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%v; changing the data folder %s\n", why, dir)
	done, err := s.Forget(cmd.Context(), f.person, f.calls.principal(), tell)
	return done, errors.Join(err, s.Close())
}
