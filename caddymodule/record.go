package caddymodule

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/oklog/ulid/v2"
	"go.uber.org/zap"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/store"
)

// Which decisions a handler stores.
const (
	recordAll     = "all"
	recordFlagged = "flagged"
	recordNone    = "none"
	recordSample  = "sample"
)

func validateRecord(record string, sample float64) error {
	if !slices.Contains([]string{recordAll, recordFlagged, recordNone, recordSample}, record) {
		return fmt.Errorf("record is %q, expected all, flagged, none or sample", record)
	}
	switch {
	case record == recordSample && !(sample > 0 && sample <= 1):
		return fmt.Errorf("sample is %v, expected a number above 0 and at most 1", sample)
	case record != recordSample && sample != 0:
		return fmt.Errorf("sample is %v, but record is %q: sample belongs to record \"sample\"", sample, record)
	}
	return nil
}

// How a handler's rows get to the disk.
const (
	durabilityBatched = "batched"
	durabilityStrict  = "strict"
)

// strictWait bounds how long a blocked request waits for a disk that does not
// answer.
const strictWait = 5 * time.Second

// recorder writes the verdicts of one handler to the store.
type recorder struct {
	app    *App
	log    *zap.Logger
	failed logLimit

	record string
	sample float64
	strict bool

	policy       *classifier.Policy
	policyDigest string
}

// newRecorder makes the recorder of a handler that has its policy.
func newRecorder(h *Handler) (*recorder, error) {
	policy, err := h.policyJSON()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(policy)
	digest := "sha256:" + hex.EncodeToString(sum[:])
	h.app.policies = append(h.app.policies, policyRecord{digest, policy})
	return &recorder{
		app:          h.app,
		log:          h.log,
		record:       h.Record,
		sample:       h.Sample,
		strict:       h.Durability == durabilityStrict,
		policy:       &h.policy,
		policyDigest: digest,
	}, nil
}

// policyJSON is everything that the handler's decisions depend on besides the
// model. Its digest stands in every row. With target_fpr, threshold is the one to
// begin with; which one was used is in the row.
func (h *Handler) policyJSON() ([]byte, error) {
	return json.Marshal(struct {
		Mode            classifier.Mode          `json:"mode"`
		Threshold       float64                  `json:"threshold"`
		TargetFPR       float64                  `json:"target_fpr,omitempty"`
		ClassThresholds map[string]float64       `json:"class_thresholds,omitempty"`
		OnError         classifier.Decision      `json:"on_error"`
		OnOversize      classifier.Decision      `json:"on_oversize"`
		Deadline        string                   `json:"deadline"`
		BodyLimit       int64                    `json:"body_limit"`
		Except          caddyhttp.RawMatcherSets `json:"except,omitempty"`
	}{
		h.policy.Mode, h.policy.Threshold, h.TargetFPR, h.policy.ClassThresholds, h.policy.OnError, h.policy.OnOversize,
		time.Duration(h.Deadline).String(), h.BodyLimit, h.ExceptRaw,
	})
}

// newID returns the id of a decision that is made now.
func (rec *recorder) newID(r *http.Request) ulid.ULID {
	if s := rec.app.openStore(r.Context()); s != nil {
		return s.NewID()
	}
	return ulid.Make()
}

// wants says whether a decision is to be stored, and whether it would be
// whatever its score. Flagged ones are those that somebody may ask about.
func (rec *recorder) wants(flagged bool) (store, sampled bool) {
	switch rec.record {
	case recordNone:
		return false, false
	case recordFlagged:
		return flagged, false
	case recordSample:
		sampled = rand.Float64() < rec.sample
		return flagged || sampled, sampled
	}
	return true, true
}

// keepBody is how much of the body a row keeps of a request that nobody will ask
// about: there are many of those, and masking costs more than scoring, though not the
// request's time. Of one that is flagged it keeps all that was read.
const keepBody = 8 << 10

// inspected stores the verdict of an inspection. A request that goes on is returned
// with its row, for finish to add the outcome; nil when there is nothing to add. Unless
// durability is strict it returns before the row is on disk. It reports nothing: a
// store that fails counts and logs that, and never stops serving.
func (rec *recorder) inspected(r *http.Request, id ulid.ULID, v *verdict, in *inspection, flagged bool, site string) *wireRequest {
	w := in.takeWire(r)
	rec.count(v)
	wanted, sampled := rec.wants(flagged || v.Fallback != "" || v.Decision != classifier.Allow)
	if !wanted {
		w.free()
		return nil
	}
	row := w.row(r)
	res := &in.result
	m, info := in.engine.classifier.Model(), in.engine.classifier.Engine().Info()

	row.ID = id
	rec.fill(row, v)
	row.Route, row.Threshold, row.Sampled = site, v.Threshold, sampled
	for i, p := range res.Classes {
		w.scores = append(w.scores, store.ClassScore{Class: m.Manifest.Classes[i], Score: float32(p)})
	}
	row.ClassScores = w.scores
	row.ModelDigest, row.TokenizerVersion = m.Digest, m.Manifest.Tokenizer.Version
	row.Engine, row.Device = info.Engine, info.Device
	row.TokenizeMicros, row.InferMicros = res.Tokenize.Microseconds(), res.Infer.Microseconds()
	row.BytesInspected, row.BytesSent = res.Inspected, res.Sent
	row.DecodeDepth, row.Windows = res.Depth, res.Windows
	if !flagged && len(w.source.Body) > keepBody {
		if s := rec.app.store.Load(); s != nil { // equal requests have equal digests, whatever is kept
			row.RequestDigest = s.RequestDigest(&w.source)
		}
		row.RequestCut = int64(len(w.source.Body) - keepBody)
		w.source.Body = w.source.Body[:keepBody]
	}
	return rec.hold(r, w)
}

// passed stores that an exception let a request through, as inspected does. Its body was
// not read.
func (rec *recorder) passed(r *http.Request, id ulid.ULID, v *verdict, site string) *wireRequest {
	rec.count(v)
	wanted, sampled := rec.wants(false)
	if !wanted {
		return nil
	}
	w := newWireRequest(r, nil, 0)
	row := w.row(r)
	row.ID = id
	rec.fill(row, v)
	row.Route, row.Sampled = site, sampled
	row.BytesSent = int64(len(w.Target)) + max(r.ContentLength, 0)
	return rec.hold(r, w)
}

// count counts the decision for ever, whether or not it is stored.
func (rec *recorder) count(v *verdict) {
	if s := rec.app.store.Load(); s != nil {
		s.Count(&store.Verdict{Decision: string(v.Decision), Class: v.Class})
	}
}

// put hands a row to the store. A row that is not taken is counted there.
func (rec *recorder) put(r *http.Request, row *store.Verdict) {
	s := rec.app.store.Load()
	if s == nil {
		return // Start has failed
	}
	if !rec.strict || row.Decision != store.Block {
		s.Record(row)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), strictWait)
	defer cancel()
	if err := s.RecordSync(ctx, row); err != nil {
		if held, ok := rec.failed.allow(time.Now()); ok {
			rec.log.Error("blocked request is not known to be on disk",
				zap.Error(err), zap.Int64("more_since_last_line", held))
		}
	}
}

func (rec *recorder) fill(row *store.Verdict, v *verdict) {
	row.Score, row.Class = v.Score, v.Class
	row.Decision, row.Mode = string(v.Decision), string(rec.policy.Mode)
	row.Exception, row.Fallback = v.Except, v.Fallback
	row.PolicyDigest = rec.policyDigest
	if v.Decision == classifier.Block {
		row.Status = http.StatusForbidden
	}
}

// row begins the row of a request. It is valid until w is freed, and so is what
// it points to.
func (w *wireRequest) row(r *http.Request) *store.Verdict {
	for _, h := range w.Headers {
		w.fields = append(w.fields, store.Header(h))
	}
	w.source = store.Request{Method: w.Method, Target: w.Target, Headers: w.fields, Body: w.Body}
	w.verdict = store.Verdict{
		Method:    w.Method,
		Host:      strings.ToLower(r.Host),
		Path:      w.Target,
		ClientIP:  clientIP(r),
		Principal: principal(r),
		Server:    serverName(r),
		Source:    &w.source,
	}
	return &w.verdict
}

// principal is who the request was authenticated as, where a handler before
// Limen did that.
func principal(r *http.Request) string {
	repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if !ok {
		return ""
	}
	id, _ := repl.GetString("http.auth.user.id")
	return id
}
