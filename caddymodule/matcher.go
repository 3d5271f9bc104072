package caddymodule

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func init() { caddy.RegisterModule(MatchLimen{}) }

// MatchLimen matches requests by what the network says of them: the score, the
// class, or both. It works before and after a `limen` handler and without one;
// the request is scored once. The matcher alone records nothing.
type MatchLimen struct {
	// Matches a score above this.
	Above *float64 `json:"above,omitempty"`
	// Matches a score of at least this.
	AtLeast *float64 `json:"at_least,omitempty"`
	// Matches a score below this.
	Below *float64 `json:"below,omitempty"`
	// Matches a score of at most this.
	AtMost *float64 `json:"at_most,omitempty"`
	// Matches these classes; `none` is a request that is no attack.
	Classes []string `json:"classes,omitempty"`

	app *App
}

// CaddyModule returns the Caddy module information.
func (MatchLimen) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.matchers.limen",
		New: func() caddy.Module { return new(MatchLimen) },
	}
}

// Provision sets up m.
func (m *MatchLimen) Provision(ctx caddy.Context) error {
	app, err := ctx.App("limen")
	if err != nil {
		return err
	}
	m.app = app.(*App)
	return nil
}

// Validate implements caddy.Validator.
func (m *MatchLimen) Validate() error {
	bounds := 0
	for _, b := range []*float64{m.Above, m.AtLeast, m.Below, m.AtMost} {
		if b == nil {
			continue
		}
		bounds++
		if !(*b >= 0 && *b <= 1) {
			return fmt.Errorf("score is compared with %v, expected a number from 0 to 1", *b)
		}
	}
	if bounds == 0 && len(m.Classes) == 0 {
		return fmt.Errorf("matcher is empty, expected score or class")
	}
	known := m.app.model().Manifest.Classes
	for _, c := range m.Classes {
		if !slices.Contains(known, c) {
			return fmt.Errorf("class %q is unknown to the model (it has %v)", c, known)
		}
	}
	return nil
}

// UnmarshalCaddyfile sets up the matcher from Caddyfile tokens. Syntax:
//
//	limen score >|>=|<|<= <number>
//	limen class <name...>
//	limen {
//		score >|>=|<|<= <number>
//		class <name...>
//	}
//
// A block, or several limen lines in one named matcher, match when all of them do.
// A number is from 0 to 1.
func (m *MatchLimen) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	for d.Next() {
		lines := 0
		if d.NextArg() {
			if err := m.parseLine(d); err != nil {
				return err
			}
			lines++
		}
		for nesting := d.Nesting(); d.NextBlock(nesting); lines++ {
			if err := m.parseLine(d); err != nil {
				return err
			}
		}
		if lines == 0 {
			return d.Err("limen matcher is empty, expected score or class")
		}
	}
	return nil
}

func (m *MatchLimen) parseLine(d *caddyfile.Dispenser) error {
	switch what := d.Val(); what {
	case "score":
		return m.parseScore(d)
	case "class":
		classes := d.RemainingArgs()
		if len(classes) == 0 {
			return d.Err("class needs at least one name")
		}
		m.Classes = append(m.Classes, classes...)
		return nil
	default:
		return d.Errf("unknown limen matcher option '%s', expected score or class", what)
	}
}

// operators of score, those first that begin like another one.
var operators = []string{">=", "<=", ">", "<"}

func (m *MatchLimen) parseScore(d *caddyfile.Dispenser) error {
	// One argument will do: `caddy fmt` turns "< 0.5" into "<0.5".
	arg := strings.Join(d.RemainingArgs(), "")
	for _, op := range operators {
		number, ok := strings.CutPrefix(arg, op)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(number, 64)
		if err != nil || !(n >= 0 && n <= 1) {
			return d.Errf("score is compared with '%s', expected a number from 0 to 1", number)
		}
		bound := map[string]**float64{">": &m.Above, ">=": &m.AtLeast, "<": &m.Below, "<=": &m.AtMost}[op]
		if *bound != nil {
			return d.Errf("score %s is given twice", op)
		}
		*bound = &n
		return nil
	}
	return d.Errf("score '%s' has no operator, expected >, >=, < or <= and a number, as in: score > 0.5", arg)
}

// Match implements caddyhttp.RequestMatcher.
func (m *MatchLimen) Match(r *http.Request) bool {
	match, _ := m.MatchWithError(r)
	return match
}

// MatchWithError implements caddyhttp.RequestMatcherWithError. The error is one
// of reading the body, with its status; an engine that fails is no error, but a
// score of 0.
func (m *MatchLimen) MatchWithError(r *http.Request) (bool, error) {
	score, class, err := look(r, m.app)
	if err != nil {
		return false, err
	}
	switch {
	case m.Above != nil && !(score > *m.Above),
		m.AtLeast != nil && !(score >= *m.AtLeast),
		m.Below != nil && !(score < *m.Below),
		m.AtMost != nil && !(score <= *m.AtMost):
		return false, nil
	}
	return len(m.Classes) == 0 || slices.Contains(m.Classes, class), nil
}

// look returns the score and the class of a request: those of the handler that
// has run, else those of an inspection made now.
func look(r *http.Request, app *App) (score float64, class string, err error) {
	if v, ok := caddyhttp.GetVar(r.Context(), verdictVar).(*verdict); ok && v.Except == "" {
		return v.Score, v.Class, nil
	}
	in := inspect(r, app.engine.pooledEngine, defaultScope)
	if in.bodyErr != nil {
		return 0, "", bodyError(in.bodyErr)
	}
	return in.result.Score, in.result.Class, nil
}

// Interface guards.
var (
	_ caddy.Provisioner                 = (*MatchLimen)(nil)
	_ caddy.Validator                   = (*MatchLimen)(nil)
	_ caddyhttp.RequestMatcherWithError = (*MatchLimen)(nil)
	_ caddyhttp.CELLibraryProducer      = (*MatchLimen)(nil)
	_ caddyfile.Unmarshaler             = (*MatchLimen)(nil)
)
