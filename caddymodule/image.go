package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/limen-waf/limen/classifier/picture"
	"github.com/limen-waf/limen/classifier/vision"
	"github.com/limen-waf/limen/store"
)

func init() { caddy.RegisterModule(ImageHandler{}) }

// What an image handler does where the configuration does not say.
const (
	defaultTop          = 5
	defaultMaxFiles     = 16
	defaultImageTimeout = 30 * time.Second
)

// ImageHandler looks at pictures with a neural network.
//
// Without rules it answers: POST a JPEG, PNG, GIF, WebP, BMP or TIFF as the body, several
// as multipart/form-data, or as JSON with Base64 in `image` or `images`. The answer
// is JSON: labels with their probabilities, or what was found with its box in
// pixels of the upright picture. With `Accept: image/png`, `detect` answers with
// the picture and the boxes drawn into it. `?top=` and `?min_score=` are those of
// one request.
//
// With `reject` or `require` it is a gate on the way to the next handler: pictures
// in the body of a POST, PUT or PATCH are looked at, and the upload goes on whole
// when they pass. Otherwise the request ends with an error, 403 for what is rejected and
// 422 for what lacks something required, which `handle_errors` can render.
//
// Each picture looked at has a row in the store. Its id is in the answer, in the
// header Limen-Id, and in placeholders, here and in the access log under `limen_image`:
//
// Placeholder | Description
// ------------|---------------
// `{http.limen_image.id}`       | The id of the row, for `caddy limen why`
// `{http.limen_image.decision}` | allow or block, of a gate
// `{http.limen_image.reason}`   | By which rule
// `{http.limen_image.label}`    | The first result
// `{http.limen_image.score}`    | Its probability or score
// `{http.limen_image.model}`    | The model's name and the beginning of its digest
type ImageHandler struct {
	// What to do: `classify`, which labels the whole picture, or `detect`, which
	// finds things in it.
	Task string `json:"task,omitempty"`

	// The model's name, in the app's `models`.
	Model string `json:"model,omitempty"`

	// The most results of an answer. Default: 5 for classify, all for detect.
	Top int `json:"top,omitempty"`

	// The least probability or score of a result. Default: 0 for classify, the
	// model's own for detect.
	MinScore float64 `json:"min_score,omitempty"`

	// The longest body, in bytes. Default: 32 MiB.
	MaxBytes int64 `json:"max_bytes,omitempty"`

	// The most pixels of a picture, width times height, read from its header before
	// anything is decoded. Default: 67108864, which is 8192 by 8192.
	MaxPixels int64 `json:"max_pixels,omitempty"`

	// The most pictures of one request. Default: 16.
	MaxFiles int `json:"max_files,omitempty"`

	// How long a call may take, from its body to the answer. Default: 30s.
	Timeout caddy.Duration `json:"timeout,omitempty"`

	// Make it a gate: a picture to which one of these applies is rejected.
	Reject []ImageRule `json:"reject,omitempty"`

	// Make it a gate: each of these must apply to each picture.
	Require []ImageRule `json:"require,omitempty"`

	// What a gate does with a file or a body that is no picture of a known format:
	// `reject` or `allow`. Default: `reject`.
	Other string `json:"other,omitempty"`

	// What a gate does when the model fails or the timeout passes: `block`, with
	// status 500, 503 or 504, or `allow`. Either way it is counted, logged and in the
	// row. Default: `block`.
	OnError string `json:"on_error,omitempty"`

	// Do not store rows of the calls.
	NoRecord bool `json:"no_record,omitempty"`

	// Keep a small JPEG of each picture with the call's row, of at most so many pixels
	// on its longer side, 16 to 512. Whoever may read the store sees what people sent,
	// also what a gate rejected, for as long as rows are kept. Default: 0, none is kept.
	Thumbnails int `json:"thumbnails,omitempty"`

	app    *App
	slot   *modelSlot
	log    *zap.Logger
	failed *logLimit
}

// CaddyModule returns the Caddy module information.
func (ImageHandler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.limen_image",
		New: func() caddy.Module { return new(ImageHandler) },
	}
}

// Provision sets up h.
func (h *ImageHandler) Provision(ctx caddy.Context) error {
	app, err := ctx.App("limen")
	if err != nil {
		return err
	}
	h.app, h.log, h.failed = app.(*App), ctx.Logger(), new(logLimit)
	if h.slot, err = h.app.imageModel(h.Model); err != nil {
		return err
	}
	h.setDefaults()
	return nil
}

func (h *ImageHandler) setDefaults() {
	if h.Task == procedureClassify {
		setDefault(&h.Top, defaultTop)
	}
	setDefault(&h.MaxBytes, picture.DefaultMaxBytes)
	setDefault(&h.MaxPixels, picture.DefaultMaxPixels)
	setDefault(&h.MaxFiles, defaultMaxFiles)
	setDefault(&h.Timeout, caddy.Duration(defaultImageTimeout))
	setDefault(&h.Other, otherReject)
	setDefault(&h.OnError, store.Block)
}

// Validate implements caddy.Validator.
func (h *ImageHandler) Validate() error {
	if h.Task != procedureClassify && h.Task != procedureDetect {
		return fmt.Errorf("task is %q, expected %s or %s", h.Task, procedureClassify, procedureDetect)
	}
	for _, n := range []struct {
		name  string
		value int64
	}{{"top", int64(h.Top)}, {"max_bytes", h.MaxBytes}, {"max_pixels", h.MaxPixels}, {"max_files", int64(h.MaxFiles)}, {"timeout", int64(h.Timeout)}} {
		if n.value < 0 {
			return fmt.Errorf("%s is %d, expected more than 0", n.name, n.value)
		}
	}
	if !(h.MinScore >= 0 && h.MinScore <= 1) {
		return fmt.Errorf("min_score is %v, expected a number from 0 to 1", h.MinScore)
	}
	if h.Thumbnails != 0 && (h.Thumbnails < minThumbnail || h.Thumbnails > maxThumbnail) {
		return fmt.Errorf("thumbnails is %d, expected 0 for none, or %d to %d pixels", h.Thumbnails, minThumbnail, maxThumbnail)
	}
	if h.Thumbnails != 0 && h.NoRecord {
		return errors.New("thumbnails are kept with the rows of the calls, and no_record keeps none")
	}
	if h.Other != otherReject && h.Other != otherAllow {
		return fmt.Errorf("other is %q, expected %s or %s", h.Other, otherReject, otherAllow)
	}
	if h.OnError != store.Block && h.OnError != store.Allow {
		return fmt.Errorf("on_error is %q, expected %s or %s", h.OnError, store.Block, store.Allow)
	}
	m := h.slot.shared.Load()
	if err := h.checkTask(m.pooledModel); err != nil {
		return err
	}
	for _, r := range slices.Concat(h.Reject, h.Require) {
		if err := r.validate(m.labels); err != nil {
			return err
		}
	}
	return nil
}

// checkTask refuses a model that does something else.
func (h *ImageHandler) checkTask(m *pooledModel) error {
	switch {
	case m.spec == nil:
		return fmt.Errorf("model %s is none for pictures: give it a preset (%s) or a decoder", h.Model, strings.Join(vision.Presets(), ", "))
	case m.task() != h.Task:
		return fmt.Errorf("model %s is one to %s, not to %s", h.Model, m.task(), h.Task)
	}
	return nil
}

// isGate says whether requests go on to the next handler.
func (h *ImageHandler) isGate() bool { return len(h.Reject)+len(h.Require) > 0 }

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (h *ImageHandler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if h.isGate() {
		return h.guard(w, r, next)
	}
	ctx, cancel := context.WithTimeout(r.Context(), time.Duration(h.Timeout))
	defer cancel()
	call := h.newCall(r)
	if err := call.serve(ctx, w); err != nil {
		h.answerError(w, r, err)
	}
	return nil
}

// answerError answers an error as {"error":"…"}.
func (h *ImageHandler) answerError(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // nobody waits for the answer
	}
	e := h.statusError(err)
	header := w.Header()
	switch e.status {
	case http.StatusMethodNotAllowed:
		header.Set("Allow", http.MethodPost)
	case http.StatusServiceUnavailable:
		header.Set("Retry-After", "1")
	}
	writeAnswer(w, e.status, struct {
		Error string `json:"error"`
	}{e.Error()})
}

// statusError gives an error its status. What is the server's own fault is logged,
// and its reason is not told.
func (h *ImageHandler) statusError(err error) *callError {
	e := asCallError(err)
	if e.status >= 500 {
		if held, ok := h.failed.allow(time.Now()); ok {
			h.log.Error("looking at a picture failed", zap.String("model", h.Model), zap.Error(err), zap.Int64("more_since_last_line", held))
		}
		if e.status == http.StatusInternalServerError {
			e = &callError{e.status, errors.New("the model failed")}
		}
	}
	return e
}

// Interface guards.
var (
	_ caddy.Provisioner           = (*ImageHandler)(nil)
	_ caddy.Validator             = (*ImageHandler)(nil)
	_ caddyhttp.MiddlewareHandler = (*ImageHandler)(nil)
)
