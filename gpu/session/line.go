package session

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// call is one Run call.
type call struct {
	ctx     context.Context
	in      []Tensor // in the model's order
	outputs []int
	// rows is the first dimension of all inputs; 0 when the call cannot be
	// in a batch.
	rows   int64
	queued time.Time
	state  state // guarded by line.mu
	done   chan answer
}

// state is how far a call is.
type state int

const (
	waiting state = iota
	running       // its inputs are read, so its caller must not be let go
	copied        // its inputs have been copied: its caller may go
	left          // its caller has gone, with its inputs
)

// answer is what a call gets.
type answer struct {
	outputs []Tensor
	stats   Stats
	err     error
}

// line is the line of calls that wait. Calls leave it in the order in which they
// came, but one that fits into a batch may leave with an earlier one.
type line struct {
	mu     sync.Mutex
	wake   sync.Cond
	calls  []*call
	most   int
	closed bool
	// more is signalled when a call comes, for a lane that holds a batch.
	more chan struct{}
}

func newLine(most int) *line {
	l := &line{most: most, more: make(chan struct{}, 1)}
	l.wake.L = &l.mu
	return l
}

// push puts a call at the end.
func (l *line) push(c *call) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return ErrClosed
	case len(l.calls) >= l.most:
		return fmt.Errorf("%w: %d", ErrBusy, len(l.calls))
	}
	c.queued = time.Now()
	l.calls = append(l.calls, c)
	l.wake.Signal()
	select {
	case l.more <- struct{}{}:
	default:
	}
	return nil
}

// leave takes a call out whose caller gives up. It returns false when the call's
// inputs are in use: the caller must wait for the answer then.
func (l *line) leave(c *call) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.calls, c); i >= 0 {
		l.calls = slices.Delete(l.calls, i, i+1)
	}
	if c.state == running {
		return false
	}
	c.state = left
	return true
}

// again takes a call whose inputs were copied for another run on the inputs
// themselves. It returns false when the caller has gone.
func (l *line) again(c *call) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.state == left {
		return false
	}
	c.state = running
	return true
}

// next waits for a call and returns it with those that can run with it, as many rows
// of those that wait, of at most most, as pick says. all says that no more
// such rows wait. It returns nil when the line is closed.
func (l *line) next(most func() int64, pick func(waiting int64) int64) (batch []*call, all bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.calls) == 0 && !l.closed {
		l.wake.Wait()
	}
	if l.closed {
		return nil, false
	}
	first := l.calls[0]
	l.calls = slices.Delete(l.calls, 0, 1)
	first.state = running
	if first.rows == 0 {
		return []*call{first}, true
	}
	waiting, limit := first.rows, most()
	for _, c := range l.calls {
		if waiting+c.rows <= limit && c.rows > 0 && alike(first, c) {
			waiting += c.rows
		}
	}
	take := pick(waiting)
	return l.fill([]*call{first}, take), take >= waiting
}

// add takes further calls into a batch.
func (l *line) add(batch []*call, most int64) []*call {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fill(batch, most)
}

func (l *line) fill(batch []*call, most int64) []*call {
	rows := total(batch)
	if batch[0].rows == 0 || rows >= most {
		return batch
	}
	keep := l.calls[:0]
	for _, c := range l.calls {
		if c.rows > 0 && rows+c.rows <= most && alike(batch[0], c) {
			c.state = running
			batch, rows = append(batch, c), rows+c.rows
		} else {
			keep = append(keep, c)
		}
	}
	clear(l.calls[len(keep):])
	l.calls = keep
	return batch
}

// release lets the callers of a batch go whose inputs have been copied.
func (l *line) release(batch []*call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range batch {
		c.state = copied
	}
}

// length is the number of calls that wait.
func (l *line) length() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.calls)
}

// close refuses the calls that wait and those that come.
func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, c := range l.calls {
		c.done <- answer{err: ErrClosed}
	}
	l.calls = nil
	l.wake.Broadcast()
}

// total is the number of rows of a batch.
func total(batch []*call) int64 {
	var rows int64
	for _, c := range batch {
		rows += c.rows
	}
	return rows
}

// alike says whether two calls' inputs have the same shape but for the first
// dimension. Their types are the model's.
func alike(a, b *call) bool {
	for i := range a.in {
		if !slices.Equal(a.in[i].Shape[1:], b.in[i].Shape[1:]) {
			return false
		}
	}
	return true
}
