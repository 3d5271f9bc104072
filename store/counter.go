package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"

	"go.etcd.io/bbolt"
)

// Counter is the number of decisions of one kind, ever.
type Counter struct {
	Decision string `json:"decision"`
	Class    string `json:"class"`
	Count    uint64 `json:"count"`
}

type counterKey struct{ decision, class string }

// maxCounters bounds the kinds that are counted apart. Names of classes come from
// models, so there is no end to them; the rest is counted as otherClass.
const (
	maxCounters = 1024
	otherClass  = "(more)"
)

// counters are the exact numbers of decisions. They are kept as two parts whose sum
// is the total: what was counted while the current segment took the counts lies in
// its bucket "counters", written with the rows and so as durable; what was
// counted before lies in the permanent file. A segment keeps its own part when
// another takes over, so every segment says what was decided in its time.
type counters struct {
	mu sync.RWMutex
	by map[counterKey]*counter
}

type counter struct {
	total atomic.Uint64

	// Of the writer alone.
	base    uint64 // part in the permanent file
	written uint64 // total as last committed
}

func newCounters() *counters { return &counters{by: map[counterKey]*counter{}} }

// get returns the counter for a kind, which it makes if need be.
func (c *counters) get(k counterKey) *counter {
	c.mu.RLock()
	n := c.by[k]
	c.mu.RUnlock()
	if n != nil {
		return n
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if n = c.by[k]; n != nil {
		return n
	}
	if len(c.by) >= maxCounters {
		k.class = otherClass
		if n = c.by[k]; n != nil {
			return n
		}
		if len(c.by) >= maxCounters+8 {
			k.decision = otherClass // and no more than these
		}
		if n = c.by[k]; n != nil {
			return n
		}
	}
	n = new(counter)
	c.by[counterKey{cloneString(k.decision), cloneString(k.class)}] = n
	return n
}

func cloneString(s string) string { return string([]byte(s)) }

// each calls fn for every counter.
func (c *counters) each(fn func(counterKey, *counter)) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for k, n := range c.by {
		fn(k, n)
	}
}

// totals returns the counters in order.
func (c *counters) totals() []Counter {
	var out []Counter
	c.each(func(k counterKey, n *counter) {
		if t := n.total.Load(); t > 0 {
			out = append(out, Counter{k.decision, k.class, t})
		}
	})
	slices.SortFunc(out, func(a, b Counter) int {
		return cmp.Or(cmp.Compare(a.Decision, b.Decision), cmp.Compare(a.Class, b.Class))
	})
	return out
}

// classes returns the classes that were ever counted.
func (c *counters) classes() []string {
	var out []string
	c.each(func(k counterKey, _ *counter) { out = append(out, k.class) })
	slices.Sort(out)
	return slices.Compact(out)
}

// dirty reports whether some counter is ahead of the disk.
func (c *counters) dirty() bool {
	dirty := false
	c.each(func(_ counterKey, n *counter) { dirty = dirty || n.total.Load() != n.written })
	return dirty
}

// put writes the counters that changed to a segment's bucket. It returns a
// function that is to be called after the commit.
func (c *counters) put(b *bbolt.Bucket) (committed func(), err error) {
	var changed []*counter
	var totals []uint64
	c.each(func(k counterKey, n *counter) {
		t := n.total.Load()
		if t == n.written || err != nil {
			return
		}
		changed, totals = append(changed, n), append(totals, t)
		err = b.Put(k.encode(), binary.AppendUvarint(nil, t-n.base))
	})
	return func() {
		for i, n := range changed {
			n.written = totals[i]
		}
	}, err
}

func (k counterKey) encode() []byte {
	return append(append([]byte(k.decision), 0), k.class...)
}

// readCounters calls fn for every counter in a bucket, which may be nil.
func readCounters(b *bbolt.Bucket, fn func(counterKey, uint64)) error {
	if b == nil {
		return nil
	}
	return b.ForEach(func(k, v []byte) error {
		decision, class, ok := bytes.Cut(k, []byte{0})
		n, size := binary.Uvarint(v)
		if !ok || size <= 0 {
			return fail(ErrCorrupt, "%s is damaged: counter %q cannot be read", b.Tx().DB().Path(), k)
		}
		fn(counterKey{string(decision), string(class)}, n)
		return nil
	})
}
