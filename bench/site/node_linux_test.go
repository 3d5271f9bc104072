package site_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/limen-waf/limen/bench/site"
)

// nodeFolder makes a folder that has the packages' files, and a server.
func nodeFolder(t *testing.T, server string) string {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip(err)
	}
	folder := t.TempDir()
	if err := site.HaveNode(folder); !errors.Is(err, site.ErrNoNode) || !strings.Contains(err.Error(), "npm ci in "+folder) {
		t.Errorf("a folder without packages: %v", err)
	}
	files := map[string]string{"server.mjs": server}
	for _, name := range []string{"fastify", "onnxruntime-node", "sharp"} {
		files[filepath.Join("node_modules", name, "package.json")] = "{}"
	}
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// Ensure that the Node server gets its settings, says where it is, and ends.
func TestNode(t *testing.T) {
	folder := nodeFolder(t, `
import http from 'node:http'
const { MODEL, LABELS, PROCESSES, SHARP_CONCURRENCY, ORT_THREADS, UV_THREADPOOL_SIZE } = process.env
const server = http.createServer((_, answer) => answer.end([MODEL, LABELS, PROCESSES, SHARP_CONCURRENCY, ORT_THREADS, UV_THREADPOOL_SIZE].join()))
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port, pids: [process.pid] })))
`)
	n, err := site.StartNode(t.Context(), folder, "m", "l", site.NodeSettings{Processes: 1, Sharp: 2, Session: 3, Pool: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Stop()
	answer, err := http.Get("http://" + n.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, err := io.ReadAll(answer.Body); err != nil || string(body) != "m,l,1,2,3,4" {
		t.Errorf("%q, %v", body, err)
	}
	if pids := n.PIDs(); len(pids) != 1 || pids[0] != n.PID() {
		t.Errorf("processes %v, want %d", pids, n.PID())
	}
	n.Stop()
	if !n.Exited() {
		t.Error("the server goes on after Stop")
	}
}

// Ensure that a server that does not come up is an error with its last words.
func TestNodeFails(t *testing.T) {
	folder := nodeFolder(t, `throw new Error('no such model')`)
	n, err := site.StartNode(t.Context(), folder, "m", "l", site.NodeSettings{Processes: 1, Sharp: 1, Session: 1, Pool: 1})
	if err == nil {
		n.Stop()
		t.Fatal("no error")
	}
	if !strings.Contains(err.Error(), "no such model") {
		t.Error(err)
	}
}
