package caddymodule

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// exception leaves requests out of inspection.
type exception struct {
	name    string // what the row says, as it stands in the Caddyfile
	matcher caddyhttp.MatcherSet
}

// exceptMatchers are the kinds of exception that the Caddyfile offers. JSON may
// use any request matcher of Caddy.
var exceptMatchers = []string{"path", "method", "header", "client_ip"}

// parseExcept reads the arguments of one `except` line:
//
//	except path      <pattern…>
//	except method    <name…>
//	except header    <field> [<value>]
//	except client_ip <range…>
func parseExcept(d *caddyfile.Dispenser) (caddy.ModuleMap, error) {
	args := d.RemainingArgs()
	if len(args) == 0 {
		return nil, d.Errf("except needs what to leave out: %s", strings.Join(exceptMatchers, ", "))
	}
	kind, values := args[0], args[1:]
	if !slices.Contains(exceptMatchers, kind) {
		return nil, d.Errf("unknown exception '%s', expected one of %s", kind, strings.Join(exceptMatchers, ", "))
	}
	if len(values) == 0 {
		return nil, d.Errf("except %s needs a value", kind)
	}
	var m any
	switch kind {
	case "path":
		m = caddyhttp.MatchPath(values)
	case "method":
		for i := range values {
			values[i] = strings.ToUpper(values[i])
		}
		m = caddyhttp.MatchMethod(values)
	case "header":
		if len(values) > 2 {
			return nil, d.Errf("except header takes a field and at most one value, got %d values", len(values)-1)
		}
		if len(values) == 1 {
			values = append(values, "*") // present, whatever it says
		}
		m = caddyhttp.MatchHeader{http.CanonicalHeaderKey(values[0]): values[1:]}
	case "client_ip":
		// Caddy's own parser knows private_ranges.
		tokens := make([]caddyfile.Token, len(args))
		for i, arg := range args {
			tokens[i] = caddyfile.Token{File: d.File(), Line: d.Line(), Text: arg}
		}
		var ranges caddyhttp.MatchClientIP
		if err := ranges.UnmarshalCaddyfile(caddyfile.NewDispenser(tokens)); err != nil {
			return nil, err
		}
		m = ranges
	}
	return caddy.ModuleMap{kind: caddyconfig.JSON(m, nil)}, nil
}

// provisionExcept loads the exceptions' matchers.
func (h *Handler) provisionExcept(ctx caddy.Context) error {
	names := make([]string, len(h.ExceptRaw))
	for i, raw := range h.ExceptRaw {
		if len(raw) == 0 {
			return fmt.Errorf("exception %d is empty: it would leave every request out", i)
		}
		names[i] = exceptName(raw)
	}
	loaded, err := ctx.LoadModule(h, "ExceptRaw")
	if err != nil {
		return fmt.Errorf("loading exceptions: %w", err)
	}
	var sets caddyhttp.MatcherSets
	if err := sets.FromInterface(loaded); err != nil {
		return fmt.Errorf("loading exceptions: %w", err)
	}
	for i, set := range sets {
		h.except = append(h.except, exception{names[i], set})
	}
	return nil
}

// exceptName writes an exception for people: "path /static/*".
func exceptName(raw caddy.ModuleMap) string {
	kinds := make([]string, 0, len(raw))
	for kind := range raw {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for i, kind := range kinds {
		kinds[i] += " " + exceptValue(raw[kind])
	}
	return strings.Join(kinds, " and ")
}

func exceptValue(raw json.RawMessage) string {
	var list []string
	if json.Unmarshal(raw, &list) == nil {
		return strings.Join(list, " ")
	}
	var ranges caddyhttp.MatchClientIP
	if json.Unmarshal(raw, &ranges) == nil && len(ranges.Ranges) > 0 {
		return strings.Join(ranges.Ranges, " ")
	}
	var fields map[string][]string
	if json.Unmarshal(raw, &fields) == nil && len(fields) == 1 {
		for field, values := range fields {
			return strings.TrimSpace(field + " " + strings.Join(values, " "))
		}
	}
	return string(raw)
}

// excepted returns the name of the first exception that r is, or "". Those of the
// configuration come first.
func (h *Handler) excepted(r *http.Request) (string, error) {
	for i := range h.except {
		match, err := h.except[i].matcher.MatchWithError(r)
		if err != nil || match {
			return h.except[i].name, err
		}
	}
	live := h.app.exceptionsNow()
	for i := range live {
		if site := live[i].site; site != "" && site != h.stance.Load().site {
			continue
		}
		match, err := live[i].matcher.MatchWithError(r)
		if err != nil || match {
			return live[i].name, err
		}
	}
	return "", nil
}
