package caddymodule_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Ensure that the listing filters by every parameter, and pages.
func TestAdminVerdicts(t *testing.T) {
	s := start(t, strings.Replace(globalBlock, "limen {", "servers {\n trusted_proxies static 127.0.0.1/32\n }\n limen {", 1)+`http://:$PORT {
		limen {
			mode tag
		}
		respond "hello"
	}
	`, nil)
	for i, target := range []string{"/a", "/b?q=evil-sqli", "/b?q=evil-xss", "/b?q=maybe-sqli", "/c/d"} {
		r, err := http.NewRequest("GET", s.URL+target, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = []string{"One.example", "two.example"}[i%2]
		r.Header.Set("X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i))
		s.expect(s.send(r), 200, "hello")
	}
	all := s.rows("", 5)
	digest := all[0]["model_digest"].(string)
	middle := all[2]["time"].(string)
	tests := []struct {
		query string
		paths string
	}{
		{"", "/c/d /b?q=maybe-sqli /b?q=evil-xss /b?q=evil-sqli /a"},
		{"decision=tag", "/b?q=evil-xss /b?q=evil-sqli"},
		{"decision=allow", "/c/d /b?q=maybe-sqli /a"},
		{"class=sqli", "/b?q=maybe-sqli /b?q=evil-sqli"},
		{"class=sqli&decision=tag", "/b?q=evil-sqli"},
		{"host=ONE.example", "/c/d /b?q=evil-xss /a"},
		{"client_ip=192.0.2.4", "/c/d"},
		{"path=/b", "/b?q=maybe-sqli /b?q=evil-xss /b?q=evil-sqli"},
		{"model=" + digest, "/c/d /b?q=maybe-sqli /b?q=evil-xss /b?q=evil-sqli /a"},
		{"min_score=0.5", "/b?q=maybe-sqli /b?q=evil-xss /b?q=evil-sqli"},
		{"min_score=0.5&max_score=0.8", "/b?q=maybe-sqli"},
		{"max_score=0.5", "/c/d /a"},
		{"since=1h", "/c/d /b?q=maybe-sqli /b?q=evil-xss /b?q=evil-sqli /a"},
		{"until=1h", ""},
		{"since=" + url.QueryEscape(time.Now().Add(time.Hour).Format(time.RFC3339)), ""},
		{"until=" + url.QueryEscape(time.Now().Add(time.Hour).Format(time.RFC3339)), "/c/d /b?q=maybe-sqli /b?q=evil-xss /b?q=evil-sqli /a"},
		{"order=oldest&limit=2", "/a /b?q=evil-sqli"},
		{"label=none", "/c/d /b?q=maybe-sqli /b?q=evil-xss /b?q=evil-sqli /a"},
		{"label=any", ""},
		{"path=/b%3Fq%3De&host=two.example", "/b?q=evil-sqli"},
		{"principal=nobody", ""},
		{"limit=1", "/c/d"},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			if got := paths(s.page(tt.query).Verdicts); got != tt.paths {
				t.Errorf("lists %q, expected %q", got, tt.paths)
			}
		})
	}
	if _, err := time.Parse(time.RFC3339, middle); err != nil {
		t.Errorf("row's time: %v", err)
	}

	var got []row
	cursor := ""
	for n := 0; n < 10; n++ {
		page := s.page("limit=2&cursor=" + cursor)
		got = append(got, page.Verdicts...)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if paths(got) != paths(all) {
		t.Errorf("pages list %q, expected %q", paths(got), paths(all))
	}
}

type page struct {
	Verdicts []row
	Next     string
}

func (s *server) page(query string) (p page) {
	s.t.Helper()
	if status := s.api("/limen/verdicts?"+query, &p); status != 200 {
		s.t.Fatalf("%s answers %d", query, status)
	}
	return p
}

func paths(rows []row) string {
	var out []string
	for _, r := range rows {
		out = append(out, r["path"].(string))
	}
	return strings.Join(out, " ")
}

// Ensure that a row has its whole provenance, and no secret.
func TestAdminRow(t *testing.T) {
	s, _ := proxied(t, "class sqli 0.5")
	headers, body := form("user=bob&password=hunter2&q=evil-sqli")
	headers.Set("Cookie", "session=0123456789abcdef")
	headers.Set("Authorization", "Bearer s3cr3t")
	headers.Set("User-Agent", "test/1.0")
	s.expect(s.do("POST", "/login?token=topsecret", headers, body), 403, "")
	listed := s.rows("", 1)[0]
	id := listed["id"].(string)

	var r row
	if status := s.api("/limen/verdicts/"+id, &r); status != 200 {
		t.Fatalf("verdict answers %d", status)
	}
	st := s.status()
	want := row{
		"id": id, "method": "POST", "host": s.Addr, "client_ip": "127.0.0.1", "server": "srv0",
		"class": "sqli", "decision": "block", "mode": "block", "threshold": 0.5, "status": 403.0,
		"model_digest": st.Model.Digest, "engine": "spelling", "device": "test", "windows": 1.0,
	}
	for k, v := range want {
		if r[k] != v {
			t.Errorf("%s is %v, expected %v", k, r[k], v)
		}
	}
	for _, k := range []string{"policy_digest", "time", "score", "class_scores", "tokenizer_version", "bytes_inspected", "bytes_sent"} {
		if r[k] == nil {
			t.Errorf("%s is missing", k)
		}
	}
	request, _ := r["request"].(string)
	if !strings.Contains(request, "user=bob") || !strings.Contains(request, "User-Agent: test/1.0") || !strings.Contains(request, "evil-sqli") {
		t.Errorf("the request is not in the row: %q", request)
	}
	for _, secret := range []string{"hunter2", "0123456789abcdef", "s3cr3t", "topsecret"} {
		if strings.Contains(fmt.Sprint(r), secret) {
			t.Errorf("the row has %s", secret)
		}
	}

	var why struct {
		Verdict row
		Model   struct{ Digest, Name string }
		Policy  struct {
			Digest string
			Policy struct {
				Mode            string
				ClassThresholds map[string]float64 `json:"class_thresholds"`
			}
		}
		Missing []string
	}
	if status := s.api("/limen/verdicts/"+id+"/why", &why); status != 200 {
		t.Fatalf("why answers %d", status)
	}
	if why.Verdict["id"] != id || why.Model.Digest != st.Model.Digest || why.Model.Name != "spelling" ||
		why.Policy.Digest != r["policy_digest"] || len(why.Missing) > 0 {
		t.Errorf("why answers %+v", why)
	}
}

// Ensure that a page of large requests ends early and that none is lost.
func TestAdminLargeRows(t *testing.T) {
	s, _ := proxied(t, "")
	const n = 24
	for range n {
		headers, body := form("evil-sqli " + strings.Repeat("x", 1_000_000))
		s.expect(s.do("POST", "/", headers, body), 403, "")
	}
	got, pages := 0, 0
	deadline := time.Now().Add(time.Minute)
	for cursor := ""; ; {
		p := s.page("limit=1000&cursor=" + cursor)
		got += len(p.Verdicts)
		pages++
		if cursor = p.Next; cursor == "" {
			if got == n || time.Now().After(deadline) {
				break
			}
			got, pages = 0, 0 // not all are written yet
		}
	}
	if got != n {
		t.Errorf("%d rows are listed, expected %d", got, n)
	}
}

// Ensure that bad questions get an error in JSON with its status.
func TestAdminErrors(t *testing.T) {
	s := start(t, plainSite, map[string]string{"$TEXT": "hello"})
	unknown := "01ARZ3NDEKTSV4RRFFQ69G5FAV"
	tests := []struct {
		method, path string
		status       int
		want         string
	}{
		{"GET", "/limen/", 404, "no such resource"},
		{"GET", "/limen/nothing", 404, "no such resource"},
		{"GET", "/limen/verdicts/" + unknown, 404, unknown},
		{"GET", "/limen/verdicts/" + unknown + "/why", 404, unknown},
		{"GET", "/limen/verdicts/" + unknown + "/what", 404, "no such resource"},
		{"GET", "/limen/verdicts/1", 400, "26 characters"},
		{"POST", "/limen/verdicts", 405, "POST"},
		{"DELETE", "/limen/status", 405, "DELETE"},
		{"GET", "/limen/verdicts?classs=sqli", 400, "unknown parameter classs: expected since, until, decision, class"},
		{"GET", "/limen/verdicts?class=sqli&class=xss", 400, "class is given 2 times, expected once"},
		{"GET", "/limen/verdicts?class=", 400, "parameter class is empty"},
		{"GET", "/limen/verdicts?since=yesterday", 400, `parameter since is \"yesterday\": expected a time such as`},
		{"GET", "/limen/verdicts?since=1h&until=2h", 400, "is before since"},
		{"GET", "/limen/verdicts?min_score=high", 400, `parameter min_score is \"high\": expected a number from 0 to 1`},
		{"GET", "/limen/verdicts?min_score=2", 400, `parameter min_score is \"2\": expected a number from 0 to 1`},
		{"GET", "/limen/verdicts?min_score=NaN", 400, `expected a number from 0 to 1`},
		{"GET", "/limen/verdicts?max_score=0", 400, `parameter max_score is \"0\": expected a number above 0`},
		{"GET", "/limen/verdicts?min_score=0.5&max_score=0.4", 400, "max score 0.4 is below min score 0.5"},
		{"GET", "/limen/verdicts?limit=0x", 400, "expected a whole number from 1 to 10000"},
		{"GET", "/limen/verdicts?limit=-1", 400, "expected a whole number from 1 to 10000"},
		{"GET", "/limen/verdicts?limit=0", 400, "expected a whole number from 1 to 10000"},
		{"GET", "/limen/verdicts?decision=deny", 400, `decision \"deny\": want allow, tag or block`},
		{"GET", "/limen/verdicts?class=sql", 400, `class \"sql\": want one of`},
		{"GET", "/limen/verdicts?order=random", 400, `order \"random\": want newest or oldest`},
		{"GET", "/limen/verdicts?label=maybe", 400, `label \"maybe\": want any, attack, normal or none`},
		{"GET", "/limen/verdicts?host=" + url.QueryEscape("http://a/"), 400, `host \"http://a/\": want a host's name`},
		{"GET", "/limen/verdicts?path=shop", 400, `path \"shop\": want the beginning of a request's target, like /shop/`},
		{"GET", "/limen/verdicts?model=resnet", 400, `model \"resnet\": want a name or the beginning of a digest`},
		{"GET", "/limen/verdicts?cursor=x", 400, `cursor`},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			r, err := http.NewRequest(tt.method, s.Admin+tt.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			res := s.send(r)
			s.expect(res, tt.status, tt.want)
			if !strings.HasPrefix(res.Text, `{"error":"`) {
				t.Errorf("the answer is %q, expected an error in JSON", res.Text)
			}
		})
	}
}

// Ensure that the admin endpoint of a server without Limen says so.
func TestAdminWithoutLimen(t *testing.T) {
	s := newServer(t, nil)
	s.run(`{
		admin ADMIN
		persist_config off
		log {
			output discard
		}
	}
	$SITE {
		respond "hello"
	}
	`)
	var answer struct{ Error string }
	if status := s.api("/limen/status", &answer); status != 404 || !strings.Contains(answer.Error, "limen is not configured") {
		t.Errorf("answers %d %q", status, answer.Error)
	}
}

// Ensure that status tells what runs and counts exactly.
func TestAdminStatus(t *testing.T) {
	s := start(t, plainSite, map[string]string{"$TEXT": "hello"})
	before := s.status()
	for range 5 {
		s.get("/")
	}
	s.get("/?q=evil-sqli")
	after := s.status()
	if n := after.Counts.Requests - before.Counts.Requests; n != 6 {
		t.Errorf("%v requests are counted, expected 6", n)
	}
	if n := after.Counts.Decisions["block"] - before.Counts.Decisions["block"]; n != 1 {
		t.Errorf("%v blocked requests are counted, expected 1", n)
	}
	if after.Model.Name != "spelling" || after.Engine.Engine != "spelling" || after.Data != s.Data {
		t.Errorf("status is %+v", after)
	}
}
