package caddymodule_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/parquet-go/parquet-go"

	"github.com/limen-waf/limen/store"
)

// stoppable runs a server that the test may stop before its end.
func stoppable(t testing.TB, caddyfile string) (s *server, stop func()) {
	t.Helper()
	s = newServer(t, nil)
	if err := s.load(caddyfile); err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			if err := caddy.Stop(); err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(stop)
	return s, stop
}

// Ensure that export writes the same rows in each format, from a running server and
// from its data folder, oldest first, to standard output and to a file.
func TestCLIExport(t *testing.T) {
	s, stop := stoppable(t, "$SITE {\n limen\n respond ok\n}")
	for _, target := range []string{"/plain", "/?a=evil-sqli", "/?a=evil-xss", "/?a=maybe-sqli"} {
		s.get(target)
	}
	s.rows("", 4)
	nobody := freeAddr(t)
	check := func(source string, args ...string) {
		for name, c := range map[string]struct {
			args []string
			want string
		}{
			"all":      {nil, "/plain /?a=evil-sqli /?a=evil-xss /?a=maybe-sqli"},
			"decision": {[]string{"--decision", "block"}, "/?a=evil-sqli /?a=evil-xss"},
			"class":    {[]string{"--class", "sqli", "--min-score", "0.9"}, "/?a=evil-sqli"},
			"none":     {[]string{"--until", "1h"}, ""},
		} {
			args := append(append([]string{"export"}, c.args...), args...)
			t.Run(source+"/jsonl/"+name, func(t *testing.T) {
				out, stderr, err := limen(t, "", args...)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for line := range strings.Lines(out) {
					var v store.Verdict
					if err := json.Unmarshal([]byte(line), &v); err != nil {
						t.Fatal(err)
					}
					if len(v.Request) == 0 || v.Host != s.Addr {
						t.Errorf("a row lacks something: %s", line)
					}
					got = append(got, v.Path)
				}
				if strings.Join(got, " ") != c.want || !strings.Contains(stderr, " decisions, ") {
					t.Errorf("got %q, %q", got, stderr)
				}
			})
			t.Run(source+"/csv/"+name, func(t *testing.T) {
				out, _, err := limen(t, "", append(args, "--format", "csv")...)
				if err != nil {
					t.Fatal(err)
				}
				table, err := csv.NewReader(strings.NewReader(out)).ReadAll()
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, line := range table[1:] {
					got = append(got, line[5])
				}
				if strings.Join(got, " ") != c.want || table[0][5] != "path" {
					t.Errorf("got %q", got)
				}
			})
			t.Run(source+"/parquet/"+name, func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "x.parquet") // its ending says the format
				if out, _, err := limen(t, "", append(args, "--out", file)...); err != nil || out != "" {
					t.Fatal(out, err)
				}
				if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("others may read the file: %v, %v", info, err)
				}
				raw, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				type row struct {
					Path  string  `parquet:"path,optional"`
					Score float64 `parquet:"score"`
				}
				rows, err := parquet.Read[row](bytes.NewReader(raw), int64(len(raw)))
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, r := range rows {
					got = append(got, r.Path)
				}
				if strings.Join(got, " ") != c.want {
					t.Errorf("got %q", got)
				}
			})
		}
	}
	check("server", "--address", s.admin())
	stop()
	check("folder", "--address", nobody, "--data", s.Data)
}

// Ensure that the admin endpoint streams an export with its count behind it, and
// refuses what it does not know.
func TestAdminExport(t *testing.T) {
	s := start(t, plainSite, map[string]string{"$TEXT": "hello"})
	for range 3 {
		s.get("/?q=evil-sqli")
	}
	s.rows("", 3)
	res, err := s.Client.Get(s.Admin + "/limen/export?decision=block")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(raw, []byte("\n")); n != 3 || res.Trailer.Get("Limen-Rows") != "3" || res.Trailer.Get("Limen-Gaps") != "{}" {
		t.Errorf("%d lines, trailer %v", n, res.Trailer)
	}
	for _, tt := range []struct {
		method, path string
		status       int
		want         string
	}{
		{"POST", "/limen/export", 405, "use GET"},
		{"GET", "/limen/export?limit=3", 400, "limit"},
		{"GET", "/limen/export?classs=x", 400, "unknown parameter classs"},
		{"GET", "/limen/export?class=xyz", 400, "class"},
		{"PUT", "/limen/backup", 405, "use GET"},
		{"DELETE", "/limen/replay", 405, "use POST"},
		{"POST", "/limen/replay?candidate=nothing", 400, "nothing"},
		{"POST", "/limen/replay?candidate=/nothing.onnx", 400, "nothing"},
		{"POST", "/limen/replay?examples=many", 400, "examples"},
		{"POST", "/limen/replay?examples=1001", 400, "0 to 1000"},
		{"POST", "/limen/replay?threshold=2", 400, "threshold"},
		{"POST", "/limen/replay?resume=01ARZ3NDEKTSV4RRFFQ69G5FAV", 404, "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
		{"POST", "/limen/replay?resume=01ARZ3NDEKTSV4RRFFQ69G5FAV&class=xss", 400, "leave the others out"},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			r, err := http.NewRequest(tt.method, s.Admin+tt.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			s.expect(s.send(r), tt.status, tt.want)
		})
	}
}

// Ensure that export says what it does not take, and leaves no file when it fails.
func TestCLIExportErrors(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"export", "--format", "xml"}, `--format is "xml", expected jsonl, csv, parquet`},
		{[]string{"export", "--since", "yesterday"}, `--since is "yesterday"`},
		{[]string{"export", "--min-score", "7"}, "--min-score is 7"},
		{[]string{"export", "--out", filepath.Join(dir, "x.csv"), "--address", freeAddr(t), "--data", dir}, "no server answers"},
		{[]string{"backup"}, "got 0 arguments"},
		{[]string{"backup", filepath.Join(dir, "b"), "--address", freeAddr(t), "--data", dir}, "no server answers"},
		{[]string{"restore", dir}, "--data is missing"},
		{[]string{"restore", dir, "--data", filepath.Join(dir, "new")}, "is no backup"},
		{[]string{"replay", "--threshold", "3"}, "--threshold is 3"},
		{[]string{"replay", "--resume", "x"}, `--resume is "x"`},
		{[]string{"replay", "--examples", "-1"}, "--examples is -1"},
		{[]string{"replay", "--address", freeAddr(t), "--data", dir}, "no server answers"},
	} {
		_, _, err := limen(t, "", tt.args...)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got %v, expected %q", tt.args, err, tt.want)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 0 {
		t.Errorf("there is %q", left)
	}
}
