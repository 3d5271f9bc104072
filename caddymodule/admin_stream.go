package caddymodule

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/limen-waf/limen/store"
)

// streamPatience is how long a client of a stream may keep the server waiting.
const streamPatience = 15 * time.Second

// stream is an answer that takes long. The admin endpoint's deadline for reading
// would end it after ten seconds.
type stream struct {
	http.ResponseWriter
	control *http.ResponseController
}

// newStream begins a stream. The caller ends it.
func newStream(w http.ResponseWriter) *stream {
	s := &stream{w, http.NewResponseController(w)}
	_ = s.control.SetReadDeadline(time.Time{}) // not every writer has deadlines
	return s
}

// Write gives the client time.
func (s *stream) Write(p []byte) (int, error) {
	_ = s.control.SetWriteDeadline(time.Now().Add(streamPatience))
	return s.ResponseWriter.Write(p)
}

func (s *stream) flush() error { return s.control.Flush() }

// end takes the deadline back: the connection may serve another request.
func (s *stream) end() { _ = s.control.SetWriteDeadline(time.Time{}) }

// allow refuses other methods.
func allow(w http.ResponseWriter, r *http.Request, methods ...string) error {
	if slices.Contains(methods, r.Method) {
		return nil
	}
	w.Header().Set("Allow", methods[0])
	return apiError(http.StatusMethodNotAllowed, fmt.Errorf("method %s is not allowed here, use %s", r.Method, methods[0]))
}

// parseFilter reads the parameters of a query that is not listed page by page.
func parseFilter(params url.Values, now time.Time) (store.Query, error) {
	for _, name := range []string{"order", "limit", "cursor"} {
		if params.Has(name) {
			return store.Query{}, fmt.Errorf("parameter %s is not for this: everything comes, the oldest first", name)
		}
	}
	q, err := parseQuery(params, now)
	if q.Until.IsZero() {
		q.Until = now
	}
	return q, err
}
