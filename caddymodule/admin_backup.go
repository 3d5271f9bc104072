package caddymodule

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/limen-waf/limen/store"
)

// headerBytes is about how many bytes a backup will have.
const headerBytes = "Limen-Bytes"

// backup answers GET /limen/backup with a copy of the store as a tar archive, which
// ends with its manifest: without that it is not whole.
func (a *adminAPI) backup(w http.ResponseWriter, r *http.Request) error {
	if err := allow(w, r, http.MethodGet); err != nil {
		return err
	}
	_, s, err := a.app()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-tar")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set(headerBytes, strconv.FormatInt(s.Stats().Bytes, 10))
	out := newStream(w)
	defer out.end()
	if _, err := s.Backup(r.Context(), out); err != nil {
		if r.Context().Err() == nil && !errors.Is(err, store.ErrClosed) {
			log := bridge.logger("backup")
			log.Error().Err(err).Msg("backup broken off")
		}
		panic(http.ErrAbortHandler)
	}
	return nil
}
