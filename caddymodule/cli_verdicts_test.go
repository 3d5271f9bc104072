package caddymodule_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/limen-waf/limen/store"
)

// admin is the address of the admin endpoint, as flags take it.
func (s *server) admin() string { return strings.TrimPrefix(s.Admin, "http://") }

// decisions runs "verdicts --json" and returns the decisions and scores, newest first.
func decisions(t *testing.T, args ...string) (got []string, stderr string) {
	t.Helper()
	out, stderr, err := limen(t, "", append([]string{"verdicts", "--json"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out) {
		var v store.Verdict
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		got = append(got, v.Decision+" "+v.Class+" "+v.Path)
	}
	return got, stderr
}

// Ensure that verdicts and why answer the same from a running server and, when
// it has stopped, from its data folder.
func TestCLIVerdicts(t *testing.T) {
	s := newServer(t, nil)
	if err := s.load("$SITE {\n limen\n respond ok\n}"); err != nil {
		t.Fatal(err)
	}
	stopped := false
	defer func() {
		if !stopped {
			_ = caddy.Stop()
		}
	}()
	for _, target := range []string{"/plain", "/?a=evil-sqli", "/?a=evil-xss", "/?a=maybe-sqli"} {
		s.get(target)
	}
	rows := s.rows("", 4)
	id := rows[2]["id"].(string) // of evil-sqli

	all := []string{"allow sqli /?a=maybe-sqli", "block xss /?a=evil-xss", "block sqli /?a=evil-sqli", "allow none /plain"}
	cases := map[string]struct {
		args []string
		want []string
	}{
		"all":          {nil, all},
		"decision":     {[]string{"--decision", "block"}, all[1:3]},
		"class":        {[]string{"--class", "sqli"}, []string{all[0], all[2]}},
		"min score":    {[]string{"--min-score", "0.9"}, all[1:3]},
		"limit":        {[]string{"--limit", "3"}, all[:3]},
		"no limit":     {[]string{"--limit", "0"}, all},
		"host":         {[]string{"--host", strings.ToUpper(s.Addr)}, all},
		"other host":   {[]string{"--host", "other.example"}, nil},
		"client":       {[]string{"--client-ip", "127.0.0.1", "--limit", "1"}, all[:1]},
		"other client": {[]string{"--client-ip", "10.0.0.1"}, nil},
		"since":        {[]string{"--since", "1h"}, all},
		"until":        {[]string{"--until", "1h"}, nil},
		"oldest":       {[]string{"--oldest", "--limit", "2"}, []string{all[3], all[2]}},
		"path":         {[]string{"--path", "/?a=evil"}, all[1:3]},
		"model":        {[]string{"--model", "spelling", "--class", "xss"}, all[1:2]},
		"principal":    {[]string{"--principal", "alice"}, nil},
		"max score":    {[]string{"--max-score", "0.9"}, []string{all[0], all[3]}},
		"scores":       {[]string{"--min-score", "0.5", "--max-score", "0.9"}, all[:1]},
		"no label":     {[]string{"--label", "none", "--decision", "block"}, all[1:3]},
		"label":        {[]string{"--label", "any"}, nil},
		"from to":      {[]string{"--since", "2020-01-31 08:00", "--until", "2100-01-31T00:00:00Z"}, all},
	}
	nobody := freeAddr(t)
	check := func(source string, args ...string) {
		for name, c := range cases {
			t.Run(source+"/"+name, func(t *testing.T) {
				got, stderr := decisions(t, append(c.args, args...)...)
				if !reflect.DeepEqual(got, c.want) {
					t.Errorf("got  %q\nwant %q", got, c.want)
				}
				if (stderr != "") != (source == "folder") || source == "folder" && !strings.Contains(stderr, "no server answers at "+nobody+"; reading the data folder "+s.Data) {
					t.Errorf("stderr %q", stderr)
				}
			})
		}
		t.Run(source+"/table", func(t *testing.T) {
			out, _, err := limen(t, "", append([]string{"verdicts"}, args...)...)
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(out, "\n")
			if len(lines) != 6 || !strings.HasPrefix(lines[0], "time ") || !strings.Contains(lines[2], "block") || !strings.HasSuffix(lines[2], "GET "+s.Addr+"/?a=evil-xss") {
				t.Errorf("got\n%s", out)
			}
			out, _, err = limen(t, "", append([]string{"verdicts", "--until", "1h"}, args...)...)
			if err != nil || out != "no verdicts\n" {
				t.Errorf("%v, %q", err, out)
			}
		})
		t.Run(source+"/csv", func(t *testing.T) {
			out, _, err := limen(t, "", append([]string{"verdicts", "--csv", "--decision", "block"}, args...)...)
			if err != nil {
				t.Fatal(err)
			}
			table, err := csv.NewReader(strings.NewReader(out)).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			if len(table) != 3 || table[0][0] != "id" || table[2][0] != id || table[2][9] != "/?a=evil-sqli" {
				t.Errorf("got\n%s", out)
			}
		})
		t.Run(source+"/why", func(t *testing.T) {
			out, _, err := limen(t, "", append([]string{"why", id}, args...)...)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"block " + id, "GET " + s.Addr + "/?a=evil-sqli", "127.0.0.1", "status     403", "score      0.997", "class sqli, threshold 0.9, mode block", "spelling", "engine     spelling on test", "digest     sha256:", "data of the model", "labels\n  none", "GET /?a=evil-sqli HTTP/1.1"} {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not in\n%s", want, out)
				}
			}
			out, _, err = limen(t, "", append([]string{"why", "--json", id}, args...)...)
			if err != nil {
				t.Fatal(err)
			}
			var chain store.Chain
			if err := json.Unmarshal([]byte(out), &chain); err != nil {
				t.Fatal(err)
			}
			if chain.Verdict.ID.String() != id || chain.Model == nil || chain.Policy == nil {
				t.Errorf("got %s", out)
			}
			_, _, err = limen(t, "", append([]string{"why", "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, args...)...)
			if err == nil || !strings.Contains(err.Error(), "01ARZ3NDEKTSV4RRFFQ69G5FAV is not in the store") {
				t.Errorf("an unknown id: %v", err)
			}
		})
	}
	check("server", "--address", s.admin())

	t.Run("doctor", func(t *testing.T) {
		out, _, err := limen(t, "", "doctor", "--model", s.Model, "--data", s.Data, "--address", s.admin())
		if err == nil || !strings.Contains(err.Error(), "engine") { // no attack has a spell in it
			t.Errorf("got %v", err)
		}
		for _, want := range []string{"running, admin endpoint " + s.admin() + " answers", "in use by a running server"} {
			if !strings.Contains(out, want) {
				t.Errorf("%q is not in\n%s", want, out)
			}
		}
	})
	t.Run("locked", func(t *testing.T) {
		_, _, err := limen(t, "", "verdicts", "--address", freeAddr(t), "--data", s.Data)
		if err == nil {
			t.Fatal("no error")
		}
		for _, want := range []string{"no server answers at 127.0.0.1:", "a server holds the data folder " + s.Data, "--address", `"admin off"`} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q is not in %q", want, err)
			}
		}
	})

	s.Client.CloseIdleConnections()
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	stopped = true
	check("folder", "--address", nobody, "--data", s.Data)
}

// Ensure that a long listing is fetched page by page, whole and in order.
func TestCLIVerdictsPages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "limen")
	s, err := store.Open(store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	const n = 1234
	for i := range n {
		s.Record(&store.Verdict{Decision: store.Allow, Class: "none", Method: "GET", Path: fmt.Sprintf("/%d", i)})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ limit, want int }{{0, n}, {1, 1}, {500, 500}, {501, 501}, {1000, 1000}, {5000, n}} {
		got, _ := decisions(t, "--limit", fmt.Sprint(c.limit), "--address", freeAddr(t), "--data", dir)
		if len(got) != c.want {
			t.Errorf("limit %d: %d verdicts, want %d", c.limit, len(got), c.want)
			continue
		}
		for i, line := range got {
			if want := fmt.Sprintf("allow none /%d", n-1-i); line != want {
				t.Errorf("limit %d: verdict %d is %q, want %q", c.limit, i, line, want)
				break
			}
		}
	}
}

// Ensure that what attackers send cannot command the terminal or the
// spreadsheet of who looks at it.
func TestCLIVerdictsEscapes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "limen")
	s, err := store.Open(store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	s.Record(&store.Verdict{Decision: store.Block, Class: "other", Method: "=1+1", Host: "@h", Path: "/\x1b[2J\u202e\xff<é>",
		Source: &store.Request{Method: "GET", Target: "/", Headers: []store.Header{{Name: "X", Value: "\x1b]0;owned\a"}}}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	from := []string{"--address", freeAddr(t), "--data", dir}
	for _, args := range [][]string{{"verdicts"}, {"verdicts", "--csv"}, {"verdicts", "--json"}} {
		out, _, err := limen(t, "", append(args, from...)...)
		if err != nil {
			t.Fatal(err)
		}
		if unsafe(out) || args[len(args)-1] != "--json" && strings.Contains(out, "\u202e") {
			t.Errorf("%v: %q", args, out)
		}
		if args[len(args)-1] == "--csv" && (!strings.Contains(out, ",'=1+1,'@h,") || !strings.Contains(out, `/\x1b[2J\u202e`) || !strings.Contains(out, "<é>")) {
			t.Errorf("csv: %q", out)
		}
	}
	out, _, err := limen(t, "", append([]string{"verdicts", "--json"}, from...)...)
	if err != nil {
		t.Fatal(err)
	}
	var v store.Verdict
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatal(err)
	}
	out, _, err = limen(t, "", append([]string{"why", v.ID.String()}, from...)...)
	if err != nil || unsafe(out) || !strings.Contains(out, `\x1b]0;owned`) {
		t.Errorf("why: %v, %q", err, out)
	}
}

// Ensure that wrong flags and places are told apart.
func TestCLIVerdictsErrors(t *testing.T) {
	dir := t.TempDir()
	plain := httptest.NewServer(http.NotFoundHandler()) // a Caddy without Limen answers like this
	defer plain.Close()
	html := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }))
	defer html.Close()
	nobody := freeAddr(t)
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"since":        {[]string{"verdicts", "--since", "yesterday"}, []string{`--since is "yesterday", expected an age such as 1h or 7d, or a time`}},
		"negative age": {[]string{"verdicts", "--since", "-1h"}, []string{`--since is "-1h"`}},
		"decision":     {[]string{"verdicts", "--decision", "deny"}, []string{`--decision is "deny", expected allow, tag or block`}},
		"score":        {[]string{"verdicts", "--min-score", "2"}, []string{"--min-score is 2, expected a number from 0 to 1"}},
		"limit":        {[]string{"verdicts", "--limit", "-1"}, []string{"--limit is -1, expected 0 for all, or more"}},
		"label":        {[]string{"verdicts", "--label", "bad"}, []string{`--label is "bad", expected attack, normal, any or none`}},
		"max score":    {[]string{"verdicts", "--max-score", "0"}, []string{"--max-score is 0, expected a number above 0, up to 1"}},
		"scores":       {[]string{"verdicts", "--min-score", "0.5", "--max-score", "0.4"}, []string{"--max-score is 0.4, below --min-score, which is 0.5"}},
		"times":        {[]string{"verdicts", "--since", "1h", "--until", "2h"}, []string{"--until 2h is before --since 1h"}},
		"forms":        {[]string{"verdicts", "--json", "--csv"}, []string{"json", "csv"}},
		"argument":     {[]string{"verdicts", "block"}, []string{`unknown command "block"`}},
		"no id":        {[]string{"why"}, []string{"got 0 arguments, expected the ID of one decision"}},
		"bad id":       {[]string{"why", "x"}, []string{`id "x"`, "26 characters"}},
		"nothing":      {[]string{"verdicts", "--address", nobody, "--data", dir}, []string{"no server answers at " + nobody, "--data", dir + " holds no store"}},
		"no Limen":     {[]string{"verdicts", "--address", strings.TrimPrefix(plain.URL, "http://"), "--data", dir}, []string{"the server runs without Limen", dir + " holds no store"}},
		"not Caddy":    {[]string{"verdicts", "--address", strings.TrimPrefix(html.URL, "http://"), "--data", dir}, []string{"reading the answer of 127.0.0.1:"}},
		"bad address":  {[]string{"verdicts", "--address", "host:1-9"}, []string{"invalid admin address host:1-9"}},
		"bad config":   {[]string{"verdicts", "--config", dir + "/none"}, []string{dir + "/none"}},
	} {
		t.Run(name, func(t *testing.T) {
			out, _, err := limen(t, "", c.args...)
			if err == nil {
				t.Fatalf("no error, output %q", out)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in %q", want, err)
				}
			}
		})
	}
}

// Ensure that a class that only a stored row has can be asked for, and a
// misspelt one is told.
func TestCLIVerdictsClass(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "limen")
	s, err := store.Open(store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	s.Record(&store.Verdict{Time: time.Now(), Decision: store.Block, Class: "sqli"})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, err = limen(t, "", "verdicts", "--class", "sql", "--address", freeAddr(t), "--data", dir)
	if err == nil || !strings.Contains(err.Error(), `class "sql": want one of`) {
		t.Errorf("got %v", err)
	}
}

// Ensure that why shows what a model was trained on, and the start of a long
// request.
func TestCLIWhyData(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "limen")
	s, err := store.Open(store.Options{Dir: dir, RequestLimit: 6000})
	if err != nil {
		t.Fatal(err)
	}
	digest := "sha256:" + strings.Repeat("0a", 32)
	manifest := `{"name":"m","data":[{"name":"shop","role":"train","rows":12345,"sha256":"00"},{"name":"shop","role":"test","rows":67},{"name":"blog","role":"train","rows":8}]}`
	if err := s.PutModel(digest, "m@0a0a", []byte(manifest), time.Now()); err != nil {
		t.Fatal(err)
	}
	id := s.NewID()
	s.Record(&store.Verdict{ID: id, Decision: store.Block, Class: "sqli", ModelDigest: digest, PolicyDigest: "sha256:" + strings.Repeat("0b", 32),
		Source: &store.Request{Method: "POST", Target: "/", Body: []byte(strings.Repeat("line of text\n", 1000))}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	out, _, err := limen(t, "", "why", id.String(), "--address", freeAddr(t), "--data", dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\n         train  test\n  shop  12,345    67\n  blog       8\n",
		"missing    policy sha256:0b0b", "\n  POST / HTTP/1.1\n", "\n  line of text\n", " bytes more\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out[:min(len(out), 2000)])
		}
	}
	if n := strings.Count(out, "line of text"); n < 300 || n > 320 {
		t.Errorf("%d lines of the body are shown", n)
	}
}

// unsafe says whether a terminal would obey something in s.
func unsafe(s string) bool {
	return strings.ContainsAny(s, "\x1b\a") || strings.Contains(s, "\xff")
}
