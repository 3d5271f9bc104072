package caddymodule

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// How thresholds follow the traffic; tests are in more of a hurry.
var (
	calibrateEvery = 10 * time.Minute
	// calibrateLag is how old rows are before they are counted: they are put into
	// the store's queue some moments after they got their ID.
	calibrateLag = 2 * time.Second
)

// calibrateWait is how long Start waits for the first threshold. A store that takes
// longer to count is counted on while requests are served with the model's own.
const calibrateWait = 2 * time.Second

// takeSites tells the handlers their sites. Handlers exist, but their routes do not,
// before all apps are provisioned.
func (a *App) takeSites() {
	var http *caddyhttp.App
	if app, err := a.ctx.AppIfConfigured("http"); err == nil {
		http, _ = app.(*caddyhttp.App)
	}
	sites := nameSites(http, a.handlers)
	for _, h := range a.handlers {
		next := *h.stance.Load()
		next.site = sites[h]
		h.stance.Store(&next)
	}
}

// calibrated returns the handlers whose threshold the traffic chooses.
func (a *App) calibrated() []*Handler {
	var out []*Handler
	for _, h := range a.handlers {
		if h.TargetFPR != 0 {
			out = append(out, h)
		}
	}
	return out
}

// startCalibration begins to choose thresholds from recorded traffic and returns how
// to end it. It returns when the first thresholds are set, or takes too long.
func (a *App) startCalibration(s *sharedStore) (stop func()) {
	handlers := a.calibrated()
	if len(handlers) == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(a.ctx)
	first, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(calibrateEvery)
		defer tick.Stop()
		a.recalibrate(ctx, s, handlers)
		close(first)
		for {
			select {
			case <-tick.C:
				a.recalibrate(ctx, s, handlers)
			case <-ctx.Done():
				return
			}
		}
	}()
	select {
	case <-first:
	case <-time.After(calibrateWait):
		a.log.Info("recorded traffic is still being counted; until then the model's thresholds are used")
	}
	return func() {
		cancel()
		<-done
	}
}

// evidenceKey is what rows must agree in to count for a's handlers.
func (a *App) evidenceKey(handlers []*Handler) evidenceKey {
	m := a.model()
	key := evidenceKey{model: m.Digest, tokenizer: m.Manifest.Tokenizer.Version, shipped: m.Manifest.Threshold}
	key.keep = boundsOf(key.shipped).Floor
	for _, h := range handlers {
		for _, t := range h.Classes {
			key.keep = min(key.keep, t)
		}
	}
	return key
}

// recalibrate counts what is new and sets the handlers' thresholds.
func (a *App) recalibrate(ctx context.Context, s *sharedStore, handlers []*Handler) {
	// Rows that wait for their outcome may be older than the lag.
	now := a.outcomes.oldest(time.Now().Add(-calibrateLag).Truncate(time.Millisecond))
	e := s.evidence(a.evidenceKey(handlers))
	err := flush(ctx, s)
	if err == nil {
		err = e.update(ctx, s.Store, evidenceFrom(now, time.Duration(s.retain.Load())), now)
	}
	if ctx.Err() != nil {
		return
	}
	for _, h := range handlers {
		h.calibrate(e, now, err)
	}
	a.keepSettings(ctx, s, false)
}

// flushWait bounds how long a count waits for the disk.
const flushWait = 10 * time.Second

// flush has the rows written that wait in the queue: a count goes on where the one
// before ended, and would never see what is written behind it.
func flush(ctx context.Context, s *sharedStore) error {
	ctx, cancel := context.WithTimeout(ctx, flushWait)
	defer cancel()
	return s.Flush(ctx)
}

// calibrate sets h's threshold by what was counted.
func (h *Handler) calibrate(e *evidence, now time.Time, err error) {
	old := h.stance.Load()
	t := e.site(old.site)
	c := calibrate(&t, e.bounds, h.TargetFPR, h.Classes, now)
	next := &stance{site: old.site, policy: h.policy}
	switch {
	case err != nil:
		c.State, c.Reason = stateFailed, "recorded requests cannot be counted: "+err.Error()
		next.policy = old.policy
		c.Threshold = old.policy.Threshold
	case h.Record == recordFlagged || h.Record == recordNone:
		c.State, c.Ready = stateRecord, nil
		c.Reason = fmt.Sprintf("record is %s, and the requests that are flagged say nothing of the others: "+
			"set record to all, or to sample and a share", h.Record)
		c.Threshold = h.policy.Threshold
	case c.State == stateTraffic:
		next.policy.Threshold = c.Threshold
		next.policy.ClassThresholds = maps.Clone(h.Classes)
	}
	c.Site = old.site
	next.calibration = c
	h.stance.Store(next)
	h.logCalibration(old, next)
}

// logCalibration logs what has changed.
func (h *Handler) logCalibration(old, next *stance) {
	c, before := next.calibration, stateStarting
	if old.calibration != nil {
		before = old.calibration.State
	}
	fields := []zap.Field{
		zap.String("site", c.Site),
		zap.Float64("target_fpr", c.TargetFPR),
		zap.Float64("threshold", next.policy.Threshold),
		zap.Float64("old_threshold", old.policy.Threshold),
		zap.Int("requests", c.Rows),
		zap.Int("flagged", c.Flagged),
		zap.Float64s("interval", []float64{c.Low, c.High}),
	}
	switch {
	case c.State == stateTraffic:
		if before != stateTraffic || old.policy.Threshold != next.policy.Threshold {
			h.log.Info("threshold chosen from recorded traffic", fields...)
		}
		if !c.Reached && (before != stateTraffic || old.calibration.Reached) {
			h.log.Warn("target_fpr is not reached", append(fields, zap.String("reason", c.Reason))...)
		}
	case before == c.State:
	case c.State == stateTooFew:
		h.log.Info("too little recorded traffic for target_fpr, using the model's threshold",
			append(fields, zap.String("reason", c.Reason), zap.Int("needed", c.Needed))...)
	default:
		h.log.Warn("target_fpr cannot choose a threshold", append(fields, zap.String("reason", c.Reason))...)
	}
}

// siteStatus is what /limen/status says of one handler.
type siteStatus struct {
	Site string `json:"site"`
	Mode string `json:"mode"`
	// Threshold is the one in use, for every class that Classes does not name.
	Threshold float64            `json:"threshold"`
	Classes   map[string]float64 `json:"class_thresholds,omitempty"`
	// Calibration is how target_fpr comes to it; null without.
	Calibration *calibration `json:"calibration,omitempty"`
}

func (a *App) siteStatus() []siteStatus {
	out := make([]siteStatus, 0, len(a.handlers))
	for _, h := range a.handlers {
		now := h.stance.Load()
		c := now.calibration
		if c == nil && h.TargetFPR != 0 {
			c = h.starting(now)
		}
		out = append(out, siteStatus{now.site, h.Mode, now.policy.Threshold, now.policy.ClassThresholds, c})
	}
	return out
}

// starting is the calibration of a handler before the first count.
func (h *Handler) starting(now *stance) *calibration {
	return &calibration{
		Site: now.site, TargetFPR: h.TargetFPR, State: stateStarting, Reason: "recorded traffic is still being counted",
		Threshold: now.policy.Threshold, bounds: boundsOf(h.app.model().Manifest.Threshold),
		Needed: rowsNeeded(h.TargetFPR), High: 1, Reached: true, Until: time.Now().UTC(),
	}
}

var (
	thresholdDesc = prometheus.NewDesc("limen_threshold",
		"The score from which a request of the site is flagged.", []string{"site"}, nil)
	targetRowsDesc = prometheus.NewDesc("limen_target_fpr_requests",
		"Recorded requests that count for the site's target_fpr.", []string{"site"}, nil)
	targetNeededDesc = prometheus.NewDesc("limen_target_fpr_requests_needed",
		"How many of them it takes to choose a threshold.", []string{"site"}, nil)
	targetStateDesc = prometheus.NewDesc("limen_target_fpr_state",
		"1 for where the site's threshold comes from: traffic, or the model because of the other states.", []string{"site", "state"}, nil)
)

// siteCollector gives the thresholds of an app's handlers to Prometheus. Sites come
// from the configuration, so their number is bounded.
type siteCollector struct{ app *App }

// Describe implements prometheus.Collector.
func (siteCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{thresholdDesc, targetRowsDesc, targetNeededDesc, targetStateDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector. There is nothing before Start, which
// names the sites.
func (c siteCollector) Collect(ch chan<- prometheus.Metric) {
	if c.app.store.Load() == nil {
		return
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	for _, s := range c.app.siteStatus() {
		gauge(thresholdDesc, s.Threshold, s.Site)
		if s.Calibration == nil {
			continue
		}
		gauge(targetRowsDesc, float64(s.Calibration.Rows), s.Site)
		gauge(targetNeededDesc, float64(s.Calibration.Needed), s.Site)
		gauge(targetStateDesc, 1, s.Site, s.Calibration.State)
	}
}
