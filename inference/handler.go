package inference

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Options configure a handler.
type Options struct {
	// MaxBytes bounds the body of a request, in bytes, decompressed. Default
	// DefaultMaxBytes.
	MaxBytes int64
	// Admin lets whoever reaches the handler list the repository, load models and
	// unload them.
	Admin bool
	// Name and Version are the server's in its metadata. Default limen and the
	// module's version.
	Name, Version string
	// Statistics counts the requests; nil: counters of the handler's own. One that is
	// handed on lives longer than a handler.
	Statistics *Statistics
	// Digest takes Call.InputDigest of every request while the model runs, for an
	// Observe that asks for it.
	Digest bool
	// Observe, if not nil, is called with every infer request that names a model there
	// is, failed ones too, before its response is written. It is called on the
	// request's goroutine.
	Observe func(ctx context.Context, c *Call)
}

// DefaultMaxBytes is the default of Options.MaxBytes.
const DefaultMaxBytes = 64 << 20

type handler struct {
	Options
	repository Repository
}

// NewHandler serves the protocol under /v2 for the models of a repository.
func NewHandler(repo Repository, o Options) http.Handler {
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.Statistics == nil {
		o.Statistics = NewStatistics()
	}
	if o.Name == "" {
		o.Name = "limen"
	}
	if o.Version == "" {
		o.Version = moduleVersion()
	}
	return &handler{Options: o, repository: repo}
}

// ServeHTTP finds what a path asks for.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := segments(r.URL)
	if !ok {
		notFound(w, r)
		return
	}
	model := func(serve func(w http.ResponseWriter, r *http.Request, name, version string), method string) {
		name, version := path[1], ""
		if len(path) > 3 {
			version = path[3]
		}
		if allowed(w, r, method) {
			serve(w, r, name, version)
		}
	}
	plain := func(serve http.HandlerFunc, method string) {
		if allowed(w, r, method) {
			serve(w, r)
		}
	}
	switch pattern(path) {
	case "":
		plain(h.serverMetadata, http.MethodGet)
	case "health/live":
		plain(h.live, http.MethodGet)
	case "health/ready":
		plain(h.ready, http.MethodGet)
	case "models/stats":
		plain(h.allStatistics, http.MethodGet)
	case "models/*":
		model(h.modelMetadata, http.MethodGet)
	case "models/*/ready":
		model(h.modelReady, http.MethodGet)
	case "models/*/config":
		model(h.modelConfig, http.MethodGet)
	case "models/*/stats":
		model(h.modelStatistics, http.MethodGet)
	case "models/*/infer":
		model(h.infer, http.MethodPost)
	case "repository/index":
		plain(h.index, http.MethodPost)
	case "repository/models/*/load":
		plain(func(w http.ResponseWriter, r *http.Request) { h.load(w, r, path[2]) }, http.MethodPost)
	case "repository/models/*/unload":
		plain(func(w http.ResponseWriter, r *http.Request) { h.unload(w, r, path[2]) }, http.MethodPost)
	default:
		notFound(w, r)
	}
}

// segments splits a path behind /v2. A name may hold an escaped slash.
func segments(u *url.URL) ([]string, bool) {
	path, ok := strings.CutPrefix(u.EscapedPath(), "/v2")
	if !ok || path != "" && path[0] != '/' {
		return nil, false
	}
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	if path == "" {
		return nil, true
	}
	parts := strings.Split(path, "/")
	for i, part := range parts {
		name, err := url.PathUnescape(part)
		if err != nil || name == "" {
			return nil, false
		}
		parts[i] = name
	}
	return parts, true
}

// pattern writes a path with * for a model's name, and without the version.
func pattern(path []string) string {
	shape := slices.Clone(path)
	switch {
	case len(path) > 1 && path[0] == "models" && (len(path) > 2 || path[1] != "stats"):
		shape[1] = "*"
		if len(path) > 3 && path[2] == "versions" {
			shape = slices.Delete(shape, 2, 4)
		}
	case len(path) == 4 && path[0] == "repository":
		shape[2] = "*"
	}
	return strings.Join(shape, "/")
}

func allowed(w http.ResponseWriter, r *http.Request, method string) bool {
	if r.Method == method || method == http.MethodGet && r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", method)
	writeError(w, &failure{status: http.StatusMethodNotAllowed, message: "Method Not Allowed"})
	return false
}

func notFound(w http.ResponseWriter, r *http.Request) {
	writeError(w, &failure{status: http.StatusNotFound, message: "Not Found: the protocol has no path " + r.URL.Path})
}
