package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/limen-waf/limen/classifier"
)

// noClass is the class of a request that is no attack.
const noClass = "none"

// decisionExcept is the label of requests that an exception left out.
const decisionExcept = "except"

// reasonCanceled is the fallback of a request whose client went away.
const reasonCanceled = "canceled"

// The metrics of this process. Each config has a registry of its own, and all
// of them get these: a reload goes on counting. Labels come from the
// configuration and the model, never from a request, so their number is bounded.
var (
	requestsTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "limen",
		Name:      "requests_total",
		Help:      "Requests by decision (allow, tag, block or except) and class.",
	}, []string{"server", "decision", "class"})

	fallbacksTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "limen",
		Name:      "fallbacks_total",
		Help:      "Requests whose score is not the whole answer, by reason (deadline, engine, body or canceled).",
	}, []string{"reason"})

	inspectSeconds = prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: "limen",
		Name:      "inspect_seconds",
		Help:      "Time from the arrival of a request at Limen to its decision, reading the body included.",
		Buckets:   []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 10},
	})
)

// totals are the same counts for the admin API.
var totals struct {
	requests, allowed, tagged, blocked, excepted atomic.Int64
	deadline, engine, body, canceled             atomic.Int64
}

// counts are totals at one moment.
type counts struct {
	Requests  int64            `json:"requests"`
	Decisions map[string]int64 `json:"decisions"`
	Fallbacks map[string]int64 `json:"fallbacks"`
}

func countsNow() counts {
	return counts{
		Requests: totals.requests.Load(),
		Decisions: map[string]int64{
			string(classifier.Allow): totals.allowed.Load(),
			string(classifier.Tag):   totals.tagged.Load(),
			string(classifier.Block): totals.blocked.Load(),
			decisionExcept:           totals.excepted.Load(),
		},
		Fallbacks: map[string]int64{
			classifier.FallbackDeadline: totals.deadline.Load(),
			classifier.FallbackEngine:   totals.engine.Load(),
			reasonBody:                  totals.body.Load(),
			reasonCanceled:              totals.canceled.Load(),
		},
	}
}

// registerMetrics adds the metrics to a config's registry.
func (a *App) registerMetrics(registry *prometheus.Registry) error {
	collectors := []prometheus.Collector{requestsTotal, fallbacksTotal, inspectSeconds, storeCollector{a}, siteCollector{a}, a.modelInfo(), imageCallsTotal, imageSeconds, modelCollector{a}}
	for _, c := range collectors {
		var registered prometheus.AlreadyRegisteredError
		if err := registry.Register(c); err != nil && !errors.As(err, &registered) {
			return fmt.Errorf("registering metrics: %w", err)
		}
	}
	return nil
}

// modelInfo is a constant 1 that says by its labels what runs.
func (a *App) modelInfo() prometheus.Collector {
	m, info := a.model(), a.classifier().Engine().Info()
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "limen",
		Name:      "model_info",
		Help:      "The model that reads requests, and what it runs on. Always 1.",
		ConstLabels: prometheus.Labels{
			"name": m.Manifest.Name, "version": m.Manifest.Version, "digest": m.Digest,
			"engine": info.Engine, "device": info.Device,
		},
	}, func() float64 { return 1 })
}

// meter counts the requests of one handler. It keeps the counters that were
// used last, one for each kind of decision: nearly all requests of a handler are of
// one server and one class.
type meter struct {
	allow, tag, block, except atomic.Pointer[cachedCounter]
}

type cachedCounter struct {
	server, class string
	prometheus.Counter
}

// count counts a request by its verdict and the time it took.
func (m *meter) count(r *http.Request, v *verdict, took time.Duration) {
	totals.requests.Add(1)
	server := serverName(r)
	if v.Except != "" {
		inc(&m.except, server, decisionExcept, v.Class)
		totals.excepted.Add(1)
		return
	}
	inspectSeconds.Observe(took.Seconds())
	switch v.Decision {
	case classifier.Tag:
		inc(&m.tag, server, string(v.Decision), v.Class)
		totals.tagged.Add(1)
	case classifier.Block:
		inc(&m.block, server, string(v.Decision), v.Class)
		totals.blocked.Add(1)
	default:
		inc(&m.allow, server, string(v.Decision), v.Class)
		totals.allowed.Add(1)
	}
}

func inc(cache *atomic.Pointer[cachedCounter], server, decision, class string) {
	c := cache.Load()
	if c == nil || c.server != server || c.class != class {
		c = &cachedCounter{server, class, requestsTotal.WithLabelValues(server, decision, class)}
		cache.Store(c)
	}
	c.Inc()
}

// fallback counts a request whose score is not the whole answer.
func (m *meter) fallback(reason string) {
	fallbacksTotal.WithLabelValues(reason).Inc()
	switch reason {
	case classifier.FallbackDeadline:
		totals.deadline.Add(1)
	case classifier.FallbackEngine:
		totals.engine.Add(1)
	case reasonBody:
		totals.body.Add(1)
	case reasonCanceled:
		totals.canceled.Add(1)
	}
}

// serverName is the name of r's server in the configuration.
func serverName(r *http.Request) string {
	if srv, ok := r.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok && srv != nil {
		return srv.Name()
	}
	return ""
}
