package caddymodule_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/limen-waf/limen/classifier/evaluate"
)

// Ensure that what stands in the way of a report is said before the work, and
// that nothing is touched.
func TestCLIReportErrors(t *testing.T) {
	m := spellingModel(t, t.TempDir(), "1")
	dir := t.TempDir()
	input := filepath.Join(dir, "in.jsonl")
	write(t, input, []byte(`{"label":"normal","method":"GET","target":"/"}`+"\n"))
	if err := os.Symlink(input, filepath.Join(dir, "link.html")); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"a folder":      {[]string{"--report", dir}, "--report " + dir + " is a folder and will not be replaced; name a file, such as report.html"},
		"a link":        {[]string{"--report", dir + "/link.html"}, "/link.html is a symbolic link and will not be replaced"},
		"a device":      {[]string{"--report", os.DevNull}, os.DevNull + " is no regular file and will not be replaced"},
		"an input":      {[]string{"--report", input}, input + " is one of the files to judge and will not be replaced"},
		"no folder":     {[]string{"--report", dir + "/no/such.html"}, "--report " + dir + "/no/such.html: "},
		"standard out":  {[]string{"--report", "-"}, `--report is "-", expected the name of a file, such as report.html`},
		"empty":         {[]string{"--report", ""}, `--report is "", expected the name of a file`},
		"prior":         {[]string{"--prior", "1"}, "--prior is 1, expected a number between 0 and 1, such as 0.01"},
		"prior 0":       {[]string{"--prior", "0"}, "--prior is 0, expected"},
		"worst":         {[]string{"--report", dir + "/r.html", "--worst", "-1"}, "--worst is -1, expected 0 to 1000"},
		"too many":      {[]string{"--report", dir + "/r.html", "--worst", "1001"}, "--worst is 1001, expected 0 to 1000"},
		"worst of what": {[]string{"--worst", "3"}, "--worst is about the web page: name its file with --report, such as --report report.html"},
	} {
		t.Run(name, func(t *testing.T) {
			out, _, err := limen(t, "", append([]string{"eval", "--model", m, input}, c.args...)...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %q in it", err, c.want)
			}
			if out != "" {
				t.Errorf("output before the error: %q", out)
			}
		})
	}
	expectFiles(t, dir, "in.jsonl", "link.html")
}

// expectFiles fails the test when the folder has other files.
func expectFiles(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if fmt.Sprint(got) != fmt.Sprint(names) {
		t.Errorf("the folder has %q, want %q", got, names)
	}
}

// reportOf writes a report and returns it.
func reportOf(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if _, stderr, err := limen(t, stdin, append([]string{"eval", "--report", path}, args...)...); err != nil || stderr != "" {
		t.Fatalf("%v, stderr %q", err, stderr)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	expectFiles(t, filepath.Dir(path), "report.html")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("others may read the report: %v, %v", info.Mode(), err)
	}
	return string(text)
}

// Ensure that the report has the model, the files, the command and the mistakes.
func TestCLIReport(t *testing.T) {
	m := spellingModel(t, t.TempDir(), "1")
	text := reportOf(t, "", "--model", m, "--prior", "0.2", "testdata/cli/requests.jsonl")
	for _, want := range []string{
		"spelling 1", "<td>9</td>", "testdata/cli/requests.jsonl", "25.000 %", "0.631 to 80.588 %", "66.67 %",
		"False alarms: the worst 1 of 1", "Missed attacks: the worst 1 of 1", "blog · n3", "shop · a3", "0.2 here",
		"caddy limen eval --model " + m + " --prior 0.2 --report ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the report", want)
		}
	}
	if strings.Contains(text, "<script") || strings.Contains(text, "http://") || strings.Contains(text, "url(") {
		t.Error("the report loads something")
	}
}

// Ensure that an existing report is replaced as a whole, and left alone by a run
// that fails.
func TestCLIReportReplaces(t *testing.T) {
	m := spellingModel(t, t.TempDir(), "1")
	dir := t.TempDir()
	path := filepath.Join(dir, "r.html")
	write(t, path, []byte("an older one"))
	if _, _, err := limen(t, `{"method":"GET","target":"/"}`, "eval", "--model", m, "--report", path, "-"); err == nil {
		t.Fatal("no error for a request without a label")
	}
	if old, err := os.ReadFile(path); err != nil || string(old) != "an older one" {
		t.Errorf("after an error: %q, %v", old, err)
	}
	if _, _, err := limen(t, `{"label":"normal","method":"GET","target":"/"}`, "eval", "--model", m, "--report", path, "-"); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(text), "<!DOCTYPE html>") || !strings.HasSuffix(string(text), "</html>\n") {
		t.Errorf("%.40q, %v", text, err)
	}
	expectFiles(t, dir, "r.html")
}

// Ensure that of many mistakes the worst are shown, in order, of equal ones the
// first, whatever the number of workers.
func TestCLIWorst(t *testing.T) {
	m := spellingModel(t, t.TempDir(), "1")
	var in strings.Builder
	for i := range 600 {
		word := "evil-xss"
		if i%100 == 50 {
			word = "evil-sqli evil-xss"
		}
		fmt.Fprintf(&in, `{"id":"f%d","label":"normal","method":"GET","target":"/?q=%s"}`+"\n", i, word)
		fmt.Fprintf(&in, `{"id":"m%d","label":"attack","class":"xss","method":"GET","target":"/"}`+"\n", i)
	}
	ids := regexp.MustCompile(` · (f\d+|m\d+)`)
	want := ""
	for _, workers := range []string{"1", "4"} {
		text := reportOf(t, in.String(), "--model", m, "--worst", "7", "--workers", workers, "-")
		var got []string
		for _, id := range ids.FindAllStringSubmatch(text, -1) {
			got = append(got, id[1])
		}
		if len(got) != 14 || fmt.Sprint(got[7:]) != "[m0 m1 m2 m3 m4 m5 m6]" {
			t.Errorf("shown: %v", got)
		}
		if want == "" {
			want = fmt.Sprint(got)
		} else if want != fmt.Sprint(got) {
			t.Errorf("with %s workers %v, with one %s", workers, got, want)
		}
	}
	if text := reportOf(t, in.String(), "--model", m, "--worst", "0", "-"); ids.MatchString(text) || !strings.Contains(text, "--worst is 0") {
		t.Error("mistakes are shown with --worst 0")
	}
}

// Ensure that what an attacker wrote stays text.
func TestCLIReportHostile(t *testing.T) {
	m := spellingModel(t, t.TempDir(), "1")
	attack := `<script>alert("x")</script>]]>--><img src=x onerror=alert(1)>` + "\u0000\u001b\u202e evil-xss"
	line, err := json.Marshal(map[string]any{
		"id": attack, "dataset": attack, "label": "normal", "method": "GET", "target": "/" + attack, "headers": [][]string{{"X-" + attack, attack}}, "body": attack,
	})
	if err != nil {
		t.Fatal(err)
	}
	binary := `{"id":"b","label":"normal","method":"POST","target":"/?evil-xss","headers":[],"body_b64":"PHNjcmlwdD4A/8CvGw=="}`
	text := reportOf(t, string(line)+"\n"+binary, "--model", m, "-")
	for _, bad := range []string{"\x00", "\x1b", "\u202e", "\ufffd", "<script", "<img"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q is in the report", bad)
		}
	}
	if !strings.Contains(text, "&lt;script&gt;") || !strings.Contains(text, `\xFF\xC0\xAF`) {
		t.Error("what was sent is not shown")
	}
	if _, err := html.Parse(strings.NewReader(text)); err != nil {
		t.Error(err)
	}
}

// Ensure that --json has the calibration at the prior that was asked for, with
// and without a report.
func TestCLIPrior(t *testing.T) {
	m := spellingModel(t, t.TempDir(), "1")
	eces := map[float64]float64{}
	for _, args := range [][]string{{}, {"--prior", "0.01"}, {"--prior", "0.01", "--report", filepath.Join(t.TempDir(), "r.html")}} {
		out, _, err := limen(t, "", append([]string{"eval", "--model", m, "--json", "testdata/cli/requests.jsonl"}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		var r evaluate.Report
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		want := 0.5
		if len(args) > 0 {
			want = 0.01
		}
		k := r.Calibration
		if k == nil || k.Prior != want || r.Curves.Prior != want || len(r.Curves.Points) == 0 || len(r.Histogram.Normal) == 0 {
			t.Fatalf("%v: %s", args, out)
		}
		sum := 0.0
		for _, b := range k.Width {
			sum += b.Weight * math.Abs(b.Score-b.Share)
		}
		if math.Abs(sum-float64(k.ECE)) > 1e-9 {
			t.Errorf("ECE %v, its bins say %v", k.ECE, sum)
		}
		if before, ok := eces[want]; ok && before != float64(k.ECE) {
			t.Errorf("ECE %v, with a report %v", before, k.ECE)
		}
		eces[want] = float64(k.ECE)
	}
	if eces[0.5] == eces[0.01] {
		t.Error("the prior makes no difference")
	}
}
