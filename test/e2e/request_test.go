package e2e_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"testing"
	"time"
)

// request is one message, laid out by hand: what goes over the wire is what it
// says.
type request struct {
	method, target string
	headers        []string // "Name: value"
	body           []byte
	chunked        bool
	bare           bool // without the headers of a browser
}

// browser are the headers that a browser sends with a navigation.
var browser = []string{
	"User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
	"Accept-Language: en-GB,en;q=0.9,de;q=0.7",
	"Accept-Encoding: gzip, deflate, br, zstd",
	"Referer: https://shop.example.com/catalogue?page=2&sort=price",
	`Sec-Ch-Ua: "Chromium";v="131", "Not_A Brand";v="24"`,
	"Sec-Fetch-Dest: document",
	"Sec-Fetch-Mode: navigate",
	"Sec-Fetch-Site: same-origin",
	"Upgrade-Insecure-Requests: 1",
	"Cookie: session=9f8b3c1de2a74f6c; consent=analytics%3Dfalse%26marketing%3Dfalse; theme=dark; cart=%7B%22items%22%3A3%7D; _ga=GA1.1.1234567890.1700000000",
}

func get(target string, headers ...string) request {
	return request{method: "GET", target: target, headers: headers}
}

func post(target, contentType, body string, headers ...string) request {
	return request{method: "POST", target: target, headers: append(headers, "Content-Type: "+contentType), body: []byte(body)}
}

// wire lays the request out under a name.
func (r *request) wire(name string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: shop.example.com\r\n%s: %s\r\n", r.method, r.target, nameHeader, name)
	headers := r.headers
	if !r.bare {
		own := map[string]bool{}
		for _, header := range r.headers {
			field, _, _ := strings.Cut(header, ":")
			own[strings.ToLower(field)] = true
		}
		for _, header := range browser {
			if field, _, _ := strings.Cut(header, ":"); !own[strings.ToLower(field)] {
				headers = append(headers[:len(headers):len(headers)], header)
			}
		}
	}
	for _, header := range headers {
		b.WriteString(header + "\r\n")
	}
	switch {
	case r.chunked:
		b.WriteString("Transfer-Encoding: chunked\r\n\r\n")
		for rest := r.body; len(rest) > 0; {
			n := min(len(rest), 1000)
			fmt.Fprintf(&b, "%x\r\n%s\r\n", n, rest[:n])
			rest = rest[n:]
		}
		b.WriteString("0\r\n\r\n")
		return b.Bytes()
	case r.body != nil || r.method == "POST":
		b.WriteString("Content-Length: " + strconv.Itoa(len(r.body)) + "\r\n")
	}
	b.WriteString("\r\n")
	b.Write(r.body)
	return b.Bytes()
}

// reply is an answer.
type reply struct {
	status   int
	upstream bool // the upstream's
	header   http.Header
	body     string
}

// exchange sends the message over a connection of its own.
func exchange(address string, wire []byte, method string) (reply, error) {
	connection, err := net.Dial("tcp4", address)
	if err != nil {
		return reply{}, err
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return reply{}, err
	}
	if _, err := connection.Write(wire); err != nil {
		return reply{}, err
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: method})
	if err != nil {
		return reply{}, fmt.Errorf("reading the answer: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return reply{}, fmt.Errorf("reading the answer: %w", err)
	}
	return reply{response.StatusCode, response.Header.Get(answerMark) != "", response.Header, string(body)}, nil
}

// send is exchange for requests that must get an answer.
func send(t *testing.T, address string, wire []byte, method string) reply {
	t.Helper()
	r, err := exchange(address, wire, method)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// part is a part of a multipart form.
type part struct {
	name, file, contentType, content string
}

func form(t *testing.T, target string, parts ...part) request {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary("----WebKitFormBoundary7MA4YWxkTrZu0gW"); err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		header := textproto.MIMEHeader{}
		disposition := fmt.Sprintf(`form-data; name="%s"`, p.name)
		if p.file != "" {
			disposition += fmt.Sprintf(`; filename="%s"`, p.file)
		}
		header.Set("Content-Disposition", disposition)
		if p.contentType != "" {
			header.Set("Content-Type", p.contentType)
		}
		out, err := w.CreatePart(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(out, p.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return post(target, w.FormDataContentType(), b.String())
}
