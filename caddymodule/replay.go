package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/model"
	"github.com/limen-waf/limen/store"
)

// defaultExamples is how many flips of each kind a replay shows.
const defaultExamples = 5

// findModel opens a model by its path, by "default", or by the name or digest that
// the store has it under.
func findModel(s *store.Store, reference string) (*model.Model, error) {
	loaded, err := loadReference(reference)
	if err != nil {
		return nil, err
	}
	if loaded != nil {
		return model.New(loaded.Manifest, loaded.Weights)
	}
	record, err := s.At(time.Time{}).FindModel(reference)
	if err != nil {
		return nil, err
	}
	weights, err := s.Weights(record.Digest)
	if err != nil {
		return nil, err
	}
	return model.New(record.Manifest, weights)
}

// startReplay begins a replay of q's rows under a candidate. A threshold of 0 is each
// site's own.
func startReplay(ctx context.Context, s *store.Store, c *classifier.Classifier, reference string, q store.Query, threshold float64, examples int) (*store.Replay, error) {
	bounds, err := s.Bounds(ctx, q)
	if err != nil {
		return nil, err
	}
	if threshold != 0 && !(threshold > 0 && threshold <= 1) {
		return nil, fmt.Errorf("%w: threshold %v: want a number above 0, up to 1", store.ErrQuery, threshold)
	}
	m, info := c.Model(), c.Engine().Info()
	return &store.Replay{
		ID: s.NewID(), Model: reference, ModelName: m.Manifest.Name + "@" + m.ShortDigest(), ModelDigest: m.Digest,
		Engine: info.Engine, Device: info.Device, Filter: queryValues(&q).Encode(), Range: bounds, Threshold: threshold,
		Limit: examples, Started: time.Now().UTC().Truncate(time.Millisecond),
	}, nil
}

// checkResumed refuses to go on with another model or engine than the one that the
// replay began with: its figures would be of two.
func checkResumed(p *store.Replay, c *classifier.Classifier) error {
	info := c.Engine().Info()
	switch {
	case p.ModelDigest != c.Model().Digest:
		return fmt.Errorf("%w: replay %s began under model %s, but %q is now %s: begin a new one",
			store.ErrQuery, p.ID, p.ModelDigest, p.Model, c.Model().Digest)
	case p.Engine != info.Engine || p.Device != info.Device:
		return fmt.Errorf("%w: replay %s began on %s (%s), this is %s (%s), whose scores differ in the last digits: begin a new one",
			store.ErrQuery, p.ID, p.Engine, p.Device, info.Engine, info.Device)
	}
	return nil
}

// rescorer scores recorded requests under a candidate, and judges them as their site
// would.
type rescorer struct {
	*siteThresholds
	candidate *classifier.Classifier
	threshold float64 // of all, 0 for each site's own
}

// siteThresholds are the thresholds that sites would have under a candidate.
type siteThresholds struct {
	candidate *model.Manifest
	policies  map[string]*sitePolicy
	models    map[string]*model.Manifest
	judges    sync.Map // judgeKey: classifier.Policy
}

// sitePolicy is what a policy's snapshot says of thresholds.
type sitePolicy struct {
	Threshold       float64            `json:"threshold"`
	TargetFPR       float64            `json:"target_fpr"`
	ClassThresholds map[string]float64 `json:"class_thresholds"`
}

type judgeKey struct{ policy, model string }

func newRescorer(s *store.Store, candidate *classifier.Classifier, threshold float64) (*rescorer, error) {
	sites, err := newSiteThresholds(s, &candidate.Model().Manifest)
	return &rescorer{sites, candidate, threshold}, err
}

func newSiteThresholds(s *store.Store, candidate *model.Manifest) (*siteThresholds, error) {
	r := &siteThresholds{candidate: candidate, policies: make(map[string]*sitePolicy), models: make(map[string]*model.Manifest)}
	now := s.At(time.Time{})
	policies, err := now.Policies()
	if err != nil {
		return nil, err
	}
	for _, p := range policies {
		site := new(sitePolicy)
		if json.Unmarshal(p.Policy, site) == nil {
			r.policies[p.Digest] = site
		}
	}
	models, err := now.Models()
	if err != nil {
		return nil, err
	}
	for _, m := range models {
		manifest := new(model.Manifest)
		if json.Unmarshal(m.Manifest, manifest) == nil {
			r.models[m.Digest] = manifest
		}
	}
	return r, nil
}

// worker is store.ReplayOptions.NewRescorer.
func (r *rescorer) worker() store.Rescorer {
	var req classifier.Request
	return func(ctx context.Context, v *store.Verdict, stored *store.Request) (store.Judgement, error) {
		req.Method, req.Target, req.Body = stored.Method, stored.Target, stored.Body
		req.Headers = req.Headers[:0]
		for _, h := range stored.Headers {
			req.Headers = append(req.Headers, classifier.Header(h))
		}
		res, err := r.candidate.Classify(ctx, &req)
		switch {
		case err != nil:
			return store.Judgement{}, err
		case res.Fallback != "":
			if err := ctx.Err(); err != nil {
				return store.Judgement{}, err
			}
			return store.Judgement{}, errors.New("scored in part only: " + res.Fallback)
		}
		j := store.Judgement{Score: res.Score, Class: res.Class, Threshold: r.thresholdOf(v, &res)}
		if j.Score >= j.Threshold {
			j.Class = res.Attack // as the handler names it
		}
		return j, nil
	}
}

// thresholdOf returns the threshold that the row's site would hold the result
// against, if the candidate were its model.
func (r *rescorer) thresholdOf(v *store.Verdict, res *classifier.Result) float64 {
	if r.threshold != 0 {
		return r.threshold
	}
	return r.of(v, res.Attack)
}

// of is the threshold for a row whose likeliest attack class is the given one.
func (r *siteThresholds) of(v *store.Verdict, attack string) float64 {
	site, old := r.policies[v.PolicyDigest], r.models[v.ModelDigest]
	if site != nil && site.TargetFPR > 0 && v.Threshold > 0 && (old == nil || v.Threshold != shippedThreshold(old, v.Class)) {
		return v.Threshold // that the site's traffic gave
	}
	key := judgeKey{v.PolicyDigest, v.ModelDigest}
	p, ok := r.judges.Load(key)
	if !ok {
		p, _ = r.judges.LoadOrStore(key, under(r.candidate, site, old))
	}
	return p.(*classifier.Policy).ThresholdFor(attack)
}

func shippedThreshold(m *model.Manifest, class string) float64 {
	if t, ok := m.ClassThresholds[class]; ok {
		return t
	}
	return m.Threshold
}

// under returns the thresholds that a site would have under a candidate: where it
// had its model's, the candidate's; where the configuration gave others, those.
func under(candidate *model.Manifest, site *sitePolicy, old *model.Manifest) *classifier.Policy {
	p := &classifier.Policy{Threshold: candidate.Threshold, ClassThresholds: make(map[string]float64)}
	if site != nil && site.Threshold > 0 && (old == nil || site.Threshold != old.Threshold) {
		p.Threshold = site.Threshold
		for class, t := range site.ClassThresholds {
			p.ClassThresholds[class] = t
		}
		return p
	}
	for class, t := range candidate.ClassThresholds {
		p.ClassThresholds[class] = t
	}
	if site == nil || old == nil {
		return p
	}
	for class, t := range site.ClassThresholds {
		if shipped, ok := old.ClassThresholds[class]; !ok || shipped != t {
			p.ClassThresholds[class] = t
		}
	}
	return p
}
