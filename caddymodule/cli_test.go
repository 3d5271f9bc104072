package caddymodule_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// limen runs "caddy limen" with the arguments.
func limen(t testing.TB, stdin string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := &cobra.Command{Use: "limen", SilenceUsage: true}
	caddycmd.Commands()["limen"].CobraFunc(cmd)
	root := &cobra.Command{Use: "caddy", SilenceUsage: true}
	root.AddCommand(cmd)
	var out, errs bytes.Buffer
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetArgs(append([]string{"limen"}, args...))
	err = root.ExecuteContext(context.Background())
	return out.String(), errs.String(), err
}

// golden compares text with a file in testdata/cli, or writes the file when
// UPDATE_GOLDEN is set.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "cli", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		write(t, path, []byte(got))
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n%s\nwant\n%s", path, got, want)
	}
}

// Ensure that every command has a help text with examples, and that "limen"
// alone shows them all.
func TestCLIHelp(t *testing.T) {
	out, _, err := limen(t, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"score", "eval", "explain", "tokens", "classify", "detect", "infer", "verdicts", "why", "calls", "procedures", "threshold", "label", "labels", "except", "models", "policies", "adapt", "promote", "rollback", "replay", "export", "backup", "restore", "doctor"} {
		if !strings.Contains(out, "\n  "+name+" ") {
			t.Errorf("%s is not in the help:\n%s", name, out)
		}
		help, _, err := limen(t, "", name, "--help")
		if err != nil {
			t.Errorf("%s --help: %v", name, err)
		}
		for _, want := range []string{"Usage:", "Examples:", "$ caddy limen " + name, "Flags:"} {
			if !strings.Contains(help, want) {
				t.Errorf("%q is not in the help of %s:\n%s", want, name, help)
			}
		}
		if strings.HasPrefix(help, "\n") {
			t.Errorf("the help of %s begins with an empty line", name)
		}
	}
}

// Ensure that each wrong input is one clear error, before anything is written.
func TestCLIErrors(t *testing.T) {
	m := spellingModel(t, t.TempDir(), "1")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "bad.onnx"), []byte("x"))
	write(t, filepath.Join(dir, "bad.json"), []byte(`{"format":1}`))
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"command":         {[]string{"scroe"}, `unknown command "scroe" for "caddy limen", expected one of adapt, backup, calls, classify, detect, doctor, eval, except, explain, export, forget, infer, label, labels, models, policies, procedures, promote, replay, restore, rollback, score, threshold, tokens, verdicts, verify, why`},
		"flag":            {[]string{"score", "--thresold", "1", "-"}, "unknown flag: --thresold"},
		"no file":         {[]string{"score"}, "no FILE given, expected JSON Lines or raw HTTP messages, or - for standard input"},
		"no file, eval":   {[]string{"eval", "--json"}, "no FILE given"},
		"no file, tokens": {[]string{"tokens"}, "no FILE given"},
		"missing file":    {[]string{"score", "--model", m, "testdata/cli/request.http", dir + "/none.jsonl"}, dir + "/none.jsonl: no such file"},
		"a folder":        {[]string{"tokens", dir}, dir + ": is a directory; name its files"},
		"not requests":    {[]string{"score", "--model", m, dir + "/bad.onnx"}, dir + `/bad.onnx:1: begins with "x"; want JSON Lines or a raw HTTP message`},
		"no model":        {[]string{"score", "--model", dir + "/none.onnx", "-"}, dir + "/none.onnx: no such file"},
		"bad model":       {[]string{"score", "--model", dir + "/bad.onnx", "-"}, dir + "/bad.onnx: bad manifest: name is empty"},
		"no label":        {[]string{"eval", "--model", m, "testdata/cli/request.http"}, `testdata/cli/request.http:1: request request.http has no label; eval needs "label"`},
		"threshold":       {[]string{"score", "--model", m, "--threshold", "1.5", "-"}, "threshold is 1.5, expected a number above 0 and at most 1"},
		"threshold 0":     {[]string{"score", "--model", m, "--threshold", "0", "-"}, "threshold is 0, expected"},
		"threshold word":  {[]string{"score", "--threshold", "high", "-"}, `invalid argument "high" for "--threshold"`},
		"target":          {[]string{"eval", "--model", m, "--target-fpr", "1", "-"}, "--target-fpr is 1, expected a number between 0 and 1, such as 0.001"},
		"target 0":        {[]string{"eval", "--model", m, "--target-fpr", "0", "-"}, "--target-fpr is 0, expected"},
		"by":              {[]string{"eval", "--model", m, "--by", "host", "-"}, `--by is "host", expected dataset or class`},
		"anomaly":         {[]string{"eval", "--model", m, "--anomaly", "bad", "-"}, `--anomaly is "bad", expected apart, attack or normal`},
		"mistakes":        {[]string{"eval", "--model", m, "--mistakes", dir + "/no/such", "testdata/cli/requests.jsonl"}, dir + "/no/such: no such file"},
		"device":          {[]string{"score", "--model", "../gpu/testdata/tiny.onnx", "--device", "tpu", "-"}, `unknown device "tpu": use auto, native, cpu, cuda`},
		"doctor argument": {[]string{"doctor", "now"}, `unknown command "now"`},
	} {
		t.Run(name, func(t *testing.T) {
			out, _, err := limen(t, "", c.args...)
			if err == nil {
				t.Fatalf("no error; output %q", out)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %q in it", err, c.want)
			}
			if out != "" {
				t.Errorf("output before the error: %q", out)
			}
		})
	}
}

// stable takes out of an output what differs between runs, manifests and
// processors.
func stable(text, model string) string {
	for _, r := range []struct{ pattern, with string }{
		{`"us":\d+`, `"us":0`},
		{`"seconds":[\d.e-]+`, `"seconds":0`},
		{`in \d+\.\d s, [\d,]+/s`, "in (time)"},
		{`sha256:[0-9a-f]{64}`, "sha256:(digest)"},
		{`@[0-9a-f]{12}`, "@(digest)"},
		{`(\d\.\d{6})\d+`, "$1"},
	} {
		text = regexp.MustCompile(r.pattern).ReplaceAllString(text, r.with)
	}
	return strings.ReplaceAll(text, model, "m.onnx")
}

// Ensure that score writes one line a request, in order, from all kinds of
// files.
func TestCLIScore(t *testing.T) {
	m := spellingModel(t, t.TempDir(), "1")
	out, stderr, err := limen(t, `{"method":"GET","target":"/?x=evil-xss"}`,
		"score", "--model", m, "testdata/cli/request.http", "-", "testdata/cli/requests.jsonl")
	if err != nil || stderr != "" {
		t.Fatalf("%v, stderr %q", err, stderr)
	}
	golden(t, "score.golden", stable(out, m))

	var line struct {
		Score    float64
		Decision string
		Classes  map[string]float64
	}
	out, _, err = limen(t, `{"method":"GET","target":"/?x=maybe-sqli"}`, "score", "--model", m, "--threshold", "0.5", "-")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out), &line); err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, p := range line.Classes {
		sum += p
	}
	if line.Decision != "block" || line.Score < 0.5 || line.Score >= 0.9 || sum < 0.999 || sum > 1.001 {
		t.Errorf("got %s", out)
	}
}

// Ensure that lines before a bad one are written, and the bad one named.
func TestCLIScoreStopsAtBadLine(t *testing.T) {
	m := spellingModel(t, t.TempDir(), "1")
	out, _, err := limen(t, `{"id":"1","method":"GET","target":"/"}`+"\n"+`{"id":"2","method":"GET"}`, "score", "--model", m, "-")
	if err == nil || !strings.Contains(err.Error(), `stdin:2: "target" is missing`) {
		t.Errorf("got %v", err)
	}
	if !strings.HasPrefix(out, `{"id":"1",`) || strings.Count(out, "\n") != 1 {
		t.Errorf("output %q", out)
	}
}

// Ensure that an engine that fails ends score and eval instead of counting as a
// score of 0.
func TestCLIEngineFails(t *testing.T) {
	m := spellingModel(t, t.TempDir(), "1")
	fault := errors.New("the engine is broken")
	engineFault.Store(&fault)
	defer engineFault.Store(nil)
	for _, name := range []string{"score", "eval"} {
		out, _, err := limen(t, "", name, "--model", m, "testdata/cli/requests.jsonl")
		if err == nil || !strings.Contains(err.Error(), "request n1: ") || !strings.Contains(err.Error(), fault.Error()) || out != "" {
			t.Errorf("%s: %v, output %q", name, err, out)
		}
	}
}

// Ensure that the tables are as they should look.
func TestCLIEval(t *testing.T) {
	m := spellingModel(t, t.TempDir(), "1")
	for name, args := range map[string][]string{
		"eval.golden":         {"--target-fpr", "0.3"},
		"eval_class.golden":   {"--by", "class", "--threshold", "0.5"},
		"eval_json.golden":    {"--json", "--target-fpr", "0.001"},
		"eval_anomaly.golden": {"--anomaly", "attack"},
	} {
		t.Run(name, func(t *testing.T) {
			out, stderr, err := limen(t, "", append([]string{"eval", "--model", m, "testdata/cli/requests.jsonl"}, args...)...)
			if err != nil || stderr != "" {
				t.Fatalf("%v, stderr %q", err, stderr)
			}
			golden(t, name, stable(out, m))
		})
	}
}

// Ensure that mistakes are the wrong records, whole, and that the file can be
// judged again.
func TestCLIMistakes(t *testing.T) {
	m := spellingModel(t, t.TempDir(), "1")
	path := filepath.Join(t.TempDir(), "wrong.jsonl")
	if _, _, err := limen(t, "", "eval", "--model", m, "--mistakes", path, "testdata/cli/requests.jsonl"); err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	type mistake struct {
		ID, Mistake, Found string
		Score              float64
		Hard               bool
	}
	var got []mistake
	for line := range strings.Lines(string(first)) {
		var w mistake
		if err := json.Unmarshal([]byte(line), &w); err != nil {
			t.Fatal(err)
		}
		if (w.Mistake == "false positive") != (w.Score >= 0.9) {
			t.Errorf("%s with score %v", w.Mistake, w.Score)
		}
		w.Score = 0
		got = append(got, w)
	}
	// All other classes have equal probabilities: the first is the likeliest.
	want := []mistake{{ID: "a3", Mistake: "false negative", Found: "sqli"}, {ID: "n3", Mistake: "false positive", Found: "xss", Hard: true}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	again, _, err := limen(t, "", "eval", "--model", m, "--mistakes", "-", path)
	if err != nil {
		t.Fatal(err)
	}
	if again != string(first) {
		t.Errorf("judged again:\n%s\nwant\n%s", again, first)
	}
}

// Ensure that tokens shows what the tokenizer makes of requests.
func TestCLITokens(t *testing.T) {
	out, _, err := limen(t, "", "tokens", "--text", "testdata/cli/request.http")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# request.http, ", " tokens\n", "<path>", "<qname>q", "evil-sqli", "shop.example"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in %q", want, out)
		}
	}
	out, _, err = limen(t, "", "tokens", "testdata/cli/requests.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out, "\n"); n != 9 || !strings.HasPrefix(out, `{"id":"n1","dataset":"shop","label":"normal","class":"none","tokens":"`) {
		t.Errorf("%d lines: %.200s", n, out)
	}
}
