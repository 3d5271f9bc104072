package caddymodule

import (
	"net/http"
	"time"

	"github.com/limen-waf/limen/store"
)

// exceptionsAnswer is what /limen/exceptions says.
type exceptionsAnswer struct {
	Exceptions []store.Exception `json:"exceptions"`
}

func getExceptions(_ *App, s *sharedStore, r *http.Request) (any, error) {
	var at time.Time
	var history bool
	if err := readParams(r.URL.Query(), map[string]any{"as_of": &at, "history": &history}); err != nil {
		return nil, err
	}
	list, err := s.At(at).Exceptions(history)
	return exceptionsAnswer{list}, err
}
