package caddymodule

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/limen-waf/limen/gpu/ort"
	"github.com/limen-waf/limen/gpu/session"
)

// checkImageModels loads the models of the configuration besides http, and runs those
// for pictures once.
func (d *doctor) checkImageModels() {
	for _, name := range slices.Sorted(maps.Keys(d.images)) {
		d.add(d.checkImageModel(name, d.images[name]))
	}
}

func (d *doctor) checkImageModel(name string, config ModelConfig) check {
	c := check{Name: "model " + name, State: checkBroken}
	config.setDefaults(caddy.NewReplacer(), d.device)
	m, err := acquireModel(name, &config, d.data)
	if err != nil {
		c.Found = err.Error()
		switch {
		case errors.Is(err, session.ErrNoCgo), errors.Is(err, ort.ErrNoLibrary), errors.Is(err, ort.ErrTooOld):
			c.Advice = "or take the model out of the configuration: the firewall does without"
		case errors.Is(err, session.ErrModel):
			c.Advice = "is it a whole ONNX file, with its weights in it?"
		}
		return c
	}
	defer func() { _ = m.release() }()
	health := m.session.Health()
	c.State = checkOK
	c.Found = fmt.Sprintf("%s, to %s, on %s (%s)", m.title(), m.task(), m.session.Device(), config.Source)
	c.Detail = []string{m.digest, "inputs " + infoTexts(m.session.Inputs()), "outputs " + infoTexts(m.session.Outputs())}
	if m.spec != nil {
		c.Detail = append(c.Detail, fmt.Sprintf("pictures of %d by %d, %d labels", m.spec.Width, m.spec.Height, len(m.labels)))
	}
	if health.Reason != "" {
		c.State, c.Advice = checkWarn, "device "+health.Device+" cannot be used, the CPU takes its place: "+health.Reason
	}
	return c
}

func infoTexts(infos []session.Info) string {
	texts := make([]string, len(infos))
	for i := range infos {
		texts[i] = infos[i].String()
	}
	return strings.Join(texts, ", ")
}
