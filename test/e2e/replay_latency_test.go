package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Ensure that one client is served while the server replays what it recorded, and report
// how long it waits then and otherwise. It says something only on a machine that does
// nothing else, so it runs when LIMEN_LATENCY is the number of requests to replay.
func TestLatencyBesideReplay(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("LIMEN_LATENCY"))
	if err != nil || n < 1 {
		t.Skip("LIMEN_LATENCY is no number of requests to replay, such as 100000")
	}
	s := startSite(t)
	// Traffic to replay, from eight clients.
	var next atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			client := &http.Client{Transport: new(http.Transport)}
			defer client.CloseIdleConnections()
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				if _, err := timed(client, fmt.Sprintf("http://%s/products/%d?page=%d&sort=price", s.limen, i%997, i)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()

	client := &http.Client{Transport: new(http.Transport)}
	defer client.CloseIdleConnections()
	target := "http://" + s.limen + "/search?q=red+shoes&page=2"
	for range 200 {
		if _, err := timed(client, target); err != nil {
			t.Fatal(err)
		}
	}
	// Alone, beside a replay, and alone again, in one run: what else the machine does
	// shows in both alone ones.
	var before, during, after []time.Duration
	alone := func() (waits []time.Duration) {
		for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
			waits = append(waits, must(t, client, target))
		}
		return waits
	}
	before = alone()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	replay := exec.CommandContext(ctx, binary(t), "limen", "replay", "--address", s.admin)
	replay.Dir, replay.Env = s.home, environment(s.home)
	var out, log buffer
	replay.Stdout, replay.Stderr = &out, &log
	if err := replay.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- replay.Wait() }()
	for running := true; running; {
		during = append(during, must(t, client, target))
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("replay: %v\n%s", err, &log)
			}
			running = false
		default:
		}
	}
	after = alone()
	if !strings.Contains(out.String(), "requests") {
		t.Errorf("the replay says %q", out.String())
	}
	for _, l := range []struct {
		name  string
		waits []time.Duration
	}{{"alone", before}, {"beside a replay", during}, {"alone again", after}} {
		slices.Sort(l.waits)
		at := func(q float64) time.Duration { return l.waits[int(q*float64(len(l.waits)-1))].Round(time.Microsecond) }
		t.Logf("%-16s %6d requests: p50 %v, p90 %v, p99 %v, max %v", l.name, len(l.waits), at(0.5), at(0.9), at(0.99), at(1))
	}
	t.Log(out.String())
}

// timed sends a GET request and returns how long its answer took to the last byte.
func timed(client *http.Client, target string) (time.Duration, error) {
	begin := time.Now()
	response, err := client.Get(target)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return 0, err
	}
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("GET %s: status %d", target, response.StatusCode)
	}
	return time.Since(begin), nil
}

func must(t *testing.T, client *http.Client, target string) time.Duration {
	t.Helper()
	took, err := timed(client, target)
	if err != nil {
		t.Fatal(err)
	}
	return took
}
