//go:build cgo

package ort

import (
	"fmt"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// environment is ONNX Runtime's process-wide state. It is made once and never
// torn down: the library leaves thread-local destructors behind in every thread that
// ran it, and unmapping it would leave them dangling. What engines hold
// is freed with the engines.
var environment struct {
	sync.Mutex
	library Place
	ready   bool
}

// Start finds and loads the library and makes the environment, unless that has
// been done. A failure is not remembered: the library may be there next time.
// The errors are those of Find.
func Start(dataDir string) (Place, error) { return start(dataDir) }

func start(dataDir string) (Place, error) {
	environment.Lock()
	defer environment.Unlock()
	if environment.ready {
		return environment.library, nil
	}
	if ort.IsInitialized() {
		// Another plugin in this process uses the same binding.
		environment.library = Place{Source: SourceProcess, Version: ort.GetVersion()}
		environment.ready = true
		return environment.library, nil
	}
	library, err := Find(dataDir)
	if err != nil {
		return library, err
	}
	ort.SetSharedLibraryPath(library.Path)
	// ONNX Runtime writes its log to standard error, past every log
	// configuration. What matters reaches us as an error value.
	if err := ort.InitializeEnvironment(ort.WithLogLevelFatal()); err != nil {
		return library, fmt.Errorf("%s: %w: %v", library.Path, ErrBadLibrary, err)
	}
	// The library must not call home from a firewall, whatever its build's default.
	if err := ort.DisableTelemetry(); err != nil {
		return library, fmt.Errorf("turning the telemetry of ONNX Runtime off: %w", err)
	}
	environment.library = library
	environment.ready = true
	return library, nil
}
