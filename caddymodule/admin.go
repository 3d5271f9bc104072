package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/store"
)

func init() { caddy.RegisterModule(adminAPI{}) }

const adminPrefix = "/limen/"

// adminAPI answers on Caddy's admin endpoint:
//
//	GET /limen/verdicts           decisions, {"verdicts":[…],"next":"cursor"}
//	GET /limen/verdicts/{id}      one decision
//	GET /limen/verdicts/{id}/why  where it comes from: model, data sets, policy, labels
//	GET /limen/status             model, engine, store, counts and the sites' thresholds
//	GET /limen/threshold          what target_fpr would choose, {"sites":[…]}
//	GET /limen/export             all decisions that match, as JSON Lines
//	GET /limen/backup             a copy of the store, as a tar archive
//	POST /limen/replay            scores recorded requests under another model
//	GET /limen/verify             checks all decisions against the hash chain
//	POST /limen/forget            removes a person's decisions
//
// and with procedures and the state that they change (admin_procedure.go).
//
// Parameters of the first: since and until (RFC 3339, or an age such as 90s or
// 7d), decision, class, host, client_ip, principal, path (its beginning), model,
// min_score, max_score, label (attack, normal, any or none), order (newest or
// oldest), limit and cursor. Those of threshold: target_fpr, host and since. Errors
// are {"error":"…"} with their status; a wrong parameter is named with what is allowed.
//
// The module is provisioned before the apps, so it looks for the app when it is
// asked.
type adminAPI struct {
	ctx caddy.Context
}

// CaddyModule returns the Caddy module information.
func (adminAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "admin.api.limen",
		New: func() caddy.Module { return new(adminAPI) },
	}
}

// Provision sets up a.
func (a *adminAPI) Provision(ctx caddy.Context) error {
	a.ctx = ctx
	return nil
}

// Routes implements caddy.AdminRouter.
func (a *adminAPI) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{
		{Pattern: adminPrefix, Handler: caddy.AdminHandlerFunc(a.serve)},
		{Pattern: adminPrefix + "export", Handler: caddy.AdminHandlerFunc(a.export)},
		{Pattern: adminPrefix + "backup", Handler: caddy.AdminHandlerFunc(a.backup)},
		{Pattern: adminPrefix + "replay", Handler: caddy.AdminHandlerFunc(a.replay)},
		{Pattern: adminPrefix + "verify", Handler: caddy.AdminHandlerFunc(a.verify)},
		{Pattern: adminPrefix + "forget", Handler: caddy.AdminHandlerFunc(a.forget)},
	}
}

func (a *adminAPI) serve(w http.ResponseWriter, r *http.Request) error {
	path := strings.Split(strings.TrimPrefix(r.URL.Path, adminPrefix), "/")
	method := http.MethodGet
	var answer answerFunc
	switch {
	case len(path) == 1 && path[0] == "status":
		answer = getStatus
	case len(path) == 1 && path[0] == "threshold":
		answer = getThreshold
	case len(path) == 1 && path[0] == "verdicts":
		answer = getVerdicts
	case len(path) == 2 && path[0] == "verdicts":
		answer = getVerdict(path[1])
	case len(path) == 3 && path[0] == "verdicts" && path[2] == "why":
		answer = getWhy(path[1])
	case len(path) == 2 && path[0] == "models":
		answer = getModelFile(path[1])
	default:
		if method, answer = stateResource(path); answer == nil {
			return apiError(http.StatusNotFound, fmt.Errorf("no such resource: %s", r.URL.Path))
		}
	}
	if r.Method != method {
		w.Header().Set("Allow", method)
		return apiError(http.StatusMethodNotAllowed, fmt.Errorf("method %s is not allowed here, use %s", r.Method, method))
	}
	app, s, err := a.app()
	if err != nil {
		return err
	}
	v, err := answer(app, s, r)
	var known caddy.APIError
	switch {
	case errors.As(err, &known):
		return err
	case err != nil:
		return apiError(statusOf(err), err)
	}
	w.Header().Set("Cache-Control", "no-store")
	if raw, ok := v.(*rawAnswer); ok {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		writeBody(w, http.StatusOK, raw.kind, raw.body)
		return nil
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(v)
}

// app finds the running app and its store.
func (a *adminAPI) app() (*App, *sharedStore, error) {
	mod, err := a.ctx.AppIfConfigured("limen")
	if errors.Is(err, caddy.ErrNotConfigured) {
		return nil, nil, apiError(http.StatusNotFound, errNoApp)
	}
	if err != nil {
		return nil, nil, apiError(http.StatusServiceUnavailable, err)
	}
	app := mod.(*App)
	s := app.store.Load()
	if s == nil {
		return nil, nil, apiError(http.StatusServiceUnavailable, errors.New("limen is starting or stopping"))
	}
	return app, s, nil
}

func apiError(status int, err error) error {
	return caddy.APIError{HTTPStatus: status, Err: err}
}

// statusOf is the HTTP status of a store's error.
func statusOf(err error) int {
	switch {
	case errors.Is(err, store.ErrQuery):
		return http.StatusBadRequest
	case errors.Is(err, store.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, store.ErrKey):
		return http.StatusUnprocessableEntity
	case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrUnchanged):
		return http.StatusConflict
	case errors.Is(err, store.ErrClosed):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

func getVerdicts(_ *App, s *sharedStore, r *http.Request) (any, error) {
	q, err := parseQuery(r.URL.Query(), time.Now())
	if err != nil {
		return nil, apiError(http.StatusBadRequest, err)
	}
	return listVerdicts(r.Context(), s, q)
}

// Rows hold requests, and requests can be large: a page is read in pieces, and
// ends early when it has maxPageBytes.
const (
	pieceRows    = 50
	maxPageBytes = 16 << 20
)

func listVerdicts(ctx context.Context, s *sharedStore, q store.Query) (*store.Page, error) {
	left := q.Limit
	if left == 0 {
		left = store.DefaultLimit
	}
	all := &store.Page{Verdicts: []*store.Verdict{}}
	for bytes := 0; ; {
		if left > 0 && left <= store.MaxLimit { // else the store says what is wrong
			q.Limit = min(left, pieceRows)
		}
		page, err := s.Verdicts(ctx, q)
		if err != nil {
			return nil, err
		}
		all.Verdicts = append(all.Verdicts, page.Verdicts...)
		for _, skipped := range page.Skipped {
			if !slices.Contains(all.Skipped, skipped) {
				all.Skipped = append(all.Skipped, skipped)
			}
		}
		all.Unreadable += page.Unreadable
		for _, v := range page.Verdicts {
			bytes += len(v.Request)
		}
		all.Next, q.After = page.Next, page.Next
		left -= len(page.Verdicts)
		if left <= 0 || all.Next == "" || bytes >= maxPageBytes {
			return all, nil
		}
	}
}

func getVerdict(id string) func(*App, *sharedStore, *http.Request) (any, error) {
	return func(_ *App, s *sharedStore, r *http.Request) (any, error) {
		id, err := store.ParseID(id)
		if err != nil {
			return nil, err
		}
		return s.Verdict(r.Context(), id)
	}
}

func getWhy(id string) func(*App, *sharedStore, *http.Request) (any, error) {
	return func(_ *App, s *sharedStore, r *http.Request) (any, error) {
		id, err := store.ParseID(id)
		if err != nil {
			return nil, err
		}
		return s.Why(r.Context(), id)
	}
}

// parseQuery reads a listing's parameters. An unknown one is an error: a
// misspelt filter would list what it should have left out. So is an empty one, but
// for the cursor, of which there is none on the first page.
func parseQuery(params url.Values, now time.Time) (q store.Query, err error) {
	for _, name := range slices.Sorted(maps.Keys(params)) {
		values := params[name]
		switch {
		case !slices.Contains(queryParams, name):
			return q, fmt.Errorf("unknown parameter %s: expected %s", name, strings.Join(queryParams, ", "))
		case len(values) > 1:
			return q, fmt.Errorf("parameter %s is given %d times, expected once", name, len(values))
		case values[0] == "" && name != "cursor":
			return q, fmt.Errorf("parameter %s is empty: leave it out, or give it a value", name)
		}
		if err := setParam(&q, name, values[0], now); err != nil {
			return q, fmt.Errorf("parameter %s is %q: %w", name, values[0], err)
		}
	}
	return q, nil
}

// queryParams are the parameters of a listing.
var queryParams = []string{
	"since", "until", "decision", "class", "host", "client_ip", "principal", "path", "model", "min_score", "max_score",
	"label", "order", "limit", "cursor",
}

func setParam(q *store.Query, name, value string, now time.Time) (err error) {
	switch name {
	case "since":
		q.Since, err = parseTime(value, now)
	case "until":
		q.Until, err = parseTime(value, now)
	case "decision":
		q.Decision = value
	case "class":
		q.Class = value
	case "host":
		q.Host = value
	case "client_ip":
		q.ClientIP = value
	case "principal":
		q.Principal = value
	case "path":
		q.Path = value
	case "model":
		q.Model = value
	case "min_score":
		if q.MinScore, err = strconv.ParseFloat(value, 64); err != nil || !(q.MinScore >= 0 && q.MinScore <= 1) {
			return errors.New("expected a number from 0 to 1")
		}
	case "max_score":
		if q.MaxScore, err = strconv.ParseFloat(value, 64); err != nil || !(q.MaxScore > 0 && q.MaxScore <= 1) {
			return errors.New("expected a number above 0, up to 1")
		}
	case "label":
		q.Labels = value
	case "order":
		q.Order = value
	case "limit":
		if q.Limit, err = strconv.Atoi(value); err != nil || q.Limit < 1 || q.Limit > store.MaxLimit {
			return fmt.Errorf("expected a whole number from 1 to %d", store.MaxLimit)
		}
	case "cursor":
		q.After = value
	}
	return err
}

// parseTime reads a time, or an age before now.
func parseTime(s string, now time.Time) (time.Time, error) {
	if age, err := caddy.ParseDuration(s); err == nil {
		return now.Add(-age), nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return t, errors.New("expected a time such as 2026-01-31T08:00:00Z or an age such as 90s or 7d")
	}
	return t, nil
}

// statusAnswer is what /limen/status says.
type statusAnswer struct {
	Model  statusModel           `json:"model"`
	Engine classifier.EngineInfo `json:"engine"`
	Data   string                `json:"data"`
	Store  store.Stats           `json:"store"`
	Sites  []siteStatus          `json:"sites"`
	// Counts are those of this process, over reloads.
	Counts counts `json:"counts"`
}

type statusModel struct {
	Name      string    `json:"name"`
	Version   string    `json:"version"`
	Digest    string    `json:"digest"`
	Path      string    `json:"path"`
	Created   time.Time `json:"created"`
	Classes   []string  `json:"classes"`
	Threshold float64   `json:"threshold"`
	Tokenizer int       `json:"tokenizer"`
}

func getStatus(app *App, s *sharedStore, _ *http.Request) (any, error) {
	m := app.model()
	return statusAnswer{
		Model: statusModel{
			Name: m.Manifest.Name, Version: m.Manifest.Version, Digest: m.Digest, Path: m.Path, Created: m.Manifest.Created,
			Classes: m.Manifest.Classes, Threshold: m.Manifest.Threshold, Tokenizer: m.Manifest.Tokenizer.Version,
		},
		Engine: app.classifier().Engine().Info(),
		Data:   app.Data,
		Store:  s.Stats(),
		Sites:  app.siteStatus(),
		Counts: countsNow(),
	}, nil
}

// Interface guards.
var (
	_ caddy.Provisioner = (*adminAPI)(nil)
	_ caddy.AdminRouter = (*adminAPI)(nil)
)
