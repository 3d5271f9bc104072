package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.etcd.io/bbolt"

	"github.com/limen-waf/limen/store"
)

var ctx = context.Background()

// clock is a clock that stands still until it is moved.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 3, 1, 10, 30, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// logBuffer collects log lines.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func record(t testing.TB, s *store.Store, v *store.Verdict) *store.Verdict {
	t.Helper()
	if !s.Record(v) {
		t.Fatal("the row was not taken")
	}
	return v
}

func flush(t testing.TB, s *store.Store) {
	t.Helper()
	if err := s.Flush(ctx); err != nil {
		t.Fatal(err)
	}
}

func list(t testing.TB, s *store.Store, q store.Query) []*store.Verdict {
	t.Helper()
	var out []*store.Verdict
	if err := s.Each(ctx, q, func(v *store.Verdict) error { out = append(out, v); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

// Ensure that a recorded verdict comes back whole, also after a reopening and from a
// store opened read-only.
func TestRecord(t *testing.T) {
	o := store.Options{Dir: t.TempDir()}
	s := open(t, o)
	v := full()
	v.ID = s.NewID()
	record(t, s, v)
	want := *v
	check := func(s *store.Store) {
		t.Helper()
		got, err := s.Verdict(ctx, v.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, &want) {
			t.Errorf("\n got %+v\nwant %+v", got, &want)
		}
	}
	check(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	check(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	o.ReadOnly = true
	s = open(t, o)
	check(s)
	second := open(t, o) // readers share
	check(second)
	if s.Record(v) || !errors.Is(s.RecordSync(ctx, v), store.ErrReadOnly) || !errors.Is(s.PutModel("d", "n", []byte("{}"), time.Now()), store.ErrReadOnly) ||
		!errors.Is(s.PutPolicy("d", []byte("{}")), store.ErrReadOnly) {
		t.Error("a store opened read-only took something")
	}
	if err := s.Flush(ctx); err != nil {
		t.Errorf("flush: %v", err)
	}
}

// Ensure that Record completes the verdict and takes nothing else of it.
func TestRecordCompletes(t *testing.T) {
	clock := newClock()
	s := open(t, store.Options{Clock: clock.now})
	source := &store.Request{Method: "GET", Target: "/?password=x1", Headers: []store.Header{{Name: "Cookie", Value: "a=b1"}}}
	v := &store.Verdict{Path: "/?password=x1", Source: source}
	record(t, s, v)
	if v.ID.IsZero() || !v.Time.Equal(clock.now()) || v.Path != "/?password=x1" || source.Target != "/?password=x1" {
		t.Errorf("%+v", v)
	}
	got, err := s.Verdict(ctx, v.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Path != "/?password=a0" || string(got.Request) != "GET /?password=a0 HTTP/1.1\r\nCookie: a=a0\r\n\r\n" || got.Source != nil {
		t.Errorf("%+v %q", got, got.Request)
	}
	// The same ID again changes nothing.
	record(t, s, &store.Verdict{ID: v.ID, Path: "/other"})
	flush(t, s)
	if again, err := s.Verdict(ctx, v.ID); err != nil || again.Path != got.Path {
		t.Errorf("%+v, %v", again, err)
	}
	if n := len(list(t, s, store.Query{})); n != 1 {
		t.Errorf("%d rows", n)
	}
}

// Ensure that a recorded request is cut at the limit and the row says by how much.
func TestRequestLimit(t *testing.T) {
	s := open(t, store.Options{RequestLimit: 100})
	v := &store.Verdict{Source: &store.Request{Method: "POST", Target: "/", Body: bytes.Repeat([]byte("x"), 500)}}
	record(t, s, v)
	got, err := s.Verdict(ctx, v.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Request) != 100 || got.RequestCut != int64(len("POST / HTTP/1.1\r\n\r\n")+500-100) {
		t.Errorf("%d bytes, %d cut", len(got.Request), got.RequestCut)
	}
}

// Ensure that no secret of a request is found anywhere in the files.
func TestNoSecretOnDisk(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	secrets := []string{"Hunter2Zq", "Zq7Tok3n", "C0okieZq8", "Bas1cZq9", "4111111111111111", "4111 1111 1111 1111", "Nest3dZq", "Mult1Zq", "Xm1Zq",
		"Referr3rZq", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJaWlpaIn0.c2lnbmF0dXJl", "ApiK3yZq", "UserInf0Zq", "Qu3ryZq", "0AFZqSESSION1"}
	bodies := []struct{ kind, body string }{
		{"application/x-www-form-urlencoded", "user=bob&password=Hunter2Zq&card=4111111111111111&d=%7B%22secret%22%3A%22Nest3dZq%22%7D"},
		{"application/json", `{"password":"Hunter2Zq","pay":{"number":"4111 1111 1111 1111"},"d":"{\"token\":\"Nest3dZq\"}","jwt":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJaWlpaIn0.c2lnbmF0dXJl"}`},
		{"multipart/form-data; boundary=B", "--B\r\nContent-Disposition: form-data; name=\"passwd\"\r\n\r\nMult1Zq\r\n--B--\r\n"},
		{"application/xml", "<login><password>Xm1Zq</password></login>"},
		{"text/plain", "Password: Hunter2Zq\nsee https://u:UserInf0Zq@h.example/"},
	}
	for _, b := range bodies {
		for _, decision := range []string{store.Allow, store.Block} {
			record(t, s, &store.Verdict{
				Decision: decision, Path: "/a;jsessionid=0AFZqSESSION1?access_token=Qu3ryZq&n=4111111111111111",
				Source: &store.Request{Method: "POST", Target: "/a;jsessionid=0AFZqSESSION1?access_token=Qu3ryZq&n=4111111111111111",
					Headers: []store.Header{{Name: "Cookie", Value: "sid=C0okieZq8; t=Zq7Tok3n"}, {Name: "Authorization", Value: "Basic Bas1cZq9"},
						{Name: "Proxy-Authorization", Value: "Bearer Zq7Tok3n"}, {Name: "X-Api-Key", Value: "ApiK3yZq"},
						{Name: "Referer", Value: "https://x.example/?password=Referr3rZq"}, {Name: "Content-Type", Value: b.kind}},
					Body: []byte(b.body)},
			})
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		for _, secret := range secrets {
			if bytes.Contains(b, []byte(secret)) {
				t.Errorf("%s holds %q", filepath.Base(path), secret)
			}
		}
		return err
	})
	if err != nil || files != 3 { // limen.db, limen.key, one segment
		t.Errorf("%d files, %v", files, err)
	}
}

// Ensure that each fault of opening is one clear error.
func TestOpenErrors(t *testing.T) {
	held := t.TempDir()
	open(t, store.Options{Dir: held})
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	made := func(name string, content string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	newer := t.TempDir()
	_ = open(t, store.Options{Dir: newer}).Close()
	if err := store.WriteSchema(filepath.Join(newer, "limen.db"), 9); err != nil {
		t.Fatal(err)
	}
	newerSegment := t.TempDir()
	s := open(t, store.Options{Dir: newerSegment})
	record(t, s, &store.Verdict{})
	flush(t, s)
	name := s.SegmentNames()[0]
	_ = s.Close()
	if err := store.WriteSchema(filepath.Join(newerSegment, "verdicts", name), 9); err != nil {
		t.Fatal(err)
	}
	dirInPlace := t.TempDir()
	if err := os.Mkdir(filepath.Join(dirInPlace, "limen.db"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		o    store.Options
		kind error
		says []string
	}{
		"no folder given":        {store.Options{}, store.ErrOptions, []string{"Dir"}},
		"negative option":        {store.Options{Dir: "x", QueueRows: -1}, store.ErrOptions, []string{"QueueRows", "-1"}},
		"odd span":               {store.Options{Dir: "x", Span: 90 * time.Second}, store.ErrOptions, []string{"Span", "whole minutes"}},
		"small max size":         {store.Options{Dir: "x", MaxSize: 1000}, store.ErrOptions, []string{"MaxSize", "at least"}},
		"held":                   {store.Options{Dir: held}, store.ErrLocked, []string{held, "limen.db", "fuser"}},
		"held, reading":          {store.Options{Dir: held, ReadOnly: true}, store.ErrLocked, []string{held, "limen.db"}},
		"a file":                 {store.Options{Dir: file}, store.ErrFolder, []string{file, "not a directory"}},
		"below a file":           {store.Options{Dir: filepath.Join(file, "x")}, store.ErrFolder, []string{file}},
		"a file, reading":        {store.Options{Dir: file, ReadOnly: true}, store.ErrFolder, []string{file}},
		"not there, reading":     {store.Options{Dir: filepath.Join(held, "x"), ReadOnly: true}, store.ErrNotFound, []string{"holds no store"}},
		"file where verdicts go": {store.Options{Dir: made("verdicts", "")}, store.ErrFolder, []string{"verdicts", "not a directory"}},
		"folder for file":        {store.Options{Dir: dirInPlace}, store.ErrFolder, []string{"limen.db", "directory"}},
		"text":                   {store.Options{Dir: made("limen.db", strings.Repeat("no database ", 9999))}, store.ErrCorrupt, []string{"limen.db", "backup"}},
		"short":                  {store.Options{Dir: made("limen.db", "x")}, store.ErrCorrupt, []string{"limen.db"}},
		"newer":                  {store.Options{Dir: newer}, store.ErrSchema, []string{"limen.db", "schema 9", "up to 2", "update Limen"}},
		"newer, reading":         {store.Options{Dir: newer, ReadOnly: true}, store.ErrSchema, []string{"limen.db", "schema 9"}},
		"newer segment":          {store.Options{Dir: newerSegment}, store.ErrSchema, []string{"verdicts", "schema 9"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.o.Logger = zerolog.Nop()
			s, err := store.Open(c.o)
			if err == nil {
				_ = s.Close()
				t.Fatal("no error")
			}
			if !errors.Is(err, c.kind) {
				t.Errorf("%v is no %v", err, c.kind)
			}
			for _, want := range c.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q has several lines", err)
			}
		})
	}
}

// Ensure that a closed store says so.
func TestClosed(t *testing.T) {
	s := open(t, store.Options{})
	v := record(t, s, &store.Verdict{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	_, err1 := s.Verdict(ctx, v.ID)
	_, err2 := s.Verdicts(ctx, store.Query{})
	_, err3 := s.Why(ctx, v.ID)
	for _, err := range []error{err1, err2, err3, s.Flush(ctx), s.RecordSync(ctx, &store.Verdict{}), s.PutModel("d", "n", []byte("{}"), time.Now())} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%v", err)
		}
	}
	if s.Record(&store.Verdict{}) {
		t.Error("a closed store took a row")
	}
	s.Count(v)
	_ = s.Stats()
}

// Ensure that Close writes what is queued.
func TestCloseDrains(t *testing.T) {
	o := store.Options{Dir: t.TempDir(), CommitEvery: time.Hour}
	s := open(t, o)
	for i := range 5000 {
		record(t, s, typical(i))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(list(t, open(t, o), store.Query{})); n != 5000 {
		t.Errorf("%d rows", n)
	}
}

// Ensure that a full queue drops rows, keeps room for flagged ones, counts what it
// dropped and logs it once.
func TestBackpressure(t *testing.T) {
	var log logBuffer
	s := open(t, store.Options{QueueRows: 80, CommitEvery: time.Hour, CommitRows: 1 << 20, Logger: zerolog.New(&log)})
	taken := map[string]int{}
	for range 100 {
		if s.Record(&store.Verdict{Decision: store.Allow}) {
			taken[store.Allow]++
		}
	}
	for range 100 {
		if s.Record(&store.Verdict{Decision: store.Block}) {
			taken[store.Block]++
		}
	}
	// The writer may have begun once, when half the queue was full.
	st := s.Stats()
	total := taken[store.Allow] + taken[store.Block]
	if st.Dropped != uint64(200-total) || st.Dropped == 0 || taken[store.Block] < 10 {
		t.Errorf("took %v, stats %+v", taken, st)
	}
	if err := s.RecordSync(ctx, &store.Verdict{Decision: store.Block}); err != nil && !errors.Is(err, store.ErrFull) {
		t.Error(err)
	}
	flush(t, s)
	if st := s.Stats(); st.Queued != 0 || int(st.Written) < total {
		t.Errorf("%+v", st)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "verdict rows were dropped"); n != 1 {
		t.Errorf("logged %d times: %s", n, log.String())
	}
}

// Ensure that the queue is bounded in bytes too.
func TestBackpressureBytes(t *testing.T) {
	s := open(t, store.Options{QueueBytes: 64 << 10, CommitEvery: time.Hour, CommitRows: 1 << 20})
	big := &store.Request{Method: "POST", Target: "/", Body: bytes.Repeat([]byte("x"), 10<<10)}
	taken := 0
	for range 20 {
		if s.Record(&store.Verdict{Decision: store.Allow, Source: big}) {
			taken++
		}
	}
	if st := s.Stats(); taken != 5 || st.QueuedBytes > 64<<10 || st.Dropped != 15 {
		t.Errorf("took %d, %+v", taken, st)
	}
}

// Ensure that RecordSync returns when the row is on disk, and many share a commit.
func TestRecordSync(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir, CommitEvery: time.Hour})
	var wg sync.WaitGroup
	for range 200 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			v := &store.Verdict{Decision: store.Block}
			if err := s.RecordSync(ctx, v); err != nil {
				t.Error(err)
				return
			}
			if p, err := s.Verdicts(ctx, store.Query{After: v.ID.String(), Order: store.Oldest, Limit: 1}); err != nil || len(p.Verdicts) > 1 {
				t.Error(err)
			}
			if _, err := s.Verdict(ctx, v.ID); err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	if st := s.Stats(); st.Written != 200 || st.Commits > 150 {
		t.Errorf("%+v", st)
	}
	short, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.RecordSync(short, &store.Verdict{}); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Ensure that decisions are counted exactly, by class, over restarts and segments, and
// whether or not they are recorded.
func TestCount(t *testing.T) {
	clock := newClock()
	o := store.Options{Dir: t.TempDir(), Clock: clock.now, Retain: 3 * time.Hour}
	want := map[[2]string]uint64{}
	check := func(s *store.Store, when string) {
		t.Helper()
		got := map[[2]string]uint64{}
		for _, c := range s.Stats().Decisions {
			got[[2]string{c.Decision, c.Class}] = c.Count
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s: got %v want %v", when, got, want)
		}
	}
	for restart := range 6 {
		s := open(t, o)
		check(s, fmt.Sprintf("restart %d", restart))
		for hour := range 3 {
			for i := range 50 {
				v := &store.Verdict{Decision: []string{store.Allow, store.Tag, store.Block}[i%3], Class: []string{"none", "sqli", "new"}[i%3]}
				s.Count(v)
				want[[2]string{v.Decision, v.Class}]++
				if i%10 == 0 {
					record(t, s, v)
				}
			}
			flush(t, s)
			check(s, "counting")
			if hour == 1 && restart == 3 {
				clock.add(-2 * time.Hour) // the clock is set right
			}
			clock.add(time.Hour)
		}
		s.Sweep()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	o.ReadOnly = true
	check(open(t, o), "read-only")
}

// Ensure that the kinds that are counted apart are bounded, and none is lost.
func TestCountBound(t *testing.T) {
	s := open(t, store.Options{})
	for i := range 5000 {
		s.Count(&store.Verdict{Decision: store.Block, Class: fmt.Sprintf("class%d", i)})
	}
	total := uint64(0)
	st := s.Stats()
	for _, c := range st.Decisions {
		total += c.Count
	}
	if total != 5000 || len(st.Decisions) > 1100 {
		t.Errorf("%d counted as %d kinds", total, len(st.Decisions))
	}
}

// Ensure that models and policies are kept once, and Why joins them to a verdict.
func TestWhy(t *testing.T) {
	clock := newClock()
	o := store.Options{Dir: t.TempDir(), Clock: clock.now}
	s := open(t, o)
	first := clock.now()
	manifest := `{"name":"limen-http","data":[{"name":"openappsec-legit","split":"train","role":"train","sha256":"ab","rows":39085}]}`
	for range 3 {
		if err := s.PutModel(modelDigest, "limen-http", []byte(manifest), clock.now()); err != nil {
			t.Fatal(err)
		}
		if err := s.PutPolicy(policyDigest, []byte(`{"mode":"block"}`)); err != nil {
			t.Fatal(err)
		}
		clock.add(time.Hour)
	}
	v := record(t, s, typical(0))
	check := func(s *store.Store) {
		t.Helper()
		c, err := s.Why(ctx, v.ID)
		if err != nil {
			t.Fatal(err)
		}
		if c.Verdict.ID != v.ID || c.Model == nil || c.Model.Name != "limen-http" || !c.Model.FirstSeen.Equal(first) || string(c.Model.Manifest) != manifest ||
			c.Policy == nil || string(c.Policy.Policy) != `{"mode":"block"}` || !c.Policy.FirstSeen.Equal(first) || c.Missing != nil ||
			!reflect.DeepEqual(c.DataSets, []store.DataSet{{Name: "openappsec-legit", Split: "train", Role: "train", SHA256: "ab", Rows: 39085}}) {
			t.Errorf("%+v", c)
		}
		text, err := json.Marshal(c)
		if err != nil || !bytes.Contains(text, []byte(`"labels":[]`)) || !bytes.Contains(text, []byte(`"data_sets":[{"name":"openappsec-legit"`)) {
			t.Errorf("%s, %v", text, err)
		}
		models, err := s.Models()
		if err != nil || len(models) != 1 || models[0].Digest != modelDigest {
			t.Errorf("%+v, %v", models, err)
		}
	}
	check(s)

	bare := record(t, s, &store.Verdict{ModelDigest: "sha256:none", PolicyDigest: "sha256:none"})
	c, err := s.Why(ctx, bare.ID)
	if err != nil || c.Model != nil || c.Policy != nil || len(c.Missing) != 2 || c.DataSets == nil || c.Labels == nil {
		t.Errorf("%+v, %v", c, err)
	}
	_, err = s.Why(ctx, s.NewID())
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%v", err)
	}
	for _, err := range []error{s.PutModel("", "n", []byte("{}"), first), s.PutModel("d", "n", []byte("{"), first), s.PutPolicy("", []byte("{}")), s.PutPolicy("d", nil)} {
		if !errors.Is(err, store.ErrOptions) {
			t.Errorf("%v", err)
		}
	}
	_ = s.Close()
	o.ReadOnly = true
	check(open(t, o))
}

// Ensure that every file has the layout that later versions build on.
func TestLayout(t *testing.T) {
	clock := newClock()
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir, Clock: clock.now})
	record(t, s, &store.Verdict{})
	flush(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]string{
		"limen.db":                   {"calls", "counters", "events", "heads", "kept", "key_ages", "keys", "meta", "models", "policies", "procedures", "runs", "subjects", "weights"},
		"verdicts/20260301T1000Z.db": {"chain", "counters", "forgotten", "meta", "rows", "zones"},
	} {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("%v, %v", info, err)
		}
		db, err := bbolt.Open(filepath.Join(dir, path), 0o600, &bbolt.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		_ = db.View(func(tx *bbolt.Tx) error {
			return tx.ForEach(func(name []byte, _ *bbolt.Bucket) error { got = append(got, string(name)); return nil })
		})
		_ = db.Close()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}
