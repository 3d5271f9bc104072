package e2e_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"strings"
	"testing"
)

// picture returns a PNG of noise: bytes of every value.
func picture(t *testing.T) string {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	img := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := range img.Pix {
		img.Pix[i] = uint8(r.Uint32())
	}
	img.Set(0, 0, color.White)
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// orders is ordinary JSON of some 100 KB.
func orders() string {
	var b strings.Builder
	b.WriteString(`{"orders":[`)
	for i := range 500 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"id":` + strings.Repeat("7", 1+i%9) + `,"customer":"Zoë O'Reilly","note":"It's a gift: don't print the price!","total":{"amount":"12.50","currency":"EUR"},"paid":true,"tags":["blue","large & light"]}`)
	}
	return b.String() + `]}`
}

func ordinary(t *testing.T) []attack {
	const urlencoded, json = "application/x-www-form-urlencoded", "application/json"
	chunks := post("/api/orders", json, orders())
	chunks.chunked = true
	zip := post("/api/orders", json, "", "Content-Encoding: gzip")
	zip.body = zipped(t, orders())
	with := func(method string, r request) request { r.method = method; return r }
	script := func(r request) request {
		r.headers = append(r.headers, "Accept: application/json, text/plain, */*", "X-Requested-With: XMLHttpRequest",
			"Authorization: Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
			"Origin: https://shop.example.com", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty")
		return r
	}
	return []attack{
		{"front page", get("/")},
		{"page", get("/catalogue/lamps?page=2&sort=price&utm_source=newsletter&utm_medium=email")},
		{"static file", get("/static/js/app.3f9c2b1a.js?v=20260101", "Accept: */*", "Sec-Fetch-Dest: script", "If-None-Match: \"33a64df551425fcc55e4d42a148795d9f25f89d4\"")},
		{"part of a video", get("/media/intro.mp4", "Range: bytes=1048576-2097151", "Accept: */*")},
		{"search with apostrophe", get("/search?q=O%27Reilly")},
		{"search with plus", get("/search?q=tim+o%27reilly+%22learning+go%22+2nd+edition&in=books")},
		{"search in other scripts", get("/search?q=%D0%BA%D0%BD%D0%B8%D0%B3%D0%B0&lang=ru")},
		{"search for words of SQL", get("/search?q=select+a+gift+from+the+union+store")},
		{"path in other scripts", get("/artikel/gr%C3%BC%C3%9Fe-aus-m%C3%BCnchen/2026/01")},
		{"without a browser", request{method: "GET", target: "/api/health", headers: []string{"User-Agent: curl/8.5.0", "Accept: */*"}, bare: true}},
		{"HEAD", with("HEAD", get("/catalogue"))},
		{"preflight", request{method: "OPTIONS", target: "/api/orders", headers: []string{"Origin: https://shop.example.com", "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: content-type,authorization"}}},
		{"DELETE", script(with("DELETE", get("/api/items/42")))},
		{"login form", post("/login", urlencoded, "csrf_token=5f2b7a9c8d1e4f60&user=anna.smith%40example.com&password=Tr0ub4dor%263&remember=on")},
		{"comment form", post("/comments", urlencoded, "author=Se%C3%A1n+O%27Brien&text=I+don%27t+think+it%27s+worth+%24100%2C+but+my+wife+%26+I+like+it.%0D%0AThanks%21&rating=4")},
		{"empty form", post("/logout", urlencoded, "")},
		{"JSON", script(post("/api/orders", json, `{"customer":{"name":"Jürgen D'Angelo","email":"j.dangelo@example.com"},"items":[{"sku":"LA-0042","quantity":2}],"note":"Please ring twice -- the bell doesn't work."}`))},
		{"JSON, large", script(post("/api/orders", json, orders()))},
		{"JSON in JSON", script(post("/api/events", json, `{"event":"view","payload":"{\"page\":\"/catalogue\",\"items\":[1,2,3],\"title\":\"Lamps & Chairs\"}"}`))},
		{"JSON, PUT", script(with("PUT", post("/api/items/42", json, `{"name":"Desk lamp","price":{"amount":"39.90","currency":"EUR"},"tags":["wood","small"]}`)))},
		{"JSON, PATCH", script(with("PATCH", post("/api/items/42", "application/merge-patch+json", `{"price":null}`)))},
		{"GraphQL", script(post("/graphql", json, `{"operationName":"Items","query":"query Items($first: Int!, $after: String) { items(first: $first, after: $after) { edges { node { id name price { amount currency } } } pageInfo { hasNextPage endCursor } } }","variables":{"first":20,"after":"Y3Vyc29yOjIw"}}`))},
		{"XML", post("/soap", "text/xml; charset=utf-8", `<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><GetPrice xmlns="http://shop.example.com/prices"><Item>Desk lamp &amp; bulb</Item></GetPrice></soap:Body></soap:Envelope>`)},
		{"plain text", post("/api/notes", "text/plain; charset=utf-8", "Meeting at 10:00 in room 4.\nBring the Q3 figures (they're in the shared folder).\n")},
		{"multipart", form(t, "/profile", part{name: "name", content: "Zoë O'Reilly"}, part{name: "avatar", file: "me & the dog.png", contentType: "image/png", content: picture(t)})},
		{"binary upload", with("PUT", post("/files/photo.png", "image/png", picture(t)))},
		{"octet stream", post("/files", "application/octet-stream", picture(t))},
		{"chunked", script(chunks)},
		{"gzip", script(zip)},
		{"beacon", post("/metrics/beacon", "text/plain;charset=UTF-8", `{"t":"vitals","lcp":1243.5,"cls":0.0123,"fid":8,"ua":"Mozilla/5.0 (X11; Linux x86_64)","url":"https://shop.example.com/catalogue?page=2"}`)},
	}
}

// Ensure that ordinary requests of every kind reach the upstream byte for byte as
// they do without Limen, and that their verdicts are recorded.
func TestOrdinary(t *testing.T) {
	s := startSite(t)
	ids := map[string]string{} // id to name
	requests := map[string]attack{}
	for _, o := range ordinary(t) {
		requests[o.name] = o
		t.Run(o.name, func(t *testing.T) {
			r := send(t, s.limen, o.wire(o.name), o.method)
			if r.status != 200 || !r.upstream {
				t.Fatalf("status %d (the upstream's: %v), body %q; want it to pass", r.status, r.upstream, r.body)
			}
			if o.method != "HEAD" && r.body != "from the upstream" {
				t.Errorf("body %q", r.body)
			}
			id := r.header.Get("X-Verdict")
			if len(id) != 26 || ids[id] != "" {
				t.Errorf("id %q, want a ULID of its own", id)
			}
			ids[id] = o.name

			bare, observed := "bare "+o.name, "observed "+o.name
			plain := send(t, s.bare, o.wire(bare), o.method)
			watched := send(t, s.observed, o.wire(observed), o.method)
			for _, r := range []reply{plain, watched} {
				r.header.Del("Date")
			}
			if !sameHeader(plain, watched) {
				t.Errorf("answer with observe %+v, without Limen %+v", watched, plain)
			}
			sameArrival(t, o.name, s.upstream.got(o.name), s.upstream.got(bare), o.name, bare)
			sameArrival(t, o.name, s.upstream.got(observed), s.upstream.got(bare), observed, bare)
			if arrived := s.upstream.got(o.name); len(arrived) == 1 && !bytes.Equal(arrived[0].Body, o.body) {
				t.Errorf("%d bytes of body arrived, not the %d sent", len(arrived[0].Body), len(o.body))
			}
		})
	}
	t.Run("verdicts", func(t *testing.T) {
		rows := s.await(2 * len(ids)) // of the site in block mode and the one that observes
		for id, name := range ids {
			v, ok := rows[id]
			if !ok {
				t.Errorf("%s: no row %s", name, id)
				continue
			}
			if v.Decision != "allow" || v.Method != requests[name].method || v.Fallback != "" || v.Inspected < v.Sent {
				t.Errorf("%s: row %+v", name, v)
			}
		}
		if n := len(s.verdicts("--decision", "block")); n != 0 {
			t.Errorf("%d blocked verdicts", n)
		}
	})
}

// sameArrival checks that one request arrived under each name, and that both are
// the same but for the name.
func sameArrival(t *testing.T, what string, got, want []arrival, gotName, wantName string) {
	t.Helper()
	if len(got) != 1 || len(want) != 1 {
		t.Errorf("%s: arrived %d times through Limen, %d times without", what, len(got), len(want))
		return
	}
	mark := nameHeader + ": "
	a := strings.Replace(got[0].Head, mark+gotName, mark, 1)
	b := strings.Replace(want[0].Head, mark+wantName, mark, 1)
	if a != b {
		t.Errorf("%s: head\n%s\nwithout Limen\n%s", what, a, b)
	}
	if got[0].Chunked != want[0].Chunked || !bytes.Equal(got[0].Body, want[0].Body) {
		t.Errorf("%s: %d bytes of body (chunked %v), without Limen %d (chunked %v)", what, len(got[0].Body), got[0].Chunked, len(want[0].Body), want[0].Chunked)
	}
}

// sameHeader reports whether two answers are the same.
func sameHeader(a, b reply) bool {
	if a.status != b.status || a.body != b.body || len(a.header) != len(b.header) {
		return false
	}
	for name := range a.header {
		if strings.Join(a.header[name], "\n") != strings.Join(b.header[name], "\n") {
			return false
		}
	}
	return true
}
