package gpu

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrDevice means that a device string is none of the allowed ones.
var ErrDevice = errors.New("unknown device")

// Kind is a way to run a model.
type Kind string

// The kinds of device.
const (
	Auto   Kind = "auto"
	Native Kind = "native"
	CPU    Kind = "cpu"
	CUDA   Kind = "cuda"
)

// Device is a parsed device string.
type Device struct {
	Kind Kind
	// Index is the number of the CUDA device, from 0.
	Index int
}

// maxIndex bounds device numbers, to catch typing errors.
const maxIndex = 255

// ParseDevice reads auto, native, cpu, cuda or cuda:N. The empty string is
// auto. The error wraps ErrDevice and names what is allowed.
func ParseDevice(s string) (Device, error) {
	switch k := Kind(s); k {
	case "":
		return Device{Kind: Auto}, nil
	case Auto, Native, CPU, CUDA:
		return Device{Kind: k}, nil
	}
	if number, ok := strings.CutPrefix(s, string(CUDA)+":"); ok {
		// ParseUint, because Atoi takes a sign.
		if n, err := strconv.ParseUint(number, 10, 32); err == nil && n <= maxIndex {
			return Device{Kind: CUDA, Index: int(n)}, nil
		}
	}
	return Device{}, fmt.Errorf("%w %q: use auto, native, cpu, cuda or cuda:N (N from 0 to %d)", ErrDevice, s, maxIndex)
}

// String gives the device as it is written in a Caddyfile.
func (d Device) String() string {
	if d.Kind == CUDA {
		return fmt.Sprintf("%s:%d", CUDA, d.Index)
	}
	return string(d.Kind)
}
