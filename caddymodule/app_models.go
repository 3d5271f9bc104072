package caddymodule

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/limen-waf/limen/classifier/vision"
	"github.com/limen-waf/limen/gpu"
	"github.com/limen-waf/limen/gpu/session"
	"github.com/limen-waf/limen/store"
)

// ModelConfig says where a model is and, for all but `http`, how it is run and how
// pictures get into it and results out of it.
//
// A model with neither `preset` nor `spec` is no image model: `limen_inference`
// serves it, tensors in and tensors out.
type ModelConfig struct {
	// The path of an ONNX file. For `http`, its manifest lies beside it, and `default`
	// is the one that is part of the binary. A changed file is noticed at a reload.
	Source string `json:"source,omitempty"`

	// The path of a text file with the names of the classes, one a line, the first
	// line for class 0. Default: classes have their numbers for names.
	Labels string `json:"labels,omitempty"`

	// The family that the model belongs to: `imagenet`, `imagenet-nhwc`, `nsfw`,
	// `yolox`, `ssd`, `fastestdet` or `rfb`. It sets everything in `spec`.
	Preset string `json:"preset,omitempty"`

	// How pictures are brought into the model's form and its outputs read: `width`
	// and `height`, where the model does not fix them, `layout`, `order`, `resize`, `crop_ratio`,
	// `position`, `pad`, `scale`, `mean`, `std`, `decoder`, `outputs`, `background`,
	// `activation`, `strides`, `anchors`, `iou`, `nms`, `min_score` and `max_boxes`.
	// What stands here replaces what the preset says.
	Spec json.RawMessage `json:"spec,omitempty"`

	// What the model runs on: `auto`, `cpu`, `cuda:N` or `tensorrt:N`. Default: the
	// app's device, and the CPU where that is `native`, which image models cannot use.
	Device string `json:"device,omitempty"`

	// Refuse to run on another device than the one named. Default: the CPU takes its
	// place while it cannot be used, which is logged and in every row.
	Strict bool `json:"strict,omitempty"`

	// Threads of one run on the CPU. Default: the CPUs that the process may use,
	// which in a container is its limit.
	Threads int `json:"threads,omitempty"`

	// Runs at the same time. Default: 1.
	Runs int `json:"runs,omitempty"`

	// The most rows of several calls that run as one, where the model's first
	// dimension is free; 1 turns it off. Default: 16.
	MaxBatch int `json:"max_batch,omitempty"`

	// How long calls that wait are held for more to come. A call that is alone never
	// waits. Default: 0.
	MaxDelay caddy.Duration `json:"max_delay,omitempty"`

	// The most calls that wait; further ones get status 503. Default: 1024.
	MaxQueue int `json:"max_queue,omitempty"`

	// The most bytes of a device's memory to use. Default: no limit.
	MemoryLimit int64 `json:"memory_limit,omitempty"`

	// Give the memory of a run back after it, in place of keeping it for the next.
	NoArena bool `json:"no_arena,omitempty"`

	// Let the threads of a run wait for work by spinning.
	Spin bool `json:"spin,omitempty"`

	// Options of ONNX Runtime's session, and of its CUDA and TensorRT providers, by
	// their keys.
	Options  map[string]string `json:"options,omitempty"`
	CUDA     map[string]string `json:"cuda,omitempty"`
	TensorRT map[string]string `json:"tensorrt,omitempty"`
}

// maxModelFile bounds an ONNX file, which is one message of at most this size.
const maxModelFile = 2 << 30

// isPlain says whether nothing but the source is given.
func (c *ModelConfig) isPlain() bool {
	rest := *c
	rest.Source = ""
	raw, err := json.Marshal(rest)
	return err == nil && string(raw) == "{}"
}

// setDefaults replaces placeholders and takes the app's device.
func (c *ModelConfig) setDefaults(repl *caddy.Replacer, device string) {
	c.Source, c.Labels = repl.ReplaceAll(c.Source, ""), repl.ReplaceAll(c.Labels, "")
	if c.Device == "" {
		c.Device = device
		if device == string(gpu.Native) {
			c.Device = string(gpu.CPU)
		}
	}
}

// validate checks what can be checked without the file.
func (c *ModelConfig) validate() error {
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"threads", int64(c.Threads)}, {"runs", int64(c.Runs)}, {"max_batch", int64(c.MaxBatch)}, {"max_delay", int64(c.MaxDelay)},
		{"max_queue", int64(c.MaxQueue)}, {"memory_limit", c.MemoryLimit},
	} {
		if n.value < 0 {
			return fmt.Errorf("%s is %d, expected 0 for the default, or more", n.name, n.value)
		}
	}
	if c.Source == "" {
		return errors.New("no source: expected the path of an ONNX file")
	}
	return nil
}

// spec is what preset and options together say; nil for a model that is none for
// pictures. Size and layout still have to be fitted to the model's input.
func (c *ModelConfig) spec() (*vision.Spec, error) {
	if c.Preset == "" && len(c.Spec) == 0 {
		return nil, nil
	}
	s := new(vision.Spec)
	if c.Preset != "" {
		var err error
		if *s, err = vision.Preset(c.Preset); err != nil {
			return nil, err
		}
	}
	if len(c.Spec) > 0 {
		if err := decodeStrict(c.Spec, s); err != nil {
			return nil, fmt.Errorf("spec: %w", err)
		}
	}
	return s, nil
}

// sessionOptions are the options of the session.
func (c *ModelConfig) sessionOptions(dataDir string) session.Options {
	return session.Options{
		Device: c.Device, Strict: c.Strict, DataDir: dataDir, Threads: c.Threads, Runs: c.Runs,
		MaxBatch: c.MaxBatch, MaxDelay: time.Duration(c.MaxDelay), MaxQueue: c.MaxQueue, MemoryLimit: c.MemoryLimit,
		NoArena: c.NoArena, Spin: c.Spin, Config: c.Options, CUDA: c.CUDA, TensorRT: c.TensorRT,
		Logger: bridge.logger("session"),
	}
}

// modelFiles are a model's files as they are now.
type modelFiles struct {
	onnx   []byte
	digest string   // "sha256:…" of onnx
	labels []string // nil where none are named
	names  string   // digest of the labels file
}

// read reads the model's files.
func (c *ModelConfig) read() (*modelFiles, error) {
	f := new(modelFiles)
	info, err := os.Stat(c.Source)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		abs, _ := filepath.Abs(c.Source)
		return nil, fmt.Errorf("no file %s", abs)
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder, expected an ONNX file", c.Source)
	case info.Size() > maxModelFile:
		return nil, fmt.Errorf("%s has %d bytes, expected at most %d", c.Source, info.Size(), int64(maxModelFile))
	}
	if f.onnx, err = os.ReadFile(c.Source); err != nil {
		return nil, err
	}
	f.digest = digestOf(f.onnx)
	if c.Labels == "" {
		return f, nil
	}
	raw, err := os.ReadFile(c.Labels)
	if err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	if f.labels, err = vision.ReadLabels(bytes.NewReader(raw)); err != nil {
		return nil, fmt.Errorf("labels %s: %w", c.Labels, err)
	}
	f.names = digestOf(raw)
	return f, nil
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// openModels loads the image models and all others but `http`.
func (a *App) openModels() error {
	for _, name := range slices.Sorted(maps.Keys(a.Models)) {
		if name == modelHTTP {
			continue
		}
		slot := &modelSlot{name: name, config: a.Models[name], app: a}
		if err := slot.load(); err != nil {
			return fmt.Errorf("model %s: %w", name, err)
		}
		if a.images == nil {
			a.images = make(map[string]*modelSlot)
		}
		a.images[name] = slot
	}
	return nil
}

// imageModel finds a model by its name. The error lists those there are.
func (a *App) imageModel(name string) (*modelSlot, error) {
	if slot := a.images[name]; slot != nil {
		return slot, nil
	}
	names := slices.Sorted(maps.Keys(a.images))
	if len(names) == 0 {
		return nil, fmt.Errorf("no model %q: name it and its file in the global option, as in limen { model %s /path/to/model.onnx }", name, name)
	}
	return nil, fmt.Errorf("no model %q: there are %s", name, strings.Join(names, ", "))
}

// keepImageModels stores what the rows of calls to come refer to.
func (a *App) keepImageModels(s *sharedStore) error {
	for _, p := range actProcedures {
		if err := s.PutProcedure(p.Info()); err != nil {
			return err
		}
	}
	for _, slot := range a.images {
		if m := slot.shared.Load(); m != nil {
			if err := m.keep(s.Store); err != nil {
				return err
			}
		}
	}
	return nil
}

// keep stores a model's description and its preset.
func (m *pooledModel) keep(s *store.Store) error {
	if err := s.PutModel(m.digest, m.name, m.manifest, time.Now()); err != nil {
		return err
	}
	if m.preset == nil {
		return nil
	}
	return s.PutPolicy(m.presetDigest, m.preset)
}

// releaseModels gives the models back.
func (a *App) releaseModels() error {
	var errs []error
	for _, slot := range a.images {
		errs = append(errs, slot.unload())
	}
	return errors.Join(errs...)
}
