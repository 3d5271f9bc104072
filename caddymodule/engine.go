package caddymodule

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"github.com/caddyserver/caddy/v2"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu"
	"github.com/limen-waf/limen/model"
)

// engines holds the engines of this process, by the content of their model: a
// reload finds the engine that is there, and an edited model file is another
// one, whatever its name.
var engines = caddy.NewUsagePool()

// openEngine is gpu.Open; tests put another in.
var openEngine = gpu.Open

// engineKey is what makes two engines the same.
type engineKey struct {
	digest string
	device string
}

// sharedEngine is one use of a pooled engine.
type sharedEngine struct {
	*pooledEngine
	key      engineKey
	released sync.Once
}

// pooledEngine leaves the pool with its last use, but is closed only when nothing
// can reach it any more. After a reload Caddy cleans the old configuration up
// at once, while its servers finish what they have begun, for as long as that
// takes: a request whose body arrives slowly is scored by an engine that is no
// longer in the pool. An engine closed under it would let it pass.
type pooledEngine struct {
	classifier *classifier.Classifier
	name       string // of the model, with the beginning of its digest
}

// acquireEngine returns a use of the engine that runs m on the device, to be
// released.
func acquireEngine(m *model.Model, device, dataDir string) (*sharedEngine, error) {
	key := engineKey{m.Digest, device}
	pooled, _, err := engines.LoadOrNew(key, func() (caddy.Destructor, error) {
		return newPooledEngine(m, device, dataDir)
	})
	if err != nil {
		return nil, err
	}
	return &sharedEngine{pooledEngine: pooled.(*pooledEngine), key: key}, nil
}

func newPooledEngine(m *model.Model, device, dataDir string) (*pooledEngine, error) {
	e, err := openEngine(m, gpu.Options{Device: device, DataDir: dataDir, Logger: bridge.logger("gpu")})
	if err != nil {
		return nil, fmt.Errorf("opening engine: %w", err)
	}
	c, err := classifier.New(m, e, classifier.Options{})
	if err != nil {
		_ = e.Close() // the first error says more
		return nil, err
	}
	p := &pooledEngine{classifier: c, name: m.Manifest.Name + "@" + m.ShortDigest()}
	runtime.AddCleanup(p, func(e classifier.Engine) {
		if err := e.Close(); err != nil {
			log := bridge.logger("gpu")
			log.Error().Err(err).Msg("closing engine")
		}
	}, e)
	return p, nil
}

// Destruct implements caddy.Destructor.
func (p *pooledEngine) Destruct() error { return nil }

// classify scores a request. The engine stays open until it is done.
func (p *pooledEngine) classify(ctx context.Context, r *classifier.Request) (classifier.Result, error) {
	defer runtime.KeepAlive(p)
	liveScoring.Add(1)
	defer liveScoring.Add(-1)
	return p.classifier.Classify(ctx, r)
}

// release gives the use back.
func (s *sharedEngine) release() (err error) {
	s.released.Do(func() { _, err = engines.Delete(s.key) })
	return err
}
