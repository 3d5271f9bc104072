package store

import (
	"crypto/rand"
	"encoding/binary"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
)

// ids makes ULIDs that grow with every call. The 80 bits after the
// milliseconds are 48 random bits drawn once and a 32-bit counter that begins
// again each millisecond: unique across processes and nodes by the former, in
// order within a process by the latter, and without a random number per request.
type ids struct {
	clock  func() time.Time
	random [6]byte

	mu sync.Mutex
	ms uint64
	n  uint32
}

func newIDs(clock func() time.Time) *ids {
	g := &ids{clock: clock}
	// crypto/rand.Read never fails: it ends the process instead.
	_, _ = rand.Read(g.random[:])
	return g
}

func (g *ids) next() (id ulid.ULID) {
	ms := uint64(max(g.clock().UnixMilli(), 0))
	g.mu.Lock()
	// A clock that was set back keeps the last millisecond until it caught up.
	if ms > g.ms {
		g.ms, g.n = ms, 0
	} else if g.n++; g.n == 0 {
		g.ms++
	}
	ms, n := g.ms, g.n
	g.mu.Unlock()

	binary.BigEndian.PutUint32(id[:], uint32(ms>>16))
	binary.BigEndian.PutUint16(id[4:], uint16(ms))
	copy(id[6:], g.random[:])
	binary.BigEndian.PutUint32(id[12:], n)
	return id
}

// idFloor returns the smallest ID of the millisecond of t.
func idFloor(t time.Time) (id ulid.ULID) {
	ms := uint64(min(max(t.UnixMilli(), 0), int64(ulid.MaxTime())))
	binary.BigEndian.PutUint32(id[:], uint32(ms>>16))
	binary.BigEndian.PutUint16(id[4:], uint16(ms))
	return id
}

// idCeil returns the largest ID of the millisecond of t.
func idCeil(t time.Time) ulid.ULID {
	id := idFloor(t)
	for i := 6; i < len(id); i++ {
		id[i] = 0xff
	}
	return id
}

func idTime(id ulid.ULID) time.Time { return time.UnixMilli(int64(id.Time())).UTC() }
