package classifier_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier"
)

func ordinaryRequest() *classifier.Request {
	return &classifier.Request{
		Method: "GET",
		Target: "/shop/items?category=garden%20tools&page=2&sort=price_asc&q=spade+and+rake",
		Headers: []classifier.Header{
			{Name: "Host", Value: "shop.example.org"},
			{Name: "User-Agent", Value: "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"},
			{Name: "Accept", Value: "text/html,application/xhtml+xml,*/*;q=0.8"},
			{Name: "Accept-Language", Value: "en-US,en;q=0.5"},
			{Name: "Cookie", Value: "sid=81590229213f; lang=en"},
		},
	}
}

func ordinaryJSON(size int) []byte {
	var b bytes.Buffer
	b.WriteByte('[')
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":%d,"name":"Item number %d","tags":["garden","tools","sale"],"price":%d.99,"active":true,"description":"A sturdy tool for the garden.\nShips in %d days, \"express\" if you like.","url":"https://shop.example.org/items/%d"}`, i, i, i%100, i%7, i)
	}
	b.WriteByte(']')
	return b.Bytes()
}

func BenchmarkTokenize(b *testing.B) {
	form := []byte(strings.Repeat("name=A+sturdy+tool&text=for+the+garden%2C+ships+in+3+days&", 1<<20/59))
	var multi bytes.Buffer
	for multi.Len() < 1<<20 {
		fmt.Fprintf(&multi, "--XyZ\r\nContent-Disposition: form-data; name=\"f%d\"\r\n\r\nA sturdy tool for the garden\r\n", multi.Len())
	}
	multi.WriteString("--XyZ--\r\n")
	post := func(contentType string, body []byte) *classifier.Request {
		return &classifier.Request{Method: "POST", Target: "/api/items", Body: body, Headers: []classifier.Header{
			{Name: "Host", Value: "shop.example.org"}, {Name: "Content-Type", Value: contentType}}}
	}
	beacon := ordinaryRequest()
	beacon.Target = "/collect?v=1&dl=https%3A%2F%2Fwww.example.com%2Fen%2Fnews%3Fpage%3D2&dt=Shareholders%27%20Meeting%20%7C%20Example%20Group&" +
		strings.Repeat("cid=1444601284.1719926861&ep=%7B%22a%22%3A%22b%20c%22%7D&", 20)
	for _, c := range []struct {
		name string
		r    *classifier.Request
	}{
		{"request300B", ordinaryRequest()},
		{"beacon", beacon},
		{"json1MiB", post("application/json", ordinaryJSON(1<<20))},
		{"form1MiB", post("application/x-www-form-urlencoded", form)},
		{"multipart1MiB", post("multipart/form-data; boundary=XyZ", multi.Bytes())},
		{"text1MiB", post("text/plain", []byte(strings.Repeat("A sturdy tool for the garden & more. ", 1<<20/37)))},
		{"binary1MiB", post("application/octet-stream", bytes.Repeat([]byte{0x89, 0, 1, 2, 3, 'a', 0xff, 0xd8}, 1<<17))},
	} {
		b.Run(c.name, func(b *testing.B) {
			t := classifier.NewTokenizer(classifier.Limits{})
			n := len(t.Tokenize(c.r).Tokens)
			size := len(c.r.Target) + len(c.r.Body)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				t.Tokenize(c.r)
			}
			b.ReportMetric(float64(n), "tokens")
		})
	}
}
