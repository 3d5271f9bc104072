package caddymodule

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu"
	"github.com/limen-waf/limen/model"
	"github.com/limen-waf/limen/store"
)

func init() { caddy.RegisterModule(App{}) }

// minSize is the least that the store can do with.
const minSize = 8 << 20

// modelHTTP is the name of the model that reads HTTP requests.
const modelHTTP = "http"

// App is Limen's state in a server: the model that reads requests, the engine
// that runs it, and the store of decisions. All handlers and sites share it, and
// a reload takes it over as it is where the configuration did not change it.
//
// The app need not be configured: with a `limen` handler somewhere it exists
// with its defaults.
type App struct {
	// The folder of the store, which one process uses at a time. Default: the
	// folder `limen` in Caddy's data directory. Placeholders such as
	// `{env.HOME}` are replaced.
	Data string `json:"data,omitempty"`

	// How long decisions are kept. Default: 30 days.
	Retain caddy.Duration `json:"retain,omitempty"`

	// How many bytes of disk the stored decisions may take; the oldest go
	// first. Default: 10 GiB.
	MaxSize int64 `json:"max_size,omitempty"`

	// How a client's IP address is stored: `plain`, or `hash`, a keyed hash in its
	// place; the addresses in X-Forwarded-For and its like are then hidden too.
	// `caddy limen verdicts --client-ip` finds rows of both forms. The key is the file
	// `limen.key` in the data folder. Default: `plain`.
	ClientIP string `json:"client_ip,omitempty"`

	// What models run on: `auto`, which measures, `native`, `cpu` (ONNX Runtime)
	// or `cuda:N`. Default: `auto`.
	Device string `json:"device,omitempty"`

	// The models by name. `http` is the one that reads HTTP requests; all others
	// are for `limen_image` and `limen_inference`.
	Models map[string]ModelConfig `json:"models,omitempty"`

	log      *zap.Logger
	engine   *sharedEngine
	ctx      caddy.Context
	policies []policyRecord // of the handlers, for the store
	handlers []*Handler
	stop     func() // ends the counting of traffic

	// configured is the model that the configuration names. Another one may be
	// promoted over it; unread is why that could not be told.
	configured *model.Model
	unread     error
	procedures *store.Procedures
	configure  *store.Procedure
	live       *atomic.Pointer[liveExceptions]

	images  map[string]*modelSlot // models besides http
	cleaned *atomic.Bool          // Cleanup has begun

	// Caddy starts apps in any order: requests may come before Start. started is
	// closed when it is over; store is nil before, and after a Start that failed.
	started chan struct{}
	store   *atomic.Pointer[sharedStore]

	outcomes *outcomes // rows of requests that are being answered
}

// policyRecord is a handler's policy, which its rows name by the digest.
type policyRecord struct {
	digest string
	json   []byte
}

// CaddyModule returns the Caddy module information.
func (App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "limen",
		New: func() caddy.Module { return newApp() },
	}
}

func newApp() *App {
	return &App{started: make(chan struct{}), store: new(atomic.Pointer[sharedStore]), live: new(atomic.Pointer[liveExceptions]),
		outcomes: new(outcomes), cleaned: new(atomic.Bool)}
}

// Provision loads the model and opens the engine. It leaves the data folder
// alone: `caddy validate` comes this far too, beside a running server.
func (a *App) Provision(ctx caddy.Context) error {
	a.ctx, a.log = ctx, ctx.Logger()
	bridge.use(a.log)
	if err := a.setDefaults(); err != nil {
		return err
	}
	m, err := a.openModel()
	if err != nil {
		return fmt.Errorf("model %s: %w", modelHTTP, err)
	}
	if a.engine, err = acquireEngine(m, a.Device, a.Data); err != nil {
		return fmt.Errorf("model %s: %w", modelHTTP, err)
	}
	if err := a.openModels(); err != nil {
		return err
	}
	if a.procedures, err = a.newProcedures(); err != nil {
		return err
	}
	return a.registerMetrics(ctx.GetMetricsRegistry())
}

func (a *App) setDefaults() error {
	repl := caddy.NewReplacer()
	a.Data = repl.ReplaceAll(a.Data, "")
	if a.Data == "" {
		a.Data = filepath.Join(caddy.AppDataDir(), "limen")
	}
	data, err := filepath.Abs(a.Data)
	if err != nil {
		return fmt.Errorf("data folder %s: %w", a.Data, err)
	}
	a.Data = data
	setDefault(&a.Retain, caddy.Duration(30*24*time.Hour))
	setDefault(&a.MaxSize, 10<<30)
	setDefault(&a.ClientIP, clientIPPlain)
	setDefault(&a.Device, string(gpu.Auto))
	for name, m := range a.Models {
		if name == modelHTTP {
			m.Source = repl.ReplaceAll(m.Source, "")
			if !m.isPlain() {
				return fmt.Errorf("model %s takes no options besides its source: its manifest has them", name)
			}
		} else {
			m.setDefaults(repl, a.Device)
			if err := m.validate(); err != nil {
				return fmt.Errorf("model %s: %w", name, err)
			}
		}
		a.Models[name] = m
	}
	return nil
}

// Validate implements caddy.Validator.
func (a *App) Validate() error {
	switch {
	case a.Retain < 0:
		return fmt.Errorf("retain is %s, expected a time above 0", time.Duration(a.Retain))
	case a.MaxSize < minSize:
		return fmt.Errorf("max_size is %d bytes, expected at least %d", a.MaxSize, minSize)
	}
	if a.ClientIP != clientIPPlain && a.ClientIP != clientIPHash {
		return fmt.Errorf("client_ip is %q, expected %s or %s", a.ClientIP, clientIPPlain, clientIPHash)
	}
	return validateDevice(a.Device)
}

// How a client's address is stored.
const (
	clientIPPlain = "plain"
	clientIPHash  = "hash"
)

func validateDevice(device string) error {
	_, err := gpu.ParseDevice(device)
	return err
}

// Start opens the store. When the data folder cannot be used the server does not
// start, or a reload does not happen: a firewall whose decisions nobody can look up
// is not what was asked for.
func (a *App) Start() error {
	defer close(a.started)
	s, err := acquireStore(a)
	if err != nil {
		return err
	}
	if err := a.checkModel(s); err != nil {
		return errors.Join(err, s.release())
	}
	if err := a.keepProvenance(s); err != nil {
		return errors.Join(fmt.Errorf("writing to data folder %s: %w", a.Data, err), s.release())
	}
	a.takeSites()
	a.stop = a.startCalibration(s)
	a.keepSettings(a.ctx, s, true)
	a.outcomes.start()
	a.store.Store(s)
	info := a.classifier().Engine().Info()
	a.log.Info("reading requests",
		zap.String("model", a.modelName()),
		zap.String("engine", info.Engine),
		zap.String("device", info.Device),
		zap.String("data", a.Data))
	return nil
}

// startWait bounds how long a request waits for Start.
const startWait = 10 * time.Second

// openStore returns the store, or nil for a request that was served although
// Start failed.
func (a *App) openStore(ctx context.Context) *sharedStore {
	if s := a.store.Load(); s != nil {
		return s
	}
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	select {
	case <-a.started:
	case <-ctx.Done():
	}
	return a.store.Load()
}

// keepProvenance stores what the rows to come refer to.
func (a *App) keepProvenance(s *sharedStore) error {
	for _, m := range []*model.Model{a.configured, a.model()} {
		if err := s.PutModelFile(m.Digest, m.Manifest.Name, m.ManifestJSON, m.ONNX, time.Now()); err != nil {
			return err
		}
	}
	for _, p := range a.policies {
		if err := s.PutPolicy(p.digest, p.json); err != nil {
			return err
		}
	}
	return a.keepImageModels(s)
}

// Stop implements caddy.App. What the app holds it gives back in Cleanup, when
// every other app has been stopped too.
func (a *App) Stop() error { return nil }

// Cleanup gives engine and store back. It runs also after a Provision or Start
// that failed midway. Requests of the old configuration may still be served after
// it: they find engine and store where they were. The store goes on taking their
// rows if the new configuration has the same one.
func (a *App) Cleanup() error {
	var errs []error
	if a.stop != nil {
		a.stop()
	}
	a.outcomes.stop()
	if s := a.store.Load(); s != nil {
		errs = append(errs, s.release())
	}
	if a.cleaned != nil {
		a.cleaned.Store(true)
	}
	errs = append(errs, a.releaseModels())
	if a.engine != nil {
		errs = append(errs, a.engine.release())
	}
	bridge.drop(a.log)
	return errors.Join(errs...)
}

// classifier returns what scores requests.
func (a *App) classifier() *classifier.Classifier { return a.engine.classifier }

// model returns the model that reads HTTP requests.
func (a *App) model() *model.Model { return a.engine.classifier.Model() }

// modelName is the model's name and the beginning of its digest.
func (a *App) modelName() string { return a.engine.name }

// decodeStrict decodes JSON and refuses unknown fields.
func decodeStrict(raw []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	return dec.Decode(v)
}

// Interface guards.
var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.Validator    = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
