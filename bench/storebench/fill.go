package storebench

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/limen-waf/limen/store"
)

// Filled says how a folder was filled.
type Filled struct {
	Rows     int           `json:"rows"`
	Elapsed  time.Duration `json:"elapsed_ns"` // for the rows
	Labels   int           `json:"labels"`
	Bytes    int64         `json:"bytes"`
	Segments int           `json:"segments"`
}

// PerSecond is the rate of rows, those of the generator included.
func (f *Filled) PerSecond() float64 { return float64(f.Rows) / f.Elapsed.Seconds() }

// Fill writes rows over span of time into the folder dir, which must have no store, as
// fast as the store takes them. It calls progress now and then.
func Fill(ctx context.Context, dir string, rows int, span time.Duration, seed uint64, progress func(rows int)) (*Filled, error) {
	var now atomic.Int64
	now.Store(start.UnixNano())
	s, err := store.Open(store.Options{
		Dir: dir, Logger: zerolog.Nop(), CloseTimeout: time.Minute,
		Clock: func() time.Time { return time.Unix(0, now.Load()) },
	})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if n := s.Stats().Segments; n > 0 {
		return nil, fmt.Errorf("data folder %s has %d segments already: give an empty one", dir, n)
	}
	for digest, name := range map[string]string{busyModel: "limen-http@2", oldModel: "limen-http@1", rareModel: "candidate"} {
		if err := s.PutModel(digest, name, []byte("{}"), start); err != nil {
			return nil, err
		}
	}
	if err := s.PutPolicy(policy, []byte("{}")); err != nil {
		return nil, err
	}
	begin := time.Now()
	step := int64(span) / int64(rows)
	t := newTraffic(rows, seed)
	var v store.Verdict
	labels := newLabelling(rows)
	for i := range rows {
		if i%4096 == 0 {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			progress(i)
		}
		t.next(&v)
		s.Count(&v)
		for !s.Record(&v) { // the queue is full
			time.Sleep(time.Millisecond)
		}
		labels.see(&v)
		now.Add(step)
	}
	if err := s.Flush(ctx); err != nil {
		return nil, err
	}
	elapsed := time.Since(begin)
	if err := labels.write(ctx, s); err != nil {
		return nil, err
	}
	st := s.Stats()
	return &Filled{Rows: rows, Elapsed: elapsed, Labels: len(labels.of), Bytes: st.Bytes, Segments: st.Segments}, s.Close()
}
