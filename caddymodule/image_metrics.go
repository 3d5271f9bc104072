package caddymodule

import (
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// What became of a call.
const (
	resultOK       = "ok"
	resultBlocked  = "blocked" // by a gate
	resultRefused  = "refused" // the client's fault: a status of 4xx
	resultError    = "error"
	resultStored   = "stored" // answered from an Idempotency-Key
	resultCanceled = "canceled"
)

// The metrics of image and inference calls, as those of metrics.go.
var (
	imageCallsTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "limen",
		Name:      "image_calls_total",
		Help:      "Calls of image and inference procedures by model and by what became of them (ok, blocked, refused, error, stored or canceled).",
	}, []string{"model", "procedure", "result"})

	imageSeconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: "limen",
		Name:      "image_seconds",
		Help:      "Time of the parts of image and inference calls: decode, preprocess, queue, infer and post.",
		Buckets:   []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5},
	}, []string{"model", "stage"})
)

func countCall(model, procedure, result string) {
	imageCallsTotal.WithLabelValues(model, procedure, result).Inc()
}

// observeStages counts the parts of a call that took place.
func observeStages(model string, t *stages) {
	for _, part := range [...]struct {
		stage string
		took  time.Duration
	}{{"decode", t.decode}, {"preprocess", t.preprocess}, {"queue", t.queue}, {"infer", t.infer}, {"post", t.post}} {
		if part.took > 0 {
			imageSeconds.WithLabelValues(model, part.stage).Observe(part.took.Seconds())
		}
	}
}

var (
	modelLostDesc = prometheus.NewDesc("limen_image_device_lost",
		"1 while a model's device cannot be used and the CPU takes its place.", []string{"model", "device"}, nil)
	modelFallbacksDesc = prometheus.NewDesc("limen_image_fallbacks_total",
		"Runs of a model that were done on the CPU in place of its device, since it was loaded.", []string{"model", "device"}, nil)
)

// modelCollector gives the state of an app's image models to Prometheus.
type modelCollector struct{ app *App }

// Describe implements prometheus.Collector.
func (modelCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- modelLostDesc
	ch <- modelFallbacksDesc
}

// Collect implements prometheus.Collector.
func (c modelCollector) Collect(ch chan<- prometheus.Metric) {
	for _, name := range slices.Sorted(maps.Keys(c.app.images)) {
		m := c.app.images[name].shared.Load()
		if m == nil {
			continue
		}
		h := m.session.Health()
		lost := 0.0
		if h.Lost {
			lost = 1
		}
		ch <- prometheus.MustNewConstMetric(modelLostDesc, prometheus.GaugeValue, lost, name, h.Device)
		ch <- prometheus.MustNewConstMetric(modelFallbacksDesc, prometheus.CounterValue, float64(h.Fallbacks), name, h.Device)
	}
}
