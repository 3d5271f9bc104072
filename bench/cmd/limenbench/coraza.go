//go:build linux

package main

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/limen-waf/limen/bench/site"
)

// corazaPackage is the main package of a Caddy with Coraza.
const corazaPackage = "github.com/limen-waf/limen/bench/cmd/caddy-coraza"

// buildCoraza builds a Caddy with Coraza and returns its path. Go does so only
// where something changed, and the settings are those that the binary like was
// built with: neither contestant has the better build, and what both consist of
// is compiled once.
func buildCoraza(ctx context.Context, like string, log io.Writer) (string, error) {
	failed := func(err error) (string, error) {
		return "", fmt.Errorf("building a Caddy with Coraza: %w (needs Go, in the folder bench/; or name a binary with --coraza)", err)
	}
	folder := output("go", "list", "-f", "{{.Module.Dir}}", corazaPackage)
	if folder == "" {
		return failed(errors.New("go does not find " + corazaPackage))
	}
	binary := filepath.Join(folder, "out", "caddy-coraza")
	command := exec.CommandContext(ctx, "go", "build", "-ldflags", "-s -w", "-o", binary)
	command.Dir, command.Env = folder, os.Environ()
	if info, err := buildinfo.ReadFile(like); err == nil {
		for _, setting := range info.Settings {
			switch setting.Key {
			case "-tags", "-trimpath":
				command.Args = append(command.Args, setting.Key+"="+setting.Value)
			case "CGO_ENABLED", "GOAMD64", "GOARM64":
				command.Env = append(command.Env, setting.Key+"="+setting.Value)
			}
		}
	}
	command.Args = append(command.Args, corazaPackage)
	fmt.Fprintln(log, "building a Caddy with Coraza (minutes, the first time)")
	if out, err := command.CombinedOutput(); err != nil {
		return failed(fmt.Errorf("%s: %w\n%s", strings.Join(command.Args, " "), err, strings.TrimSpace(string(out))))
	}
	return binary, nil
}

// corazaVersions says what the contestant runs: Coraza, its rules, and how they
// are set.
func corazaVersions(c *site.Contestant) string {
	var parts []string
	if info, err := buildinfo.ReadFile(c.Binary); err == nil {
		for _, module := range info.Deps {
			if name, ok := strings.CutPrefix(module.Path, "github.com/corazawaf/"); ok && !strings.HasPrefix(name, "libinjection") {
				parts = append(parts, name+" "+module.Version)
			}
		}
	}
	for _, line := range c.Directives {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "Sec") || strings.HasPrefix(line, "Include") {
			parts = append(parts, "`"+line+"`")
		}
	}
	return strings.Join(parts, ", ")
}

// sameCaddy fails if the contestants do not run the same version of Caddy, which
// would be compared too.
func sameCaddy(contestants []*site.Contestant) error {
	first := contestants[0]
	want, _, _ := strings.Cut(output(first.Binary, "version"), " ")
	for _, c := range contestants[1:] {
		if c.Binary == first.Binary {
			continue
		}
		if got, _, _ := strings.Cut(output(c.Binary, "version"), " "); got != want {
			return fmt.Errorf("%s (%s) is Caddy %q and %s (%s) is Caddy %q: build both from one version", first.Name, first.Binary, want, c.Name, c.Binary, got)
		}
	}
	return nil
}
