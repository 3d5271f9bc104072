package caddymodule_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	"github.com/limen-waf/limen/caddymodule"
	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu"
	"github.com/limen-waf/limen/model"
)

// scratch is a folder for the whole run.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "limen-caddymodule-"); err != nil {
		panic(err)
	}
	os.Setenv("XDG_DATA_HOME", filepath.Join(scratch, "data"))
	os.Setenv("XDG_CONFIG_HOME", filepath.Join(scratch, "config"))
	restore := caddymodule.SetOpenEngine(openEngine)
	code := m.Run()
	restore()
	os.RemoveAll(scratch)
	os.Exit(code)
}

// A spell makes the spelling engine give a score: it looks for the words in what
// the tokenizer made of a request, so these tests say nothing about a trained
// model and need none.
var spells = []struct {
	word  string
	class int
	logit float32 // of the class; that of none is 0
}{
	{"evil-sqli", 1, 6.2},   // score 0.998
	{"evil-xss", 2, 6.2},    // score 0.998
	{"maybe-sqli", 1, 0.66}, // score 0.66
}

var classes = []string{"none", "sqli", "xss", "traversal", "cmdi", "log4shell", "shellshock", "xxe", "other"}

type spellingEngine struct {
	closed atomic.Bool
}

// enginesClosed counts engines that were closed.
var enginesClosed atomic.Int64

// engineFault, when it holds an error, is what Score returns; engineDelay is how
// long it takes; engineCalls counts calls.
var (
	engineFault atomic.Pointer[error]
	engineDelay atomic.Int64
	engineCalls atomic.Int64
)

func (e *spellingEngine) Score(ctx context.Context, windows []classifier.Window, logits []float32) error {
	engineCalls.Add(1)
	if e.closed.Load() {
		return errors.New("engine is closed")
	}
	time.Sleep(time.Duration(engineDelay.Load()))
	if fault := engineFault.Load(); fault != nil {
		return *fault
	}
	text := make([]byte, 0, 1024)
	for i, w := range windows {
		text = text[:0]
		for _, t := range w {
			b := byte(0)
			if t >= classifier.ByteToken(0) && t <= classifier.ByteToken(255) {
				b = byte(t - classifier.ByteToken(0))
			}
			text = append(text, b)
		}
		row := logits[i*len(classes) : (i+1)*len(classes)]
		for j := range row {
			row[j] = -7
		}
		row[0] = 0
		for _, s := range spells {
			if bytes.Contains(text, []byte(s.word)) {
				row[s.class] = s.logit
				break
			}
		}
	}
	return nil
}

func (e *spellingEngine) Info() classifier.EngineInfo {
	return classifier.EngineInfo{Engine: "spelling", Version: "1", Device: "test", Classes: len(classes)}
}

func (e *spellingEngine) Close() error {
	e.closed.Store(true)
	enginesClosed.Add(1)
	return nil
}

func openEngine(m *model.Model, o gpu.Options) (classifier.Engine, error) {
	if m.Manifest.Name == "spelling" {
		return &spellingEngine{}, nil
	}
	return gpu.Open(m, o)
}

// spellingModel writes a model for the spelling engine and returns its path.
// Version makes its digest.
func spellingModel(t testing.TB, dir, version string) string {
	t.Helper()
	network := []byte("no network")
	sum := sha256.Sum256(network)
	// Indented, as the training writes it: its digest is over these bytes.
	manifest, err := json.MarshalIndent(model.Manifest{
		Format: model.ManifestFormat, Name: "spelling", Version: version, Task: "http",
		File: "m.onnx", SHA256: hex.EncodeToString(sum[:]),
		Tokenizer: model.Tokenizer{Version: classifier.TokenizerVersion, Vocabulary: classifier.Vocabulary, Window: 1024, Overlap: 128},
		Classes:   classes, Threshold: 0.9,
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "m.onnx")
	write(t, path, network)
	write(t, filepath.Join(dir, "m.json"), manifest)
	return path
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// server is a running Caddy. There is one in a process at a time.
type server struct {
	t     testing.TB
	vars  map[string]string
	URL   string // of the site
	Addr  string // of the site, host:port
	Admin string // of the admin endpoint, "" when it is off
	Data  string // folder of the store
	Model string // path of the model
	// Client keeps connections alive and follows no redirects.
	Client *http.Client
}

// start runs Caddy with a Caddyfile in which $SITE, $DATA, $MODEL stand for the site's
// address, a data folder and the spelling model, and what is in vars for itself. A
// Caddyfile without a global block gets one with these.
func start(t testing.TB, caddyfile string, vars map[string]string) *server {
	t.Helper()
	s := newServer(t, vars)
	s.run(caddyfile)
	return s
}

// move gives the site another address, for the next load.
func (s *server) move() {
	s.Addr = freeAddr(s.t)
	s.URL = "http://" + s.Addr
	s.vars["$SITE"], s.vars["$PORT"] = s.URL, strings.TrimPrefix(s.Addr, "127.0.0.1:")
}

// reload loads another configuration. The site moves with it: on the old
// address Caddy's old server would still take some connections.
func (s *server) reload(caddyfile string) {
	s.t.Helper()
	s.move()
	if err := s.load(caddyfile); err != nil {
		s.t.Fatal(err)
	}
}

// run loads a configuration until the test ends.
func (s *server) run(caddyfile string) {
	s.t.Helper()
	if err := s.load(caddyfile); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		s.Client.CloseIdleConnections()
		if err := caddy.Stop(); err != nil {
			s.t.Errorf("stopping: %v", err)
		}
	})
}

func newServer(t testing.TB, vars map[string]string) *server {
	t.Helper()
	s := &server{
		t:      t,
		Admin:  "http://" + freeAddr(t),
		Data:   filepath.Join(t.TempDir(), "limen"),
		Model:  spellingModel(t, t.TempDir(), "1"),
		Client: &http.Client{Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	s.vars = map[string]string{"$DATA": s.Data, "$MODEL": s.Model}
	s.move()
	for k, v := range vars {
		s.vars[k] = v
	}
	return s
}

const globalBlock = `{
	admin ADMIN
	persist_config off
	grace_period 5s
	log {
		output discard
	}
	limen {
		data $DATA
		device native
		model http $MODEL
	}
}
`

// config makes Caddy's JSON of a Caddyfile.
func (s *server) config(caddyfile string) ([]byte, error) {
	if !strings.HasPrefix(strings.TrimSpace(caddyfile), "{") {
		caddyfile = globalBlock + caddyfile
	}
	caddyfile = strings.ReplaceAll(caddyfile, "ADMIN", strings.TrimPrefix(s.Admin, "http://"))
	for k, v := range s.vars {
		caddyfile = strings.ReplaceAll(caddyfile, k, v)
	}
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(caddyfile), map[string]any{"filename": "Caddyfile"})
	return config, err
}

func (s *server) load(caddyfile string) error {
	config, err := s.config(caddyfile)
	if err != nil {
		return err
	}
	return caddy.Load(config, true)
}

// freeAddr returns an address of this machine that nothing listens on.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// response is an answer that has been read.
type response struct {
	*http.Response
	Text string
}

// do sends a request to the site and reads the answer.
func (s *server) do(method, target string, headers http.Header, body io.Reader) response {
	s.t.Helper()
	r, err := http.NewRequest(method, s.URL+target, body)
	if err != nil {
		s.t.Fatal(err)
	}
	for name, values := range headers {
		r.Header[name] = values
	}
	return s.send(r)
}

func (s *server) send(r *http.Request) response {
	s.t.Helper()
	res, err := s.Client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response{res, string(text)}
}

func (s *server) get(target string) response {
	s.t.Helper()
	return s.do("GET", target, nil, nil)
}

// expect fails unless the answer has the status and, where text is not empty,
// contains it.
func (s *server) expect(res response, status int, text string) {
	s.t.Helper()
	if res.StatusCode != status || !strings.Contains(res.Text, text) {
		s.t.Errorf("%s %s: status %d, %.200q; expected %d, %q", res.Request.Method, res.Request.URL, res.StatusCode, res.Text, status, text)
	}
}

// admins asks the admin endpoint. A reload replaces it: a connection that the old one
// took last is closed without an answer, so it is asked again.
func (s *server) admins(path string) (*http.Response, error) {
	for tries := 1; ; tries++ {
		res, err := http.Get(s.Admin + path)
		if err == nil || tries == 3 || !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			return res, err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// api asks the admin endpoint and decodes its answer into v.
func (s *server) api(path string, v any) (status int) {
	s.t.Helper()
	res, err := s.admins(path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if v != nil {
		if err := json.Unmarshal(raw, v); err != nil {
			s.t.Fatalf("%s: %v: %.300s", path, err, raw)
		}
	}
	return res.StatusCode
}

// row is a stored verdict as the admin API shows it.
type row map[string]any

// rows waits until n verdicts are stored and returns them, the newest first.
func (s *server) rows(query string, n int) []row {
	s.t.Helper()
	var page struct {
		Verdicts []row  `json:"verdicts"`
		Next     string `json:"next"`
		Error    string `json:"error"`
	}
	deadline := time.Now().Add(5 * time.Second)
	for {
		page.Verdicts = nil
		if status := s.api("/limen/verdicts?limit=1000&"+query, &page); status != http.StatusOK {
			s.t.Fatalf("listing verdicts: %d %s", status, page.Error)
		}
		if len(page.Verdicts) >= n || time.Now().After(deadline) {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if len(page.Verdicts) != n {
		s.t.Fatalf("%d verdicts are stored, expected %d", len(page.Verdicts), n)
	}
	return page.Verdicts
}

// seen is what reached an upstream.
type seen struct {
	Method, Target string
	Header         http.Header
	Trailer        http.Header
	Length         int64
	Chunked        bool
	Body           []byte
}

// upstream is a server that remembers what it got. It answers "upstream" and the
// number of body bytes.
type upstream struct {
	Addr string
	got  chan seen
}

func startUpstream(t testing.TB) *upstream {
	t.Helper()
	u := &upstream{got: make(chan seen, 100)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u.Addr = l.Addr().String()
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		u.got <- seen{r.Method, r.RequestURI, r.Header, r.Trailer, r.ContentLength, len(r.TransferEncoding) > 0, body}
		fmt.Fprintf(w, "upstream %d", len(body))
	})}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return u
}

// last returns the next request that reached the upstream.
func (u *upstream) last(t testing.TB) seen {
	t.Helper()
	select {
	case s := <-u.got:
		return s
	case <-time.After(5 * time.Second):
		t.Fatal("nothing reached the upstream")
		return seen{}
	}
}

// none fails when a request reached the upstream.
func (u *upstream) none(t testing.TB) {
	t.Helper()
	select {
	case s := <-u.got:
		t.Errorf("%s %s reached the upstream", s.Method, s.Target)
	default:
	}
}
