package load_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/limen-waf/limen/bench/load"
)

// serve answers /mark with the marker, /deny with a bare 403, /slow late, /drop
// by closing the connection, and counts what it gets.
func serve(t *testing.T) (address string, paths func() map[string]int) {
	t.Helper()
	var mu sync.Mutex
	seen := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		mu.Lock()
		seen[r.URL.Path]++
		mu.Unlock()
		switch r.URL.Path {
		case "/deny":
			w.WriteHeader(http.StatusForbidden)
			return
		case "/slow":
			time.Sleep(300 * time.Millisecond)
		case "/drop":
			panic(http.ErrAbortHandler)
		case "/close":
			w.Header().Set("Connection", "close")
		}
		w.Header().Set(load.Marker, "1")
		_, _ = w.Write([]byte(strconv.FormatInt(n, 10)))
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		return seen
	}
}

func get(path string) load.Message {
	return load.Message{Wire: []byte("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n")}
}

// Ensure that a closed loop sends every message once, in order, and notes its
// outcome.
func TestClosedLoop(t *testing.T) {
	address, paths := serve(t)
	body := strings.Repeat("x", 4<<20) // more than a socket buffer
	messages := []load.Message{
		get("/mark"), get("/deny"), get("/close"), get("/drop"),
		{Wire: []byte("HEAD /mark HTTP/1.1\r\nHost: a\r\n\r\n"), Head: true},
		{Wire: []byte("POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)},
	}
	want := []load.Outcome{
		{Status: 200, Upstream: true}, {Status: 403}, {Status: 200, Upstream: true}, {Failed: true},
		{Status: 200, Upstream: true}, {Status: 200, Upstream: true},
	}
	for _, connections := range []int{1, 4} {
		got := map[int]load.Outcome{}
		result, err := load.Run(context.Background(), messages, load.Options{
			Address: address, Connections: connections, Count: 60, Offset: 6,
			Outcome: func(n int, o load.Outcome) { got[n] = o },
		})
		if err != nil {
			t.Fatal(err)
		}
		if result.Finished != 60 || result.Failed != 10 || len(result.Latencies) != 50 || len(got) != 60 {
			t.Fatalf("%d connections: finished %d, failed %d, %d latencies, %d outcomes", connections, result.Finished, result.Failed, len(result.Latencies), len(got))
		}
		for n, o := range got {
			if o != want[n%6] {
				t.Errorf("%d connections: message %d gave %+v, want %+v", connections, n, o, want[n%6])
			}
		}
		if result.Throughput() <= 0 {
			t.Errorf("throughput %v", result.Throughput())
		}
	}
	seen := paths()
	if seen["/mark"] != 40 || seen["/deny"] != 20 || seen["/big"] != 20 {
		t.Errorf("the server saw %v", seen)
	}
	if seen["/drop"] < 20 {
		t.Errorf("the server saw /drop %d times, want at least 20", seen["/drop"])
	}
}

// Ensure that the open loop keeps its rate and charges a stall to the messages
// that had to wait for it (no coordinated omission).
func TestOpenLoop(t *testing.T) {
	address, _ := serve(t)
	const rate, count = 200.0, 100
	for _, poisson := range []bool{false, true} {
		result, err := load.Run(context.Background(), []load.Message{get("/mark")}, load.Options{
			Address: address, Connections: 8, Count: count, Rate: rate, Poisson: poisson, Seed: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		if result.Failed != 0 || len(result.Latencies) != count || len(result.Lags) != count {
			t.Fatalf("poisson %v: %d failed, %d latencies, %d lags", poisson, result.Failed, len(result.Latencies), len(result.Lags))
		}
		if result.Elapsed < 300*time.Millisecond || result.Elapsed > 2*time.Second {
			t.Errorf("poisson %v: took %v, want about 500ms", poisson, result.Elapsed)
		}
	}

	// One connection: behind the 300 ms of /slow wait about 60 messages.
	messages := make([]load.Message, count)
	for i := range messages {
		messages[i] = get("/mark")
	}
	messages[10] = get("/slow")
	result, err := load.Run(context.Background(), messages, load.Options{Address: address, Connections: 1, Count: count, Rate: rate})
	if err != nil {
		t.Fatal(err)
	}
	if p75 := load.Quantile(result.Latencies, 0.75); p75 < 100*time.Millisecond {
		t.Errorf("p75 %v: the stall was not charged to the messages behind it", p75)
	}
	if p75 := load.Quantile(result.Lags, 0.75); p75 > 50*time.Millisecond {
		t.Errorf("p75 of the generator's own lag %v: waiting for a connection must not count", p75)
	}
}

// Ensure that a message whose kept-alive connection was closed meanwhile is sent
// again, once.
func TestRetry(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var connections atomic.Int32
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			go func() {
				// One answer a connection, then close without saying so.
				buffer := make([]byte, 1024)
				_, _ = c.Read(buffer)
				_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
				_, _ = c.Read(buffer[:1])
				_ = c.Close()
			}()
		}
	}()
	result, err := load.Run(context.Background(), []load.Message{get("/")}, load.Options{Address: listener.Addr().String(), Connections: 1, Count: 5})
	if err != nil {
		t.Fatal(err)
	}
	if result.Failed != 0 || result.Retried != 4 || connections.Load() != 5 {
		t.Errorf("failed %d, retried %d, connections %d", result.Failed, result.Retried, connections.Load())
	}
}

// Ensure that what cannot work ends with an error or a failed message, in time.
func TestRunFailures(t *testing.T) {
	address, _ := serve(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := listener.Addr().String()
	listener.Close()
	one := []load.Message{get("/mark")}
	if _, err := load.Run(context.Background(), one, load.Options{Address: gone, Connections: 1, Count: 1}); err == nil {
		t.Error("no server gave no error")
	}
	if _, err := load.Run(context.Background(), one, load.Options{Address: "[::1]:80", Connections: 1, Count: 1}); err == nil {
		t.Error("an IPv6 address gave no error")
	}
	if _, err := load.Run(context.Background(), nil, load.Options{Address: address, Connections: 1, Count: 1}); err == nil {
		t.Error("no message gave no error")
	}
	result, err := load.Run(context.Background(), []load.Message{get("/slow")}, load.Options{Address: address, Connections: 1, Count: 1, Timeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if result.Failed != 1 || result.Elapsed > 290*time.Millisecond {
		t.Errorf("time limit: failed %d after %v", result.Failed, result.Elapsed)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if _, err := load.Run(ctx, one, load.Options{Address: address, Connections: 1, Count: 1 << 20, Rate: 10}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the context's", err)
	}
}

// Ensure that quantiles are of the nearest rank.
func TestQuantile(t *testing.T) {
	sorted := make([]time.Duration, 1000)
	for i := range sorted {
		sorted[i] = time.Duration(i + 1)
	}
	for q, want := range map[float64]time.Duration{0: 1, 0.5: 500, 0.99: 990, 0.999: 999, 1: 1000} {
		if got := load.Quantile(sorted, q); got != want {
			t.Errorf("quantile %v = %d, want %d", q, got, want)
		}
	}
	if got := load.Quantile(nil, 0.5); got != 0 {
		t.Errorf("quantile of nothing = %v", got)
	}
}
