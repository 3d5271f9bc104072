package corpus

import (
	"bufio"
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"strings"
)

// Reasons why a record cannot be sent to an origin server as it stands.
var (
	ErrNotOriginForm = errors.New("target is not in origin form")
	ErrIllegalTarget = errors.New("target holds white space or control characters")
	ErrIllegalHeader = errors.New("a header holds a line break or an empty name")
	ErrIllegalMethod = errors.New("method is empty, CONNECT or not a token")
)

// hopByHop are the fields that belong to the connection the record was taken
// from, not to the message (RFC 9110 section 7.6.1), and those that Wire sets.
// Expect would only add a round trip.
var hopByHop = map[string]bool{
	"connection": true, "keep-alive": true, "proxy-connection": true, "te": true, "trailer": true,
	"transfer-encoding": true, "upgrade": true, "content-length": true, "expect": true,
}

// Wire lays the record out as an HTTP/1.1 message for a kept-alive connection:
// method, target and headers as they are in the record, Host included, with
// Content-Length to fit the body. A record without Host gets host. The error is
// one of the Err values of this package.
func Wire(r *Record, host string) ([]byte, error) {
	if !isToken(r.Method) || r.Method == http.MethodConnect {
		return nil, ErrIllegalMethod
	}
	if !strings.HasPrefix(r.Target, "/") {
		return nil, ErrNotOriginForm
	}
	for i := 0; i < len(r.Target); i++ {
		if c := r.Target[i]; c <= ' ' || c == 0x7f {
			return nil, ErrIllegalTarget
		}
	}
	body := r.Content()
	var b bytes.Buffer
	b.Grow(len(r.Target) + len(body) + 512)
	b.WriteString(r.Method + " " + r.Target + " HTTP/1.1\r\n")
	hasHost := false
	for _, header := range r.Headers {
		name, value := header[0], header[1]
		if name == "" || strings.ContainsAny(name, "\r\n:") || strings.ContainsAny(value, "\r\n") {
			return nil, ErrIllegalHeader
		}
		lower := strings.ToLower(name)
		if hopByHop[lower] {
			continue
		}
		hasHost = hasHost || lower == "host"
		b.WriteString(name + ": " + value + "\r\n")
	}
	if !hasHost {
		b.WriteString("Host: " + host + "\r\n")
	}
	if len(body) > 0 || r.Method == http.MethodPost || r.Method == http.MethodPut || r.Method == http.MethodPatch {
		b.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n")
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes(), nil
}

// Acceptable reports whether Go's HTTP server would take the message at all. It
// answers 400 by itself to, say, an ill-formed percent escape in the path and
// closes the connection; a measurement of what lies behind it leaves such
// messages out.
func Acceptable(wire []byte) bool {
	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire)))
	if err != nil || request.Host == "" {
		return false
	}
	for name, values := range request.Header {
		if !isToken(name) {
			return false
		}
		for _, value := range values {
			for i := 0; i < len(value); i++ {
				if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
					return false
				}
			}
		}
	}
	return true
}

// isToken reports whether s is a token of RFC 9110 section 5.6.2.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		alphanumeric := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !alphanumeric && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}
