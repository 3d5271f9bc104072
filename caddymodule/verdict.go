package caddymodule

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/limen-waf/limen/classifier"
)

// verdictVar is the request variable that keeps the verdict of the last limen
// handler.
const verdictVar = "limen.verdict"

// verdict is what a handler made of one request, for placeholders, the access
// log and the tags.
type verdict struct {
	ID        string
	Score     float64
	Threshold float64 // that applied; 0 where none did
	Class     string
	Decision  classifier.Decision
	Model     string // name@digest, the digest short
	Fallback  string
	Except    string
}

// placeholderPrefix begins the placeholders of a verdict:
//
//	Placeholder | Description
//	------------|---------------
//	`{http.limen.id}`       | The id of the decision, as in `caddy limen why ID`
//	`{http.limen.decision}` | allow, tag or block
//	`{http.limen.score}`    | The probability that the request is an attack, 0 to 1
//	`{http.limen.threshold}` | The score from which it is one
//	`{http.limen.class}`    | The kind of attack, or none
//	`{http.limen.model}`    | The model's name and the beginning of its digest
const placeholderPrefix = "http.limen."

// publish makes v known to the handlers that follow, error routes included, and
// to the access log.
func (v *verdict) publish(r *http.Request) {
	ctx := r.Context()
	if old, ok := caddyhttp.GetVar(ctx, verdictVar).(*verdict); ok {
		*old = *v // placeholders and log field of an earlier handler read it
		return
	}
	caddyhttp.SetVar(ctx, verdictVar, v)
	if repl, ok := ctx.Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		repl.Map(v.placeholder)
	}
	if extra, ok := ctx.Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields); ok && logged(r) {
		extra.Add(zap.Object("limen", v))
	}
}

// logged says whether r's server writes an access log at all.
func logged(r *http.Request) bool {
	srv, ok := r.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	return !ok || srv == nil || srv.Logs != nil
}

func (v *verdict) placeholder(key string) (any, bool) {
	name, ok := strings.CutPrefix(key, placeholderPrefix)
	if !ok {
		return nil, false
	}
	switch name {
	case "id":
		return v.ID, true
	case "decision":
		return string(v.Decision), true
	case "score":
		return v.Score, true
	case "threshold":
		return v.Threshold, true
	case "class":
		return v.Class, true
	case "model":
		return v.Model, true
	}
	return nil, false
}

// MarshalLogObject implements zapcore.ObjectMarshaler.
func (v *verdict) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("id", v.ID)
	enc.AddString("decision", string(v.Decision))
	enc.AddFloat64("score", v.Score)
	if v.Except == "" {
		enc.AddFloat64("threshold", v.Threshold)
	}
	enc.AddString("class", v.Class)
	enc.AddString("model", v.Model)
	if v.Fallback != "" {
		enc.AddString("fallback", v.Fallback)
	}
	if v.Except != "" {
		enc.AddString("except", v.Except)
	}
	return nil
}
