package ort

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// MinVersion is the oldest ONNX Runtime that has the API which the binding is
// compiled for (version 24 of the C API; ONNX Runtime 1.N has API version N).
const (
	MinVersion = "1.24"
	apiVersion = 24
)

// EnvLibrary is the environment variable that names the library, or the folder
// that holds it. When it is set no other place is looked at.
const EnvLibrary = "LIMEN_ONNXRUNTIME"

// Sources of a Place, in the order in which they are searched.
const (
	SourceEnv        = EnvLibrary
	SourceExecutable = "beside the executable"
	SourceData       = "data folder"
	SourceSystem     = "system"
	SourceProcess    = "already loaded in this process"
)

// Place is one place where the library was looked for.
type Place struct {
	// Source says why the place was looked at: one of the Source constants.
	Source string `json:"source"`
	// Path is the file found, or the folder or bare library name that was tried.
	Path string `json:"path"`
	// Version is the library's own version; empty when there is none, when it
	// cannot be loaded, and in a build without cgo, which loads nothing.
	Version string `json:"version,omitempty"`
	// Err is nil when the library is there and can be used. It wraps
	// fs.ErrNotExist where there is none, else ErrTooOld or ErrBadLibrary.
	Err error `json:"-"`
}

// Absent says that there is no file there at all.
func (p Place) Absent() bool { return errors.Is(p.Err, fs.ErrNotExist) }

// MarshalJSON adds the error as text, under "error".
func (p Place) MarshalJSON() ([]byte, error) {
	type plain Place
	text := ""
	if p.Err != nil {
		text = p.Err.Error()
	}
	return json.Marshal(struct {
		plain
		Error string `json:"error,omitempty"`
	}{plain(p), text})
}

// String gives the place as one line for the doctor.
func (p Place) String() string {
	switch {
	case p.Err == nil && p.Version == "":
		return fmt.Sprintf("%s: %s", p.Source, p.Path)
	case p.Err == nil:
		return fmt.Sprintf("%s: %s, version %s", p.Source, p.Path, p.Version)
	case p.Absent():
		return fmt.Sprintf("%s: nothing at %s", p.Source, p.Path)
	}
	return fmt.Sprintf("%s: %v", p.Source, p.Err)
}

// Search looks at every place where the library may be, in order, and returns
// what it found at each. The first without an error is the one that New loads.
// dataDir may be empty.
func Search(dataDir string) []Place {
	var found []Place
	search(dataDir, func(p Place) bool {
		found = append(found, p)
		return true
	})
	return found
}

// Find returns the library that New loads. The error is ErrNoCgo,
// ErrNoLibrary, or, where something was found that cannot be used, wraps
// ErrTooOld or ErrBadLibrary and names the file.
func Find(dataDir string) (Place, error) {
	if !Cgo {
		return Place{}, ErrNoCgo
	}
	var usable, refused *Place
	search(dataDir, func(p Place) bool {
		if p.Err == nil {
			usable = &p
			return false
		}
		if refused == nil && !p.Absent() {
			refused = &p
		}
		return true
	})
	switch {
	case usable != nil:
		return *usable, nil
	case refused != nil:
		return *refused, refused.Err
	}
	if path := os.Getenv(EnvLibrary); path != "" {
		return Place{}, fmt.Errorf("%w (%s is %s, and there is none)", ErrNoLibrary, EnvLibrary, path)
	}
	return Place{}, ErrNoLibrary
}

// search calls yield with each place until yield returns false.
func search(dataDir string, yield func(Place) bool) {
	if path := os.Getenv(EnvLibrary); path != "" {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			yield(inspect(SourceEnv, path))
			return
		}
		yield(inspectFolder(SourceEnv, path))
		return
	}
	var folders []Place
	if exe, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			exe = real
		}
		dir := filepath.Dir(exe)
		for _, f := range []string{dir, filepath.Join(dir, "onnxruntime"), filepath.Join(dir, "lib")} {
			folders = append(folders, Place{Source: SourceExecutable, Path: f})
		}
	}
	if dataDir != "" {
		folders = append(folders,
			Place{Source: SourceData, Path: filepath.Join(dataDir, "onnxruntime")},
			Place{Source: SourceData, Path: dataDir})
	}
	for _, f := range folders {
		if !yield(inspectFolder(f.Source, f.Path)) {
			return
		}
	}
	for _, name := range libraryNames(runtime.GOOS) {
		if !yield(inspectSystem(name)) {
			return
		}
	}
}

// libraryNames are the file names of the library on an operating system, best
// first: the name with the ABI's number is what the loader of a program asks for.
func libraryNames(goos string) []string {
	switch goos {
	case "windows":
		return []string{"onnxruntime.dll"}
	case "darwin", "ios":
		return []string{"libonnxruntime.1.dylib", "libonnxruntime.dylib"}
	}
	return []string{"libonnxruntime.so.1", "libonnxruntime.so"}
}

// inspectFolder looks for the library in one folder, under the names of the
// platform and then under any name with a version in it.
func inspectFolder(source, folder string) Place {
	names := libraryNames(runtime.GOOS)
	for _, name := range names {
		path := filepath.Join(folder, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return inspect(source, path)
		}
	}
	// libonnxruntime.so.1.30.0 alone, as the release archives hold it beside links.
	if versioned, _ := filepath.Glob(filepath.Join(folder, names[0]+".*")); len(versioned) > 0 {
		return inspect(source, versioned[len(versioned)-1])
	}
	return Place{Source: source, Path: folder, Err: fmt.Errorf("looking for %s in %s: %w", names[0], folder, fs.ErrNotExist)}
}

// inspect says whether the file at path is a library that can be used.
func inspect(source, path string) Place {
	p := Place{Source: source, Path: path}
	if abs, err := filepath.Abs(path); err == nil {
		p.Path = abs
	}
	_, p.Version, p.Err = loadable(p.Path)
	return p
}

// inspectSystem asks the system's loader for a bare library name.
func inspectSystem(name string) Place {
	path, version, err := loadable(name)
	if path == "" || errors.Is(err, ErrBadLibrary) {
		// The loader cannot say whether the file is missing or unfit: a bare
		// name that it does not find is no library at all.
		return Place{Source: SourceSystem, Path: name, Err: fmt.Errorf("asking the system for %s: %w", name, fs.ErrNotExist)}
	}
	return Place{Source: SourceSystem, Path: path, Version: version, Err: err}
}

// loadable loads the library at path, reads its version and unloads it. It
// returns the path that the loader gave it.
func loadable(path string) (where, version string, err error) {
	where, version, err = load(path)
	if err != nil {
		return where, "", fmt.Errorf("%s: %w: %v", path, ErrBadLibrary, err)
	}
	if version != "" && !newEnough(version) {
		return where, version, fmt.Errorf("%s has version %s: %w", where, version, ErrTooOld)
	}
	return where, version, nil
}

// newEnough compares a version string of ONNX Runtime with MinVersion.
func newEnough(version string) bool {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	a, err1 := strconv.Atoi(major)
	b, err2 := strconv.Atoi(minor)
	if err1 != nil || err2 != nil {
		return false
	}
	return a > 1 || a == 1 && b >= apiVersion
}
