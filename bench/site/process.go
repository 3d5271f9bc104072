//go:build linux

package site

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is a child process.
type Process struct {
	command *exec.Cmd
	output  *tail
	done    chan struct{}
	err     error
	once    sync.Once
}

// start runs the command with output kept for error messages.
func start(command *exec.Cmd) (*Process, error) {
	p := &Process{command: command, output: &tail{}, done: make(chan struct{})}
	command.Stderr = p.output
	if command.Stdout == nil {
		command.Stdout = p.output
	}
	// A group of its own, so that Ctrl-C reaches the benchmark alone, which then
	// stops its children in order. Pdeathsig is for the case that it cannot; it
	// hangs on the thread that starts the child, and so main stays on its own.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", command.Path, err)
	}
	go func() {
		p.err = command.Wait()
		close(p.done)
	}()
	return p, nil
}

// PID returns the process id.
func (p *Process) PID() int { return p.command.Process.Pid }

// Output returns the last lines that the process wrote.
func (p *Process) Output() string { return p.output.String() }

// Exited reports whether the process has ended.
func (p *Process) Exited() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Stop ends the process: politely, then not.
func (p *Process) Stop() {
	p.once.Do(func() {
		if p.Exited() {
			return
		}
		_ = p.command.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(10 * time.Second):
			_ = p.command.Process.Kill()
			<-p.done
		}
	})
}

// died is the error of a process that should be running.
func (p *Process) died() error {
	return fmt.Errorf("%s ended early (%v); its last lines:\n%s", p.command.Path, p.err, p.Output())
}

// tail keeps the last part of what is written to it.
type tail struct {
	mu    sync.Mutex
	bytes []byte
}

func (t *tail) Write(p []byte) (int, error) {
	const most = 16 << 10
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes = append(t.bytes, p...)
	if len(t.bytes) > 2*most {
		t.bytes = bytes.Clone(t.bytes[len(t.bytes)-most:])
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(t.bytes)), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// environment is this process's environment with home folders inside dir, so
// that a child finds no configuration of the user's and leaves nothing behind.
func environment(dir string) []string {
	var kept []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if name != "HOME" && !strings.HasPrefix(name, "XDG_") {
			kept = append(kept, entry)
		}
	}
	return append(kept, "HOME="+dir, "XDG_DATA_HOME="+dir+"/data", "XDG_CONFIG_HOME="+dir+"/config")
}
