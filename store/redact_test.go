package store_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/limen-waf/limen/store"
)

// Ensure that targets lose their secrets and nothing else.
func TestRedactTarget(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"/", "/"},
		{"/search?q=a&page=2", "/search?q=a&page=2"},
		{"/login?user=bob&password=Hunter2!", "/login?user=bob&password=Aaaaaa0!"},
		{"/login?PassWord=x%41%33%2B&a=b", "/login?PassWord=a%41%30%2B&a=b"},
		{"/l?p%61ssword=abc", "/l?p%61ssword=aaa"},
		{"/l?p%2561ssword=abc&b=c", "/l?p%2561ssword=aaa&b=c"},
		{"/l?user[password]=abc&user[name]=bob", "/l?user[password]=aaa&user[name]=bob"},
		{"/l?user%5Bpassword%5D=abc", "/l?user%5Bpassword%5D=aaa"},
		{"/cb?access_token=AbC123.-_&state=ok", "/cb?access_token=AaA000.-_&state=ok"},
		{"/cb?accessToken=AbC", "/cb?accessToken=AaA"},
		{"/p?password=a=b;c&x=1", "/p?password=a=a;a&x=1"},
		{"/p?password=caf%C3%A9", "/p?password=aaa%C3%A1"},
		{"/p?password=%2561b", "/p?password=%2561a"},
		{"/p?pw=caf\u00e9", "/p?pw=aaa\u00e1"},
		{"/app;jsessionid=0AF3/x?y=1", "/app;jsessionid=0AA0/x?y=1"},
		{"http://bob:s3cret@h.example/x", "http://aaa:a0aaaa@h.example/x"},
		{"/go?next=https%3A%2F%2Fx.example%2F%3Ftoken%3Dabc%26a%3Db", "/go?next=https%3A%2F%2Fx.example%2F%3Ftoken%3Daaa%26a%3Db"},
		{"/go?next=https://x.example/?token=abc&a=b", "/go?next=https://x.example/?token=aaa&a=b"},
		{"/q?data=%7B%22password%22%3A%22ab%22%2C%22x%22%3A1%7D", "/q?data=%7B%22password%22%3A%22aa%22%2C%22x%22%3A1%7D"},
		{"/pay?n=4111111111111111", "/pay?n=0000000000000000"},
		{"/pay?n=4111+1111+1111+1111&m=2", "/pay?n=0000+0000+0000+0000&m=2"},
		{"/pay/4111-1111-1111-1111", "/pay/0000-0000-0000-0000"},
		{"/pay?n=4111%201111%201111%201111", "/pay?n=0000%200000%200000%200000"},
		{"/order/4111111111111112", "/order/4111111111111112"}, // fails the check digit
		{"/t?ts=1700000000000", "/t?ts=1700000000000"},
		{"/a?j=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "/a?j=aaAaaAaaAaAAAaA0AaA0.aaAaaAAaAaAaAa0.aaa"},
		{"/a?classname=x&author=y&bypass=1&assessment=2&keyboard=z", "/a?classname=x&author=y&bypass=1&assessment=2&keyboard=z"},
		{"/a?passenger=x&design=y&spin=1&pinned=2", "/a?passenger=x&design=y&spin=1&pinned=2"},
		{"/a?user_pin=1234&pin2=9", "/a?user_pin=0000&pin2=0"},
		{"/a?' OR 1=1--", "/a?' OR 1=1--"},
		{"/a?id=1%27%20UNION%20SELECT%20password%20FROM%20users--", "/a?id=1%27%20UNION%20SELECT%20password%20FROM%20users--"},
		{"/p?password=caf%u00C9%u2215x%u0041", "/p?password=aaa%u00E9%u2215a%u0041"},
		{"/p?password=%3F%e0%80%afetc%f0%80%80%afhosts7", "/p?password=%3F%e0%80%afetc%f0%80%80%afaaaaa0"},
		{"/p?password=%3F0x2fetc0x5cb0x2f", "/p?password=%3F0x2fetc0x5ca0x2f"},
		{"/p?password=../..%5cadmin%252fconf.txt", "/p?password=../..%5caaaaa%252fconf.txt"},
		{"/p?password=x..y/conf.txt", "/p?password=a..a/aaaa.aaa"},
		{"/p?password=50+AND+36%3D37", "/p?password=00+AND+00%3D00"},
		{"/p?password=salt+and+pepper", "/p?password=aaaa+aaa+aaaaaa"},
		{"/?password", "/?password"},
		{"/?=x&&=&password=", "/?=x&&=&password="},
	} {
		if got := store.RedactTarget(c.in); got != c.want {
			t.Errorf("RedactTarget(%q)\n got %q\nwant %q", c.in, got, c.want)
		} else if again := store.RedactTarget(got); again != got {
			t.Errorf("RedactTarget(%q) is not stable: %q", got, again)
		}
	}
}

// Ensure that field values lose their secrets and keep their shape.
func TestRedactHeaders(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"Cookie", "sid=aB3-x; theme=dark; raw", "sid=aA0-a; theme=aaaa; aaa"},
		{"cookie", "", ""},
		{"Set-Cookie", "sid=abc; Path=/", "sid=aaa; Path=/"},
		{"Authorization", "Bearer AbC.123", "Bearer AaA.000"},
		{"Authorization", "Basic dXNlcjpwYXNz", "Basic aAAaaaaaAAAa"},
		{"Authorization", "s3cretkey", "a0aaaaaaa"},
		{"Proxy-Authorization", "Digest username=\"bob\"", "Digest aaaaaaaa=\"aaa\""},
		{"X-Api-Key", "AbC123", "AaA000"},
		{"X-CSRF-Token", "AbC123", "AaA000"},
		{"X-Auth", "AbC123", "AaA000"},
		{"x-amz-security-token", "AbC123", "AaA000"},
		{"X-Custom", "0123456789abcdef0123456789abcdef", "0000000000aaaaaa0000000000aaaaaa"},
		{"X-Custom", "plain words and /a/path/that/is/quite/long/0", "plain words and /a/path/that/is/quite/long/0"},
		{"X-Custom", `{"password":"ab"}`, `{"password":"aa"}`},
		{"X-Original-URL", "/x?token=abc&y=1", "/x?token=aaa&y=1"},
		{"Referer", "https://u:p@h.example/a?password=abc&b=c", "https://a:a@h.example/a?password=aaa&b=c"},
		{"User-Agent", "${jndi:ldap://x.example/a}", "${jndi:ldap://x.example/a}"},
		{"Host", "www.example.com", "www.example.com"},
		{"Content-Type", "multipart/form-data; boundary=----0123456789abcdef0123456789abcdef", "multipart/form-data; boundary=----0123456789abcdef0123456789abcdef"},
		{"X-Forwarded-For", "203.0.113.7, 198.51.100.2", "203.0.113.7, 198.51.100.2"},
		{"X-Card", "4111 1111 1111 1111", "0000 0000 0000 0000"},
		{"Sec-WebSocket-Protocol", "bearer, eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "bearer, aaAaaAaaAaAAAaA0AaA0.aaAaaAAaAaAaAa0.aaa"},
	} {
		r := store.Redact(&store.Request{Method: "GET", Target: "/", Headers: []store.Header{{Name: c.name, Value: c.in}}})
		if got := r.Headers[0].Value; got != c.want {
			t.Errorf("%s: %q\n got %q\nwant %q", c.name, c.in, got, c.want)
		}
	}
}

// Ensure that bodies of every format lose their secrets, whatever their content type
// says, and keep the rest.
func TestRedactBody(t *testing.T) {
	const form, js, xml, text, multipart = "application/x-www-form-urlencoded", "application/json", "application/xml", "text/plain", "multipart/form-data; boundary=XX"
	for _, c := range []struct{ name, kind, in, want string }{
		{"form", form, "user=bob&password=a+b%21c&x=1", "user=bob&password=a+a%21a&x=1"},
		{"form, no type", "", "user=bob&password=abc&x=1", "user=bob&password=aaa&x=1"},
		{"form, wrong type", js, "user=bob&password=abc&x=1", "user=bob&password=aaa&x=1"},
		{"form, odd value", form, "password=a\"b c;d'&x=1", "password=a\"a a;a'&x=1"},
		{"form with JSON", form, `d={"password":"a&b","x":1}&y=2`, `d={"password":"a&a","x":1}&y=2`},
		{"form with encoded JSON", form, "d=%7B%22pin%22%3A%2212%22%7D", "d=%7B%22pin%22%3A%2200%22%7D"},
		{"JSON", js, `{"user":"bob","password":"Ab1","n":5}`, `{"user":"bob","password":"Aa0","n":5}`},
		{"JSON as form", form, `{"user":"bob","password":"Ab=1&c","n":5}`, `{"user":"bob","password":"Aa=0&a","n":5}`},
		{"JSON spaced", js, "{\n  \"password\" : \n \"Ab1\",\n \"n\": 5}", "{\n  \"password\" : \n \"Aa0\",\n \"n\": 5}"},
		{"JSON escaped quote", js, `{"password":"a\"b\\","n":"x"}`, `{"password":"a\"a\\","n":"x"}`},
		{"JSON escaped key", js, `{"p\u0061ssword":"abc","n":"x"}`, `{"p\u0061ssword":"aaa","n":"x"}`},
		{"JSON unicode", js, `{"password":"\u0041\u00e9\ud83d\ude00z\n","n":"x"}`, `{"password":"\u0041\u00e9\ud840\udc00a\n","n":"x"}`},
		{"JSON number", js, `{"pin":1234,"cvv":007,"n":12}`, `{"pin":1000,"cvv":100,"n":12}`},
		{"JSON literals", js, `{"token":null,"secret":true,"session":-1.5e3}`, `{"token":null,"secret":true,"session":-0.0e0}`},
		{"JSON object", js, `{"credentials":{"user":"bob","x":["p",12,{"y":"z"}]},"n":"x"}`, `{"credentials":{"user":"aaa","x":["a",10,{"y":"a"}]},"n":"x"}`},
		{"JSON array", js, `{"passwords":["ab","cd"],"n":"x"}`, `{"passwords":["aa","aa"],"n":"x"}`},
		{"JSON nested deep", js, `{"a":{"b":[{"user":{"apiKey":"Ab"}}]},"n":"x"}`, `{"a":{"b":[{"user":{"apiKey":"Aa"}}]},"n":"x"}`},
		{"JSON in string", js, `{"d":"{\"password\":\"ab\",\"x\":\"y\"}","n":"x"}`, `{"d":"{\"password\":\"aa\",\"x\":\"y\"}","n":"x"}`},
		{"JSON in string, value with quote", js, `{"d":"{\"password\":\"a\\\"b\",\"x\":\"y\"}"}`, `{"d":"{\"password\":\"a\\\"a\",\"x\":\"y\"}"}`},
		{"JSON in string twice", js, `{"d":"{\"e\":\"{\\\"password\\\":\\\"ab\\\"}\"}"}`, `{"d":"{\"e\":\"{\\\"password\\\":\\\"aa\\\"}\"}"}`},
		{"JSON form in string", js, `{"d":"user=bob&password=ab&x=1"}`, `{"d":"user=bob&password=aa&x=1"}`},
		{"JSON cut", js, `{"password":"abc`, `{"password":"aaa`},
		{"JSON name and value", js, `[{"name":"user","value":"bob"},{"name":"password","value":"abc"},{"name":"x","value":"y"}]`,
			`[{"name":"user","value":"bob"},{"name":"password","value":"aaa"},{"name":"x","value":"y"}]`},
		{"JSON value and name", js, `[{"value":"abc","name":"password"},{"value":"y","name":"x"}]`, `[{"value":"aaa","name":"password"},{"value":"y","name":"x"}]`},
		{"JSON card", js, `{"n":4111111111111111,"m":"4111 1111 1111 1111"}`, `{"n":1000000000000000,"m":"0000 0000 0000 0000"}`},
		{"JSON prose", js, `{"text":"my password: abc","n":"x"}`, `{"text":"my password: aaa","n":"x"}`},
		{"GraphQL", js, `{"query":"mutation { login(user: \"bob\", password: \"abc\") { id } }"}`, `{"query":"mutation { login(user: \"bob\", password: \"aaa\") { id } }"}`},
		{"GraphQL plain", "application/graphql", `mutation { login(user: "bob", password: "abc") { id } }`, `mutation { login(user: "bob", password: "aaa") { id } }`},
		{"XML", xml, `<a><user>bob</user><password>abc</password><x>y</x></a>`, `<a><user>bob</user><password>aaa</password><x>y</x></a>`},
		{"XML namespace", xml, `<w:Password Type="T">abc</w:Password>`, `<w:Password Type="T">aaa</w:Password>`},
		{"XML CDATA", xml, `<password><![CDATA[a<b]]></password><x>y</x>`, `<password><![CDATA[a<a]]></password><x>y</x>`},
		{"XML attribute", xml, `<u name="bob" password="a b" x='y'/>`, `<u name="bob" password="a a" x='y'/>`},
		{"HTML input", "", `<input name="password" value="abc"><input name="x" value="y">`, `<input name="password" value="aaa"><input name="x" value="y">`},
		{"text line", text, "User: bob\nPassword: a b, c\nNote: x", "User: bob\nPassword: a a, a\nNote: x"},
		{"text equals", text, "user=bob\r\npassword=a b\r\nx=y", "user=bob\r\npassword=a a\r\nx=y"},
		{"text URL", text, "see https://u:p@h.example/?token=abc for more", "see https://a:a@h.example/?token=aaa for more"},
		{"text, odd quote", text, "5\" screen\npassword: \"a b\" x", "5\" screen\npassword: \"a a\" x"},
		{"text harmless", text, "the password field was empty, said the author", "the password field was empty, said the author"},
		{"code", text, "std::token::next(); if a <b && c> d {}", "std::token::next(); if a <b && c> d {}"},
		{"multipart", multipart,
			"--XX\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nbob\r\n--XX\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\na&b\r\n--XX--\r\n",
			"--XX\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nbob\r\n--XX\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\na&a\r\n--XX--\r\n"},
		{"multipart, no type", "",
			"--XX\r\nContent-Disposition: form-data; name=password\r\n\r\nabc\r\n--XX--\r\n",
			"--XX\r\nContent-Disposition: form-data; name=password\r\n\r\naaa\r\n--XX--\r\n"},
		{"multipart JSON part", multipart,
			"--XX\nContent-Disposition: form-data; name=\"d\"; filename=\"name.json\"\nContent-Type: application/json\n\n{\"pin\":\"12\"}\n--XX--",
			"--XX\nContent-Disposition: form-data; name=\"d\"; filename=\"name.json\"\nContent-Type: application/json\n\n{\"pin\":\"00\"}\n--XX--"},
		{"multipart cut", multipart, "--XX\r\nContent-Disposition: form-data; name=\"pwd\"\r\n\r\nabc", "--XX\r\nContent-Disposition: form-data; name=\"pwd\"\r\n\r\naaa"},
		{"UTF-16", js, utf16le(`{"password":"abc","x":"y"}`), utf16le(`{"password":"aaa","x":"y"}`)},
		{"UTF-8 value", js, `{"password":"пароль日本😀","x":"ж"}`, "{\"password\":\"\u00e1\u00e1\u00e1\u00e1\u00e1\u00e1\xe4\xa1\xa1\xe4\xa1\xa1\xf1\xa1\xa1\xa1\",\"x\":\"ж\"}"},
		{"YAML", "application/yaml", "db:\n  user: bob\n  password: abc\n", "db:\n  user: bob\n  password: aaa\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := &store.Request{Method: "POST", Target: "/", Body: []byte(c.in)}
			if c.kind != "" {
				in.Headers = []store.Header{{Name: "Content-Type", Value: c.kind}}
			}
			once := store.Redact(in)
			if string(once.Body) != c.want {
				t.Errorf("%q\n got %q\nwant %q", c.in, once.Body, c.want)
			}
			if string(in.Body) != c.in {
				t.Error("Redact changed its argument")
			}
			if twice := store.Redact(once); !bytes.Equal(twice.Body, once.Body) {
				t.Errorf("redacting again changes it: %q", twice.Body)
			}
		})
	}
}

func utf16le(s string) string {
	b := []byte{0xff, 0xfe}
	for _, c := range s {
		b = append(b, byte(c), byte(c>>8))
	}
	return string(b)
}

// Ensure that compressed bodies are redacted inside, and masked whole where that
// cannot be.
func TestRedactCompressed(t *testing.T) {
	plain := []byte(`{"user":"bob","password":"hunter2"}`)
	want := `{"user":"bob","password":"aaaaaa0"}`
	var gz, fl bytes.Buffer
	z := gzip.NewWriter(&gz)
	_, _ = z.Write(plain)
	_ = z.Close()
	f, _ := flate.NewWriter(&fl, 9)
	_, _ = f.Write(plain)
	_ = f.Close()

	redact := func(coding string, body []byte) []byte {
		return store.Redact(&store.Request{Method: "POST", Target: "/", Body: body,
			Headers: []store.Header{{Name: "Content-Encoding", Value: coding}, {Name: "Content-Type", Value: "application/json"}}}).Body
	}
	r, err := gzip.NewReader(bytes.NewReader(redact("gzip", gz.Bytes())))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := out.ReadFrom(r); err != nil || out.String() != want {
		t.Errorf("gzip: %q, %v", out.String(), err)
	}
	out.Reset()
	if _, err := out.ReadFrom(flate.NewReader(bytes.NewReader(redact("deflate", fl.Bytes())))); err != nil || out.String() != want {
		t.Errorf("deflate: %q, %v", out.String(), err)
	}
	for _, coding := range []string{"br", "gzip", "zstd"} {
		if got := redact(coding, plain); bytes.Contains(got, []byte("hunter2")) || len(got) != len(plain) {
			t.Errorf("%s that is none: %q", coding, got)
		}
	}
	bomb := bytes.Repeat([]byte{0}, 16<<20)
	gz.Reset()
	z = gzip.NewWriter(&gz)
	_, _ = z.Write(bomb)
	_ = z.Close()
	if got := redact("gzip", gz.Bytes()); len(got) != gz.Len() {
		t.Errorf("a body over the limit has %d bytes, want %d", len(got), gz.Len())
	}
}

// Ensure that names of secrets are known and ordinary words are not taken for them.
func TestSensitiveName(t *testing.T) {
	for _, name := range []string{
		"password", "PASSWORD", "passwd", "pwd", "newPassword", "user_password", "user[password]", "pass", "user-pass",
		"secret", "client_secret", "token", "access_token", "refreshToken", "id-token", "csrfmiddlewaretoken", "_csrf",
		"api_key", "apikey", "X-Api-Key", "session", "sessionid", "PHPSESSID", "JSESSIONID", "ssn", "card", "card_number",
		"creditCard", "cvv", "cvv2", "cvc", "pin", "userPin", "otp", "auth", "jwt", "signature", "X-Amz-Signature", "sid",
		"connect.sid", "p%61ssword", `p\u0061ssword`, "authorization", "privateKey", "password1", "contraseña", "card[number]",
		strings.Repeat("x", 300) + "password",
	} {
		if !store.SensitiveName(name) {
			t.Errorf("%q is not taken for a secret's name", name)
		}
	}
	for _, name := range []string{
		"", "user", "name", "email", "q", "page", "author", "classname", "compass", "passenger", "assess", "keyboard", "key",
		"pinned", "spinner", "cardinal", "discard", "side", "insider", "state", "code", "title", "design", "assignment", "monkey",
		"topic", "company", "panel", "address", "comment", "id", "date", "missing", "className",
	} {
		if store.SensitiveName(name) {
			t.Errorf("%q is taken for a secret's name", name)
		}
	}
}

// Ensure that the canonical form reads back to the same request.
func TestRequestRoundTrip(t *testing.T) {
	for _, r := range []*store.Request{
		{Method: "GET", Target: "/"},
		{Method: "POST", Target: "/a b?c=d HTTP/1.1", Headers: []store.Header{{Name: "Host", Value: "h"}, {Name: "X", Value: ""}, {Name: "X", Value: "  a: b "}}, Body: []byte("\r\n\x00\xff\r\n\r\n")},
	} {
		got, err := store.ParseRequest(store.AppendRequest(nil, r))
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", r) {
			t.Errorf("got %q\nwant %q", got, r)
		}
	}
	injected := store.AppendRequest(nil, &store.Request{Method: "GET", Target: "/\r\nX: y", Headers: []store.Header{{Name: "A\n", Value: "b\r\n\r\nc"}}})
	if got, err := store.ParseRequest(injected); err != nil || len(got.Headers) != 1 || len(got.Body) != 0 {
		t.Errorf("line ends got through: %q, %v", injected, err)
	}
	for _, bad := range []string{"", "GET / HTTP/1.1", "GET / HTTP/1.1\r\nHost: x", "GET\r\n\r\n", "GET / HTTP/1.1\r\nHost\r\n\r\n"} {
		if r, err := store.ParseRequest([]byte(bad)); err == nil {
			t.Errorf("%q was read as %+v", bad, r)
		}
	}
}

// Ensure that no input takes more than linear time.
func TestRedactIsLinear(t *testing.T) {
	const size = 256 << 10 // quadratic time would be a minute
	for _, unit := range []string{
		`"`, `\"`, `\`, `'`, "%", "%25", "%2525", "=", "a=", "a=&", "&", "password=", `password:"`, `"password":`, "{", "[", `{"password":`,
		`{"password":[`, "<", "<password>", "<a ", ">", "4", "4111 ", "4111111111111111 ", "411111111111111-", "eyJ", "eyJ.", "://", "a://b@", ":",
		"::", "\n", " ", "--", "--XX\r\n", "\x00", "a\x00", "name:\"", `{"value":"a","name":"`, "name=\"password\" value=", "&#", "&#1;", "\\u0061", "%u",
		"password:'", `token=\"`, ";", "/;a=", "+", "x",
	} {
		body := []byte(strings.Repeat(unit, size/len(unit)))
		for _, kind := range []string{"", "application/x-www-form-urlencoded", "multipart/form-data; boundary=XX"} {
			begin := time.Now()
			store.Redact(&store.Request{Method: "POST", Target: "/", Body: body, Headers: []store.Header{{Name: "Content-Type", Value: kind}}})
			if took := time.Since(begin); took > 10*time.Second {
				t.Errorf("%q × %d as %q took %s", unit, size/len(unit), kind, took)
			}
		}
		begin := time.Now()
		store.RedactTarget("/?" + string(body))
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("%q × %d in the target took %s", unit, size/len(unit), took)
		}
	}
}

// Ensure that a mask keeps length and valid UTF-8, and is its own mask.
func FuzzMask(f *testing.F) {
	for _, s := range []string{"", "Abc123", "%41%2B%C3%A9%zz%", "%2541%25", `\u0041\ud83d\x41\n\`, "&#65;&#x41;&lt;&#;", "пароль日本😀", "\xc0\xaf\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		b := bytes.Clone(in)
		store.Mask(b)
		if len(b) != len(in) {
			t.Fatal("the length changed")
		}
		if utf8.Valid(in) && !utf8.Valid(b) {
			t.Fatalf("%q became invalid UTF-8 %q", in, b)
		}
		again := bytes.Clone(b)
		store.Mask(again)
		if !bytes.Equal(again, b) {
			t.Fatalf("%q masks to %q masks to %q", in, b, again)
		}
	})
}

// Ensure that the redactor neither panics nor changes lengths nor lets a secret
// through that stands where secrets stand.
func FuzzRedact(f *testing.F) {
	for _, s := range []string{
		"", "a=b", `{"a":"b"}`, "<a>b</a>", `\"`, "%7B%22a", "--XX\r\n\r\n", "a: b", "[", "'", "4111111111111111", "://a@", `{"d":"{\"x`, "eyJhbGciOi.",
	} {
		f.Add([]byte(s), "application/json")
	}
	const secret = "Zq7Zq7Xw9Xw9"
	f.Fuzz(func(t *testing.T, in []byte, kind string) {
		r := &store.Request{Method: "POST", Target: "/?" + string(in), Body: in, Headers: []store.Header{{Name: "Content-Type", Value: kind}, {Name: "X-Any", Value: string(in)}}}
		out := store.Redact(r)
		if len(out.Body) != len(in) || len(out.Target) != len(r.Target) {
			t.Fatalf("lengths changed: %q %q", out.Target, out.Body)
		}
		// A form that someone else's parameters stand in front of.
		target := store.RedactTarget("/?" + string(bytes.ReplaceAll(in, []byte("#"), nil)) + "&password=" + secret)
		if strings.Contains(target, secret) {
			t.Fatalf("the secret is in %q", target)
		}
		body := []byte(string(in) + "&password=" + secret)
		form := store.Redact(&store.Request{Method: "POST", Target: "/", Body: body, Headers: []store.Header{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}}})
		if !bytes.Contains(in, []byte{0}) && !bytes.HasPrefix(in, []byte("--")) && utf8.Valid(in) && !hasControl(in) && bytes.Contains(form.Body, []byte(secret)) {
			t.Fatalf("the secret is in %q", form.Body)
		}
	})
}

func hasControl(b []byte) bool {
	return bytes.ContainsFunc(b, func(r rune) bool { return r < ' ' })
}
