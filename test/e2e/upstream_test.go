package e2e_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
)

// arrival is a request as it came over the wire.
type arrival struct {
	// Head is request line and header section, byte for byte.
	Head string
	// Body is the body without its transfer coding, Chunked whether it had one.
	Body    []byte
	Chunked bool
}

// upstream is a server that keeps the exact bytes of what reaches it. Requests
// tell it their name in a header.
type upstream struct {
	Address string

	mu       sync.Mutex
	arrivals map[string][]arrival
}

// nameHeader names a request for the upstream.
const nameHeader = "X-E2e-Name"

// answerMark is a header that only the upstream sends.
const answerMark = "X-Upstream"

func startUpstream(t *testing.T) *upstream {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	u := &upstream{Address: listener.Addr().String(), arrivals: map[string][]arrival{}}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go u.serve(connection)
		}
	}()
	return u
}

func (u *upstream) serve(connection net.Conn) {
	defer connection.Close()
	var raw bytes.Buffer
	reader := bufio.NewReader(io.TeeReader(connection, &raw))
	for {
		request, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return
		}
		head, _, _ := bytes.Cut(raw.Bytes(), []byte("\r\n\r\n"))
		name := request.Header.Get(nameHeader)
		u.mu.Lock()
		u.arrivals[name] = append(u.arrivals[name], arrival{string(head), body, len(request.TransferEncoding) > 0})
		u.mu.Unlock()
		// A client with one request under way sends nothing meanwhile.
		raw.Reset()
		answer := "from the upstream"
		if request.Method == http.MethodHead {
			answer = ""
		}
		_, err = io.WriteString(connection, "HTTP/1.1 200 OK\r\n"+answerMark+": 1\r\nContent-Type: text/plain\r\nContent-Length: "+strconv.Itoa(len("from the upstream"))+"\r\n\r\n"+answer)
		if err != nil {
			return
		}
	}
}

// got returns what arrived under the name.
func (u *upstream) got(name string) []arrival {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.arrivals[name]
}
