package store

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
)

// checkedZones remembers which parts of a segment's index matched their check sums, so
// that a query does not add up what one before it did. It holds as long as the file
// is open, and no longer than checkEvery: pages that the system dropped from its cache
// come from the disk again, and may come otherwise. It takes about fifty bytes a zone.
type checkedZones struct {
	mu    sync.RWMutex
	of    map[ulid.ULID]checkedZone
	since time.Time
}

// checkEvery is how long a part of the index counts as checked.
const checkEvery = 10 * time.Minute

// checkedZone says what of one zone was checked.
type checkedZone struct {
	zone    uint32 // check sum of the zone
	columns uint32 // check sums of the columns, taken together
	parts   parts  // of the columns
	hasZone bool
}

// parts is a set of parts of columns: bit 0 for header and blocks, then one for each
// column.
type parts uint16

// renew forgets what was checked too long ago.
func (c *checkedZones) renew() {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.since) > checkEvery {
		c.of, c.since = nil, now
	}
}

// reset forgets everything.
func (c *checkedZones) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of, c.since = nil, time.Time{}
}

// get returns what of a zone was checked. A nil c knows nothing.
func (c *checkedZones) get(key ulid.ULID) checkedZone {
	if c == nil {
		return checkedZone{}
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.of[key]
}

// change calls fn with what of a zone was checked, to add to it.
func (c *checkedZones) change(key ulid.ULID, fn func(*checkedZone)) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	z := c.of[key]
	fn(&z)
	if c.of == nil {
		c.of = make(map[ulid.ULID]checkedZone)
	}
	c.of[key] = z
}

// zoneWhole reports whether a zone is what was written.
func (c *checkedZones) zoneWhole(key ulid.ULID, z *zoneView) bool {
	if len(z.check) == 0 {
		return true // of an older version
	}
	sum := binary.LittleEndian.Uint32(z.check)
	if known := c.get(key); known.hasZone && known.zone == sum {
		return true
	}
	if !z.isWhole() {
		return false
	}
	c.change(key, func(known *checkedZone) { known.zone, known.hasZone = sum, true })
	return true
}

// columnsChecked takes up what of a zone's columns was checked.
func (c *checkedZones) columnsChecked(key ulid.ULID, v *columnsView) {
	if v.checked == 0 {
		return
	}
	c.change(key, func(known *checkedZone) {
		if known.columns != v.sum {
			known.columns, known.parts = v.sum, 0
		}
		known.parts |= v.checked
	})
}
