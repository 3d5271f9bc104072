package caddymodule_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/limen-waf/limen/caddymodule"
)

// siteStatus is a site in the answer of /limen/status.
type siteStatus struct {
	Site        string
	Mode        string
	Threshold   float64
	Calibration *struct {
		State, Reason string
		TargetFPR     float64 `json:"target_fpr"`
		Threshold     float64
		Rows, Needed  int
		Flagged       int
		Low, High     float64
		LeftOut       struct{ Attackers, Repeats, Biased, Unscored int } `json:"left_out"`
	}
}

func (s *server) sites() []siteStatus {
	s.t.Helper()
	var st struct{ Sites []siteStatus }
	if code := s.api("/limen/status", &st); code != 200 {
		s.t.Fatalf("status answers %d", code)
	}
	return st.Sites
}

// settled asks for the sites' names until they are right, for ten seconds. For a
// moment after a reload the admin endpoint of the configuration before may still
// answer, or break the connection off.
func (s *server) settled(right func(names []string) bool) {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		r, err := s.Client.Get(s.Admin + "/limen/status")
		if err != nil {
			continue
		}
		var st struct{ Sites []siteStatus }
		err = json.NewDecoder(r.Body).Decode(&st)
		r.Body.Close()
		if err != nil {
			continue
		}
		var names []string
		for _, site := range st.Sites {
			names = append(names, site.Site)
		}
		if right(names) {
			return
		}
	}
}

// calibrated waits until the first site's calibration is in a state, with a number
// of rows.
func (s *server) calibrated(state string, rows int) siteStatus {
	s.t.Helper()
	return s.calibratedWithout(0, state, rows)
}

// calibratedWithout also waits until the requests of so many attackers are left out: rows
// alone are the same number for a moment while an attacker's requests come in.
func (s *server) calibratedWithout(attackers int, state string, rows int) siteStatus {
	s.t.Helper()
	var site siteStatus
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if site = s.sites()[0]; site.Calibration != nil && site.Calibration.State == state && site.Calibration.Rows == rows && site.Calibration.LeftOut.Attackers >= attackers {
			return site
		}
	}
	s.t.Fatalf("site is %+v, calibration %+v; expected state %s and %d rows", site, site.Calibration, state, rows)
	return site
}

// from sends a request as a client behind the trusted proxy.
func (s *server) from(ip, target string) response {
	s.t.Helper()
	return s.do("GET", target, http.Header{"X-Forwarded-For": {ip}}, nil)
}

// The model's own threshold is 0.9; maybe-sqli scores 0.66, evil-sqli 0.998, which is
// above the ceiling, and the rest 0.007. A target of 0.05 takes 72 requests.
const targetGlobal = `{
	admin ADMIN
	persist_config off
	grace_period 5s
	metrics
	servers {
		trusted_proxies static 127.0.0.1/32
	}
	log {
		output discard
	}
	limen {
		data $DATA
		device native
		model http $MODEL
	}
}
`

func targetSite(options string) string {
	return targetGlobal + `$SITE {
	limen {
		` + options + `
	}
	respond "hello at {http.limen.threshold}"
}
`
}

func hurry(t *testing.T) {
	t.Cleanup(caddymodule.SetCalibration(10*time.Millisecond, 300*time.Millisecond))
}

// Ensure that the threshold is the model's until enough requests are recorded, then
// follows them, over a reload and a restart; and that status, metrics, doctor and
// the threshold command say so, of a running server and of its data folder.
func TestTargetFPR(t *testing.T) {
	hurry(t)
	s := newServer(t, nil)
	caddyfile := targetSite("target_fpr 0.05")
	if err := s.load(caddyfile); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = caddy.Stop() })

	s.expect(s.from("192.0.2.1", "/?q=maybe-sqli"), 200, "hello at 0.9")
	for i := range 70 {
		s.expect(s.from(fmt.Sprintf("192.0.2.%d", 10+i/10), "/shoes"), 200, "hello")
	}
	site := s.calibrated("too_few", 71)
	if c := site.Calibration; site.Threshold != 0.9 || c.Needed != 72 || !strings.Contains(c.Reason, "71 of 72 recorded requests that it takes") {
		t.Errorf("before there is enough: %+v %+v", site, c)
	}
	out, _, err := limen(t, "", "threshold", "--target-fpr", "0.05", "--address", s.admin())
	if err != nil || !strings.Contains(out, "threshold  none; the model's own, 0.9, is used") || !strings.Contains(out, "71 of 72") {
		t.Errorf("threshold says %v\n%s", err, out)
	}
	out, _, err = limen(t, "", "doctor", "--address", s.admin(), "--data", s.Data, "--model", s.Model)
	if !strings.Contains(out, "threshold 0.9 for target_fpr 0.05 is the model's own: 71 of 72") {
		t.Errorf("doctor says %v\n%s", err, out)
	}
	if got := s.metric(fmt.Sprintf(`limen_target_fpr_state{site=%q,state="too_few"}`, site.Site)); got != 1 {
		t.Errorf("metric of the state is %v", got)
	}

	// A scanner, whose requests say nothing.
	for i := range 30 {
		s.from("203.0.113.1", []string{"/?q=maybe-sqli", "/?q=evil-sqli"}[i/29])
	}
	s.expect(s.from("192.0.2.2", "/?q=maybe-sqli"), 200, "hello")
	s.expect(s.from("192.0.2.20", "/hats"), 200, "hello")
	floor := 0.9 / 1.9 // odds of 9, a tenth of them
	site = s.calibratedWithout(30, "traffic", 73)
	if c := site.Calibration; math.Abs(site.Threshold-floor) > 1e-9 || c.Flagged != 2 || c.LeftOut.Attackers != 30 || !(c.Low < 2./73 && c.High > 2./73) {
		t.Errorf("with two of 73 flagged: %+v %+v", site, c)
	}
	s.expect(s.from("192.0.2.3", "/?q=maybe-sqli"), 403, "")
	r := s.rows("", 104)[0]
	if r["threshold"] != site.Threshold || r["decision"] != "block" || r["class"] != "sqli" || r["sampled"] != true || r["route"] != site.Site {
		t.Errorf("row is %v", r)
	}

	// One more than the target allows: 4 of 75.
	s.expect(s.from("192.0.2.4", "/?q=maybe-sqli"), 403, "")
	site = s.calibrated("traffic", 75)
	if site.Threshold < 0.659 || site.Threshold > 0.67 || site.Calibration.Flagged != 0 {
		t.Errorf("with four of 75: %+v %+v", site, site.Calibration)
	}
	s.expect(s.from("192.0.2.5", "/?q=maybe-sqli"), 200, "hello")
	site = s.calibrated("traffic", 76)
	if got := s.metric(fmt.Sprintf("limen_threshold{site=%q}", site.Site)); got != site.Threshold {
		t.Errorf("metric of the threshold is %v, expected %v", got, site.Threshold)
	}
	out, _, _ = limen(t, "", "doctor", "--address", s.admin(), "--data", s.Data, "--model", s.Model)
	if want := fmt.Sprintf("threshold %v for target_fpr 0.05; 0 of 76 recorded requests flagged", site.Threshold); !strings.Contains(out, want) {
		t.Errorf("%q is not in what doctor says\n%s", want, out)
	}

	// The same to the first request after a reload, with other options, and after
	// a restart.
	check := func(when string) {
		t.Helper()
		if got := s.sites()[0]; got.Calibration == nil || got.Calibration.State != "traffic" || got.Threshold != site.Threshold || got.Site != site.Site {
			t.Errorf("%s: %+v %+v", when, got, got.Calibration)
		}
	}
	if err := s.load(targetSite("target_fpr 0.05\n mode tag")); err != nil {
		t.Fatal(err)
	}
	check("after a reload")
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	asked := func(args ...string) float64 {
		t.Helper()
		out, _, err := limen(t, "", append([]string{"threshold", "--json", "--target-fpr", "0.05"}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		var answer struct{ Sites []siteStatus }
		if err := json.Unmarshal([]byte(out), &answer); err != nil || len(answer.Sites) != 1 || answer.Sites[0].Site != site.Site {
			t.Fatalf("%v\n%s", err, out)
		}
		return answer.Sites[0].Threshold
	}
	if got := asked("--data", s.Data, "--address", freeAddr(t)); got != site.Threshold {
		t.Errorf("from the data folder: %v, expected %v", got, site.Threshold)
	}
	if err := s.load(caddyfile); err != nil {
		t.Fatal(err)
	}
	check("after a restart")
	for _, args := range [][]string{nil, {"--host", s.Addr}, {"--since", "1h"}} {
		if got := asked(append(args, "--address", s.admin())...); got != site.Threshold {
			t.Errorf("from the server with %q: %v, expected %v", args, got, site.Threshold)
		}
	}
	out, _, err = limen(t, "", "threshold", "--host", "other.example", "--address", s.admin())
	if err != nil || out != "no requests of this model are recorded\n" {
		t.Errorf("another host: %v\n%s", err, out)
	}
	for _, path := range []string{"target_fpr=0", "target_fpr=x", "since=yesterday", "hosts=a", "host=a&host=b"} {
		var answer struct{ Error string }
		if code := s.api("/limen/threshold?"+path, &answer); code != 400 || answer.Error == "" {
			t.Errorf("%s answers %d %q", path, code, answer.Error)
		}
	}
	for flag, want := range map[string]string{"--target-fpr=5%": `--target-fpr is "5%", expected a number from 0.00001 to 0.5`, "--since=soon": `--since is "soon", expected an age`} {
		if _, _, err := limen(t, "", "threshold", flag); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", flag, err)
		}
	}
}

// Ensure that what is stored because of its score chooses no threshold, and that a
// sample does.
func TestTargetFPRRecord(t *testing.T) {
	hurry(t)
	tests := []struct {
		options, state, reason string
		rows                   func(n int) bool
	}{
		{"record flagged", "record", "record is flagged, and the requests that are flagged say nothing of the others", func(n int) bool { return n == 0 }},
		{"record none", "record", "record is none", func(n int) bool { return n == 0 }},
		{"record sample 0.5", "too_few", "of 368 recorded requests", func(n int) bool { return n > 10 && n < 190 }},
		{"record all", "too_few", "200 of 368 recorded requests", func(n int) bool { return n == 200 }},
	}
	for _, tt := range tests {
		t.Run(tt.options, func(t *testing.T) {
			s := start(t, targetSite("mode observe\n target_fpr 0.01\n class sqli 0.5\n"+tt.options), nil)
			for i := range 200 { // flagged by the class, and below the model's own threshold
				s.expect(s.from(fmt.Sprintf("192.0.2.%d", i), "/?q=maybe-sqli"), 200, "hello")
			}
			want := 200
			if tt.options == "record none" {
				want = 0
			}
			s.rows("", want)
			var site siteStatus
			for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
				if site = s.sites()[0]; site.Calibration.Rows+site.Calibration.LeftOut.Biased == want {
					break
				}
			}
			c := site.Calibration
			if c.State != tt.state || !strings.Contains(c.Reason, tt.reason) || !tt.rows(c.Rows) || c.Rows+c.LeftOut.Biased != want || site.Threshold != 0.9 {
				t.Errorf("got %+v %+v", site, c)
			}
		})
	}
}

// Ensure that thresholds and requests do not race, and that every row has the
// threshold that its decision was made by.
func TestTargetFPRRace(t *testing.T) {
	t.Cleanup(caddymodule.SetCalibration(time.Millisecond, 50*time.Millisecond))
	s := start(t, targetSite("target_fpr 0.05"), nil)
	var wg sync.WaitGroup
	const n = 100
	for w := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range n {
				// Few ask oddly at first, then more: the threshold falls, then rises.
				target := "/shoes"
				if i%20 == 10 || i > 60 && i%3 == 0 {
					target = "/?q=maybe-sqli"
				}
				r, err := http.NewRequest("GET", s.URL+target, nil)
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("X-Forwarded-For", fmt.Sprintf("192.0.%d.%d", w, i))
				res, err := s.Client.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				res.Body.Close()
				_ = s.sites()
			}
		}()
	}
	wg.Wait()
	s.calibrated("traffic", 4*n)
	s.expect(s.from("192.0.2.1", "/shoes"), 200, "hello")
	thresholds := make(map[float64]bool)
	for _, r := range s.rows("", 4*n+1) {
		score, _ := r["score"].(float64)
		threshold, _ := r["threshold"].(float64)
		thresholds[threshold] = true
		if (r["decision"] == "block") != (score >= threshold) {
			t.Errorf("a score of %v at a threshold of %v was %v", score, threshold, r["decision"])
		}
	}
	if len(thresholds) < 2 {
		t.Errorf("thresholds were %v", thresholds)
	}
}

// Ensure that sites are named by where their handlers stand, each one differently.
func TestSites(t *testing.T) {
	s := newServer(t, nil)
	port := strings.TrimPrefix(s.Addr, "127.0.0.1:")
	tests := []struct {
		name, caddyfile string
		want            []string // port for $PORT
	}{
		{"host", "http://shop.example:$PORT {\n limen\n}", []string{"shop.example:P"}},
		{"hosts", "http://www.shop.example:$PORT, http://shop.example:$PORT {\n limen\n}", []string{"shop.example,www.shop.example:P"}},
		{"any host", "http://:$PORT {\n limen\n}", []string{"*:P"}},
		{"two sites", "http://a.example:$PORT {\n limen\n}\nhttp://b.example:$PORT {\n limen {\n mode tag\n}\n}", []string{"a.example:P", "b.example:P"}},
		{"path", "http://a.example:$PORT {\n limen /api/*\n limen /admin/* {\n mode tag\n}\n}", []string{"a.example:P path /admin/*", "a.example:P path /api/*"}},
		{"matchers", "http://a.example:$PORT {\n @m {\n path /x /y\n method POST\n}\n limen @m\n}", []string{"a.example:P method POST and path /x /y"}},
		{"inner host", "http://*.example:$PORT {\n @a host a.example\n handle @a {\n limen\n}\n handle {\n limen\n}\n}", []string{"a.example:P", "*.example:P"}},
		{"twice", "http://a.example:$PORT {\n route {\n limen\n limen {\n mode tag\n}\n}\n}", []string{"a.example:P", "a.example:P #2"}},
		{"handle_errors", "http://a.example:$PORT {\n handle_errors {\n limen\n}\n}", []string{"a.example:P errors"}},
		{"named route", "&(guard) {\n limen\n}\nhttp://a.example:$PORT {\n invoke guard\n}\nhttp://b.example:$PORT {\n route /x {\n invoke guard\n}\n}", []string{"a.example:P or b.example:P path /x"}},
		{"options do not count", "http://a.example:$PORT {\n limen {\n mode observe\n threshold 0.5\n}\n}", []string{"a.example:P"}},
	}
	t.Cleanup(func() { _ = caddy.Stop() })
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := s.load(globalBlock + tt.caddyfile); err != nil {
				t.Fatal(err)
			}
			var got []string
			s.settled(func(names []string) bool {
				got = nil
				for _, name := range names {
					got = append(got, strings.ReplaceAll(name, ":"+port, ":P"))
				}
				return slices.Equal(got, tt.want)
			})
			if !slices.Equal(got, tt.want) {
				t.Errorf("sites are %q, expected %q", got, tt.want)
			}
		})
	}
	t.Run("many hosts", func(t *testing.T) {
		var hosts []string
		for i := range 60 {
			hosts = append(hosts, fmt.Sprintf("http://host%d.example:$PORT", i))
		}
		names := make(map[string]bool)
		for n := 58; n <= 60; n++ {
			if err := s.load(globalBlock + strings.Join(hosts[:n], ", ") + " {\n limen\n}"); err != nil {
				t.Fatal(err)
			}
			var name string
			s.settled(func(sites []string) bool {
				if len(sites) == 1 {
					name = sites[0]
				}
				return len(sites) == 1 && !names[name]
			})
			names[name] = true
			if len(name) > 100 || !strings.HasPrefix(name, "host0.example,host1.example,") {
				t.Errorf("site is %q", name)
			}
		}
		if len(names) != 3 {
			t.Errorf("three sites are named %v", names)
		}
	})
}
