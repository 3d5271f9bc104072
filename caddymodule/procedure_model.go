package caddymodule

import (
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/limen-waf/limen/model"
	"github.com/limen-waf/limen/store"
)

// lockedWait is how long Provision waits for a data folder that another process
// has: `caddy validate` beside a running server.
const lockedWait = 50 * time.Millisecond

// openModel opens the model to read requests with: the one that the configuration
// names, or the one that was promoted over it.
func (a *App) openModel() (*model.Model, error) {
	m, err := model.Open(a.Models[modelHTTP].Source)
	if err != nil {
		return nil, err
	}
	a.configured = m
	promoted, err := a.promoted()
	switch {
	case errors.Is(err, store.ErrLocked):
		a.unread = err // Start looks again
		return m, nil
	case err != nil:
		// Start meets the same error where the store cannot be opened, and says so; where
		// it can, a promoted model that cannot be read must not take the site down.
		a.unread = err
		return m, nil
	case promoted == nil:
		return m, nil
	}
	other, err := model.New(promoted.Manifest, promoted.Weights)
	if err == nil && other.Digest != promoted.Digest {
		err = fmt.Errorf("its files have digest %s", other.Digest)
	}
	if err != nil {
		a.log.Error("promoted model cannot be loaded, using the configured one: promote another one, or roll back",
			zap.String("promoted", promoted.Digest), zap.Error(err))
		return m, nil
	}
	other.Path = "promoted"
	a.log.Info("using the promoted model",
		zap.String("model", other.Manifest.Name+"@"+other.ShortDigest()),
		zap.String("configured", m.Manifest.Name+"@"+m.ShortDigest()))
	return other, nil
}

// promoted returns the model that was promoted over the configured one, nil for
// none. A reload asks the open store.
func (a *App) promoted() (*store.NewModel, error) {
	var open *pooledStore
	stores.Range(func(key, value any) bool {
		if key == a.Data {
			open, _ = value.(*pooledStore)
		}
		return open == nil
	})
	if open != nil {
		return open.ActiveModel(modelHTTP, a.configured.Digest)
	}
	return store.ReadActive(a.Data, modelHTTP, a.configured.Digest, lockedWait)
}

// checkModel refuses to start with another model than the active one because the
// data folder was in use at the wrong moment.
func (a *App) checkModel(s *sharedStore) error {
	if a.unread == nil {
		return nil
	}
	if !errors.Is(a.unread, store.ErrLocked) {
		m := a.model()
		a.log.Error("promoted model cannot be read, using the configured one",
			zap.String("model", m.Manifest.Name+"@"+m.ShortDigest()), zap.Error(a.unread))
		return nil
	}
	active, err := s.At(time.Time{}).Active(modelHTTP, a.configured.Digest)
	if err == nil && active != a.model().Digest {
		err = fmt.Errorf("model %s is promoted, but could not be read when the configuration was loaded: start the server once more (%w)", active, a.unread)
	}
	return err
}
