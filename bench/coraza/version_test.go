package coraza_test

import (
	"os"
	"strings"
	"testing"
)

// Ensure that the Caddy that Coraza runs in is the one that Limen is built with,
// and so is all else that both consist of.
func TestSameVersions(t *testing.T) {
	ours, theirs := versions(t, "../go.mod"), versions(t, "../../go.mod")
	if ours["github.com/caddyserver/caddy/v2"] == "" || len(theirs) < 50 {
		t.Fatalf("go.mod not understood: %d and %d modules", len(ours), len(theirs))
	}
	for path, version := range theirs {
		if got, ok := ours[path]; ok && got != version {
			t.Errorf("%s is %s here and %s in the main module: go get %s@%s", path, got, version, path, version)
		}
	}
}

// versions returns the modules that a go.mod requires.
func versions(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(fields) >= 2 && strings.Contains(fields[0], "/") && strings.HasPrefix(fields[1], "v") {
			found[fields[0]] = fields[1]
		}
	}
	return found
}
