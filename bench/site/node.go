//go:build linux

package site

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// ErrNoNode means that the Node server cannot be run here: no node, or its packages
// are not installed.
var ErrNoNode = errors.New("the Node server is not installed")

// NodeSettings are what can be set of the Node server.
type NodeSettings struct {
	// Processes is the number of processes of its cluster.
	Processes int `json:"processes"`
	// Sharp is the number of libvips' threads for one picture.
	Sharp int `json:"sharp_concurrency"`
	// Session is the number of ONNX Runtime's threads for one run.
	Session int `json:"session_threads"`
	// Pool is the number of pictures that a process decodes at the same time.
	Pool int `json:"uv_threadpool_size"`
}

// String names the settings as in "2 processes, sharp 1, session 1, pool 4".
func (s NodeSettings) String() string {
	return fmt.Sprintf("%d process(es), sharp.concurrency %d, intraOpNumThreads %d, UV_THREADPOOL_SIZE %d", s.Processes, s.Sharp, s.Session, s.Pool)
}

// Node is the server of bench/node, running.
type Node struct {
	*Process
	Address  string
	Settings NodeSettings
	pids     []int
}

// PIDs returns its processes.
func (n *Node) PIDs() []int { return n.pids }

// HaveNode returns an error that wraps ErrNoNode and says what to do when the
// server in folder cannot be run.
func HaveNode(folder string) error {
	if _, err := exec.LookPath("node"); err != nil {
		return fmt.Errorf("%w: there is no node on the PATH", ErrNoNode)
	}
	for _, name := range []string{"fastify", "onnxruntime-node", "sharp"} {
		if _, err := os.Stat(filepath.Join(folder, "node_modules", name, "package.json")); err != nil {
			return fmt.Errorf("%w: %s is not in %s: run npm ci in %s", ErrNoNode, name, filepath.Join(folder, "node_modules"), folder)
		}
	}
	return nil
}

// StartNode runs the server of folder with the model and labels files, and returns
// when all its processes take connections.
func StartNode(ctx context.Context, folder, model, labels string, s NodeSettings) (*Node, error) {
	if err := HaveNode(folder); err != nil {
		return nil, err
	}
	command := exec.Command("node", "server.mjs")
	command.Dir = folder
	command.Env = append(os.Environ(), "NODE_ENV=production", "MODEL="+model, "LABELS="+labels, "PROCESSES="+strconv.Itoa(s.Processes),
		"SHARP_CONCURRENCY="+strconv.Itoa(s.Sharp), "ORT_THREADS="+strconv.Itoa(s.Session), "UV_THREADPOOL_SIZE="+strconv.Itoa(s.Pool))
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the Node server: %w", err)
	}
	process, err := start(command)
	if err != nil {
		return nil, err
	}
	line := make(chan []byte, 1)
	go func() {
		text, _ := bufio.NewReader(out).ReadBytes('\n')
		line <- text
	}()
	var said struct {
		Port int   `json:"port"`
		PIDs []int `json:"pids"`
	}
	select {
	case text := <-line:
		if err := json.Unmarshal(text, &said); err != nil || said.Port == 0 || len(said.PIDs) == 0 {
			process.Stop()
			return nil, fmt.Errorf("running the Node server: %w", process.died())
		}
	case <-ctx.Done():
		process.Stop()
		return nil, ctx.Err()
	case <-time.After(2 * time.Minute):
		process.Stop()
		return nil, fmt.Errorf("running the Node server: not ready in 2 minutes; its last lines:\n%s", process.Output())
	}
	return &Node{process, "127.0.0.1:" + strconv.Itoa(said.Port), s, said.PIDs}, nil
}
