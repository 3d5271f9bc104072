package classifier_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"strings"
	"testing"
	"unicode/utf8"
)

// Ensure that multipart bodies are emitted as names, file names, types and
// contents.
func TestMultipart(t *testing.T) {
	part := func(head, content string) string {
		return "--B\r\n" + strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n" + content + "\r\n"
	}
	for _, c := range []struct{ name, contentType, body, want string }{
		{"field", "", part(`Content-Disposition: form-data; name="a"`, "b <c>") + "--B--\r\n", "<pname>a<ptext>b <c>"},
		{"empty field", "", part(`Content-Disposition: form-data; name="a"`, "") + "--B--\r\n", "<pname>a"},
		{"two", "", part(`Content-Disposition: form-data; name=a`, "b") + part(`content-disposition: form-data; name="c"`, "d\r\ne") + "--B--", `<pname>a<ptext>b<pname>c<ptext>d\r\ne`},
		{"file", "", part("Content-Disposition: form-data; name=\"a\"; filename=\"../x.php\"\nContent-Type: text/plain", "b") + "--B--", "<pname>a<pfile>../x.php<ptype>text/plain<ptext>b"},
		{"encoded file name", "", part(`Content-Disposition: form-data; filename*=UTF-8''a%20b`, "c") + "--B--", "<pfile><d1>UTF-8''a b<ptext>c"},
		{"Windows file name", "", part(`Content-Disposition: form-data; filename="C:\a\b"; name="c"`, "d") + "--B--", `<pfile>C:\a\b<pname>c<ptext>d`},
		{"quoted quote", "", part(`Content-Disposition: form-data; name="a\"b"; filename="c"`, "d") + "--B--", `<pname>a\"b<pfile>c<ptext>d`},
		{"two names", "", part(`Content-Disposition: form-data; name="a"; name="b"`, "c") + "--B--", "<pname>a<pname>b<ptext>c"},
		{"odd parameters", "", part(`Content-Disposition: attachment; name="a"; x=y`, "c") + "--B--", `<pname>a<hvalue>attachment; name="a"; x=y<ptext>c`},
		{"other header", "", part("X-A: b%20c\nContent-Disposition: form-data; name=\"d\"", "e") + "--B--", "<hname>x-a<hvalue>b%20c<d1>b c<pname>d<ptext>e"},
		{"no header", "", "--B\r\n\r\na\r\n--B--", "<ptext>a"},
		{"not a header", "", "--B\r\na b\r\n--B--", "<ptext>a b"},
		{"JSON part", "", part("Content-Type: application/json", `{"a":"b"}`) + "--B--", "<ptype>application/json<jkey>a<jstr>b"},
		{"sniffed JSON part", "", part(`Content-Disposition: form-data; name="a"`, `{"a":"b"}`) + "--B--", "<pname>a<jkey>a<jstr>b"},
		{"no JSON part", "", part(`Content-Disposition: form-data; name="a"`, `{a}`) + "--B--", "<pname>a<ptext>{a}"},
		{"XML part", "", part(`Content-Disposition: form-data; name="a"`, `<?xml?><b/>`) + "--B--", "<pname>a<xml><?xml?><b/>"},
		{"form part", "", part(`Content-Type: application/x-www-form-urlencoded`, `a=b+c`) + "--B--", "<ptype>application/x-www-form-urlencoded<fname>a<fvalue><d1>b c"},
		{"binary file", "", part(`Content-Disposition: form-data; name="a"; filename="b"`, "\x89PNG\x00\x01\x02\x03\x04\x05\x06 <?php eval($_POST[1]);") + "--B--",
			`<pname>a<pfile>b<binary>\x89PNG\x00\x01\x02\x03\x04\x05\x06 <?php eval($_POST[1]);<text> <?php eval($_POST[1]);`},
		{"binary field", "", part(`Content-Disposition: form-data; name="a"`, "\x01\x02' or 1") + "--B--", `<pname>a<ptext>\x01\x02' or 1`},
		{"UTF-16 part", "", part(`Content-Disposition: form-data; name="a"`, "s\x00o\x00m\x00e\x00") + "--B--", "<pname>a<utf16><ptext>some"},
		{"line feeds", "", "--B\nContent-Disposition: form-data; name=\"a\"\n\nb\n--B--\n", "<pname>a<ptext>b"},
		{"around", "", "before\r\n" + part(`Content-Disposition: form-data; name="a"`, "b") + "--B--\r\nafter", `<text>before\r<pname>a<ptext>b<text>\r\nafter`},
		{"binary after", "", part(`Content-Disposition: form-data; name="a"`, "b") + "--B--\x00\x01", `<pname>a<ptext>b<binary>\x00\x01`},
		{"parameter without value", "", part(`Content-Disposition: form-data; a; name="b"`, "c") + "--B--", `<hvalue>form-data; a; name="b"<ptext>c`},
		{"text after a name", "", part(`Content-Disposition: form-data; name="a"b; filename="c"`, "d") + "--B--", `<pname>a<hvalue>form-data; name="a"b; filename="c"<ptext>d`},
		{"no end", "", part(`Content-Disposition: form-data; name="a"`, "b"), `<pname>a<ptext>b\r\n`},
		{"header only", "", "--B\r\nContent-Disposition: form-data; name=\"a\"", "<pname>a"},
		{"longer boundary in content", "", part(`Content-Disposition: form-data; name="a"`, "b\n--Bc") + "--B--", `<pname>a<ptext>b\n--Bc`},
		{"longer boundary first", "", "--Bc\r\n\r\nd\r\n" + "--B\r\n\r\na\r\n--B--", `<text>--Bc\r\n\r\nd\r<ptext>a`},
		{"boundary in content", "", part(`Content-Disposition: form-data; name="a"`, "b --B c") + "--B--", "<pname>a<ptext>b --B c"},
		{"white space after boundary", "", "--B \t\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--B--", "<pname>a<ptext>b"},
		{"quoted boundary", `multipart/form-data; charset=x; boundary="a;b"; c=d`, "--a;b\r\n\r\nc\r\n--a;b--", "<ptext>c"},
		{"upper-case parameter", `multipart/form-data;BOUNDARY = B`, "--B\r\n\r\nc\r\n--B--", "<ptext>c"},
		{"no such boundary", "multipart/form-data; boundary=C", "--D\r\n\r\nc", `<text>--D\r\n\r\nc`},
	} {
		contentType := "multipart/form-data; boundary=B"
		if c.contentType != "" {
			contentType = c.contentType
		}
		got := bodyOf(t, contentType, c.body)
		if got != c.want {
			t.Errorf("%s: %q\ngot  %s\nwant %s", c.name, c.body, got, c.want)
		}
	}
}

// Ensure that what mime/multipart reads from a body is in the tokens.
func FuzzMultipart(f *testing.F) {
	f.Add([]byte(multipartBody))
	f.Add([]byte("--B\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"\r\nContent-Type: image/png\r\n\r\n\x00\x01\x02\r\n--B\r\n\r\nc\r\n--B--"))
	f.Add([]byte("x\n--B\nA: b\n\n--\n--B--y"))
	f.Add([]byte("--B\r\nContent-Disposition: form-data; name=\"a\\\"\"; filename*=UTF-8''%41\r\n\r\n{\"a\":1}\r\n--B--"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := get("", "Content-Type", "multipart/form-data; boundary=B")
		r.Body = body
		s := tokenize(t, r)
		if len(body) > 1<<10 || !utf8.Valid(body) {
			return
		}
		var all []byte
		for _, k := range s.Tokens {
			if k >= 1 && k <= 256 {
				all = append(all, byte(k-1))
			}
		}
		parts := multipart.NewReader(bytes.NewReader(body), "B")
		for {
			p, err := parts.NextRawPart()
			if err != nil {
				return
			}
			content, err := io.ReadAll(p)
			if err != nil {
				return
			}
			if first := bytes.TrimLeft(content, " \t\r\n"); len(first) > 0 && first[0] != '{' && first[0] != '[' && len(content) < 100 &&
				!bytes.ContainsAny(content, "\x00&=") && !bytes.Contains(all, bytes.TrimRight(content, "\r\n")) {
				t.Errorf("%q\n%q is missing from\n%s", body, content, s)
			}
		}
	})
}
