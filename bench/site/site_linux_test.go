package site_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/limen-waf/limen/bench/load"
	"github.com/limen-waf/limen/bench/site"
)

// TestMain lets the test program stand in for the upstream's process.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == site.UpstreamCommand {
		size, _ := strconv.Atoi(os.Args[2])
		if err := site.ServeUpstream(os.Stdout, size); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// Ensure that contestants become the Caddyfile they should.
func TestCaddyfile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(file, []byte("order x first\n---\nx {\n\ta {data}\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const globals = "{\n\tadmin 127.0.0.1:1\n\tpersist_config off\n\tauto_https off\n\tstorage file_system /d/caddy\n\tlog {\n\t\tlevel WARN\n\t}\n"
	tests := []struct {
		name  string
		extra site.Extra
		limen bool
		want  string
	}{
		{"bare", site.Extra{Block: []string{"x"}}, false, globals + "}\nhttp://:2 {\n\tbind 127.0.0.1\n\treverse_proxy 127.0.0.1:3\n}\n"},
		{
			"limen-native", site.Extra{Globals: []string{"retain 1h"}, Block: []string{"deadline 1s"}}, true,
			globals + "\tlimen {\n\t\tdata /d/limen\n\t\tdevice native\n\t\tretain 1h\n\t}\n}\nhttp://:2 {\n\tbind 127.0.0.1\n\tlimen {\n\t\tmode block\n\t\tdeadline 1s\n\t}\n\treverse_proxy 127.0.0.1:3\n}\n",
		},
		{
			"coraza-pl2", site.Extra{Block: []string{"deadline 1s"}, Rules: []string{"SecRuleRemoveById 1"}}, false,
			globals + "\torder coraza_waf first\n}\nhttp://:2 {\n\tbind 127.0.0.1\n\tcoraza_waf {\n\t\tload_owasp_crs\n\t\tdirectives `\n\t\tInclude @coraza.conf-recommended\n\t\tInclude @crs-setup.conf.example\n" +
				"\t\tSecAction \"id:900000,phase:1,pass,t:none,nolog,setvar:tx.blocking_paranoia_level=2\"\n\t\tInclude @owasp_crs/*.conf\n\t\tSecRuleEngine On\n\t\tSecRuleRemoveById 1\n\t\t`\n\t}\n\treverse_proxy 127.0.0.1:3\n}\n",
		},
		{"mine=" + file, site.Extra{}, false, globals + "\torder x first\n}\nhttp://:2 {\n\tbind 127.0.0.1\n\tx {\n\t\ta /d/limen\n\t}\n\treverse_proxy 127.0.0.1:3\n}\n"},
	}
	for _, test := range tests {
		c, err := site.Named(test.name, "caddy", test.extra)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Caddyfile("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "/d"); got != test.want {
			t.Errorf("%s: got\n%swant\n%s", test.name, got, test.want)
		}
		if c.Limen() != test.limen {
			t.Errorf("%s: Limen() = %v", test.name, c.Limen())
		}
		if c.Coraza() != strings.HasPrefix(test.name, "coraza") {
			t.Errorf("%s: Coraza() = %v", test.name, c.Coraza())
		}
	}
	for _, name := range []string{"nobody", "mine=" + file + ".missing"} {
		if _, err := site.Named(name, "caddy", site.Extra{}); err == nil {
			t.Errorf("contestant %q gave no error", name)
		}
	}
	for _, name := range site.Builtin() {
		if _, err := site.Named(name, "caddy", site.Extra{}); err != nil {
			t.Error(err)
		}
	}
}

// Ensure that the upstream answers with its mark from a process of its own and
// ends when told.
func TestUpstream(t *testing.T) {
	upstream, err := site.StartUpstream(100)
	if err != nil {
		t.Fatal(err)
	}
	defer upstream.Stop()
	if upstream.PID() == os.Getpid() {
		t.Error("the upstream is no process of its own")
	}
	response, err := http.Post("http://"+upstream.Address+"/x", "text/plain", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || len(body) != 100 || response.StatusCode != 200 || response.Header.Get(load.Marker) != "1" {
		t.Errorf("status %d, %d bytes, header %v, error %v", response.StatusCode, len(body), response.Header, err)
	}
	upstream.Stop()
	upstream.Stop() // twice is fine
	if !upstream.Exited() {
		t.Error("the upstream still runs")
	}
}

// Ensure that a Caddy that cannot start is an error with its last words.
func TestStartCaddyFailures(t *testing.T) {
	script := filepath.Join(t.TempDir(), "caddy")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho no such directive >&2\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for binary, want := range map[string]string{script: "no such directive", script + ".missing": "--caddy"} {
		c, err := site.Named("bare", binary, site.Extra{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := site.StartCaddy(ctx, c, t.TempDir(), "127.0.0.1:9"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}
