package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2"

	"github.com/limen-waf/limen/classifier/picture"
	"github.com/limen-waf/limen/classifier/vision"
	"github.com/limen-waf/limen/gpu/session"
)

// imageModels holds the models of this process besides `http`, by the content of
// their files and by their options: a reload finds what is loaded, and an edited
// file is another model.
var imageModels = caddy.NewUsagePool()

// modelSession is a session.Session.
type modelSession interface {
	Inputs() []session.Info
	Outputs() []session.Info
	Device() string
	BatchDim() bool
	MaxBatch() int
	Health() session.Health
	Run(context.Context, []session.Tensor, []string) ([]session.Tensor, session.Stats, error)
	Close() error
}

// openSession is session.Open; tests put another in.
var openSession = func(name string, onnx []byte, o session.Options) (modelSession, error) {
	s, err := session.Open(name, onnx, o)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// errUnloaded means that a model was taken out of service through limen_inference.
var errUnloaded = errors.New("the model is not loaded")

// modelSlot is a model of one configuration. It can be unloaded and loaded again.
type modelSlot struct {
	name   string
	config ModelConfig
	app    *App

	mu     sync.Mutex // for load and unload
	shared atomic.Pointer[sharedModel]
}

// load reads the model's files and takes a use of the model that they make. What
// is in use until now is given back afterwards.
func (s *modelSlot) load() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := acquireModel(s.name, &s.config, s.app.Data)
	if err != nil {
		return err
	}
	if old := s.shared.Swap(m); old != nil {
		return old.release()
	}
	return nil
}

// unload gives the use back. Calls under way end as they would have.
func (s *modelSlot) unload() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.shared.Swap(nil); old != nil {
		return old.release()
	}
	return nil
}

// borrow returns the model for one call, and what ends that. A request of an old
// configuration may be served after a reload has cleaned that up: then the model is
// taken from the pool again, where the new configuration has it, or from its files.
func (s *modelSlot) borrow() (*pooledModel, func(), error) {
	m := s.shared.Load()
	if m != nil && m.use() {
		return m.pooledModel, m.done, nil
	}
	if m == nil && !s.app.cleaned.Load() {
		return nil, nil, errUnloaded
	}
	again, err := acquireModel(s.name, &s.config, s.app.Data)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errUnloaded, err)
	}
	return again.pooledModel, func() { _ = again.release() }, nil
}

// sharedModel is one use of a pooled model.
type sharedModel struct {
	*pooledModel
	key      string
	released sync.Once
}

// release gives the use back.
func (m *sharedModel) release() (err error) {
	m.released.Do(func() { _, err = imageModels.Delete(m.key) })
	return err
}

// pooledModel is a model that is ready to run. It leaves the pool with its last use,
// and its memory is freed when the last call that borrowed it has ended.
type pooledModel struct {
	name    string
	session modelSession

	digest   string
	manifest []byte // JSON, for the store
	size     int

	// Of image models, else nil and empty.
	spec         *vision.Spec
	labels       []string
	preset       []byte // JSON, for the store
	presetDigest string

	inputs sync.Pool // *[]float32, of spec.Size

	mu   sync.Mutex
	refs int // the pool's and those of calls
}

// acquireModel returns a use of the model that the files make now, to be released.
func acquireModel(name string, c *ModelConfig, dataDir string) (*sharedModel, error) {
	files, err := c.read()
	if err != nil {
		return nil, err
	}
	options := *c
	options.Source, options.Labels = "", ""
	raw, err := json.Marshal(struct {
		Name, Digest, Labels, Data string
		Options                    ModelConfig
	}{name, files.digest, files.names, dataDir, options})
	if err != nil {
		return nil, err
	}
	key := digestOf(raw)
	pooled, _, err := imageModels.LoadOrNew(key, func() (caddy.Destructor, error) {
		return newPooledModel(name, c, files, dataDir)
	})
	if err != nil {
		return nil, err
	}
	return &sharedModel{pooledModel: pooled.(*pooledModel), key: key}, nil
}

func newPooledModel(name string, c *ModelConfig, files *modelFiles, dataDir string) (*pooledModel, error) {
	spec, err := c.spec()
	if err != nil {
		return nil, err
	}
	s, err := openSession(name, files.onnx, c.sessionOptions(dataDir))
	if err != nil {
		return nil, err
	}
	m := &pooledModel{name: name, session: s, digest: files.digest, labels: files.labels, size: len(files.onnx), refs: 1}
	if spec != nil {
		err = m.fit(spec)
	}
	if err == nil {
		err = m.describe(c, files)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return m, nil
}

// fit brings the spec in line with the model, and runs one grey picture from end to
// end: labels, decoder and outputs that do not fit each other are an error of the
// configuration, not of every call.
func (m *pooledModel) fit(spec *vision.Spec) error {
	in := m.session.Inputs()
	if len(in) != 1 || in[0].Type != session.FP32 {
		return fmt.Errorf("its inputs are %v, expected one of type FP32 for pictures: leave preset and options out and serve it with limen_inference", in)
	}
	if err := spec.FitInput(in[0].Shape); err != nil {
		return err
	}
	if err := spec.Validate(); err != nil {
		return err
	}
	m.spec = spec
	m.inputs.New = func() any { b := make([]float32, spec.Size()); return &b }
	grey := picture.NewRGB(32, 32)
	for i := range grey.Pix {
		grey.Pix[i] = 128
	}
	p := &picture.Picture{RGB: *grey, FullWidth: grey.Width, FullHeight: grey.Height, Orientation: 1}
	_, err := m.look(context.Background(), p, 0, 0, new(stages))
	return err
}

// describe makes what the store keeps of the model.
func (m *pooledModel) describe(c *ModelConfig, files *modelFiles) (err error) {
	type tensor struct {
		Name  string  `json:"name"`
		Type  string  `json:"type"`
		Shape []int64 `json:"shape"`
	}
	var d struct {
		Task    string   `json:"task"`
		Bytes   int      `json:"bytes"`
		Inputs  []tensor `json:"inputs"`
		Outputs []tensor `json:"outputs"`
	}
	d.Task, d.Bytes = m.task(), m.size
	for _, i := range m.session.Inputs() {
		d.Inputs = append(d.Inputs, tensor{i.Name, string(i.Type), i.Shape})
	}
	for _, i := range m.session.Outputs() {
		d.Outputs = append(d.Outputs, tensor{i.Name, string(i.Type), i.Shape})
	}
	if m.manifest, err = json.Marshal(d); err != nil || m.spec == nil {
		return err
	}
	m.preset, err = json.Marshal(struct {
		Preset string       `json:"preset,omitempty"`
		Spec   *vision.Spec `json:"spec"`
		Digest string       `json:"spec_digest"`
		Labels string       `json:"labels_digest,omitempty"`
		Names  int          `json:"labels,omitempty"`
	}{c.Preset, m.spec, m.spec.Digest(), files.names, len(files.labels)})
	m.presetDigest = digestOf(m.preset)
	return err
}

// task is what the model does: classify, detect, or infer for one without a spec.
func (m *pooledModel) task() string {
	switch {
	case m.spec == nil:
		return procedureInfer
	case m.spec.Task != "":
		return string(m.spec.Task)
	case m.isDetector():
		return procedureDetect
	}
	return procedureClassify
}

func (m *pooledModel) isDetector() bool {
	switch m.spec.Decoder {
	case vision.Logits, vision.Probabilities, vision.Sigmoid:
		return false
	}
	return true
}

// title is the model's name and the beginning of its digest.
func (m *pooledModel) title() string { return m.name + "@" + shortDigest(m.digest) }

// shortDigest is the beginning of a digest, for people.
func shortDigest(digest string) string {
	const prefix, digits = len("sha256:"), 12
	if len(digest) < prefix+digits {
		return strconv.Quote(digest)
	}
	return digest[prefix : prefix+digits]
}

// use borrows the model; false says that it is closed.
func (m *pooledModel) use() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refs == 0 {
		return false
	}
	m.refs++
	return true
}

// done ends a use; the last one closes the session.
func (m *pooledModel) done() {
	if err := m.drop(); err != nil {
		log := bridge.logger("session")
		log.Error().Err(err).Msg("closing model")
	}
}

func (m *pooledModel) drop() error {
	m.mu.Lock()
	m.refs--
	last := m.refs == 0
	m.mu.Unlock()
	if !last {
		return nil
	}
	return m.session.Close()
}

// Destruct implements caddy.Destructor.
func (m *pooledModel) Destruct() error { return m.drop() }
