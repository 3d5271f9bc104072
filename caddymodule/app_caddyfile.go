package caddymodule

import (
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

func init() { httpcaddyfile.RegisterGlobalOption("limen", parseApp) }

// parseApp makes the app of the global option. A second block adds to the first:
// imported snippets may each bring a part.
func parseApp(d *caddyfile.Dispenser, existing any) (any, error) {
	app := new(App)
	if old, ok := existing.(httpcaddyfile.App); ok {
		if err := decodeStrict(old.Value, app); err != nil {
			return nil, err
		}
	}
	if err := app.UnmarshalCaddyfile(d); err != nil {
		return nil, err
	}
	return httpcaddyfile.App{Name: "limen", Value: caddyconfig.JSON(app, nil)}, nil
}

// UnmarshalCaddyfile sets up the app from Caddyfile tokens. Syntax:
//
//	limen {
//		data     <folder>
//		retain   <duration>
//		max_size <size>
//		client_ip plain|hash
//		device   auto|native|cpu|cuda[:<n>]
//		model    http default|<path>
//		model    <name> <path> [{ <options> }]
//	}
//
// Everything is optional, and each option may stand once, model once for each name;
// parseModel says what its options are.
func (a *App) UnmarshalCaddyfile(d *caddyfile.Dispenser) (err error) {
	d.Next() // consume option name
	if d.NextArg() {
		return d.Errf("the limen option takes no argument, got '%s'; options stand in its block", d.Val())
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option := d.Val()
		var set bool // already
		switch option {
		case "data":
			set = a.Data != ""
			a.Data, err = argument(d)
		case "retain":
			set = a.Retain != 0
			a.Retain, err = positiveDuration(d)
		case "max_size":
			set = a.MaxSize != 0
			a.MaxSize, err = size(d)
		case "client_ip":
			set = a.ClientIP != ""
			a.ClientIP, err = oneOf(d, clientIPPlain, clientIPHash)
		case "device":
			set = a.Device != ""
			a.Device, err = argument(d)
			if err == nil {
				err = validateDevice(a.Device)
			}
			if err != nil {
				err = d.WrapErr(err)
			}
		case "model":
			set, err = a.parseModel(d)
		default:
			return d.Errf("unknown option '%s' of limen", option)
		}
		switch {
		case err != nil:
			return err
		case set:
			return d.Errf("%s is given twice", option)
		case d.NextArg():
			return d.Errf("%s has one argument too many: '%s'", option, d.Val())
		}
	}
	return nil
}

// Interface guard.
var _ caddyfile.Unmarshaler = (*App)(nil)
