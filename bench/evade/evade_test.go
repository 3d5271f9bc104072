package evade_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/limen-waf/limen/bench/evade"
	"github.com/limen-waf/limen/classifier/corpus"
	"github.com/limen-waf/limen/classifier/evasion"
)

func file(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "requests.jsonl")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// attacks are records of every way to find a payload, and of every way not to.
var attacks = []string{
	`{"id":"1","dataset":"a","label":"attack","class":"sqli","method":"GET","target":"/x?a=1&b=2","payload":"7' OR 5=5 -- "}`,
	`{"id":"2","dataset":"a","label":"attack","class":"xss","method":"GET","target":"/?p=%3Cimg+src=a%20onerror=alert(7)%3E"}`,
	`{"id":"3","dataset":"a","label":"attack","class":"sqli","method":"POST","target":"/","headers":[["Content-Type","application/x-www-form-urlencoded"]],"body":"p=3')%20union%20select%20name,12%20from%20accounts%23"}`,
	`{"id":"4","dataset":"a","label":"attack","class":"sqli","method":"GET","target":"/x?a=1&b=2"}`,
	`{"id":"5","dataset":"a","label":"attack","class":"sqli","method":"GET","target":"/","payload":"7' OR 5=5 -- "}`,
	`{"id":"6","dataset":"a","label":"attack","class":"sqli","method":"GET","target":"/","payload":"a","weak":true}`,
	`{"id":"7","dataset":"a","label":"normal","class":"none","method":"GET","target":"/?q=a+quiet+place&r=ab"}`,
	`{"id":"8","dataset":"a","label":"attack","class":"traversal","method":"GET","target":"/","payload":"??%qf??%qfboot.ini"}`,
	`{"id":"9","dataset":"b","label":"attack","class":"traversal","method":"GET","target":"/","payload":"..%c0%af..%c0%afetc/hosts"}`,
	`{"id":"10","dataset":"b","label":"normal","class":"none","method":"POST","target":"/","headers":[["Content-Type","application/json"]],"body":"{\"a\":{\"b\":[\"green table\"]},\"c\":7}"}`,
}

// Ensure that payloads are found where they stand, decoded, and that what is
// left out is counted.
func TestReadPayloads(t *testing.T) {
	got, skipped, err := evade.ReadPayloads([]string{file(t, attacks...)})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"7' OR 5=5 -- ", "<img src=a onerror=alert(7)>", "3') union select name,12 from accounts#", "..%c0%af..%c0%afetc/hosts"}
	if len(got) != len(want) {
		t.Fatalf("%d payloads, want %d: %+v", len(got), len(want), got)
	}
	for i := range want {
		if got[i].Text != want[i] {
			t.Errorf("payload %d is %q, want %q", i, got[i].Text, want[i])
		}
	}
	for reason, n := range map[string]int{"not an attack": 2, "weak": 1, "repeated": 1, "no payload to be told": 1, "no path to be told": 1} {
		if skipped[reason] != n {
			t.Errorf("%s: %d, want %d", reason, skipped[reason], n)
		}
	}
	if text := evade.Taken(got, skipped); !strings.Contains(text, "a 3, b 1") || !strings.Contains(text, "weak 1") {
		t.Errorf("taken: %s", text)
	}
}

// Ensure that ordinary values come from query and JSON.
func TestReadValues(t *testing.T) {
	got, _, err := evade.ReadValues([]string{file(t, attacks...)}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Text != "a quiet place" || got[1].Text != "green table" {
		t.Errorf("values %+v", got)
	}
}

// Ensure that a sample takes the classes evenly and the same ones each time.
func TestSample(t *testing.T) {
	var all []evade.Payload
	for i := range 100 {
		class := "sqli"
		if i < 5 {
			class = "xxe"
		}
		all = append(all, evade.Payload{ID: string(rune('A' + i)), Class: class})
	}
	got := evade.Sample(all, 20, 3)
	count := map[string]int{}
	for _, p := range got {
		count[p.Class]++
	}
	if len(got) != 20 || count["xxe"] != 5 || count["sqli"] != 15 {
		t.Errorf("%d taken: %v", len(got), count)
	}
	again := evade.Sample(all, 20, 3)
	for i := range got {
		if got[i] != again[i] {
			t.Fatal("the same seed took others")
		}
	}
}

// Ensure that a run over the embedded model gives the same report twice, adds
// up, and writes what evaded as records that can be read back.
func TestEvasion(t *testing.T) {
	m, err := evade.Open("default", 0)
	if err != nil {
		t.Fatal(err)
	}
	payloads, _, err := evade.ReadPayloads([]string{file(t, attacks...)})
	if err != nil {
		t.Fatal(err)
	}
	run := func() (*evade.Report, string) {
		var out bytes.Buffer
		r, err := evade.Evasion(context.Background(), m, payloads, evade.Options{Search: evasion.Options{Rounds: 12, Candidates: 4}, Seed: 2, Out: &out, Progress: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		r.Seconds = 0
		return r, out.String()
	}
	r, lost := run()
	again, lostAgain := run()
	a, _ := json.Marshal(r)
	b, _ := json.Marshal(again)
	if !bytes.Equal(a, b) || lost != lostAgain {
		t.Error("the same seed gave another report")
	}
	if r.Overall.Tried != len(payloads) || r.Overall.Caught == 0 {
		t.Fatalf("tried %d, caught %d of %d", r.Overall.Tried, r.Overall.Caught, len(payloads))
	}
	sum := 0
	for _, c := range r.Classes {
		sum += c.Held
	}
	if sum != r.Overall.Held {
		t.Errorf("classes hold %d, all hold %d", sum, r.Overall.Held)
	}
	evaded := 0
	for _, line := range strings.Split(strings.TrimSpace(lost), "\n") {
		if line == "" {
			continue
		}
		var record corpus.Record
		if err := record.UnmarshalJSON([]byte(line)); err != nil {
			t.Fatal(err)
		}
		res, err := m.Classify(context.Background(), record.Request())
		if err != nil {
			t.Fatal(err)
		}
		if m.Policy.Flagged(&res) {
			t.Errorf("%s is said to evade and scores %v", record.ID, res.Score)
		}
		evaded++
	}
	if evaded != r.Overall.Caught-r.Overall.Held {
		t.Errorf("%d requests written, %d evaded", evaded, r.Overall.Caught-r.Overall.Held)
	}
	if !strings.Contains(r.Markdown(), "| sqli |") && len(r.Classes) > 1 {
		t.Errorf("no table by class:\n%s", r.Markdown())
	}
}

// Ensure that padding tries every body type, size and side for each payload
// and that drift and probe count what they try.
func TestPaddingDriftProbe(t *testing.T) {
	m, err := evade.Open("default", 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	payloads := []evade.Payload{{ID: "1", Dataset: "a", Class: "sqli", Text: "3') union select name,12 from accounts where 1=1#"}}
	p, err := evade.Padding(ctx, m, payloads, evade.PaddingOptions{Sizes: []int{2048, 4096}, Seed: 1, Progress: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	if p.Overall.Tried != 6*2*3 {
		t.Errorf("%d padded requests, want %d", p.Overall.Tried, 6*2*3)
	}
	if len(p.Lost) != p.Overall.Caught-p.Overall.Held {
		t.Errorf("%d lost, %d of %d held", len(p.Lost), p.Overall.Held, p.Overall.Caught)
	}
	limited, err := evade.Padding(ctx, m, payloads, evade.PaddingOptions{Sizes: []int{4096}, Seed: 1, BodyLimit: 1000, Progress: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	if limited.Overall.Held >= limited.Overall.Caught {
		t.Error("a payload behind the body limit was caught")
	}
	values := []evade.Payload{{ID: "2", Class: "none", Text: "a quiet place"}, {ID: "3", Class: "none", Text: "green table"}}
	d, err := evade.RandomDrift(ctx, m, values, 3, evade.Options{Seed: 1, Progress: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	if d.Overall.Tried != 2 || d.Held != "passed" || d.Overall.Caught == 0 {
		t.Errorf("drift %+v", d.Overall)
	}
	probe, err := evade.Probe(ctx, m, payloads, 2, evade.Options{Seed: 1, Progress: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	if probe.Caught != 1 || probe.Applied < 40 || probe.Lost > probe.Applied {
		t.Errorf("probe: caught %d, applied %d, lost %d", probe.Caught, probe.Applied, probe.Lost)
	}
}

// Ensure that a run ends with its context.
func TestCancelled(t *testing.T) {
	m, err := evade.Open("default", 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = evade.Evasion(ctx, m, []evade.Payload{{ID: "1", Class: "sqli", Text: "1' or 1=1--"}}, evade.Options{Progress: io.Discard})
	if err == nil {
		t.Error("no error from a cancelled run")
	}
	if _, err := evade.Open("default", 2); err == nil {
		t.Error("no error for a threshold of 2")
	}
}
