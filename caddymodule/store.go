package caddymodule

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/limen-waf/limen/store"
)

// stores holds the stores of this process by their data folder: a reload finds
// the store that is open.
var stores = caddy.NewUsagePool()

// sharedStore is one use of a pooled store.
type sharedStore struct {
	*pooledStore
	key      string
	released sync.Once
}

type pooledStore struct {
	*store.Store
	retain atomic.Int64 // ns, as the running configuration has it

	// counted is what was counted of the rows, for target_fpr. A reload goes on
	// with it.
	mu      sync.Mutex
	counted *evidence
	labels  uint64 // LabelTurn when it was begun
}

// evidence returns what was counted under a key.
func (p *pooledStore) evidence(key evidenceKey) *evidence {
	p.mu.Lock()
	defer p.mu.Unlock()
	// A label changes what days say that were counted long ago.
	if turn := p.LabelTurn(); p.counted == nil || p.counted.evidenceKey != key || p.labels != turn {
		p.counted, p.labels = newEvidence(key), turn
		p.counted.label = p.LabelState
	}
	return p.counted
}

// acquireStore returns a use of the store in a's data folder, to be released.
func acquireStore(a *App) (*sharedStore, error) {
	retain := time.Duration(a.Retain)
	pooled, _, err := stores.LoadOrNew(a.Data, func() (caddy.Destructor, error) {
		s, err := store.Open(store.Options{
			Dir:           a.Data,
			Retain:        retain,
			MaxSize:       a.MaxSize,
			HashClientIPs: a.ClientIP == clientIPHash,
			Logger:        bridge.logger("store"),
		})
		if err != nil {
			return nil, err
		}
		return &pooledStore{Store: s}, nil
	})
	if err != nil {
		return nil, fmt.Errorf("opening data folder: %w", err)
	}
	p := pooled.(*pooledStore)
	s := &sharedStore{pooledStore: p, key: a.Data}
	if err := p.SetLimits(retain, a.MaxSize); err != nil {
		return nil, errors.Join(err, s.release())
	}
	p.retain.Store(int64(retain))
	p.SetHashClientIPs(a.ClientIP == clientIPHash)
	return s, nil
}

// Destruct implements caddy.Destructor.
func (p *pooledStore) Destruct() error {
	if err := p.Close(); err != nil {
		return fmt.Errorf("closing store: %w", err)
	}
	return nil
}

// release gives the use back; the last one closes the store.
func (s *sharedStore) release() (err error) {
	s.released.Do(func() { _, err = stores.Delete(s.key) })
	return err
}

var (
	storeRowsDesc = prometheus.NewDesc("limen_store_rows_total",
		"Rows by what became of them (written or dropped) since the store was opened.", []string{"result"}, nil)
	storeErrorsDesc = prometheus.NewDesc("limen_store_errors_total",
		"Commits and removals of the store that failed; they are tried again.", nil, nil)
	storeQueuedDesc = prometheus.NewDesc("limen_store_queued_rows", "Rows that wait to be written.", nil, nil)
	storeBytesDesc  = prometheus.NewDesc("limen_store_bytes", "Size of the store's files.", nil, nil)
)

// storeCollector gives the numbers of an app's store to Prometheus.
type storeCollector struct{ app *App }

// Describe implements prometheus.Collector.
func (storeCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{storeRowsDesc, storeErrorsDesc, storeQueuedDesc, storeBytesDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector. There is nothing before Start and
// after Cleanup.
func (c storeCollector) Collect(ch chan<- prometheus.Metric) {
	s := c.app.store.Load()
	if s == nil {
		return
	}
	st := s.Stats()
	counter := func(d *prometheus.Desc, n uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	counter(storeRowsDesc, st.Written, "written")
	counter(storeRowsDesc, st.Dropped, "dropped")
	counter(storeErrorsDesc, st.Errors)
	ch <- prometheus.MustNewConstMetric(storeQueuedDesc, prometheus.GaugeValue, float64(st.Queued))
	ch <- prometheus.MustNewConstMetric(storeBytesDesc, prometheus.GaugeValue, float64(st.Bytes))
}
