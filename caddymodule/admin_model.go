package caddymodule

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/limen-waf/limen/store"
)

// modelsAnswer is what /limen/models says.
type modelsAnswer struct {
	Models     []modelAnswer     `json:"models"`
	Promotions []store.Promotion `json:"promotions"`
}

// modelAnswer is one model.
type modelAnswer struct {
	Digest  string `json:"digest"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	// Task is what it does: http for one that reads requests, classify, detect or
	// infer for the others.
	Task      string    `json:"task,omitempty"`
	Created   time.Time `json:"created,omitzero"`
	FirstSeen time.Time `json:"first_seen"`
	// InUse: some site's decisions were its. Next: it is the one from the next
	// start or reload on.
	InUse bool `json:"in_use"`
	Next  bool `json:"next"`
	// Stored: its file is in the store, so it can be promoted.
	Stored bool `json:"stored"`
	// Device is what an image model that is loaded runs on.
	Device string `json:"device,omitempty"`
}

func getModels(app *App, s *sharedStore, r *http.Request) (any, error) {
	var at time.Time
	if err := readParams(r.URL.Query(), map[string]any{"as_of": &at}); err != nil {
		return nil, err
	}
	answer, err := modelsAt(s.Store, at, app.configured.Digest)
	if err == nil && at.IsZero() {
		answer.addImages(app)
	}
	return answer, err
}

// addImages says which of the image models are loaded, and on what they run.
func (a *modelsAnswer) addImages(app *App) {
	for _, slot := range app.images {
		m := slot.shared.Load()
		if m == nil {
			continue
		}
		for i := range a.Models {
			if a.Models[i].Digest == m.digest {
				a.Models[i].InUse, a.Models[i].Next, a.Models[i].Device = true, true, m.session.Device()
			}
		}
	}
}

// modelsAt lists the models as of a time. Without a configuration the model that
// the last promotion was over stands for the configured one.
func modelsAt(s *store.Store, at time.Time, configured string) (*modelsAnswer, error) {
	view := s.At(at)
	records, err := view.Models()
	if err != nil {
		return nil, err
	}
	answer := &modelsAnswer{Models: []modelAnswer{}}
	if answer.Promotions, err = view.Promotions(modelHTTP); err != nil {
		return nil, err
	}
	if n := len(answer.Promotions); n > 0 && (configured == "" || !at.IsZero()) {
		configured = answer.Promotions[n-1].Configured
	}
	next, err := view.Active(modelHTTP, configured)
	if err != nil {
		return nil, err
	}
	sites, err := view.Sites()
	if err != nil {
		return nil, err
	}
	used := make(map[string]bool)
	for _, site := range sites {
		used[site.ModelDigest] = true
	}
	if next == "" && len(used) == 1 {
		for digest := range used {
			next = digest
		}
	}
	for _, m := range records {
		a := modelAnswer{Digest: m.Digest, Name: m.Name, FirstSeen: m.FirstSeen, InUse: used[m.Digest], Next: m.Digest == next}
		var manifest struct {
			Version string    `json:"version"`
			Task    string    `json:"task"`
			Created time.Time `json:"created"`
		}
		if json.Unmarshal(m.Manifest, &manifest) == nil {
			a.Version, a.Task, a.Created = manifest.Version, manifest.Task, manifest.Created
		}
		if a.Stored, err = s.HasWeights(m.Digest); err != nil {
			return nil, err
		}
		answer.Models = append(answer.Models, a)
	}
	return answer, nil
}

// modelFile is what /limen/models/DIGEST says: a model that the store keeps, whole. Both
// files are Base64 in JSON, so that they come as the bytes that the digest is over.
type modelFile struct {
	Manifest []byte `json:"manifest"`
	ONNX     []byte `json:"onnx"`
}

func getModelFile(digest string) answerFunc {
	return func(_ *App, s *sharedStore, _ *http.Request) (any, error) {
		record, err := s.At(time.Time{}).FindModel(digest)
		if err != nil {
			return nil, err
		}
		weights, err := s.Weights(record.Digest)
		return modelFile{record.Manifest, weights}, err
	}
}

// sitesAnswer is what /limen/policies says.
type sitesAnswer struct {
	Sites    []store.Site         `json:"sites"`
	Policies []store.PolicyRecord `json:"policies"`
}

func getPolicies(_ *App, s *sharedStore, r *http.Request) (any, error) {
	var at time.Time
	if err := readParams(r.URL.Query(), map[string]any{"as_of": &at}); err != nil {
		return nil, err
	}
	return sitesAt(s.Store, at)
}

// sitesAt lists the settings in force as of a time, with the policies that they
// name.
func sitesAt(s *store.Store, at time.Time) (*sitesAnswer, error) {
	view := s.At(at)
	sites, err := view.Sites()
	if err != nil {
		return nil, err
	}
	all, err := view.Policies()
	if err != nil {
		return nil, err
	}
	answer := &sitesAnswer{Sites: sites, Policies: []store.PolicyRecord{}}
	for _, p := range all {
		for _, site := range sites {
			if site.PolicyDigest == p.Digest {
				answer.Policies = append(answer.Policies, p)
				break
			}
		}
	}
	return answer, nil
}
