package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/store"
)

// replaying says that a replay runs. There is one in a server at a time.
var replaying atomic.Bool

// replayEvent is one line of a replay's answer: where it is, and at the end the
// whole replay or what went wrong.
type replayEvent struct {
	ID       ulid.ULID     `json:"id"`
	Share    float64       `json:"share"` // of its time range, 0 to 1
	Rows     int64         `json:"rows"`
	New      int64         `json:"new"`
	Cleared  int64         `json:"cleared"`
	Replay   *store.Replay `json:"replay,omitempty"`
	Error    string        `json:"error,omitempty"`
	CanGoOn  bool          `json:"can_go_on,omitempty"`
	Rate     float64       `json:"rows_per_second"`
	Finished bool          `json:"finished"`
}

// replay answers on /limen/replay:
//
//	GET   the replays that are kept, {"replays":[…]}
//	POST  runs one, and tells how far it is, one JSON object a line
//
// Parameters of POST are those of /limen/verdicts without order, limit and cursor
// (so model is the one that decided), and candidate (path, name or digest; default:
// the running model), threshold, examples and workers; or resume (the ID of a replay
// that was broken off) and workers. It runs as long as the client listens, behind
// live traffic.
func (a *adminAPI) replay(w http.ResponseWriter, r *http.Request) error {
	if err := allow(w, r, http.MethodPost, http.MethodGet); err != nil {
		return err
	}
	app, s, err := a.app()
	if err != nil {
		return err
	}
	if r.Method == http.MethodGet {
		kept, err := s.Replays()
		if err != nil {
			return apiError(statusOf(err), err)
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		return json.NewEncoder(w).Encode(replayList{kept})
	}
	q, err := parseReplay(r.URL.Query(), time.Now())
	if err != nil {
		return apiError(http.StatusBadRequest, err)
	}
	if !replaying.CompareAndSwap(false, true) {
		return apiError(http.StatusConflict, errors.New("a replay is running already: wait for it, or end it"))
	}
	free := sync.OnceFunc(func() { replaying.Store(false) })
	defer free()
	job, end, err := app.prepareReplay(r.Context(), s, q)
	var known *modelError
	switch {
	case errors.As(err, &known):
		return apiError(http.StatusBadRequest, err)
	case err != nil:
		return apiError(statusOf(err), err)
	}
	defer end()
	w.Header().Set("Content-Type", "application/jsonl")
	w.Header().Set("Cache-Control", "no-store")
	out := newStream(w)
	defer out.end()
	job.stream(r.Context(), s.Store, out, func() {
		if job.replay.Done { // whether or not the client is still there
			app.keepReplay(context.WithoutCancel(r.Context()), s, callPrincipal(r), job.replay)
		}
		free()
	})
	return nil
}

type replayList struct {
	Replays []*store.Replay `json:"replays"`
}

// replayQuery asks for a replay.
type replayQuery struct {
	query     store.Query
	candidate string
	threshold float64
	examples  int
	workers   int // 0: as the place has it
	resume    ulid.ULID
}

// values is q in the form of the admin API.
func (q *replayQuery) values() url.Values {
	if !q.resume.IsZero() {
		return url.Values{"resume": {q.resume.String()}, "workers": {strconv.Itoa(q.workers)}}
	}
	values := queryValues(&q.query)
	values.Set("threshold", strconv.FormatFloat(q.threshold, 'g', -1, 64))
	values.Set("examples", strconv.Itoa(q.examples))
	values.Set("workers", strconv.Itoa(q.workers))
	if q.candidate != "" {
		values.Set("candidate", q.candidate)
	}
	return values
}

// parseReplay reads the parameters.
func parseReplay(params url.Values, now time.Time) (q replayQuery, err error) {
	q.examples = defaultExamples
	filter := url.Values{}
	for name, values := range params {
		value := values[0]
		switch name {
		case "candidate":
			q.candidate = value
		case "threshold":
			q.threshold, err = strconv.ParseFloat(value, 64)
		case "examples":
			q.examples, err = strconv.Atoi(value)
		case "workers":
			q.workers, err = strconv.Atoi(value)
		case "resume":
			q.resume, err = store.ParseID(value)
		default:
			filter[name] = values
		}
		switch {
		case len(values) > 1:
			return q, fmt.Errorf("parameter %s is given %d times, expected once", name, len(values))
		case err != nil:
			return q, fmt.Errorf("parameter %s is %q: %w", name, value, err)
		}
	}
	if !q.resume.IsZero() {
		if len(filter) > 0 || q.candidate != "" {
			return q, errors.New("parameter resume goes on with a replay as it was begun: leave the others out")
		}
		return q, nil
	}
	q.query, err = parseFilter(filter, now)
	return q, err
}

// modelError is one of finding or opening the candidate.
type modelError struct{ error }

func (e *modelError) Unwrap() error { return e.error }

// replayJob is a replay that is ready to run.
type replayJob struct {
	replay  *store.Replay
	options store.ReplayOptions
}

// prepareReplay opens the candidate, on the device that the server uses. The caller
// calls end when the job is done.
func (a *App) prepareReplay(ctx context.Context, s *sharedStore, q replayQuery) (job *replayJob, end func(), err error) {
	before, err := resumed(s.Store, &q)
	if err != nil {
		return nil, nil, err
	}
	m := a.model()
	if q.candidate != "" {
		if m, err = findModel(s.Store, q.candidate); err != nil {
			return nil, nil, &modelError{fmt.Errorf("candidate: %w", err)}
		}
	} else {
		q.candidate = m.Manifest.Name + "@" + m.Digest
	}
	engine, err := acquireEngine(m, a.Device, a.Data)
	if err != nil {
		return nil, nil, &modelError{fmt.Errorf("candidate: %w", err)}
	}
	end = func() {
		runtime.KeepAlive(engine.pooledEngine) // it closes with its last use
		_ = engine.release()
	}
	c, err := classifier.New(m, politeEngine{engine.classifier.Engine()}, classifier.Options{Chunk: politeChunk})
	if err != nil {
		end()
		return nil, nil, &modelError{err}
	}
	if q.workers <= 0 {
		q.workers = max(1, runtime.GOMAXPROCS(0)/2)
	}
	if job, err = newReplayJob(ctx, s.Store, c, q, before); err != nil {
		end()
		return nil, nil, err
	}
	return job, end, nil
}

// resumed loads the replay that q goes on with, nil for a new one, and completes q
// from it.
func resumed(s *store.Store, q *replayQuery) (*store.Replay, error) {
	if q.resume.IsZero() {
		return nil, nil
	}
	p, err := s.LoadReplay(q.resume)
	if err != nil {
		return nil, err
	}
	params, err := url.ParseQuery(p.Filter)
	if err != nil {
		return nil, fmt.Errorf("replay %s: %w", p.ID, err)
	}
	if q.query, err = parseFilter(params, p.Started); err != nil {
		return nil, fmt.Errorf("replay %s: %w", p.ID, err)
	}
	q.candidate, q.threshold, q.examples = p.Model, p.Threshold, p.Limit
	return p, nil
}

func newReplayJob(ctx context.Context, s *store.Store, c *classifier.Classifier, q replayQuery, before *store.Replay) (*replayJob, error) {
	if q.examples < 0 || q.examples > 1000 {
		return nil, fmt.Errorf("%w: examples %d: want 0 to 1000", store.ErrQuery, q.examples)
	}
	p := before
	var err error
	if p == nil {
		p, err = startReplay(ctx, s, c, q.candidate, q.query, q.threshold, q.examples)
	} else {
		err = checkResumed(p, c)
	}
	if err != nil {
		return nil, err
	}
	r, err := newRescorer(s, c, p.Threshold)
	if err != nil {
		return nil, err
	}
	return &replayJob{p, store.ReplayOptions{
		Query: q.query, Workers: min(max(q.workers, 1), runtime.GOMAXPROCS(0)), NewRescorer: r.worker,
	}}, nil
}

// run runs the job, tells tell of its progress, and returns the last event.
func (j *replayJob) run(ctx context.Context, s *store.Store, tell func(*replayEvent) error) *replayEvent {
	var unsaved error
	j.options.Save = func(p *store.Replay) {
		if err := s.SaveReplay(p); err != nil {
			unsaved = err
		}
	}
	j.options.Progress = func(p *store.Replay) error { return tell(j.event()) }
	err := tell(j.event())
	if err == nil {
		err = s.Replay(ctx, j.replay, j.options)
	}
	last := j.event()
	last.Replay, last.Finished = j.replay, j.replay.Done
	if err != nil {
		last.Error = err.Error()
		last.CanGoOn = unsaved == nil
	}
	return last
}

func (j *replayJob) event() *replayEvent {
	p := j.replay
	e := &replayEvent{ID: p.ID, Rows: p.Counts.Rows, New: p.Counts.New, Cleared: p.Counts.Cleared}
	if !p.Cursor.IsZero() || p.Done {
		e.Share = p.Range.Share(p.Cursor)
	}
	if p.BusyMicros > 0 {
		e.Rate = float64(p.Counts.Rows) / (float64(p.BusyMicros) / 1e6)
	}
	return e
}

// stream runs the job and writes its events. An error is in the last one: the status
// is out already. ended is called before that one is written: who has read it may ask
// for another replay.
func (j *replayJob) stream(ctx context.Context, s *store.Store, out *stream, ended func()) {
	lines := json.NewEncoder(out)
	tell := func(e *replayEvent) error {
		if err := lines.Encode(e); err != nil {
			return err
		}
		return out.flush()
	}
	last := j.run(ctx, s, tell)
	ended()
	_ = tell(last)
}
