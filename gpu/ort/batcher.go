package ort

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/limen-waf/limen/classifier"
)

// batcher runs calls that wait at the same moment together. Calls stand in
// line at an unbuffered channel, so a call whose context ends while it waits
// leaves the line by itself, and a dispatcher sees who waits by receiving.
type batcher struct {
	classes int
	most    int           // windows from which a batch is not held for more
	delay   time.Duration // how long two or more calls are held for more
	line    chan *call
	quit    chan struct{}
	done    sync.WaitGroup
	calls   sync.Pool
}

// call is one Score call in the line.
type call struct {
	ctx     context.Context
	windows []classifier.Window
	logits  []float32
	err     chan error
}

// runner runs windows and writes their logits, as classifier.Engine's Score.
type runner func(ctx context.Context, windows []classifier.Window, logits []float32) error

// newBatcher starts one dispatcher for each runner. With pin a dispatcher keeps
// its operating system thread: CUDA's handles belong to a thread, and a
// goroutine that wanders would leave a set of them on each.
func newBatcher(classes int, b Batch, pin bool, run []runner) *batcher {
	d := &batcher{
		classes: classes,
		most:    b.MaxWindows,
		delay:   b.MaxDelay,
		line:    make(chan *call),
		quit:    make(chan struct{}),
	}
	d.calls.New = func() any { return &call{err: make(chan error, 1)} }
	for _, r := range run {
		d.done.Add(1)
		go func() {
			defer d.done.Done()
			if pin {
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
			}
			(&dispatcher{batcher: d, run: r}).loop()
		}()
	}
	return d
}

// score puts a call in the line and waits for its answer.
func (d *batcher) score(ctx context.Context, windows []classifier.Window, logits []float32) error {
	c := d.calls.Get().(*call)
	c.ctx, c.windows, c.logits = ctx, windows, logits
	var err error
	select {
	case <-d.quit: // first, because select picks any that is ready
		err = ErrClosed
	default:
		select {
		case d.line <- c:
			// From here on the dispatcher reads windows and writes logits, so
			// the caller must not be let go before it is done.
			err = <-c.err
		case <-ctx.Done():
			err = ctx.Err()
		case <-d.quit:
			err = ErrClosed
		}
	}
	c.ctx, c.windows, c.logits = nil, nil, nil
	d.calls.Put(c)
	return err
}

// close stops the dispatchers when they have finished what they began.
func (d *batcher) close() {
	close(d.quit)
	d.done.Wait()
}

// dispatcher takes calls from the line and runs them, one batch after the other.
type dispatcher struct {
	*batcher
	run     runner
	batch   []*call
	count   int // windows in batch
	windows []classifier.Window
	logits  []float32
}

func (d *dispatcher) loop() {
	for {
		d.batch, d.count = d.batch[:0], 0
		select {
		case c := <-d.line:
			d.add(c)
		case <-d.quit:
			return
		}
		d.takeWaiting()
		if len(d.batch) > 1 && d.delay > 0 {
			d.hold()
		}
		d.flush()
	}
}

func (d *dispatcher) add(c *call) {
	d.batch = append(d.batch, c)
	d.count += len(c.windows)
}

// takeWaiting takes the calls that are in the line now.
func (d *dispatcher) takeWaiting() {
	for d.count < d.most {
		select {
		case c := <-d.line:
			d.add(c)
		default:
			return
		}
	}
}

// hold waits for more calls, as long as no call in the batch would miss its
// deadline by that.
func (d *dispatcher) hold() {
	until := time.Now().Add(d.delay)
	timer := time.NewTimer(d.delay)
	defer timer.Stop()
	urgent := func(c *call) bool {
		deadline, ok := c.ctx.Deadline()
		return ok && deadline.Before(until)
	}
	for _, c := range d.batch {
		if urgent(c) {
			return
		}
	}
	for d.count < d.most {
		select {
		case c := <-d.line:
			d.add(c)
			if urgent(c) {
				return
			}
		case <-timer.C:
			return
		case <-d.quit:
			return
		}
	}
}

// flush runs the batch and answers its calls.
func (d *dispatcher) flush() {
	live := d.batch[:0]
	for _, c := range d.batch {
		if err := c.ctx.Err(); err != nil {
			c.err <- err
			continue
		}
		live = append(live, c)
	}
	switch len(live) {
	case 0:
		return
	case 1:
		c := live[0]
		c.err <- d.run(c.ctx, c.windows, c.logits)
		return
	}
	d.windows, d.logits = d.windows[:0], d.logits[:0]
	for _, c := range live {
		d.windows = append(d.windows, c.windows...)
		d.logits = append(d.logits, c.logits...)
	}
	// No context: the calls have different ones, and a batch is short.
	err := d.run(context.Background(), d.windows, d.logits)
	at := 0
	for _, c := range live {
		n := len(c.windows) * d.classes
		if err == nil {
			copy(c.logits, d.logits[at:at+n])
		}
		at += n
		c.err <- err
	}
	clear(d.windows) // keep no request's memory
}
