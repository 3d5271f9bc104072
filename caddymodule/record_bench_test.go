//go:build unix

package caddymodule

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/limen-waf/limen/model"
)

// browserRequests returns requests of a few hundred bytes as browsers send them, no
// two alike: one in three posts a form.
func browserRequests(n int) []*http.Request {
	out := make([]*http.Request, n)
	for i := range out {
		target := fmt.Sprintf("http://shop.example/store/public/product%d.jsp?id=%d&name=Red+shoes+No.+%d&page=%d", i%40, i, i*7, i%9)
		r := httptest.NewRequest("GET", target, nil)
		r.Header = http.Header{
			"Accept":         {"text/xml,application/xml,application/xhtml+xml,text/html;q=0.9,text/plain;q=0.8,image/png,*/*;q=0.5"},
			"Accept-Charset": {"utf-8, utf-8;q=0.5, *;q=0.5"}, "Accept-Encoding": {"x-gzip, x-deflate, gzip, deflate"},
			"Accept-Language": {"en"}, "Cache-Control": {"no-cache"}, "Connection": {"close"}, "Pragma": {"no-cache"},
			"Cookie":     {fmt.Sprintf("JSESSIONID=%032X", i*2654435761)},
			"User-Agent": {"Mozilla/5.0 (compatible; Konqueror/3.5; Linux) KHTML/3.5.8 (like Gecko)"},
		}
		if i%3 == 0 {
			body := fmt.Sprintf("mode=entry&login=user%d&pwd=x%dy&name=Mar%%EDa+del+Carmen&address=Calle+Real%%2C+%d&city=Sevilla&zip=%05d&b1=Confirm", i, i*31, i%90, i%99999)
			r.Method, r.RequestURI = "POST", "/store/public/register.jsp"
			r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(body)), nil }
			r.ContentLength = int64(len(body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Content-Length", fmt.Sprint(len(body)))
		}
		out[i] = r
	}
	return out
}

// BenchmarkRecording measures what storing every decision adds to the processor time of
// a request behind the embedded model: a handler that records and one that does not take
// turns, so that both meet the same machine. The writer's time is included.
func BenchmarkRecording(b *testing.B) {
	requests := browserRequests(2048)
	next := caddyhttp.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) error {
		_, err := io.Copy(io.Discard, r.Body)
		return err
	})
	m, err := model.Default()
	if err != nil {
		b.Fatal(err)
	}
	var handlers [2]*Handler
	for i, record := range []string{recordNone, recordAll} {
		handlers[i] = modelHandler(b, &Handler{Record: record}, m)
	}
	const turn = 4096
	var used [2]time.Duration
	var served [2]int
	w := httptest.NewRecorder()
	serve := func(h *Handler, n int) time.Duration {
		before := processorTime(b)
		for i := range n {
			r := requests[i%len(requests)].Clone(context.Background())
			if r.GetBody != nil {
				r.Body, _ = r.GetBody()
			}
			r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), w, nil)
			_ = h.ServeHTTP(w, r, next) // some are blocked
		}
		if s := h.app.store.Load(); s != nil {
			if err := s.Flush(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
		return processorTime(b) - before
	}
	for _, h := range handlers {
		serve(h, turn)
	}
	b.ResetTimer()
	for done := 0; done < b.N; done += turn {
		for i, h := range handlers {
			n := min(turn, b.N-done)
			used[i] += serve(h, n)
			served[i] += n
		}
	}
	none := float64(used[0].Nanoseconds()) / float64(served[0]) / 1000
	all := float64(used[1].Nanoseconds()) / float64(served[1]) / 1000
	b.ReportMetric(none, "none-cpu-µs/op")
	b.ReportMetric(all, "all-cpu-µs/op")
	b.ReportMetric(all-none, "recording-cpu-µs/op")
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
