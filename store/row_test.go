package store_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/limen-waf/limen/store"
)

// full returns a verdict with every field set.
func full() *store.Verdict {
	v := typical(100)
	v.ID = ulid.MustParseStrict("01K2Q7Z0AAAAAAAAAAAAAAAAAA")
	v.Time = time.UnixMilli(int64(v.ID.Time())).Add(-1500 * time.Microsecond).UTC()
	v.Principal, v.Exception, v.Fallback, v.CacheHit = "alice", "static", "deadline", true
	v.Sampled = true
	v.Request, v.RequestCut = []byte("GET / HTTP/1.1\r\n\r\n\xff"), 12
	return v
}

// Ensure that every field of a verdict comes back from its row and from its JSON.
func TestVerdictRoundTrip(t *testing.T) {
	odd := &store.Verdict{ID: full().ID, Time: full().Time, RequestDigest: "sha256:ABC", PolicyDigest: "\x01x", ModelDigest: "md5:1",
		Class: "new-class", Decision: "tag", Score: math.SmallestNonzeroFloat64, Threshold: -1, QueueMicros: -5, Method: "PROPFIND",
		Host: "bücher.example", ClassScores: store.ClassScores{{Class: "new-class", Score: 1}, {Class: "", Score: 0}}, Request: []byte{}}
	for name, v := range map[string]*store.Verdict{
		"full":    full(),
		"typical": func() *store.Verdict { v := typical(1); v.ID, v.Time = full().ID, full().Time; return v }(),
		"empty":   {ID: full().ID, Time: time.UnixMilli(int64(full().ID.Time())).UTC()},
		"odd":     odd,
	} {
		got, err := store.DecodeRow(v.ID, store.AppendRow(nil, v))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !reflect.DeepEqual(got, v) {
			t.Errorf("%s: row\n got %+v\nwant %+v", name, got, v)
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var back store.Verdict
		if err := json.Unmarshal(text, &back); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if len(v.Request) == 0 {
			back.Request = v.Request // "" and absent are the same in JSON
		}
		if !reflect.DeepEqual(&back, v) {
			t.Errorf("%s: JSON %s\n got %+v\nwant %+v", name, text, &back, v)
		}
	}
	// No field is forgotten: full sets them all but Source.
	fields := reflect.ValueOf(*full())
	for i := range fields.NumField() {
		if fields.Field(i).IsZero() && fields.Type().Field(i).Name != "Source" {
			t.Errorf("full() leaves %s empty: the test does not cover it", fields.Type().Field(i).Name)
		}
	}
}

// Ensure that rows of version 1 as they were first written stay readable.
func TestGoldenRow(t *testing.T) {
	v := full()
	v.Sampled = false // a field that came later
	const golden = "" +
		"01040308070d560e2db29defef3f1210777777322e6578616d706c652e636f6d160a31302e302e362e3130301a21010123456789abcdef0123456789" +
		"abcdef0123456789abcdef0123456789abcdef1e05616c69636522232f73686f702f70726f647563742f3130303f706167653d3226736f72743d7072" +
		"696365240328b7172e21010000000000000000000000000000000000000000000000000000000000000064300e362d05a4707d3f066f12833a076f12" +
		"833a086f12833a096f12833a0a6f12833a0b6f12833a0c6f12833a0d6f12833a39666666666666ee3f3e2101fedcba9876543210fedcba9876543210" +
		"fedcba9876543210fedcba987654321040024417481a4c02500654185898025cb80660b806640268026e067374617469637208646561646c696e6574" +
		"0178a6067c86508201047372763086010130880118fe0113474554202f20485454502f312e310d0a0d0aff99a8508f"
	row := store.AppendRow(nil, v)
	if got := hex.EncodeToString(row); got != golden {
		t.Errorf("the row of a verdict changed: old files would not be read right\n got %s\nwant %s", got, golden)
	}
	b, err := hex.DecodeString(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := store.DecodeRow(v.ID, b); err != nil || !reflect.DeepEqual(got, v) {
		t.Errorf("reading the golden row: %+v, %v", got, err)
	}
}

// Ensure that fields of a later minor version are skipped, whatever their kind, and a
// later version is refused.
func TestRowOfNewerVersion(t *testing.T) {
	v := full()
	fields := store.AppendRow(nil, v)
	fields = fields[1 : len(fields)-4]
	for _, extra := range []string{"\xa0\x03\x05", "\xa1\x03\x01\x02\x03\x04\x05\x06\x07\x08", "\xa2\x03\x03abc", "\xa3\x03\x01\x02\x03\x04"} { // field 104
		got, ok := store.DecodeFields(v.ID, append([]byte(extra), fields...))
		if !ok || !reflect.DeepEqual(got, v) {
			t.Errorf("with unknown field %q: ok %t, %+v", extra, ok, got)
		}
	}
	row := store.AppendRow(nil, v)
	row[0] = 2
	if _, err := store.DecodeRow(v.ID, row); !errors.Is(err, store.ErrSchema) || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("row version 2: %v", err)
	}
}

// Ensure that a changed bit anywhere in a row, or another key, is noticed.
func TestRowCheckSum(t *testing.T) {
	v := full()
	row := store.AppendRow(nil, v)
	for i := range row {
		bad := bytes.Clone(row)
		bad[i] ^= 1 << (i % 8)
		if got, err := store.DecodeRow(v.ID, bad); err == nil {
			t.Fatalf("byte %d changed and was read as %+v", i, got)
		}
	}
	other := v.ID
	other[15]++
	if _, err := store.DecodeRow(other, row); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("under another key: %v", err)
	}
	for n := range row {
		if _, err := store.DecodeRow(v.ID, row[:n]); err == nil {
			t.Fatalf("the first %d bytes were read", n)
		}
	}
}

// Ensure that the table of words and the switch agree.
func TestWords(t *testing.T) {
	for i, w := range store.Words() {
		if got := store.WordOf(w); w != "" && got != uint64(i) {
			t.Errorf("wordOf(%q) = %d, want %d", w, got, i)
		}
	}
}

// Ensure that a text that is too long is cut and says so.
func TestLongText(t *testing.T) {
	v := &store.Verdict{ID: full().ID, Time: full().Time, Path: strings.Repeat("/x", 10000), RequestDigest: strings.Repeat("d", 9999),
		ClassScores: store.ClassScores{{Class: strings.Repeat("c", 9999)}}}
	got, err := store.DecodeRow(v.ID, store.AppendRow(nil, v))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{got.Path, got.RequestDigest, got.ClassScores[0].Class} {
		if len(s) != 4096 || !strings.HasSuffix(s, "…") {
			t.Errorf("cut to %d bytes, %q", len(s), s[len(s)-6:])
		}
	}
}

// Ensure that JSON says what the CLI promises.
func TestVerdictJSON(t *testing.T) {
	v := full()
	v.Score = math.NaN()
	v.ClassScores = store.ClassScores{{Class: "none", Score: 0.25}, {Class: "sqli", Score: float32(math.Inf(1))}}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"id":"01K2Q7Z0AAAAAAAAAAAAAAAAAA"`, `"score":0,`, `"class_scores":{"none":0.25,"sqli":0}`, `"client_ip":`,
		`"upstream_us":5123`, `"model_digest":"sha256:`, `"request_b64":"`, `"decision":"block"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	var back store.Verdict
	for _, bad := range []string{`{"class_scores":[1]}`, `{"class_scores":{"a":"b"}}`, `{"id":"x"}`} {
		if err := json.Unmarshal([]byte(bad), &back); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

// Ensure that no bytes make the decoder, the zone reader or a filter panic.
func FuzzDecodeRow(f *testing.F) {
	row := store.AppendRow(nil, full())
	f.Add(row[1 : len(row)-4])
	f.Add([]byte{})
	f.Add([]byte("\x06\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		id := full().ID
		v, ok := store.DecodeFields(id, b)
		store.SumUp(id, b)
		_, _ = store.DecodeRow(id, b)
		if !ok {
			return
		}
		// What was read can be written and read again.
		w, err := store.DecodeRow(id, store.AppendRow(nil, v))
		if err != nil {
			t.Fatalf("%+v cannot be read back: %v", v, err)
		}
		if w.Host != v.Host && len(v.Host) <= 4096 || w.Decision != v.Decision && len(v.Decision) <= 4096 {
			t.Fatalf("%+v came back as %+v", v, w)
		}
	})
}

func FuzzZone(f *testing.F) {
	row := store.AppendRow(nil, full())
	zone := store.AddToZone(nil, full().ID, row[1:len(row)-4])
	f.Add(zone)
	f.Add([]byte("\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\x03\x01\x00\x00\x07"))
	s, err := store.Open(store.Options{Dir: f.TempDir()})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, q := range []store.Query{{Host: "x"}, {Decision: "block", Class: "sqli"}, {MinScore: 0.5}, {Model: modelDigest}} {
			if _, err := s.MatchZone(q, b); err != nil {
				t.Fatal(err)
			}
		}
		grown := store.AddToZone(b, full().ID, row[1:len(row)-4])
		for _, q := range []store.Query{{Host: full().Host}, {Decision: "block", Class: full().Class}, {MinScore: 0.9}, {Model: modelDigest},
			{ClientIP: full().ClientIP, Decision: "block"}, {Path: "/shop/x"}} {
			if ok, _ := s.MatchZone(q, grown); !ok && len(b) > 0 && b[0] != 1 {
				t.Fatalf("%+v does not match the zone with its row", q)
			}
		}
	})
}

// Ensure that IDs grow, are unique, and carry the clock's time, also when it is set
// back.
func TestNewID(t *testing.T) {
	clock := newClock()
	s := open(t, store.Options{Clock: clock.now})
	last := s.NewID()
	seen := map[ulid.ULID]bool{last: true}
	for i := range 5000 {
		switch {
		case i%1000 == 500:
			clock.add(-time.Second)
		case rand.IntN(10) == 0:
			clock.add(time.Millisecond)
		}
		id := s.NewID()
		if id.Compare(last) <= 0 || seen[id] {
			t.Fatalf("%s after %s", id, last)
		}
		seen[id] = true
		last = id
	}
	clock.add(time.Hour)
	if got, want := int64(s.NewID().Time()), clock.now().UnixMilli(); got != want {
		t.Errorf("time %d, want %d", got, want)
	}
}
