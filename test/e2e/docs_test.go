package e2e_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// documents are the Markdown files that users read.
func documents(t *testing.T) (paths []string) {
	t.Helper()
	for _, name := range []string{"README.md", "BENCHMARKS.md", "CONTRIBUTING.md", "RATIONALE.md", "CHANGELOG.md"} {
		if _, err := os.Stat(filepath.Join(root, name)); err == nil {
			paths = append(paths, filepath.Join(root, name))
		}
	}
	docs := filepath.Join(root, "docs")
	if _, err := os.Stat(docs); err == nil {
		err := filepath.WalkDir(docs, func(path string, _ fs.DirEntry, err error) error {
			if strings.HasSuffix(path, ".md") {
				paths = append(paths, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Ensure that every Caddyfile that is shown to users adapts: whole ones as they
// are, directives inside a site.
func TestDocumentedCaddyfiles(t *testing.T) {
	block := regexp.MustCompile("(?ms)^```(?i:caddyfile)[^\n]*\n(.*?)^```")
	adapt := func(t *testing.T, text string) result {
		config := filepath.Join(t.TempDir(), "Caddyfile")
		write(t, config, text)
		return run(t, t.TempDir(), "adapt", "--config", config, "--adapter", "caddyfile")
	}
	for _, path := range documents(t) {
		for i, match := range block.FindAllStringSubmatch(read(t, path), -1) {
			snippet := match[1]
			whole := adapt(t, snippet)
			if whole.code == 0 {
				continue
			}
			inside := adapt(t, "example.com {\n"+snippet+"\n}\n")
			global := adapt(t, "{\n"+snippet+"\n}\n")
			if inside.code != 0 && global.code != 0 {
				t.Errorf("%s, Caddyfile %d:\n%s\nas a file: %s\nin a site: %s\nas global options: %s", filepath.Base(path), i+1, snippet, whole.err, inside.err, global.err)
			}
		}
	}
	example := adapt(t, read(t, filepath.Join(root, "Caddyfile.example")))
	if example.code != 0 || !strings.Contains(example.out, `"handler":"limen"`) {
		t.Errorf("Caddyfile.example: %s", example.err)
	}
	if strings.Contains(example.err, "not formatted") {
		t.Errorf("Caddyfile.example is not as caddy fmt writes it: %s", example.err)
	}
}

// Ensure that the commands shown to users exist, with the flags shown.
func TestDocumentedCommands(t *testing.T) {
	shown := regexp.MustCompile("caddy limen ([a-z][a-z-]*)([^`\n]*)")
	code := regexp.MustCompile("(?ms)^```.*?^```|^(?:\t|    )[^\n]*\n|`[^`\n]+`")
	flag := regexp.MustCompile(`(?:^|[\s\[])(--[a-z][a-z-]*)`)
	help := map[string]string{}
	texts := map[string]string{"Caddyfile.example": "`" + strings.ReplaceAll(read(t, filepath.Join(root, "Caddyfile.example")), "\n", "`\n`") + "`"}
	for _, path := range documents(t) {
		texts[filepath.Base(path)] = read(t, path)
	}
	for name, text := range texts {
		for _, part := range code.FindAllString(text, -1) {
			for _, match := range shown.FindAllStringSubmatch(part, -1) {
				command, rest := match[1], match[2]
				if _, ok := help[command]; !ok {
					r := run(t, t.TempDir(), "limen", command, "--help")
					if r.code != 0 || !strings.Contains(r.out+r.err, "limen "+command) {
						t.Errorf("%s shows caddy limen %s, which does not exist:\n%s", name, command, r.err)
					}
					help[command] = r.out + r.err
				}
				for _, f := range flag.FindAllStringSubmatch(rest, -1) {
					if !regexp.MustCompile(regexp.QuoteMeta(f[1]) + `\b`).MatchString(help[command]) {
						t.Errorf("%s shows caddy limen %s %s: no such flag", name, command, f[1])
					}
				}
			}
		}
	}
	if len(help) == 0 {
		t.Error("no command is shown anywhere")
	}
}
