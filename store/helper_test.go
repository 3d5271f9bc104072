package store_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/rs/zerolog"

	"github.com/limen-waf/limen/store"
)

const (
	modelDigest  = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	policyDigest = "sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
)

// typical returns a verdict as the handler makes it. One in a hundred is blocked.
func typical(i int) *store.Verdict {
	v := &store.Verdict{
		RequestDigest: "sha256:" + fmt.Sprintf("%064x", i),
		Method:        "GET", Host: "www" + strconv.Itoa(i%7) + ".example.com",
		Path:     "/shop/product/" + strconv.Itoa(i%5000) + "?page=2&sort=price",
		ClientIP: fmt.Sprintf("10.%d.%d.%d", i>>12&255, i>>4&255, i%250),
		Server:   "srv0", Route: "0",
		Score: 0.0012 + float64(i%50)/1000, Class: "none", Decision: store.Allow, Mode: "block", Threshold: 0.95,
		ClassScores: store.ClassScores{
			{Class: "none", Score: 0.99}, {Class: "sqli", Score: 0.001}, {Class: "xss", Score: 0.001},
			{Class: "traversal", Score: 0.001}, {Class: "cmdi", Score: 0.001}, {Class: "log4shell", Score: 0.001},
			{Class: "shellshock", Score: 0.001}, {Class: "xxe", Score: 0.001}, {Class: "other", Score: 0.001},
		},
		PolicyDigest: policyDigest, ModelDigest: modelDigest, TokenizerVersion: 1, Engine: "native", Device: "cpu/avx2",
		BatchSize: 1, QueueMicros: 3, TokenizeMicros: 12, InferMicros: 140, BytesInspected: 412, BytesSent: 412,
		DecodeDepth: 1, Windows: 1, Status: 200, UpstreamMicros: 5123,
	}
	if i%100 == 0 {
		v.Decision, v.Class, v.Score, v.Status = store.Block, []string{"sqli", "xss", "cmdi"}[i/100%3], 0.998, 403
	}
	return v
}

var sampleRequest = &store.Request{
	Method: "POST", Target: "/login?next=%2Faccount",
	Headers: []store.Header{
		{Name: "Host", Value: "www.example.com"},
		{Name: "User-Agent", Value: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"},
		{Name: "Accept", Value: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
		{Name: "Accept-Language", Value: "en-GB,en;q=0.9"},
		{Name: "Content-Type", Value: "application/x-www-form-urlencoded"},
		{Name: "Cookie", Value: "sid=8d969eef6ecad3c29a3a629280e686cf; theme=dark"},
		{Name: "Referer", Value: "https://www.example.com/login?next=%2Faccount"},
	},
	Body: []byte("user=alice&password=correct+horse+battery+staple&remember=1"),
}

// open opens a store for a test. Commits of tests do not wait for the disk.
func open(tb testing.TB, o store.Options) *store.Store {
	tb.Helper()
	if _, ok := tb.(*testing.B); !ok {
		store.SetNoSync(&o)
	}
	if o.Dir == "" {
		o.Dir = tb.TempDir()
	}
	if o.Logger.GetLevel() == zerolog.DebugLevel {
		o.Logger = zerolog.Nop()
	}
	s, err := store.Open(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}
