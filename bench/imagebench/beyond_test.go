package imagebench_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/limen-waf/limen/bench/imagebench"
	"github.com/limen-waf/limen/gpu/session"
)

// runner is a session that does nothing, until a call whose number is fails.
type runner struct {
	calls, fails int
	rows         int64
}

var errRun = errors.New("the run failed")

func (r *runner) Inputs() []session.Info {
	return []session.Info{{Name: "x", Type: session.FP32, Shape: []int64{-1, 4}}}
}

func (r *runner) Run(_ context.Context, in []session.Tensor, _ []string) ([]session.Tensor, session.Stats, error) {
	if r.calls++; r.calls == r.fails {
		return nil, session.Stats{}, errRun
	}
	r.rows += in[0].Shape[0]
	return nil, session.Stats{}, nil
}

// protocol is a server that says that each run took 3 ms, and that it ran so many
// times a request.
func protocol(t *testing.T, times int64) string {
	var ran atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v2/models/m/infer":
			ran.Add(times)
			time.Sleep(4 * time.Millisecond)
			fmt.Fprint(w, "{}")
		case "/v2/models/m/stats":
			fmt.Fprintf(w, `{"model_stats":[{"inference_stats":{"compute_infer":{"count":%d,"ns":%d}}}]}`, ran.Load(), ran.Load()*3e6)
		default:
			http.Error(w, `{"error":"unknown model"}`, http.StatusNotFound)
		}
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// Ensure that calls and runs are told apart: each call has at least the 4 ms that the
// server takes, and what is beyond its run of 3 ms is that much less.
func TestCompare(t *testing.T) {
	s := new(runner)
	tensor, err := imagebench.Tensor(s.Inputs()[0], 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	a, err := imagebench.Compare(t.Context(), protocol(t, 1), "m", s, tensor, 2, 5)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.HTTP) != 5 || len(a.Bare) != 5 || len(a.Beyond) != 5 || s.calls != 7 {
		t.Fatalf("%d, %d, %d of 5 calls; %d of the session, want 7", len(a.HTTP), len(a.Bare), len(a.Beyond), s.calls)
	}
	for i := range a.HTTP {
		if a.HTTP[i] < 4*time.Millisecond || a.HTTP[i]-a.Beyond[i] != 3*time.Millisecond {
			t.Errorf("call %d took %s, %s beyond the run", i, a.HTTP[i], a.Beyond[i])
		}
	}
	if a.Difference(0.5) != a.HTTP[2]-a.Bare[2] {
		t.Errorf("difference %s of %s and %s", a.Difference(0.5), a.HTTP, a.Bare)
	}
}

// Ensure that nothing is reported where runs cannot be told from somebody else's, the
// server refuses, the session fails, or the time is over.
func TestCompareCannot(t *testing.T) {
	tensor, err := imagebench.Tensor(new(runner).Inputs()[0], 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		name, model string
		ctx         context.Context
		times       int64
		fails       int
		want        string
	}{
		{"somebody else", "m", t.Context(), 2, 0, "2 runs for one request"},
		{"no such model", "n", t.Context(), 1, 0, "unknown model"},
		{"failing session", "m", t.Context(), 1, 3, errRun.Error()},
		{"time is over", "m", ended, 1, 0, "canceled"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := imagebench.Compare(test.ctx, protocol(t, test.times), test.model, &runner{fails: test.fails}, tensor, 0, 5)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

// Ensure that statistics which say nothing of the run are an error.
func TestCompareStatistics(t *testing.T) {
	tensor, err := imagebench.Tensor(new(runner).Inputs()[0], 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, answer := range []string{"", "{", `{"model_stats":[]}`, `{"model_stats":[{"inference_stats":{}}]}`} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) }))
		_, err := imagebench.Compare(t.Context(), strings.TrimPrefix(s.URL, "http://"), "m", new(runner), tensor, 0, 1)
		if err == nil || !strings.Contains(err.Error(), "reading statistics") {
			t.Errorf("%q: %v", answer, err)
		}
		s.Close()
	}
}

// Ensure that batches have the rows asked for, and that an error ends them.
func TestBatched(t *testing.T) {
	s := new(runner)
	r, err := imagebench.Batched(t.Context(), s, 8, 5)
	if err != nil || r.Finished != 5 || len(r.Latencies) != 5 || s.rows != 40 {
		t.Errorf("%+v, %v, %d rows", r, err, s.rows)
	}
	s = &runner{fails: 3}
	if _, err := imagebench.Batched(t.Context(), s, 8, 5); !errors.Is(err, errRun) || s.calls != 3 {
		t.Errorf("%v after %d calls", err, s.calls)
	}
}
