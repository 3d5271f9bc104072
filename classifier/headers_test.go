package classifier_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier"
)

// Ensure that header fields come under their marks, sorted by name, and that
// repeated fields keep their order.
func TestHeaders(t *testing.T) {
	for _, c := range []struct {
		fields []string
		want   string
	}{
		{[]string{"HOST", "h", "user-agent", "u", "ReFeReR", "r", "content-TYPE", "c", "Authorization", "z"}, "<auth>z<ctype>c<host>h<referer>r<ua>u"},
		{[]string{"X-B", "1", "X-Ab", "2", "x-b", "3", "X-A", ""}, "<hname>x-a<hvalue><hname>x-ab<hvalue>2<hname>x-b<hvalue>1<hname>x-b<hvalue>3"},
		{[]string{"X_A", "1", "", "2", "X-A", " \t3\t "}, "<hname>x-a<hvalue>3"},
		{[]string{"X-Forwarded-For", "1.2.3.4", "Forwarded", "for=1.2.3.4"}, "<hname>forwarded<hvalue>for=1.2.3.4<hname>x-forwarded-for<hvalue>1.2.3.4"},
		{[]string{"Referer", "https://a/?b=c%20d+e"}, "<referer><d1>https://a/?b=c d+e"},
		{[]string{"X-A", "a%20b"}, "<hname>x-a<hvalue>a%20b<d1>a b"},
		{[]string{"User-Agent", "() { :; }; echo"}, "<ua>() { :; }; echo"},
		{[]string{"Authorization", "Basic YTpi"}, "<auth>Basic YTpi<b64>a:b"},
		{[]string{"Authorization", "Basic"}, "<auth>Basic"},
		{[]string{"Authorization", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiInIG9yIDE9MSJ9."},
			`<auth>Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiInIG9yIDE9MSJ9.<b64>{"alg":"none"}<b64>{"sub":"' or 1=1"}`},
		{[]string{"Cookie", "a=b; c=d=e;;f ; g=%3Cx%3E", "Cookie", "h=%zz"}, "<cname>a<cvalue>b<cname>c<cvalue>d=e<cname>f<cname>g<cvalue><d1><x><cname>h<cvalue>%zz"},
	} {
		if got := render(t, get("", c.fields...)); got != c.want {
			t.Errorf("%q\ngot  %s\nwant %s", c.fields, got, c.want)
		}
	}
}

// Ensure that fields which browsers fill in are left out, unless their value
// holds what ordinary ones do not.
func TestMechanicalHeaders(t *testing.T) {
	for _, c := range []struct {
		name, value string
		shown       bool
	}{
		{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", false},
		{"Accept", "${jndi:ldap://x/a}", true},
		{"Accept", "../../etc/passwd", true},
		{"Accept", "1 or 1=1 --", true},
		{"Accept", "1/**/or/**/1=1", true},
		{"Accept", "<x>", true},
		{"Accept", "a\x00b", true},
		{"Accept", "é", true},
		{"Accept", strings.Repeat("a", 513), true},
		{"Accept-Language", "en-US,en;q=0.5", false},
		{"Accept-Language", `en" or "a"="a`, true},
		{"Accept-Encoding", "gzip, deflate, br, zstd", false},
		{"Cache-Control", "max-age=0", false},
		{"If-None-Match", `W/"5f-abc"`, false},
		{"If-Modified-Since", "Sun, 22 Nov 2026 08:00:00 GMT", false},
		{"Sec-CH-UA", `"Not)A;Brand";v="8", "Chromium";v="126"`, false},
		{"Sec-CH-UA", `"x" | id`, true},
		{"Sec-Fetch-Mode", "cors", false},
		{"Sec-CH-UA-Mobile", "?0", false},
		{"Origin", "https://example.org:8443", false},
		{"Origin", "https://a.b/%0d%0aX", true},
		{"X-Requested-With", "XMLHttpRequest", false},
		{"Connection", "keep-alive", false},
		{"Content-Length", "12", false},
		{"Content-Length", "' or 1=1", false}, // net/http refuses these requests
		{"Transfer-Encoding", "chunked", false},
		{"Range", "bytes=0-499", false},
		{"Content-Encoding", "identity", false},
		{"Content-Encoding", "'", true},
		{"Accept-Evil", "x", true},
		{"X-Accept", "x", true},
	} {
		got := render(t, get("", c.name, c.value))
		if shown := got != ""; shown != c.shown {
			t.Errorf("%s: %s: got %q", c.name, c.value, got)
		}
		if c.shown && !strings.HasPrefix(got, "<hname>"+strings.ToLower(c.name)+"<hvalue>") {
			t.Errorf("%s: %s: got %q", c.name, c.value, got)
		}
	}
}

// Ensure that many fields, in whatever order, take the sort's time.
func TestManyHeaders(t *testing.T) {
	r := get("/")
	for i := range 5_000 {
		r.Headers = append(r.Headers, classifier.Header{Name: "X-" + string(rune('a'+(i*7919)%26)), Value: "v"})
	}
	a := slices.Clone(tokenize(t, r).Tokens)
	slices.Reverse(r.Headers) // the values are all the same
	if b := tokenize(t, r).Tokens; !slices.Equal(a, b) {
		t.Error("the order of names matters")
	}
}
