package inference

import (
	"math"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Statistics counts infer requests by model and version, as Triton's statistics
// extension has it. It is safe for concurrent use.
type Statistics struct {
	mu     sync.Mutex
	models map[modelVersion]*counters
}

// NewStatistics starts at zero.
func NewStatistics() *Statistics {
	return &Statistics{models: make(map[modelVersion]*counters)}
}

type modelVersion struct{ name, version string }

// counters are those of one version of a model. A request that ran with others as one
// batch adds its share of the rows to the executions, so that the shares of all of
// them add up to one.
type counters struct {
	last                                       time.Time
	rows                                       uint64
	executions                                 float64
	success, fail, queue, input, infer, output duration
	batches                                    map[int]*batchCounters
}

type batchCounters struct {
	executions           float64
	input, infer, output time.Duration
}

// duration is $duration_stat.
type duration struct {
	Count uint64 `json:"count"`
	Ns    uint64 `json:"ns"`
}

func (d *duration) add(t time.Duration) {
	d.Count++
	d.Ns += uint64(max(t, 0))
}

// record counts a request that is done.
func (s *Statistics) record(c *Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := modelVersion{c.Model, c.Version}
	n := s.models[key]
	if n == nil {
		n = &counters{batches: make(map[int]*batchCounters)}
		s.models[key] = n
	}
	n.last = c.Start
	if c.Err != nil {
		n.fail.add(c.Total)
		return
	}
	n.success.add(c.Total)
	n.queue.add(c.Queue)
	n.input.add(c.ComputeInput)
	n.infer.add(c.ComputeInfer)
	n.output.add(c.ComputeOutput)
	rows := max(c.Rows, 1)
	n.rows += uint64(rows)
	size := max(c.Stats.Batch, rows)
	share := float64(rows) / float64(size)
	n.executions += share
	b := n.batches[size]
	if b == nil {
		b = &batchCounters{}
		n.batches[size] = b
	}
	b.executions += share
	b.input += c.ComputeInput
	b.infer += time.Duration(share * float64(c.ComputeInfer))
	b.output += c.ComputeOutput
}

// modelStatistics is $model_stat.
type modelStatistics struct {
	Name           string         `json:"name"`
	Version        string         `json:"version"`
	LastInference  int64          `json:"last_inference"` // milliseconds since 1970
	InferenceCount uint64         `json:"inference_count"`
	ExecutionCount uint64         `json:"execution_count"`
	InferenceStats inferenceStats `json:"inference_stats"`
	BatchStats     []batchStats   `json:"batch_stats"`
}

// inferenceStats is $inference_stats. There is no cache.
type inferenceStats struct {
	Success       duration `json:"success"`
	Fail          duration `json:"fail"`
	Queue         duration `json:"queue"`
	ComputeInput  duration `json:"compute_input"`
	ComputeInfer  duration `json:"compute_infer"`
	ComputeOutput duration `json:"compute_output"`
	CacheHit      duration `json:"cache_hit"`
	CacheMiss     duration `json:"cache_miss"`
}

// batchStats is $batch_stats: of the executions of one size.
type batchStats struct {
	BatchSize     int      `json:"batch_size"`
	ComputeInput  duration `json:"compute_input"`
	ComputeInfer  duration `json:"compute_infer"`
	ComputeOutput duration `json:"compute_output"`
}

// of gives the statistics of one version of a model, zeros if it was never run.
func (s *Statistics) of(name, version string) modelStatistics {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := modelStatistics{Name: name, Version: version, BatchStats: []batchStats{}}
	n := s.models[modelVersion{name, version}]
	if n == nil {
		return out
	}
	out.LastInference = n.last.UnixMilli()
	out.InferenceCount = n.rows
	out.ExecutionCount = uint64(math.Round(n.executions))
	out.InferenceStats = inferenceStats{Success: n.success, Fail: n.fail, Queue: n.queue,
		ComputeInput: n.input, ComputeInfer: n.infer, ComputeOutput: n.output}
	for size, b := range n.batches {
		count := uint64(math.Round(b.executions))
		out.BatchStats = append(out.BatchStats, batchStats{size,
			duration{count, uint64(b.input)}, duration{count, uint64(b.infer)}, duration{count, uint64(b.output)}})
	}
	slices.SortFunc(out.BatchStats, func(a, b batchStats) int { return a.BatchSize - b.BatchSize })
	return out
}

// modelStatistics is $stats_model_response for one model, of all its versions if none
// is named.
func (h *handler) modelStatistics(w http.ResponseWriter, _ *http.Request, name, version string) {
	m, err := h.repository.Model(name, version)
	if err != nil {
		writeError(w, failed(err, name, version))
		return
	}
	versions := m.Versions()
	if version != "" {
		versions = []string{version}
	}
	all := []modelStatistics{}
	for _, v := range versions {
		all = append(all, h.Statistics.of(m.Name(), v))
	}
	writeJSON(w, http.StatusOK, map[string]any{"model_stats": all})
}

// allStatistics is $stats_model_response for all models that are ready.
func (h *handler) allStatistics(w http.ResponseWriter, _ *http.Request) {
	all := []modelStatistics{}
	for _, i := range h.repository.Models() {
		if i.State != Ready {
			continue
		}
		m, err := h.repository.Model(i.Name, i.Version)
		if err != nil { // unloaded since
			continue
		}
		all = append(all, h.Statistics.of(m.Name(), resolve(m, i.Version)))
	}
	writeJSON(w, http.StatusOK, map[string]any{"model_stats": all})
}
