//go:build linux

package site

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Caddy is a running contestant.
type Caddy struct {
	*Process
	Contestant *Contestant
	// Address serves requests, Admin is the admin endpoint.
	Address, Admin string
	dir            string
}

// StartCaddy runs the contestant with its files in dir, and returns when it
// takes connections.
func StartCaddy(ctx context.Context, c *Contestant, dir, upstream string) (*Caddy, error) {
	binary, err := filepath.Abs(c.Binary)
	if err != nil {
		return nil, fmt.Errorf("finding Caddy: %w", err)
	}
	if _, err := os.Stat(binary); err != nil {
		return nil, fmt.Errorf("finding Caddy: %w (build it, or name it with --caddy)", err)
	}
	dir = filepath.Join(dir, strings.ReplaceAll(c.Name, "/", "_"))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making a folder for %s: %w", c.Name, err)
	}
	// A port is free until somebody else takes it between looking and
	// listening; then Caddy ends at once and the next try gets another.
	for try := 1; ; try++ {
		caddy, err := startCaddy(ctx, c, binary, dir, upstream)
		if err == nil || try == 3 || !strings.Contains(err.Error(), "address already in use") {
			return caddy, err
		}
	}
}

func startCaddy(ctx context.Context, c *Contestant, binary, dir, upstream string) (*Caddy, error) {
	listen, err := freeAddress()
	if err != nil {
		return nil, err
	}
	admin, err := freeAddress()
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(config, []byte(c.Caddyfile(admin, listen, upstream, dir)), 0o600); err != nil {
		return nil, fmt.Errorf("writing the configuration of %s: %w", c.Name, err)
	}
	command := exec.Command(binary, "run", "--config", config, "--adapter", "caddyfile")
	command.Dir, command.Env = dir, environment(dir)
	process, err := start(command)
	if err != nil {
		return nil, err
	}
	caddy := &Caddy{process, c, listen, admin, dir}
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		connection, err := net.DialTimeout("tcp4", listen, time.Second)
		if err == nil {
			connection.Close()
			return caddy, nil
		}
		switch {
		case process.Exited():
			return nil, fmt.Errorf("running contestant %s: %w", c.Name, process.died())
		case ctx.Err() != nil:
			process.Stop()
			return nil, ctx.Err()
		case time.Now().After(deadline):
			process.Stop()
			return nil, fmt.Errorf("running contestant %s: no answer on %s in 60 s; its last lines:\n%s", c.Name, listen, process.Output())
		}
	}
}

// Command runs a subcommand of the contestant's binary and returns what it
// printed.
func (c *Caddy) Command(ctx context.Context, arguments ...string) ([]byte, error) {
	binary, err := filepath.Abs(c.Contestant.Binary)
	if err != nil {
		return nil, fmt.Errorf("finding Caddy: %w", err)
	}
	command := exec.CommandContext(ctx, binary, arguments...)
	command.Dir, command.Env = c.dir, environment(c.dir)
	out, err := command.Output()
	if err != nil {
		detail := ""
		if exit, ok := err.(*exec.ExitError); ok {
			detail = ": " + strings.TrimSpace(string(exit.Stderr))
		}
		return out, fmt.Errorf("running caddy %s: %w%s", strings.Join(arguments, " "), err, detail)
	}
	return out, nil
}

// Verdict is what the benchmark reads of a recorded decision.
type Verdict struct {
	Decision  string `json:"decision"`
	Inspected int64  `json:"bytes_inspected"`
	Sent      int64  `json:"bytes_sent"`
	Fallback  string `json:"fallback"`
}

// Verdicts returns the newest decisions that the running contestant recorded, at
// most limit.
func (c *Caddy) Verdicts(ctx context.Context, limit int) ([]Verdict, error) {
	out, err := c.Command(ctx, "limen", "verdicts", "--address", c.Admin, "--limit", fmt.Sprint(limit), "--json")
	if err != nil {
		return nil, err
	}
	var verdicts []Verdict
	for decoder := json.NewDecoder(strings.NewReader(string(out))); decoder.More(); {
		var v Verdict
		if err := decoder.Decode(&v); err != nil {
			return nil, fmt.Errorf("reading verdicts: %w", err)
		}
		verdicts = append(verdicts, v)
	}
	return verdicts, nil
}

// freeAddress returns an address on the loopback that nobody listens on.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("finding a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// Folder is where the contestant keeps its files.
func (c *Caddy) Folder() string { return c.dir }
