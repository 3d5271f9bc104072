package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/limen-waf/limen/store"
)

// answerFunc answers a question of the admin endpoint.
type answerFunc = func(*App, *sharedStore, *http.Request) (any, error)

// stateResource finds what answers on these paths, and with which method; nil for
// none:
//
//	GET  /limen/procedures   what can be called
//	POST /limen/call/{name}  calls a procedure: its input in JSON, headers
//	                         Idempotency-Key and Limen-Principal; answers with the call's row
//	                         and output
//	GET  /limen/calls        calls, {"calls":[…],"next":"cursor"}: since, until, procedure, model,
//	                         principal, limit, cursor
//	GET  /limen/calls/{id}   one call
//	GET  /limen/acts         calls of image and inference procedures, {"acts":[…],"next":"cursor"}:
//	                         since, until, procedure, model, principal, decision, limit, cursor
//	GET  /limen/acts/{id}    one of them
//	GET  /limen/acts/{id}/why  with its model and preset
//	GET  /limen/acts/{id}/thumbnail  its picture as a small JPEG, where one is kept
//	GET  /limen/labels       label, class, author, history=true, verdict, as_of, limit, cursor
//	GET  /limen/exceptions   as_of, history=true
//	GET  /limen/models       as_of
//	GET  /limen/policies     thresholds and policies in force at each site: as_of
//
// as_of is a time or an age, as since is.
func stateResource(path []string) (method string, answer answerFunc) {
	switch {
	case len(path) == 2 && path[0] == "call":
		return http.MethodPost, postCall(path[1])
	case len(path) == 2 && path[0] == "calls":
		return http.MethodGet, getCall(path[1])
	case len(path) == 2 && path[0] == "acts":
		return http.MethodGet, getAct(path[1])
	case len(path) == 3 && path[0] == "acts" && path[2] == "why":
		return http.MethodGet, getActWhy(path[1])
	case len(path) == 3 && path[0] == "acts" && path[2] == "thumbnail":
		return http.MethodGet, getActThumbnail(path[1])
	case len(path) == 1:
		return http.MethodGet, map[string]answerFunc{
			"procedures": getProcedures, "calls": getCalls, "acts": getActs, "labels": getLabels, "exceptions": getExceptions,
			"models": getModels, "policies": getPolicies,
		}[path[0]]
	}
	return "", nil
}

// Headers of a call.
const (
	headerKey       = "Idempotency-Key"
	headerPrincipal = "Limen-Principal"
)

// adminPrincipal is who calls where the caller does not say.
const adminPrincipal = "admin"

// maxInput bounds a call's input: a request to score with its body. maxActInput bounds
// one with pictures or tensors.
const (
	maxInput    = 8 << 20
	maxActInput = 64 << 20
)

// postCall calls the procedure with the name. The body is its input; the answer is the
// row of the call.
func postCall(name string) answerFunc {
	return func(app *App, s *sharedStore, r *http.Request) (any, error) {
		p, err := app.procedures.Get(name)
		if err != nil {
			return nil, err
		}
		if p.Internal {
			return nil, apiError(http.StatusForbidden, fmt.Errorf("procedure %s is the server's own", name))
		}
		// A page in the administrator's browser can send a form here, and no JSON.
		if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
			return nil, apiError(http.StatusUnsupportedMediaType, errors.New("the input of a procedure is JSON: send it with Content-Type application/json"))
		}
		limit := maxInput
		if p.Acts {
			limit = maxActInput
		}
		if r.ContentLength > int64(limit) {
			return nil, apiError(http.StatusRequestEntityTooLarge, fmt.Errorf("the input has %d bytes, expected at most %d", r.ContentLength, limit))
		}
		input, err := io.ReadAll(io.LimitReader(r.Body, int64(limit)+1))
		switch {
		case err != nil:
			return nil, apiError(http.StatusBadRequest, fmt.Errorf("reading the input: %w", err))
		case len(input) > limit:
			return nil, apiError(http.StatusRequestEntityTooLarge, fmt.Errorf("the input is longer than %d bytes", limit))
		}
		if p.Acts {
			return app.callAct(s, r, p, input)
		}
		return s.Invoke(r.Context(), p, store.Invocation{
			Principal: callPrincipal(r), Key: r.Header.Get(headerKey), Input: input,
		})
	}
}

// callPrincipal is who calls: the certificate's subject at a remote admin endpoint,
// else who the caller says. Whoever reaches a local admin endpoint can change the
// configuration, so there is nobody to doubt there.
func callPrincipal(r *http.Request) string {
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 && len(r.TLS.PeerCertificates) > 0 {
		if name := r.TLS.PeerCertificates[0].Subject.String(); name != "" {
			return name
		}
	}
	if name := r.Header.Get(headerPrincipal); name != "" {
		return name
	}
	return adminPrincipal
}

// proceduresAnswer is what /limen/procedures says.
type proceduresAnswer struct {
	Procedures []store.ProcedureInfo `json:"procedures"`
}

// getProcedures lists what can be called, with the time since which it is known here.
func getProcedures(app *App, s *sharedStore, _ *http.Request) (any, error) {
	called, err := s.Procedures()
	if err != nil {
		return nil, err
	}
	list := app.procedures.List()
	for i := range list {
		p := &list[i]
		at := slices.IndexFunc(called, func(c store.ProcedureInfo) bool { return c.Name == p.Name && c.Version == p.Version })
		if at >= 0 {
			p.FirstSeen = called[at].FirstSeen
		}
	}
	return proceduresAnswer{list}, nil
}

func getCalls(_ *App, s *sharedStore, r *http.Request) (any, error) {
	var q store.CallQuery
	err := readParams(r.URL.Query(), map[string]any{
		"since": &q.Since, "until": &q.Until, "procedure": &q.Procedure, "model": &q.Model, "principal": &q.Principal,
		"limit": &q.Limit, "cursor": &q.After,
	})
	if err != nil {
		return nil, err
	}
	return s.Calls(r.Context(), q)
}

func getCall(id string) answerFunc {
	return func(_ *App, s *sharedStore, _ *http.Request) (any, error) {
		id, err := store.ParseID(id)
		if err != nil {
			return nil, err
		}
		return s.Call(id)
	}
}

// readParams reads the parameters of a question. An unknown one is an error.
func readParams(params url.Values, into map[string]any) error {
	for name, values := range params {
		target, ok := into[name]
		if !ok {
			return apiError(http.StatusBadRequest, fmt.Errorf("unknown parameter %s", name))
		}
		if len(values) > 1 {
			return apiError(http.StatusBadRequest, fmt.Errorf("parameter %s is given %d times", name, len(values)))
		}
		var err error
		switch v := target.(type) {
		case *string:
			*v = values[0]
		case *int:
			*v, err = strconv.Atoi(values[0])
		case *bool:
			*v, err = strconv.ParseBool(values[0])
		case *time.Time:
			*v, err = parseTime(values[0], time.Now())
		}
		if err != nil {
			return apiError(http.StatusBadRequest, fmt.Errorf("parameter %s is %q: %w", name, values[0], err))
		}
	}
	return nil
}

// call asks the running server to call a procedure, and decodes the call's row with its
// output into call.
func (c *adminClient) call(name string, principal, key string, input, call any) error {
	body, err := json.Marshal(input)
	if err != nil {
		return err
	}
	header := http.Header{"Content-Type": {"application/json"}, headerPrincipal: {principal}}
	if key != "" {
		header.Set(headerKey, key)
	}
	return c.send(http.MethodPost, "/limen/call/"+url.PathEscape(name), header, body, call)
}
