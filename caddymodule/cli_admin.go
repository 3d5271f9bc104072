package caddymodule

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"github.com/limen-waf/limen/store"
)

// Errors of asking a running server.
var (
	// errNoServer means that nothing listens at the admin address.
	errNoServer = errors.New("no server answers")
	// errNoLimen means that the server has no Limen in it, or that its
	// configuration has none.
	errNoLimen = errors.New("the server runs without Limen")
)

// adminFlags say where the running server is.
type adminFlags struct {
	address string
	config  string
	adapter string
}

func (f *adminFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.address, "address", "", "Address of the running server's admin endpoint (default: the configuration's, or localhost:2019)")
	cmd.Flags().StringVarP(&f.config, "config", "c", "", "Configuration to take the admin address from")
	cmd.Flags().StringVarP(&f.adapter, "adapter", "a", "", "Name of the configuration's adapter")
}

// adminClient asks the running server, as "caddy reload" does.
type adminClient struct{ address string }

// newAdminClient finds the admin address; the arguments are the flags of
// "caddy reload", each of which may be empty.
func newAdminClient(address, config, adapter string) (*adminClient, error) {
	address, err := caddycmd.DetermineAdminAPIAddress(address, nil, config, adapter)
	if err != nil {
		return nil, fmt.Errorf("finding the admin endpoint: %w", err)
	}
	return &adminClient{address}, nil
}

// get decodes the answer for uri into v, which may be nil. The error wraps
// errNoServer or errNoLimen where that is the reason.
func (c *adminClient) get(uri string, v any) error {
	return c.send(http.MethodGet, uri, nil, nil, v)
}

// send sends a request and decodes the answer, as get does.
func (c *adminClient) send(method, uri string, header http.Header, body []byte, v any) error {
	resp, err := caddycmd.AdminAPIRequest(c.address, method, uri, header, bytes.NewReader(body))
	if err != nil {
		return c.explain(err)
	}
	defer resp.Body.Close()
	if v == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(v); err != nil {
		return fmt.Errorf("reading the answer of %s: %w", c.address, err)
	}
	return nil
}

// explain finds the reason in AdminAPIRequest's errors, which are text.
func (c *adminClient) explain(err error) error {
	text := err.Error()
	if strings.Contains(text, ": dial ") {
		return fmt.Errorf("%w at %s", errNoServer, c.address)
	}
	_, answer, ok := strings.Cut(text, "caddy responded with error: HTTP ")
	if !ok {
		return err
	}
	status, body, _ := strings.Cut(answer, ": ")
	var known struct {
		Error string `json:"error"`
	}
	switch {
	case json.Unmarshal([]byte(body), &known) != nil || known.Error == "":
		if status == "404" { // a Caddy without the routes of Limen
			return fmt.Errorf("%w (admin endpoint %s)", errNoLimen, c.address)
		}
		return err
	case known.Error == errNoApp.Error():
		return fmt.Errorf("%w (admin endpoint %s): %s", errNoLimen, c.address, known.Error)
	}
	code, _ := strconv.Atoi(status)
	return &toldError{code, known.Error, c.address}
}

// toldError is an error that the server answered, with its HTTP status.
type toldError struct {
	status        int
	text, address string
}

func (e *toldError) Error() string { return fmt.Sprintf("%s (admin endpoint %s)", e.text, e.address) }

// Verdicts implements verdictSource.
func (c *adminClient) Verdicts(_ context.Context, q store.Query) (*store.Page, error) {
	page := new(store.Page)
	if err := c.get("/limen/verdicts?"+queryValues(&q).Encode(), page); err != nil {
		return nil, err
	}
	return page, nil
}

// Why implements verdictSource.
func (c *adminClient) Why(_ context.Context, id ulid.ULID) (*store.Chain, error) {
	chain := new(store.Chain)
	if err := c.get("/limen/verdicts/"+id.String()+"/why", chain); err != nil {
		return nil, err
	}
	return chain, nil
}

// Close implements verdictSource.
func (c *adminClient) Close() error { return nil }

// queryValues is q in the form of the admin API.
func queryValues(q *store.Query) url.Values {
	values := url.Values{}
	for _, v := range []struct{ name, value string }{
		{"decision", q.Decision}, {"class", q.Class}, {"host", q.Host}, {"client_ip", q.ClientIP},
		{"principal", q.Principal}, {"path", q.Path}, {"model", q.Model}, {"label", q.Labels}, {"order", q.Order}, {"cursor", q.After},
	} {
		if v.value != "" {
			values.Set(v.name, v.value)
		}
	}
	for _, v := range []struct {
		name  string
		value time.Time
	}{{"since", q.Since}, {"until", q.Until}} {
		if !v.value.IsZero() {
			values.Set(v.name, v.value.UTC().Format(time.RFC3339Nano))
		}
	}
	for _, v := range []struct {
		name  string
		value float64
	}{{"min_score", q.MinScore}, {"max_score", q.MaxScore}} {
		if v.value != 0 {
			values.Set(v.name, strconv.FormatFloat(v.value, 'g', -1, 64))
		}
	}
	if q.Limit > 0 {
		values.Set("limit", strconv.Itoa(q.Limit))
	}
	return values
}
