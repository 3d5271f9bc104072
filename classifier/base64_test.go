package classifier_test

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

// Ensure that values which are Base64, hex or compressed as a whole are read,
// two deep, and that what does not decode to text is not.
func TestEncodedValues(t *testing.T) {
	const script = "<script>alert(1)</script>"
	std := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	rawURL := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	wrapped := std(script)[:20] + "\r\n" + std(script)[20:]
	for _, c := range []struct{ name, value, want string }{
		{"standard", std(script), "<b64>" + script},
		{"URL-safe, unpadded", rawURL("<??>>>~~~ and so on"), "<b64><??>>>~~~ and so on"},
		{"line breaks", wrapped, "<b64>" + script},
		{"twice", std(std(script)), "<b64>" + std(script) + "<b64>" + script},
		{"three times", std(std(std(script))), "<b64>" + std(std(script)) + "<b64>" + std(script)},
		{"escapes inside", std("%3Cscript%3E"), "<b64>%3Cscript%3E<d1><script>"},
		{"UTF-8", std("schöne Grüße"), `<b64>sch\xc3\xb6ne Gr\xc3\xbc\xc3\x9fe`},
		{"UTF-16", std("I\x00E\x00X\x00 \x00(\x00x\x00)\x00"), "<b64><utf16>IEX (x)"},
		{"gzip", std(compress(t, "gzip", script)), "<b64><inflated>" + script},
		{"zlib", rawURL(compress(t, "zlib", script)), "<b64><inflated>" + script},
		{"gzip of binary", std(compress(t, "gzip", strings.Repeat("\x00\x01", 40))), ""},
		{"hex", hex.EncodeToString([]byte(script)), "<hex>" + script},
		{"SQL hex", "0x" + strings.ToUpper(hex.EncodeToString([]byte(script))), "<hex>" + script},
		{"hex of Base64", hex.EncodeToString([]byte(std(script))), "<hex>" + std(script) + "<b64>" + script},
		{"data URL", "data:text/html;base64," + std(script), "<b64>" + script},
		{"data URL in capitals", "DATA:;base64," + std(script), "<b64>" + script},
		{"JSON Web Token", rawURL(`{"alg":"none"}`) + "." + rawURL(`{"sub":"' or 1=1"}`) + ".", `<b64>{"alg":"none"}<b64>{"sub":"' or 1=1"}`},
		{"short", std("<b>abc"), ""},
		{"short hex", "3c623e3c2f623e", ""},
		{"binary", std("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x80\x81\x82\x83"), ""},
		{"long binary", std(strings.Repeat("\x00\x01\x02\x83", 60)), ""},
		{"words", "internationalization", ""},
		{"UUID", "9498bd39-2609-4095-a88e-88cb0afc0b3e", ""},
		{"digits", "1444601284171992", ""},
		{"wrong length", std(script) + "A", ""},
		{"too much padding", std(script) + "===", ""},
		{"data after padding", std("<script>a") + "=AAAA", ""},
		{"something else in it", std(script) + "!", ""},
	} {
		got := bodyOf(t, "application/graphql", c.value)
		if got = strings.ReplaceAll(got, `\r\n`, "\r\n"); got != "<graphql>"+c.value+c.want {
			t.Errorf("%s: %s\ngot  %s\nwant %s", c.name, c.value, got, "<graphql>"+c.value+c.want)
		}
	}
}

// Ensure that Base64 is found behind percent-escapes, and that in a form a
// plus sign may have become a space.
func TestEncodedValuesInForms(t *testing.T) {
	value := base64.StdEncoding.EncodeToString([]byte("<a>~~~>>>???</a>"))
	if !strings.ContainsAny(value, "+") {
		t.Fatal("no plus sign in ", value)
	}
	spaced := strings.ReplaceAll(value, "+", " ")
	for query, want := range map[string]string{
		"a=" + value: "<qvalue><d1>" + spaced + "<b64><a>~~~>>>???</a>",
		"a=" + strings.ReplaceAll(strings.ReplaceAll(value, "+", "%2B"), "=", "%3D"): "<qvalue><d1>" + value + "<b64><a>~~~>>>???</a>",
	} {
		if got := render(t, get("/?"+query)); got != "<path>/<qname>a"+want {
			t.Errorf("%s\ngot  %s\nwant %s", query, got, want)
		}
	}
	if got, want := render(t, get("/PHNjcmlwdD5hbGVydCgxKQ")), "<path>/PHNjcmlwdD5hbGVydCgxKQ"; got != want {
		t.Errorf("a path: got %s, want %s", got, want)
	}
}
