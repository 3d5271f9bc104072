package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/limen-waf/limen/bench/load"
)

// Ensure that a comparison gives each contestant its own figures, in Markdown, in
// JSON and as plots.
func TestCompare(t *testing.T) {
	folder := t.TempDir()
	out, err := limenbench(t, "compare", "--caddy", self(t), "--coraza", self(t), "--rounds", "1", "--requests", "40", "--warmup", "10", "--latency-rounds", "1", "--latency-time", "100ms",
		"--out", filepath.Join(folder, "plots"), "--json", filepath.Join(folder, "numbers.json"), requests(t))
	if err != nil {
		t.Fatal(err)
	}
	const missing = " % (0.00–"
	for _, want := range []string{
		"| bare | 0.00" + missing, "| limen-native | 66.67 % (22.28–95.67) | 10.00 % (0.25–44.50) | 78.33 % ", "| limen-cpu | 66.67 %",
		"| coraza-pl1 | 100.00 % (54.07–100.00) | 10.00 % (0.25–44.50) | 95.00 % ", "| coraza-pl2 | 100.00 %",
		"| a | attack (TPR) | 6 | 6 | 0 | 66.67 % (22.28–95.67) |", "| b | normal (FPR) | 12 | 10 | 0 | 10.00 % (0.25–44.50) |",
		"Answers of coraza-pl1's own: 2 × 400, 5 × 403", "Answers of limen-native's own: 5 × 403",
		"- requests: 16 of 18 ", "- cost: of requests labelled normal", "paranoia_level=2", "requests served", "p99 ms",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	var r compareReport
	text, err := os.ReadFile(filepath.Join(folder, "numbers.json"))
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Accuracy) != 5 || len(r.Cost.CPU) != 5 || len(r.Cost.Latency) != 5 || len(r.Memory) != 5 || len(r.LeftOut) != 0 {
		t.Fatalf("%d, %d, %d and %d contestants, left out %v", len(r.Accuracy), len(r.Cost.CPU), len(r.Cost.Latency), len(r.Memory), r.LeftOut)
	}
	if a := r.Accuracy[3]; a.Name != "coraza-pl1" || a.Pooled.TPR.Hits != 6 || a.Pooled.FPR.Of != 10 || len(a.Sets) != 2 || a.Sets[0].FPR != nil || a.Sets[1].TPR != nil || a.Sets[0].Balanced != nil {
		t.Errorf("coraza-pl1: %+v", a)
	}
	for i, m := range r.Memory {
		if m.RSS <= 0 || m.Served != 16+10+40 || r.Cost.CPU[i].CPU.Median <= 0 || r.Cost.CPU[i].Failed != 0 {
			t.Errorf("%s: memory %+v, cost %+v", m.Name, m, r.Cost.CPU[i])
		}
	}
	for _, name := range []string{"accuracy", "cpu", "latency"} {
		for _, format := range []string{".svg", ".png"} {
			if info, err := os.Stat(filepath.Join(folder, "plots", name+format)); err != nil || info.Size() < 1000 {
				t.Errorf("plot %s: %v, %v", name+format, info, err)
			}
		}
	}
}

// Ensure that only a default contestant may stay away, and that it is said.
func TestCompareLeftOut(t *testing.T) {
	t.Setenv("LIMENBENCH_TEST_NO_LIBRARY", "1")
	arguments := []string{"compare", "--caddy", self(t), "--coraza", self(t), "--rounds", "1", "--requests", "16", "--warmup", "0", "--latency-rounds", "1", "--latency-time", "50ms", requests(t)}
	out, err := limenbench(t, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, "- left out: limen-cpu: no library here\n") || strings.Contains(out, "| limen-cpu |") {
		t.Errorf("limen-cpu is not left out:\n%s", out)
	}
	named := append([]string{"compare", "--contestants", "bare,limen-cpu"}, arguments[1:]...)
	if _, err := limenbench(t, named...); err == nil || !strings.Contains(err.Error(), "no library here") {
		t.Errorf("error %v, want that of limen-cpu", err)
	}
}

// Ensure that mistakes are told with the way out.
func TestCompareMistakes(t *testing.T) {
	unlabelled := filepath.Join(t.TempDir(), "unlabelled.jsonl")
	if err := os.WriteFile(unlabelled, []byte("{\"id\":\"1\",\"method\":\"GET\",\"target\":\"/\",\"label\":\"normal\"}\n{\"id\":\"r2\",\"method\":\"GET\",\"target\":\"/\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string][]string{
		"name at least one":                         {},
		`request 2 (r2) has the label ""`:           {unlabelled},
		"finding requests":                          {"missing.jsonl"},
		"--anomaly is \"x\"":                        {"--anomaly", "x", "y"},
		"--cost is \"x\"":                           {"--cost", "x", "y"},
		"must be at least 1":                        {"--rounds", "0", "y"},
		"the first contestant is limen":             {"--caddy", self(t), "--contestants", "limen,bare", requests(t)},
		"build it, or name it with --caddy":         {"--caddy", "missing", "--coraza", "missing", requests(t)},
		"build both from one version":               {"--caddy", self(t), "--coraza", "missing", requests(t)},
		"needs Go, in the folder bench/; or name a": {"--caddy", self(t), "--contestants", "bare,coraza-pl1", requests(t)},
	}
	for want, arguments := range tests {
		t.Run(want, func(t *testing.T) {
			if strings.HasPrefix(want, "needs Go") {
				t.Chdir(t.TempDir()) // where Go finds no module
			}
			if _, err := limenbench(t, append([]string{"compare"}, arguments...)...); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want one with %q", err, want)
			}
		})
	}
}

// Ensure that a sample is of every data set and label, no larger than asked,
// the same for the same seed only, and that each request has its chance.
func TestReadLabelled(t *testing.T) {
	var b strings.Builder
	const n = 200
	for i := range n {
		fmt.Fprintf(&b, "{\"dataset\":\"s\",\"label\":\"normal\",\"method\":\"GET\",\"target\":\"/%d\"}\n", i)
	}
	b.WriteString("{\"dataset\":\"s\",\"label\":\"anomaly\",\"method\":\"GET\",\"target\":\"/odd\"}\n{\"dataset\":\"t\",\"label\":\"attack\",\"method\":\"GET\",\"target\":\"/bad\"}\n")
	path := filepath.Join(t.TempDir(), "requests.jsonl")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	targets := func(seed uint64, as string) map[string]group {
		l, err := readLabelled([]string{path}, 50, seed, as)
		if err != nil {
			t.Fatal(err)
		}
		if len(l.messages) != 52 || sum(l.found) != n+2 {
			t.Fatalf("%d of %d requests", len(l.messages), sum(l.found))
		}
		found := map[string]group{}
		for i, message := range l.messages {
			found[strings.Fields(string(message.Wire))[1]] = l.groups[i]
		}
		return found
	}
	one, again := targets(1, anomalyLabel), targets(1, anomalyLabel)
	if fmt.Sprint(one) != fmt.Sprint(again) {
		t.Error("the same seed draws another sample")
	}
	if fmt.Sprint(one) == fmt.Sprint(targets(2, anomalyLabel)) {
		t.Error("another seed draws the same sample")
	}
	if one["/odd"] != (group{"s", anomalyLabel}) || targets(1, attackLabel)["/odd"] != (group{"s", attackLabel}) || one["/bad"] != (group{"t", attackLabel}) {
		t.Errorf("labels %v", one)
	}
	const seeds = 200
	drawn := map[string]int{}
	for seed := range uint64(seeds) {
		for target := range targets(seed, anomalyLabel) {
			drawn[target]++
		}
	}
	// A quarter of the seeds draws each; six standard deviations of 0.031.
	for i := range n {
		if share := float64(drawn[fmt.Sprintf("/%d", i)]) / seeds; math.Abs(share-0.25) > 0.19 {
			t.Errorf("request %d is drawn by %.2f of the seeds", i, share)
		}
	}
}

// Ensure that only requests that reach the site behind a bare Caddy are judged,
// and that no answer is neither passed nor blocked.
func TestNewAccuracy(t *testing.T) {
	g := group{"s", attackLabel}
	l := &labelled{samples{order: []group{g}, skipped: map[group]int{g: 1}}, map[group]int{g: 9}}
	up := load.Outcome{Status: 404, Upstream: true}
	bare := []load.Outcome{up, up, up, up, up, up, {Status: 400}, {Failed: true}}
	outcomes := []load.Outcome{up, {Status: 403}, {Status: 413}, {Failed: true}, {Status: 502}, {Status: 200}, {Status: 403}, up}
	for range bare {
		l.groups = append(l.groups, g)
	}
	a := newAccuracy("x", l, bare, outcomes)
	s := a.Scores[0]
	if s.Found != 9 || s.Sent != 8 || s.Refused != 2 || s.Passed != 1 || s.Blocked != 2 || s.Errors != 3 || a.Errors != 3 {
		t.Errorf("%+v", s)
	}
	if r := a.Pooled.TPR; r.Hits != 2 || r.Of != 3 || a.Pooled.FPR != nil || a.Pooled.Balanced != nil || a.Mean.TPR.Value != r.Value {
		t.Errorf("pooled %+v, mean %+v", a.Pooled, a.Mean)
	}

	// Of a set of which a sample was sent, the rate stands for the whole set.
	other := group{"t", attackLabel}
	l.order, l.found[other] = append(l.order, other), 24
	l.groups, bare, outcomes = append(l.groups, other), append(bare, up), append(outcomes, up)
	a = newAccuracy("x", l, bare, outcomes)
	if r := a.Pooled.TPR; math.Abs(r.Value-8.0/32*2/3) > 1e-9 || math.Abs(a.Mean.TPR.Value-1.0/3) > 1e-9 {
		t.Errorf("pooled %+v, mean %+v", a.Pooled, a.Mean)
	}
}
