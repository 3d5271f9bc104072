package caddymodule_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// answering is an upstream that answers as the target asks: /STATUS, /slow takes 30 ms,
// /broken breaks off, /open streams until the test ends.
func answering(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	end := make(chan struct{})
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/slow"):
			time.Sleep(30 * time.Millisecond)
			w.WriteHeader(201)
		case strings.HasSuffix(r.URL.Path, "/broken"):
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, "abc")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case strings.HasSuffix(r.URL.Path, "/open"):
			io.WriteString(w, "first")
			_ = http.NewResponseController(w).Flush()
			<-end
			io.WriteString(w, "last")
		default:
			var status int
			fmt.Sscanf(filepath.Base(r.URL.Path), "%d", &status)
			w.WriteHeader(status)
			io.WriteString(w, "answer")
		}
	})}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	t.Cleanup(func() { close(end) })
	return l.Addr().String()
}

// outcomeOf returns status and upstream time of the newest row.
func (s *server) outcomeOf(n int) (status, micros float64) {
	s.t.Helper()
	row := s.rows("", n)[0]
	status, _ = row["status"].(float64)
	micros, _ = row["upstream_us"].(float64)
	return status, micros
}

// Ensure that a row has what came of its request wherever Caddy knows it without a
// wrapper around the response: from reverse_proxy, an error, or an access log.
func TestOutcome(t *testing.T) {
	dead := freeAddr(t)
	site := t.TempDir()
	write(t, filepath.Join(site, "page.txt"), []byte("page"))
	s := start(t, `$SITE {
	limen {
		mode observe
		except path /excepted/*
	}
	handle /dead/* {
		reverse_proxy $DEAD
	}
	handle /files/* {
		uri strip_prefix /files
		root * $FILES
		file_server
	}
	handle /said/* {
		respond "said" 418
	}
	reverse_proxy $UP
}
`, map[string]string{"$UP": answering(t), "$DEAD": dead, "$FILES": site})
	tests := []struct {
		target   string
		status   float64 // in the row; 0 for not known
		upstream bool
	}{
		{"/200", 200, true},
		{"/404?q=evil-sqli", 404, true}, // an attack that was let through
		{"/503", 503, true},
		{"/excepted/204", 204, true},
		{"/slow", 201, true},
		{"/dead/1", 502, false},
		{"/files/none.txt", 404, false},
		{"/files/page.txt", 0, false},
		{"/said/1", 0, false},
	}
	for i, tt := range tests {
		s.get(tt.target)
		status, micros := s.outcomeOf(i + 1)
		if status != tt.status || (micros > 0) != tt.upstream || tt.target == "/slow" && micros < 30_000 {
			t.Errorf("%s: the row has status %v, upstream %v µs; expected %v, upstream known: %v", tt.target, status, micros, tt.status, tt.upstream)
		}
	}
	// A response that breaks off, which the proxy ends with a panic.
	res, err := s.Client.Get(s.URL + "/broken")
	if err == nil {
		_, err = io.ReadAll(res.Body)
		res.Body.Close()
	}
	if err == nil {
		t.Error("the broken response came whole")
	}
	if status, _ := s.outcomeOf(len(tests) + 1); status != 200 {
		t.Errorf("the response that broke off has status %v", status)
	}
}

// Ensure that with an access log the status is known whatever answers, also behind a
// handler that wraps the response, and that of a blocked request is the block's.
func TestOutcomeLogged(t *testing.T) {
	site := t.TempDir()
	write(t, filepath.Join(site, "page.txt"), []byte("page"))
	s := start(t, `$SITE {
	log {
		output discard
	}
	encode gzip
	limen
	handle /files/* {
		uri strip_prefix /files
		root * $FILES
		file_server
	}
	respond "said" 418
}
`, map[string]string{"$FILES": site})
	for i, tt := range []struct {
		target string
		status float64
	}{{"/files/page.txt", 200}, {"/files/none.txt", 404}, {"/said", 418}, {"/?q=evil-sqli", 403}} {
		s.get(tt.target)
		if status, micros := s.outcomeOf(i + 1); status != tt.status || micros != 0 {
			t.Errorf("%s: the row has status %v, upstream %v µs; expected %v", tt.target, status, micros, tt.status)
		}
	}
}

// Ensure that the row of a WebSocket is there while it is open, with its 101, that the
// tunnel goes on, and that a response without end has its row as well, once.
func TestOutcomeStreams(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		in := bufio.NewReader(conn)
		if _, err := http.ReadRequest(in); err != nil {
			return
		}
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		io.Copy(conn, in) // an echo
	}()
	s := start(t, "$SITE {\n limen\n handle /socket {\n  reverse_proxy $SOCKET\n }\n reverse_proxy $UP {\n  flush_interval -1\n }\n}\n",
		map[string]string{"$SOCKET": l.Addr().String(), "$UP": answering(t)})

	conn := s.dial()
	io.WriteString(conn, "GET /socket HTTP/1.1\r\nHost: "+s.Addr+"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	if err != nil || res.StatusCode != 101 {
		t.Fatal(res, err)
	}
	if status, _ := s.outcomeOf(1); status != 101 {
		t.Errorf("the open WebSocket's row has status %v", status)
	}
	echo := make([]byte, 5)
	io.WriteString(conn, "hello")
	if _, err := io.ReadFull(in, echo); err != nil || string(echo) != "hello" {
		t.Errorf("the tunnel gives %q, %v", echo, err)
	}
	conn.Close()

	open, err := s.Client.Get(s.URL + "/open")
	if err != nil {
		t.Fatal(err)
	}
	defer open.Body.Close()
	first := make([]byte, 5)
	if _, err := io.ReadFull(open.Body, first); err != nil || string(first) != "first" {
		t.Fatalf("%q, %v", first, err)
	}
	if row := s.rows("", 2)[0]; row["path"] != "/open" {
		t.Errorf("%v", row)
	}
	open.Body.Close() // the request ends, and its row is not written again
	s.expect(s.get("/200"), 200, "answer")
	if status, _ := s.outcomeOf(3); status != 200 {
		t.Errorf("status %v", status)
	}
}

// Ensure that a reload writes the rows of requests that are being answered, and their
// handlers do no harm when they end later.
func TestOutcomeReload(t *testing.T) {
	const caddyfile = "$SITE {\n limen\n reverse_proxy $UP {\n  flush_interval -1\n  stream_close_delay 30s\n }\n}\n"
	s := start(t, caddyfile, map[string]string{"$UP": answering(t)})
	open, err := s.Client.Get(s.URL + "/open")
	if err != nil {
		t.Fatal(err)
	}
	defer open.Body.Close()
	s.reload(caddyfile)
	if row := s.rows("", 1)[0]; row["path"] != "/open" || row["decision"] != "allow" {
		t.Errorf("%v", row)
	}
	s.expect(s.get("/204"), 204, "")
	s.rows("", 2)
}
