package caddymodule

import (
	"slices"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func init() {
	httpcaddyfile.RegisterHandlerDirective("limen_inference", parseInferenceHandler)

	// As limen_image, so that an authentication stands before it.
	httpcaddyfile.RegisterDirectiveOrder("limen_inference", httpcaddyfile.Before, "invoke")
}

func parseInferenceHandler(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	handler := new(InferenceHandler)
	if err := handler.UnmarshalCaddyfile(h.Dispenser); err != nil {
		return nil, err
	}
	return handler, nil
}

// UnmarshalCaddyfile sets up the handler from Caddyfile tokens. Syntax:
//
//	limen_inference [<matcher>] [<model...>] {
//		max_bytes <size>
//		admin     on|off
//		record    on|off
//	}
//
// Without models it serves all. The block is optional, and each option may stand once.
func (h *InferenceHandler) UnmarshalCaddyfile(d *caddyfile.Dispenser) (err error) {
	d.Next() // consume directive name
	for d.NextArg() {
		switch name := d.Val(); {
		case name == modelHTTP:
			return d.Errf("model %s reads requests and takes no tensors: name another", name)
		case slices.Contains(h.Models, name):
			return d.Errf("model %s is given twice", name)
		default:
			h.Models = append(h.Models, name)
		}
	}
	seen := make(map[string]bool)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option := d.Val()
		if seen[option] {
			return d.Errf("%s is given twice", option)
		}
		seen[option] = true
		switch option {
		case "max_bytes":
			h.MaxBytes, err = size(d)
		case "admin":
			h.Admin, err = onOff(d)
		case "record":
			var on bool
			on, err = onOff(d)
			h.NoRecord = !on
		default:
			return d.Errf("unknown limen_inference option '%s'", option)
		}
		switch {
		case err != nil:
			return err
		case d.NextArg():
			return d.Errf("%s has one argument too many: '%s'", option, d.Val())
		}
	}
	return nil
}

// Interface guard.
var _ caddyfile.Unmarshaler = (*InferenceHandler)(nil)
