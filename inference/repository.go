package inference

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
)

// The model repository extension.

// maxAdminBytes bounds the body of a repository request.
const maxAdminBytes = 1 << 20

// admitted refuses repository requests where Options.Admin is off.
func (h *handler) admitted(w http.ResponseWriter) bool {
	if !h.Admin {
		writeError(w, &failure{status: http.StatusForbidden, message: "This API is restricted: turn the handler's admin option on to list, load and unload models"})
	}
	return h.Admin
}

// options reads the body of a repository request, which may be empty.
func options(w http.ResponseWriter, r *http.Request, into any) error {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAdminBytes))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return tooLarge(large.Limit)
	case err != nil:
		return invalid("failed to read the request body: %s", err)
	case len(text) == 0:
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return invalid("failed to parse the request JSON buffer: %s", err)
	}
	return nil
}

// index is $repository_index_response.
func (h *handler) index(w http.ResponseWriter, r *http.Request) {
	if !h.admitted(w) {
		return
	}
	var want struct {
		Ready bool `json:"ready"`
	}
	if err := options(w, r, &want); err != nil {
		writeError(w, failed(err, "", ""))
		return
	}
	models := slices.DeleteFunc(slices.Clone(h.repository.Models()), func(m Index) bool { return want.Ready && m.State != Ready })
	if models == nil {
		models = []Index{}
	}
	writeJSON(w, http.StatusOK, models)
}

func (h *handler) load(w http.ResponseWriter, r *http.Request, name string) {
	if !h.admitted(w) {
		return
	}
	var want struct {
		Parameters map[string]any `json:"parameters"`
	}
	err := options(w, r, &want)
	for key := range want.Parameters { // config, and file:PATH with a model's content
		err = invalid("failed to load '%s', this server takes no parameters for that, such as '%s': models are configured where it is", name, key)
	}
	if err == nil {
		err = managed("load", name, h.repository.Load(r.Context(), name))
	}
	answer(w, err, name)
}

func (h *handler) unload(w http.ResponseWriter, r *http.Request, name string) {
	if !h.admitted(w) {
		return
	}
	// The one parameter, unload_dependents, is for models made of others.
	err := options(w, r, &struct{}{})
	if err == nil {
		err = managed("unload", name, h.repository.Unload(r.Context(), name))
	}
	answer(w, err, name)
}

// managed words the error of a load or an unload.
func managed(verb, name string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrUnknownModel):
		return &failure{http.StatusBadRequest, fmt.Sprintf("failed to %s '%s', failed to poll from model repository", verb, name), err}
	}
	return &failure{http.StatusBadRequest, fmt.Sprintf("failed to %s '%s', %s", verb, name, err), err}
}

func answer(w http.ResponseWriter, err error, name string) {
	if err != nil {
		writeError(w, failed(err, name, ""))
		return
	}
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}
