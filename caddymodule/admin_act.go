package caddymodule

import (
	"net/http"

	"github.com/limen-waf/limen/store"
)

// getActs lists the calls of image and inference procedures.
func getActs(_ *App, s *sharedStore, r *http.Request) (any, error) {
	var q store.ActQuery
	err := readParams(r.URL.Query(), map[string]any{
		"since": &q.Since, "until": &q.Until, "procedure": &q.Procedure, "model": &q.Model, "principal": &q.Principal,
		"decision": &q.Decision, "limit": &q.Limit, "cursor": &q.After,
	})
	if err != nil {
		return nil, err
	}
	return s.Acts(r.Context(), q)
}

func getAct(id string) answerFunc {
	return func(_ *App, s *sharedStore, r *http.Request) (any, error) {
		id, err := store.ParseID(id)
		if err != nil {
			return nil, err
		}
		return s.Act(r.Context(), id)
	}
}

func getActWhy(id string) answerFunc {
	return func(_ *App, s *sharedStore, r *http.Request) (any, error) {
		id, err := store.ParseID(id)
		if err != nil {
			return nil, err
		}
		return s.WhyAct(r.Context(), id)
	}
}
