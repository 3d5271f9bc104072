package caddymodule

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu"
	"github.com/limen-waf/limen/model"
	"github.com/limen-waf/limen/store"
)

// nullEngine finds nothing and takes no time.
type nullEngine struct{}

func (nullEngine) Score(_ context.Context, windows []classifier.Window, logits []float32) error {
	clear(logits)
	for i := range windows {
		logits[i*2] = 9
	}
	return nil
}
func (nullEngine) Info() classifier.EngineInfo {
	return classifier.EngineInfo{Engine: "null", Classes: 2}
}
func (nullEngine) Close() error { return nil }

// benchHandler makes a handler with a store and an engine that takes no time.
func benchHandler(b *testing.B, h *Handler) *Handler {
	b.Helper()
	network := []byte("no network")
	sum := sha256.Sum256(network)
	manifest, err := json.Marshal(model.Manifest{
		Format: model.ManifestFormat, Name: "null", Task: "http", SHA256: hex.EncodeToString(sum[:]),
		Tokenizer: model.Tokenizer{Version: classifier.TokenizerVersion, Vocabulary: classifier.Vocabulary, Window: 1024, Overlap: 128},
		Classes:   []string{"none", "sqli"}, Threshold: 0.9,
	})
	if err != nil {
		b.Fatal(err)
	}
	m, err := model.New(manifest, network)
	if err != nil {
		b.Fatal(err)
	}
	old := openEngine
	openEngine = func(*model.Model, gpu.Options) (classifier.Engine, error) { return nullEngine{}, nil }
	defer func() { openEngine = old }()

	return modelHandler(b, h, m)
}

// modelHandler makes a handler with a store and m on the native engine.
func modelHandler(b *testing.B, h *Handler, m *model.Model) *Handler {
	b.Helper()
	var err error
	app := newApp()
	app.log, app.configured, app.configure = zap.NewNop(), m, store.ConfigureProcedure()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	b.Cleanup(cancel)
	app.ctx = ctx
	app.Data = b.TempDir()
	app.Retain, app.MaxSize = caddy.Duration(time.Hour), 1<<30
	if app.engine, err = acquireEngine(m, "native", app.Data); err != nil {
		b.Fatal(err)
	}
	if err := app.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := app.Cleanup(); err != nil {
			b.Error(err)
		}
	})
	h.app, h.log, h.meter = app, zap.NewNop(), new(meter)
	h.setDefaults()
	h.policy = h.newPolicy()
	h.stance = new(atomic.Pointer[stance])
	h.stance.Store(&stance{policy: h.policy})
	h.scope = scope{h.BodyLimit, time.Duration(h.Deadline)}
	if h.recorder, err = newRecorder(h); err != nil {
		b.Fatal(err)
	}
	return h
}

// benchRequest makes an ordinary browser's request, with what Caddy puts into
// its context.
func benchRequest(body string) *http.Request {
	r := httptest.NewRequest("POST", "http://example.com/shop/search?q=red+shoes&page=2", nil)
	r.Header = http.Header{
		"Accept":                    {"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"},
		"Accept-Encoding":           {"gzip, deflate, br"},
		"Accept-Language":           {"en-GB,en;q=0.5"},
		"Connection":                {"keep-alive"},
		"Content-Type":              {"application/x-www-form-urlencoded"},
		"Cookie":                    {"session=3f2a9c0d1b7e4a55; theme=dark"},
		"Referer":                   {"https://example.com/shop/"},
		"Upgrade-Insecure-Requests": {"1"},
		"User-Agent":                {"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
	}
	r.Body, r.ContentLength = http.NoBody, 0
	if body != "" {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	}
	return r
}

// BenchmarkHandler measures everything that Limen adds to a request but the
// network: "tokenize" is the classifier's part, the rest the handler's.
func BenchmarkHandler(b *testing.B) {
	next := caddyhttp.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) error {
		_, err := io.Copy(io.Discard, r.Body)
		return err
	})
	w := httptest.NewRecorder()
	for _, size := range []int{0, 300, 10_000} {
		body := string(bytes.Repeat([]byte("name=some+value&"), size/16))
		for _, record := range []string{recordAll, recordNone} {
			b.Run(fmt.Sprintf("body=%d/record=%s", size, record), func(b *testing.B) {
				h := benchHandler(b, &Handler{Record: record})
				b.ReportAllocs()
				for b.Loop() {
					r := caddyhttp.PrepareRequest(benchRequest(body), caddy.NewReplacer(), w, nil)
					if err := h.ServeHTTP(w, r, next); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(fmt.Sprintf("body=%d/tokenize", size), func(b *testing.B) {
			h := benchHandler(b, &Handler{})
			r := newWireRequest(benchRequest(body), []byte(body), int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.app.classifier().Classify(context.Background(), &r.Request); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("body=%d/bare", size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := caddyhttp.PrepareRequest(benchRequest(body), caddy.NewReplacer(), w, nil)
				if err := next.ServeHTTP(w, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
