package caddymodule

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// How long inspection waits for a client that may itself be waiting: a gRPC
// stream can be silent until the server has spoken. Nobody else is waited for
// this way: every other body is read to its end or to the body limit first.
const (
	streamPause = 25 * time.Millisecond  // silence that ends the wait
	streamWait  = 250 * time.Millisecond // the longest wait in all
)

// The pool holds buffers of one size. Most bodies fit; larger ones get a buffer
// of their own, so that one upload of a megabyte does not leave a megabyte in
// every slot of the pool.
const pooledBody = 32 << 10

var bodyBuffers = sync.Pool{New: func() any { b := make([]byte, 0, pooledBody); return &b }}

// body is a request body whose beginning has been read. It gives the body back
// whole: first the head that was read, then the rest from where it came.
//
// The transport that forwards a request may go on reading for a while after the
// handlers have returned, so the head's buffer is taken back under a lock, and a
// late Read gets an error instead of another request's bytes.
type body struct {
	rest io.ReadCloser // the body as it came

	mu      sync.Mutex
	buf     *[]byte           // where head lies; nil when it came from no pool
	head    []byte            // read, not yet given back
	err     error             // what rest said after head; nil: read on
	pending <-chan readResult // a Read of rest still under way
}

type readResult struct {
	p   []byte
	err error
}

// hasBody says whether r has a body to inspect. A CONNECT request has none: what
// follows is the tunnel, WebSocket over HTTP/2 and HTTP/3 included.
func hasBody(r *http.Request) bool {
	return r.Body != nil && r.Body != http.NoBody && r.ContentLength != 0 && r.Method != http.MethodConnect
}

// isStream says whether the client may wait for the server's answer before it
// has sent the whole body: gRPC and Connect, over HTTP/2 or later.
func isStream(r *http.Request) bool {
	if r.ContentLength >= 0 || r.ProtoMajor < 2 {
		return false
	}
	ct := r.Header.Get("Content-Type")
	return strings.HasPrefix(ct, "application/grpc") || strings.HasPrefix(ct, "application/connect+")
}

// readBody reads at most limit bytes of r's body and puts a body in its place
// that gives everything back. It returns the bytes that were read, valid until
// release, and the size of the body: as declared, else as far as it is known
// (larger than what was read when there is more). The error is what reading
// met; the next handler will meet it too, in its place behind the bytes before
// it.
func readBody(r *http.Request, limit int64) (b *body, p []byte, size int64, err error) {
	b = &body{rest: r.Body}
	switch {
	case isStream(r):
		size = b.readStream(int(limit))
	case r.ContentLength > 0:
		b.fill(int(min(limit, r.ContentLength)))
		size = r.ContentLength
	default:
		b.fill(int(limit) + 1) // one byte more, to know whether there is more
		size = int64(len(b.head))
	}
	p = b.head
	if int64(len(p)) > limit {
		p = p[:limit]
	}
	r.Body = b
	if b.err != nil && b.err != io.EOF {
		err = b.err
	}
	return b, p, size, err
}

// grow makes room for want bytes in all, in a pooled buffer if they fit.
func (b *body) grow(want int) {
	switch {
	case cap(b.head) >= want:
	case b.head == nil && want <= pooledBody:
		b.buf = bodyBuffers.Get().(*[]byte)
		b.head = (*b.buf)[:0]
	default:
		bigger := make([]byte, len(b.head), want)
		copy(bigger, b.head)
		b.head = bigger
		b.putBuffer()
	}
}

// putBuffer gives the pooled buffer back. Nothing may point into it any more.
func (b *body) putBuffer() {
	if b.buf != nil {
		bodyBuffers.Put(b.buf)
		b.buf = nil
	}
}

// fill reads want bytes, or up to an error. The buffer grows with what arrives,
// not with what a client says that it will send.
func (b *body) fill(want int) {
	b.grow(min(want, pooledBody))
	for len(b.head) < want && b.err == nil {
		if len(b.head) == cap(b.head) {
			b.grow(min(want, 4*cap(b.head)))
		}
		n, err := b.rest.Read(b.head[len(b.head):min(want, cap(b.head))])
		b.head, b.err = b.head[:len(b.head)+n], err
	}
}

// readStream reads what a streaming client sends before it pauses, up to limit
// bytes. A Read that is still under way then is left to finish by itself; the
// next handler gets its result.
func (b *body) readStream(limit int) (size int64) {
	want := limit + 1
	// Not from the pool: the Read that is left behind writes here.
	buf := make([]byte, min(want, pooledBody))
	pause := time.NewTimer(streamPause)
	defer pause.Stop()
	end := time.Now().Add(streamWait)
	n := 0
	for n < want && b.err == nil && b.pending == nil {
		if n == len(buf) {
			bigger := make([]byte, min(want, 4*len(buf)))
			copy(bigger, buf)
			buf = bigger
		}
		ch := make(chan readResult, 1)
		go func(p []byte) {
			m, err := b.rest.Read(p)
			ch <- readResult{p[:m], err}
		}(buf[n:])
		pause.Reset(min(streamPause, time.Until(end)))
		select {
		case res := <-ch:
			n += len(res.p)
			b.err = res.err
		case <-pause.C:
			b.pending = ch
		}
	}
	b.head = buf[:n]
	if b.err == io.EOF {
		return int64(n)
	}
	return int64(n) + 1 // more may come
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	if len(b.head) == 0 && b.pending != nil {
		ch := b.pending
		b.pending = nil
		b.mu.Unlock()
		res := <-ch
		b.mu.Lock()
		if b.err == nil { // not closed meanwhile
			b.head, b.err = res.p, res.err
		}
	}
	if len(b.head) > 0 {
		n := copy(p, b.head)
		b.head = b.head[n:]
		b.mu.Unlock()
		return n, nil
	}
	err := b.err
	b.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return b.rest.Read(p)
}

// Close implements io.Closer. Like the body it stands for, it fails every Read
// after it.
func (b *body) Close() error {
	b.mu.Lock()
	b.head = nil
	if b.err == nil {
		b.err = http.ErrBodyReadAfterClose
	}
	pending := b.pending != nil
	b.mu.Unlock()
	if pending {
		return nil // rest is being read; release ends that
	}
	return b.rest.Close()
}

// release takes the head's buffer back once the handlers are done with the
// request, and ends a Read that nobody waits for. What was not read by now
// cannot be read any more.
func (b *body) release(w http.ResponseWriter) {
	b.mu.Lock()
	pending := b.pending
	b.pending = nil
	if len(b.head) > 0 || pending != nil {
		b.head, b.err = nil, http.ErrBodyReadAfterClose
	}
	b.putBuffer()
	b.mu.Unlock()
	if pending != nil && http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0)) == nil {
		<-pending
	}
}
