package session

import (
	"math/bits"
	"sync"
	"time"
)

// pace learns how large a batch should be. On a device larger batches are
// cheaper a row; on a CPU they often are dearer, when what flows between two layers no
// longer fits into the cache, and no constant is right for all models. So the
// cost a row is kept for each size, and of the calls that wait only as many are taken as
// make the cheapest batch.
type pace struct {
	mu sync.Mutex
	// cost is the time an element of input takes, by the size's power of two;
	// 0 where it is not known.
	cost  [maxPower]float64
	picks int
}

const (
	maxPower = 32
	// paceDrift raises a cost with each run of its size, so that the least time
	// counts, since whatever else the machine does can only add, and an old one does not count forever.
	paceDrift = 1.02
	// paceTry is how often another size is tried, whose cost may have changed.
	paceTry = 64
)

func power(rows int64) int { return min(maxPower-1, bits.Len64(uint64(rows))-1) }

// pick returns how many of the rows that wait to take.
func (p *pace) pick(waiting int64) int64 {
	if waiting < 2 {
		return waiting
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	// The sizes are all that wait and the powers of two below.
	most := power(waiting)
	best := most
	for i := most - 1; i >= 0; i-- {
		// What is not known is tried once; of equals the larger is taken.
		if p.cost[best] != 0 && p.cost[i] < p.cost[best] {
			best = i
		}
	}
	if p.picks++; p.picks%paceTry == 0 {
		best = (p.picks / paceTry) % (most + 1)
	}
	if best == most {
		return waiting
	}
	return 1 << best
}

// note adds what a run took.
func (p *pace) note(rows int64, elements int, took time.Duration) {
	if rows < 1 || elements < 1 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	cost, at := float64(took)/float64(elements), power(rows)
	if old := p.cost[at] * paceDrift; old != 0 && old < cost {
		cost = old
	}
	p.cost[at] = cost
}
