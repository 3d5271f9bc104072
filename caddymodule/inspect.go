package caddymodule

import (
	"context"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/limen-waf/limen/classifier"
)

// inspectionVar is the request variable that keeps the inspection, so that
// matchers and handlers on one request score it once.
const inspectionVar = "limen.inspection"

// deadlineBytes is how much body one deadline is for: a body gets another
// deadline for each such piece that it has, because the work grows with it.
const deadlineBytes = 64 << 10

// reasonBody is the fallback of a request whose body could not be read.
const reasonBody = "body"

// inspection is what is known of one request after the network has read it.
type inspection struct {
	engine *pooledEngine
	result classifier.Result
	err    error // of the engine

	wire    *wireRequest // as it was scored; nil once taken
	body    *body        // in r.Body's place; nil without a body
	read    []byte       // the inspected bytes of the body; valid until body's release
	size    int64        // of the body; more than len(read) when it is longer
	bodyErr error        // of reading the body
}

// scope bounds one inspection.
type scope struct {
	bodyLimit int64         // bytes
	deadline  time.Duration // for each deadlineBytes of body begun
}

var defaultScope = scope{bodyLimit: defaultBodyLimit, deadline: defaultDeadline}

// inspect scores r, or returns what an earlier call on the same request found.
// It reads the body within the scope and leaves r with a body that gives
// everything back.
func inspect(r *http.Request, e *pooledEngine, s scope) *inspection {
	if in, ok := caddyhttp.GetVar(r.Context(), inspectionVar).(*inspection); ok && in.covers(r, e, s) {
		return in
	}
	in := &inspection{engine: e}
	if hasBody(r) {
		in.body, in.read, in.size, in.bodyErr = readBody(r, s.bodyLimit)
	}
	in.score(r, s)
	caddyhttp.SetVar(r.Context(), inspectionVar, in)
	return in
}

// covers says whether in is as good as a new inspection: the same model has read
// the same body, and no less of it.
func (in *inspection) covers(r *http.Request, e *pooledEngine, s scope) bool {
	if in.engine != e {
		return false
	}
	if in.body == nil {
		return !hasBody(r)
	}
	if got, ok := r.Body.(*body); !ok || got != in.body {
		return false
	}
	return int64(len(in.read)) >= min(s.bodyLimit, in.size)
}

func (in *inspection) score(r *http.Request, s scope) {
	ctx, cancel := context.WithTimeout(r.Context(), s.deadline*time.Duration(1+len(in.read)/deadlineBytes))
	defer cancel()
	in.wire = newWireRequest(r, in.read, in.size)
	in.result, in.err = in.engine.classify(ctx, &in.wire.Request)
	if in.result.Fallback == "" && in.bodyErr != nil {
		in.result.Fallback = reasonBody
	}
}

// takeWire returns the request as it was scored. The caller frees it.
func (in *inspection) takeWire(r *http.Request) *wireRequest {
	w := in.wire
	if w == nil { // an earlier handler took it
		return newWireRequest(r, in.read, in.size)
	}
	in.wire = nil
	return w
}
