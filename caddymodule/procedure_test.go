package caddymodule_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/limen-waf/limen/store"
)

// answers is a site that answers what passes.
const answers = "$SITE {\n limen\n respond hello\n}"

// must runs "caddy limen" and fails the test where the command does.
func must(t *testing.T, args ...string) string {
	t.Helper()
	out, _, err := limen(t, "", args...)
	if err != nil {
		t.Fatalf("%s: %v", strings.Join(args, " "), err)
	}
	return out
}

// post calls a procedure through the admin endpoint.
func (s *server) post(path, body string, header http.Header) response {
	s.t.Helper()
	r, err := http.NewRequest("POST", s.Admin+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for name, values := range header {
		r.Header[name] = values
	}
	return s.send(r)
}

// restart stops the server and starts it anew with the configuration.
func (s *server) restart(caddyfile string) {
	s.t.Helper()
	if err := caddy.Stop(); err != nil {
		s.t.Fatal(err)
	}
	s.reload(caddyfile)
}

// Ensure that the admin endpoint calls procedures, says what is wrong with a call,
// and does one with an Idempotency-Key once, also over a restart.
func TestCallAPI(t *testing.T) {
	s := start(t, answers, nil)
	s.expect(s.get("/?q=evil-sqli"), 403, "")
	id := s.rows("", 1)[0]["id"].(string)
	label := fmt.Sprintf(`{"verdict":%q,"label":"attack","class":"sqli"}`, id)
	for _, tt := range []struct {
		path, body, contentType string
		status                  int
		want                    string
	}{
		{"/limen/call/learn", "{}", "", 404, `no procedure \"learn\": there are adapt`},
		{"/limen/call/configure", "{}", "", 403, "server's own"},
		{"/limen/call/label", label, "text/plain", 415, "application/json"},
		{"/limen/call/label", "{", "", 400, "input of procedure label"},
		{"/limen/call/label", label + label, "", 400, "more than one"},
		{"/limen/call/label", `{"verdict":"1","label":"attack"}`, "", 400, "26 characters"},
		{"/limen/call/label", `{"verdict":"01ARZ3NDEKTSV4RRFFQ69G5FAV","label":"attack"}`, "", 404, "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
		{"/limen/call/label", strings.Replace(label, "sqli", "sql", 1), "", 400, "one of sqli, xss"},
		{"/limen/call/score", `{}`, "", 400, "method"},
		{"/limen/labels", "", "", 405, "use GET"},
	} {
		header := http.Header{}
		if tt.contentType != "" {
			header.Set("Content-Type", tt.contentType)
		}
		t.Run(tt.path+" "+tt.want, func(t *testing.T) { s.expect(s.post(tt.path, tt.body, header), tt.status, tt.want) })
	}
	for path, want := range map[string]string{
		"/limen/call/label": "use POST", "/limen/calls?limit=x": "limit", "/limen/calls?who=x": "unknown parameter who",
		"/limen/calls/1": "26 characters", "/limen/labels?as_of=yesterday": "as_of", "/limen/labels?label=bad": "attack, normal or retracted",
		"/limen/exceptions?history=perhaps": "history", "/limen/models?as_of=1h&as_of=2h": "given 2 times",
	} {
		var answer struct{ Error string }
		if status := s.api(path, &answer); status < 400 || !strings.Contains(answer.Error, want) {
			t.Errorf("%s answers %d %q, expected %q", path, status, answer.Error, want)
		}
	}

	keyed := http.Header{"Idempotency-Key": {"k1"}, "Limen-Principal": {"alice"}}
	var first, again store.Call
	decode := func(res response, v any) {
		t.Helper()
		s.expect(res, 200, "")
		if err := json.Unmarshal([]byte(res.Text), v); err != nil {
			t.Fatal(err)
		}
	}
	decode(s.post("/limen/call/label", label, keyed), &first)
	decode(s.post("/limen/call/label", label, keyed), &again)
	if first.Stored || !again.Stored || again.ID != first.ID || string(again.Output) != string(first.Output) {
		t.Errorf("first %+v, again %+v", first, again)
	}
	s.expect(s.post("/limen/call/label", strings.Replace(label, "sqli", "xss", 1), keyed), 422, "used with another input")
	s.restart(answers)
	decode(s.post("/limen/call/label", label, keyed), &again)
	if !again.Stored || again.ID != first.ID || again.Principal != "alice" {
		t.Errorf("after a restart: %+v", again)
	}

	var scored store.Call
	decode(s.post("/limen/call/score", `{"method":"GET","target":"/?q=evil-xss"}`, nil), &scored)
	var line struct {
		Score    float64
		Class    string
		Decision string
	}
	if err := json.Unmarshal(scored.Output, &line); err != nil || line.Class != "xss" || line.Score < 0.99 || line.Decision != "block" || scored.Principal != "admin" {
		t.Errorf("score is %s by %s, %v", scored.Output, scored.Principal, err)
	}
	var page store.CallPage
	if s.api("/limen/calls?procedure=score", &page); len(page.Calls) != 1 || page.Calls[0].ID != scored.ID {
		t.Errorf("calls are %+v", page.Calls)
	}
	var one store.Call
	if status := s.api("/limen/calls/"+scored.ID.String(), &one); status != 200 || one.InputDigest != scored.InputDigest {
		t.Errorf("call is %+v", one)
	}
	var list struct{ Procedures []store.ProcedureInfo }
	if s.api("/limen/procedures", &list); len(list.Procedures) < 5 {
		t.Errorf("procedures are %+v", list)
	}
}

// Ensure that a decision is labelled, relabelled and retracted from the command line,
// and that lists, why and other times say so, with a server and without.
func TestCLILabel(t *testing.T) {
	s := newServer(t, nil)
	if err := s.load(answers); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = caddy.Stop() })
	s.get("/?q=evil-sqli")
	id := s.rows("", 1)[0]["id"].(string)
	at := []string{"--address", s.admin()}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"label", id}, "got 1 arguments"},
		{[]string{"label", id, "bad"}, "expected attack, normal or retract"},
		{[]string{"label", "x", "attack"}, "26 characters"},
		{append([]string{"label", id, "attack", "--class", "sql"}, at...), "one of sqli"},
		{append([]string{"label", id, "retract"}, at...), "no label to retract"},
		{[]string{"label", id, "attack", "--address", freeAddr(t)}, "label needs the running server"},
		{append([]string{"labels", "--as-of", "soon"}, at...), "--as-of is"},
		{append([]string{"labels", "--limit", "-1"}, at...), "--limit is -1"},
		{append([]string{"labels", "--label", "bad"}, at...), "attack, normal or retracted"},
	} {
		if _, _, err := limen(t, "", tt.args...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, expected %q", tt.args, err, tt.want)
		}
	}
	if out := must(t, append([]string{"labels"}, at...)...); out != "no labels\n" {
		t.Errorf("got %q", out)
	}
	out := must(t, append([]string{"label", id, "attack", "--class", "sqli", "--note", "seen", "--as", "alice", "--key", "1"}, at...)...)
	if out != id+": attack (sqli) by alice\n" {
		t.Errorf("got %q", out)
	}
	if out := must(t, append([]string{"label", id, "attack", "--class", "sqli", "--note", "seen", "--as", "alice", "--key", "1"}, at...)...); !strings.Contains(out, "done already") {
		t.Errorf("got %q", out)
	}
	time.Sleep(5 * time.Millisecond)
	between := time.Now().UTC().Format(time.RFC3339Nano)
	time.Sleep(5 * time.Millisecond)
	must(t, append([]string{"label", id, "normal", "--as", "bob"}, at...)...)
	check := func(args ...string) {
		t.Helper()
		for _, tt := range []struct{ args, want, not string }{
			{"labels", "normal", "alice"},
			{"labels --history", "attack, superseded", "retracted"},
			{"labels --history", "seen", "retracted"},
			{"labels --as-of " + between, "attack", "bob"},
			{"labels --label attack", "no labels", "alice"},
			{"labels --author bob --json", `"label":"normal"`, "alice"},
			{"why " + id, "attack     sqli (superseded) by alice at", "retracted"},
			{"why " + id, "normal     by bob at", "retracted"},
			{"why --json " + id, `"superseded_by"`, "retracted"},
		} {
			out := must(t, append(strings.Fields(tt.args), args...)...)
			if !strings.Contains(out, tt.want) || strings.Contains(out, tt.not) {
				t.Errorf("%s: expected %q and no %q:\n%s", tt.args, tt.want, tt.not, out)
			}
		}
	}
	check(at...)
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	check("--data", s.Data, "--address", freeAddr(t))
}

// Ensure that exceptions of the command line are applied to the next request, at
// their site alone, are in the row and its chain, and hold over a restart until they
// are removed.
func TestExceptLive(t *testing.T) {
	s := start(t, answers, nil)
	at := []string{"--address", s.admin()}
	run := func(args ...string) (string, error) {
		out, _, err := limen(t, "", append(append([]string{"except"}, args...), at...)...)
		return out, err
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"add", "path"}, "at least one value"},
		{[]string{"add", "host", "x"}, "expected one of path, method, header, client_ip"},
		{[]string{"add", "client_ip", "10.0.0.0/99"}, "neither an IP address nor a range"},
		{[]string{"add", "header", "a", "b", "c"}, "at most one value"},
		{[]string{"add", "path", "/a", "--site", "nowhere"}, `site is "nowhere", expected none`},
		{[]string{"remove", "x"}, "26 characters"},
		{[]string{"remove", "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, "no exception"},
	} {
		if _, err := run(tt.args...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, expected %q", tt.args, err, tt.want)
		}
	}
	if _, _, err := limen(t, "", "except", "change"); err == nil || !strings.Contains(err.Error(), "expected add, remove or list") {
		t.Errorf("an unknown command: %v", err)
	}
	attack := func(target string, header http.Header, status int) {
		t.Helper()
		s.expect(s.do("GET", target, header, nil), status, "")
	}
	attack("/hook?q=evil-sqli", nil, 403)
	tests := []struct {
		args   []string
		target string
		header http.Header
		name   string
	}{
		{[]string{"path", "/hook*"}, "/hook?q=evil-sqli", nil, "path /hook*"},
		{[]string{"header", "X-Probe"}, "/?q=evil-sqli", http.Header{"X-Probe": {"1"}}, "header X-Probe"},
		{[]string{"method", "get"}, "/?q=evil-sqli", nil, "method get"},
		{[]string{"client_ip", "127.0.0.0/8"}, "/?q=evil-sqli", nil, "client_ip 127.0.0.0/8"},
	}
	n := 1
	for _, tt := range tests {
		attack(tt.target, tt.header, 403)
		out, err := run(append([]string{"add", "--as", "alice", "--note", "ours"}, tt.args...)...)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(strings.TrimPrefix(out, "added "), "\n")
		if !strings.HasPrefix(name, tt.name+" (") {
			t.Errorf("got %q", out)
		}
		attack(tt.target, tt.header, 200)
		n += 2
		r := s.rows("", n)[0]
		if r["exception"] != name || r["decision"] != "allow" {
			t.Errorf("row has exception %v and decision %v, expected %s", r["exception"], r["decision"], name)
		}
		if why := must(t, append([]string{"why", r["id"].(string)}, at...)...); !strings.Contains(why, "by alice, for all; ours") {
			t.Errorf("why says\n%s", why)
		}
		id := name[strings.LastIndex(name, "(")+1 : len(name)-1]
		if _, err := run("remove", id); err != nil {
			t.Fatal(err)
		}
		attack(tt.target, tt.header, 403)
		n++
	}
	if out, err := run("list"); err != nil || !strings.HasPrefix(out, "no exceptions") {
		t.Errorf("%q, %v", out, err)
	}
	if out, err := run("list", "--history"); err != nil || strings.Count(out, "\n") != 1+len(tests) {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := run("add", "path", "/stay"); err != nil {
		t.Fatal(err)
	}
	s.restart(answers)
	attack("/stay?q=evil-sqli", nil, 200)
	// The site's name has its port, which a restart of these tests changes.
	var st struct{ Sites []struct{ Site string } }
	s.api("/limen/status", &st)
	if _, err := run("add", "path", "/here", "--site", st.Sites[0].Site); err != nil {
		t.Fatal(err)
	}
	attack("/here?q=evil-sqli", nil, 200)
	s.reload("$SITE {\n respond /other other\n limen\n respond hello\n}")
	attack("/here?q=evil-sqli", nil, 403)
	attack("/stay?q=evil-sqli", nil, 200)
}

// Ensure that a promoted model is the one after a reload and after a restart, until
// it is rolled back or the configuration names another one, and that lists, rows
// and why say which was active when.
func TestPromote(t *testing.T) {
	s := start(t, answers, nil)
	at := []string{"--address", s.admin()}
	configured := s.status().Model.Digest
	candidate := spellingModel(t, t.TempDir(), "2")
	if _, _, err := limen(t, "", append([]string{"promote", filepath.Join(t.TempDir(), "none.onnx")}, at...)...); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a missing file: %v", err)
	}
	if _, _, err := limen(t, "", append([]string{"promote", "feedbeef"}, at...)...); err == nil || !strings.Contains(err.Error(), `no model "feedbeef"`) {
		t.Errorf("an unknown model: %v", err)
	}
	if _, _, err := limen(t, "", append([]string{"rollback"}, at...)...); err == nil || !strings.Contains(err.Error(), "no promotion of http to take back") {
		t.Errorf("nothing to roll back: %v", err)
	}
	out := must(t, append([]string{"promote", candidate, "--as", "alice", "--note", "better"}, at...)...)
	if !strings.Contains(out, "promote: model sha256:") || !strings.Contains(out, "in place of "+configured) {
		t.Errorf("got %q", out)
	}
	if s.status().Model.Digest != configured {
		t.Error("the model is another one before a reload")
	}
	time.Sleep(5 * time.Millisecond)
	s.reload(answers)
	st := s.status()
	promoted := st.Model.Digest
	if promoted == configured || st.Model.Version != "2" {
		t.Fatalf("model is %+v after the promotion", st.Model)
	}
	s.expect(s.get("/?q=evil-sqli"), 403, "")
	r := s.rows("", 1)[0]
	if r["model_digest"] != promoted {
		t.Errorf("row is of model %v, expected %s", r["model_digest"], promoted)
	}
	why := must(t, append([]string{"why", r["id"].(string)}, at...)...)
	if !strings.Contains(why, "by alice in place of "+configured+" better") || !strings.Contains(why, "run        training") {
		t.Errorf("why says\n%s", why)
	}
	s.restart(answers)
	if got := s.status().Model.Digest; got != promoted {
		t.Errorf("model after a restart is %s, expected %s", got, promoted)
	}
	if out := must(t, append([]string{"models"}, at...)...); strings.Count(out, "in use") != 1 || !strings.Contains(out, "better") {
		t.Errorf("models are\n%s", out)
	}
	// Another model in the configuration has the last word.
	other := spellingModel(t, t.TempDir(), "3")
	s.vars["$MODEL"] = other
	s.reload(answers)
	if got := s.status().Model.Version; got != "3" {
		t.Errorf("model is version %s, expected the configuration's", got)
	}
	s.vars["$MODEL"] = s.Model
	s.reload(answers)
	if got := s.status().Model.Digest; got != promoted {
		t.Errorf("model is %s, expected the promoted one", got)
	}
	before := time.Now().UTC().Format(time.RFC3339Nano)
	time.Sleep(5 * time.Millisecond)
	must(t, append([]string{"rollback"}, at...)...)
	s.reload(answers)
	if got := s.status().Model.Digest; got != configured {
		t.Errorf("model after the rollback is %s, expected %s", got, configured)
	}
	var models struct {
		Models []struct {
			Digest string
			InUse  bool `json:"in_use"`
			Next   bool
		}
	}
	for asOf, want := range map[string]string{"": configured, before: promoted} {
		if err := json.Unmarshal([]byte(must(t, append([]string{"models", "--json", "--as-of", asOf}, at...)...)), &models); err != nil {
			t.Fatal(err)
		}
		for _, m := range models.Models {
			if m.InUse != (m.Digest == want) || m.Next != (m.Digest == want) {
				t.Errorf("as of %q: %+v, expected %s", asOf, models.Models, want)
			}
		}
	}
}

// Ensure that the settings in force at a time are known, from the server and from
// the folder.
func TestPolicies(t *testing.T) {
	s := newServer(t, nil)
	site := "http://shop.example:$PORT {\n limen {\n threshold $T\n }\n respond hello\n}"
	s.vars["$T"] = "0.5"
	if err := s.load(site); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = caddy.Stop() })
	time.Sleep(5 * time.Millisecond)
	before := time.Now().UTC().Format(time.RFC3339Nano)
	time.Sleep(5 * time.Millisecond)
	s.vars["$T"] = "0.7"
	if err := s.load(site); err != nil {
		t.Fatal(err)
	}
	check := func(args ...string) {
		t.Helper()
		if out := must(t, append([]string{"policies"}, args...)...); !strings.Contains(out, "0.7, from the configuration") || strings.Contains(out, "0.5,") {
			t.Errorf("now:\n%s", out)
		}
		if out := must(t, append([]string{"policies", "--as-of", before}, args...)...); !strings.Contains(out, "0.5, from the configuration") || strings.Contains(out, "0.7,") {
			t.Errorf("before:\n%s", out)
		}
		var answer struct {
			Sites    []store.Site
			Policies []store.PolicyRecord
		}
		if err := json.Unmarshal([]byte(must(t, append([]string{"policies", "--json"}, args...)...)), &answer); err != nil {
			t.Fatal(err)
		}
		if len(answer.Sites) != 1 || len(answer.Policies) != 1 || answer.Sites[0].PolicyDigest != answer.Policies[0].Digest || answer.Sites[0].Mode != "block" {
			t.Errorf("answer is %+v", answer)
		}
	}
	check("--address", s.admin())
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	check("--data", s.Data, "--address", freeAddr(t))
}
