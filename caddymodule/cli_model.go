package caddymodule

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/caddyserver/caddy/v2"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu"
	"github.com/limen-waf/limen/model"
)

// modelFlags are the flags of the commands that run a model.
type modelFlags struct {
	model     string
	device    string
	threshold float64
}

func (f *modelFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.model, "model", model.DefaultRef, `Model: "default", the one in this binary, or the path of an ONNX file with its manifest beside it`)
	cmd.Flags().StringVar(&f.device, "device", string(gpu.Auto), "Device: auto, native, cpu or cuda[:N]")
	cmd.Flags().Float64Var(&f.threshold, "threshold", 0, "Score from which a request counts as an attack (default: those of the model)")
}

// scorer is a model on an engine, with the policy that blocks.
type scorer struct {
	*classifier.Classifier
	policy classifier.Policy
}

// open opens the model on its device. Warnings, such as that a device does not
// work and another one is used, go to stderr.
func (f *modelFlags) open(cmd *cobra.Command) (*scorer, error) {
	m, err := model.Open(f.model)
	if err != nil {
		return nil, err
	}
	return f.openModel(cmd, m)
}

// openModel is open for a model that is not the flag's.
func (f *modelFlags) openModel(cmd *cobra.Command, m *model.Model) (_ *scorer, err error) {
	s := &scorer{policy: blockingPolicy(m)}
	if cmd.Flags().Changed("threshold") {
		s.policy.Threshold, s.policy.ClassThresholds = f.threshold, nil
	}
	if err := s.policy.Validate(m.Manifest.Classes); err != nil {
		return nil, err
	}
	e, err := openEngine(m, gpu.Options{Device: f.device, DataDir: defaultDataDir(), Logger: cliLogger(cmd.ErrOrStderr())})
	if err != nil {
		return nil, fmt.Errorf("opening engine: %w", err)
	}
	if s.Classifier, err = classifier.New(m, e, classifier.Options{}); err != nil {
		_ = e.Close() // the first error says more
		return nil, err
	}
	return s, nil
}

func (s *scorer) close() error { return s.Engine().Close() }

// modelName is the model's name and the beginning of its digest, as in verdicts.
func (s *scorer) modelName() string {
	return s.Model().Manifest.Name + "@" + s.Model().ShortDigest()
}

// blockingPolicy blocks at the thresholds that the model ships with.
func blockingPolicy(m *model.Model) classifier.Policy {
	return classifier.Policy{
		Mode:            classifier.ModeBlock,
		Threshold:       m.Manifest.Threshold,
		ClassThresholds: m.Manifest.ClassThresholds,
		OnError:         classifier.Allow,
		OnOversize:      classifier.Allow,
	}
}

// defaultDataDir is Limen's data folder where none is configured.
func defaultDataDir() string { return filepath.Join(caddy.AppDataDir(), "limen") }

// cliLogger writes warnings as text.
func cliLogger(w io.Writer) zerolog.Logger {
	return zerolog.New(zerolog.ConsoleWriter{Out: w, NoColor: true, PartsExclude: []string{zerolog.TimestampFieldName}}).Level(zerolog.WarnLevel)
}
