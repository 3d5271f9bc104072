package caddymodule_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/limen-waf/limen/store"
)

// listed are the lines of "calls --json".
type listed struct{ ID, Procedure, Principal, Model, Decision string }

// Ensure that calls of both kinds are listed, the newest first, by what was asked for, from
// the running server and from its data folder.
func TestCLICalls(t *testing.T) {
	s, _ := startImages(t)
	who := func(name string) http.Header { return http.Header{"Limen-Principal": {name}} }
	score := `{"method":"GET","target":"/?q=evil-xss"}`
	var want []listed // the oldest first
	for i := range 6 {
		c := s.callAct("detect", `{"model":"squares","image_b64":"`+b64(redSquare)+`"}`, who("alice"))
		want = append(want, listed{c.ID.String(), "detect", "alice", "squares", ""})
		var call store.Call
		if err := json.Unmarshal([]byte(s.post("/limen/call/score", score, who(fmt.Sprintf("user%d", i%2))).Text), &call); err != nil {
			t.Fatal(err)
		}
		want = append(want, listed{call.ID.String(), "score", call.Principal, "", ""})
		time.Sleep(2 * time.Millisecond) // ids of the two kinds are in order from one millisecond to the next
	}
	c := s.callAct("infer", inferInput, who("alice"))
	want = append(want, listed{c.ID.String(), "infer", "alice", "add", ""})
	time.Sleep(2 * time.Millisecond)
	s.expect(s.do("POST", "/upload", nil, bytes.NewReader(plain(9, 9, red))), 403, "")
	act := s.acts("decision=block", 1)[0]
	want = append(want, listed{act.ID.String(), "classify", "", "colours", "block"})
	slices.Reverse(want)

	// lists says what a command lists besides what the server does of itself.
	lists := func(args ...string) (all []listed) {
		t.Helper()
		out := must(t, append([]string{"calls", "--json"}, args...)...)
		for line := range strings.Lines(out) {
			var l listed
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatal(err)
			}
			if l.Principal != "server" {
				all = append(all, l)
			}
		}
		return all
	}
	only := func(keep func(listed) bool) (all []listed) {
		for _, l := range want {
			if keep(l) {
				all = append(all, l)
			}
		}
		return all
	}
	check := func(source ...string) {
		t.Helper()
		for _, tt := range []struct {
			args []string
			want []listed
		}{
			{nil, want},
			{[]string{"--limit", "0"}, want},
			{[]string{"--limit", "3"}, want[:3]},
			{[]string{"--procedure", "score"}, only(func(l listed) bool { return l.Procedure == "score" })},
			{[]string{"--procedure", "detect", "--limit", "2"}, only(func(l listed) bool { return l.Procedure == "detect" })[:2]},
			{[]string{"--principal", "alice"}, only(func(l listed) bool { return l.Principal == "alice" })},
			{[]string{"--principal", "user1"}, only(func(l listed) bool { return l.Principal == "user1" })},
			{[]string{"--model", "squares"}, only(func(l listed) bool { return l.Model == "squares" })},
			{[]string{"--model", "spelling"}, only(func(l listed) bool { return l.Procedure == "score" })},
			{[]string{"--decision", "block"}, want[:1]},
			{[]string{"--decision", "allow"}, nil},
			{[]string{"--since", "1h"}, want},
			{[]string{"--until", "1h"}, nil},
			{[]string{"--since", act.Time.Format(time.RFC3339Nano)}, want[:1]},
		} {
			if got := lists(append(tt.args, source...)...); !slices.Equal(got, tt.want) {
				t.Errorf("%v: %d calls %+v\nwant %d %+v", tt.args, len(got), got, len(tt.want), tt.want)
			}
		}
		out := must(t, append([]string{"calls"}, source...)...)
		for _, want := range []string{"time", "square 0.", act.ID.String(), "block", "reject red", "2 tensors", "127.0.0.1", "model sha256:"} {
			if !strings.Contains(out, want) {
				t.Errorf("%q is not in\n%s", want, out)
			}
		}
		if out := must(t, append([]string{"calls", "--until", "1h"}, source...)...); out != "no calls\n" {
			t.Errorf("%q", out)
		}
		out = must(t, append([]string{"procedures"}, source...)...)
		for _, want := range []string{"classify", "labels a picture", "detect", "infer", "score", "scores one request"} {
			if !strings.Contains(out, want) {
				t.Errorf("%q is not in\n%s", want, out)
			}
		}
		var list struct{ Procedures []store.ProcedureInfo }
		if out := must(t, append([]string{"procedures", "--json"}, source...)...); json.Unmarshal([]byte(out), &list) != nil ||
			!slices.ContainsFunc(list.Procedures, func(p store.ProcedureInfo) bool { return p.Name == "classify" && p.Acts }) {
			t.Errorf("%s", out)
		}
	}
	check("--address", s.admin())
	if out := must(t, "procedures", "--address", s.admin()); !strings.Contains(out, "(the server alone)") || !strings.Contains(out, "rollback") {
		t.Errorf("%s", out)
	}
	for want, args := range map[string][]string{
		`--procedure is "paint", expected one of`:      {"--procedure", "paint"},
		`--decision is "tag", expected allow or block`: {"--decision", "tag"},
		`--since is "yesterday"`:                       {"--since", "yesterday"},
		`--limit is -1`:                                {"--limit", "-1"},
		`model "resnet": want a name or the beginning`: {"--model", "resnet"},
		`--until 2h is before --since 1h`:              {"--since", "1h", "--until", "2h"},
		`unknown command "x" for "caddy limen calls"`:  {"x"},
	} {
		if _, _, err := limen(t, "", append(append([]string{"calls"}, args...), "--address", s.admin())...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, expected %q", args, err, want)
		}
	}
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	check("--address", freeAddr(t), "--data", s.Data)
}
