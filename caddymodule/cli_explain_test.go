package caddymodule_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/caddyserver/caddy/v2"

	"github.com/limen-waf/limen/classifier/explain"
)

const attackMessage = "GET /item?id=1%27%20UNION%20SELECT%20a,b%20FROM%20users--%20-&page=2 HTTP/1.1\r\nHost: shop.example\r\nX-Note: a\x01\xff\x1b[31m\r\n\r\n"

// Ensure that explain shows the request with the payload marked, and nothing
// that a terminal would obey.
func TestCLIExplain(t *testing.T) {
	out, stderr, err := limen(t, attackMessage+"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n", "explain", "--device", "native", "-")
	if err != nil || stderr != "" {
		t.Fatalf("%v, stderr %q", err, stderr)
	}
	first, second, ok := strings.Cut(out, "\n\n# ")
	if !ok {
		t.Fatalf("not two requests: %s", out)
	}
	line := strings.Split(first, "\n")[1]
	_, marked, _ := strings.Cut(line, "⟦")
	if !strings.HasPrefix(line, "GET /") || !strings.Contains(marked, "UNION") || strings.ReplaceAll(strings.ReplaceAll(line, "⟦", ""), "⟧", "") != strings.TrimSuffix(strings.SplitN(attackMessage, "\r\n", 2)[0], " HTTP/1.1") {
		t.Errorf("request line %q", line)
	}
	for _, want := range []string{"sqli  block", "Host: shop.example", `X-Note: a␁\xFF␛[31m`, " target, bytes "} {
		if !strings.Contains(first, want) {
			t.Errorf("%q is not in\n%s", want, first)
		}
	}
	if !strings.Contains(second, "allow\nGET /\n") || !strings.Contains(second, "no characters stand out") || strings.Contains(second, "⟦") {
		t.Errorf("the ordinary request:\n%s", second)
	}
	if !utf8.ValidString(out) || strings.ContainsAny(out, "\x00\x01\x1b") {
		t.Error("controls in the output")
	}
}

// Ensure that the JSON form names bytes of the request.
func TestCLIExplainJSON(t *testing.T) {
	body := `a=1&b=<script>alert(1)</script>`
	line, err := json.Marshal(map[string]any{"id": "x1", "method": "POST", "target": "/", "headers": [][]string{{"Content-Type", "application/x-www-form-urlencoded"}}, "body": body})
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := limen(t, string(line), "explain", "--device", "native", "--json", "-")
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		ID, Decision, Model string
		explain.Explanation
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if got.ID != "x1" || got.Decision != "block" || !strings.HasPrefix(got.Model, "limen-http@") || len(got.Spans) == 0 {
		t.Fatalf("%s", out)
	}
	for _, s := range got.Spans {
		if s.Field == "body" && body[s.Start:s.End] != s.Text {
			t.Errorf("%+v", s)
		}
	}
	if !strings.Contains(out, `"text":"`) || strings.Contains(out, "\\u003c") {
		t.Errorf("the text is not readable: %s", out)
	}
}

// Ensure that wrong input is one clear error.
func TestCLIExplainErrors(t *testing.T) {
	const id = "01KAN6T3YCQ2V6D1T1WJ9Z8K4F"
	dir := t.TempDir()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no file": {nil, "no ID of a decision and no FILE given"},
		"missing": {[]string{dir + "/none.http"}, dir + "/none.http: no such file"},
		"an id":   {[]string{"--address", freeAddr(t), "--data", dir + "/none", id}, "the data folder cannot be read"},
		"both":    {[]string{id, "testdata/cli/requests.jsonl"}, "give either IDs or files"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := limen(t, "", append([]string{"explain"}, c.args...)...); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %q in it", err, c.want)
			}
		})
	}
	// A file may be called like an id.
	t.Chdir(dir)
	write(t, filepath.Join(dir, id), []byte("GET / HTTP/1.1\r\n\r\n"))
	if out, _, err := limen(t, "", "explain", "--device", "native", id); err != nil || !strings.Contains(out, "GET /") {
		t.Errorf("%v, %q", err, out)
	}
}

// Ensure that an engine that fails is an error that names the request.
func TestCLIExplainEngineFails(t *testing.T) {
	m := spellingModel(t, t.TempDir(), "1")
	fault := errors.New("the engine is broken")
	engineFault.Store(&fault)
	defer engineFault.Store(nil)
	if out, _, err := limen(t, "", "explain", "--model", m, "testdata/cli/requests.jsonl"); err == nil || !strings.Contains(err.Error(), "request n1: ") || out != "" {
		t.Errorf("%v, output %q", err, out)
	}
}

// Ensure that eval's mistakes can be explained as they are written.
func TestCLIExplainMistakes(t *testing.T) {
	m := spellingModel(t, t.TempDir(), "1")
	wrong, _, err := limen(t, "", "eval", "--model", m, "--mistakes", "-", "testdata/cli/requests.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := limen(t, wrong, "explain", "--model", m, "-")
	if err != nil || !strings.Contains(out, "# a3") || !strings.Contains(out, "# n3") {
		t.Errorf("%v\n%s", err, out)
	}
}

// Ensure that a recorded decision is explained by its ID under the model that made it,
// asked of the running server, and of the data folder when there is none; and that what
// was masked stays so.
func TestCLIExplainDecision(t *testing.T) {
	s := start(t, "$SITE {\n limen\n respond ok\n}\n", nil)
	s.expect(s.get("/?q=evil-sqli&password=hunter2"), 403, "")
	id := s.rows("", 1)[0]["id"].(string)
	admin := strings.TrimPrefix(s.Admin, "http://")

	explained := func(t *testing.T, args ...string) {
		t.Helper()
		out, _, err := limen(t, "", append([]string{"explain", "--json"}, append(args, id)...)...)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			ID, Decision, Model string
			explain.Explanation
			Recorded *struct {
				Score, Threshold float64
				Class, Decision  string
				ModelDigest      string `json:"model_digest"`
			}
		}
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err)
		}
		if got.ID != id || got.Decision != "block" || !strings.HasPrefix(got.Model, "spelling@") || got.Recorded == nil {
			t.Fatalf("%s", out)
		}
		if r := got.Recorded; r.Score != got.Score || r.Threshold != 0.9 || r.Class != "sqli" || r.Decision != "block" || !strings.HasPrefix(r.ModelDigest, "sha256:") {
			t.Errorf("recorded %+v, now %v", r, got.Score)
		}
		if len(got.Spans) == 0 || got.Spans[0].Field != "target" || !strings.Contains("evil-sqli", got.Spans[0].Text) {
			t.Errorf("spans %+v", got.Spans)
		}
	}
	t.Run("server", func(t *testing.T) { explained(t, "--address", admin) })
	text, _, err := limen(t, "", "explain", "--address", admin, id)
	if err != nil || !strings.Contains(text, "GET /?q=") || !strings.Contains(text, "password=aaaaaa0") || strings.Contains(text, "hunter2") ||
		!strings.Contains(text, "# recorded ") {
		t.Errorf("%v\n%s", err, text)
	}
	if _, _, err := limen(t, "", "explain", "--address", admin, "01KAN6T3YCQ2V6D1T1WJ9Z8K4F"); err == nil || !strings.Contains(err.Error(), "01KAN6T3YCQ2V6D1T1WJ9Z8K4F") {
		t.Errorf("an ID that is not there: %v", err)
	}
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	admin = freeAddr(t) // nothing answers there
	t.Run("data folder", func(t *testing.T) { explained(t, "--address", admin, "--data", s.Data) })
	// Under another model, at its own threshold.
	out, _, err := limen(t, "", "explain", "--json", "--device", "native", "--model", "default", "--address", admin, "--data", s.Data, id)
	if err != nil || !strings.Contains(out, `"model":"limen-http@`) || !strings.Contains(out, `"recorded":{`) {
		t.Errorf("%v\n%s", err, out)
	}
}
