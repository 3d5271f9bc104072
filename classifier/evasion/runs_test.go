package evasion

import (
	"html"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Ensure, by running them in Node, that mutated scripts still call what they called.
func TestScriptRuns(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node")
	}
	var names, scripts []string
	r := rand.New(rand.NewPCG(1, 2))
	for _, text := range []string{"<img src=x onerror=alert(1)>", `<svg onload="alert(1)">`, "<script>alert(1)</script>", `<p onclick='alert(1)'>x</p>`} {
		for _, m := range slices.Concat(jsMutations, xssMutations) {
			if m.Name == "js-argument" || m.Name == "js-url" {
				continue
			}
			for range 30 {
				c := Step{&m, r.Uint64()}.Apply(&Candidate{Class: "xss", Payload: text, Place: Query})
				if c == nil || strings.Contains(c.Payload, "import(") || strings.Contains(c.Payload, "location=") {
					continue
				}
				code := codeOf(c.Payload)
				if !strings.Contains(strings.ToLower(c.Payload), "<script") {
					code = html.UnescapeString(code)
				}
				names, scripts = append(names, m.Name+": "+c.Payload), append(scripts, code)
			}
		}
	}
	// Every script runs on its own in a context that knows window and alert.
	var program strings.Builder
	program.WriteString(`const vm = require("vm"); let run = (code) => { let hits = 0; const f = () => { hits++ };
const now = (f) => { typeof f == "string" || Array.isArray(f) ? vm.runInContext(String(f), g) : f() };
const g = vm.createContext({alert: f, setTimeout: now, setInterval: now, queueMicrotask: now, atob, unescape, document: {}, console});
vm.runInContext("var window=globalThis,top=globalThis,self=globalThis,parent=globalThis,frames=globalThis; document.defaultView=globalThis; var Window=Object; Promise=class{constructor(f){f()} static resolve(v){return {then(f){f(v)}}}}", g);
try { vm.runInContext(code, g) } catch (e) { const h = vm.runInContext("typeof onerror=='function'&&onerror", g); if (h) h(); else return String(e) }
return hits ? "" : "not called" };` + "\n")
	for _, s := range scripts {
		program.WriteString("console.log(run(" + quoteJS(s) + ").replaceAll('\\n',' '));\n")
	}
	command := exec.Command(node, "-")
	command.Stdin = strings.NewReader(program.String())
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %.500s", err, out)
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != len(names) || len(names) < 500 {
		t.Fatalf("%d results of %d scripts", len(lines), len(names))
	}
	for i, l := range lines {
		if l != "" {
			t.Errorf("%q: %s (code %q)", names[i], l, scripts[i])
		}
	}
}

func quoteJS(s string) string {
	c := Coding{Kind: Escape, Share: All}
	return `"` + string(c.apply(nil, s, nil, nil)) + `"`
}

// Ensure, by asking SQLite, that mutated SQL still finds what it found.
func TestSQLRuns(t *testing.T) {
	sqlite3, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("no sqlite3")
	}
	const schema = "create table t(name text, n integer); insert into t values('ab',1),('cd',2),('ef',3);"
	run := func(payloads []string) []string {
		var script strings.Builder
		script.WriteString(schema)
		for _, p := range payloads {
			script.WriteString("\nselect name,n from t where n=0 or name='" + p + "'\n;select '----';")
		}
		command := exec.Command(sqlite3, ":memory:")
		command.Stdin = strings.NewReader(script.String())
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %.800s", err, out)
		}
		return strings.Split(string(out), "----\n")
	}
	lines := func(text string) string {
		rows := strings.Fields(text)
		slices.Sort(rows)
		return strings.Join(slices.Compact(rows), " ")
	}
	for _, text := range []string{"x' or 5=5 -- ", "x' union select name,7 from t where n=2 and 'ab'='ab' -- ", "cd' and 'ab'='ab' and 12 between 3 and 20 or 'q'='q", "x' or n=3 and not 4=5--"} {
		want := lines(run([]string{text})[0])
		if want == "" {
			t.Fatalf("%q finds nothing", text)
		}
		r := rand.New(rand.NewPCG(1, 2))
		var payloads, names []string
		for _, m := range sqlMutations {
			for range 20 {
				c := Step{&m, r.Uint64()}.Apply(&Candidate{Class: "sqli", Payload: text, Place: Query, dialect: sqlite})
				if c != nil && !strings.ContainsAny(c.Payload, "\v") {
					payloads, names = append(payloads, c.Payload), append(names, m.Name)
				}
			}
		}
		if len(payloads) < 60 {
			t.Fatalf("only %d mutants of %q", len(payloads), text)
		}
		for i, got := range run(payloads)[:len(payloads)] {
			if lines(got) != want {
				t.Errorf("%s made %q of %q: finds %q, want %q", names[i], payloads[i], text, lines(got), want)
			}
		}
	}
}
