package caddymodule_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/limen-waf/limen/caddymodule"
	"github.com/limen-waf/limen/gpu/ort"
	"github.com/limen-waf/limen/gpu/session"
)

// doctorImages runs the doctor on a configuration with these models.
func doctorImages(t *testing.T, models string) (works bool, findings map[string]finding) {
	t.Helper()
	s := newServer(t, nil)
	config := strings.Replace(globalBlock, "model http $MODEL\n", models+"\n", 1) + "$SITE {\n limen\n limen_inference\n respond ok\n}\n"
	raw, err := s.config(config)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "config.json")
	write(t, path, raw)
	works, findings, _ = doctor(t, "--config", path)
	if n := caddymodule.ImageModels(); n != 0 {
		t.Errorf("the doctor left %d models", n)
	}
	return works, findings
}

// lostSession is one whose device cannot be used.
type lostSession struct{ caddymodule.ModelSession }

func (lostSession) Health() session.Health {
	return session.Health{Device: "cuda:0", Lost: true, Reason: "no such device"}
}

// Ensure that the doctor loads each model besides http, says what it is and what it runs
// on, and finds what is wrong with it and what to do.
func TestDoctorImages(t *testing.T) {
	const (
		colours = "model colours testdata/images/colours.onnx {\n labels testdata/images/colours.txt\n decoder logits\n}"
		squares = "model squares testdata/images/squares.onnx {\n labels testdata/images/squares.txt\n preset yolox\n order rgb\n}"
		add     = "model add testdata/images/add.onnx"
	)
	dir := t.TempDir()
	damaged, two := filepath.Join(dir, "damaged.onnx"), filepath.Join(dir, "two.txt")
	write(t, damaged, []byte("no model"))
	write(t, two, []byte("a\nb\n"))
	failing := func(err error) func(string, []byte, session.Options) (caddymodule.ModelSession, error) {
		return func(name string, _ []byte, _ session.Options) (caddymodule.ModelSession, error) {
			return nil, fmt.Errorf("opening model %s: %w", name, err)
		}
	}
	for _, tt := range []struct {
		name, models, check string
		open                func(string, []byte, session.Options) (caddymodule.ModelSession, error)
		state               string
		found               []string // in what it found, in detail too
		advice              string
	}{
		{"classifier", colours, "model colours", nil, "ok",
			[]string{"colours@", "to classify, on cpu (testdata/images/colours.onnx)", "sha256:", "inputs input", "outputs logits", "pictures of 8 by 8, 3 labels"}, ""},
		{"detector among others", colours + "\n" + squares + "\n" + add, "model squares", nil, "ok", []string{"to detect", "pictures of 32 by 32", "2 labels"}, ""},
		{"tensors", add, "model add", nil, "ok", []string{"to infer", "inputs INPUT0", "OUTPUT1"}, ""},
		{"lost device", add, "model add", func(name string, onnx []byte, o session.Options) (caddymodule.ModelSession, error) {
			s, err := openTestSession(name, onnx, o)
			return lostSession{s}, err
		}, "warning", []string{"add@"}, "device cuda:0 cannot be used, the CPU takes its place: no such device"},
		{"no file", "model x " + dir + "/none.onnx", "model x", nil, "broken", []string{"no file " + dir + "/none.onnx"}, ""},
		{"damaged", "model x " + damaged, "model x", nil, "broken", []string{"model x"}, "is it a whole ONNX file"},
		{"labels of another number", strings.Replace(colours, "testdata/images/colours.txt", two, 1), "model colours", nil, "broken", []string{"2 names"}, ""},
		{"wrong decoder", strings.Replace(colours, "logits", "yolox", 1), "model colours", nil, "broken", []string{"output"}, ""},
		{"no cgo", add, "model add", failing(session.ErrNoCgo), "broken", []string{"CGO_ENABLED=1 ./xcaddy.sh"}, "take the model out of the configuration"},
		{"no library", add, "model add", failing(ort.ErrNoLibrary), "broken", []string{"./xcaddy.sh onnxruntime"}, "take the model out of the configuration"},
		{"old library", add, "model add", failing(ort.ErrTooOld), "broken", []string{"too old"}, "take the model out of the configuration"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.open == nil {
				tt.open = openTestSession
			}
			t.Cleanup(caddymodule.SetOpenSession(tt.open))
			before := sessionsOpen.Load()
			works, findings := doctorImages(t, tt.models)
			f, ok := findings[tt.check]
			if !ok || f.State != tt.state || works != (tt.state != "broken") {
				t.Fatalf("works %v, %+v", works, findings)
			}
			text := f.Found + "; " + strings.Join(f.Detail, "; ")
			for _, want := range tt.found {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in %s", want, text)
				}
			}
			if !strings.Contains(f.Advice, tt.advice) || tt.advice == "" && f.Advice != "" {
				t.Errorf("advice %q, expected %q", f.Advice, tt.advice)
			}
			if want := strings.Count(tt.models, "model "); countModels(findings) != want {
				t.Errorf("%d models are checked, expected %d", countModels(findings), want)
			}
			if n := sessionsOpen.Load() - before; n != 0 {
				t.Errorf("%d sessions are left open", n)
			}
		})
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("the doctor left %v, %v", left, err)
	}
}

func countModels(findings map[string]finding) (n int) {
	for name := range findings {
		if strings.HasPrefix(name, "model ") {
			n++
		}
	}
	return n
}
