package caddymodule

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/limen-waf/limen/gpu/ort"
	"github.com/limen-waf/limen/inference"
	"github.com/limen-waf/limen/store"
)

// actCall is the answer of the admin endpoint to a call of classify, detect or infer: the
// call's row, which is the first picture's, and its output, as JSON where it is that.
type actCall struct {
	*store.Act
	// Stored says that the call is an earlier one with this Idempotency-Key.
	Stored    bool            `json:"stored,omitempty"`
	Output    json.RawMessage `json:"output,omitempty"`
	OutputB64 []byte          `json:"output_b64,omitempty"`
}

func newActCall(a *store.Act, stored bool) *actCall {
	c := &actCall{Act: a, Stored: stored}
	if kind, _, err := mime.ParseMediaType(a.OutputType); err == nil && kind == typeJSON && json.Valid(a.Output) {
		c.Output = a.Output
	} else {
		c.OutputB64 = a.Output
	}
	return c
}

// callAct calls classify, detect or infer for the admin endpoint, as their handlers do.
// The row is on disk when it returns.
func (a *App) callAct(s *sharedStore, r *http.Request, p *store.Procedure, input []byte) (any, error) {
	by := adminCaller(r)
	var call *actCall
	var err error
	if p.Name == procedureInfer {
		call, err = a.callInfer(s, r, by, input)
	} else {
		call, err = a.callImage(s, r, by, p.Name, input)
	}
	if err != nil {
		e := asCallError(err)
		return nil, apiError(e.status, e.err)
	}
	return call, nil
}

// adminCaller is who sent a request to the admin endpoint.
func adminCaller(r *http.Request) caller {
	by := caller{method: r.Method, host: strings.ToLower(r.Host), path: r.RequestURI, who: callPrincipal(r), server: "admin"}
	if ip, _, err := net.SplitHostPort(r.RemoteAddr); err == nil { // else a socket of this machine
		by.client = ip
	}
	return by
}

// imageInput is the input of classify and detect.
type imageInput struct {
	Model    string   `json:"model"`
	Image    *string  `json:"image_b64,omitempty"`
	Images   []string `json:"images_b64,omitempty"`
	Top      *int     `json:"top,omitempty"`
	MinScore *float64 `json:"min_score,omitempty"`
	// Draw asks for the picture with the boxes, as png_b64.
	Draw bool `json:"draw,omitempty"`
}

// callImage makes a call of classify or detect under the limits that a handler has where
// its configuration says nothing.
func (a *App) callImage(s *sharedStore, r *http.Request, by caller, task string, input []byte) (*actCall, error) {
	var in imageInput
	if err := decodeInput(task, input, &in); err != nil {
		return nil, err
	}
	if (in.Image == nil) == (in.Images == nil) || in.Images != nil && len(in.Images) == 0 {
		return nil, badCall(http.StatusBadRequest, `input of procedure %s: expected one picture as "image_b64", or some as "images_b64", in Base64`, task)
	}
	if in.Draw && task != procedureDetect {
		return nil, badCall(http.StatusBadRequest, `input of procedure %s: "draw" is of %s, which finds boxes to draw`, task, procedureDetect)
	}
	slot, err := a.callModel(task, in.Model)
	if err != nil {
		return nil, err
	}
	h := &ImageHandler{Task: task, Model: in.Model, app: a, slot: slot, log: a.log}
	h.setDefaults()
	ctx, cancel := context.WithTimeout(r.Context(), time.Duration(h.Timeout))
	defer cancel()
	c := &imageCall{ImageHandler: h, r: r, by: by, store: s, top: h.Top, minScore: h.MinScore, draw: in.Draw}
	model, done, err := slot.borrow()
	if err != nil {
		return nil, err
	}
	defer done()
	if err := h.checkTask(model); err != nil {
		return nil, badCall(http.StatusConflict, "%w", err)
	}
	c.model = model
	body := jsonUpload{Image: in.Image, Images: in.Images, Top: in.Top, MinScore: in.MinScore}
	u, err := body.uploads(h.MaxFiles)
	if err != nil {
		return nil, err
	}
	if err := c.setOptions(u); err != nil {
		return nil, err
	}
	act, stored, err := c.invoke(ctx, r.Header.Get(headerKey), u, func(a *store.Act) error { return s.RecordActSync(ctx, a) })
	if err != nil {
		return nil, err
	}
	return newActCall(act, stored), nil
}

// callInfer makes a call of infer. Its input is a request of the Open Inference Protocol,
// version 2, in JSON, with the names of its path in "model" and "model_version".
func (a *App) callInfer(s *sharedStore, r *http.Request, by caller, input []byte) (*actCall, error) {
	var in map[string]json.RawMessage
	if err := decodeInput(procedureInfer, input, &in); err != nil {
		return nil, err
	}
	var name, version string
	for key, into := range map[string]*string{"model": &name, "model_version": &version} {
		raw, ok := in[key]
		if !ok {
			continue
		}
		if err := json.Unmarshal(raw, into); err != nil {
			return nil, badCall(http.StatusBadRequest, "input of procedure %s: %q is %.40q, expected a name", procedureInfer, key, raw)
		}
		delete(in, key)
	}
	if _, err := a.callModel(procedureInfer, name); err != nil {
		return nil, err
	}
	body, err := json.Marshal(in) // in the one form that the digest of the call is over
	if err != nil {
		return nil, err
	}
	h := &InferenceHandler{app: a, log: a.log, MaxBytes: max(inference.DefaultMaxBytes, maxActInput)}
	h.open()
	path := "/v2/models/" + url.PathEscape(name)
	if version != "" {
		path += "/versions/" + url.PathEscape(version)
	}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, path+"/infer", nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", typeJSON)
	call := &inferenceCall{r: r, by: by, store: s}
	act, fresh, stored, err := h.invoke(call.in(req), call, r.Header.Get(headerKey), body)
	switch {
	case errors.Is(err, errAnswered):
		return nil, fresh.failure()
	case err != nil:
		return nil, err
	}
	return newActCall(act, stored), nil
}

// failure is the error that a response of the protocol tells.
func (h *heldResponse) failure() error {
	var told struct {
		Error string `json:"error"`
	}
	if err := json.Unmarshal(h.body.Bytes(), &told); err != nil || told.Error == "" {
		told.Error = fmt.Sprintf("status %d: %.200q", h.status, h.body.Bytes())
	}
	return badCall(h.status, "%s", told.Error)
}

// callModel finds the model that a call names.
func (a *App) callModel(procedure, name string) (*modelSlot, error) {
	if name == "" {
		return nil, badCall(http.StatusBadRequest, `input of procedure %s: no "model": expected the name of one in the configuration`, procedure)
	}
	slot, err := a.imageModel(name)
	if err == nil {
		return slot, nil
	}
	if _, missing := ort.Find(a.Data); len(a.images) == 0 && errors.Is(missing, ort.ErrNoCgo) {
		err = fmt.Errorf("no model %q: image models need the cgo build: %w", name, ort.ErrNoCgo)
	}
	return nil, badCall(http.StatusNotFound, "%w", err)
}

// decodeInput decodes the input of a procedure, one JSON object.
func decodeInput(procedure string, input []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(input))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil && d.More() {
		err = errors.New("more than one JSON value")
	}
	if err != nil {
		return badCall(http.StatusBadRequest, "input of procedure %s: %w", procedure, err)
	}
	return nil
}
