package caddymodule_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/limen-waf/limen/store"
)

type finding struct {
	Name, State, Found, Advice string
	Detail                     []string
}

// doctor runs "doctor --json".
func doctor(t *testing.T, args ...string) (works bool, findings map[string]finding, err error) {
	t.Helper()
	out, _, err := limen(t, "", append([]string{"doctor", "--json", "--address", freeAddr(t)}, args...)...)
	var report struct {
		Works  bool
		Checks []finding
	}
	if jsonErr := json.Unmarshal([]byte(out), &report); jsonErr != nil {
		t.Fatalf("%v: %v: %s", jsonErr, err, out)
	}
	if report.Works != (err == nil) {
		t.Errorf("works is %v, the error %v", report.Works, err)
	}
	findings = make(map[string]finding)
	for _, f := range report.Checks {
		findings[f.Name] = f
	}
	return report.Works, findings, err
}

// Ensure that with the model in this binary the doctor finds everything in
// order, in words and as JSON.
func TestDoctor(t *testing.T) {
	dir := t.TempDir()
	out, _, err := limen(t, "", "doctor", "--data", dir, "--address", freeAddr(t))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"✓ build", "✓ model", "✓ engine native", "a plain request scores 0.0", "✓ data folder", "– server", "Limen works here."} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if !regexp.MustCompile(`a known attack scores (0\.9\d+|1\.0+) \(sqli\)`).MatchString(out) {
		t.Errorf("a known attack does not score 0.9 or more\n%s", out)
	}
	works, findings, err := doctor(t, "--data", dir)
	if !works || err != nil || findings["model"].State != "ok" || !strings.HasPrefix(findings["model"].Detail[0], "sha256:") {
		t.Errorf("%v: %+v", err, findings)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("the doctor left %v, %v", left, err)
	}
}

// Ensure that each fault is found, named, and makes the exit code 1.
func TestDoctorFaults(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	write(t, file, nil)
	caddyfile := filepath.Join(dir, "Caddyfile")
	write(t, caddyfile, []byte(":0 {\n limen {\n  mood block\n }\n}\n"))
	model := spellingModel(t, t.TempDir(), "1")
	for name, c := range map[string]struct {
		args        []string
		check, want string
	}{
		"no model":       {[]string{"--model", dir + "/none.onnx"}, "model", dir + "/none.onnx: no such file"},
		"senseless":      {[]string{"--model", model}, "engine", "no engine passes the self-test"},
		"no such device": {[]string{"--device", "tpu"}, "engine tpu", `unknown device "tpu"`},
		"data is a file": {[]string{"--data", file}, "data folder", file + " is not a folder"},
		"data in a file": {[]string{"--data", file + "/limen"}, "data folder", file},
		"no config":      {[]string{"--config", dir + "/none"}, "config", dir + "/none: no such file"},
		"bad config":     {[]string{"--config", caddyfile}, "config", "mood"},
	} {
		t.Run(name, func(t *testing.T) {
			args := c.args
			if c.check != "data folder" {
				args = append(args, "--data", t.TempDir())
			}
			works, findings, err := doctor(t, args...)
			if works || err == nil || !strings.Contains(err.Error(), "not in working order: ") || !strings.Contains(err.Error(), c.check) {
				t.Errorf("works %v, %v", works, err)
			}
			if f := findings[c.check]; f.State != "broken" || !strings.Contains(f.Found, c.want) {
				t.Errorf("%s: %+v", c.check, f)
			}
		})
	}
}

// Ensure that a configuration is validated, and that its model and data folder
// are the ones looked at.
func TestDoctorConfig(t *testing.T) {
	s := newServer(t, nil)
	config := func(site string) string {
		raw, err := s.config("$SITE {\n" + site + "\n}")
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "config.json")
		write(t, path, raw)
		return path
	}
	_, findings, _ := doctor(t, "--config", config("limen\nrespond ok"))
	if f := findings["config"]; f.State != "ok" || !strings.HasSuffix(f.Found, "config.json is valid") {
		t.Errorf("config: %+v", f)
	}
	if f := findings["model"]; !strings.Contains(f.Found, s.Model) {
		t.Errorf("model: %+v", f)
	}
	if f := findings["data folder"]; !strings.Contains(f.Found, s.Data) || f.State != "ok" {
		t.Errorf("data folder: %+v", f)
	}
	_, findings, _ = doctor(t, "--config", config("respond ok"))
	if f := findings["config"]; f.State != "warning" || !strings.Contains(f.Advice, "limen directive") {
		t.Errorf("a configuration without limen: %+v", f)
	}
}

// Ensure that the doctor tells what is in the data folder.
func TestDoctorStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "limen")
	if _, findings, _ := doctor(t, "--data", dir); !strings.Contains(findings["data folder"].Found, "not there yet") {
		t.Errorf("a missing folder: %+v", findings["data folder"])
	}
	s, err := store.Open(store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, findings, _ := doctor(t, "--data", dir); !strings.Contains(strings.Join(findings["data folder"].Detail, "; "), "in use by a running server") {
		t.Errorf("an open store: %+v", findings["data folder"])
	}
	s.Record(&store.Verdict{Decision: store.Allow, Class: "none"})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, findings, _ := doctor(t, "--data", dir); !strings.Contains(strings.Join(findings["data folder"].Detail, "; "), "in 1 segments; last decision 20") {
		t.Errorf("a store: %+v", findings["data folder"])
	}
}
