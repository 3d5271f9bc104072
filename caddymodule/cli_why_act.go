package caddymodule

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/limen-waf/limen/store"
)

// WhyAct implements verdictSource.
func (c *adminClient) WhyAct(_ context.Context, id ulid.ULID) (*store.ActChain, error) {
	chain := new(store.ActChain)
	if err := c.get("/limen/acts/"+id.String()+"/why", chain); err != nil {
		return nil, err
	}
	return chain, nil
}

// writeActChain writes where the answer of a call comes from, for people.
func writeActChain(w io.Writer, c *store.ActChain) error {
	p := new(page)
	a := c.Act
	p.title(a.Procedure + " " + a.ID.String())
	p.line("time", "%s", a.Time.Local().Format("2006-01-02 15:04:05.000 -0700"))
	p.line("request", "%s", printable(cut(a.Method+" "+a.Host+a.Path, 300)))
	p.line("client", "%s", printable(a.ClientIP))
	p.line("user", "%s", printable(a.Principal))
	if a.Status != 0 {
		p.line("status", "%d", a.Status)
	}
	p.line("error", "%s", printable(a.Error))
	p.line("decision", "%s", a.Decision)
	p.line("reason", "%s", printable(a.Reason))
	p.line("key", "%s", printable(a.Key))
	input := thousands(int(a.InputBytes)) + " bytes"
	if a.Format != "" {
		input = fmt.Sprintf("%s, %d by %d pixels, %s", a.Format, a.Width, a.Height, input)
	}
	p.line("input", "%s, %s", input, orNone(a.InputDigest))
	for i, r := range a.Results {
		name := ""
		if i == 0 {
			name = "results"
		}
		text := fmt.Sprintf("%s (%d) %.4f", printable(r.Label), r.Index, r.Score)
		if r.Box != nil {
			text += fmt.Sprintf(" at %.0f,%.0f to %.0f,%.0f", r.Box[0], r.Box[1], r.Box[2], r.Box[3])
		}
		p.line(name, "%s", text)
	}
	if n := a.Found - len(a.Results); n > 0 && a.Procedure != procedureInfer {
		p.text("… " + thousands(n) + " more")
	}
	p.line("ran", "%s", ranOn(a))
	p.line("fallback", "%s", printable(a.Fallback))
	p.line("took", "decode %d µs, preprocess %d µs, queue %d µs, network %d µs, post %d µs",
		a.DecodeMicros, a.PreprocessMicros, a.QueueMicros, a.InferMicros, a.PostMicros)

	p.title("model")
	p.line("name", "%s", printable(a.Model))
	p.line("digest", "%s", orNone(a.ModelDigest))
	if c.Model != nil {
		p.line("first seen", "%s", c.Model.FirstSeen.Local().Format(time.DateTime))
		p.line("model", "%s", c.Model.Manifest)
	}
	p.line("procedure", "%s version %d", a.Procedure, a.Version)
	if a.PresetDigest != "" {
		p.title("preset")
		p.line("digest", "%s", a.PresetDigest)
		if c.Preset != nil {
			p.line("preset", "%s", c.Preset.Policy)
		}
	}
	for _, missing := range c.Missing {
		p.line("missing", "%s is not in the store", missing)
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// ranOn says where a call ran, and with how many others.
func ranOn(a *store.Act) string {
	if a.Device == "" {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("on %s, %d row(s) together", a.Device, a.Batch))
}

// writeJSONChain writes a chain as JSON.
func writeJSONChain(w io.Writer, chain any) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(chain)
}
