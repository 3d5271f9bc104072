package caddymodule_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Ensure that a running server can be backed up, that the backup can be restored and
// read, and that neither overwrites anything.
func TestCLIBackup(t *testing.T) {
	s, stop := stoppable(t, "$SITE {\n limen\n respond ok\n}")
	for range 20 {
		s.get("/?a=evil-sqli")
	}
	id := s.rows("", 20)[7]["id"].(string)
	nobody := freeAddr(t)
	check := func(name string, args ...string) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			backup, data := filepath.Join(dir, "backup"), filepath.Join(dir, "data")
			run := func(want string, args ...string) {
				t.Helper()
				out, _, err := limen(t, "", args...)
				if err != nil {
					out += err.Error()
				}
				if !strings.Contains(out, want) {
					t.Errorf("%q: got %q, expected %q", args, out, want)
				}
			}
			run("3 files, ", append([]string{"backup", backup}, args...)...)
			run("is not empty", append([]string{"backup", backup}, args...)...)
			run("every file is as it was written", "restore", backup, "--check")
			run("restored to "+data, "restore", backup, "--data", data)
			run("is not empty", "restore", backup, "--data", data)
			run("block "+id, "why", id, "--address", nobody, "--data", data)
			if err := os.Truncate(filepath.Join(backup, "limen.db"), 8192); err != nil {
				t.Fatal(err)
			}
			run("restore another backup", "restore", backup, "--check")
			run("restore another backup", "restore", backup, "--data", filepath.Join(dir, "other"))
		})
	}
	check("server", "--address", s.admin())
	stop()
	check("folder", "--address", nobody, "--data", s.Data)
}
