package corpus

import (
	"net/http"
	"slices"

	"github.com/limen-waf/limen/classifier"
)

// FromHTTP makes a record of a server's request and the body that was read
// from it. net/http does not keep the order of header lines, so Host comes
// first and the others follow sorted by name.
func FromHTTP(r *http.Request, body []byte) *Record {
	rec := &Record{Method: r.Method, Target: r.RequestURI, Body: body}
	if rec.Method == "" {
		rec.Method = http.MethodGet
	}
	if rec.Target == "" { // a client's request
		rec.Target = r.URL.RequestURI()
	}
	host := r.Host
	if host == "" && r.URL != nil {
		host = r.URL.Host
	}
	if host != "" {
		rec.Headers = append(rec.Headers, classifier.Header{Name: "Host", Value: host})
	}
	names := make([]string, 0, len(r.Header))
	for name := range r.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range r.Header[name] {
			rec.Headers = append(rec.Headers, classifier.Header{Name: name, Value: value})
		}
	}
	return rec
}
