package store

import (
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// faultEvery is the shortest time between two log lines about failed commits and
// dropped rows: a full disk under load must not fill the log as well.
const faultEvery = 10 * time.Second

// faultLog gathers faults and logs them now and then.
type faultLog struct {
	log zerolog.Logger

	mu         sync.Mutex
	err        error
	failures   int
	lastFailed time.Time // logged
	dropped    uint64    // as logged
	lastDrop   time.Time // logged
}

func (f *faultLog) failed(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
	f.failures++
}

// report logs what came up since the last report of its kind, if there is anything
// and either force or enough time has passed.
func (f *faultLog) report(s *Store, force bool) {
	dropped := s.dropped.Load()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failures > 0 && (force || time.Since(f.lastFailed) >= faultEvery) {
		f.log.Error().Err(f.err).Int("failures", f.failures).Str("dir", s.o.Dir).
			Msg("writing verdicts failed; they wait in memory and serving goes on")
		f.failures, f.err, f.lastFailed = 0, nil, time.Now()
	}
	if dropped != f.dropped && (force || time.Since(f.lastDrop) >= faultEvery) {
		f.log.Error().Uint64("rows", dropped-f.dropped).Uint64("in_all", dropped).Str("dir", s.o.Dir).
			Msg("verdict rows were dropped: they come faster than the disk takes them")
		f.dropped, f.lastDrop = dropped, time.Now()
	}
}
