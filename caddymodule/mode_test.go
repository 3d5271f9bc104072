package caddymodule_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
)

const proxySite = `$SITE {
	limen {
		$OPTIONS
	}
	reverse_proxy $UPSTREAM
}
`

// proxied starts a site that passes what Limen lets through to an upstream.
func proxied(t testing.TB, options string) (*server, *upstream) {
	t.Helper()
	u := startUpstream(t)
	if !strings.Contains(options, "deadline") {
		options += "\n deadline 1m" // tests run with -race on busy machines
	}
	return start(t, proxySite, map[string]string{"$UPSTREAM": u.Addr, "$OPTIONS": options}), u
}

func form(s string) (http.Header, io.Reader) {
	return http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, strings.NewReader(s)
}

// Ensure that each mode does with a harmless, a doubtful and a bad request what
// it says, to client, upstream and store.
func TestModes(t *testing.T) {
	tests := []struct {
		name, options, target string
		status                int
		tags                  bool
		decision, class       string
	}{
		{"block passes the harmless", "mode block", "/?q=shoes", 200, false, "allow", "none"},
		{"block passes the doubtful", "mode block", "/?q=maybe-sqli", 200, false, "allow", "sqli"},
		{"block blocks", "mode block", "/?q=evil-sqli", 403, false, "block", "sqli"},
		{"block by default", "", "/evil-xss", 403, false, "block", "xss"},
		{"own threshold", "threshold 0.5", "/?q=maybe-sqli", 403, false, "block", "sqli"},
		{"own high threshold", "threshold 0.9999", "/?q=evil-sqli", 200, false, "allow", "sqli"},
		{"threshold of the class", "class sqli 0.5", "/?q=maybe-sqli", 403, false, "block", "sqli"},
		{"threshold of another class", "class xss 0.5", "/?q=maybe-sqli", 200, false, "allow", "sqli"},
		{"low threshold", "threshold 0.001", "/?q=shoes", 403, false, "block", "sqli"},
		{"tag tags the harmless", "mode tag", "/?q=shoes", 200, true, "allow", "none"},
		{"tag tags", "mode tag", "/?q=evil-sqli", 200, true, "tag", "sqli"},
		{"observe observes", "mode observe", "/?q=evil-sqli", 200, false, "allow", "sqli"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, u := proxied(t, tt.options)
			res := s.get(tt.target)
			s.expect(res, tt.status, "")
			r := s.rows("", 1)[0]
			if r["decision"] != tt.decision || r["class"] != tt.class {
				t.Errorf("row says %v %v, expected %s %s", r["decision"], r["class"], tt.decision, tt.class)
			}
			if tt.status != 200 {
				u.none(t)
				if res.Text != "" {
					t.Errorf("the answer to a blocked request says %q", res.Text)
				}
				for name := range res.Header {
					if strings.Contains(strings.ToLower(name), "limen") {
						t.Errorf("the answer to a blocked request has %s", name)
					}
				}
				return
			}
			got := u.last(t)
			if got.Target != tt.target {
				t.Errorf("target %q reached the upstream, expected %q", got.Target, tt.target)
			}
			if _, ok := got.Header["X-Limen-Score"]; ok != tt.tags {
				t.Errorf("tags reached the upstream: %v, expected %v", ok, tt.tags)
			}
			if tt.tags && (got.Header.Get("X-Limen-Id") != r["id"] || got.Header.Get("X-Limen-Class") != tt.class) {
				t.Errorf("tags are %v, the row is %v", got.Header, r)
			}
		})
	}
}

// Ensure that attacks are seen wherever a request can carry them, and that the
// body of everything else reaches the upstream byte for byte.
func TestBodies(t *testing.T) {
	s, u := proxied(t, "mode block")

	var parts bytes.Buffer
	mp := multipart.NewWriter(&parts)
	part, _ := mp.CreateFormFile("file", "photo.png")
	part.Write(bytes.Repeat([]byte{0x89, 'P', 'N', 'G', 0, 0xff}, 10_000))
	mp.WriteField("comment", "WORD")
	mp.Close()

	tests := []struct {
		name, method, target, ctype, body string
		header                            string
	}{
		{"query", "GET", "/?a=b&q=WORD", "", "", ""},
		{"path", "GET", "/a/WORD/b", "", "", ""},
		{"header", "GET", "/", "", "", "WORD"},
		{"form", "POST", "/", "application/x-www-form-urlencoded", "a=b&c=WORD", ""},
		{"json", "POST", "/", "application/json", `{"a":["b",{"c":"WORD"}]}`, ""},
		{"xml", "POST", "/", "text/xml", `<a><b c="d">WORD</b></a>`, ""},
		{"text", "PUT", "/", "text/plain", "hello WORD", ""},
		{"multipart", "POST", "/", mp.FormDataContentType(), parts.String(), ""},
		{"no type", "POST", "/", "", "WORD", ""},
		{"binary", "POST", "/", "application/octet-stream", strings.Repeat("\x00\xff\x01", 50_000), ""},
		{"GET with a body", "GET", "/", "text/plain", "WORD", ""},
		{"long", "POST", "/", "text/plain", strings.Repeat("lorem ipsum ", 20_000) + "WORD", ""},
	}
	for _, tt := range tests {
		for _, chunked := range []bool{false, true} {
			for _, word := range []string{"calm", "evil-sqli"} {
				name := tt.name + "/" + word
				if chunked {
					name += "/chunked"
				}
				t.Run(name, func(t *testing.T) {
					fill := strings.NewReplacer("WORD", word)
					bad := word == "evil-sqli" && fill.Replace(tt.target+tt.body+tt.header) != tt.target+tt.body+tt.header
					body := []byte(fill.Replace(tt.body))
					var reader io.Reader
					if len(body) > 0 {
						reader = bytes.NewReader(body)
						if chunked {
							reader = io.MultiReader(reader) // a length nobody can know
						}
					}
					headers := http.Header{}
					if tt.ctype != "" {
						headers.Set("Content-Type", tt.ctype)
					}
					if tt.header != "" {
						headers.Set("X-Thing", fill.Replace(tt.header))
					}
					res := s.do(tt.method, fill.Replace(tt.target), headers, reader)
					if bad {
						s.expect(res, 403, "")
						u.none(t)
						return
					}
					s.expect(res, 200, "upstream")
					got := u.last(t)
					if !bytes.Equal(got.Body, body) {
						t.Errorf("%d bytes reached the upstream, %d were sent", len(got.Body), len(body))
					}
					if wantChunked := chunked && len(body) > 0; got.Chunked != wantChunked {
						t.Errorf("chunked is %v at the upstream, expected %v", got.Chunked, wantChunked)
					}
				})
			}
		}
	}
}

// Ensure that a client cannot set the headers that only Limen may, nor have
// Limen's removed on the way.
func TestStripHeaders(t *testing.T) {
	forged := http.Header{
		"X-Limen-Score":    {"0.000000"},
		"X-Limen-Decision": {"allow"},
		"Connection":       {"keep-alive, X-Limen-Score, x-limen-class, X-Other"},
		"X-Other":          {"hop"},
	}
	tests := []struct {
		mode  string
		score string
	}{
		{"block", ""},
		{"tag", "0.99"},
		{"observe", ""}, // the Connection header removes the forged one, as without Limen
	}
	for _, tt := range tests {
		t.Run(tt.mode, func(t *testing.T) {
			s, u := proxied(t, "mode "+tt.mode+"\n threshold 1")
			s.expect(s.do("GET", "/?q=evil-sqli", forged, nil), 200, "")
			got := u.last(t)
			if score := got.Header.Get("X-Limen-Score"); !strings.HasPrefix(score, tt.score) || tt.score == "" && score != "" {
				t.Errorf("score is %q at the upstream, expected %q", score, tt.score)
			}
			if other := got.Header.Get("X-Other"); other != "" {
				t.Errorf("the hop-by-hop header X-Other reached the upstream")
			}
			forgedOn := got.Header.Get("X-Limen-Decision") != ""
			if forgedOn != (tt.mode == "observe") {
				t.Errorf("the forged header reached the upstream: %v", forgedOn)
			}
		})
	}
}
