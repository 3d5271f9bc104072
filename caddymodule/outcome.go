package caddymodule

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/oklog/ulid/v2"

	"github.com/limen-waf/limen/store"
)

// The row of a request that goes on waits for what comes of it, so that it can be
// written once and whole. It does not wait for long: a download or a WebSocket may
// take hours, a decision is to be found at once, and a crash loses the rows that wait.
const (
	outcomeWait  = 2 * time.Second
	outcomeSweep = 250 * time.Millisecond // how often rows are looked for that waited too long
)

// held is what a row that waits needs besides itself. All but recorder and upgrade is
// guarded by outcomes.mu.
type held struct {
	recorder      *recorder
	upgrade       *caddy.Replacer // of a request that may become a tunnel, else nil
	before, after *wireRequest
	waits         bool
}

// outcomes are the rows that wait, those of an app, the longest waiting first.
type outcomes struct {
	mu          sync.Mutex
	first, last *wireRequest
	open        bool // else rows do not wait

	done, ended chan struct{}
}

// start lets rows wait for their outcomes until stop.
func (o *outcomes) start() {
	o.done, o.ended = make(chan struct{}), make(chan struct{})
	o.mu.Lock()
	o.open = true
	o.mu.Unlock()
	go func() {
		defer close(o.ended)
		tick := time.NewTicker(outcomeSweep)
		defer tick.Stop()
		for {
			select {
			case <-o.done:
				return
			case now := <-tick.C:
				o.sweep(now.Add(-outcomeWait))
			}
		}
	}()
}

// stop has all rows written that wait. Later ones do not wait.
func (o *outcomes) stop() {
	if o == nil || o.done == nil {
		return
	}
	close(o.done)
	<-o.ended
	o.done = nil
	o.mu.Lock()
	o.open = false
	o.mu.Unlock()
	for o.sweepOne(time.Time{}) {
	}
}

// hold lets w's row wait. It returns false when rows do not.
func (o *outcomes) hold(w *wireRequest) bool {
	if o == nil {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.open {
		return false
	}
	w.held.waits, w.held.before = true, o.last
	if o.last == nil {
		o.first = w
	} else {
		o.last.held.after = w
	}
	o.last = w
	return true
}

// take ends w's wait. It returns false when its row was written meanwhile: then w must
// not be used any more.
func (o *outcomes) take(w *wireRequest) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.remove(w)
}

func (o *outcomes) remove(w *wireRequest) bool {
	h := &w.held
	if !h.waits {
		return false
	}
	if h.before == nil {
		o.first = h.after
	} else {
		h.before.held.after = h.after
	}
	if h.after == nil {
		o.last = h.before
	} else {
		h.after.held.before = h.before
	}
	h.waits, h.before, h.after = false, nil, nil
	return true
}

// oldest returns t, or the time of the oldest request whose row waits if that is
// earlier: whoever counts rows would miss it.
func (o *outcomes) oldest(t time.Time) time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	for w := o.first; w != nil; w = w.held.after {
		if at := ulid.Time(w.verdict.ID.Time()); at.Before(t) {
			t = at
		}
	}
	return t
}

// sweep writes the rows of requests that came before a time. Who serves the request
// waits in take until its row is written, because the row points to the request's body.
// w is not used again: that one still has it.
func (o *outcomes) sweep(before time.Time) {
	for o.sweepOne(before) {
	}
}

// sweepOne writes the row that waits longest, if its request came before a time or the
// time is zero.
func (o *outcomes) sweepOne(before time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := o.first
	if w == nil || !before.IsZero() && !ulid.Time(w.verdict.ID.Time()).Before(before) {
		return false
	}
	o.remove(w)
	if repl := w.held.upgrade; repl != nil {
		w.verdict.Status, w.verdict.UpstreamMicros = proxied(repl)
	}
	w.held.recorder.putHeld(w)
	return true
}

// hold keeps w, which has its row, until its outcome is known, and returns it then. A
// blocked request has its outcome: its row is stored, and the result nil.
func (rec *recorder) hold(r *http.Request, w *wireRequest) *wireRequest {
	if w.verdict.Decision != store.Block {
		w.held.recorder = rec
		if mayUpgrade(r) {
			// Its row is written while it is being served, when others may add to the
			// replacer: the copy has the values that are set later too, and no others.
			if repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
				w.held.upgrade = repl.WithoutFile()
			}
		}
		if rec.app.outcomes.hold(w) {
			return w
		}
	}
	rec.put(r, &w.verdict)
	w.free()
	return nil
}

// mayUpgrade says whether r asks for a tunnel, such as a WebSocket.
func mayUpgrade(r *http.Request) bool {
	return r.Method == http.MethodConnect || len(r.Header["Upgrade"]) > 0
}

// finish adds what came of a request to its row and stores it.
func (rec *recorder) finish(w *wireRequest, writer http.ResponseWriter, r *http.Request, err error) {
	if !rec.app.outcomes.take(w) {
		return
	}
	w.verdict.Status, w.verdict.UpstreamMicros = outcome(writer, r, err)
	rec.putHeld(w)
	w.free()
}

// putHeld hands the row of a request that went on to the store.
func (rec *recorder) putHeld(w *wireRequest) {
	if s := rec.app.store.Load(); s != nil {
		s.Record(&w.verdict)
	}
}

// forward has the next handlers serve r and adds to its row, if there is one, what came
// of it: also when they panic, which is how a proxy ends a response that broke off.
func (h *Handler) forward(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, row *wireRequest) (err error) {
	if row != nil {
		defer func() { h.recorder.finish(row, w, r, err) }()
	}
	return next.ServeHTTP(w, r)
}

// outcome returns the status that the handlers behind answered with, and how long the
// upstream took to begin its answer, in microseconds; 0 for what is not known. The
// writer is not wrapped to know it: an error of theirs has its status, an access log has
// a recorder around the writer already, and reverse_proxy leaves a placeholder. A file
// that is served without an access log has none of these.
func outcome(w http.ResponseWriter, r *http.Request, err error) (status int, micros int64) {
	if repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		status, micros = proxied(repl)
	}
	switch known := recorded(w); {
	case err != nil:
		status = http.StatusInternalServerError
		var failed caddyhttp.HandlerError
		if errors.As(err, &failed) && failed.StatusCode != 0 {
			status = failed.StatusCode
		}
	case known != 0:
		status = known
	}
	return status, micros
}

// proxied returns what reverse_proxy says of its upstream's answer.
func proxied(repl *caddy.Replacer) (status int, micros int64) {
	v, ok := repl.Get("http.reverse_proxy.status_code")
	if !ok {
		return 0, 0
	}
	status, _ = v.(int)
	v, _ = repl.Get("http.reverse_proxy.upstream.latency")
	latency, _ := v.(time.Duration)
	return status, latency.Microseconds()
}

// recorded returns the status that a recorder around w has, 0 for none.
func recorded(w http.ResponseWriter) int {
	for w != nil {
		if rec, ok := w.(caddyhttp.ResponseRecorder); ok {
			return rec.Status()
		}
		under, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return 0
		}
		w = under.Unwrap()
	}
	return 0
}
