package caddymodule

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu/native"
	"github.com/limen-waf/limen/model"
	"github.com/limen-waf/limen/model/adapt"
	"github.com/limen-waf/limen/store"
)

// anchorData is the name of the recorded traffic among a run's data.
const anchorData = "recorded requests without a label"

// model makes a model of the outcome, and the record of how.
func (j *adaptation) model(t *store.Txn, res *adapt.Result) (*model.Model, *store.Run, error) {
	number, err := j.number(t)
	if err != nil {
		return nil, nil, err
	}
	ids := make([]ulid.ULID, len(j.labels))
	for i, l := range j.labels {
		ids[i] = l.Label.ID
	}
	finished := time.Now().UTC().Truncate(time.Second)
	run := adapt.Run{
		Code: version(), Seed: j.in.Seed, Finished: finished,
		LabelSet: j.report.Labels.Set, Attacks: j.report.Labels.Attacks, Ordinary: j.report.Labels.Ordinary,
		AnchorSet: j.report.AnchorSet, Anchors: len(j.anchors), Options: j.report.Options,
	}
	m, err := adapt.NewModel(j.base, res, run, j.in.Name, number)
	if err != nil {
		return nil, nil, err
	}
	metrics, err := json.Marshal(j.report.figures())
	if err != nil {
		return nil, nil, err
	}
	return m, &store.Run{
		Kind: store.RunAdaptation, Model: m.Digest, Parent: j.base.Digest, Code: run.Code, Seed: &j.in.Seed,
		Data:   []store.DataSet{{Name: anchorData, Role: "anchors", SHA256: run.AnchorSet, Rows: int64(run.Anchors)}},
		Labels: ids, Metrics: metrics, Finished: finished, Note: j.in.Note,
	}, nil
}

// number counts the adaptations of the base.
func (j *adaptation) number(t *store.Txn) (int, error) {
	models, err := t.Models()
	if err != nil {
		return 0, err
	}
	last := 0
	for _, record := range models {
		var m model.Manifest
		if json.Unmarshal(record.Manifest, &m) != nil {
			continue
		}
		if run := adapt.RunOf(&m); run != nil && run.Parent == j.base.Digest {
			last = max(last, adapt.Number(j.base.Manifest.Version, m.Version))
		}
	}
	return last + 1, nil
}

// verify has the new model read the labelled requests, from its file and as traffic is
// read: what was fitted has to be what it does.
func (j *adaptation) verify(ctx context.Context, a *App, m *model.Model, res *adapt.Result) error {
	e, err := native.New(m)
	if err != nil {
		return err
	}
	defer e.Close()
	c, err := classifier.New(m, politeEngine{e}, classifier.Options{Limits: a.classifier().Limits(), Chunk: politeChunk})
	if err != nil {
		return err
	}
	for i, l := range j.labels {
		got, err := c.Classify(ctx, l.request)
		if err != nil {
			return err
		}
		// A window that was left out of the fit may have become the highest.
		if want := res.Labels[i].After.Score; math.IsNaN(got.Score) || got.Score < want-scoreSlack {
			return fmt.Errorf("the adapted model gives verdict %s the score %v, fitted was %v: please report this", l.Verdict.ID, got.Score, want)
		}
		j.report.Changes[i].After.Score = got.Score
		flagged := got.Score >= j.sites.of(l.Verdict, got.Attack)
		j.report.Changes[i].Right = flagged == (l.Label.Label == store.LabelAttack)
	}
	j.report.After.Right = 0
	for i := range j.report.Changes {
		if j.report.Changes[i].Right {
			j.report.After.Right++
		}
	}
	return nil
}
