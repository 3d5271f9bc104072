package inference

import (
	"net/http"
	"runtime/debug"

	"github.com/limen-waf/limen/gpu/session"
)

// serverMetadata is $metadata_server_response.
func (h *handler) serverMetadata(w http.ResponseWriter, _ *http.Request) {
	extensions := []string{"classification", "binary_tensor_data", "model_configuration", "statistics"}
	if h.Admin {
		extensions = append(extensions, "model_repository")
	}
	writeJSON(w, http.StatusOK, map[string]any{"name": h.Name, "version": h.Version, "extensions": extensions})
}

// moduleVersion is the version of Limen in this binary.
func moduleVersion() string {
	const module = "github.com/limen-waf/limen"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == module && m.Version != "" {
			return m.Version
		}
	}
	return "unknown"
}

// live and ready answer with the status alone in the protocol's first form, and with
// this object in its later one.
func (h *handler) live(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]bool{"live": true})
}

// ready is 200 if all models are ready, but for those that were unloaded.
func (h *handler) ready(w http.ResponseWriter, _ *http.Request) {
	status := http.StatusOK
	for _, m := range h.repository.Models() {
		if m.State != Ready && (m.State != Unavailable || m.Reason != Unloaded) {
			status = http.StatusBadRequest
		}
	}
	writeJSON(w, status, map[string]bool{"ready": status == http.StatusOK})
}

func (h *handler) modelReady(w http.ResponseWriter, _ *http.Request, name, version string) {
	if _, err := h.repository.Model(name, version); err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]any{"name": name, "ready": false, "error": failed(err, name, version).message})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"name": name, "ready": true})
}

// tensorMetadata is $metadata_tensor.
type tensorMetadata struct {
	Name     string       `json:"name"`
	Datatype session.Type `json:"datatype"`
	Shape    []int64      `json:"shape"`
}

func tensorsMetadata(infos []session.Info) []tensorMetadata {
	all := []tensorMetadata{}
	for _, info := range infos {
		all = append(all, tensorMetadata{info.Name, info.Type, append([]int64{}, info.Shape...)})
	}
	return all
}

// modelMetadata is $metadata_model_response.
func (h *handler) modelMetadata(w http.ResponseWriter, _ *http.Request, name, version string) {
	m, err := h.repository.Model(name, version)
	if err != nil {
		writeError(w, failed(err, name, version))
		return
	}
	writeJSON(w, http.StatusOK, struct {
		Name     string           `json:"name"`
		Versions []string         `json:"versions"`
		Platform string           `json:"platform"`
		Inputs   []tensorMetadata `json:"inputs"`
		Outputs  []tensorMetadata `json:"outputs"`
	}{m.Name(), m.Versions(), m.Platform(), tensorsMetadata(m.Inputs()), tensorsMetadata(m.Outputs())})
}

// tensorConfig is an input or output of Triton's ModelConfig.
type tensorConfig struct {
	Name     string  `json:"name"`
	DataType string  `json:"data_type"`
	Dims     []int64 `json:"dims"`
}

// modelConfig is what clients read of Triton's ModelConfig (model configuration
// extension): the batch dimension is not in the dims, but in max_batch_size.
func (h *handler) modelConfig(w http.ResponseWriter, _ *http.Request, name, version string) {
	m, err := h.repository.Model(name, version)
	if err != nil {
		writeError(w, failed(err, name, version))
		return
	}
	tensors := func(infos []session.Info) []tensorConfig {
		all := []tensorConfig{}
		for _, info := range infos {
			t := tensorConfig{info.Name, "TYPE_" + string(info.Type), append([]int64{}, info.Shape...)}
			if info.Type == session.String {
				t.DataType = "TYPE_STRING"
			}
			if m.MaxBatch() > 0 && len(t.Dims) > 0 {
				t.Dims = t.Dims[1:]
			}
			all = append(all, t)
		}
		return all
	}
	writeJSON(w, http.StatusOK, struct {
		Name         string         `json:"name"`
		Platform     string         `json:"platform"`
		MaxBatchSize int            `json:"max_batch_size"`
		Input        []tensorConfig `json:"input"`
		Output       []tensorConfig `json:"output"`
	}{m.Name(), m.Platform(), m.MaxBatch(), tensors(m.Inputs()), tensors(m.Outputs())})
}
