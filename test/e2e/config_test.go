package e2e_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// failing is a configuration that must not run.
type failing struct {
	name string
	// options are of the limen global option, block of the directive. {dir} is a
	// folder that prepare may fill.
	options, block string
	prepare        func(t *testing.T, dir string)
	// want are expressions that the error must match: the name of what is wrong,
	// and what to do about it.
	want []string
}

// modelCopy copies the default model to dir/m.onnx and dir/m.json, changed by
// edit.
func modelCopy(t *testing.T, dir string, edit func(onnx, manifest []byte) ([]byte, []byte)) {
	t.Helper()
	stem := filepath.Join(root, "model", "default", "limen-http")
	onnx, err := os.ReadFile(stem + ".onnx")
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := os.ReadFile(stem + ".json")
	if err != nil {
		t.Fatal(err)
	}
	onnx, manifest = edit(onnx, manifest)
	write(t, filepath.Join(dir, "m.onnx"), string(onnx))
	write(t, filepath.Join(dir, "m.json"), string(manifest))
}

// signed puts the ONNX file's own sum into the manifest.
func signed(onnx, manifest []byte) ([]byte, []byte) {
	sum := sha256.Sum256(onnx)
	return onnx, regexp.MustCompile(`"sha256": ?"[0-9a-f]{64}"`).ReplaceAll(manifest, []byte(`"sha256": "`+hex.EncodeToString(sum[:])+`"`))
}

var failures = []failing{
	{name: "unknown option", block: "threshhold 0.9", want: []string{"threshhold", "unknown"}},
	{name: "unknown mode", block: "mode blok", want: []string{"blok", "observe, tag, block"}},
	{name: "bad threshold", block: "threshold 1.5", want: []string{"threshold", `1\.5`, "above 0 and at most 1"}},
	{name: "bad class", block: "class sqlinjection 0.9", want: []string{"sqlinjection", "sqli"}},
	{name: "bad device", options: "device gpu", want: []string{"device", "gpu", "native"}},
	{name: "missing model", options: "model http {dir}/none.onnx", want: []string{`none\.onnx`, "no such file"}},
	{
		name: "missing manifest", options: "model http {dir}/m.onnx", want: []string{`m\.json`, "manifest", "beside"},
		prepare: func(t *testing.T, dir string) {
			modelCopy(t, dir, signed)
			if err := os.Remove(filepath.Join(dir, "m.json")); err != nil {
				t.Fatal(err)
			}
		},
	},
	{
		name: "wrong digest", options: "model http {dir}/m.onnx", want: []string{`m\.onnx`, "digest", "SHA-256", "keep the two files"},
		prepare: func(t *testing.T, dir string) {
			modelCopy(t, dir, func(onnx, manifest []byte) ([]byte, []byte) {
				onnx[len(onnx)/2] ^= 1
				return onnx, manifest
			})
		},
	},
	{
		name: "unknown operator", options: "device native\nmodel http {dir}/m.onnx", want: []string{"Frobulate", "operator"},
		prepare: func(t *testing.T, dir string) {
			modelCopy(t, dir, func(onnx, manifest []byte) ([]byte, []byte) {
				return signed(bytes.ReplaceAll(onnx, []byte("ReduceMax"), []byte("Frobulate")), manifest)
			})
		},
	},
	{
		name: "not an ONNX file", options: "model http {dir}/m.onnx", want: []string{`m\.onnx|limen-http`, "(?i)onnx"},
		prepare: func(t *testing.T, dir string) {
			modelCopy(t, dir, func(_, manifest []byte) ([]byte, []byte) {
				return signed([]byte(strings.Repeat("this is no network ", 100)), manifest)
			})
		},
	},
	{
		name: "bad manifest", options: "model http {dir}/m.onnx", want: []string{`m\.onnx|m\.json`, "manifest"},
		prepare: func(t *testing.T, dir string) {
			modelCopy(t, dir, func(onnx, _ []byte) ([]byte, []byte) { return onnx, []byte("{}") })
		},
	},
	{
		name: "data folder is a file", options: "data {dir}/taken", want: []string{"{dir}/taken", "folder|directory"},
		prepare: func(t *testing.T, dir string) { write(t, filepath.Join(dir, "taken"), "") },
	},
	{
		name: "data folder inside a file", options: "data {dir}/file/data", want: []string{"{dir}/file"},
		prepare: func(t *testing.T, dir string) { write(t, filepath.Join(dir, "file"), "") },
	},
}

// caddyfile lays a configuration out.
func (f *failing) caddyfile(admin, port, dir string) string {
	options := f.options
	if !strings.Contains(options, "data ") {
		options += "\ndata " + dir + "/limen"
	}
	text := "{" + globals + "\tlimen {\n" + options + "\n\t}\n}\nhttp://:" + port + " {\n\tbind 127.0.0.1\n\tlimen {\n\t\tdeadline 5s\n\t\t" + f.block + "\n\t}\n\trespond ok\n}\n"
	return strings.NewReplacer("{admin}", admin, "{dir}", dir).Replace(text)
}

var (
	colour     = regexp.MustCompile(`\x1b\[[0-9;]*m`)
	errorLevel = regexp.MustCompile(`^Error: |"level":"error"|\tERROR\t`)
)

// errorLines are the lines of a log that report an error.
func errorLines(log string) (lines []string) {
	for line := range strings.Lines(colour.ReplaceAllString(log, "")) {
		if errorLevel.MatchString(line) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// checkError checks that the log holds one error, which says what is wanted.
func checkError(t *testing.T, log string, want ...string) {
	t.Helper()
	lines := errorLines(log)
	if len(lines) != 1 {
		t.Errorf("%d lines report an error, want 1:\n%s", len(lines), log)
	}
	for _, expression := range want {
		if !regexp.MustCompile(expression).MatchString(strings.Join(lines, "\n")) {
			t.Errorf("no %q in the error:\n%s", expression, strings.Join(lines, "\n"))
		}
	}
	if strings.Contains(log, "goroutine ") {
		t.Errorf("it panicked:\n%s", log)
	}
}

// Ensure that a configuration that cannot work ends the server at once with one
// error that names what is wrong.
func TestBadConfig(t *testing.T) {
	for _, f := range failures {
		t.Run(f.name, func(t *testing.T) {
			home := t.TempDir()
			p := freePorts(t, 2)
			if f.prepare != nil {
				f.prepare(t, home)
			}
			write(t, filepath.Join(home, "Caddyfile"), f.caddyfile(p[0], p.port(1), home))
			r := run(t, home, "run", "--config", filepath.Join(home, "Caddyfile"))
			if r.code == 0 {
				t.Errorf("it ended with 0")
			}
			checkError(t, r.out+r.err, replaced(f.want, home)...)
		})
	}
}

func replaced(expressions []string, dir string) (out []string) {
	for _, expression := range expressions {
		out = append(out, strings.ReplaceAll(expression, "{dir}", regexp.QuoteMeta(dir)))
	}
	return out
}

// Ensure that a second process on the same data folder ends with one error and
// leaves the first alone, and that validating beside a running server works.
func TestSecondProcess(t *testing.T) {
	home, other := t.TempDir(), t.TempDir()
	p := freePorts(t, 4)
	f := failing{options: "data " + home + "/limen", block: "mode block"}
	start(t, home, p[0], f.caddyfile(p[0], p.port(1), home), p[1])

	write(t, filepath.Join(other, "Caddyfile"), f.caddyfile(p[2], p.port(3), other))
	if r := run(t, other, "validate", "--config", filepath.Join(other, "Caddyfile")); r.code != 0 {
		t.Errorf("validate beside the running server ended with %d:\n%s", r.code, r.err)
	}
	r := run(t, other, "run", "--config", filepath.Join(other, "Caddyfile"))
	if r.code == 0 {
		t.Error("the second process ended with 0")
	}
	checkError(t, r.out+r.err, regexp.QuoteMeta(home+"/limen"), "in use|another", "data|stop")
	expectServing(t, p[1])
}

// sendReloaded sends a request, and once more if the connection was closed without an
// answer: Caddy itself, with or without Limen, closes the odd new connection that
// reaches the old listener as it goes away.
func sendReloaded(t *testing.T, address string, wire []byte, method string) reply {
	t.Helper()
	if r, err := exchange(address, wire, method); err == nil {
		return r
	}
	return send(t, address, wire, method)
}

// expectServing checks that the site answers and blocks.
func expectServing(t *testing.T, address string) {
	t.Helper()
	benign, attack := get("/"), get("/?q="+encode(union))
	if r := sendReloaded(t, address, benign.wire("x"), "GET"); r.status != 200 {
		t.Errorf("an ordinary request got %d", r.status)
	}
	if r := sendReloaded(t, address, attack.wire("x"), "GET"); r.status != 403 {
		t.Errorf("an attack got %d", r.status)
	}
}

// Ensure that a reload that fails leaves the old configuration serving, that one
// that works takes effect, and that neither drops a request.
func TestReload(t *testing.T) {
	home := t.TempDir()
	p := freePorts(t, 2)
	good := failing{block: "mode block"}
	s := start(t, home, p[0], good.caddyfile(p[0], p.port(1), home), p[1])
	expectServing(t, p[1])

	stop, stopped := make(chan struct{}), make(chan int)
	go func() {
		n, benign := 0, get("/catalogue")
		for ; ; n++ {
			select {
			case <-stop:
				stopped <- n
				return
			default:
			}
			r, err := exchange(p[1], benign.wire("x"), "GET")
			if err != nil { // see sendReloaded
				r, err = exchange(p[1], benign.wire("x"), "GET")
			}
			if err != nil || r.status != 200 {
				t.Errorf("request %d during reloads got %d, %v", n, r.status, err)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	reload := func(f *failing) result {
		dir := t.TempDir()
		if f.prepare != nil {
			f.prepare(t, dir)
		}
		config := filepath.Join(home, "next.Caddyfile")
		text := f.caddyfile(p[0], p.port(1), dir)
		if !strings.Contains(f.options, "data ") {
			text = strings.ReplaceAll(text, dir+"/limen", home+"/limen")
		}
		write(t, config, text)
		return run(t, home, "reload", "--force", "--config", config, "--address", p[0])
	}
	for _, f := range failures {
		r := reload(&f)
		if r.code == 0 {
			t.Errorf("%s: the reload ended with 0", f.name)
		}
		if len(errorLines(r.err)) != 1 {
			t.Errorf("%s: want one error line:\n%s", f.name, r.err)
		}
		expectServing(t, p[1])
	}
	observe := failing{block: "mode observe"}
	if r := reload(&observe); r.code != 0 {
		t.Fatalf("the reload ended with %d:\n%s", r.code, r.err)
	}
	attack := get("/?q=" + encode(union))
	if r := sendReloaded(t, p[1], attack.wire("x"), "GET"); r.status != 200 {
		t.Errorf("after the reload to observe an attack got %d", r.status)
	}
	// An edited model file is another model, under the same name.
	models := t.TempDir()
	modelCopy(t, models, signed)
	file := failing{options: "model http " + models + "/m.onnx", block: "mode block"}
	if r := reload(&file); r.code != 0 {
		t.Fatalf("the reload to a model file ended with %d:\n%s", r.code, r.err)
	}
	expectServing(t, p[1])
	modelCopy(t, models, func(onnx, manifest []byte) ([]byte, []byte) {
		return onnx, bytes.Replace(manifest, []byte(`"limen-http"`), []byte(`"edited-http"`), 1)
	})
	if r := reload(&file); r.code != 0 {
		t.Fatalf("the reload to the edited model file ended with %d:\n%s", r.code, r.err)
	}
	expectServing(t, p[1])
	if metrics := sendReloaded(t, p[0], []byte("GET /metrics HTTP/1.1\r\nHost: "+p[0]+"\r\n\r\n"), "GET"); !strings.Contains(metrics.body, `name="edited-http"`) {
		t.Errorf("after the reload the metrics do not know the edited model:\n%s", metrics.body)
	}
	if r := reload(&good); r.code != 0 {
		t.Fatalf("the reload back ended with %d:\n%s", r.code, r.err)
	}
	expectServing(t, p[1])
	close(stop)
	if n := <-stopped; n == 0 {
		t.Error("no request was made during reloads")
	}
	// What was decided before, between and after is there.
	if n := len(s.await(len(failures)+4, "--decision", "block")); n != len(failures)+4 {
		t.Errorf("%d blocked verdicts, want %d", n, len(failures)+4)
	}
}
