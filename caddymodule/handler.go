package caddymodule

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/model"
)

func init() { caddy.RegisterModule(Handler{}) }

// What a handler does where the configuration does not say.
const (
	defaultBodyLimit = 1 << 20
	maxBodyLimit     = 64 << 20 // token offsets have 32 bits, and a byte is at most classifier.MaxAmplification tokens
	defaultDeadline  = time.Second
)

// errBlocked is what error routes and the log get to know of a blocked request.
// It names no rule and no score: `{http.error.message}` may end up on the page.
var errBlocked = errors.New("request blocked")

// Handler reads every request with a neural network before it is handled, and
// blocks, tags or only records it.
//
// A blocked request becomes an HTTP error 403, which `handle_errors` can render;
// `{http.limen.id}` is the id to show, by which the decision is found again.
// Placeholders, here and in the access log under `limen`:
//
// Placeholder | Description
// ------------|---------------
// `{http.limen.id}`       | The id of the decision, for `caddy limen why`
// `{http.limen.decision}` | allow, tag or block
// `{http.limen.score}`    | The probability that the request is an attack, 0 to 1
// `{http.limen.threshold}` | The score from which it is one
// `{http.limen.class}`    | The kind of attack, or none
// `{http.limen.model}`    | The model's name and the beginning of its digest
//
// Responses are not touched: WebSocket, server-sent events and HTTP/2 streams
// work as if the handler were not there.
type Handler struct {
	// The most that is done with a request: `observe` records the decision and
	// changes neither request nor response; `tag` adds the request headers
	// X-Limen-Score, X-Limen-Class and X-Limen-Id for the upstream; `block` answers
	// 403. In `tag` and `block`, such headers from clients are removed.
	// Default: `block`.
	Mode string `json:"mode,omitempty"`

	// The score, above 0 and at most 1, from which a request is an attack.
	// Default: what the model was shipped with.
	Threshold float64 `json:"threshold,omitempty"`

	// In place of threshold: the share of ordinary requests that may be flagged,
	// such as 0.001 for one in a thousand, from 0.00001 to 0.5. The threshold is
	// then the lowest that kept to it on the recorded requests of this site, of
	// the last 30 days, and is chosen anew every ten minutes. It stays between a
	// tenth and ten times the odds of the model's own, which is used until there
	// are enough requests: about 3.7 divided by the target.
	TargetFPR float64 `json:"target_fpr,omitempty"`

	// Thresholds of their own for some classes of attack.
	Classes map[string]float64 `json:"classes,omitempty"`

	// How long scoring may take for each 64 KiB of body begun. No part of a
	// request is begun after it. Default: 1s, so that what overloads the machine does
	// not open the gate.
	Deadline caddy.Duration `json:"deadline,omitempty"`

	// What to do when the deadline passed or the engine failed before the score
	// was complete, and the score so far is below the threshold: `allow` or
	// `block`. Either way the fallback is counted, logged and in the verdict.
	// Default: `allow`.
	OnError string `json:"on_error,omitempty"`

	// How many bytes of a body are read before the decision. Default: 1 MiB.
	BodyLimit int64 `json:"body_limit,omitempty"`

	// What to do with a request whose body is longer than body_limit, or is a
	// gRPC stream that is still open, when the score of the part that was read
	// is below the threshold: `allow`, `tag` or `block`. The verdict has the
	// bytes inspected and the bytes sent. Default: `allow`.
	OnOversize string `json:"on_oversize,omitempty"`

	// Which decisions are stored: `all`; `flagged`, those above the threshold
	// or with a fallback, whatever the mode did with them; `sample`, the flagged
	// ones and a part of the others; or `none`. Default: `all`.
	Record string `json:"record,omitempty"`

	// The part of the requests that are not flagged that `record` `sample`
	// stores, from 0 to 1.
	Sample float64 `json:"sample,omitempty"`

	// When a row is on disk: `batched`, within moments, together with others; or
	// `strict`, where a blocked request is on disk before its 403 is sent, which
	// takes the time of a disk write. Default: `batched`.
	Durability string `json:"durability,omitempty"`

	// Requests to leave out: they are not scored, and their row, where all
	// decisions are recorded, names the exception. Each entry is a set of
	// request matchers, all of which must match.
	ExceptRaw caddyhttp.RawMatcherSets `json:"except,omitempty" caddy:"namespace=http.matchers"`

	app      *App
	policy   classifier.Policy // as configured
	stance   *atomic.Pointer[stance]
	scope    scope
	recorder *recorder
	except   []exception
	meter    *meter
	log      *zap.Logger
	limits   map[string]*logLimit
}

// stance is what a handler goes by at the moment: its policy, with the threshold
// that target_fpr chose. It is exchanged whole, and each request reads it once.
type stance struct {
	site        string
	policy      classifier.Policy
	calibration *calibration // nil without target_fpr
}

// CaddyModule returns the Caddy module information.
func (Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.limen",
		New: func() caddy.Module { return new(Handler) },
	}
}

// Provision sets up h.
func (h *Handler) Provision(ctx caddy.Context) error {
	app, err := ctx.App("limen")
	if err != nil {
		return err
	}
	h.app = app.(*App)
	h.log = ctx.Logger()
	h.limits = map[string]*logLimit{
		classifier.FallbackDeadline: new(logLimit),
		classifier.FallbackEngine:   new(logLimit),
		reasonBody:                  new(logLimit),
	}
	h.setDefaults()
	h.policy = h.newPolicy()
	h.stance = new(atomic.Pointer[stance])
	h.stance.Store(&stance{policy: h.policy})
	h.app.handlers = append(h.app.handlers, h)
	h.scope = scope{h.BodyLimit, time.Duration(h.Deadline)}
	h.meter = new(meter)
	if h.recorder, err = newRecorder(h); err != nil { // before the exceptions' JSON is gone
		return err
	}
	return h.provisionExcept(ctx)
}

func (h *Handler) setDefaults() {
	setDefault(&h.Mode, string(classifier.ModeBlock))
	setDefault(&h.OnError, string(classifier.Allow))
	setDefault(&h.OnOversize, string(classifier.Allow))
	setDefault(&h.Record, recordAll)
	setDefault(&h.Durability, durabilityBatched)
	setDefault(&h.BodyLimit, defaultBodyLimit)
	setDefault(&h.Deadline, caddy.Duration(defaultDeadline))
}

func setDefault[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}

// newPolicy joins the configuration to the model's thresholds. A threshold of
// the user's replaces the model's for every class; so does one that target_fpr
// chooses, later.
func (h *Handler) newPolicy() classifier.Policy { return h.policyUnder(&h.app.model().Manifest) }

// policyUnder is the policy that h has with a model.
func (h *Handler) policyUnder(shipped *model.Manifest) classifier.Policy {
	p := classifier.Policy{
		Mode:            classifier.Mode(h.Mode),
		Threshold:       h.Threshold,
		ClassThresholds: maps.Clone(h.Classes),
		OnError:         classifier.Decision(h.OnError),
		OnOversize:      classifier.Decision(h.OnOversize),
	}
	if p.Threshold == 0 {
		p.Threshold = shipped.Threshold
		p.ClassThresholds = maps.Clone(shipped.ClassThresholds)
		if p.ClassThresholds == nil {
			p.ClassThresholds = make(map[string]float64)
		}
		maps.Copy(p.ClassThresholds, h.Classes)
	}
	return p
}

// Validate implements caddy.Validator.
func (h *Handler) Validate() error {
	if err := h.policy.Validate(h.app.model().Manifest.Classes); err != nil {
		return err
	}
	switch {
	case h.TargetFPR != 0 && h.Threshold != 0:
		return fmt.Errorf("threshold is %v and target_fpr is %v: give one of them, target_fpr chooses the threshold itself", h.Threshold, h.TargetFPR)
	case h.TargetFPR != 0 && !(h.TargetFPR >= minTargetFPR && h.TargetFPR <= maxTargetFPR):
		return fmt.Errorf("target_fpr is %v, expected %s", h.TargetFPR, targetFPRExpected)
	case h.Deadline < 0:
		return fmt.Errorf("deadline is %s, expected a time above 0", time.Duration(h.Deadline))
	case h.BodyLimit < 0 || h.BodyLimit > maxBodyLimit:
		return fmt.Errorf("body_limit is %d bytes, expected 1 to %d", h.BodyLimit, maxBodyLimit)
	}
	if h.Durability != durabilityBatched && h.Durability != durabilityStrict {
		return fmt.Errorf("durability is %q, expected batched or strict", h.Durability)
	}
	return validateRecord(h.Record, h.Sample)
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	name, err := h.excepted(r)
	if err != nil {
		return err
	}
	if name != "" {
		return h.forward(w, r, next, h.pass(r, name))
	}
	start := time.Now()
	in := inspect(r, h.app.engine.pooledEngine, h.scope)
	if in.bodyErr != nil && h.policy.Mode != classifier.ModeObserve {
		h.fallback(reasonBody, in.bodyErr)
		return bodyError(in.bodyErr)
	}
	v, row := h.decide(r, in)
	h.meter.count(r, v, time.Since(start))
	if h.policy.Mode != classifier.ModeObserve {
		stripHeaders(r.Header)
		if in.body != nil {
			// Reading has answered the client's Expect: 100-continue. Asked once
			// more, the upstream would answer it a second time.
			r.Header.Del("Expect")
		}
	}
	switch {
	case v.Decision == classifier.Block:
		// The body stays: an error route may want it.
		return caddyhttp.Error(http.StatusForbidden, errBlocked)
	case v.Decision == classifier.Tag || h.policy.Mode == classifier.ModeTag:
		tagHeaders(r.Header, v)
	}
	err = h.forward(w, r, next, row)
	if err == nil && in.body != nil {
		in.body.release(w)
	}
	return err
}

// pass lets an excepted request through. It returns its row, as decide does.
func (h *Handler) pass(r *http.Request, except string) *wireRequest {
	id := h.recorder.newID(r)
	v := &verdict{ID: id.String(), Class: noClass, Decision: classifier.Allow, Model: h.app.modelName(), Except: except}
	v.publish(r)
	row := h.recorder.passed(r, id, v, h.stance.Load().site)
	h.meter.count(r, v, 0)
	if h.policy.Mode != classifier.ModeObserve {
		stripHeaders(r.Header)
	}
	return row
}

// decide makes a verdict of an inspection, publishes and records it. The row of a
// request that goes on may wait for its outcome: then it is returned, for forward.
func (h *Handler) decide(r *http.Request, in *inspection) (*verdict, *wireRequest) {
	id := h.recorder.newID(r) // waits for Start, which chooses the threshold
	now := h.stance.Load()
	v := &verdict{
		ID:        id.String(),
		Score:     in.result.Score,
		Threshold: now.policy.ThresholdFor(in.result.Attack),
		Class:     in.result.Class,
		Decision:  now.policy.Decide(&in.result),
		Model:     h.app.modelName(),
		Fallback:  in.result.Fallback,
	}
	flagged := now.policy.Flagged(&in.result)
	if flagged {
		v.Class = in.result.Attack // also with a threshold below one half
	}
	if v.Fallback != "" {
		if r.Context().Err() != nil {
			v.Fallback = reasonCanceled // nobody waits for the answer
		}
		err := in.err
		if err == nil {
			err = in.bodyErr
		}
		h.fallback(v.Fallback, err)
	}
	v.publish(r)
	return v, h.recorder.inspected(r, id, v, in, flagged, now.site)
}

// fallback counts and logs that the score of a request is not the whole answer.
func (h *Handler) fallback(reason string, err error) {
	h.meter.fallback(reason)
	limit := h.limits[reason]
	if limit == nil {
		return
	}
	if held, ok := limit.allow(time.Now()); ok {
		h.log.Warn("request was not inspected whole",
			zap.String("reason", reason),
			zap.String("on_error", h.OnError),
			zap.Int64("more_since_last_line", held),
			zap.Error(err))
	}
}

// bodyError gives an error met while reading the body its status. An error that
// has one keeps it: request_body says 413.
func bodyError(err error) error {
	var status caddyhttp.HandlerError
	if errors.As(err, &status) {
		return status
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return caddyhttp.Error(http.StatusRequestEntityTooLarge, err)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("reading request body: the client stopped sending: %w", err)
	} else {
		err = fmt.Errorf("reading request body: %w", err)
	}
	return caddyhttp.Error(http.StatusBadRequest, err)
}

// Interface guards.
var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddy.Validator             = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
