package classifier_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// Ensure that JSON is emitted as keys, strings and literals.
func TestJSON(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", `{}`, ""},
		{"nothing", " ", "<text> "},
		{"scalars", `[1,-2.5e+3,true,false,null,"a",""]`, "<jlit>1<jlit>-2.5e+3<jlit>true<jlit>false<jlit>null<jstr>a<jstr>"},
		{"nesting", `{"a":{"b":[{"c":"d"},[]]},"e":"f"}`, "<jkey>a<jkey>b<jkey>c<jstr>d<jkey>e<jstr>f"},
		{"white space", " {\r\n\t\"a\" : \"b\" } ", "<jkey>a<jstr>b"},
		{"byte order mark", "\xef\xbb\xbf{\"a\":1}", "<jkey>a<jlit>1"},
		{"lines", "{\"a\":1}\n{\"b\":2}\n[3]\n\"c\" 4", "<jkey>a<jlit>1<jkey>b<jlit>2<jlit>3<jstr>c<jlit>4"},
		{"a string", `"a b"`, "<jstr>a b"},
		{"escapes", `["a\n\"\\\/\u0009\u00e9\u003c\u0027"]`, `<jstr>a\n"\/\t\xc3\xa9<'`},
		{"surrogates", `["\ud83d\ude00"]`, `<jstr>\xf0\x9f\x98\x80`},
		{"escaped letters", `["\u0061b"]`, `<jstr>\u0061b<d1>ab`},
		{"null byte", `["a\u0000b"]`, `<jstr>a\u0000b<d1>a\x00b<odd><d2>ab<odd>`},
		{"lone surrogate", `["\ud83dx"]`, `<jstr>\ud83dx<d1>\xef\xbf\xbdx<odd>`},
		{"false escapes", `["\x41\'\u00"]`, `<jstr>\x41\'\u00<odd><d1>A\'\u00`},
		{"views", `["%3Cb%3E","&lt;b"]`, `<jstr>%3Cb%3E<d1><b><jstr>&lt;b<d1><b`},
		{"URL", `["https://a/?b=c%20d"]`, `<jstr><d1>https://a/?b=c d`},
		{"escaped then encoded", `["\u0026lt;b"]`, `<jstr>&lt;b<d1><b`},
		{"key", `{"\u0061<":1}`, `<jkey>\u0061<<d1>a<<jlit>1`},
		{"JSON inside", `{"a":"{\"b\":\"[\\\"c\\\"]\"}"}`, "<jkey>a<jstr><jkey>b<jstr><jstr>c"},
		{"no JSON inside", `{"a":"{b}","c":"[x"}`, "<jkey>a<jstr>{b}<jkey>c<jstr>[x"},
		{"unfinished JSON inside", `{"a":"{\"b\":{}"}`, `<jkey>a<jstr>{"b":{}`},
		{"GraphQL", `{"query":"query A { b }","variables":{"query":"plain"}}`, "<jkey>query<graphql>query A { b }<jkey>variables<jkey>query<jstr>plain"},
		{"GraphQL batch", `[{"query":"\n{ b }"}]`, `<jkey>query<graphql>\n{ b }`},
		{"a search", `{"query":"queryable things"}`, "<jkey>query<jstr>queryable things"},
		{"unterminated string", `{"a":"b","c":"d`, `<jkey>a<jstr>b<jkey>c<text>:"d`},
		{"trailing data", `{"a":"b"}<script>`, `<jkey>a<jstr>b<text>}<script>`},
		{"missing comma", `{"a":"b" "c":1}`, `<jkey>a<jstr>b<text> "c":1}`},
		{"comment", `{"a":1,/*b*/"c":2}`, `<jkey>a<jlit>1<text>,/*b*/"c":2}`},
		{"template", `{{7*7}}`, "<text>{{7*7}}"},
		{"mismatch", `{"a":[1}`, "<jkey>a<jlit>1<text>}"},
		{"too many brackets", `[1]]`, "<jlit>1<text>]]"},
		{"bad literals", `[1 or 1=1]`, "<jlit>1<text> or 1=1]"},
		{"word", `[nullx]`, "<text>[nullx]"},
		{"unfinished", `{"a":[1`, "<jkey>a<jlit>1"},
	} {
		if got := bodyOf(t, "application/json", c.text); got != c.want {
			t.Errorf("%s: %s\ngot  %s\nwant %s", c.name, c.text, got, c.want)
		}
	}
}

// Ensure that what only looks like JSON is taken whole, unless the body limit
// cut it.
func TestSniffedJSON(t *testing.T) {
	for _, c := range []struct {
		text, want string
		size       int64
	}{
		{`{"a":"b"}`, "<jkey>a<jstr>b", 0},
		{`{"a":"b"`, `<text>{"a":"b"`, 0},
		{`{"a":"b"} x`, `<text>{"a":"b"} x`, 0},
		{`{"a":"bcdefgh","i":"j`, `<jkey>a<jstr>bcdefgh<jkey>i<text>:"j<cut>`, 99},
		{`{"a":"b"`, `<jkey>a<jstr>b<cut>`, 99},
		{`{"a`, `<text>{"a<cut>`, 99},
	} {
		r := get("", "Content-Type", "text/plain")
		r.Body, r.BodySize = []byte(c.text), c.size
		if got, want := render(t, r), "<ctype>text/plain"+c.want; got != want {
			t.Errorf("%s\ngot  %s\nwant %s", c.text, got, want)
		}
	}
}

// Ensure that keys and short strings are emitted at most four times, long
// strings always, and literals up to their limit.
func TestRepeats(t *testing.T) {
	long := strings.Repeat("x", 65)
	text := "[" + strings.TrimSuffix(strings.Repeat(`{"key":"value","`+long+`":"`+long+`","other":"key"},`, 10), ",") + "]"
	got := bodyOf(t, "application/json", text)
	for s, want := range map[string]int{"<jkey>key": 4, "<jstr>value": 4, "<jkey>other": 4, "<jstr>key": 4, "<jkey>" + long: 4, "<jstr>" + long: 10} {
		if n := strings.Count(got, s); n != want {
			t.Errorf("%s: %d times, want %d", s, n, want)
		}
	}
	got = bodyOf(t, "application/json", "["+strings.Repeat("1,", 300)+"1,2-2,3e,-4,-,5.,6.5e-7,true]")
	if n := strings.Count(got, "<jlit>1"); n != 256 {
		t.Errorf("%d literals", n)
	}
	if rest := got[strings.LastIndex(got, "<jlit>1")+7:]; rest != "<jlit>2-2<jlit>3e<jlit>-<jlit>5." {
		t.Errorf("literals that are none: got %s", rest)
	}
	// Another text begins anew.
	text = strings.Repeat(`"a",`, 9) + `"a"`
	got = bodyOf(t, "multipart/form-data; boundary=B", "--B\r\n\r\n["+text+"]\r\n--B\r\n\r\n["+text+"]\r\n--B--")
	if n := strings.Count(got, "<jstr>a"); n != 8 {
		t.Errorf("%d strings in two texts", n)
	}
}

// Ensure that each string that encoding/json reads from a text is in the
// tokens.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":["b",1,null,{"c":"\u003c\n"}]}`, `"x"`, `[[[]]]`, `{"a":"{\"b\":\"c\"}"}`, `{"a":1}x`, `{"query":"{a}"}`, "{\"\\ud83d\\ude00\":1e5}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r := get("", "Content-Type", "application/json")
		r.Body = text
		s := tokenize(t, r)
		var v any
		if !utf8.Valid(text) || len(text) > 1<<10 || json.Unmarshal(text, &v) != nil {
			return
		}
		var all strings.Builder
		for _, k := range s.Tokens {
			if k >= 1 && k <= 256 {
				all.WriteByte(byte(k - 1))
			}
		}
		var walk func(v any)
		expect := func(x string) {
			trimmed := strings.TrimSpace(x)
			if strings.ContainsAny(x, "\uFFFD%\x00") || strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[") {
				return // undecodable, decoded once more, or read as JSON itself
			}
			if !strings.Contains(all.String(), x) {
				t.Errorf("%s\n%q is missing from\n%s", text, x, s)
			}
		}
		walk = func(v any) {
			switch v := v.(type) {
			case string:
				expect(v)
			case []any:
				for _, x := range v {
					walk(x)
				}
			case map[string]any:
				for k, x := range v {
					if !strings.HasPrefix(strings.TrimSpace(k), "{") && !strings.HasPrefix(strings.TrimSpace(k), "[") {
						expect(k)
					}
					walk(x)
				}
			}
		}
		walk(v)
	})
}
