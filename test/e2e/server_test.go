package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// server is a running Caddy.
type server struct {
	t     *testing.T
	home  string
	admin string
	log   *buffer
	done  chan struct{}
	stop  func()
	kill  func() // SIGKILL: nothing is flushed or closed
}

// ports are addresses on the loopback that a Caddyfile names as {1}, {2}, ….
type ports []string

func freePorts(t *testing.T, n int) ports {
	t.Helper()
	var p ports
	for range n {
		listener, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		p = append(p, listener.Addr().String())
	}
	return p
}

// port returns the port of the nth address.
func (p ports) port(n int) string {
	_, port, _ := strings.Cut(p[n], ":")
	return port
}

// start runs the Caddyfile until the test ends and waits for the address to
// take connections.
func start(t *testing.T, home, admin, caddyfile, address string) *server {
	t.Helper()
	s := launch(t, home, admin, caddyfile)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		connection, err := net.DialTimeout("tcp4", address, time.Second)
		if err == nil {
			connection.Close()
			return s
		}
		select {
		case <-s.done:
			t.Fatalf("caddy ended:\n%s", s.log)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("caddy does not answer on %s:\n%s", address, s.log)
		}
	}
}

// launch runs the Caddyfile until the test ends or the server does.
func launch(t *testing.T, home, admin, caddyfile string) *server {
	t.Helper()
	config := filepath.Join(home, "Caddyfile")
	write(t, config, caddyfile)
	s := &server{t: t, home: home, admin: admin, log: new(buffer), done: make(chan struct{})}
	command := exec.Command(binary(t), "run", "--config", config)
	command.Dir, command.Env = home, environment(home)
	command.Stdout, command.Stderr = s.log, s.log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = command.Wait()
		close(s.done)
	}()
	s.stop = func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		select {
		case <-s.done:
		case <-time.After(15 * time.Second):
			t.Errorf("caddy did not end within 15 s of SIGTERM:\n%s", s.log)
			_ = command.Process.Kill()
			<-s.done
		}
	}
	s.kill = func() {
		_ = command.Process.Kill()
		<-s.done
	}
	t.Cleanup(s.stop)
	return s
}

// result is what a command left behind.
type result struct {
	out, err string
	code     int
}

// run runs the binary with the arguments until it ends.
func run(t *testing.T, home string, arguments ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, binary(t), arguments...)
	command.Dir, command.Env = home, environment(home)
	var out, log bytes.Buffer
	command.Stdout, command.Stderr = &out, &log
	err := command.Run()
	if ctx.Err() != nil {
		t.Fatalf("caddy %s did not end within 30 s:\n%s", strings.Join(arguments, " "), &log)
	}
	r := result{out.String(), log.String(), 0}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		r.code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return r
}

// environment has no home folders but those in home.
func environment(home string) []string {
	var kept []string
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); name != "HOME" && !strings.HasPrefix(name, "XDG_") {
			kept = append(kept, entry)
		}
	}
	return append(kept, "HOME="+home, "XDG_DATA_HOME="+home+"/data", "XDG_CONFIG_HOME="+home+"/config")
}

// verdict is what the tests read of a recorded decision.
type verdict struct {
	ID        string  `json:"id"`
	Method    string  `json:"method"`
	Path      string  `json:"path"`
	Decision  string  `json:"decision"`
	Class     string  `json:"class"`
	Score     float64 `json:"score"`
	Fallback  string  `json:"fallback"`
	Status    int     `json:"status"`
	Inspected int64   `json:"bytes_inspected"`
	Sent      int64   `json:"bytes_sent"`
}

// verdicts asks the running server for its decisions, by id.
func (s *server) verdicts(flags ...string) map[string]verdict {
	s.t.Helper()
	return storedVerdicts(s.t, s.home, append([]string{"--address", s.admin}, flags...)...)
}

// storedVerdicts lists decisions, by id: of a running server, or of a data folder.
func storedVerdicts(t *testing.T, home string, flags ...string) map[string]verdict {
	t.Helper()
	arguments := append([]string{"limen", "verdicts", "--limit", "10000", "--json"}, flags...)
	r := run(t, home, arguments...)
	if r.code != 0 {
		t.Fatalf("caddy %s ended with %d:\n%s", strings.Join(arguments, " "), r.code, r.err)
	}
	rows := map[string]verdict{}
	for decoder := json.NewDecoder(strings.NewReader(r.out)); ; {
		var v verdict
		err := decoder.Decode(&v)
		if err == io.EOF {
			return rows
		}
		if err != nil {
			t.Fatalf("caddy %s: %v in\n%s", strings.Join(arguments, " "), err, r.out)
		}
		rows[v.ID] = v
	}
}

// await asks for decisions until there are at least n: rows are written in
// batches, off the request path.
func (s *server) await(n int, flags ...string) map[string]verdict {
	s.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		rows := s.verdicts(flags...)
		if len(rows) >= n || time.Now().After(deadline) {
			return rows
		}
	}
}

// buffer is a bytes.Buffer for two goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
