package caddymodule_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// dial opens a connection to the site for a test that speaks HTTP by hand.
func (s *server) dial() net.Conn {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.Addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	return conn
}

// rawUpstream answers every connection's one request with fixed bytes, and
// gives the bytes of the request.
func rawUpstream(t *testing.T, answer string) (addr string, requests <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	got := make(chan string, 10)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				var raw bytes.Buffer
				r, err := http.ReadRequest(bufio.NewReader(io.TeeReader(conn, &raw)))
				if err != nil {
					return
				}
				io.Copy(io.Discard, r.Body)
				io.WriteString(conn, answer)
				got <- raw.String()
			}()
		}
	}()
	return l.Addr().String(), got
}

// exchange sends raw bytes and reads the answer to the end of the connection.
func (s *server) exchange(raw string) string {
	s.t.Helper()
	conn := s.dial()
	if _, err := io.WriteString(conn, raw); err != nil {
		s.t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(answer)
}

// Ensure that observe alters nothing: the bytes at the upstream and those at the
// client are the same as without Limen, for requests of every kind.
func TestObserveAltersNothing(t *testing.T) {
	const answer = "HTTP/1.1 200 OK\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\nX-Odd: a\r\nx-odd: b\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
	const head = " HTTP/1.1\r\nHost: example.com\r\nUser-Agent: test\r\nConnection: close\r\n"
	requests := map[string]string{
		"plain":         "GET /?q=shoes" + head + "\r\n",
		"attack":        "GET /a%2fb/../?q=evil-sqli&x=%00" + head + "\r\n",
		"forged header": "GET /" + head + "X-Limen-Score: 0\r\nConnection: X-Limen-Class\r\nX-Limen-Class: none\r\n\r\n",
		"absolute":      "GET http://example.com/x?y" + head + "\r\n",
		"form":          "POST /" + head + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 11\r\n\r\na=evil-sqli",
		"chunked":       "POST /" + head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
		"trailers":      "POST /" + head + "Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 42\r\n\r\n",
		"empty chunked": "POST /" + head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"zero length":   "POST /" + head + "Content-Length: 0\r\n\r\n",
		"odd method":    "BREW /" + head + "\r\n",
		"large":         "PUT /" + head + "Content-Length: 3000000\r\n\r\n" + strings.Repeat("0123456789", 300_000),
	}
	ports := regexp.MustCompile(`127\.0\.0\.1:\d+`)
	run := func(t *testing.T, directive, raw string) (request, response string) {
		addr, got := rawUpstream(t, answer)
		site := "http://:$PORT {\n" + directive + "\nreverse_proxy $UPSTREAM\n}\n"
		s := newServer(t, map[string]string{"$UPSTREAM": addr})
		s.run(site)
		response = s.exchange(raw)
		select {
		case request = <-got:
		case <-time.After(5 * time.Second):
			t.Fatal("nothing reached the upstream")
		}
		return ports.ReplaceAllString(request, "ADDR"), ports.ReplaceAllString(response, "ADDR")
	}
	for name, raw := range requests {
		t.Run(name, func(t *testing.T) {
			var bareRequest, bareResponse string
			t.Run("bare", func(t *testing.T) { bareRequest, bareResponse = run(t, "", raw) })
			t.Run("observed", func(t *testing.T) {
				request, response := run(t, "limen {\n mode observe\n body_limit 4KiB\n}", raw)
				if request != bareRequest {
					t.Errorf("the upstream got\n%.1000q\nexpected\n%.1000q", request, bareRequest)
				}
				if response != bareResponse {
					t.Errorf("the client got\n%q\nexpected\n%q", response, bareResponse)
				}
			})
		})
	}
}

// Ensure that an upload streams: the upstream has its beginning while the client
// still holds its end back.
func TestUploadStreams(t *testing.T) {
	arrived := make(chan struct{})
	sum := make(chan string, 1)
	up := serve(t, func(w http.ResponseWriter, r *http.Request) {
		h := sha256.New()
		if _, err := io.CopyN(h, r.Body, 1<<20); err != nil {
			t.Errorf("upstream reads: %v", err)
		}
		close(arrived)
		if _, err := io.Copy(h, r.Body); err != nil {
			t.Errorf("upstream reads: %v", err)
		}
		sum <- hex.EncodeToString(h.Sum(nil))
	})
	s := start(t, proxySite, map[string]string{"$UPSTREAM": up, "$OPTIONS": "mode block"})

	const total = 100 << 20
	want := sha256.New()
	pr, pw := io.Pipe()
	go func() {
		block := bytes.Repeat([]byte("lorem ipsum dolo"), 4096)
		for sent := 0; sent < total; sent += len(block) {
			if sent == 4<<20 {
				select {
				case <-arrived:
				case <-time.After(10 * time.Second):
					pw.CloseWithError(fmt.Errorf("the upstream has nothing of the first 4 MiB"))
					return
				}
			}
			want.Write(block)
			if _, err := pw.Write(block); err != nil {
				return
			}
		}
		pw.Close()
	}()
	r, err := http.NewRequest("POST", s.URL+"/upload", pr)
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = total
	s.expect(s.send(r), 200, "")
	if got := <-sum; got != hex.EncodeToString(want.Sum(nil)) {
		t.Error("the upstream got other bytes than were sent")
	}
	row := s.rows("", 1)[0]
	if row["bytes_sent"].(float64) < total || row["bytes_inspected"].(float64) > 2<<20 {
		t.Errorf("row says %v of %v bytes inspected", row["bytes_inspected"], row["bytes_sent"])
	}
}

// BenchmarkUpload compares an upload of 100 MB through a bare proxy and through
// Limen.
func BenchmarkUpload(b *testing.B) {
	up := serve(b, func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	body := bytes.Repeat([]byte("lorem ipsum dolo"), 100<<20/16)
	for _, directive := range []string{"bare", "limen"} {
		b.Run(directive, func(b *testing.B) {
			site := strings.Replace(strings.Replace(proxySite, "$OPTIONS", "record none", 1), "limen {", directive+" {", 1)
			if directive == "bare" {
				site = "$SITE {\n reverse_proxy $UPSTREAM\n}\n"
			}
			s := start(b, site, map[string]string{"$UPSTREAM": up, "$MODEL": "default"})
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				s.expect(s.do("POST", "/upload", nil, bytes.NewReader(body)), 200, "")
			}
		})
	}
}

// serve runs a handler on an address of its own.
func serve(t testing.TB, h http.HandlerFunc) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetUnencryptedHTTP2(true)
	srv := &http.Server{Handler: h, Protocols: p}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return l.Addr().String()
}

// Ensure that a client which asks before it sends its body is told to go on.
func TestExpectContinue(t *testing.T) {
	s, u := proxied(t, "mode block")
	conn := s.dial()
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n", s.Addr)
	in := bufio.NewReader(conn)
	line, err := in.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "HTTP/1.1 100 ") {
		t.Fatalf("got %q, %v; expected 100 Continue", line, err)
	}
	in.ReadString('\n')
	io.WriteString(conn, "hello")
	res, err := http.ReadResponse(in, nil)
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("got %v, %v", res, err)
	}
	got := u.last(t)
	if string(got.Body) != "hello" {
		t.Errorf("%q reached the upstream", got.Body)
	}
	if got.Header.Get("Expect") != "" {
		t.Error("the upstream is asked for what was answered already")
	}
}

// Ensure that WebSocket works through Limen, in both directions and with bytes
// that would be blocked as a body.
func TestWebSocket(t *testing.T) {
	up := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" {
			http.Error(w, "no upgrade", 400)
			return
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nwelcome\n")
		for {
			line, err := rw.ReadString('\n')
			if err != nil {
				return
			}
			io.WriteString(conn, "echo "+line)
		}
	})
	for _, mode := range []string{"observe", "tag", "block"} {
		t.Run(mode, func(t *testing.T) {
			s := start(t, proxySite, map[string]string{"$UPSTREAM": up, "$OPTIONS": "mode " + mode})
			conn := s.dial()
			fmt.Fprintf(conn, "GET /chat HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", s.Addr)
			in := bufio.NewReader(conn)
			res, err := http.ReadResponse(in, nil)
			if err != nil || res.StatusCode != 101 {
				t.Fatalf("got %v, %v; expected 101", res, err)
			}
			for _, want := range []string{"welcome\n", "echo one\n", "echo evil-sqli\n"} {
				if word, ok := strings.CutPrefix(want, "echo "); ok {
					io.WriteString(conn, word)
				}
				if got, err := in.ReadString('\n'); err != nil || got != want {
					t.Fatalf("got %q, %v; expected %q", got, err, want)
				}
			}
			s.rows("", 1) // while the connection is open
		})
	}
}

// Ensure that each server-sent event arrives before the next one is made.
func TestServerSentEvents(t *testing.T) {
	next := make(chan struct{})
	up := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			http.NewResponseController(w).Flush()
			select {
			case <-next:
			case <-time.After(10 * time.Second):
				t.Error("the client has not got an event")
				return
			}
		}
	})
	s := start(t, proxySite, map[string]string{"$UPSTREAM": up, "$OPTIONS": "mode block"})
	res, err := s.Client.Get(s.URL + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	in := bufio.NewReader(res.Body)
	for i := range 3 {
		line, err := in.ReadString('\n')
		if err != nil || line != fmt.Sprintf("data: %d\n", i) {
			t.Fatalf("got %q, %v", line, err)
		}
		in.ReadString('\n')
		next <- struct{}{}
	}
}

// Ensure that a gRPC stream, in which each side waits for the other, goes through.
func TestGRPCStream(t *testing.T) {
	up := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		rc := http.NewResponseController(w)
		io.WriteString(w, "ready\n")
		rc.Flush()
		in := bufio.NewReader(r.Body)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			io.WriteString(w, "echo "+line)
			rc.Flush()
		}
	})
	s := newServer(t, map[string]string{"$UPSTREAM": up})
	s.run(strings.Replace(globalBlock, "limen {", "servers {\n protocols h1 h2c\n }\n limen {", 1) + `$SITE {
		limen
		reverse_proxy {
			to h2c://$UPSTREAM
			flush_interval -1
		}
	}
	`)
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: p}}
	defer client.CloseIdleConnections()

	pr, pw := io.Pipe()
	r, err := http.NewRequest("POST", s.URL+"/service/method", pr)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/grpc")
	done := time.AfterFunc(20*time.Second, func() { pw.CloseWithError(io.ErrUnexpectedEOF) })
	defer done.Stop()
	res, err := client.Do(r) // returns once the server has spoken, before anything was sent
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.ProtoMajor != 2 {
		t.Fatalf("spoke %s, expected HTTP/2", res.Proto)
	}
	in := bufio.NewReader(res.Body)
	for _, want := range []string{"ready\n", "echo one\n", "echo two\n"} {
		if word, ok := strings.CutPrefix(want, "echo "); ok {
			io.WriteString(pw, word)
		}
		if got, err := in.ReadString('\n'); err != nil || got != want {
			t.Fatalf("got %q, %v; expected %q", got, err, want)
		}
	}
	pw.Close()
	row := s.rows("", 1)[0]
	if row["bytes_inspected"].(float64) >= row["bytes_sent"].(float64) {
		t.Errorf("row says that all of the stream was inspected: %v of %v", row["bytes_inspected"], row["bytes_sent"])
	}
}
