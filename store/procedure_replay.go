package store

import (
	"context"

	"github.com/oklog/ulid/v2"
)

// ReplaySummary is the output of the procedure replay. The whole of it is in the
// replay's own file.
type ReplaySummary struct {
	ID           ulid.ULID    `json:"id"`
	Filter       string       `json:"filter"`
	Range        Range        `json:"range"`
	Threshold    float64      `json:"threshold,omitempty"`
	Counts       ReplayCounts `json:"counts"`
	ScoresDigest string       `json:"scores_digest"`
}

// replayInput is the input of the procedure replay.
type replayInput struct {
	ID ulid.ULID `json:"id"`
}

// ReplayProcedure keeps the row of a replay that ended (Store.Replay): it may run for
// hours, is resumed after a crash, and changes no state, so it is committed by its
// result alone. It is the server's own.
func ReplayProcedure() *Procedure {
	p := NewProcedure("replay", 1, "scores recorded requests under another model",
		func(_ context.Context, t *Txn, in replayInput) (*ReplaySummary, error) {
			r, err := t.s.LoadReplay(in.ID)
			if err != nil {
				return nil, err
			}
			if !r.Done {
				return nil, fail(ErrQuery, "replay %s has not ended", in.ID)
			}
			t.Parent("model", r.ModelDigest)
			return &ReplaySummary{r.ID, r.Filter, r.Range, r.Threshold, r.Counts, r.ScoresDigest}, nil
		})
	p.Internal = true
	return p
}
