package ort_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/limen-waf/limen/gpu/ort"
)

// libraryName is the file name that the search looks for first.
func libraryName() string {
	switch runtime.GOOS {
	case "windows":
		return "onnxruntime.dll"
	case "darwin":
		return "libonnxruntime.1.dylib"
	}
	return "libonnxruntime.so.1"
}

// write puts a file that is no library at all under the library's name.
func writeJunk(t *testing.T, folder string) string {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, libraryName())
	if err := os.WriteFile(path, []byte("not a library"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// compile makes a shared library from C source, or skips the test.
func compile(t *testing.T, source string) string {
	t.Helper()
	if !ort.Cgo || runtime.GOOS == "windows" {
		t.Skip("compiling a library needs a C compiler")
	}
	compiler, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler on this machine")
	}
	folder := t.TempDir()
	input, output := filepath.Join(folder, "library.c"), filepath.Join(folder, libraryName())
	if err := os.WriteFile(input, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(compiler, "-shared", "-fPIC", "-o", output, input).CombinedOutput(); err != nil {
		t.Fatalf("compiling: %v\n%s", err, out)
	}
	return output
}

// Ensure that a library that the owner named and that is not there is said so,
// and that nothing else is used in its stead.
func TestFindNamedButMissing(t *testing.T) {
	if !ort.Cgo {
		t.Skip("needs cgo")
	}
	folder := t.TempDir()
	t.Setenv(ort.EnvLibrary, folder)
	_, err := ort.Find(root)
	if !errors.Is(err, ort.ErrNoLibrary) || !strings.Contains(err.Error(), folder) || !strings.Contains(err.Error(), "./xcaddy.sh onnxruntime") {
		t.Fatalf("got %v, expected ErrNoLibrary that names %s and the way to get it", err, folder)
	}
	places := ort.Search(root)
	if len(places) != 1 || !places[0].Absent() || places[0].Source != ort.SourceEnv {
		t.Fatalf("got %v, expected one absent place", places)
	}
}

// Ensure that a file that is not a library is refused by name, as a file and
// through its folder.
func TestFindJunk(t *testing.T) {
	if !ort.Cgo {
		t.Skip("needs cgo")
	}
	path := writeJunk(t, t.TempDir())
	for _, env := range []string{path, filepath.Dir(path)} {
		t.Setenv(ort.EnvLibrary, env)
		place, err := ort.Find("")
		if !errors.Is(err, ort.ErrBadLibrary) || !strings.Contains(err.Error(), path) {
			t.Fatalf("%s: got %v, expected ErrBadLibrary that names %s", env, err, path)
		}
		if place.Path != path || place.Absent() {
			t.Fatalf("%s: got place %+v", env, place)
		}
	}
}

// Ensure that a library of another kind is refused with the reason.
func TestFindOtherLibrary(t *testing.T) {
	t.Setenv(ort.EnvLibrary, compile(t, "int something_else(void) { return 1; }\n"))
	if _, err := ort.Find(""); !errors.Is(err, ort.ErrBadLibrary) || !strings.Contains(err.Error(), "no OrtGetApiBase") {
		t.Fatalf("got %v, expected ErrBadLibrary", err)
	}
}

// Ensure that the version that was found is named when it is too old.
func TestFindTooOld(t *testing.T) {
	path := compile(t, `
#include <stdint.h>
#include <stddef.h>
static const void *api(uint32_t version) { return NULL; }
static const char *version(void) { return "1.17.3"; }
static const struct { const void *(*get)(uint32_t); const char *(*version)(void); } base = { api, version };
const void *OrtGetApiBase(void) { return &base; }
`)
	t.Setenv(ort.EnvLibrary, path)
	place, err := ort.Find("")
	if !errors.Is(err, ort.ErrTooOld) {
		t.Fatalf("got %v, expected ErrTooOld", err)
	}
	for _, want := range []string{"1.17.3", ort.MinVersion, path} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %s", err, want)
		}
	}
	if place.Version != "1.17.3" {
		t.Errorf("got version %q", place.Version)
	}
}

// Ensure that every place is looked at in the documented order, and that the
// data folder's library is seen.
func TestSearchOrder(t *testing.T) {
	t.Setenv(ort.EnvLibrary, "")
	data := t.TempDir()
	path := writeJunk(t, filepath.Join(data, "onnxruntime"))
	places := ort.Search(data)
	var sources []string
	for _, p := range places {
		if len(sources) == 0 || sources[len(sources)-1] != p.Source {
			sources = append(sources, p.Source)
		}
		if p.Path == path && (p.Source != ort.SourceData || p.Absent()) {
			t.Errorf("got %+v for the file in the data folder", p)
		}
		if p.String() == "" {
			t.Errorf("%+v has no text", p)
		}
	}
	want := []string{ort.SourceExecutable, ort.SourceData, ort.SourceSystem}
	if strings.Join(sources, ",") != strings.Join(want, ",") {
		t.Errorf("got the order %v, expected %v", sources, want)
	}
}

// Ensure that a place's error survives in JSON, for caddy limen doctor --json.
func TestPlaceJSON(t *testing.T) {
	t.Setenv(ort.EnvLibrary, t.TempDir())
	raw, err := json.Marshal(ort.Search("")[0])
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Source, Path, Error string }
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if got.Source != ort.SourceEnv || got.Path == "" || got.Error == "" {
		t.Fatalf("got %s", raw)
	}
}

// Ensure that a library on this machine is found with its version.
func TestFind(t *testing.T) {
	place := library(t)
	if !filepath.IsAbs(place.Path) || place.Version == "" || place.Err != nil {
		t.Fatalf("got %+v", place)
	}
	t.Log(place)
}
