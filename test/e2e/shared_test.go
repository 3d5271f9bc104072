package e2e_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// record is a line of the shared data sets.
type record struct {
	ID      string      `json:"id"`
	Dataset string      `json:"dataset"`
	Label   string      `json:"label"`
	Method  string      `json:"method"`
	Target  string      `json:"target"`
	Headers [][2]string `json:"headers"`
	Body    string      `json:"body"`
	BodyB64 []byte      `json:"body_b64"`
}

// sample returns about n records, evenly spread over the files in the folder.
func sample(t *testing.T, folder string, n int) (records []record) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.jsonl.gz"))
	if err != nil || len(files) == 0 {
		t.Skipf("no data in %s; LIMEN_SHARED names the folder of the shared data", folder)
	}
	// Two passes: the first counts.
	lines := func(visit func(line []byte)) {
		for _, path := range files {
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			unzipped, err := gzip.NewReader(file)
			if err != nil {
				t.Fatal(err)
			}
			scanner := bufio.NewScanner(unzipped)
			scanner.Buffer(nil, 16<<20)
			for scanner.Scan() {
				visit(scanner.Bytes())
			}
			if err := scanner.Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	total, at := 0, 0
	lines(func([]byte) { total++ })
	step := max(1, total/n)
	lines(func(line []byte) {
		if at++; at%step == 0 {
			var r record
			if err := json.Unmarshal(line, &r); err != nil {
				t.Fatal(err)
			}
			records = append(records, r)
		}
	})
	return records
}

// request returns the record as it goes over the wire.
func (r *record) request() request {
	out := request{method: r.Method, target: r.Target, body: r.BodyB64, bare: true}
	if out.body == nil && r.Body != "" {
		out.body = []byte(r.Body)
	}
	for _, header := range r.Headers {
		switch strings.ToLower(header[0]) {
		case "host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "keep-alive", "expect":
		default:
			out.headers = append(out.headers, header[0]+": "+header[1])
		}
	}
	return out
}

// Ensure that the running server does on the shared data about what the model
// does on its own. The tables are the benchmark's; this notices when something
// between socket and model is broken.
func TestSharedData(t *testing.T) {
	shared := os.Getenv("LIMEN_SHARED")
	if shared == "" {
		shared = filepath.Join(root, "..", "shared")
	}
	records := sample(t, filepath.Join(shared, "data", "public", "test"), 500)
	s := startSite(t)
	seen, blocked := map[string]int{}, map[string]int{}
	for _, r := range records {
		if !strings.HasPrefix(r.Target, "/") {
			continue
		}
		request := r.request()
		answer := send(t, s.limen, request.wire(r.ID), r.Method)
		switch {
		case answer.upstream:
			seen[r.Label]++
		case answer.status == http.StatusForbidden:
			seen[r.Label]++
			blocked[r.Label]++
		case answer.status == http.StatusBadRequest: // Caddy's own, before Limen
		default:
			t.Errorf("%s: status %d", r.ID, answer.status)
		}
	}
	t.Logf("blocked %d of %d attacks, %d of %d normal requests", blocked["attack"], seen["attack"], blocked["normal"], seen["normal"])
	if seen["attack"] < 100 || seen["normal"] < 100 {
		t.Fatalf("only %v of %d records were tried", seen, len(records))
	}
	if share := float64(blocked["attack"]) / float64(seen["attack"]); share < 0.9 {
		t.Errorf("%.1f %% of attacks were blocked, want at least 90 %%", 100*share)
	}
	if share := float64(blocked["normal"]) / float64(seen["normal"]); share > 0.03 {
		t.Errorf("%.1f %% of normal requests were blocked, want at most 3 %%", 100*share)
	}
}
