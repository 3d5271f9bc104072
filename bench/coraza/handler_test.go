package coraza_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/limen-waf/limen/bench/coraza"
)

// handler returns a handler with the recommended settings and the lines.
func handler(t *testing.T, lines ...string) *coraza.Handler {
	t.Helper()
	text := "Include @coraza.conf-recommended\nInclude @crs-setup.conf.example\nInclude @owasp_crs/*.conf\nSecRuleEngine On\n" + strings.Join(lines, "\n")
	d := caddyfile.NewTestDispenser("coraza_waf {\n\tload_owasp_crs\n\tdirectives `" + text + "`\n}")
	h := new(coraza.Handler)
	if err := h.UnmarshalCaddyfile(d); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	t.Cleanup(cancel)
	if err := h.Provision(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Cleanup() })
	return h
}

// upload returns a form with a file of the given size.
func upload(size int) string {
	return "--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"notes.md\"\r\nContent-Type: text/markdown\r\n\r\n" +
		strings.Repeat("a line \n", size/8) + "\r\n--limit--\r\n"
}

// Ensure that Coraza judges path, query, headers and body and gives the body on
// whole, and that its status is the answer's.
func TestServeHTTP(t *testing.T) {
	h := handler(t, `SecRule RESPONSE_BODY "@contains leaked" "id:1,phase:4,deny,status:502"`)
	browser := http.Header{
		"User-Agent": {"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
		"Accept":     {"text/html"},
	}
	tests := []struct {
		name, method, target, contentType, body, answer string
		want                                            int
	}{
		{"ordinary", "GET", "/books?title=the+sea&page=2", "", "", "fine", 200},
		{"ordinary form", "POST", "/orders", "application/x-www-form-urlencoded", "name=Anna&street=High+Street+5", "fine", 200},
		{"upload beyond what is kept in memory", "POST", "/upload", "multipart/form-data; boundary=limit", upload(200_000), "fine", 200},
		{"injection in the query", "GET", "/books?id=7%27%20UNION%20SELECT%20login,password%20FROM%20users--%20", "", "", "fine", 403},
		{"injection in a form", "POST", "/orders", "application/x-www-form-urlencoded", "id=7%27+OR+%271%27%3D%271%27+UNION+SELECT+password+FROM+users--+", "fine", 403},
		{"injection in JSON", "POST", "/orders", "application/json", `{"id":"7' UNION SELECT login, password FROM users-- "}`, "fine", 403},
		{"malformed JSON", "POST", "/orders", "application/json", `{"id":`, "fine", 400},
		{"answer", "GET", "/books", "", "", "leaked", 502},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request := httptest.NewRequest(test.method, test.target, strings.NewReader(test.body))
			request.Header = browser.Clone()
			if test.contentType != "" {
				request.Header.Set("Content-Type", test.contentType)
			}
			reached := false
			recorder := httptest.NewRecorder()
			err := h.ServeHTTP(recorder, request, caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
				reached = true
				if body, err := io.ReadAll(r.Body); err != nil || !bytes.Equal(body, []byte(test.body)) {
					t.Errorf("the next handler read %d bytes, %v", len(body), err)
				}
				w.Header().Set("Content-Type", "text/plain")
				fmt.Fprint(w, test.answer)
				return nil
			}))
			if err != nil || recorder.Code != test.want {
				t.Errorf("status %d, error %v, want %d", recorder.Code, err, test.want)
			}
			if reached != (test.want == 200 || test.answer != "fine") {
				t.Errorf("reached the next handler: %v", reached)
			}
			if test.want == 200 && recorder.Body.String() != test.answer {
				t.Errorf("answer %q", recorder.Body)
			}
		})
	}
}

// Ensure that an error behind Coraza is no 200.
func TestServeHTTPError(t *testing.T) {
	h := handler(t)
	for want, failure := range map[int]error{
		http.StatusInternalServerError: errors.New("broken"),
		http.StatusBadGateway:          caddyhttp.Error(http.StatusBadGateway, errors.New("no upstream")),
	} {
		recorder := httptest.NewRecorder()
		err := h.ServeHTTP(recorder, httptest.NewRequest("GET", "/", nil), caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return failure }))
		if err != nil || recorder.Code != want {
			t.Errorf("status %d, error %v, want %d", recorder.Code, err, want)
		}
	}
}

// Ensure that mistakes in the configuration are told.
func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"coraza_waf on":                         "argument",
		"coraza_waf {\n\tload_owasp_crs yes\n}": "argument",
		"coraza_waf {\n\tdirectives a b\n}":     "argument",
		"coraza_waf {\n\tinclude x\n}":          `unknown option "include"`,
	} {
		if err := new(coraza.Handler).UnmarshalCaddyfile(caddyfile.NewTestDispenser(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", text, err, want)
		}
	}
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	defer cancel()
	for directives, want := range map[string]string{
		"SecNonsense On":                   "secnonsense",
		"Include @coraza.conf-recommended": "@coraza.conf-recommended", // without load_owasp_crs
	} {
		h := &coraza.Handler{Directives: directives}
		if err := h.Provision(ctx); err == nil || !strings.Contains(strings.ToLower(err.Error()), want) {
			t.Errorf("%s: error %v, want one with %q", directives, err, want)
		}
	}
}
