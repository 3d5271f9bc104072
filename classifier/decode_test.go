package classifier_test

import (
	"html"
	"net/url"
	"strings"
	"testing"
)

// Ensure that every decoder works, level by level, in text.
func TestDecode(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "a b", "a b"},
		{"percent in text", "50%20off 100% sure", "50%20off 100% sure<d1>50 off 100% sure"},
		{"no plus in text", "a+b", "a+b"},
		{"entities", "&lt;b&gt;&amp;&quot;&apos;", `&lt;b&gt;&amp;&quot;&apos;<d1><b>&"'`},
		{"numeric entities", "&#60;&#x3C;&#X3e;&#0060", "&#60;&#x3C;&#X3e;&#0060<d1><<><"},
		{"entities without semicolon", "&ltx&gt &ampx", "&ltx&gt &ampx<d1><x> &ampx"},
		{"no entities", "a & b &lt= &x; &; &#; &#x; &#xg &#1114112;", "a & b &lt= &x; &; &#; &#x; &#xg &#1114112;"},
		{"rarer entities", "&colon;&lpar;&rpar;&Tab;&NewLine;&sol;&bsol;&dollar;&lbrace;&nbsp;", `&colon;&lpar;&rpar;&Tab;&NewLine;&sol;&bsol;&dollar;&lbrace;&nbsp;<d1>:()\t\n/\${\xc2\xa0`},
		{"entities twice", "&amp;lt;b", "&amp;lt;b<d1>&lt;b<d2><b"},
		{"entities beyond", "&amp;amp;amp;lt;b", "&amp;amp;amp;lt;b<d1>&amp;amp;lt;b<d2>&amp;lt;b<d3>&lt;b"},
		{"escapes", `\u003cb\x3e\u{3c}\074\x4`, `\u003cb\x3e\u{3c}\074\x4<d1><b><<\x4`},
		{"no escapes", `\u00 \u{} \u{110000} \x \08 \n \\ \`, `\u00 \u{} \u{110000} \x \08 \n \\ \`},
		{"surrogates", `\ud83d\ude00\ud83d`, `\ud83d\ude00\ud83d<d1>\xf0\x9f\x98\x80\xef\xbf\xbd`},
		{"mixed", `\x26lt;%3Cb`, `\x26lt;%3Cb<d1>&lt;<b<d2><<b`},
		{"null", "<scr\x00ipt>", `<scr\x00ipt><d1><script><odd>`},
		{"null entity", "a&#0;b", `a&#0;b<d1>a\x00b<odd><d2>ab<odd>`},
		{"overlong", "\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf\xf8\x80\x80\x80\xaf\xfc\x80\x80\x80\x80\xaf", `\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf\xf8\x80\x80\x80\xaf\xfc\x80\x80\x80\x80\xaf<d1>/////<odd>`},
		{"overlong of more than ASCII", "aa\xe0\x82\x80\xf0\x80", `aa\xe0\x82\x80\xf0\x80`},
		{"IIS", "aaa\xc0\x2faa\xc1\x1caaa", `aaa\xc0/aa\xc1\x1caaa<d1>aaa/aa\aaa<odd>`},
		{"Latin-1", "voil\xe0 \xc0 la fa\xe7on \xc1 b", `voil\xe0 \xc0 la fa\xe7on \xc1 b`},
		{"full-width", "\xef\xbc\x9cscript\xef\xbc\x9e\xef\xbd\x8f", `\xef\xbc\x9cscript\xef\xbc\x9e\xef\xbd\x8f<d1><script>o`},
		{"not quite full-width", "\xef\xbd\x9f\xef\xbc\x80\xef\xbb\xbf\xef\xbc", `\xef\xbd\x9f\xef\xbc\x80\xef\xbb\xbf\xef\xbc`},
		{"full-width percent", "\xef\xbc\x8527", `\xef\xbc\x8527<d1>%27<d2>'`},
		{"percent to overlong", "%c0%ae%c0%af", "%c0%ae%c0%af<d1>./<odd>"},
	} {
		// Enough text that the body is not binary, in which nothing is decoded.
		const filler = "\nand some more text that needs no decoding whatsoever"
		raw, rest, decoded := strings.Cut(c.want, "<d1>")
		want := "<text>" + raw + strings.ReplaceAll(filler, "\n", `\n`)
		if decoded {
			for i, level := range strings.Split(rest, "<d") {
				if i > 0 {
					want += "<d"
				} else {
					want += "<d1>"
				}
				level, odd := strings.CutSuffix(level, "<odd>")
				want += level + strings.ReplaceAll(filler, "\n", `\n`)
				if odd {
					want += "<odd>"
				}
			}
		}
		if got := bodyOf(t, "text/plain", c.text+filler); got != want {
			t.Errorf("%s: %q\ngot  %s\nwant %s", c.name, c.text, got, want)
		}
	}
}

// Ensure that every named character reference and every best-fit character is
// known.
func TestNames(t *testing.T) {
	for want, names := range map[string]string{
		"&": "amp AMP", "<": "lt LT", ">": "gt GT", `"`: "quot QUOT", "'": "apos", `\xc2\xa0`: "nbsp", `\t`: "Tab", `\n`: "NewLine",
		":": "colon", ";": "semi", ",": "comma", ".": "period", "(": "lpar", ")": "rpar", "[": "lsqb lbrack", "]": "rsqb rbrack",
		"{": "lcub lbrace", "}": "rcub rbrace", "/": "sol", `\`: "bsol", "!": "excl", "#": "num", "$": "dollar", "%": "percnt",
		"*": "ast midast", "+": "plus", "=": "equals", "?": "quest", "@": "commat", "^": "Hat", "`": "grave", "_": "lowbar", "|": "vert verbar", "-": "hyphen dash",
	} {
		for _, name := range strings.Fields(names) {
			if got, want := bodyOf(t, "application/graphql", "a&"+name+";b"), "<graphql>a&"+name+";b<d1>a"+want+"b"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	}
	for want, codes := range map[string]string{
		"/": "2044 2215 f025", `\`: "2216 efc8", "'": "02b9 02bc 02c8 2032 2018 2019", `"`: "02ba 2033 201c 201d", "<": "2039 2329 3008", ">": "203a 232a 3009",
	} {
		for _, code := range strings.Fields(codes) {
			if got, want := render(t, get("/?a%u"+code)), "<path>/<qname>a%u"+code+"<d1>a"+want; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	}
}

// Ensure that a further reading of a long text shows what changed, with its
// surroundings, and that a lossless one shows everything.
func TestSparseReadings(t *testing.T) {
	filler := strings.Repeat("word ", 200)
	text := filler + "&lt;b&gt;" + filler + "&quot;" + filler[:100] + "&amp;" + filler
	got := bodyOf(t, "text/plain", text)
	readings := strings.Split(strings.TrimPrefix(got, "<text>"+text), "<d1>")
	if len(readings) != 3 || readings[0] != "" {
		t.Fatalf("got %q", readings)
	}
	if want := filler[len(filler)-64:] + "<b>" + filler[:64]; readings[1] != want {
		t.Errorf("got  %s\nwant %s", readings[1], want)
	}
	if want := filler[len(filler)-64:] + `"` + filler[:100] + "&" + filler[:64]; readings[2] != want {
		t.Errorf("got  %s\nwant %s", readings[2], want)
	}
	query := url.QueryEscape(filler + "<b>")
	if got, want := render(t, get("/?a="+query)), "<path>/<qname>a<qvalue><d1>"+filler+"<b>"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	wide := strings.Repeat("字", 300)
	if got := bodyOf(t, "text/plain", wide+"，"+wide); strings.Count(got, "<d1>") != 1 || len(got) > 4*(6*300+400) {
		t.Errorf("got %s", got)
	}
}

// Ensure that what a form decodes to is what net/url says, where no other
// decoder has a say.
func FuzzPercent(f *testing.F) {
	for _, s := range []string{"a%20b+c", "%3Cscript%3E", "%2e%2E%2f", "100%", "%", "%4", "a=b", "%25%32%37"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' || r == '&' || r == '\\' || r == '#' {
				return -1
			}
			return r
		}, s)
		want, err := url.QueryUnescape(s)
		if err != nil || strings.ContainsFunc(want, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Skip()
		}
		got := render(t, get("/?a="+s))
		if !strings.Contains(got, want) && !strings.Contains(want, "%") && !strings.ContainsAny(want, `&\`) {
			t.Errorf("%q\ngot  %s\nwant %s in it", s, got, want)
		}
	})
}

// Ensure that the character references that HTML and this package both read
// mean the same.
func FuzzEntities(f *testing.F) {
	for _, s := range []string{"&lt;", "&#60;", "&#x3c;", "&ltx", "&amp;lt;", "&sol;&bsol;&num;", "&#0;", "&#x110000;", "&lbrack;&vert;&Hat;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 400 || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' || r == '\\' || r == '%' }) {
			t.Skip()
		}
		got := strings.TrimPrefix(bodyOf(t, "application/graphql", s), "<graphql>"+s)
		level, ok := strings.CutPrefix(got, "<d1>")
		for _, end := range []string{"<d2>", "<odd>", "<hex>", "<b64>", "<utf7>"} {
			level, _, _ = strings.Cut(level, end)
		}
		if !ok || strings.ContainsAny(level, `\`) {
			t.Skip() // nothing decoded, or not ASCII
		}
		// Only semicolons may differ: HTML knows more names, and the rest must
		// come to the same in the end.
		all := html.UnescapeString(html.UnescapeString(html.UnescapeString(s)))
		if again := html.UnescapeString(html.UnescapeString(level)); again != all && !strings.Contains(s, "&#") && strings.Count(s, ";") == strings.Count(s, "&") {
			t.Errorf("%q\ngot  %q\nHTML %q", s, again, all)
		}
	})
}
