package load

import (
	"testing"
)

// Ensure that answers are read whatever pieces they come in, and that what no
// server should send is refused.
func TestAnswer(t *testing.T) {
	tests := []struct {
		name, wire   string
		head         bool
		status       int
		mark, closes bool
		bad          bool
		toClose      bool
	}{
		{name: "length", wire: "HTTP/1.1 200 OK\r\nX-Upstream: 1\r\nContent-Length: 3\r\n\r\nabc", status: 200, mark: true},
		{name: "no body", wire: "HTTP/1.1 403 Forbidden\r\nServer: Caddy\r\ncontent-length: 0\r\n\r\n", status: 403},
		{name: "close", wire: "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", status: 400, closes: true},
		{name: "HEAD", wire: "HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n", head: true, status: 200},
		{name: "204", wire: "HTTP/1.1 204 No Content\r\n\r\n", status: 204},
		{name: "interim", wire: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-Upstream: 1\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", status: 200},
		{name: "chunked", wire: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", status: 200},
		{name: "chunked with trailer", wire: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nT: v\r\n\r\n", status: 200},
		{name: "to the end", wire: "HTTP/1.1 200 OK\r\n\r\nabc", status: 200, closes: true, toClose: true},
		{name: "too long", wire: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc", bad: true},
		{name: "not HTTP", wire: "SSH-2.0-OpenSSH_9.9\r\n\r\n", bad: true},
		{name: "bad length", wire: "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", bad: true},
		{name: "bad chunk", wire: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", bad: true},
		{name: "chunk without its end", wire: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naXX\r\n", bad: true},
		{name: "bytes after the last chunk", wire: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX", bad: true},
	}
	var a answer // reused, as on a kept-alive connection
	for _, test := range tests {
		for _, step := range []int{1, 2, 3, 7, len(test.wire)} {
			a.reset(test.head)
			done, bad := false, false
			for at := 0; at < len(test.wire) && !bad; at += step {
				if done {
					bad = true // bytes after a whole answer
					break
				}
				var err error
				done, err = a.feed([]byte(test.wire[at:min(at+step, len(test.wire))]))
				bad = err != nil
			}
			if bad != test.bad {
				t.Errorf("%s in steps of %d: refused %v, want %v", test.name, step, bad, test.bad)
				continue
			}
			if test.bad {
				continue
			}
			if done == test.toClose {
				t.Errorf("%s in steps of %d: done %v", test.name, step, done)
			}
			if a.status != test.status || a.mark != test.mark || a.close != test.closes || a.toClose != test.toClose {
				t.Errorf("%s in steps of %d: %+v", test.name, step, a)
			}
		}
	}
}
