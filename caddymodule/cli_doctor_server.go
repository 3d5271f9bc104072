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
	err = client.get("/limen/verdicts?limit=1", nil)
	switch {
	case err == nil:
		c.Found = fmt.Sprintf("running, admin endpoint %s answers", client.address)
	case errors.Is(err, errNoServer):
		c.State = checkAbsent
		c.Found = fmt.Sprintf("none answers at %s", client.address)
	default:
		c.State, c.Found = checkWarn, err.Error()
	}
	d.add(c)
}
