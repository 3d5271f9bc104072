package caddymodule

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/limen-waf/limen/store"
	"github.com/limen-waf/limen/store/export"
)

// Headers and trailers of an export.
const (
	headerFirst = "Limen-First" // ID of the first row to come
	headerLast  = "Limen-Last"  // and of the last
	trailerRows = "Limen-Rows"
	trailerGaps = "Limen-Gaps" // store.Gaps as JSON
)

// export answers GET /limen/export with the verdicts that match, as JSON Lines, the
// oldest first. Parameters are those of /limen/verdicts, without order, limit and
// cursor. CSV and Parquet are made by the command line: a server that is under
// attack has better things to do.
//
// The answer is complete when it ends with the trailer Limen-Rows.
func (a *adminAPI) export(w http.ResponseWriter, r *http.Request) error {
	if err := allow(w, r, http.MethodGet); err != nil {
		return err
	}
	_, s, err := a.app()
	if err != nil {
		return err
	}
	q, err := parseFilter(r.URL.Query(), time.Now())
	if err != nil {
		return apiError(http.StatusBadRequest, err)
	}
	bounds, err := s.Bounds(r.Context(), q)
	if err != nil {
		return apiError(statusOf(err), err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/jsonl")
	h.Set("Cache-Control", "no-store")
	h.Set("Trailer", trailerRows+", "+trailerGaps)
	if !bounds.Empty() {
		h.Set(headerFirst, bounds.First.String())
		h.Set(headerLast, bounds.Last.String())
	}
	out := newStream(w)
	defer out.end()
	rows, gaps, err := exportRows(r, s, q, bounds, out)
	if err != nil {
		if r.Context().Err() == nil && !errors.Is(err, store.ErrClosed) {
			log := bridge.logger("export")
			log.Error().Err(err).Int("rows", rows).Msg("export broken off")
		}
		panic(http.ErrAbortHandler) // the only way to say that the answer is not whole
	}
	encoded, err := json.Marshal(gaps)
	if err != nil {
		return err
	}
	h.Set(trailerRows, strconv.Itoa(rows))
	h.Set(trailerGaps, string(encoded))
	return nil
}

func exportRows(r *http.Request, s *sharedStore, q store.Query, bounds store.Range, out *stream) (rows int, gaps store.Gaps, err error) {
	lines, err := export.New(out, export.JSONL)
	if err != nil {
		return 0, gaps, err
	}
	gaps, err = s.Stream(r.Context(), q, bounds, func(piece []*store.Verdict) error {
		rows += len(piece)
		for _, v := range piece {
			if err := lines.Write(v); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = lines.Close()
	}
	return rows, gaps, err
}
