package session

import (
	"fmt"
	"strings"

	"github.com/limen-waf/limen/gpu"
)

// device is where a model runs.
type device struct {
	kind  gpu.Kind
	index int
}

// tensorRT is CUDA through TensorRT, which no engine of the firewall uses.
const tensorRT gpu.Kind = "tensorrt"

var cpu = device{kind: gpu.CPU}

// String gives the device as Stats names it.
func (d device) String() string {
	if d.kind == gpu.CUDA || d.kind == tensorRT {
		return fmt.Sprintf("%s:%d", d.kind, d.index)
	}
	return string(d.kind)
}

// parseDevice reads Options.Device. The error wraps gpu.ErrDevice.
func parseDevice(s string) (device, error) {
	rest, trt := s, false
	if number, ok := strings.CutPrefix(s, string(tensorRT)); ok {
		rest, trt = string(gpu.CUDA)+number, true
	}
	d, err := gpu.ParseDevice(rest)
	switch {
	case err != nil || d.Kind == gpu.Native:
		return device{}, fmt.Errorf("%w %q: use auto, cpu, cuda, cuda:N, tensorrt or tensorrt:N (N from 0)", gpu.ErrDevice, s)
	case trt:
		return device{kind: tensorRT, index: d.Index}, nil
	}
	return device{kind: d.Kind, index: d.Index}, nil
}
