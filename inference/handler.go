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

// route is what a path is served by, and with which method.
type route struct {
	method string
	serve  func(h *handler, w http.ResponseWriter, r *http.Request, path []string)
}

// routes are the protocol's paths, as pattern writes them.
var routes = map[string]route{
	"":                           plain(http.MethodGet, (*handler).serverMetadata),
	"health/live":                plain(http.MethodGet, (*handler).live),
	"health/ready":               plain(http.MethodGet, (*handler).ready),
	"models/stats":               plain(http.MethodGet, (*handler).allStatistics),
	"models/*":                   ofModel(http.MethodGet, (*handler).modelMetadata),
	"models/*/ready":             ofModel(http.MethodGet, (*handler).modelReady),
	"models/*/config":            ofModel(http.MethodGet, (*handler).modelConfig),
	"models/*/stats":             ofModel(http.MethodGet, (*handler).modelStatistics),
	"models/*/infer":             ofModel(http.MethodPost, (*handler).infer),
	"repository/index":           plain(http.MethodPost, (*handler).index),
	"repository/models/*/load":   named(http.MethodPost, (*handler).load),
	"repository/models/*/unload": named(http.MethodPost, (*handler).unload),
}

// plain is a route whose path says all.
func plain(method string, serve func(h *handler, w http.ResponseWriter, r *http.Request)) route {
	return route{method, func(h *handler, w http.ResponseWriter, r *http.Request, _ []string) { serve(h, w, r) }}
}

// ofModel is a route whose path begins models/NAME or models/NAME/versions/VERSION.
func ofModel(method string, serve func(h *handler, w http.ResponseWriter, r *http.Request, name, version string)) route {
	return route{method, func(h *handler, w http.ResponseWriter, r *http.Request, path []string) {
		version := ""
		if len(path) > 3 {
			version = path[3]
		}
		serve(h, w, r, path[1], version)
	}}
}

// named is a route whose path begins repository/models/NAME.
func named(method string, serve func(h *handler, w http.ResponseWriter, r *http.Request, name string)) route {
	return route{method, func(h *handler, w http.ResponseWriter, r *http.Request, path []string) { serve(h, w, r, path[2]) }}
}

// ServeHTTP finds what a path asks for.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path, ok := segments(r.URL); ok {
		if to, ok := routes[pattern(path)]; ok {
			if allowed(w, r, to.method) {
				to.serve(h, w, r, path)
			}
			return
		}
	}
	notFound(w, r)
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
