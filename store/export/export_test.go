package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/parquet-go/parquet-go"

	"github.com/limen-waf/limen/store"
	"github.com/limen-waf/limen/store/export"
)

// full returns a verdict in which every field has a value.
func full(i int) *store.Verdict {
	at := time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC).Add(time.Duration(i) * time.Second)
	return &store.Verdict{
		ID: ulid.ULID{0: 1, 15: byte(i), 14: byte(i >> 8), 13: byte(i >> 16)}, Time: at,
		RequestDigest: "sha256:" + strings.Repeat("0a", 32), Method: "POST", Host: "shop.example", Path: "/search?q=" + fmt.Sprint(i),
		ClientIP: "192.0.2.1", Principal: "alice", Server: "srv0", Route: "shop.example",
		Score: 0.987654321 + float64(i)*1e-9, Class: "sqli", ClassScores: store.ClassScores{{Class: "none", Score: 0.0123}, {Class: "sqli", Score: 0.9877}},
		Decision: store.Block, Mode: "block", Threshold: 0.95, Exception: "path /x", Fallback: "deadline",
		CacheHit: true, Sampled: true, PolicyDigest: "sha256:" + strings.Repeat("0b", 32), ModelDigest: "sha256:" + strings.Repeat("0c", 32),
		TokenizerVersion: 1, Engine: "native", Device: "cpu/avx2", BatchSize: 2, QueueMicros: 3, TokenizeMicros: 4, InferMicros: 5,
		BytesInspected: 600, BytesSent: 700, DecodeDepth: 2, Windows: 3, Status: 403, UpstreamMicros: 8,
		Request: []byte("GET / HTTP/1.1\r\n\r\n\xff\x00"), RequestCut: 9,
	}
}

func write(t testing.TB, format string, verdicts ...*store.Verdict) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := export.New(&out, format)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range verdicts {
		if err := w.Write(v); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// columns are the names of a verdict's fields in JSON.
func columns() (names []string) {
	v := reflect.TypeFor[store.Verdict]()
	for i := range v.NumField() {
		if name, _, _ := strings.Cut(v.Field(i).Tag.Get("json"), ","); name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// readParquet reads rows as a program would that knows nothing of Limen.
func readParquet(t testing.TB, raw []byte) (*parquet.File, []map[string]any) {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	r := parquet.NewGenericReader[map[string]any](f, f.Schema())
	defer r.Close()
	rows := make([]map[string]any, f.NumRows())
	for i := range rows {
		rows[i] = map[string]any{}
	}
	if n, err := r.Read(rows); n != len(rows) || err != nil && !errors.Is(err, io.EOF) {
		t.Fatalf("%d of %d rows: %v", n, len(rows), err)
	}
	return f, rows
}

// Ensure that Parquet has every field of a verdict with its type, and reads back to
// what was written.
func TestParquetTypes(t *testing.T) {
	f, _ := readParquet(t, write(t, export.Parquet, full(1)))
	fields := map[string]parquet.Field{}
	for _, field := range f.Schema().Fields() {
		fields[field.Name()] = field
	}
	for _, name := range append(columns(), "request") {
		if fields[name] == nil {
			t.Errorf("there is no column %s", name)
		}
	}
	for name, want := range map[string]string{
		"time":            "TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)",
		"score":           "DOUBLE",
		"threshold":       "DOUBLE",
		"class":           "STRING",
		"host":            "STRING",
		"bytes_sent":      "INT(64,true)",
		"status":          "INT(32,true)",
		"cache_hit":       "BOOLEAN",
		"request":         "BYTE_ARRAY",
		"request_digest":  "STRING",
		"policy_digest":   "STRING",
		"bytes_inspected": "INT(64,true)",
	} {
		if got := fields[name].Type().String(); got != want {
			t.Errorf("%s is %s, expected %s", name, got, want)
		}
	}
	for name, want := range map[string]bool{"principal": true, "threshold": true, "status": true, "request": true, "class_scores": true, "score": false, "time": false, "id": false} {
		if got := fields[name].Optional(); got != want {
			t.Errorf("%s may be null: %v, expected %v", name, got, want)
		}
	}
	for _, c := range f.RowGroups()[0].ColumnChunks() {
		path := f.Schema().Columns()[c.Column()]
		if path[0] != "host" && path[0] != "model_digest" && path[0] != "class" {
			continue
		}
		if encodings := f.Metadata().RowGroups[0].Columns[c.Column()].MetaData.Encoding; !strings.Contains(fmt.Sprint(encodings), "DICTIONARY") {
			t.Errorf("%s has no dictionary: %v", path[0], encodings)
		}
	}
}

// Ensure that values come back as they were, what is not known as null, and that
// texts are UTF-8.
func TestParquetValues(t *testing.T) {
	bare := &store.Verdict{ID: ulid.ULID{5}, Time: time.Unix(1, 0).UTC(), Class: "none", Decision: store.Allow, Host: "caf\xe9"}
	type row struct {
		ID          string             `parquet:"id"`
		Time        time.Time          `parquet:"time,timestamp(microsecond)"`
		Host        *string            `parquet:"host,optional"`
		Score       float64            `parquet:"score"`
		Threshold   *float64           `parquet:"threshold,optional"`
		Status      *int32             `parquet:"status,optional"`
		Request     *[]byte            `parquet:"request,optional"`
		ClassScores map[string]float32 `parquet:"class_scores,optional"`
		Principal   *string            `parquet:"principal,optional"`
		CacheHit    bool               `parquet:"cache_hit"`
	}
	raw := write(t, export.Parquet, full(1), bare)
	rows, err := parquet.Read[row](bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 {
		t.Fatalf("%d rows", len(rows))
	}
	v, r := full(1), rows[0]
	if r.ID != v.ID.String() || !r.Time.Equal(v.Time) || *r.Host != v.Host || r.Score != v.Score || *r.Threshold != v.Threshold ||
		*r.Status != 403 || !bytes.Equal(*r.Request, v.Request) || *r.Principal != "alice" || !r.CacheHit ||
		!reflect.DeepEqual(r.ClassScores, map[string]float32{"none": 0.0123, "sqli": 0.9877}) {
		t.Errorf("got %+v", r)
	}
	r = rows[1]
	if r.Threshold != nil || r.Status != nil || r.Principal != nil || len(r.ClassScores) != 0 || *r.Host != "caf\uFFFD" || r.Score != 0 {
		t.Errorf("got %+v", r)
	}
}

// Ensure that Parquet is written in groups of rows, so that memory is bounded by rows
// and by bytes.
func TestParquetGroups(t *testing.T) {
	large := full(0)
	large.Request = bytes.Repeat([]byte("request "), 1<<17) // 1 MiB
	var many []*store.Verdict
	for range 20 {
		many = append(many, large)
	}
	raw := write(t, export.Parquet, many...)
	if len(raw) > 1<<20 {
		t.Errorf("20 MiB of the same words take %d bytes", len(raw))
	}
	f, rows := readParquet(t, raw)
	if n := len(f.RowGroups()); n != 2 || len(rows) != 20 {
		t.Errorf("20 rows of 1 MiB are in %d groups, expected 2", n)
	}
	if f, _ := readParquet(t, write(t, export.Parquet)); f.NumRows() != 0 {
		t.Error("a file without rows has some")
	}
}

// Ensure that JSON Lines hold all that is stored.
func TestJSONL(t *testing.T) {
	lines := bytes.Split(bytes.TrimSpace(write(t, export.JSONL, full(1), full(2))), []byte("\n"))
	if len(lines) != 2 {
		t.Fatalf("%d lines", len(lines))
	}
	var got store.Verdict
	if err := json.Unmarshal(lines[1], &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(&got, full(2)) {
		t.Errorf("got %+v\nexpected %+v", &got, full(2))
	}
}

// Ensure that CSV has every field but the request, and nothing that a spreadsheet or
// a terminal would obey.
func TestCSV(t *testing.T) {
	evil := full(1)
	evil.Host, evil.Path, evil.Principal, evil.Status = "=cmd|' /C calc'!A0", "/a,\"b\"\x1b[2J\n", "", 0
	table, err := csv.NewReader(bytes.NewReader(write(t, export.CSV, evil))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(table) != 2 {
		t.Fatalf("%d lines", len(table))
	}
	got := map[string]string{}
	for i, name := range table[0] {
		got[name] = table[1][i]
	}
	for _, name := range columns() {
		if _, ok := got[name]; !ok {
			t.Errorf("there is no column %s", name)
		}
	}
	for name, want := range map[string]string{
		"host": "'=cmd|' /C calc'!A0", "path": `/a,"b"\x1b[2J\n`, "principal": "", "status": "", "score": "0.9876543219999999",
		"time": "2026-03-01T12:00:01.123456Z", "class_scores": `{"none":0.0123,"sqli":0.9877}`, "cache_hit": "true",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, expected %q", name, got[name], want)
		}
	}
	if empty := string(write(t, export.CSV)); !strings.HasPrefix(empty, "id,time,") || strings.Count(empty, "\n") != 1 {
		t.Errorf("without rows there is %q, expected the header", empty)
	}
}

// Ensure that an unknown format is refused with those that there are.
func TestFormat(t *testing.T) {
	_, err := export.New(io.Discard, "xml")
	if !errors.Is(err, export.ErrFormat) || !strings.Contains(err.Error(), `"xml", expected jsonl, csv, parquet`) {
		t.Errorf("got %v", err)
	}
}
