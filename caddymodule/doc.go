// Package caddymodule is everything of Limen that Caddy sees. It is thin: it
// turns Caddy's requests into the classifier's, its results into Caddy's answers,
// and both into rows of the store.
//
// The modules:
//
//   - [App], `limen`, is the state of a server: model, engine and store. Handlers
//     find it, or make it, with ctx.App. What it holds lives in pools (engine.go,
//     store.go) that a reload shares, keyed by the model's digest and by the
//     data folder.
//   - [Handler], `http.handlers.limen`, is the firewall. Its way through a request:
//     exceptions (except.go), reading the body and giving it back (body.go), the
//     wire form (request.go), the score (inspect.go), the decision and what is
//     published of it (verdict.go), the row (record.go), the headers (tag.go).
//   - [MatchLimen], `http.matchers.limen`, asks the same question in a matcher, and
//     in CEL expressions (matcher_cel.go).
//   - [ImageHandler], `http.handlers.limen_image`, looks at pictures, to answer or as a
//     gate (image_gate.go). Its way through a request: the body and the files in it
//     (image_body.go), decoding, the model and what it says (image_look.go), the answer
//     (image_call.go, image_answer.go), the row (image_record.go).
//   - [InferenceHandler], `http.handlers.limen_inference`, serves tensors: package
//     inference over the same models. Those live in a pool too (app_models_pool.go), by the content
//     of their files and their options, and a call borrows one for as long as it takes.
//   - adminAPI, `admin.api.limen`, answers about decisions and state (admin.go), and
//     calls procedures (procedure.go): what changes labels, exceptions and the active
//     model (procedure_model.go). The command line goes the same way.
//
// Around them stand the Caddyfile's grammar (app_caddyfile.go,
// app_models_caddyfile.go, handler_caddyfile.go …), the metrics, which outlive reloads (metrics.go), the way of
// log lines from zerolog to Caddy (log.go), and the command line (cli*.go), which
// needs no server except where it asks one.
//
// Three rules keep the handler out of the way. The response writer is never
// wrapped. A request is changed only where the mode says so: the body, which must
// be read, is put back so that nobody can tell. And nothing that fails here stops
// serving, unless on_error says that it should.
package caddymodule
