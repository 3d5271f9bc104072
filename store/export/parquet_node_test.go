package export_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/oklog/ulid/v2"

	"github.com/limen-waf/limen/store"
)

// Ensure that hyparquet, another implementation of Parquet, reads every column with its
// type: timestamps as dates, booleans, texts as texts and the request as bytes, nulls
// where nothing is known. It needs node, and LIMEN_NODE_MODULES: a node_modules folder
// with hyparquet and hyparquet-compressors.
func TestParquetByHyparquet(t *testing.T) {
	modules := os.Getenv("LIMEN_NODE_MODULES")
	node, err := exec.LookPath("node")
	if modules == "" || err != nil {
		t.Skip("LIMEN_NODE_MODULES is not set, or there is no node")
	}
	if modules, err = filepath.Abs(modules); err != nil {
		t.Fatal(err)
	}
	// More than one row group, and a row that knows next to nothing.
	var verdicts []*store.Verdict
	for i := range 1200 {
		v := full(i)
		v.CacheHit = i%2 == 0
		v.Request = bytes.Repeat(v.Request, 800)
		verdicts = append(verdicts, v)
	}
	bare := &store.Verdict{ID: ulid.ULID{0: 1, 12: 9}, Time: full(0).Time, Class: "none", Decision: store.Allow}
	verdicts = append(verdicts, bare)
	path := filepath.Join(t.TempDir(), "v.parquet")
	if err := os.WriteFile(path, write(t, "parquet", verdicts...), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, filepath.Join("testdata", "read.mjs"), modules, path)
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	n := 0
	for ; lines.Scan(); n++ {
		var row map[string][2]string
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		for name, want := range asJavaScript(verdicts[n]) {
			if row[name] != want {
				t.Fatalf("row %d, %s: %q, expected %q", n, name, row[name], want)
			}
		}
		if want := len(columns()) + 1; len(row) != want { // and the request
			t.Fatalf("row %d has %d columns, expected %d", n, len(row), want)
		}
	}
	if n != len(verdicts) {
		t.Errorf("%d rows, expected %d", n, len(verdicts))
	}
}

// asJavaScript is what read.mjs prints of a verdict's columns.
func asJavaScript(v *store.Verdict) map[string][2]string {
	text := func(s string) [2]string {
		if s == "" {
			return [2]string{"null", ""}
		}
		return [2]string{"string", s}
	}
	number := func(kind string, n int64, optional bool) [2]string {
		if n == 0 && optional {
			return [2]string{"null", ""}
		}
		return [2]string{kind, strconv.FormatInt(n, 10)}
	}
	row := map[string][2]string{
		"id": {"string", v.ID.String()}, "time": {"date", v.Time.UTC().Format("2006-01-02T15:04:05.000Z")},
		"cache_hit": {"boolean", fmt.Sprint(v.CacheHit)}, "sampled": {"boolean", fmt.Sprint(v.Sampled)},
		"score": {"number", strconv.FormatFloat(v.Score, 'f', -1, 64)},
		"class": text(v.Class), "decision": text(v.Decision), "mode": text(v.Mode), "host": text(v.Host), "path": text(v.Path),
		"client_ip": text(v.ClientIP), "principal": text(v.Principal), "model_digest": text(v.ModelDigest), "engine": text(v.Engine),
		"status": number("number", int64(v.Status), true), "windows": number("number", int64(v.Windows), true),
		"upstream_us": number("bigint", v.UpstreamMicros, true), "bytes_sent": number("bigint", v.BytesSent, false),
		"request": {"null", ""}, "class_scores": {"null", ""}, "threshold": {"null", ""},
	}
	if v.Request != nil {
		row["request"] = [2]string{"bytes", base64.StdEncoding.EncodeToString(v.Request)}
	}
	if v.Threshold != 0 {
		row["threshold"] = [2]string{"number", strconv.FormatFloat(v.Threshold, 'f', -1, 64)}
	}
	if v.ClassScores != nil {
		row["class_scores"] = [2]string{"object", fmt.Sprintf(`{"none":%v,"sqli":%v}`, float64(v.ClassScores[0].Score), float64(v.ClassScores[1].Score))}
	}
	return row
}
