//go:build linux

package site

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/limen-waf/limen/bench/load"
)

// UpstreamCommand is the hidden subcommand by which the benchmark runs its own
// program again as the upstream.
const UpstreamCommand = "upstream"

// Upstream is the server behind the proxies.
type Upstream struct {
	*Process
	Address string
}

// StartUpstream runs the upstream in a process of its own. It answers every
// request with 200, the marker header and a body of size bytes, after it has
// read the request's body.
func StartUpstream(size int) (*Upstream, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the benchmark's own program: %w", err)
	}
	command := exec.Command(self, UpstreamCommand, strconv.Itoa(size))
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the upstream: %w", err)
	}
	process, err := start(command)
	if err != nil {
		return nil, err
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		process.Stop()
		return nil, process.died()
	}
	return &Upstream{process, strings.TrimSpace(address)}, nil
}

// ServeUpstream is the upstream's process: it prints its address and serves
// until it is killed.
func ServeUpstream(out io.Writer, size int) error {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	if _, err := fmt.Fprintln(out, listener.Addr()); err != nil {
		return fmt.Errorf("telling the address: %w", err)
	}
	return http.Serve(listener, Upstreamer(size))
}

// Upstreamer is the upstream's handler.
func Upstreamer(size int) http.Handler {
	body := []byte(strings.Repeat("limen ", size/6+1)[:size])
	length := strconv.Itoa(size)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set(load.Marker, "1")
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Content-Length", length)
		_, _ = w.Write(body)
	})
}
