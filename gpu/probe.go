package gpu

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"

	"github.com/limen-waf/limen/gpu/native"
	"github.com/limen-waf/limen/gpu/ort"
)

// Report is what decides the choice of an engine on this machine.
type Report struct {
	// Platform is the operating system and architecture, as in "linux/amd64".
	Platform string `json:"platform"`
	// Native is the device of the pure-Go engine, as in "cpu/avx2".
	Native string `json:"native"`
	// Cgo says whether the binary can load ONNX Runtime at all.
	Cgo bool `json:"cgo"`
	// Library is the ONNX Runtime library that is used, nil when there is none;
	// LibraryError says why then.
	Library      *ort.Place `json:"library,omitempty"`
	LibraryError string     `json:"library_error,omitempty"`
	// Searched is every place that was looked at, in order.
	Searched []ort.Place `json:"searched"`
	// Providers are the ways in which the library can run a model, as in "CPU".
	Providers []string `json:"providers,omitempty"`
	// CUDA is the state of CUDA devices.
	CUDA CUDAReport `json:"cuda"`
	// Advice says what the owner may do, a sentence a line. It is empty when
	// nothing is missing that this machine could use.
	Advice []string `json:"advice,omitempty"`
}

// CUDAReport is the state of CUDA devices.
type CUDAReport struct {
	// Visible says that the process sees an NVIDIA driver.
	Visible bool `json:"visible"`
	// Driver is the driver's version and Devices its devices by number, with
	// their memory where nvidia-smi is there to tell.
	Driver  string   `json:"driver,omitempty"`
	Devices []string `json:"devices,omitempty"`
	// Provider says that ONNX Runtime's CUDA provider lies beside its library.
	Provider bool `json:"provider"`
	// Usable says that ONNX Runtime's CUDA provider loads; Error says why it
	// does not. Only opening an engine tells whether the device works, too.
	Usable bool   `json:"usable"`
	Error  string `json:"error,omitempty"`
}

// Probe looks at this machine and at the library that Open would use. dataDir
// is Limen's data folder and may be empty. Probe loads the library.
func Probe(dataDir string) Report {
	r := Report{
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Native:   nativeDevice(),
		Cgo:      ort.Cgo,
		Searched: ort.Search(dataDir),
	}
	r.CUDA.Visible = cudaVisible()
	if r.CUDA.Visible {
		r.CUDA.Driver, r.CUDA.Devices = nvidia()
	}
	library, err := ort.Find(dataDir)
	if err == nil {
		r.Library = &library
		r.CUDA.Provider = ort.HasProvider(library)
		r.Providers, err = ort.Providers(dataDir)
		r.CUDA.Usable = err == nil
		if errors.Is(err, ort.ErrNoCUDA) {
			r.CUDA.Error, err = err.Error(), nil
		}
	}
	if err != nil {
		r.LibraryError = err.Error()
	}
	r.Advice = r.advise()
	return r
}

// portable is the native engine's device without vector code.
const portable = "cpu/portable"

// nativeDevice is the device that the native engine will name.
func nativeDevice() string {
	if forced := os.Getenv(native.Variable); forced != "" {
		return "cpu/" + forced
	}
	return "cpu/" + native.ISAs()[0]
}

// advise says what is missing that this machine could use. No library at all is
// nothing missing: the native engine does the main job.
func (r *Report) advise() []string {
	var advice []string
	if r.Native == portable {
		advice = append(advice, "the native engine has no vector code for this processor: ONNX Runtime (./xcaddy.sh onnxruntime) is likely to be faster")
	}
	switch {
	case !r.Cgo && r.CUDA.Visible:
		advice = append(advice, "the CUDA device cannot be used: "+ort.ErrNoCgo.Error())
	case r.CUDA.Visible && r.Library == nil:
		advice = append(advice, "the CUDA device needs ONNX Runtime with its CUDA provider: "+r.LibraryError)
	case r.CUDA.Visible && !r.CUDA.Usable:
		advice = append(advice, fmt.Sprintf("the CUDA device is not used with %s, version %s: %s", r.Library.Path, r.Library.Version, r.CUDA.Error))
	case r.Cgo && r.Library == nil && asked(r.Searched):
		advice = append(advice, r.LibraryError)
	}
	return advice
}

// asked says whether the owner seems to want ONNX Runtime: a library was named,
// or one was found that cannot be used.
func asked(places []ort.Place) bool {
	return slices.ContainsFunc(places, func(p ort.Place) bool { return p.Source == ort.SourceEnv || !p.Absent() })
}
