package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/limen-waf/limen/bench/load"
	"github.com/limen-waf/limen/bench/site"
)

// TestMain lets the test program stand in for the upstream's process and for the
// Caddy itself, which is then built but once.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case site.UpstreamCommand:
			size, _ := strconv.Atoi(os.Args[2])
			if err := site.ServeUpstream(os.Stdout, size); err != nil {
				panic(err)
			}
		case "run":
			main()
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

// Ensure that every built-in contestant with Coraza runs as the benchmark runs
// it, lets an ordinary request through and blocks an injection.
func TestContestants(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	upstream, err := site.StartUpstream(100)
	if err != nil {
		t.Fatal(err)
	}
	defer upstream.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	found := 0
	for _, name := range site.Builtin() {
		c, err := site.Named(name, self, site.Extra{Rules: []string{`SecRule ARGS:word "@streq forbidden" "id:1,phase:2,deny,status:451"`}})
		if err != nil {
			t.Fatal(err)
		}
		if !c.Coraza() {
			continue
		}
		found++
		t.Run(name, func(t *testing.T) {
			caddy, err := site.StartCaddy(ctx, c, t.TempDir(), upstream.Address)
			if err != nil {
				t.Fatal(err)
			}
			defer caddy.Stop()
			want := map[string]int{
				"/books?title=the+sea&page=2":                                     200,
				"/books?id=7%27%20UNION%20SELECT%20login%20FROM%20users--%20":     403,
				"/books?word=forbidden":                                           451,
				"/files?name=..%2F..%2F..%2F..%2Fetc%2Fpasswd":                    403,
				"/search?q=%3Cscript%3Ealert%28document.cookie%29%3C%2Fscript%3E": 403,
			}
			for target, status := range want {
				check(t, caddy.Address, "GET", target, status)
			}
			// Allowed methods are a policy of the rule set's.
			put := 403
			if name == "coraza-pl1-nopolicy" {
				put = 200
			}
			check(t, caddy.Address, "PUT", "/books/7", put)
		})
	}
	if found != 4 {
		t.Errorf("%d contestants with Coraza", found)
	}
}

// check sends a request as a browser would.
func check(t *testing.T, address, method, target string, want int) {
	t.Helper()
	request, err := http.NewRequest(method, "http://"+address+target, bytes.NewReader(nil))
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "www.example.com"
	request.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	request.Header.Set("Accept", "text/html")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != want || (response.Header.Get(load.Marker) == "1") != (want == 200) {
		t.Errorf("%s %s: status %d, marker %q, want %d", method, target, response.StatusCode, response.Header.Get(load.Marker), want)
	}
}
