package caddymodule

import (
	"net/http"
	"time"

	"github.com/limen-waf/limen/store"
)

func getLabels(_ *App, s *sharedStore, r *http.Request) (any, error) {
	var q store.LabelQuery
	var at time.Time
	var verdict string
	err := readParams(r.URL.Query(), map[string]any{
		"label": &q.Label, "class": &q.Class, "author": &q.Author, "history": &q.History,
		"verdict": &verdict, "as_of": &at, "limit": &q.Limit, "cursor": &q.After,
	})
	if err != nil {
		return nil, err
	}
	if verdict == "" {
		return s.At(at).Labels(r.Context(), q)
	}
	id, err := store.ParseID(verdict)
	if err != nil {
		return nil, err
	}
	labels, err := s.At(at).LabelsOf(id)
	return &store.LabelPage{Labels: labels}, err
}
