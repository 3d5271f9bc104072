package caddymodule

import (
	"net/http"
	"slices"
	"sync"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/store"
)

// wireRequest is a classifier.Request with room, for its row too, that the next
// one reuses.
type wireRequest struct {
	classifier.Request
	names []string

	verdict store.Verdict
	source  store.Request
	fields  []store.Header
	scores  store.ClassScores

	held held // of a row that waits for its outcome
}

var wireRequests = sync.Pool{New: func() any { return new(wireRequest) }}

// newWireRequest returns r as the client sent it: the target before any rewrite,
// the headers in the order of their names (net/http does not keep the order of
// arrival), and body, which it does not copy. Call free when done with it.
func newWireRequest(r *http.Request, body []byte, size int64) *wireRequest {
	w := wireRequests.Get().(*wireRequest)
	w.Method, w.Target = r.Method, r.RequestURI
	if orig, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		w.Method, w.Target = orig.Method, orig.RequestURI
	}
	w.Body, w.BodySize = body, size

	for name := range r.Header {
		w.names = append(w.names, name)
	}
	slices.Sort(w.names)
	w.add("Host", r.Host)
	for _, name := range w.names {
		for _, value := range r.Header[name] {
			w.add(name, value)
		}
	}
	for _, coding := range r.TransferEncoding {
		w.add("Transfer-Encoding", coding)
	}
	return w
}

func (w *wireRequest) add(name, value string) {
	w.Headers = append(w.Headers, classifier.Header{Name: name, Value: value})
}

// free gives w back, without the strings of this request.
func (w *wireRequest) free() {
	clear(w.Headers)
	clear(w.names)
	clear(w.fields)
	*w = wireRequest{
		Request: classifier.Request{Headers: w.Headers[:0]},
		names:   w.names[:0],
		fields:  w.fields[:0],
		scores:  w.scores[:0],
	}
	wireRequests.Put(w)
}

// clientIP returns the client's address as Caddy sees it, trusted proxies taken
// into account.
func clientIP(r *http.Request) string {
	ip, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	return ip
}
