package classifier_test

import (
	"strings"
	"testing"
)

const multipartBody = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--B--\r\n"

// Ensure that a body goes to the parser of its content type, or to the one it
// looks like when it has none or the wrong one.
func TestDispatch(t *testing.T) {
	const (
		object    = `{"a":"b"}`
		asJSON    = "<jkey>a<jstr>b"
		form      = "a=b&c=d+e"
		asForm    = "<fname>a<fvalue>b<fname>c<fvalue><d1>d e"
		document  = `<?xml version="1.0"?><a>b</a>`
		multipart = multipartBody
		asParts   = "<pname>a<ptext>b"
	)
	for _, c := range []struct{ contentType, body, want string }{
		{"application/json", object, asJSON},
		{"Application/JSON; charset=utf-8", object, asJSON},
		{"application/vnd.api+json", object, asJSON},
		{"application/jsonl", object, asJSON},
		{strings.Repeat("a", 99) + "/json", object, asJSON},
		{"application/x-ndjson", object + "\n" + object, asJSON + asJSON},
		{"text/plain", object, asJSON},
		{"", object, asJSON},
		{"image/png", object, asJSON},
		{"application/x-www-form-urlencoded", object, asJSON},
		{"multipart/form-data; boundary=B", object, asJSON},
		{"text/xml", object, asJSON},

		{"application/x-www-form-urlencoded", form, asForm},
		{"application/x-www-form-urlencoded;charset=UTF-8", form, asForm},
		{"", form, asForm},
		{"text/plain;charset=UTF-8", form, asForm},
		{"application/json", form, asForm},
		{"multipart/form-data", form, asForm},
		{"application/x-www-form-urlencoded", "just text", "<fname>just text"},
		{"application/x-www-form-urlencoded", "{a=b}", "<fname>{a<fvalue>b}"},
		{"", "a = b", "<text>a = b"},

		{"text/xml", document, "<xml>" + document},
		{"application/soap+xml", document, "<xml>" + document},
		{"", document, "<xml>" + document},
		{"application/json", document, "<xml>" + document},
		{"application/x-www-form-urlencoded", document, "<xml>" + document},
		{"", "<!DOCTYPE a>", "<xml><!DOCTYPE a>"},
		{"", `<s:Envelope a="b">`, `<xml><s:Envelope a="b">`},
		{"text/xml", "<a>b</a>", "<xml><a>b</a>"},
		{"", "<a>b</a>", "<text><a>b</a>"},
		{"text/xml", "a", "<text>a"},
		{"text/xml", "<a>&lt;b", "<xml><a>&lt;b<d1><a><b"},

		{"multipart/form-data; boundary=B", multipart, asParts},
		{"", multipart, asParts},
		{"multipart/form-data", multipart, asParts},
		{"multipart/form-data; boundary=C", multipart, asParts},
		{"application/json", multipart, asParts},
		{"application/x-www-form-urlencoded", multipart, asParts},

		{"application/graphql", "{a(b:1)}", "<graphql>{a(b:1)}"},
		{"text/plain", "some text", "<text>some text"},
		{"", "--", "<text>--"},
		{"", " \n", `<text> \n`},
	} {
		if got := bodyOf(t, c.contentType, c.body); got != c.want {
			t.Errorf("%s: %s\ngot  %s\nwant %s", c.contentType, c.body, got, c.want)
		}
	}
}

// Ensure that binary bodies are shown by their first bytes and their text.
func TestBinary(t *testing.T) {
	junk := strings.Repeat("\x00\x01\x02\xff", 40)
	shown := strings.Repeat(`\x00\x01\x02\xff`, 32)
	for _, c := range []struct{ name, contentType, body, want string }{
		{"short", "image/png", "\x89PNG\x00\x01", `<binary>\x89PNG\x00\x01`},
		{"long", "image/png", junk, "<binary>" + shown},
		{"text in it", "image/png", junk + "<?php system($_GET[1]);?>" + junk + "too short", "<binary>" + shown + "<text><?php system($_GET[1]);?>"},
		{"decoded", "", junk + "%3Cscript%3E alert(1)", "<binary>" + shown + "<text>%3Cscript%3E alert(1)<d1><script> alert(1)"},
		{"stuffed form", "application/x-www-form-urlencoded", "a=" + junk + "' or 1&b=' or 1=1", "<fname>a<fvalue>" + shown + "<fvalue>' or 1<fname>b<fvalue><d1>' or 1=1"},
		{"stuffed JSON", "application/json", `{"a":"` + junk + `","b":"' or 1=1"}`, "<jkey>a<jstr>"},
	} {
		got := bodyOf(t, c.contentType, c.body)
		if c.name == "stuffed form" {
			c.want = strings.Replace(c.want, "<d1>", "", 1)
			got = strings.NewReplacer("<odd>", "", "<d1>", "", "<d2>", "").Replace(got)
			if !strings.HasSuffix(got, "<fvalue>' or 1<fname>b<fvalue>' or 1=1") {
				t.Errorf("%s: got %s", c.name, got)
			}
			continue
		}
		if c.name == "stuffed JSON" {
			if !strings.HasSuffix(got, "<jkey>b<jstr>' or 1=1") {
				t.Errorf("%s: got %s", c.name, got)
			}
			continue
		}
		if got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

// Ensure that content codings are undone, in order, and that a broken or
// false one hides nothing.
func TestInflate(t *testing.T) {
	const body, want = `{"a":"<x>"}`, "<jkey>a<jstr><x>"
	const contentType = "application/json"
	for _, c := range []struct{ name, coding, body, want string }{
		{"gzip", "gzip", compress(t, "gzip", body), "<inflated>" + want},
		{"x-gzip", "X-GZIP", compress(t, "gzip", body), "<inflated>" + want},
		{"deflate", "deflate", compress(t, "zlib", body), "<inflated>" + want},
		{"raw deflate", "deflate", compress(t, "raw", body), "<inflated>" + want},
		{"brotli", "br", compress(t, "br", body), "<inflated>" + want},
		{"two", "deflate, gzip", compress(t, "gzip", compress(t, "zlib", body)), "<inflated><inflated>" + want},
		{"identity", "identity", body, want},
		{"not said", "", compress(t, "gzip", body), "<inflated>" + want},
		{"not so", "gzip", body, want},
		{"not so either", "br", body, want},
		{"two members", "gzip", compress(t, "gzip", `{"a":`) + compress(t, "gzip", `"<x>"}`), "<inflated>" + want},
		{"rest after zlib", "deflate", compress(t, "zlib", body) + "and more", "<text>and more<inflated>" + want},
		{"empty", "gzip", compress(t, "gzip", ""), "<inflated>"},
	} {
		got := bodyOf(t, contentType, c.body, "Content-Encoding", c.coding)
		if got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
	// Broken on the way: what could be decompressed, and the bytes as they are.
	broken := compress(t, "gzip", strings.Repeat("text ", 20))
	broken = broken[:len(broken)-9] + "and some trailing text"
	got := bodyOf(t, contentType, broken, "Content-Encoding", "gzip")
	for _, want := range []string{`<binary>\x1f\x8b`, "<text>and some trailing text", "<inflated>"} {
		if !strings.Contains(got, want) {
			t.Errorf("broken: %s is missing from %s", want, got)
		}
	}
	if !strings.HasSuffix(got, "<cut>") {
		t.Errorf("broken: no <cut> at the end of %s", got)
	}
}

// Ensure that UTF-16 and UTF-7 are read, and that a false byte order mark or
// charset hides nothing.
func TestCharsets(t *testing.T) {
	wide := func(s, order string) string {
		var b strings.Builder
		for _, c := range []byte(s) {
			if order == "be" {
				b.WriteString("\x00" + string(c))
			} else {
				b.WriteString(string(c) + "\x00")
			}
		}
		return b.String()
	}
	for _, c := range []struct{ name, contentType, body, want string }{
		{"little-endian", "application/json", wide(`{"a":"<x>"}`, "le"), "<utf16><jkey>a<jstr><x>"},
		{"big-endian", "application/json", wide(`{"a":"<x>"}`, "be"), "<utf16><jkey>a<jstr><x>"},
		{"byte order mark", "text/plain", "\xff\xfe" + wide("some text", "le"), "<utf16><text>some text"},
		{"other byte order mark", "text/plain", "\xfe\xff" + wide("some text", "be"), "<utf16><text>some text"},
		{"false byte order mark", "text/plain", "\xff\xfe' or 1=1 or so on", `<utf16><text>\xe2\x80\xa7\xe7\x89\xaf\xe3\x84\xa0\xe3\x84\xbd\xe6\xbc\xa0\xe2\x81\xb2\xe6\xbd\xb3\xe6\xbc\xa0n<text>\xff\xfe' or 1=1 or so on`},
		{"false charset", "text/plain; charset=utf-16", "some", `<utf16><text>\xe7\x8d\xaf\xe6\xb5\xa5<text>some`},
		{"false charset, other order", "text/plain; charset=\"UTF-16LE\"", "some", `<utf16><text>\xe6\xbd\xb3\xe6\x95\xad<text>some`},
		{"surrogates and an odd byte", "text/plain", wide("some text ", "le") + "\x3d\xd8\x00\xde\x3d\xd8!", `<utf16><text>some text \xf0\x9f\x98\x80\xef\xbf\xbd!`},
		{"half", "text/plain", wide(strings.Repeat("text ", 10), "le") + "' or 1=1", ""},
		{"UTF-7", "text/plain", "a +ADw-b+AD4-", "<text>a +ADw-b+AD4-<utf7>a <b>"},
		{"UTF-7 run", "text/plain", "a +ADwAIgA+-", `<text>a +ADwAIgA+-<utf7>a <">`},
		{"UTF-7 at the end", "text/plain", "a +ADw", "<text>a +ADw<utf7>a <"},
		{"UTF-7 escaped", "text/plain", "a %2BADw-", "<text>a %2BADw-<d1>a +ADw-<utf7>a <"},
		{"no UTF-7", "text/plain", "a+b +Abc +A +AG1- +ABC-", "<text>a+b +Abc +A +AG1- +ABC-"},
	} {
		got := bodyOf(t, c.contentType, c.body)
		if c.name == "half" {
			if !strings.Contains(got, "<text>") || !strings.Contains(got, "' or 1=1") {
				t.Errorf("half: got %s", got)
			}
			continue
		}
		if got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}
