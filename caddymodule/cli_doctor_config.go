package caddymodule

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

// checkConfig reads and validates the configuration that was given, and takes
// from it what no flag says. It comes first: the other checks look at what the
// configuration names.
func (d *doctor) checkConfig() {
	if d.config != "" {
		d.add(d.validateConfig())
	}
	if d.data == "" {
		d.data = defaultDataDir()
	}
}

func (d *doctor) validateConfig() check {
	c := check{Name: "config", State: checkBroken}
	raw, file, _, err := caddycmd.LoadConfig(d.config, d.adapter)
	if err != nil {
		c.Found = err.Error()
		return c
	}
	raw = caddy.RemoveMetaFields(raw)
	var cfg *caddy.Config
	if err := caddy.StrictUnmarshalJSON(raw, &cfg); err != nil {
		c.Found = fmt.Sprintf("%s: %v", file, err)
		return c
	}
	if cfg == nil {
		c.Found = file + " is empty"
		return c
	}
	if err := d.takeFrom(cfg); err != nil {
		c.Found = fmt.Sprintf("%s: %v", file, err)
		return c
	}
	quiet(cfg)
	if err := caddy.Validate(cfg); err != nil {
		c.Found = fmt.Sprintf("%s: %v", file, err)
		return c
	}
	c.State, c.Found = checkOK, file+" is valid"
	if !bytes.Contains(raw, []byte(`"handler":"limen`)) {
		c.State, c.Advice = checkWarn, "no route has the limen directive, so nothing is inspected: add limen to a site"
	}
	return c
}

// takeFrom takes data folder, device and model from the configuration's app.
func (d *doctor) takeFrom(cfg *caddy.Config) error {
	var app App
	if raw := cfg.AppsRaw["limen"]; raw != nil {
		if err := json.Unmarshal(raw, &app); err != nil {
			return err
		}
	}
	repl := caddy.NewReplacer()
	setDefault(&d.data, repl.ReplaceAll(app.Data, ""))
	setDefault(&d.device, app.Device)
	setDefault(&d.model, repl.ReplaceAll(app.Models[modelHTTP].Source, ""))
	d.images = app.Models
	delete(d.images, modelHTTP)
	return nil
}

// quiet keeps the log lines of a validation out of the doctor's output. A
// configured log is left alone: it is part of what is validated.
func quiet(cfg *caddy.Config) {
	if cfg.Logging == nil {
		cfg.Logging = &caddy.Logging{Logs: map[string]*caddy.CustomLog{
			caddy.DefaultLoggerName: {BaseLog: caddy.BaseLog{Level: "ERROR"}},
		}}
	}
}
