package caddymodule

import (
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/limen-waf/limen/store"
)

// verifyEvent is one line of the answer of /limen/verify: where it is, and at the end
// the report or what went wrong.
type verifyEvent struct {
	Segment  string              `json:"segment,omitempty"`
	Done     int                 `json:"done"`
	Segments int                 `json:"segments"`
	Rows     int                 `json:"rows"`
	Report   *store.VerifyReport `json:"report,omitempty"`
	Error    string              `json:"error,omitempty"`
}

// verifying says that a check runs. There is one in a server at a time: it reads all
// that is stored.
var verifying atomic.Bool

// verify answers GET /limen/verify: it checks all rows against the hash chain, and tells
// how far it is, one JSON object a line. Parameter: head, that of a report of before.
func (a *adminAPI) verify(w http.ResponseWriter, r *http.Request) error {
	if err := allow(w, r, http.MethodGet); err != nil {
		return err
	}
	var head string
	if err := readParams(r.URL.Query(), map[string]any{"head": &head}); err != nil {
		return err
	}
	_, s, err := a.app()
	if err != nil {
		return err
	}
	if !verifying.CompareAndSwap(false, true) {
		return apiError(http.StatusConflict, errVerifying)
	}
	// Free before the last line is written: whoever has read that may ask again.
	free := sync.OnceFunc(func() { verifying.Store(false) })
	defer free()
	lines := newLines(w)
	defer lines.end()
	report, err := s.Verify(r.Context(), store.VerifyOptions{
		Head: head,
		Progress: func(segment string, done, segments, rows int) {
			lines.put(verifyEvent{Segment: segment, Done: done, Segments: segments, Rows: rows}, false)
		},
	})
	free()
	switch {
	case err != nil && !lines.begun:
		return apiError(statusOf(err), err)
	case err != nil:
		lines.put(verifyEvent{Error: err.Error()}, true)
	default:
		lines.put(verifyEvent{Done: len(report.Segments), Segments: len(report.Segments), Rows: report.Rows, Report: report}, true)
	}
	return nil
}

var errVerifying = errors.New("a check is running already: wait for it, or end it")

// lines are an answer of JSON objects, one a line, at most ten a second.
type lines struct {
	*stream
	begun bool
	next  time.Time
}

func newLines(w http.ResponseWriter) *lines {
	w.Header().Set("Cache-Control", "no-store")
	return &lines{stream: newStream(w)}
}

// put writes v, unless it is too soon and not the last.
func (l *lines) put(v any, last bool) {
	now := time.Now()
	if !last && now.Before(l.next) {
		return
	}
	if !l.begun {
		l.Header().Set("Content-Type", "application/jsonl")
	}
	l.begun, l.next = true, now.Add(100*time.Millisecond)
	// A client that is gone is noticed by the request's context.
	_ = json.NewEncoder(l.stream).Encode(v)
	_ = l.flush()
}
