package store

import (
	"bytes"
	"errors"
	"strings"
)

// Request is one HTTP request on its wire form, nothing decoded: what Record
// redacts and stores, and what replay gets back.
type Request struct {
	Method  string
	Target  string // path and query as on the wire
	Headers []Header
	Body    []byte
}

// Header is one header field line.
type Header struct {
	Name  string
	Value string
}

// header returns the first value of the field called name, in lower case.
func (r *Request) header(name string) string {
	for i := range r.Headers {
		if foldEqual(r.Headers[i].Name, name) {
			return r.Headers[i].Value
		}
	}
	return ""
}

// foldEqual compares a name with a lower-case one.
func foldEqual[T string | []byte](name T, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	for i := 0; i < len(name); i++ {
		if toLower(name[i]) != lower[i] {
			return false
		}
	}
	return true
}

func toLower(c byte) byte {
	if c-'A' < 26 {
		c += 'a' - 'A'
	}
	return c
}

const proto = " HTTP/1.1\r\n"

// appendRequest appends the canonical form, which is that of an HTTP/1.1
// message: request line, field lines, empty line, body. One space follows each
// colon. CR and LF, which no server accepts there, become spaces in names,
// values, method and target, so that the form reads back to the same request.
func appendRequest(dst []byte, r *Request) []byte {
	dst = appendLine(dst, r.Method)
	dst = append(dst, ' ')
	dst = appendLine(dst, r.Target)
	dst = append(dst, proto...)
	for i := range r.Headers {
		dst = appendLine(dst, r.Headers[i].Name)
		dst = append(dst, ": "...)
		dst = appendLine(dst, r.Headers[i].Value)
		dst = append(dst, "\r\n"...)
	}
	dst = append(dst, "\r\n"...)
	return append(dst, r.Body...)
}

// requestLen is the length of the canonical form.
func requestLen(r *Request) int {
	n := len(r.Method) + 1 + len(r.Target) + len(proto) + 2 + len(r.Body)
	for i := range r.Headers {
		n += len(r.Headers[i].Name) + len(r.Headers[i].Value) + 4
	}
	return n
}

func appendLine(dst []byte, s string) []byte {
	from := len(dst)
	dst = append(dst, s...)
	if strings.IndexByte(s, '\r') < 0 && strings.IndexByte(s, '\n') < 0 {
		return dst
	}
	for i, c := range dst[from:] {
		if c == '\r' || c == '\n' {
			dst[from+i] = ' '
		}
	}
	return dst
}

// ParseRequest reads the canonical form that a verdict's Request holds. Headers
// and body share b's memory only by their bytes: the result may be kept.
func ParseRequest(b []byte) (*Request, error) {
	line, rest, ok := bytes.Cut(b, []byte("\r\n"))
	head := append(line[:len(line):len(line)], "\r\n"...)
	method, target, ok2 := bytes.Cut(bytes.TrimSuffix(head, []byte(proto)), []byte(" "))
	if !ok || !ok2 || !bytes.HasSuffix(head, []byte(proto)) {
		return nil, errors.New(`store: reading recorded request: the first line is not "METHOD TARGET HTTP/1.1"`)
	}
	r := &Request{Method: string(method), Target: string(target)}
	for {
		line, rest, ok = bytes.Cut(rest, []byte("\r\n"))
		if !ok {
			return nil, errors.New("store: reading recorded request: it is cut before its body")
		}
		if len(line) == 0 {
			break
		}
		name, value, ok := bytes.Cut(line, []byte(": "))
		if !ok {
			return nil, errors.New(`store: reading recorded request: a field line has no ": "`)
		}
		r.Headers = append(r.Headers, Header{string(name), string(value)})
	}
	if len(rest) > 0 {
		r.Body = bytes.Clone(rest)
	}
	return r, nil
}
