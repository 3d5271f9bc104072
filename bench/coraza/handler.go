// Package coraza is a Caddy handler that runs Coraza v3 with the OWASP Core Rule
// Set: the contestant that Limen is measured against.
//
// It does what the project's own plugin for Caddy (coraza-caddy) does, under the
// same names, so that a Caddy with that plugin can stand in for this one: the
// directive coraza_waf, the module http.handlers.waf. The work itself is left to
// Coraza: its http package lays out the transaction (request headers, body up to
// the limit, response), its coreruleset module brings the rules.
//
//	{
//		order coraza_waf first
//	}
//	example.com {
//		coraza_waf {
//			load_owasp_crs
//			directives `
//				Include @coraza.conf-recommended
//				Include @crs-setup.conf.example
//				Include @owasp_crs/*.conf
//				SecRuleEngine On
//			`
//		}
//		reverse_proxy app:3000
//	}
package coraza

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/corazawaf/coraza/v3"
	corazahttp "github.com/corazawaf/coraza/v3/http"
	"github.com/corazawaf/coraza/v3/types"
	"go.uber.org/zap"
)

func init() {
	caddy.RegisterModule(Handler{})
	httpcaddyfile.RegisterHandlerDirective("coraza_waf", parseCaddyfile)
}

// Handler puts requests and responses through a Coraza WAF.
type Handler struct {
	// Directives are in SecLang, the language of ModSecurity.
	Directives string `json:"directives,omitempty"`
	// LoadOWASPCRS lets Directives include the recommended configuration and the
	// rule set that are compiled in: @coraza.conf-recommended,
	// @crs-setup.conf.example and @owasp_crs/*.conf.
	LoadOWASPCRS bool `json:"load_owasp_crs,omitempty"`

	waf coraza.WAF
	log *zap.Logger
}

// CaddyModule tells Caddy of the handler.
func (Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.waf", New: func() caddy.Module { return new(Handler) }}
}

// Provision reads the rules.
func (h *Handler) Provision(ctx caddy.Context) error {
	h.log = ctx.Logger()
	config := coraza.NewWAFConfig().WithErrorCallback(matched(h.log))
	if h.LoadOWASPCRS {
		config = config.WithRootFS(coreruleset.FS)
	}
	waf, err := coraza.NewWAF(config.WithDirectives(h.Directives))
	if err != nil {
		return fmt.Errorf("reading the rules of coraza_waf: %w", err)
	}
	h.waf = waf
	return nil
}

// matched logs what a rule found, at the level that its severity calls for.
func matched(log *zap.Logger) func(types.MatchedRule) {
	return func(match types.MatchedRule) {
		write := log.Debug
		switch severity := match.Rule().Severity(); {
		case severity <= types.RuleSeverityError: // emergency, alert, critical
			write = log.Error
		case severity == types.RuleSeverityWarning:
			write = log.Warn
		case severity <= types.RuleSeverityInfo:
			write = log.Info
		}
		write(match.ErrorLog())
	}
}

// Cleanup frees what the WAF holds.
func (h *Handler) Cleanup() error {
	if closer, ok := h.waf.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

// ServeHTTP lets Coraza judge the request, the next handlers answer it, and
// Coraza judge the answer. An error of theirs is answered here: Coraza's wrapper
// would make a 200 of an answer that nobody began.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	corazahttp.WrapHandler(h.waf, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := next.ServeHTTP(w, r)
		if err == nil {
			return
		}
		status := http.StatusInternalServerError
		var known caddyhttp.HandlerError
		if errors.As(err, &known) && known.StatusCode > 0 {
			status = known.StatusCode
		}
		h.log.Error("answering behind coraza_waf", zap.Int("status", status), zap.Error(err))
		w.WriteHeader(status)
	})).ServeHTTP(w, r)
	return nil
}

// UnmarshalCaddyfile reads the directive:
//
//	coraza_waf {
//		load_owasp_crs
//		directives <SecLang>
//	}
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() {
		return d.ArgErr()
	}
	for d.NextBlock(0) {
		switch option := d.Val(); option {
		case "load_owasp_crs":
			if d.NextArg() {
				return d.ArgErr()
			}
			h.LoadOWASPCRS = true
		case "directives":
			if !d.AllArgs(&h.Directives) {
				return d.ArgErr()
			}
		default:
			return d.Errf("unknown option %q of coraza_waf: know load_owasp_crs and directives", option)
		}
	}
	return nil
}

func parseCaddyfile(helper httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	h := new(Handler)
	return h, h.UnmarshalCaddyfile(helper.Dispenser)
}

var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddy.CleanerUpper          = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
	_ caddyfile.Unmarshaler       = (*Handler)(nil)
)
