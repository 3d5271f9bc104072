package inference

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/limen-waf/limen/gpu/session"
)

// statisticsOf reads the statistics of one model.
func statisticsOf(t *testing.T, text []byte) modelStatistics {
	t.Helper()
	var all struct {
		ModelStats []modelStatistics `json:"model_stats"`
	}
	if err := json.Unmarshal(text, &all); err != nil || len(all.ModelStats) != 1 {
		t.Fatalf("%v in %s", err, text)
	}
	return all.ModelStats[0]
}

// Ensure that statistics count requests, rows and executions, with the time of each
// part, and that requests that ran together count as one execution.
func TestStatistics(t *testing.T) {
	m := echo("m", 8, 2, session.Uint8)
	stats := session.Stats{Queue: 3 * time.Microsecond, Infer: 5 * time.Microsecond}
	run := m.run
	m.run = func(ctx context.Context, in []session.Tensor) ([]session.Tensor, session.Stats, error) {
		out, _, err := run(ctx, in)
		return out, stats, err
	}
	counted := NewStatistics()
	h := NewHandler(repositoryOf(m), Options{Statistics: counted})
	send := func(batch int, body string) {
		stats.Batch = batch
		post(t, h, "/v2/models/m/infer", strings.NewReader(body))
	}
	const one = `{"inputs":[{"name":"in0","shape":[1,1],"datatype":"UINT8","data":[1]}]}`
	const three = `{"inputs":[{"name":"in0","shape":[3,1],"datatype":"UINT8","data":[1,2,3]}]}`
	before := time.Now().UnixMilli()
	send(1, one)
	send(4, one) // these two ran as one batch of 4
	send(4, three)
	send(3, three)
	send(0, "{}")
	after := time.Now().UnixMilli()

	// A handler made anew, as on a reload, goes on counting.
	h = NewHandler(repositoryOf(m), Options{Statistics: counted})
	send(1, one)

	s := statisticsOf(t, get(t, h, "/v2/models/m/stats").Body.Bytes())
	if s.Name != "m" || s.Version != "1" || s.InferenceCount != 9 || s.ExecutionCount != 4 {
		t.Errorf("%+v", s)
	}
	if s.LastInference < before || s.LastInference > after+60_000 {
		t.Errorf("last inference %d, not from %d", s.LastInference, before)
	}
	i := s.InferenceStats
	if i.Success.Count != 5 || i.Fail.Count != 1 || i.Queue != (duration{5, 15_000}) || i.ComputeInfer != (duration{5, 25_000}) ||
		i.ComputeInput.Count != 5 || i.ComputeOutput.Count != 5 || i.CacheHit.Count != 0 {
		t.Errorf("%+v", i)
	}
	if i.ComputeInput.Ns == 0 || i.ComputeOutput.Ns == 0 || i.Fail.Ns == 0 || i.Success.Ns < i.ComputeInput.Ns+i.ComputeOutput.Ns {
		t.Errorf("%+v", i)
	}
	want := []struct{ size, executions, inferred uint64 }{{1, 2, 10_000}, {3, 1, 5_000}, {4, 1, 5_000}}
	if len(s.BatchStats) != len(want) {
		t.Fatalf("%+v", s.BatchStats)
	}
	for i, w := range want {
		b := s.BatchStats[i]
		if b.BatchSize != int(w.size) || b.ComputeInfer != (duration{w.executions, w.inferred}) || b.ComputeInput.Count != w.executions || b.ComputeOutput.Count != w.executions {
			t.Errorf("%+v, want %+v", b, w)
		}
	}
	if all := statisticsOf(t, get(t, h, "/v2/models/stats").Body.Bytes()); all.InferenceCount != 9 {
		t.Errorf("of all models: %+v", all)
	}
	if w := get(t, h, "/v2/models/nosuch/stats"); w.Code != 404 {
		t.Errorf("of a model that is not there: %d", w.Code)
	}
}

// Ensure that statistics without a version are of all versions, each counted by
// itself.
func TestStatisticsVersions(t *testing.T) {
	m := echo("m", 0, 1, session.Uint8)
	m.versions = []string{"1", "2"}
	h := NewHandler(repositoryOf(m), Options{})
	const one = `{"inputs":[{"name":"in0","shape":[1],"datatype":"UINT8","data":[1]}]}`
	for _, path := range []string{"/v2/models/m/infer", "/v2/models/m/versions/2/infer", "/v2/models/m/versions/1/infer"} {
		if w := post(t, h, path, strings.NewReader(one)); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	var all struct {
		ModelStats []modelStatistics `json:"model_stats"`
	}
	if err := json.Unmarshal(get(t, h, "/v2/models/m/stats").Body.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	if len(all.ModelStats) != 2 || all.ModelStats[0].InferenceCount != 1 || all.ModelStats[1].InferenceCount != 2 {
		t.Errorf("%+v", all)
	}
	if s := statisticsOf(t, get(t, h, "/v2/models/m/versions/2/stats").Body.Bytes()); s.InferenceCount != 2 || s.Version != "2" {
		t.Errorf("%+v", s)
	}
}
