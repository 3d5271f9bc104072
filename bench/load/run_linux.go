package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"syscall"
	"time"
)

// connection is one kept-alive connection and the message it is busy with.
type connection struct {
	fd      int // -1 when closed
	number  int
	busy    bool
	fresh   bool // has answered nothing yet
	retried bool
	message int           // number of the message
	unsent  []byte        // of the message
	waiting bool          // for room to write
	broken  bool          // writing failed
	from    time.Duration // intended start of the message
	began   time.Duration // its actual start
	answer  answer
}

// run is the state of one Run.
type run struct {
	options  Options
	messages []Message
	address  netip.AddrPort
	poller   *poller
	conns    []*connection
	idle     []*connection // last in, first out: few connections stay warm
	input    []byte
	begin    time.Time
	random   *rand.Rand
	started  int
	free     time.Duration // when the oldest idle connection became idle
	due      time.Duration // intended start of the next message, open loop
	result   Result
}

// Run sends messages as the options say and returns when every one of them has
// an outcome. The error is that of ctx, or says that the server cannot be
// reached at all.
func Run(ctx context.Context, messages []Message, o Options) (*Result, error) {
	address, err := netip.ParseAddrPort(o.Address)
	if err != nil || !address.Addr().Is4() {
		return nil, fmt.Errorf("reading address %q: want an IPv4 address and a port", o.Address)
	}
	if len(messages) == 0 || o.Connections < 1 {
		return nil, errors.New("sending requests: need at least one request and one connection")
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	sharpenTimers()

	r := &run{options: o, messages: messages, address: address, input: make([]byte, 64<<10), random: rand.New(rand.NewPCG(o.Seed, 1))}
	r.result.Latencies = make([]time.Duration, 0, o.Count)
	if o.Rate > 0 {
		r.result.Lags = make([]time.Duration, 0, o.Count)
	}
	if r.poller, err = newPoller(); err != nil {
		return nil, err
	}
	defer r.poller.close()
	defer func() {
		for _, c := range r.conns {
			c.drop()
		}
	}()
	for n := range o.Connections {
		c := &connection{fd: -1, number: n}
		if err := r.connect(c); err != nil {
			return nil, err
		}
		r.conns = append(r.conns, c)
		r.idle = append(r.idle, c)
	}
	r.begin = time.Now()
	err = r.loop(ctx)
	r.result.Elapsed = r.now()
	r.result.sort()
	return &r.result, err
}

func (r *run) now() time.Duration { return time.Since(r.begin) }

func (r *run) loop(ctx context.Context) error {
	tick := r.now()
	for r.result.Finished < r.options.Count {
		now := r.now()
		for r.started < r.options.Count && len(r.idle) > 0 && r.due <= now {
			c := r.idle[len(r.idle)-1]
			r.idle = r.idle[:len(r.idle)-1]
			r.start(c, now)
		}
		wait := 100 * time.Millisecond
		if r.started < r.options.Count && len(r.idle) > 0 {
			wait = min(wait, r.due-r.now())
		}
		events, err := r.poller.wait(wait)
		if err != nil {
			return err
		}
		for i := range events {
			r.ready(r.conns[events[i].Fd], events[i].Events)
		}
		if now = r.now(); now-tick > 100*time.Millisecond {
			tick = now
			if err := ctx.Err(); err != nil {
				return err
			}
			r.expire(now)
			if r.options.Progress != nil {
				r.options.Progress(r.result.Finished)
			}
		}
	}
	return nil
}

// start takes the next message for the idle connection c.
func (r *run) start(c *connection, now time.Duration) {
	c.message, c.busy, c.retried = r.started, true, false
	c.began, c.from = now, now
	if r.options.Rate > 0 {
		c.from = r.due
		r.result.Lags = append(r.result.Lags, now-max(r.due, r.free))
		gap := float64(time.Second) / r.options.Rate
		if r.options.Poisson {
			r.due += time.Duration(gap * r.random.ExpFloat64())
		} else {
			r.due = time.Duration(float64(r.started+1) * gap)
		}
	}
	r.started++
	r.send(c)
}

// send begins to write c's message, on a new connection if the old one is gone.
func (r *run) send(c *connection) {
	if c.fd < 0 {
		if err := r.connect(c); err != nil {
			r.finish(c, true)
			return
		}
	}
	message := r.at(c)
	c.answer.reset(message.Head)
	c.unsent = message.Wire
	r.write(c)
}

func (r *run) at(c *connection) *Message {
	return &r.messages[(r.options.Offset+c.message)%len(r.messages)]
}

// write writes what the socket takes; ready calls it again when there is more
// room.
func (r *run) write(c *connection) {
	for len(c.unsent) > 0 {
		n, err := syscall.Write(c.fd, c.unsent)
		if err == syscall.EAGAIN {
			break
		}
		if err != nil && err != syscall.EINTR {
			// The server may have answered (403, 413) and closed before it read
			// all: what it said is still to be read.
			c.broken, c.unsent = true, nil
			break
		}
		c.unsent = c.unsent[max(n, 0):]
	}
	if waiting := len(c.unsent) > 0; waiting != c.waiting {
		c.waiting = waiting
		if err := r.poller.watch(c.fd, c.number, waiting); err != nil {
			r.lost(c)
		}
	}
}

// ready handles what epoll says of c.
func (r *run) ready(c *connection, events uint32) {
	if c.fd < 0 {
		return
	}
	if events&syscall.EPOLLOUT != 0 && len(c.unsent) > 0 {
		r.write(c)
		if c.fd < 0 {
			return
		}
	}
	if events&^uint32(syscall.EPOLLOUT) == 0 {
		return
	}
	n, err := syscall.Read(c.fd, r.input)
	switch {
	case err == syscall.EAGAIN || err == syscall.EINTR:
	case err != nil:
		r.lost(c)
	case !c.busy: // closed while idle
		c.drop()
	case n == 0 && c.answer.inBody && c.answer.toClose:
		c.drop()
		r.finish(c, false)
	case n == 0:
		r.lost(c)
	default:
		done, err := c.answer.feed(r.input[:n])
		if err != nil {
			c.drop()
			r.finish(c, true)
		} else if done {
			// A server that answers before it read all will not read a next
			// message in the right place.
			if c.answer.close || c.broken || len(c.unsent) > 0 {
				c.drop()
			}
			r.finish(c, false)
		}
	}
}

// lost handles a connection that broke under a message. A kept-alive connection
// may be closed by the server just as the message is sent, so such a message is
// sent once more.
func (r *run) lost(c *connection) {
	c.drop()
	if !c.busy {
		return
	}
	if !c.fresh && !c.retried && !c.answer.started {
		c.retried = true
		r.result.Retried++
		r.send(c)
		return
	}
	r.finish(c, true)
}

// finish notes the outcome of c's message. In a closed loop it starts the next.
func (r *run) finish(c *connection, failed bool) {
	now := r.now()
	outcome := Outcome{Failed: failed}
	if failed {
		r.result.Failed++
	} else {
		outcome.Status, outcome.Upstream = c.answer.status, c.answer.mark
		r.result.Latencies = append(r.result.Latencies, now-c.from)
	}
	r.result.Finished++
	if r.options.Outcome != nil {
		r.options.Outcome(r.options.Offset+c.message, outcome)
	}
	c.busy, c.fresh, c.unsent = false, false, nil
	if len(r.idle) == 0 {
		r.free = now
	}
	r.idle = append(r.idle, c)
}

// expire gives up messages that took too long.
func (r *run) expire(now time.Duration) {
	for _, c := range r.conns {
		if c.busy && now-c.began > r.options.Timeout {
			c.drop()
			r.finish(c, true)
		}
	}
}

func (r *run) connect(c *connection) error {
	fd, err := dial(r.address)
	if err != nil {
		return err
	}
	if err := r.poller.add(fd, c.number); err != nil {
		syscall.Close(fd)
		return fmt.Errorf("watching a connection: %w", err)
	}
	c.fd, c.fresh, c.waiting, c.broken = fd, true, false, false
	return nil
}

// drop closes the socket, which takes it out of the epoll set.
func (c *connection) drop() {
	if c.fd >= 0 {
		syscall.Close(c.fd)
		c.fd = -1
	}
}
