//go:build !cgo

package ort

import (
	"context"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/model"
)

// Engine runs a model through ONNX Runtime. In a build without cgo there is
// none.
type Engine struct{}

// New returns ErrNoCgo.
func New(*model.Model, Options) (*Engine, error) { return nil, ErrNoCgo }

// Providers returns ErrNoCgo.
func Providers(string) ([]string, error) { return nil, ErrNoCgo }

// Score returns ErrNoCgo.
func (*Engine) Score(context.Context, []classifier.Window, []float32) error { return ErrNoCgo }

// Info returns nothing.
func (*Engine) Info() classifier.EngineInfo { return classifier.EngineInfo{} }

// Close does nothing.
func (*Engine) Close() error { return nil }
