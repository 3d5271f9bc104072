package caddymodule_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/limen-waf/limen/caddymodule"
	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu"
	"github.com/limen-waf/limen/model"
	"github.com/limen-waf/limen/store"
)

const plainSite = `$SITE {
	limen
	respond "$TEXT"
}
`

// status is the answer of /limen/status, as far as these tests look at it.
type status struct {
	Model struct {
		Name, Version, Digest string
	}
	Engine struct {
		Engine, Device string
	}
	Counts struct {
		Requests  float64
		Decisions map[string]float64
	}
	Data string
}

func (s *server) status() (st status) {
	s.t.Helper()
	if code := s.api("/limen/status", &st); code != 200 {
		s.t.Fatalf("status answers %d", code)
	}
	return st
}

// Ensure that a server without a global block has Limen with its defaults.
func TestDefaults(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	s := newServer(t, nil)
	s.run(`{
		admin ADMIN
		persist_config off
		log {
			output discard
		}
	}
	$SITE {
		limen {
			mode observe
		}
		respond "hello"
	}
	`)
	s.expect(s.get("/?q=shoes"), 200, "hello")
	r := s.rows("", 1)[0]
	embedded, err := model.Default()
	if err != nil {
		t.Fatal(err)
	}
	st := s.status()
	if st.Model.Digest != embedded.Digest || r["model_digest"] != embedded.Digest {
		t.Errorf("model is %+v, row's %v, expected the embedded one", st.Model, r["model_digest"])
	}
	if want := filepath.Join(caddy.AppDataDir(), "limen"); st.Data != want {
		t.Errorf("data folder is %s, expected %s", st.Data, want)
	}
}

// Ensure that reloads share engine and store, lose no row, and leave neither
// goroutines nor memory behind.
func TestReload(t *testing.T) {
	s := start(t, plainSite, map[string]string{"$TEXT": "0"})
	load := func(i int) {
		s.vars["$TEXT"] = fmt.Sprint("text ", i)
		s.reload(plainSite)
		s.expect(s.get("/?q=shoes"), 200, s.vars["$TEXT"])
	}
	n := 10
	for i := range n {
		load(i)
	}
	s.Client.CloseIdleConnections()
	goroutines, heap := settle()
	const more = 100
	for i := range more {
		load(n + i)
	}
	s.Client.CloseIdleConnections()
	goroutines2, heap2 := settle()
	if goroutines2 > goroutines+5 {
		t.Errorf("%d goroutines after %d more reloads, %d before", goroutines2, more, goroutines)
	}
	if grown := int64(heap2) - int64(heap); grown > 4<<20 {
		t.Errorf("the heap grew by %d KiB over %d reloads", grown>>10, more)
	}
	if e, st := caddymodule.Pools(); e != 1 || st != 1 {
		t.Errorf("%d engines and %d stores are held, expected one each", e, st)
	}
	s.rows("", n+more)
}

// settle waits for goroutines to end and returns their number and the live heap.
func settle() (goroutines int, heap uint64) {
	for range 20 {
		runtime.GC()
		n := runtime.NumGoroutine()
		time.Sleep(20 * time.Millisecond)
		if runtime.NumGoroutine() >= n {
			break
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return runtime.NumGoroutine(), m.HeapAlloc
}

// Ensure that stopping gives everything back.
func TestStop(t *testing.T) {
	t.Run("server", func(t *testing.T) {
		s := start(t, plainSite, map[string]string{"$TEXT": "hello"})
		s.expect(s.get("/"), 200, "hello")
	})
	if e, st := caddymodule.Pools(); e != 0 || st != 0 {
		t.Errorf("%d engines and %d stores are still held", e, st)
	}
}

// Ensure that counters live on over a reload, and that scraping after it works.
func TestMetricsAfterReload(t *testing.T) {
	s := start(t, plainSite, map[string]string{"$TEXT": "a"})
	allowed := `limen_requests_total{class="none",decision="allow",server="srv0"}`
	blocked := `limen_requests_total{class="sqli",decision="block",server="srv0"}`
	allowedBefore, blockedBefore := s.metric(allowed), s.metric(blocked)
	for i := range 3 {
		s.vars["$TEXT"] = fmt.Sprint(i)
		s.reload(plainSite)
		s.expect(s.get("/"), 200, "")
		s.expect(s.get("/?q=evil-sqli"), 403, "")
		if got := s.metric(allowed) - allowedBefore; got != float64(i+1) {
			t.Errorf("%v requests are counted as allowed, expected %d", got, i+1)
		}
		if got := s.metric(blocked) - blockedBefore; got != float64(i+1) {
			t.Errorf("%v requests are counted as blocked, expected %d", got, i+1)
		}
	}
	if n := s.metric(`limen_inspect_seconds_count`); n < 6 {
		t.Errorf("%v requests are in the histogram, expected at least 6", n)
	}
}

// Ensure that an edited model file is picked up by a reload, under the same name,
// and that the old engine is closed.
func TestEditedModel(t *testing.T) {
	s := start(t, plainSite, map[string]string{"$TEXT": "a"})
	before := s.status().Model
	spellingModel(t, filepath.Dir(s.Model), "2")
	if again := s.status().Model; again != before {
		t.Errorf("the model changed without a reload: %+v", again)
	}
	s.vars["$TEXT"] = "b"
	s.reload(plainSite)
	after := s.status().Model
	if after.Version != "2" || after.Digest == before.Digest {
		t.Errorf("model is %+v after the reload, was %+v", after, before)
	}
	s.expect(s.get("/?q=evil-sqli"), 403, "")
	if got := s.rows("", 1)[0]["model_digest"]; got != after.Digest {
		t.Errorf("row's model is %v, expected %s", got, after.Digest)
	}
	if e, _ := caddymodule.Pools(); e != 1 {
		t.Errorf("%d engines are held, expected 1", e)
	}
}

// Ensure that a request which is under way during a reload is scored by the
// configuration it came to, however late its body comes, and recorded.
func TestReloadDuringRequest(t *testing.T) {
	s := start(t, plainSite, map[string]string{"$TEXT": "old"})
	old := s.status().Model.Digest
	ends := map[string]string{"evil-sqli": "HTTP/1.1 403 ", "some-calm": "HTTP/1.1 200 "}
	conns := map[string]net.Conn{}
	for end := range ends {
		conns[end] = s.dial()
		fmt.Fprintf(conns[end], "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: 11\r\nConnection: close\r\n\r\na=", s.Addr)
	}
	time.Sleep(50 * time.Millisecond) // for the server to read the heads
	spellingModel(t, filepath.Dir(s.Model), "2")
	s.vars["$TEXT"] = "new"
	s.reload(plainSite)
	if s.status().Model.Digest == old {
		t.Fatal("the reload kept the old model")
	}
	runtime.GC()
	for end, want := range ends {
		fmt.Fprint(conns[end], end)
		answer, err := io.ReadAll(conns[end])
		if err != nil || !strings.HasPrefix(string(answer), want) {
			t.Errorf("%s is answered with %.40q, %v; expected %s", end, answer, err, want)
		}
	}
	for _, r := range s.rows("", len(ends)) {
		if r["model_digest"] != old || r["fallback"] != nil {
			t.Errorf("row has model %v and fallback %v, expected %v and none", r["model_digest"], r["fallback"], old)
		}
	}
}

// Ensure that an engine is closed once nothing can use it any more.
func TestEngineCloses(t *testing.T) {
	s := start(t, plainSite, map[string]string{"$TEXT": "a"})
	s.expect(s.get("/"), 200, "a")
	before := enginesClosed.Load()
	spellingModel(t, filepath.Dir(s.Model), "2")
	s.vars["$TEXT"] = "b"
	s.reload(plainSite)
	s.Client.CloseIdleConnections()
	for range 100 {
		if enginesClosed.Load() > before {
			break
		}
		runtime.GC()
		time.Sleep(20 * time.Millisecond)
	}
	if enginesClosed.Load() == before {
		t.Error("the old engine is still open")
	}
	s.expect(s.get("/?q=evil-sqli"), 403, "")
}

// Ensure that every bad configuration is one clear error, and that the old
// configuration goes on serving.
func TestFailedReload(t *testing.T) {
	s := start(t, plainSite, map[string]string{"$TEXT": "old"})
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing.onnx")
	torn := spellingModel(t, dir, "1")
	write(t, torn, []byte("another network"))

	file := filepath.Join(t.TempDir(), "file")
	write(t, file, nil)

	locked := filepath.Join(t.TempDir(), "locked")
	other, err := store.Open(store.Options{Dir: locked})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()

	config := func(data, model, device, options string) string {
		return fmt.Sprintf(`{
			admin ADMIN
			persist_config off
			log {
				output discard
			}
			limen {
				data %s
				model http %s
				device %s
			}
		}
		$SITE {
			limen {
				%s
			}
			respond "new"
		}
		`, data, model, device, options)
	}
	tests := []struct {
		name, config, want string
	}{
		{"missing model", config("$DATA", missing, "native", ""), missing},
		{"wrong digest", config("$DATA", torn, "native", ""), "keep the two files"},
		{"unknown class", config("$DATA", "$MODEL", "native", "class sql 0.5"), `class "sql" is not an attack class`},
		{"data folder is a file", config(file, "$MODEL", "native", ""), file},
		{"data folder in a file", config(filepath.Join(file, "x"), "$MODEL", "native", ""), file},
		{"data folder in use", config(locked, "$MODEL", "native", ""), locked},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			engines, stores := caddymodule.Pools()
			err := s.load(tt.config)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error is %v, expected one with %q", err, tt.want)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the error has several lines: %v", err)
			}
			t.Log(err)
			s.expect(s.get("/"), 200, "old")
			s.expect(s.get("/?q=evil-sqli"), 403, "")
			if e, st := caddymodule.Pools(); e != engines || st != stores {
				t.Errorf("%d engines and %d stores are held, %d and %d before", e, st, engines, stores)
			}
		})
	}
	if os.Getuid() != 0 { // root may read everything
		t.Run("unreadable data folder", func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Chmod(dir, 0); err != nil {
				t.Fatal(err)
			}
			if err := s.load(config(dir, "$MODEL", "native", "")); err == nil || !strings.Contains(err.Error(), dir) {
				t.Errorf("error is %v, expected one that names %s", err, dir)
			}
		})
	}
}

// Ensure that bad values in JSON, which no Caddyfile parser has seen, are refused.
func TestBadJSON(t *testing.T) {
	s := newServer(t, nil)
	tests := []struct {
		name, app, handler, want string
	}{
		{"mode", `{}`, `{"mode":"x"}`, `mode is "x"`},
		{"threshold", `{}`, `{"threshold":2}`, "threshold is 2"},
		{"target_fpr", `{}`, `{"target_fpr":2}`, "target_fpr is 2, expected a number from 0.00001 to 0.5"},
		{"target_fpr negative", `{}`, `{"target_fpr":-0.1}`, "target_fpr is -0.1, expected a number from"},
		{"target_fpr and threshold", `{}`, `{"target_fpr":0.01,"threshold":0.9}`, "threshold is 0.9 and target_fpr is 0.01: give one of them"},
		{"deadline", `{}`, `{"deadline":-1}`, "deadline is -1ns"},
		{"body limit", `{}`, `{"body_limit":-1}`, "body_limit is -1"},
		{"record", `{}`, `{"record":"x"}`, `record is "x"`},
		{"sample", `{}`, `{"record":"sample"}`, "sample is 0"},
		{"sample without record", `{}`, `{"sample":0.5}`, "sample"},
		{"empty exception", `{}`, `{"except":[{}]}`, "leave every request out"},
		{"unknown field", `{}`, `{"modus":"block"}`, "modus"},
		{"device", `{"device":"gpu"}`, `{}`, `unknown device "gpu"`},
		{"retain", `{"retain":-1}`, `{}`, "retain is -1ns"},
		{"size", `{"max_size":-1}`, `{}`, "max_size is -1"},
		{"small size", `{"max_size":1000}`, `{}`, "max_size is 1000 bytes"},
		{"model", `{"models":{"image":{}}}`, `{}`, "model image: no source"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var app map[string]any
			if err := json.Unmarshal([]byte(tt.app), &app); err != nil {
				t.Fatal(err)
			}
			if app["models"] == nil {
				app["models"] = map[string]any{"http": map[string]any{"source": s.Model}}
			}
			rawApp, err := json.Marshal(app)
			if err != nil {
				t.Fatal(err)
			}
			handler := `{"handler":"limen",` + tt.handler[1:]
			handler = strings.Replace(handler, ",}", "}", 1)
			config := fmt.Sprintf(`{"admin":{"disabled":true},"apps":{"limen":%s,"http":{"servers":{"s":{"listen":[%q],"routes":[{"handle":[%s]}]}}}}}`, rawApp, s.Addr, handler)
			var cfg caddy.Config
			if err := json.Unmarshal([]byte(config), &cfg); err != nil {
				t.Fatal(err)
			}
			if err := caddy.Validate(&cfg); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, expected one with %q", err, tt.want)
			}
			if e, st := caddymodule.Pools(); e != 0 || st != 0 {
				t.Errorf("%d engines and %d stores are still held", e, st)
			}
		})
	}
}

// Ensure that validating a configuration does not touch the data folder, which
// another process may hold, and that starting it then names the folder.
func TestValidateBesideServer(t *testing.T) {
	s := newServer(t, map[string]string{"$TEXT": "hello"})
	other, err := store.Open(store.Options{Dir: s.Data})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	config, err := s.config(plainSite)
	if err != nil {
		t.Fatal(err)
	}
	var cfg caddy.Config
	if err := json.Unmarshal(config, &cfg); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := caddy.Validate(&cfg); err != nil {
		t.Errorf("validating beside a running server: %v", err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("validating took %v", took)
	}
	if err := s.load(plainSite); err == nil || !strings.Contains(err.Error(), s.Data) {
		t.Errorf("starting beside a running server gives %v, expected an error that names %s", err, s.Data)
	}
	if e, st := caddymodule.Pools(); e != 0 || st != 0 {
		t.Errorf("%d engines and %d stores are still held", e, st)
	}
}

// Ensure that an engine that cannot be opened is an error that leaves nothing
// behind.
func TestEngineFails(t *testing.T) {
	restore := caddymodule.SetOpenEngine(func(*model.Model, gpu.Options) (classifier.Engine, error) {
		return nil, errors.New("operator Foo is not supported")
	})
	defer restore()
	s := newServer(t, map[string]string{"$TEXT": "hello"})
	if err := s.load(plainSite); err == nil || !strings.Contains(err.Error(), "operator Foo") {
		t.Errorf("error is %v", err)
	}
	if e, st := caddymodule.Pools(); e != 0 || st != 0 {
		t.Errorf("%d engines and %d stores are still held", e, st)
	}
}

// Ensure that a changed data folder takes effect at a reload and that each
// folder has its own decisions.
func TestChangedDataFolder(t *testing.T) {
	s := start(t, plainSite, map[string]string{"$TEXT": "a"})
	s.expect(s.get("/a"), 200, "")
	s.rows("", 1)
	s.vars["$DATA"] = filepath.Join(t.TempDir(), "other")
	s.reload(plainSite)
	s.rows("", 0)
	s.expect(s.get("/b"), 200, "")
	s.rows("", 1)
	s.vars["$DATA"] = s.Data
	s.reload(plainSite)
	if r := s.rows("", 1)[0]; r["path"] != "/a" {
		t.Errorf("the first folder has %v", r["path"])
	}
}
