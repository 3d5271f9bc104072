package caddymodule

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/limen-waf/limen/store"
)

// Procedures whose calls are rows of acts, whoever makes them: a handler, or the admin
// endpoint and the command line (procedure_act.go).
const (
	procedureClassify = "classify"
	procedureDetect   = "detect"
	procedureInfer    = "infer"
)

// actProcedures are those of the registry (newProcedures) whose calls are acts. A
// version is raised when the same input would give another output with the same model
// and preset.
var actProcedures = []*store.Procedure{
	store.NewActProcedure(procedureClassify, 1, "labels a picture"),
	store.NewActProcedure(procedureDetect, 1, "finds things in a picture"),
	store.NewActProcedure(procedureInfer, 1, "runs a model on tensors"),
}

func actVersionOf(procedure string) int {
	for _, p := range actProcedures {
		if p.Name == procedure {
			return p.Version
		}
	}
	return 0
}

// caller says who makes a call, and by which request, for the call's row.
type caller struct {
	method, host, path  string
	client, who, server string
}

// httpCaller is who sent a request to a handler.
func httpCaller(r *http.Request) caller {
	by := caller{
		method: r.Method, host: strings.ToLower(r.Host), path: r.RequestURI,
		client: clientIP(r), who: principal(r), server: serverName(r),
	}
	if orig, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		by.method, by.path = orig.Method, orig.RequestURI
	}
	return by
}

// key is whose an Idempotency-Key is.
func (by *caller) key() string {
	if by.who != "" {
		return by.who
	}
	return "anonymous"
}

// beginAct begins the row of a call.
func beginAct(s *sharedStore, by *caller, procedure string, m *pooledModel) *store.Act {
	return &store.Act{
		ID: newActID(s), Procedure: procedure, Version: actVersionOf(procedure),
		Model: m.name, ModelDigest: m.digest, PresetDigest: m.presetDigest,
		Method: by.method, Host: by.host, Path: by.path, ClientIP: by.client, Principal: by.who, Server: by.server,
	}
}

// newAct begins the row of a call for one picture.
func (c *imageCall) newAct(data []byte) *store.Act {
	a := beginAct(c.store, &c.by, c.Task, c.model)
	a.InputDigest, a.InputBytes = digestOf(data), int64(len(data))
	return a
}

// finish fills in how the call went, and counts it.
func (c *imageCall) finish(a *store.Act, t *stages, err error) {
	a.Device, a.Batch, a.Fallback = t.device, t.batch, t.fallback
	us := t.micros()
	a.DecodeMicros, a.PreprocessMicros, a.QueueMicros, a.InferMicros, a.PostMicros = us.Decode, us.Preprocess, us.Queue, us.Infer, us.Post
	a.Status = http.StatusOK
	result := resultOK
	if err != nil {
		e := asCallError(err)
		a.Status, a.Error = e.status, e.Error()
		switch {
		case isClientsEnd(c.r, err):
			a.Status, result = statusClosed, resultCanceled
		case a.Status >= 500:
			result = resultError
		default:
			result = resultRefused
		}
	}
	observeStages(c.Model, t)
	countCall(c.Model, c.Task, result)
}

// statusClosed is nginx's status for a client that went away; none is sent.
const statusClosed = 499

// fill fills a row's results in.
func (s *sight) fill(a *store.Act) {
	a.Found = len(s.labels) + len(s.boxes)
	for _, l := range s.labels[:min(len(s.labels), store.MaxActResults)] {
		a.Results = append(a.Results, store.ActResult{Label: l.Label, Index: l.Index, Score: float32(l.Probability)})
	}
	for _, b := range s.boxes[:min(len(s.boxes), store.MaxActResults)] {
		box := [4]float32{float32(b.Box[0]), float32(b.Box[1]), float32(b.Box[2]), float32(b.Box[3])}
		a.Results = append(a.Results, store.ActResult{Label: b.Label, Index: b.Index, Score: float32(b.Score), Box: &box})
	}
}

// record queues a row. One that is not taken is counted by the store.
func (c *imageCall) record(a *store.Act) error {
	if c.store != nil && !c.NoRecord {
		c.store.RecordAct(a)
	}
	return nil
}
