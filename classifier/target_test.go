package classifier_test

import "testing"

// Ensure that targets are split into path, query pairs and the rest.
func TestTarget(t *testing.T) {
	for _, c := range []struct{ target, want string }{
		{"", ""},
		{"/", "<path>/"},
		{"*", "<path>*"},
		{"/a/b;c=d", "<path>/a/b;c=d"},
		{"/a?", "<path>/a"},
		{"/a?b", "<path>/a<qname>b"},
		{"/a?b=", "<path>/a<qname>b<qvalue>"},
		{"/a?=b", "<path>/a<qname><qvalue>b"},
		{"/a?b=c&d=e=f&&g&", "<path>/a<qname>b<qvalue>c<qname>d<qvalue>e=f<qname>g"},
		{"/a?b=c?d", "<path>/a<qname>b<qvalue>c?d"},
		{"?a=b", "<path><qname>a<qvalue>b"},
		{"/a#b?c", "<path>/a<fragment>b?c"},
		{"/a#", "<path>/a"},
		{"//evil/x", "<path>//evil/x"},
		{"http://h:80/p?q=1#f", "<fragment>http://h:80<path>/p<qname>q<qvalue>1<fragment>f"},
		{"http://h?q", "<fragment>http://h<path><qname>q"},
		{"http://h:8080.old", "<fragment>http://h:8080.old"},
		{"x?u=http://h/p", "<path>x<qname>u<qvalue>http://h/p"},
	} {
		if got := render(t, get(c.target)); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.target, got, c.want)
		}
	}
	r := get("example.org:443")
	r.Method = "CONNECT"
	if got, want := render(t, r), "<fragment>example.org:443"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Ensure that ordinary percent-escapes are shown decoded only, and unusual ones
// both ways.
func TestTargetEscapes(t *testing.T) {
	for _, c := range []struct{ target, want string }{
		{"/a%20b", "<path><d1>/a b"},
		{"/a+b", "<path>/a+b"},
		{"/%d7%90", `<path><d1>/\xd7\x90`},
		{"/a%2fb", "<path>/a%2fb<d1>/a/b"},
		{"/%2e%2e/", "<path>/%2e%2e/<d1>/../"},
		{"/%252e", "<path><d1>/%2e<d2>/."},
		{"/?a=b+c%2bd%26%3d%7E", "<path>/<qname>a<qvalue><d1>b c+d&=~"},
		{"/?a=x%2Fy", "<path>/<qname>a<qvalue><d1>x/y"},
		{"/?a%5B%5D=%3Cb%3E", "<path>/<qname><d1>a[]<qvalue><d1><b>"},
		{"/?a=%61", "<path>/<qname>a<qvalue>%61<d1>a"},
		{"/?a=100%", "<path>/<qname>a<qvalue>100%<odd>"},
		{"/?a=100%&b=%4&c=%zz%3C", "<path>/<qname>a<qvalue>100%<odd><qname>b<qvalue>%4<odd><qname>c<qvalue><d1>%zz<<odd>"},
		{"/?a=100%25", "<path>/<qname>a<qvalue><d1>100%"},
		{"/?a=%252527", "<path>/<qname>a<qvalue><d3>'"},
		{"/?a=%25252527", "<path>/<qname>a<qvalue><d3>%27"},
		{"/?a=%00x", `<path>/<qname>a<qvalue>%00x<d1>\x00x<odd><d2>x<odd>`},
		{"/?a=%u003c%U0022%u00", `<path>/<qname>a<qvalue>%u003c%U0022%u00<d1><"%u00<odd>`},
		{"/?a=%ud83d%ude00%ud83d", `<path>/<qname>a<qvalue>%ud83d%ude00%ud83d<d1>\xf0\x9f\x98\x80\xef\xbf\xbd`},
		{"/?a=%uff1cb%uff1e%u2215%uefc8%u02b9", `<path>/<qname>a<qvalue>%uff1cb%uff1e%u2215%uefc8%u02b9<d1><b>/\'`},
	} {
		if got := render(t, get(c.target)); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.target, got, c.want)
		}
	}
}
