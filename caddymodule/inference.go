package caddymodule

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/limen-waf/limen/inference"
	"github.com/limen-waf/limen/store"
)

func init() { caddy.RegisterModule(InferenceHandler{}) }

// inferenceStatistics are those of this process: a reload goes on counting.
var inferenceStatistics = inference.NewStatistics()

// InferenceHandler serves models, tensors in and tensors out, by the Open Inference
// Protocol, version 2, over HTTP, which clients of KServe and Triton speak. Requests
// whose path does not begin with /v2 go on to the next handler.
//
// Every infer request has a row in the store, whose id is in the header Limen-Id and,
// where the request has none of its own, in the response's `id`. With an
// Idempotency-Key, the response is stored, and is what the same request gets again.
type InferenceHandler struct {
	// The names of the models to serve, in the app's `models`. Default: all but
	// `http`.
	Models []string `json:"models,omitempty"`

	// The longest body of a request, in bytes. Default: 64 MiB.
	MaxBytes int64 `json:"max_bytes,omitempty"`

	// Let whoever reaches the handler list the models, load them anew and unload
	// them. What is unloaded is unloaded for `limen_image` too, until it is loaded
	// or the configuration is. Default: off.
	Admin bool `json:"admin,omitempty"`

	// Do not store rows of the calls.
	NoRecord bool `json:"no_record,omitempty"`

	app    *App
	log    *zap.Logger
	server http.Handler
}

// CaddyModule returns the Caddy module information.
func (InferenceHandler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.limen_inference",
		New: func() caddy.Module { return new(InferenceHandler) },
	}
}

// Provision sets up h.
func (h *InferenceHandler) Provision(ctx caddy.Context) error {
	app, err := ctx.App("limen")
	if err != nil {
		return err
	}
	h.app, h.log = app.(*App), ctx.Logger()
	setDefault(&h.MaxBytes, inference.DefaultMaxBytes)
	for _, name := range h.Models {
		if _, err := h.app.imageModel(name); err != nil {
			return err
		}
	}
	h.open()
	return nil
}

// open makes what answers.
func (h *InferenceHandler) open() {
	h.server = inference.NewHandler(&modelRepository{h}, inference.Options{
		MaxBytes: h.MaxBytes, Admin: h.Admin, Statistics: inferenceStatistics, Digest: true, Observe: h.observe,
	})
}

// Validate implements caddy.Validator.
func (h *InferenceHandler) Validate() error {
	if h.MaxBytes < 0 {
		return fmt.Errorf("max_bytes is %d, expected more than 0", h.MaxBytes)
	}
	return nil
}

// serves says whether a model is among those of the handler.
func (h *InferenceHandler) serves(name string) bool {
	return len(h.Models) == 0 || slices.Contains(h.Models, name)
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (h *InferenceHandler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if r.URL.Path != "/v2" && !strings.HasPrefix(r.URL.Path, "/v2/") {
		return next.ServeHTTP(w, r)
	}
	call := &inferenceCall{r: r, by: httpCaller(r), store: h.app.openStore(r.Context())}
	r = call.in(r)
	if key := r.Header.Get(headerKey); key != "" && r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/infer") {
		h.serveOnce(w, r, call, key)
		return nil
	}
	h.server.ServeHTTP(w, r)
	return nil
}

// inferenceCall is one call of infer: a request to an inference handler, in whose context
// it is, or one to the admin endpoint (procedure_act.go).
type inferenceCall struct {
	r     *http.Request
	by    caller
	store *sharedStore
	// held says that the row of a call that succeeds is kept here, and not queued.
	held bool
	act  *store.Act
}

type inferenceCallKey struct{}

// in puts the call into a request's context.
func (c *inferenceCall) in(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), inferenceCallKey{}, c))
}

// observe makes the row of an infer request.
func (h *InferenceHandler) observe(ctx context.Context, c *inference.Call) {
	call, ok := ctx.Value(inferenceCallKey{}).(*inferenceCall)
	if !ok {
		return
	}
	m := &pooledModel{name: c.Model, digest: c.Digest}
	a := beginAct(call.store, &call.by, procedureInfer, m)
	if c.Inputs != nil {
		a.InputDigest = "sha256:" + c.InputDigest()
	}
	for _, t := range c.Inputs {
		a.InputBytes += int64(len(t.Data))
		for _, s := range t.Strings {
			a.InputBytes += int64(len(s))
		}
	}
	a.Device, a.Batch, a.Fallback = c.Stats.Device, c.Stats.Batch, c.Stats.Fallback
	t := stages{preprocess: c.ComputeInput, queue: c.Queue, infer: c.ComputeInfer, post: c.ComputeOutput}
	us := t.micros()
	a.PreprocessMicros, a.QueueMicros, a.InferMicros, a.PostMicros = us.Preprocess, us.Queue, us.Infer, us.Post
	a.Found, a.Status = len(c.Outputs), c.Status
	result := resultOK
	if c.Err != nil {
		a.Error = c.Err.Error()
		switch {
		case call.r.Context().Err() != nil:
			a.Status, result = statusClosed, resultCanceled
		case c.Status >= 500:
			result = resultError
		default:
			result = resultRefused
		}
	}
	observeStages(c.Model, &t)
	countCall(c.Model, procedureInfer, result)

	c.Header.Set(headerActID, a.ID.String())
	if c.ID == "" {
		c.ID = a.ID.String()
	}
	if call.held && c.Err == nil {
		call.act = a
		return
	}
	if call.store != nil && !h.NoRecord {
		call.store.RecordAct(a)
	}
}

// Interface guards.
var (
	_ caddy.Provisioner           = (*InferenceHandler)(nil)
	_ caddy.Validator             = (*InferenceHandler)(nil)
	_ caddyhttp.MiddlewareHandler = (*InferenceHandler)(nil)
)
