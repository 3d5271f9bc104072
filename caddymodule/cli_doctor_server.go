package caddymodule

import (
	"errors"
	"fmt"
)

// checkServer asks a running server whether Limen is in it.
func (d *doctor) checkServer() {
	c := check{Name: "server", State: checkOK}
	client, err := newAdminClient(d.address, d.config, d.adapter)
	if err != nil {
		c.State, c.Found = checkWarn, err.Error()
		d.add(c)
		return
	}
	var status statusAnswer
	err = client.get("/limen/status", &status)
	switch {
	case err == nil:
		c.Found = fmt.Sprintf("running, admin endpoint %s answers", client.address)
		c.Detail = []string{
			fmt.Sprintf("model %s %s, %s", status.Model.Name, status.Model.Version, status.Model.Digest),
			fmt.Sprintf("engine %s %s on %s", status.Engine.Engine, status.Engine.Version, status.Engine.Device),
			"data folder " + status.Data,
		}
		if status.Store.Dropped > 0 || status.Store.Errors > 0 {
			c.State = checkWarn
			c.Detail = append(c.Detail, fmt.Sprintf("%d decisions were not stored, %d writes failed", status.Store.Dropped, status.Store.Errors))
			c.Advice = "look at the server's log for lines of the store"
		}
	case errors.Is(err, errNoServer):
		c.State = checkAbsent
		c.Found = fmt.Sprintf("none answers at %s", client.address)
	case errors.Is(err, errNoLimen):
		c.State, c.Found = checkWarn, err.Error()
		c.Advice = "add the limen directive to a site and reload"
	default:
		c.State, c.Found = checkWarn, err.Error()
	}
	d.add(c)
}
