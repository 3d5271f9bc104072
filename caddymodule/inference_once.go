package caddymodule

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"

	"go.uber.org/zap"

	"github.com/limen-waf/limen/store"
)

// headerJSONLength is the protocol's: how long the JSON before binary tensors is.
const headerJSONLength = "Inference-Header-Content-Length"

// errAnswered ends a call whose answer is an error: nothing is stored of it, and the
// key stays free.
var errAnswered = errors.New("answered")

// serveOnce serves an infer request with an Idempotency-Key. It holds the whole
// request and the whole response.
func (h *InferenceHandler) serveOnce(w http.ResponseWriter, r *http.Request, call *inferenceCall, key string) {
	if call.store == nil {
		writeCallError(w, badCall(http.StatusServiceUnavailable, "the store is not open, so an Idempotency-Key cannot be kept"))
		return
	}
	var body bytes.Buffer
	if err := readUpload(w, r, h.MaxBytes, &body); err != nil {
		writeCallError(w, err)
		return
	}
	a, fresh, stored, err := h.invoke(r, call, key, body.Bytes())
	switch {
	case err == nil && stored:
		setResponseType(w.Header(), a.OutputType)
		w.Header().Set(headerReplayed, "true")
		w.Header().Set(headerActID, a.ID.String())
		writeBody(w, http.StatusOK, w.Header().Get("Content-Type"), a.Output)
	case err == nil || errors.Is(err, errAnswered):
		maps.Copy(w.Header(), fresh.header)
		w.WriteHeader(fresh.status)
		_, _ = w.Write(fresh.body.Bytes())
	case r.Context().Err() != nil:
	default:
		e := asCallError(err)
		if e.status >= 500 {
			h.log.Error("call with an Idempotency-Key failed", zap.Error(err))
		}
		writeCallError(w, e)
	}
}

// invoke makes an infer call with the whole request in hand: once, where it has an
// Idempotency-Key. The row has the response's body as its output; fresh is the response,
// unless it is a stored one. With errAnswered it says what is wrong with the request.
func (h *InferenceHandler) invoke(r *http.Request, call *inferenceCall, key string, body []byte) (a *store.Act, fresh *heldResponse, stored bool, err error) {
	call.held = true
	run := func(ctx context.Context) (*store.Act, error) {
		fresh = &heldResponse{header: http.Header{}, status: http.StatusOK}
		again := r.WithContext(ctx)
		again.Body, again.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		h.server.ServeHTTP(fresh, again)
		if call.act == nil {
			return nil, errAnswered
		}
		call.act.Output = fresh.body.Bytes()
		call.act.OutputType = responseType(fresh.header)
		return call.act, nil
	}
	if key == "" {
		if a, err = run(r.Context()); err == nil {
			row := *a
			row.OutputType, row.Output = "", nil
			err = call.store.RecordActSync(r.Context(), &row)
		}
		return a, fresh, false, err
	}
	inv := store.ActInvocation{Principal: call.by.key(), Key: key, CallDigest: h.digest(r, body)}
	a, stored, err = call.store.InvokeAct(r.Context(), inv, run)
	if stored {
		countCall(a.Model, procedureInfer, resultStored)
	}
	return a, fresh, stored, err
}

// heldResponse is a http.ResponseWriter that keeps what it is given.
type heldResponse struct {
	header http.Header
	status int
	wrote  bool
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (h *heldResponse) Header() http.Header { return h.header }

// WriteHeader implements http.ResponseWriter.
func (h *heldResponse) WriteHeader(status int) {
	if !h.wrote {
		h.status, h.wrote = status, true
	}
}

// Write implements http.ResponseWriter.
func (h *heldResponse) Write(p []byte) (int, error) {
	h.wrote = true
	return h.body.Write(p)
}

func writeCallError(w http.ResponseWriter, err error) {
	e := asCallError(err)
	writeAnswer(w, e.status, struct {
		Error string `json:"error"`
	}{e.Error()})
}

// digest is over everything that the response depends on. The models themselves are
// not part of it: what a reload changed does not change what was answered.
func (h *InferenceHandler) digest(r *http.Request, body []byte) string {
	head, _ := json.Marshal([]string{ // strings always have a JSON form
		procedureInfer, r.URL.Path, r.Header.Get("Content-Type"), r.Header.Get("Content-Encoding"),
		r.Header.Get("Accept-Encoding"), r.Header.Get(headerJSONLength),
	})
	sum := sha256.New()
	sum.Write(head)
	sum.Write([]byte{'\n'})
	sum.Write(body)
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// responseType is the media type of a response, with the headers without which it
// cannot be read as parameters.
func responseType(h http.Header) string {
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		kind, params = "application/octet-stream", map[string]string{}
	}
	for _, name := range responseHeaders {
		if v := h.Get(name); v != "" {
			params[name] = v
		}
	}
	return mime.FormatMediaType(kind, params)
}

func setResponseType(h http.Header, kind string) {
	kind, params, err := mime.ParseMediaType(kind)
	if err != nil {
		kind = "application/octet-stream"
	}
	for _, name := range responseHeaders {
		if v := params[name]; v != "" {
			h.Set(name, v)
		}
	}
	h.Set("Content-Type", kind)
}

// responseHeaders are kept with a response, by their names in lower case as they are
// parameters of its type.
var responseHeaders = []string{"inference-header-content-length", "content-encoding"}
