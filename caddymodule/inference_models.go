package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/limen-waf/limen/gpu/session"
	"github.com/limen-waf/limen/inference"
)

// modelVersion is the version that all models have: the file has none, and what it is is
// said by its digest.
const modelVersion = "1"

// maxRows is how many rows one request may hold; the bytes of its body bound it first.
const maxRows = 1 << 16

// modelRepository is an inference.Repository of an app's models.
type modelRepository struct{ handler *InferenceHandler }

func (p *modelRepository) slot(name string) (*modelSlot, error) {
	slot := p.handler.app.images[name]
	if slot == nil || !p.handler.serves(name) {
		return nil, fmt.Errorf("%w %q", inference.ErrUnknownModel, name)
	}
	return slot, nil
}

// Models implements inference.Repository.
func (p *modelRepository) Models() []inference.Index {
	list := []inference.Index{}
	for _, name := range slices.Sorted(maps.Keys(p.handler.app.images)) {
		if !p.handler.serves(name) {
			continue
		}
		row := inference.Index{Name: name, Version: modelVersion, State: inference.Ready}
		if p.handler.app.images[name].shared.Load() == nil {
			row.State, row.Reason = inference.Unavailable, inference.Unloaded
		}
		list = append(list, row)
	}
	return list
}

// Model implements inference.Repository.
func (p *modelRepository) Model(name, version string) (inference.Model, error) {
	slot, err := p.slot(name)
	switch {
	case err != nil:
		return nil, err
	case version != "" && version != modelVersion:
		return nil, fmt.Errorf("%w: model %q has version %s", inference.ErrUnknownVersion, name, modelVersion)
	}
	// What it says of itself is read from the model as it is now, and Run borrows it.
	m := slot.shared.Load()
	if m == nil {
		return nil, fmt.Errorf("%w: %q is not loaded", inference.ErrNotReady, name)
	}
	return &servedModel{slot, m.pooledModel}, nil
}

// Load implements inference.Repository.
func (p *modelRepository) Load(_ context.Context, name string) error {
	slot, err := p.slot(name)
	if err != nil {
		return err
	}
	before := slot.shared.Load()
	if err := slot.load(); err != nil {
		return err
	}
	m := slot.shared.Load()
	if before != nil && m != nil && m.task() != before.task() {
		p.handler.log.Warn("model " + name + " is another kind of model than before: limen_image handlers of it fail until the configuration is loaded anew")
	}
	if s := p.handler.app.store.Load(); s != nil && m != nil {
		return m.keep(s.Store)
	}
	return nil
}

// Unload implements inference.Repository.
func (p *modelRepository) Unload(_ context.Context, name string) error {
	slot, err := p.slot(name)
	if err != nil {
		return err
	}
	return slot.unload()
}

// servedModel is an inference.Model.
type servedModel struct {
	slot  *modelSlot
	model *pooledModel
}

// Name implements inference.Model.
func (m *servedModel) Name() string { return m.slot.name }

// Versions implements inference.Model.
func (m *servedModel) Versions() []string { return []string{modelVersion} }

// Digest implements inference.Model.
func (m *servedModel) Digest() string { return m.model.digest }

// Inputs implements inference.Model.
func (m *servedModel) Inputs() []session.Info { return m.model.session.Inputs() }

// Outputs implements inference.Model.
func (m *servedModel) Outputs() []session.Info { return m.model.session.Outputs() }

// MaxBatch implements inference.Model.
func (m *servedModel) MaxBatch() int {
	for _, infos := range [][]session.Info{m.model.session.Inputs(), m.model.session.Outputs()} {
		for _, i := range infos {
			if len(i.Shape) == 0 || i.Shape[0] >= 0 {
				return 0
			}
		}
	}
	return maxRows
}

// Labels implements inference.Model: those of a classifier's output.
func (m *servedModel) Labels(output string) []string {
	spec := m.model.spec
	if spec == nil && len(m.Outputs()) == 1 {
		return m.model.labels
	}
	if spec == nil || m.model.isDetector() || len(spec.Outputs) > 0 && spec.Outputs[0] != output && !m.isOutput(spec.Outputs[0], output) {
		return nil
	}
	if labels := m.model.labels; spec.Background && m.classes(output) == int64(len(labels)+1) {
		return append([]string{"background"}, labels...)
	}
	return m.model.labels
}

// isOutput says whether a number of an output stands for its name.
func (m *servedModel) isOutput(number, name string) bool {
	for i, o := range m.Outputs() {
		if o.Name == name && number == fmt.Sprint(i) {
			return true
		}
	}
	return false
}

// classes is the last dimension of an output.
func (m *servedModel) classes(output string) int64 {
	for _, o := range m.Outputs() {
		if o.Name == output && len(o.Shape) > 0 {
			return o.Shape[len(o.Shape)-1]
		}
	}
	return -1
}

// Platform implements inference.Model.
func (m *servedModel) Platform() string { return "onnxruntime_onnx" }

// Run implements inference.Model.
func (m *servedModel) Run(ctx context.Context, in []session.Tensor, outputs []string) ([]session.Tensor, session.Stats, error) {
	model, done, err := m.slot.borrow()
	if errors.Is(err, errUnloaded) {
		return nil, session.Stats{}, fmt.Errorf("%w: %w", session.ErrClosed, err)
	}
	if err != nil {
		return nil, session.Stats{}, err
	}
	defer done()
	return model.session.Run(ctx, in, outputs)
}

// Interface guards.
var (
	_ inference.Repository = (*modelRepository)(nil)
	_ inference.Model      = (*servedModel)(nil)
)
