package evasion

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Ensure, by running them in Bash, that mutated commands do what the command did.
func TestShellRuns(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	run := func(command string) string {
		c := exec.Command(bash, "-c", "true "+command)
		c.Dir, c.Env = t.TempDir(), []string{"PATH=" + os.Getenv("PATH"), "HOME=/root", "PWD=/", "SHELL=/bin/bash"}
		out, _ := c.Output()
		return strings.TrimSpace(string(out))
	}
	file := "/etc/hostname"
	if _, err := os.Stat(file); err != nil {
		if file = "/etc/passwd"; len(run(";cat "+file)) == 0 {
			t.Skip("no file to read")
		}
	}
	for _, text := range []string{";cat " + file, ";echo limen", "; echo one two"} {
		want := run(text)
		if want == "" {
			t.Fatalf("%q prints nothing", text)
		}
		r := rand.New(rand.NewPCG(9, 10))
		for _, name := range []string{"sh-quotes", "sh-backslash", "sh-space", "sh-brace", "sh-empty", "sh-glob", "sh-decode", "sh-path", "sh-variable", "sh-ansi-c", "sh-comment"} {
			m, ok := Mutations().Named(name)
			if !ok {
				t.Fatalf("no mutation %s", name)
			}
			for range 6 {
				c := &Candidate{Class: "cmdi", Payload: text, Place: Query}
				c = Step{&m, r.Uint64()}.Apply(c)
				if c == nil {
					continue
				}
				if missing(c.Payload) {
					continue
				}
				if got := run(c.Payload); got != want && !strings.Contains(got, want) {
					t.Errorf("%s: %q prints %q, want %q", name, c.Payload, got, want)
				}
			}
		}
	}
}

// missing says whether a command uses a program that this system may not have.
func missing(command string) bool {
	for _, program := range []string{"xxd", "openssl", "rev", "base64", "/bin/cat"} {
		if !strings.Contains(command, program) {
			continue
		}
		if _, err := exec.LookPath(filepath.Base(program)); err != nil {
			return true
		}
	}
	return false
}
