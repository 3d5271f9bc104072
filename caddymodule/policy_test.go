package caddymodule_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Ensure that excepted requests are not scored, whatever they carry, and that
// the row names the exception; and that no other request slips through with them.
func TestExcept(t *testing.T) {
	s, u := proxied(t, `
		except path /static/* /favicon.ico
		except method options
		except header X-Probe secret
		except header X-Any
	`)
	tests := []struct {
		name, method, target string
		header               http.Header
		except               string // "" when it must be blocked
	}{
		{"path", "GET", "/static/a.js?q=evil-sqli", nil, "path /static/* /favicon.ico"},
		{"path, second", "GET", "/favicon.ico?evil-sqli", nil, "path /static/* /favicon.ico"},
		{"method", "OPTIONS", "/?q=evil-sqli", nil, "method OPTIONS"},
		{"header", "GET", "/?q=evil-sqli", http.Header{"X-Probe": {"secret"}}, "header X-Probe secret"},
		{"header, any value", "GET", "/?q=evil-sqli", http.Header{"X-Any": {"1"}}, "header X-Any *"},
		{"other path", "GET", "/statics/?q=evil-sqli", nil, ""},
		{"out of the path", "GET", "/static/../?q=evil-sqli", nil, ""},
		{"out of the path, encoded", "GET", "/static/%2e%2e/?q=evil-sqli", nil, ""},
		{"other header", "GET", "/?q=evil-sqli", http.Header{"X-Probe": {"guess"}}, ""},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := engineCalls.Load()
			res := s.do(tt.method, tt.target, tt.header, nil)
			r := s.rows("", i+1)[0]
			if tt.except == "" {
				s.expect(res, 403, "")
				if r["decision"] != "block" {
					t.Errorf("row is %v", r)
				}
				return
			}
			s.expect(res, 200, "")
			u.last(t)
			if engineCalls.Load() != before {
				t.Error("an excepted request was scored")
			}
			if r["exception"] != tt.except || r["decision"] != "allow" {
				t.Errorf("row has exception %q and decision %q, expected %q", r["exception"], r["decision"], tt.except)
			}
		})
	}
}

// Ensure that the client's address is Caddy's: behind a trusted proxy the
// header's, else the connection's, never what an untrusted client says.
func TestClientIP(t *testing.T) {
	site := strings.Replace(globalBlock, "limen {", "servers {\n $TRUST\n }\n limen {", 1) + `$SITE {
		limen {
			except client_ip 192.0.2.0/24
		}
		respond "hello"
	}
	`
	tests := []struct {
		name, trust, forwarded, ip string
		status                     int
	}{
		{"untrusted", "protocols h1", "192.0.2.7", "127.0.0.1", 403},
		{"trusted", "trusted_proxies static 127.0.0.1/32", "203.0.113.9", "203.0.113.9", 403},
		{"trusted and excepted", "trusted_proxies static 127.0.0.1/32", "192.0.2.7", "192.0.2.7", 200},
		{"trusted, own header", "trusted_proxies static 127.0.0.1/32\n client_ip_headers X-Real-Ip", "192.0.2.7", "127.0.0.1", 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, site, map[string]string{"$TRUST": tt.trust})
			s.expect(s.do("GET", "/?q=evil-sqli", http.Header{"X-Forwarded-For": {tt.forwarded}}, nil), tt.status, "")
			if got := s.rows("", 1)[0]["client_ip"]; got != tt.ip {
				t.Errorf("client_ip is %v, expected %s", got, tt.ip)
			}
		})
	}
}

// Ensure that each record policy keeps what it says and that nothing else
// depends on it.
func TestRecord(t *testing.T) {
	tests := []struct {
		record string
		rows   int
	}{
		{"all", 4},
		{"flagged", 1},
		{"none", 0},
		{"sample 1", 4},
		{"sample 0.0000001", 1}, // the flagged one
	}
	for _, tt := range tests {
		t.Run(tt.record, func(t *testing.T) {
			s, _ := proxied(t, "record "+tt.record+"\n except path /static/*")
			for _, target := range []string{"/a", "/b", "/static/c"} {
				s.expect(s.get(target), 200, "")
			}
			s.expect(s.get("/?q=evil-sqli"), 403, "")
			time.Sleep(50 * time.Millisecond) // rows too many would be there by now
			rows := s.rows("", tt.rows)
			if tt.rows > 0 && rows[0]["decision"] != "block" {
				t.Errorf("the newest row is %v, expected the blocked request", rows[0])
			}
		})
	}
	// What observe let pass is flagged all the same.
	s, _ := proxied(t, "mode observe\n record flagged")
	s.expect(s.get("/?q=evil-sqli"), 200, "")
	s.rows("", 1)
}

// Ensure that with strict durability the row of a blocked request is there when
// its answer is.
func TestDurability(t *testing.T) {
	s, _ := proxied(t, "durability strict")
	for i := range 5 {
		s.expect(s.get("/?q=evil-sqli"), 403, "")
		if n := len(s.page("").Verdicts); n != i+1 {
			t.Fatalf("%d rows are on disk after %d blocked requests", n, i+1)
		}
	}
}

// Ensure that an engine that fails, or is late, is what on_error says, and is
// counted and in the row; and that what was found before it failed counts.
func TestFallback(t *testing.T) {
	fault := errors.New("device lost")
	tests := []struct {
		name, options string
		fault         error
		delay         time.Duration
		status        int
		reason        string
	}{
		{"engine fails, allow", "", fault, 0, 200, "engine"},
		{"engine fails, block", "on_error block", fault, 0, 403, "engine"},
		{"engine fails, observe", "mode observe\n on_error block", fault, 0, 200, "engine"},
		{"late, allow", "deadline 1ms", nil, 10 * time.Millisecond, 200, "deadline"},
		{"late, block", "deadline 1ms\n on_error block", nil, 10 * time.Millisecond, 403, "deadline"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := proxied(t, tt.options)
			before := s.fallbacks(tt.reason)
			if tt.fault != nil {
				engineFault.Store(&tt.fault)
				defer engineFault.Store(nil)
			}
			engineDelay.Store(int64(tt.delay))
			defer engineDelay.Store(0)

			// Many windows, so that the time is up before all are scored.
			headers, body := form("a=" + strings.Repeat("word ", 20_000))
			s.expect(s.do("POST", "/", headers, body), tt.status, "")
			r := s.rows("", 1)[0]
			if r["fallback"] != tt.reason {
				t.Errorf("row's fallback is %v, expected %s", r["fallback"], tt.reason)
			}
			if r["bytes_inspected"].(float64) >= r["bytes_sent"].(float64) {
				t.Errorf("row says that %v of %v bytes were inspected", r["bytes_inspected"], r["bytes_sent"])
			}
			if got := s.fallbacks(tt.reason); got != before+1 {
				t.Errorf("%v fallbacks are counted, expected %v", got, before+1)
			}
		})
	}
}

// fallbacks is the counter of a reason.
func (s *server) fallbacks(reason string) float64 {
	s.t.Helper()
	return s.metric(fmt.Sprintf(`limen_fallbacks_total{reason="%s"}`, reason))
}

// metric reads one metric from the admin endpoint; 0 when it is not there.
func (s *server) metric(name string) (v float64) {
	s.t.Helper()
	res, err := s.admins("/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 {
		s.t.Fatalf("reading metrics: %d %v %.300s", res.StatusCode, err, text)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			fmt.Sscan(rest, &v)
		}
	}
	return v
}

// Ensure that a body beyond the limit is what on_oversize says, that the row says
// how much was read, and that padding does not hide what stands before the limit.
func TestOversize(t *testing.T) {
	tests := []struct {
		name, options, body string
		status              int
		tagged              bool
	}{
		{"allow", "body_limit 8KiB", strings.Repeat("x", 9000), 200, false},
		{"tag", "body_limit 8KiB\n on_oversize tag", strings.Repeat("x", 9000), 200, true},
		{"block", "body_limit 8KiB\n on_oversize block", strings.Repeat("x", 9000), 403, false},
		{"block, at the limit", "body_limit 8KiB\n on_oversize block", strings.Repeat("x", 8192), 200, false},
		{"attack before the limit", "body_limit 8KiB", "evil-sqli" + strings.Repeat("x", 90_000), 403, false},
		{"padding of 8 KB", "", strings.Repeat("a=b&", 2_000) + "c=evil-sqli", 403, false},
		{"padding of 128 KB", "", strings.Repeat("a=b&", 32_000) + "c=evil-sqli", 403, false},
		{"padding of 900 KB", "", strings.Repeat("a=b&", 225_000) + "c=evil-sqli", 403, false},
	}
	for _, tt := range tests {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/chunked=%v", tt.name, chunked), func(t *testing.T) {
				s, u := proxied(t, tt.options)
				headers, body := form(tt.body)
				if chunked {
					body = io.MultiReader(body)
				}
				s.expect(s.do("POST", "/", headers, body), tt.status, "")
				r := s.rows("", 1)[0]
				over := strings.Contains(tt.options, "8KiB") && len(tt.body) > 8192
				if got := r["bytes_inspected"].(float64) < r["bytes_sent"].(float64); got != over {
					t.Errorf("row says that %v of %v bytes were inspected", r["bytes_inspected"], r["bytes_sent"])
				}
				if tt.status != 200 {
					u.none(t)
					return
				}
				got := u.last(t)
				if string(got.Body) != tt.body {
					t.Errorf("%d bytes reached the upstream, %d were sent", len(got.Body), len(tt.body))
				}
				if _, ok := got.Header["X-Limen-Score"]; ok != tt.tagged {
					t.Errorf("tagged is %v, expected %v", ok, tt.tagged)
				}
			})
		}
	}
}

// Ensure that the limit of request_body is a 413 as without Limen, whether the
// length is known or not, and that a client that breaks off is a 400 that never
// reaches the upstream.
func TestBodyErrors(t *testing.T) {
	u := startUpstream(t)
	s := start(t, `$SITE {
		limen
		request_body {
			max_size 1KiB
		}
		reverse_proxy $UPSTREAM
	}
	`, map[string]string{"$UPSTREAM": u.Addr})
	large := strings.Repeat("x", 5000)
	s.expect(s.do("POST", "/", nil, strings.NewReader(large)), 413, "")
	s.expect(s.do("POST", "/", nil, io.MultiReader(strings.NewReader(large))), 413, "")
	u.none(t)

	conn := s.dial()
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\nnot a chunk\r\n", s.Addr)
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") {
		t.Errorf("a broken body is answered with %.100q, %v; expected 400", answer, err)
	}
	u.none(t)
	if got := s.fallbacks("body"); got < 2 {
		t.Errorf("%v unreadable bodies are counted, expected at least 2", got)
	}
}

// Ensure that handle_errors renders a blocked request with its id, and that the
// access log has the verdict.
func TestErrorPageAndLog(t *testing.T) {
	logFile := filepath.Join(t.TempDir(), "access.log")
	s := start(t, `$SITE {
		log {
			output file $LOG
		}
		limen
		respond "{http.limen.decision} {http.limen.class} {http.limen.model}"
		handle_errors {
			header X-Status {http.error.status_code}
			respond "blocked {http.limen.id} {http.limen.decision} {http.limen.class} {http.limen.score} {http.error.message}"
		}
	}
	`, map[string]string{"$LOG": logFile})
	s.expect(s.get("/?q=shoes"), 200, "allow none spelling@")
	res := s.get("/?q=evil-sqli")
	r := s.rows("", 2)[0]
	s.expect(res, 403, fmt.Sprintf("blocked %v block sqli 0.99", r["id"]))
	if res.Header.Get("X-Status") != "403" {
		t.Errorf("handle_errors saw status %q", res.Header.Get("X-Status"))
	}
	if !strings.HasSuffix(res.Text, " request blocked") {
		t.Errorf("the error message says more than it should: %q", res.Text)
	}

	raw, err := os.ReadFile(logFile)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	if len(lines) != 2 {
		t.Fatalf("access log has %d lines, expected 2", len(lines))
	}
	var entry struct {
		Status int
		Limen  struct {
			ID, Decision, Class, Model string
			Score                      float64
		}
	}
	if err := json.Unmarshal([]byte(lines[1]), &entry); err != nil {
		t.Fatal(err)
	}
	l := entry.Limen
	if entry.Status != 403 || l.ID != r["id"] || l.Decision != "block" || l.Class != "sqli" || l.Score < 0.99 || !strings.HasPrefix(l.Model, "spelling@") {
		t.Errorf("access log entry is %+v", entry)
	}
}

// Ensure that the target is read as it came, also after a rewrite, and that
// Limen runs before what answers, without an order line.
func TestOrder(t *testing.T) {
	s := start(t, `$SITE {
		rewrite * /clean
		handle /clean {
			respond "inner"
		}
		limen
	}
	`, nil)
	s.expect(s.get("/evil-sqli"), 403, "")
	s.expect(s.get("/fine?a=b"), 200, "inner")
	if path := s.rows("", 2)[0]["path"]; path != "/fine?a=b" {
		t.Errorf("row's path is %v, expected the one on the wire", path)
	}
}
