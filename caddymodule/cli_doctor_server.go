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
		for _, s := range status.Sites {
			d.siteThreshold(&c, &s)
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

// siteThreshold says which threshold a site with target_fpr uses, and why.
func (d *doctor) siteThreshold(c *check, s *siteStatus) {
	calibration := s.Calibration
	if calibration == nil {
		return
	}
	line := fmt.Sprintf("%s: threshold %v for target_fpr %v", s.Site, s.Threshold, calibration.TargetFPR)
	switch calibration.State {
	case stateTraffic:
		line += "; " + calibration.interval()
	case stateFailed:
		line += " is not chosen anew"
	default:
		line += " is the model's own"
	}
	if calibration.Reason != "" {
		line += ": " + calibration.Reason
	}
	c.Detail = append(c.Detail, line)
	if calibration.State == stateRecord || calibration.State == stateFailed || !calibration.Reached {
		c.State = checkWarn
		c.Advice = "look at the line on target_fpr above"
	}
}
