package caddymodule

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/corpus"
	"github.com/limen-waf/limen/classifier/features"
	"github.com/limen-waf/limen/classifier/guard"
	"github.com/limen-waf/limen/gpu/native"
	"github.com/limen-waf/limen/model"
	"github.com/limen-waf/limen/model/adapt"
	"github.com/limen-waf/limen/store"
)

// adapting says that an adaptation runs. There is one in a process at a time.
var adapting atomic.Bool

// Bounds of an adaptation, which keep it within seconds and some tens of megabytes.
const (
	adaptTime    = 5 * time.Minute
	adaptLabels  = 2000    // the newest
	labelWindows = 256     // of one labelled request, the highest
	anchorRows   = 50_000  // recorded rows that are looked at, the newest
	anchorBytes  = 8 << 10 // the longest request that is an anchor
	anchorPassed = 3000    // of them at most that passed
	anchorHits   = 1000    // and that were flagged
	keptWindows  = 4       // of an anchor, the highest
	scoreSlack   = 1e-3    // between what was fitted and what the engine says of it
)

// adaptInput is the input of the procedure adapt.
type adaptInput struct {
	// Name of the new model; that of the base when empty.
	Name string `json:"name,omitempty"`
	Note string `json:"note,omitempty"`
	// AsOf looks at labels and recorded requests up to then.
	AsOf time.Time `json:"as_of,omitzero"`
	Seed int64     `json:"seed,omitempty"`
	// Strength is the weight of a label; 0 for the least that suffices.
	Strength float64 `json:"strength,omitempty"`
	// DryRun keeps no model. Force takes one that breaks a limit.
	DryRun bool `json:"dry_run,omitempty"`
	Force  bool `json:"force,omitempty"`
}

var modelNameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func (in *adaptInput) check() error {
	switch {
	case in.Name != "" && (!modelNameForm.MatchString(in.Name) || in.Name == model.DefaultRef):
		return badAdaptation("name is %q: want up to 64 letters, digits, points, dashes and underlines, and not %q", in.Name, model.DefaultRef)
	case in.Strength != 0 && !(in.Strength > 0) || math.IsInf(in.Strength, 0):
		return badAdaptation("strength is %v: want a number above 0, or 0 for the least that puts the labels right", in.Strength)
	}
	return nil
}

// badAdaptation is an error of the caller.
func badAdaptation(format string, args ...any) error {
	return apiError(http.StatusBadRequest, fmt.Errorf(format, args...))
}

// adaptProcedure fits the last layer of the running model to the labels. What it reads
// does not change meanwhile: labels up to the snapshot, rows that are never written again. No
// transaction is open while it computes; the model, the run that made it and the call's row
// are committed in one at the end.
func (a *App) adaptProcedure() *store.Procedure {
	return store.NewProcedure("adapt", 1, "makes a model of the running one that decides as the labels say", a.adapt)
}

func (a *App) adapt(ctx context.Context, t *store.Txn, in adaptInput) (*adaptReport, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if !adapting.CompareAndSwap(false, true) {
		return nil, apiError(http.StatusConflict, errors.New("an adaptation is running already: wait for it"))
	}
	defer adapting.Store(false)
	ctx, cancel := context.WithTimeoutCause(ctx, adaptTime, fmt.Errorf("the adaptation took longer than %s", adaptTime))
	defer cancel()
	s := a.store.Load()
	if s == nil {
		return nil, store.ErrClosed
	}
	j := &adaptation{in: in, view: t.View, begun: time.Now()}
	if !in.AsOf.IsZero() {
		j.view = t.At(in.AsOf)
	}
	report, err := j.run(ctx, a, s.Store, t)
	if err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return report, err
}

// adaptation is one that runs.
type adaptation struct {
	in    adaptInput
	view  *store.View
	begun time.Time

	base, running *model.Model
	sites         *siteThresholds
	extractor     *features.Extractor
	labels        []labelled
	anchors       []*store.Verdict
	input         adapt.Input
	report        *adaptReport
}

// labelled is a label that is learned from.
type labelled struct {
	store.LabelledVerdict
	request *classifier.Request
}

func (j *adaptation) run(ctx context.Context, a *App, s *store.Store, t *store.Txn) (*adaptReport, error) {
	if err := j.findBase(a, t); err != nil {
		return nil, err
	}
	j.report = &adaptReport{Base: j.base.Digest, Running: j.running.Digest, DryRun: j.in.DryRun, Note: j.in.Note, Seed: j.in.Seed}
	engine, err := native.New(j.base)
	if err != nil {
		return nil, badAdaptation("model %s cannot be adapted: only those that the native engine runs can (%w)", j.base.Manifest.Name, err)
	}
	defer engine.Close()
	if j.extractor, err = features.New(j.base, engine, a.classifier().Limits()); err != nil {
		return nil, err
	}
	j.extractor.Pause = giveWay
	if j.sites, err = newSiteThresholds(s, &j.base.Manifest); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{j.readLabels, j.readAnchors, j.readGuard} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	res, err := adapt.Adapt(ctx, j.input)
	switch {
	case errors.Is(err, adapt.ErrAgree):
		return nil, apiError(http.StatusConflict, fmt.Errorf("nothing to adapt: model %s@%s decides all %s as their labels say",
			j.running.Manifest.Name, j.running.ShortDigest(), plural(len(j.labels), "labelled request")))
	case errors.Is(err, adapt.ErrStuck):
		return nil, apiError(http.StatusConflict, errors.New("the labels cannot be put right by the last layer: what they say differs on requests that "+
			"the network takes for alike, or strength is too small; look at caddy limen labels, or let a place through with caddy limen except"))
	case err != nil:
		return nil, err
	}
	j.report.fill(j, res)
	if res.Breach != nil {
		j.report.Refused = refusal(res)
	}
	if res.Breach != nil && !j.in.Force && !j.in.DryRun {
		return nil, apiError(http.StatusConflict, errors.New(j.report.Refused))
	}
	for _, l := range j.labels {
		t.Parent("event", l.Label.ID.String())
	}
	m, run, err := j.model(t, res)
	if err != nil {
		return nil, err
	}
	if err := j.verify(ctx, a, m, res); err != nil {
		return nil, err
	}
	j.report.Name, j.report.Version = m.Manifest.Name, m.Manifest.Version
	j.report.Micros = time.Since(j.begun).Microseconds()
	if j.in.DryRun {
		return j.report, nil
	}
	j.report.Model = m.Digest
	return j.report, t.PutRun(&store.NewModel{Digest: m.Digest, Name: m.Manifest.Name, Manifest: m.ManifestJSON, Weights: m.ONNX}, *run)
}

// refusal says why an outcome is none, and what can be done.
func refusal(res *adapt.Result) string {
	return fmt.Sprintf("no model was made: with what it takes to decide %d of %d labelled requests rightly, %s. "+
		"Look at the labels (caddy limen labels, caddy limen adapt --dry-run): a wrong one does this; let a place through with "+
		"caddy limen except instead of labelling what nothing tells from an attack; or keep the model all the same with --force",
		res.After.Right, res.After.Labels, res.Breach)
}

// findBase finds the model to begin with: the running one, or, where that is adapted
// already, the one that it was adapted from. All labels are learned each time, so nothing that a
// former adaptation moved adds up, and a label that was taken back is gone.
func (j *adaptation) findBase(a *App, t *store.Txn) error {
	j.running = a.model()
	j.base = j.running
	run := adapt.RunOf(&j.running.Manifest)
	if run == nil {
		return nil
	}
	parent := a.configured
	if run.Parent != parent.Digest {
		record, err := t.Model(run.Parent)
		if err != nil || record == nil {
			return err
		}
		weights, err := t.Weights(run.Parent)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if parent, err = model.New(record.Manifest, weights); err != nil {
			return err
		}
	}
	// Both heads are to stand on one network: features are computed once.
	head, err := adapt.ReadHead(j.running.ONNX)
	if err != nil {
		return err
	}
	same, err := adapt.WriteHead(parent.ONNX, head)
	if err == nil && parent.Digest == run.Parent && sha256.Sum256(same) == sha256.Sum256(j.running.ONNX) && slices.Equal(parent.Manifest.Classes, j.running.Manifest.Classes) {
		j.base = parent
	}
	return nil
}

// readLabels reads the labelled requests.
func (j *adaptation) readLabels(ctx context.Context) error {
	all, older, err := j.view.LabelledVerdicts(ctx, adaptLabels)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return badAdaptation("no decision is labelled yet: label some that were wrong (caddy limen verdicts --decision block, then caddy limen label ID normal), and some that were right")
	}
	r := j.report
	r.Labels.Found, r.Labels.Older = len(all)+older, older
	newest := make(map[[sha256.Size]byte]bool)
	for _, l := range slices.Backward(all) { // the newest first: of equal requests its word counts
		request, why := storedRequest(l.Verdict)
		if why == "" {
			sum := sha256.Sum256(l.Verdict.Request)
			if newest[sum] {
				why = "a newer label is on an equal request"
			}
			newest[sum] = true
		}
		if why != "" {
			r.leaveOut(&l, why)
			continue
		}
		j.labels = append(j.labels, labelled{l, request})
	}
	slices.Reverse(j.labels)
	if len(j.labels) == 0 {
		return badAdaptation("none of %s can be learned from: %s; the request itself has to be stored (record all)", plural(len(all), "label"), r.Labels.LeftOut[0].Why)
	}
	for i := range j.labels {
		l := &j.labels[i]
		x, err := j.extractor.Request(ctx, l.request, labelWindows)
		if err != nil {
			return fmt.Errorf("reading the request of verdict %s: %w", l.Verdict.ID, err)
		}
		k := adapt.Known{Example: adapt.Example{Features: x, Thresholds: j.thresholds(l.Verdict), Place: placeOf(l.Verdict)}, Attack: l.Label.Label == store.LabelAttack}
		if k.Attack {
			k.Class = max(0, slices.Index(j.base.Manifest.Classes, l.Label.Class))
		}
		j.input.Labels = append(j.input.Labels, k)
	}
	return nil
}

// storedRequest returns the request of a row, or why there is none to learn from.
func storedRequest(v *store.Verdict) (*classifier.Request, string) {
	switch {
	case v == nil:
		return nil, "its row was removed"
	case v.Request == nil:
		return nil, "its request is not stored"
	case v.RequestCut > 0:
		return nil, "its request is stored in part only"
	}
	stored, err := store.ParseRequest(v.Request)
	if err != nil {
		return nil, "its stored request cannot be read"
	}
	r := &classifier.Request{Method: stored.Method, Target: stored.Target, Body: stored.Body}
	for _, h := range stored.Headers {
		r.Headers = append(r.Headers, classifier.Header(h))
	}
	return r, ""
}

// thresholds are those that a row's site has, by class.
func (j *adaptation) thresholds(v *store.Verdict) []float64 {
	out := make([]float64, len(j.base.Manifest.Classes))
	for i, class := range j.base.Manifest.Classes {
		out[i] = j.sites.of(v, class)
	}
	return out
}

// placeOf is a row's host and the folder of its path, or the path where that has none.
func placeOf(v *store.Verdict) string {
	path, _, _ := strings.Cut(v.Path, "?")
	if i := strings.LastIndexByte(path, '/'); i > 0 {
		path = path[:i+1]
	}
	return strings.ToLower(v.Host) + path
}

// readAnchors draws recorded requests of which nobody said anything.
func (j *adaptation) readAnchors(ctx context.Context) error {
	rows, err := j.view.Sample(ctx, store.SampleOptions{Seed: j.in.Seed, Rows: anchorRows, Flagged: anchorHits, Passed: anchorPassed, Bytes: anchorBytes})
	if err != nil {
		return err
	}
	for _, v := range rows {
		request, why := storedRequest(v)
		if why != "" {
			continue
		}
		x, err := j.extractor.Request(ctx, request, keptWindows)
		if err != nil {
			return fmt.Errorf("reading the request of verdict %s: %w", v.ID, err)
		}
		v.Request = nil // its features are what counts from here on
		j.anchors = append(j.anchors, v)
		j.input.Anchors = append(j.input.Anchors, adapt.Example{Features: x, Thresholds: j.thresholds(v), Place: placeOf(v)})
	}
	return nil
}

// readGuard reads the built-in requests, and what else a fit needs.
func (j *adaptation) readGuard(ctx context.Context) error {
	policy := blockingPolicy(j.base)
	thresholds := make([]float64, len(j.base.Manifest.Classes))
	for i, class := range j.base.Manifest.Classes {
		thresholds[i] = policy.ThresholdFor(class)
	}
	for set, into := range map[string]*[]adapt.Known{guard.Rehearsal: &j.input.Rehearsal, guard.Held: &j.input.Guard} {
		requests, err := guard.Requests(set)
		if err != nil {
			return err
		}
		for _, rec := range requests {
			x, err := j.extractor.Request(ctx, rec.Request(), keptWindows)
			if err != nil {
				return err
			}
			k := adapt.Known{Example: adapt.Example{Features: x, Thresholds: thresholds}, Attack: rec.Label == corpus.Attack}
			if k.Attack {
				k.Class = max(0, slices.Index(j.base.Manifest.Classes, rec.Class))
			}
			*into = append(*into, k)
		}
	}
	var err error
	if j.input.Base, err = adapt.ReadHead(j.base.ONNX); err != nil {
		return badAdaptation("model %s cannot be adapted: %w", j.base.Manifest.Name, err)
	}
	if j.input.Running, err = adapt.ReadHead(j.running.ONNX); err != nil {
		return err
	}
	j.input.Strength, j.input.Force, j.input.Limits = j.in.Strength, j.in.Force, adapt.DefaultLimits
	j.input.Progress = func(float64) { giveWay(ctx) }
	return nil
}
