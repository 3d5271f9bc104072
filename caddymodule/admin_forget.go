package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"

	"github.com/limen-waf/limen/store"
)

// forgetEvent is one line of the answer of /limen/forget: where it is, and at the end
// what was done or what went wrong.
type forgetEvent struct {
	Done      int              `json:"done"`
	Total     int              `json:"total"`
	Forgotten *store.Forgotten `json:"forgotten,omitempty"`
	Error     string           `json:"error,omitempty"`
}

// forget answers POST /limen/forget: it removes the decisions of a person, named by the
// body {"client_ip":"…"} or {"principal":"…"}, and tells how far it is, one JSON object
// a line. The header Limen-Principal says who asks for it.
func (a *adminAPI) forget(w http.ResponseWriter, r *http.Request) error {
	if err := allow(w, r, http.MethodPost); err != nil {
		return err
	}
	// A page in the administrator's browser can send a form here, and no JSON.
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return apiError(http.StatusUnsupportedMediaType, errors.New("who is to be forgotten is JSON: send it with Content-Type application/json"))
	}
	var person store.Person
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	body.DisallowUnknownFields()
	if err := body.Decode(&person); err != nil {
		return apiError(http.StatusBadRequest, fmt.Errorf(`reading who is to be forgotten: %w: expected {"client_ip":"203.0.113.7"} or {"principal":"alice"}`, err))
	}
	_, s, err := a.app()
	if err != nil {
		return err
	}
	lines := newLines(w)
	defer lines.end()
	done, err := s.Forget(r.Context(), person, callPrincipal(r), func(done, total int) {
		lines.put(forgetEvent{Done: done, Total: total}, false)
	})
	switch {
	case err != nil && !lines.begun:
		return apiError(statusOf(err), err)
	case err != nil:
		lines.put(forgetEvent{Error: err.Error()}, true)
	default:
		lines.put(forgetEvent{Done: done.Rows, Total: done.Rows, Forgotten: done}, true)
	}
	return nil
}
