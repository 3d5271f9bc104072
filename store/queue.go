package store

import (
	"sync"

	"github.com/oklog/ulid/v2"
)

// queue holds encoded rows, not yet redacted, until the writer takes them all at
// once. Rows lie one after the other in blocks of memory that are used again, so that
// a row costs its bytes and not an object, nothing is copied when a burst makes the
// queue longer, and the bound on bytes is exact.
//
// A row that does not fit is refused, never waited for. The last eighth of the
// room is kept for flagged rows, so that a flood of ordinary requests does not
// push out the verdicts on attacks.
type queue struct {
	maxRows, maxBytes int
	soon              int           // rows at which the writer is to begin
	ready             chan struct{} // something is queued
	now               chan struct{} // commit without delay

	mu      sync.Mutex
	batch   batch
	spare   batch
	writing bool // the spare has rows that are not on disk yet
	closed  bool
}

// batch is what one turn of the writer takes.
type batch struct {
	entries []entry
	leaves  []leaf   // of the entries, once they are finished
	blocks  [][]byte // where the rows lie; the last one is being filled
	free    [][]byte // blocks to come
	bytes   int      // in blocks
	waiters []chan<- error
	lost    error // why some rows cannot be written, ever
}

// blockBytes is the size of a block; a longer row has one of its own.
const blockBytes = 256 << 10

type entry struct {
	id    ulid.ULID
	whole []byte // the ID and the row, as the hash chain has them
	draft draft
}

func (e *entry) row() []byte { return e.whole[len(e.id):] }

// place copies a row, and its ID, behind the others.
func (b *batch) place(e *entry, row []byte) {
	n := len(e.id) + len(row)
	last := len(b.blocks) - 1
	if last < 0 || cap(b.blocks[last])-len(b.blocks[last]) < n {
		b.blocks = append(b.blocks, b.block(n))
		last++
	}
	block := b.blocks[last]
	from := len(block)
	block = append(append(block, e.id[:]...), row...)
	b.blocks[last], b.bytes = block, b.bytes+n
	e.whole = block[from:len(block):len(block)]
}

// block returns an empty block with room for n bytes.
func (b *batch) block(n int) []byte {
	if last := len(b.free) - 1; last >= 0 && n <= blockBytes {
		block := b.free[last]
		b.free = b.free[:last]
		return block
	}
	return make([]byte, 0, max(n, blockBytes))
}

func (b *batch) tellWaiters(err error) {
	for _, w := range b.waiters {
		w <- err // of capacity one
	}
	clear(b.waiters)
	b.waiters = b.waiters[:0]
}

// reset empties the batch for reuse. Memory that a burst made is let go.
func (b *batch) reset() {
	const ordinary = 8 << 20 / blockBytes
	for _, block := range b.blocks {
		if cap(block) == blockBytes && len(b.free) < ordinary {
			b.free = append(b.free, block[:0])
		}
	}
	clear(b.blocks)
	clear(b.entries)
	b.entries, b.leaves, b.blocks, b.bytes, b.waiters, b.lost = b.entries[:0], b.leaves[:0], b.blocks[:0], 0, b.waiters[:0], nil
}

func newQueue(o *Options) *queue {
	return &queue{
		maxRows:  o.QueueRows,
		maxBytes: o.QueueBytes,
		soon:     min(o.CommitRows, max(o.QueueRows/2, 1)),
		ready:    make(chan struct{}, 1),
		now:      make(chan struct{}, 1),
	}
}

// put queues a row, and done, which may be nil, to be told when it is on disk.
func (q *queue) put(id ulid.ULID, row []byte, d draft, flagged bool, done chan<- error) error {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return ErrClosed
	}
	rows, bytes := q.maxRows, q.maxBytes
	if !flagged {
		rows, bytes = rows-rows/8, bytes-bytes/8
	}
	b := &q.batch
	if len(b.entries) >= rows || b.bytes+len(id)+len(row) > bytes {
		q.mu.Unlock()
		return ErrFull
	}
	b.entries = append(b.entries, entry{id: id, draft: d})
	n := len(b.entries)
	b.place(&b.entries[n-1], row)
	if done != nil {
		b.waiters = append(b.waiters, done)
	}
	q.mu.Unlock()

	if n == 1 {
		signal(q.ready)
	}
	if n == q.soon || done != nil {
		signal(q.now)
	}
	return nil
}

// wait asks to be told when everything queued so far is on disk.
func (q *queue) wait(done chan<- error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	q.batch.waiters = append(q.batch.waiters, done)
	signal(q.ready)
	signal(q.now)
	return nil
}

// take swaps the queued batch for the empty one. The batch given out before must
// have been given back.
func (q *queue) take() *batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.batch, q.spare = q.spare, q.batch
	q.writing = len(q.spare.entries) > 0
	return &q.spare
}

// back takes the batch that was given out.
func (q *queue) back(b *batch) {
	b.reset()
	q.mu.Lock()
	q.writing = false
	q.mu.Unlock()
}

// pending says whether there are rows that are not on disk yet.
func (q *queue) pending() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.writing || len(q.batch.entries) > 0
}

// tellWaiters sends err to all who wait for what is queued. The rows stay.
func (q *queue) tellWaiters(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.batch.tellWaiters(err)
}

// size returns the rows and bytes that are queued.
func (q *queue) size() (rows, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.batch.entries), q.batch.bytes
}

func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	signal(q.ready)
	signal(q.now)
}

// signal sends on a channel of capacity one unless it is full.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
