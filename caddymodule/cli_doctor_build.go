package caddymodule

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/limen-waf/limen/gpu"
)

// checkBuild looks at this binary, ONNX Runtime and the GPU.
func (d *doctor) checkBuild() {
	r := gpu.Probe(d.data)
	cgo := "without cgo: pure Go, nothing to install"
	if r.Cgo {
		cgo = "with cgo"
	}
	d.add(check{Name: "build", State: checkOK, Found: fmt.Sprintf("limen %s, %s, %s, %s", version(), runtime.Version(), r.Platform, cgo)})
	d.add(checkLibrary(r))
	d.add(checkCUDA(r))
	for _, advice := range r.Advice {
		d.add(check{Name: "advice", State: checkWarn, Found: advice})
	}
}

func checkLibrary(r gpu.Report) check {
	c := check{Name: "ONNX Runtime", State: checkOK}
	if r.Library != nil {
		c.Found = fmt.Sprintf("%s (%s), version %s", r.Library.Path, r.Library.Source, r.Library.Version)
		for _, p := range r.Providers {
			c.Detail = append(c.Detail, "provider "+p)
		}
		return c
	}
	c.State, c.Found = checkAbsent, "not used; the native engine does without"
	c.Advice = r.LibraryError
	for _, p := range r.Searched {
		c.Detail = append(c.Detail, p.String())
	}
	return c
}

func checkCUDA(r gpu.Report) check {
	c := check{Name: "CUDA", State: checkOK, Found: "usable, driver " + r.CUDA.Driver, Detail: r.CUDA.Devices}
	switch {
	case !r.CUDA.Visible:
		c = check{Name: "CUDA", State: checkAbsent, Found: "no device"}
		if r.CUDA.Provider { // somebody meant to use one
			c.Found, c.Advice = "no device, and ONNX Runtime has the provider for one", r.CUDA.Error
		}
	case !r.CUDA.Usable:
		c.State, c.Found = checkAbsent, "a device is there and not used"
		c.Advice = r.CUDA.Error
	}
	return c
}

// version is the version of the Limen module in this binary.
func version() string {
	const path = "github.com/limen-waf/limen"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown version)"
	}
	v := ""
	if info.Main.Path == path {
		v = info.Main.Version
	}
	for _, m := range info.Deps {
		if m.Path == path {
			v = m.Version
		}
	}
	if v == "" || v == "(devel)" {
		return "(development version)"
	}
	return v
}
