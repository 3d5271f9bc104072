package caddymodule_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier/corpus"
	"github.com/limen-waf/limen/classifier/guard"
)

// gets are the targets of the guard's GET requests that a client of net/http sends as
// they are.
func gets(t *testing.T, label string, most int) (targets []string) {
	t.Helper()
	requests, err := guard.Requests(guard.Held)
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range requests {
		u, err := url.ParseRequestURI(rec.Target)
		if rec.Method == "GET" && rec.Label == label && err == nil && u.Host == "" && u.RequestURI() == rec.Target && len(targets) < most {
			targets = append(targets, rec.Target)
		}
	}
	return targets
}

// visit sends a GET request to a host of one name: the address, which a reload changes, is
// part of what is read.
func (s *server) visit(target string) response {
	s.t.Helper()
	r, err := http.NewRequest("GET", s.URL+target, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Host, r.Header = "shop.example", browser.Clone()
	return s.send(r)
}

// statuses sends GET requests and returns what each is answered with.
func (s *server) statuses(targets []string) (out []int) {
	s.t.Helper()
	for _, target := range targets {
		out = append(out, s.visit(target).StatusCode)
	}
	return out
}

func differing(a, b []int) (n int) {
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

// Ensure that a false alarm that is labelled is gone with the adapted and promoted model,
// that other decisions stay, that the model says where it comes from, and that all of
// it can be taken back.
func TestAdaptation(t *testing.T) {
	s := newServer(t, map[string]string{"$T": "0.5"})
	s.vars["$MODEL"] = "default"
	const site = "http://:$PORT {\n limen {\n  mode $HOW\n  threshold $T\n }\n respond hello\n}"
	s.vars["$HOW"] = "observe"
	s.run(site)
	at := func(args ...string) []string { return append(args, "--address", s.admin()) }
	refused := func(want string, args ...string) {
		t.Helper()
		if out, _, err := limen(t, "", at(args...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, expected %q\n%s", strings.Join(args, " "), err, want, out)
		}
	}
	// The false alarm: of ordinary requests the one with the highest score, whatever
	// the embedded model is, under a threshold below that.
	ordinary, attacks := gets(t, corpus.Normal, 40), gets(t, corpus.Attack, 40)
	if len(ordinary) < 10 || len(attacks) < 10 {
		t.Fatalf("%d ordinary requests and %d attacks to send", len(ordinary), len(attacks))
	}
	s.statuses(ordinary)
	rows := s.rows("order=oldest", len(ordinary))
	alarm, highest := "", -1.0
	for i, r := range rows {
		if score := r["score"].(float64); score > highest {
			alarm, highest = ordinary[i], score
		}
	}
	s.vars["$HOW"], s.vars["$T"] = "block", strconv.FormatFloat(1/(1+math.Exp(0.2)*(1/highest-1)), 'g', 6, 64)
	s.reload(site)
	if got := s.visit(alarm).StatusCode; got != 403 {
		t.Fatalf("score %v under threshold %s is answered with %d", highest, s.vars["$T"], got)
	}
	id := s.rows("decision=block", 1)[0]["id"].(string)
	before, caught := s.statuses(ordinary), s.statuses(attacks)

	refused("no decision is labelled yet", "adapt")
	refused("name is", "adapt", "--name", "default")
	refused("strength is -1", "adapt", "--strength", "-1")
	must(t, at("label", id, "normal", "--as", "alice")...)
	configured := s.status().Model
	if out := must(t, at("adapt", "--dry-run")...); !strings.Contains(out, "no model is made") || !strings.Contains(out, "0 of 1 before, 1 of 1 after") || strings.Contains(out, "next") {
		t.Errorf("dry run says\n%s", out)
	}
	var report struct {
		Model, Name, Version, Base string
		Labels                     struct{ Used, Ordinary int }
		After                      struct {
			Right        int
			GuardCaught  int `json:"guard_caught"`
			GuardAttacks int `json:"guard_attacks"`
			Anchors      int
		}
	}
	decode := func(out string) {
		t.Helper()
		if err := json.Unmarshal([]byte(out), &report); err != nil {
			t.Fatal(err)
		}
	}
	decode(must(t, at("adapt", "--json", "--note", "our own", "--key", "k", "--as", "bob")...))
	if report.Version != configured.Version+"+adapt.1" || report.Base != configured.Digest || report.Labels.Used != 1 || report.Labels.Ordinary != 1 ||
		report.After.Right != 1 || report.After.Anchors < 10 || report.After.GuardAttacks < 100 {
		t.Errorf("report is %+v", report)
	}
	adapted := report.Model
	if decode(must(t, at("adapt", "--json", "--note", "our own", "--key", "k", "--as", "bob")...)); report.Model != adapted {
		t.Errorf("the same key makes model %s, before %s", report.Model, adapted)
	}
	if s.status().Model.Digest != configured.Digest {
		t.Error("the model is another one before it is promoted")
	}

	var replay struct {
		ModelDigest string `json:"model_digest"`
		Counts      struct{ Cleared, Scored int }
	}
	if err := json.Unmarshal([]byte(must(t, at("replay", "--model", adapted, "--json")...)), &replay); err != nil {
		t.Fatal(err)
	}
	if replay.ModelDigest != adapted || replay.Counts.Scored < 50 || replay.Counts.Cleared < 1 {
		t.Errorf("replay under the adapted model: %+v", replay)
	}
	must(t, at("promote", strings.TrimPrefix(adapted, "sha256:")[:12])...)
	s.reload(site)
	if got := s.status().Model; got.Digest != adapted || got.Version != report.Version {
		t.Fatalf("model is %+v after the promotion", got)
	}
	if got := s.visit(alarm).StatusCode; got != 200 {
		t.Errorf("the labelled request is answered with %d", got)
	}
	why := must(t, at("why", s.rows("model="+adapted, 1)[0]["id"].(string))...)
	for _, want := range []string{"adaptation", "by bob", "our own", "by alice", "verdict " + id, "made from model", configured.Digest, "recorded requests without a label"} {
		if !strings.Contains(why, want) {
			t.Errorf("why lacks %q:\n%s", want, why)
		}
	}
	now := s.statuses(ordinary)
	for i := range now {
		if before[i] == 200 && now[i] != 200 {
			t.Errorf("%s passed before and is blocked now", ordinary[i])
		}
	}
	if n := differing(caught, s.statuses(attacks)); n > 1+len(attacks)/20 {
		t.Errorf("%d of %d attacks are decided otherwise", n, len(attacks))
	}
	if out := must(t, at("models")...); !strings.Contains(out, "+adapt.1") {
		t.Errorf("models are\n%s", out)
	}
	refused("nothing to adapt", "adapt")

	must(t, at("rollback")...)
	s.reload(site)
	if got := s.visit(alarm).StatusCode; got != 403 {
		t.Errorf("after the rollback the request is answered with %d", got)
	}
	// What was taken back is not learned.
	must(t, at("label", id, "retract")...)
	refused("no decision is labelled yet", "adapt")
	decode(must(t, at("adapt", "--json", "--as-of", labelled(s))...))
	if report.Version != configured.Version+"+adapt.2" {
		t.Errorf("as of then: %+v", report)
	}
}

// labelled is a time at which the first label was there and not yet retracted.
func labelled(s *server) string {
	var page struct {
		Labels []struct{ Time string }
	}
	s.api("/limen/labels?history=true", &page)
	return page.Labels[len(page.Labels)-1].Time
}

// Ensure that a label which contradicts what the model knows of attacks is refused with the
// way out, and that a model that the native engine cannot run says so.
func TestAdaptationRefused(t *testing.T) {
	s := newServer(t, nil)
	s.vars["$MODEL"] = "default"
	s.run("http://:$PORT {\n limen\n respond hello\n}")
	attacks := gets(t, corpus.Attack, 60)
	blocked := 0
	for _, status := range s.statuses(attacks) {
		if status == 403 {
			blocked++
		}
	}
	if blocked < 10 {
		t.Fatalf("%d of %d attacks are blocked", blocked, len(attacks))
	}
	for _, r := range s.rows("decision=block", blocked) {
		must(t, "label", r["id"].(string), "normal", "--address", s.admin())
	}
	res := s.post("/limen/call/adapt", `{}`, nil)
	s.expect(res, http.StatusConflict, "built-in attacks would be missed")
	s.expect(res, http.StatusConflict, "caddy limen except")
	s.expect(s.post("/limen/call/adapt", `{"dry_run":true}`, nil), 200, `"refused":"no model was made`)
	s.expect(s.post("/limen/call/adapt", `{"force":true}`, nil), 200, `"forced":true`)
	s.expect(s.post("/limen/call/adapt", `{"strenght":1}`, nil), 400, "strenght")

	spelling := start(t, answers, nil)
	spelling.expect(spelling.get("/?q=evil-sqli"), 403, "")
	id := spelling.rows("", 1)[0]["id"].(string)
	spelling.expect(spelling.post("/limen/call/label", fmt.Sprintf(`{"verdict":%q,"label":"normal"}`, id), nil), 200, "")
	spelling.expect(spelling.post("/limen/call/adapt", `{}`, nil), 400, "native engine")
}
