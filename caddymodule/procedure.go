package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"go.uber.org/zap"

	"github.com/limen-waf/limen/classifier/corpus"
	"github.com/limen-waf/limen/model"
	"github.com/limen-waf/limen/store"
)

// newProcedures is the registry of what a server can be asked to do, for the admin
// endpoint and, through it, for the command line. The handler calls the same
// procedures: score by its function, pooledEngine.classify, because it does
// so for every request and the verdict's row is the row of that call; classify, detect
// and infer by imageCall.invoke and InferenceHandler.invoke, as the admin endpoint does
// (procedure_act.go).
func (a *App) newProcedures() (*store.Procedures, error) {
	host := &store.PromotionHost{
		Names:      []string{modelHTTP},
		Configured: func(string) string { return a.configured.Digest },
		Load:       loadReference,
		Check:      a.checkCandidate,
	}
	a.configure = store.ConfigureProcedure()
	return store.NewProcedures(append([]*store.Procedure{
		a.scoreProcedure(),
		store.LabelProcedure(corpus.Classes[1:]),
		store.ExceptProcedure(func(m *store.ExceptionMatch) error {
			if err := a.checkSite(m.Site); err != nil {
				return err
			}
			_, err := a.liveMatcher(m)
			return err
		}),
		store.PromoteProcedure(host),
		store.RollbackProcedure(host),
		a.configure,
		store.ReplayProcedure(),
		a.adaptProcedure(),
	}, actProcedures...)...)
}

// scoreProcedure scores one request that somebody asks about. It is not traffic: it
// makes no verdict, and the call's row has the output.
func (a *App) scoreProcedure() *store.Procedure {
	return store.NewProcedure("score", 1, "scores one request",
		func(ctx context.Context, t *store.Txn, rec corpus.Record) (*scoreLine, error) {
			res, err := a.engine.classify(ctx, rec.Request())
			if err != nil {
				return nil, err
			}
			m := a.model()
			t.Parent("model", m.Digest)
			policy := blockingPolicy(m)
			return &scoreLine{
				ID: rec.ID, Score: res.Score, Class: res.Class, Classes: probabilities{m.Manifest.Classes, res.Classes},
				Decision: policy.Decide(&res), Bytes: res.Sent, Inspected: res.Inspected, Fallback: res.Fallback,
				Model: a.modelName(), US: (res.Tokenize + res.Infer).Microseconds(),
			}, nil
		})
}

// loadReference loads the model that a path names, or the embedded one.
func loadReference(reference string) (*store.NewModel, error) {
	if reference == "" {
		return nil, errors.New("none given")
	}
	if reference != model.DefaultRef && !strings.ContainsRune(reference, filepath.Separator) {
		switch filepath.Ext(reference) {
		case ".onnx", ".json":
		default:
			return nil, nil
		}
	}
	m, err := model.Open(reference)
	if err != nil {
		return nil, err
	}
	return &store.NewModel{Digest: m.Digest, Name: m.Manifest.Name, Manifest: m.ManifestJSON, Weights: m.ONNX}, nil
}

// checkCandidate refuses a model that could not take the place of the running one.
func (a *App) checkCandidate(_ context.Context, record *store.ModelRecord, weights []byte) error {
	m, err := model.New(record.Manifest, weights)
	if err != nil {
		return err
	}
	for _, h := range a.handlers {
		policy := h.policyUnder(&m.Manifest)
		if err := policy.Validate(m.Manifest.Classes); err != nil {
			return err
		}
	}
	e, err := acquireEngine(m, a.Device, a.Data)
	if err != nil {
		return err
	}
	return e.release()
}

// keepReplay keeps the call's row of a replay that ended, once.
func (a *App) keepReplay(ctx context.Context, s *sharedStore, principal string, r *store.Replay) {
	p, err := a.procedures.Get("replay")
	if err == nil {
		_, err = s.Invoke(ctx, p, store.Invocation{
			Principal: principal, Key: "replay-" + r.ID.String(), Input: fmt.Appendf(nil, `{"id":%q}`, r.ID),
		})
	}
	if err != nil {
		a.log.Error("row of a replay is not kept", zap.Stringer("replay", r.ID), zap.Error(err))
	}
}

// settings are what is in force at a's sites.
func (a *App) settings() map[string]store.SiteSetting {
	sites := make(map[string]store.SiteSetting)
	for _, h := range a.handlers {
		now := h.stance.Load()
		source := "configuration"
		switch {
		case now.calibration != nil && now.calibration.State == stateTraffic:
			source = "traffic"
		case h.Threshold == 0:
			source = "model"
		}
		sites[now.site] = store.SiteSetting{
			Mode: string(now.policy.Mode), Threshold: now.policy.Threshold, ClassThresholds: now.policy.ClassThresholds,
			PolicyDigest: h.recorder.policyDigest, ModelDigest: a.model().Digest, Source: source,
		}
	}
	return sites
}

// serverPrincipal is who calls what the server does of itself.
const serverPrincipal = "server"

// keepSettings has the settings kept where they changed. A store that fails does not
// stop serving.
func (a *App) keepSettings(ctx context.Context, s *sharedStore, whole bool) {
	if err := s.Configure(ctx, a.configure, serverPrincipal, a.settings(), whole); err != nil && ctx.Err() == nil {
		a.log.Error("settings in force are not kept", zap.Error(err))
	}
}
