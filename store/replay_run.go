package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Rescorer scores a recorded request again. It returns the score and class under the
// candidate, and the threshold that the row's site would hold it against.
type Rescorer func(ctx context.Context, v *Verdict, r *Request) (Judgement, error)

// ReplayOptions say how a replay runs.
type ReplayOptions struct {
	// Query selects the rows, within Replay.Range. Its cursor, order and limit are
	// ignored.
	Query Query
	// Workers is the number of requests scored at a time, 1 when 0.
	Workers int
	// NewRescorer is called once for each worker.
	NewRescorer func() Rescorer
	// Progress, which may be nil, is called now and then from the caller's goroutine
	// with the state so far, which it must not keep. Its error ends the run.
	Progress func(*Replay) error
	// Save, which may be nil, keeps the state, so that the run can go on after an
	// interruption. It is called every few seconds and at the end.
	Save func(*Replay)
}

// Times of a replay.
const (
	progressEvery = 200 * time.Millisecond
	saveEvery     = 2 * time.Second
)

// replayAhead is how many pieces per worker may wait: they bound what is in memory.
const replayAhead = 2

// replayPiece is a run of rows on its way through a replay.
type replayPiece struct {
	rows     []*Verdict
	outcomes []outcome
	err      error
	done     chan struct{}
}

// Replay goes on with p where it is, until its range is through or ctx ends. Rows
// are taken in the order of their IDs, whatever the number of workers, so that p ends
// up the same. After an error p is good to go on with.
func (s *Store) Replay(ctx context.Context, p *Replay, o ReplayOptions) error {
	if p.Limit < 0 || p.Limit > maxExamples {
		return fail(ErrQuery, "examples %d: want 0 to %d", p.Limit, maxExamples)
	}
	if p.Done {
		return nil
	}
	run := &replayRun{Replay: p, s: s, o: o, began: time.Now(), before: p.BusyMicros}
	err := run.run(ctx)
	p.Done = err == nil
	run.stamp()
	if o.Save != nil {
		o.Save(p)
	}
	return err
}

// replayRun is a replay that is running.
type replayRun struct {
	*Replay
	s      *Store
	o      ReplayOptions
	began  time.Time
	before int64
	shown  time.Time
	saved  time.Time
}

func (p *replayRun) stamp() {
	p.Updated = time.Now().UTC().Truncate(time.Millisecond)
	p.BusyMicros = p.before + time.Since(p.began).Microseconds()
}

func (p *replayRun) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	workers := max(p.o.Workers, 1)
	work := make(chan *replayPiece)
	order := make(chan *replayPiece, replayAhead*workers)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	for range workers {
		rescore := p.o.NewRescorer()
		group.Go(func() {
			for piece := range work {
				p.score(ctx, piece, rescore)
				close(piece.done)
			}
		})
	}
	var gaps Gaps
	var readErr error // read after order is closed
	query := p.o.Query
	if !p.Cursor.IsZero() {
		query.After = p.Cursor.String()
	} else {
		query.After = ""
	}
	group.Go(func() {
		defer close(order)
		defer close(work)
		gaps, readErr = p.s.Stream(ctx, query, p.Range, func(rows []*Verdict) error {
			piece := &replayPiece{rows: rows, done: make(chan struct{})}
			select {
			case order <- piece:
			case <-ctx.Done():
				return ctx.Err()
			}
			select {
			case work <- piece:
			case <-ctx.Done():
				piece.err = ctx.Err()
				close(piece.done)
				return ctx.Err()
			}
			return nil
		})
	})
	for piece := range order {
		<-piece.done
		if err := p.takePiece(piece); err != nil {
			return err
		}
	}
	if readErr != nil {
		return readErr
	}
	p.Skipped, p.Unreadable = append(p.Skipped, gaps.Skipped...), p.Unreadable+gaps.Unreadable
	return nil
}

// score scores the rows of a piece.
func (p *replayRun) score(ctx context.Context, piece *replayPiece, rescore Rescorer) {
	piece.outcomes = make([]outcome, 0, len(piece.rows))
	for _, v := range piece.rows {
		o := outcome{row: v, what: p.unscored(v)}
		if o.what == nil {
			r, err := ParseRequest(v.Request)
			if err != nil {
				o.what = &p.Counts.Unparsed
			} else if o.now, err = rescore(ctx, v, r); err != nil {
				piece.err = fmt.Errorf("replaying verdict %s: %w", v.ID, err)
				return
			}
			o.verbatim = p.s.isVerbatim(v)
			v.Request = nil // the row waits for its turn, the request need not
		}
		piece.outcomes = append(piece.outcomes, o)
	}
}

// unscored returns the count of rows like v that have nothing to score or to compare
// with, nil when it has.
func (p *replayRun) unscored(v *Verdict) *int64 {
	switch {
	case v.Exception != "":
		return &p.Counts.Excepted
	case v.Fallback != "":
		return &p.Counts.Fallback
	case v.Request == nil:
		return &p.Counts.NotKept
	case v.RequestCut > 0:
		return &p.Counts.Cut
	}
	return nil
}

// isVerbatim reports whether the stored request is the one that RequestDigest is
// over: nothing in it was masked or cut.
func (s *Store) isVerbatim(v *Verdict) bool {
	if s.keys == nil || v.RequestDigest == "" {
		return false
	}
	mac := s.keys.newDigest()
	_, _ = mac.Write(v.Request)
	return v.RequestDigest == "hmac-sha256:"+hexOf(mac.Sum(nil))
}

// takePiece adds a piece's outcomes. One that failed adds those before the failure.
func (p *replayRun) takePiece(piece *replayPiece) error {
	for i := range piece.outcomes {
		p.take(&piece.outcomes[i])
	}
	now := time.Now()
	p.stamp()
	if p.o.Save != nil && now.Sub(p.saved) >= saveEvery {
		p.saved = now
		p.o.Save(p.Replay)
	}
	if piece.err != nil {
		return piece.err
	}
	if p.o.Progress != nil && now.Sub(p.shown) >= progressEvery {
		p.shown = now
		return p.o.Progress(p.Replay)
	}
	return nil
}

// Interrupted reports whether a replay's error only says that it was ended from
// outside: it can go on later.
func Interrupted(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrClosed)
}
