package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/limen-waf/limen/bench/site"
)

// TestMain lets the test program stand in for itself, for its upstream and for a
// Caddy: a reverse proxy that knows as much of a Caddyfile as the benchmark
// writes, with a firewall that blocks what says "attack". As Coraza it refuses
// what says "missed", too, with another status.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch {
		case os.Args[1] == "version":
			fmt.Println("v0.0.0 fake")
			os.Exit(0)
		case os.Args[1] == "limen":
			fmt.Println(`{"decision":"allow","bytes_sent":100,"bytes_inspected":100}`)
			fmt.Println(`{"decision":"allow","bytes_sent":100,"bytes_inspected":90,"fallback":"deadline"}`)
			os.Exit(0)
		case os.Args[1] == "run":
			fmt.Fprintln(os.Stderr, fakeCaddy(os.Args[3]))
			os.Exit(1)
		case os.Args[1] == site.UpstreamCommand || os.Getenv("LIMENBENCH_TEST_MAIN") != "":
			main()
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

func fakeCaddy(config string) error {
	text, err := os.ReadFile(config)
	if err != nil {
		return err
	}
	port := regexp.MustCompile(`http://(:\d+)`).FindSubmatch(text)[1]
	upstream := regexp.MustCompile(`reverse_proxy (\S+)`).FindSubmatch(text)[1]
	limen, coraza := bytes.Contains(text, []byte("mode block")), bytes.Contains(text, []byte("coraza_waf {"))
	if bytes.Contains(text, []byte("device cpu")) && os.Getenv("LIMENBENCH_TEST_NO_LIBRARY") != "" {
		return errors.New("no library here")
	}
	admin, err := net.Listen("tcp4", string(regexp.MustCompile(`admin (\S+)`).FindSubmatch(text)[1]))
	if err != nil {
		return err
	}
	go func() {
		_ = http.Serve(admin, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintln(w, `limen_model_info{device="d",digest="sha256:0",engine="fake",name="m",version="1"} 1`)
		}))
	}()
	listener, err := net.Listen("tcp4", "127.0.0.1"+string(port))
	if err != nil {
		return err
	}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: string(upstream)})
	return http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if limen || coraza {
			body, _ := io.ReadAll(r.Body)
			if strings.Contains(r.RequestURI+string(body), "attack") {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			if coraza && strings.Contains(r.RequestURI, "missed") {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		proxy.ServeHTTP(w, r)
	}))
}

// requests writes a small labelled file: 6 attacks of which the fake finds 4, 10
// normal requests of which it blocks 1, one that cannot be sent, one that every
// Go server refuses.
func requests(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	add := func(set, label, target, body string) {
		method := "GET"
		if body != "" {
			method = "POST"
		}
		record, err := json.Marshal(map[string]any{"id": "x", "dataset": set, "label": label, "method": method, "target": target, "body": body})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(record, '\n'))
	}
	for i := range 6 {
		add("a", "attack", fmt.Sprintf("/?q=%s%d", []string{"attack", "attack", "missed"}[i%3], i), "")
	}
	for range 9 {
		add("b", "normal", "/form", "x=1")
	}
	add("b", "normal", "/form", "x=attack")
	add("b", "normal", "http://absolute/form", "")
	add("b", "normal", "/%qf", "")
	path := filepath.Join(t.TempDir(), "requests.jsonl")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// limenbench runs the program in this process.
func limenbench(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var out, log bytes.Buffer
	if err := run(ctx, arguments, &out, &log); err != nil {
		return "", fmt.Errorf("%w\n%s", err, &log)
	}
	return out.String(), nil
}

// Ensure that every part of the proxy measurement comes out, in Markdown and in
// JSON.
func TestProxy(t *testing.T) {
	folder, numbers := t.TempDir(), filepath.Join(t.TempDir(), "numbers.json")
	out, err := limenbench(t, "proxy", "--caddy", self(t), "--folder", folder, "--json", numbers, "--rounds", "2", "--requests", "100", "--warmup", "20",
		"--connections", "4", "--latency-rounds", "2", "--latency-time", "300ms", "--rate", "200", "--memory-requests", "3000", "--memory-sample", "50ms", requests(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Processor time", "throughput", "open loop at 200 requests/s", "Memory of a fresh limen over 3000 requests", "behind bare", "behind limen", "- limen: model m 1 sha256:0 on fake d; no fallback", "1 skipped: target is not in origin form", "1 skipped: refused by any Go server"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	text, err := os.ReadFile(numbers)
	if err != nil {
		t.Fatal(err)
	}
	var r proxyReport
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.CPU) != 2 || r.CPU[1].Name != "limen" || r.Rounds != 2 || r.CPU[1].Sent != 200 || r.CPU[1].Requests < 100 || r.CPU[1].Failed != 0 || r.CPU[0].CPU.Median <= 0 || r.CPU[0].Ratio.Median != 1 {
		t.Errorf("closed loop: %s", text)
	}
	if len(r.Latency) != 2 || r.Latency[1].P50.Median <= 0 || r.Latency[1].P99.Median < r.Latency[1].P50.Median || r.Latency[0].AddedP99.Median != 0 {
		t.Errorf("open loop: %s", text)
	}
	if len(r.Memory) != 1 || len(r.Memory[0].Samples) < 2 || r.Memory[0].Peak < 1<<20 {
		t.Errorf("memory: %s", text)
	}
	counts := func(name string) (blocked, passed int) {
		for _, row := range r.Outcomes[name] {
			blocked, passed = blocked+row.Blocked, passed+row.Passed
		}
		return
	}
	if blocked, passed := counts("limen"); blocked != 5 || passed != 11 {
		t.Errorf("limen blocked %d and passed %d, want 5 and 11", blocked, passed)
	}
	if blocked, passed := counts("bare"); blocked != 0 || passed != 16 {
		t.Errorf("bare blocked %d and passed %d, want 0 and 16", blocked, passed)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Ensure that rounds in which others were busy are left out for all contestants,
// unless that would leave nothing.
func TestCalm(t *testing.T) {
	round := func(others float64) *used { return &used{others: others} }
	contestants := [][]*used{{round(0.1), round(0), round(0.9)}, {round(0.2), round(0.5), round(0)}}
	kept := calm(contestants, 0.3)
	if len(kept) != 2 || len(kept[0]) != 1 || len(kept[1]) != 1 || kept[1][0] != contestants[1][0] {
		t.Errorf("kept %v", kept)
	}
	if kept := calm(contestants, 0.01); len(kept[0]) != 3 || len(kept[1]) != 3 {
		t.Errorf("kept %v, want all", kept)
	}
}

// Ensure that the table tells blocked from refused and skipped requests.
func TestProxyTable(t *testing.T) {
	out, err := limenbench(t, "proxy", "--table", "--caddy", self(t), requests(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| a | attack | 6 | 0 | 0 | 2 | 4 | 0 | TPR | 66.67 % | 22.28–95.67 % |",
		"| b | normal | 12 | 1 | 1 | 9 | 1 | 0 | FPR | 10.00 % | 0.25–44.50 % |",
		"1 × 400, 5 × 403",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "behind bare") {
		t.Errorf("the table has the baseline in it:\n%s", out)
	}
}

// Ensure that bodies of every size arrive and that verdicts are asked for.
func TestBody(t *testing.T) {
	out, err := limenbench(t, "body", "--caddy", self(t), "--sizes", "1000,200000", "--rounds", "2", "--requests", "2")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| 1000 | bare |", "| 200000 | limen |", "| 4 | 0 | 0 | 1 of 2 whole, 1 fell back (deadline) |"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// Ensure that generated bodies are what they claim to be.
func TestOrdinaryJSON(t *testing.T) {
	for _, size := range []int{64, 1000, 65536, 1 << 20} {
		body := ordinaryJSON(size, 1)
		if len(body) != size || !json.Valid(body) {
			t.Errorf("size %d: %d bytes, valid %v", size, len(body), json.Valid(body))
		}
		if !bytes.Equal(body, ordinaryJSON(size, 1)) || bytes.Equal(body, ordinaryJSON(size, 2)) {
			t.Errorf("size %d: the seed does not make the body", size)
		}
	}
}

// Ensure that mistakes in the command line are told.
func TestMistakes(t *testing.T) {
	tests := map[string][]string{
		"unknown subcommand":    {"frobnicate"},
		"name at least one":     {"proxy"},
		"unknown contestant":    {"proxy", "--contestants", "nobody", "x"},
		"named twice":           {"proxy", "--contestants", "bare,bare", "x"},
		"want NAME=PATH":        {"proxy", "--binary", "x", "x"},
		"no such contestant":    {"proxy", "--binary", "x=y", "x"},
		"finding requests":      {"proxy", "missing.jsonl"},
		"takes no files":        {"body", "x"},
		"--caddy":               {"body", "--caddy", "missing"},
		"--sizes":               {"body", "--caddy", self(t), "--sizes", "7"},
		"other than bare":       {"proxy", "--table", "--caddy", self(t), "--contestants", "bare", requests(t)},
		"an open loop needs":    {"proxy", "--caddy", self(t), "--rounds", "0", "--warmup", "0", requests(t)},
		"--connections must be": {"proxy", "--connections", "0", "x"},
	}
	for want, arguments := range tests {
		if _, err := limenbench(t, arguments...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want one with %q", arguments, err, want)
		}
	}
}

// Ensure that Ctrl-C leaves neither processes nor files.
func TestInterrupt(t *testing.T) {
	folder := t.TempDir()
	command := exec.Command(self(t), "proxy", "--caddy", self(t), "--folder", folder, "--requests", "100000000", requests(t))
	command.Env = append(os.Environ(), "LIMENBENCH_TEST_MAIN=1")
	var log bytes.Buffer
	command.Stderr = &log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var children []string
	for deadline := time.Now().Add(20 * time.Second); len(children) < 3 && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		children = childrenOf(command.Process.Pid)
	}
	time.Sleep(300 * time.Millisecond)
	if err := command.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err == nil {
		t.Error("the interrupted benchmark ended with 0")
	}
	if len(children) != 3 {
		t.Errorf("children %v, want the upstream and two proxies\n%s", children, log.String())
	}
	for _, pid := range children {
		if _, err := os.Stat("/proc/" + pid); err == nil {
			t.Errorf("process %s still runs", pid)
		}
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if !strings.Contains(log.String(), "canceled") {
		t.Errorf("log:\n%s", log.String())
	}
}

// childrenOf returns the ids of the processes that the process started.
func childrenOf(pid int) []string {
	var children []string
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err == nil {
			children = append(children, strings.Fields(string(text))...)
		}
	}
	slices.Sort(children)
	return children
}
