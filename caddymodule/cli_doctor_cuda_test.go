package caddymodule

import (
	"strings"
	"testing"

	"github.com/limen-waf/limen/gpu"
)

// Ensure that the doctor says why a CUDA device is not used, also where only ONNX
// Runtime's provider is there, and nothing where nobody meant to use one.
func TestDoctorCUDA(t *testing.T) {
	const noDriver = "CUDA is not usable: libcuda.so.1: install the driver"
	for name, test := range map[string]struct {
		cuda          gpu.CUDAReport
		state         checkState
		found, advice string
	}{
		"nothing":         {gpu.CUDAReport{Error: "no provider"}, checkAbsent, "no device", ""},
		"provider":        {gpu.CUDAReport{Provider: true, Error: noDriver}, checkAbsent, "no device, and ONNX Runtime has the provider for one", noDriver},
		"device, no CUDA": {gpu.CUDAReport{Visible: true, Provider: true, Error: noDriver}, checkAbsent, "a device is there and not used", noDriver},
		"all":             {gpu.CUDAReport{Visible: true, Provider: true, Usable: true, Driver: "550.54"}, checkOK, "usable, driver 550.54", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := checkCUDA(gpu.Report{CUDA: test.cuda})
			if c.State != test.state || c.Found != test.found || !strings.Contains(c.Advice, test.advice) || (c.Advice == "") != (test.advice == "") {
				t.Errorf("got %+v", c)
			}
		})
	}
}
