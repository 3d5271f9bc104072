package corpus

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/limen-waf/limen/classifier"
)

// ParseMessage reads one raw HTTP/1.x request (RFC 9112) from the start of
// data and returns it with the bytes that follow it.
//
// Lines may end in CRLF or LF. A chunked body is decoded, its trailer fields
// become headers. With Content-Length the body is that many bytes, and fewer
// are an error. A message with neither has, as far as the RFC goes, no body;
// but a file written by hand seldom carries a Content-Length, so there the
// body is the rest of data, unless another request line follows.
//
// The target is taken as it is, spaces included: a payload need not be well
// formed to be worth a look. The record's Line is left at 1.
func ParseMessage(data []byte) (rec *Record, rest []byte, err error) {
	p := &messageParser{data: data}
	rec, err = p.parse()
	if err != nil {
		return nil, nil, fmt.Errorf("line %d: %w", p.line, err)
	}
	rec.Line = 1
	return rec, p.data, nil
}

// IsMessage reports whether data begins with the request line of an HTTP
// message. data need not be the whole message.
func IsMessage(data []byte) bool {
	_, _, ok := requestLine(firstLine(data))
	return ok
}

// messageParser walks over data; line counts the lines taken.
type messageParser struct {
	data []byte
	line int
}

func (p *messageParser) parse() (*Record, error) {
	line, ok := p.next()
	if !ok {
		return nil, errors.New("empty, want a request line such as: GET /path HTTP/1.1")
	}
	method, target, ok := requestLine(line)
	if !ok {
		return nil, fmt.Errorf("%s is no request line such as: GET /path HTTP/1.1", quote(string(line)))
	}
	rec := &Record{Method: method, Target: target}
	if err := p.fields(rec); err != nil {
		return nil, err
	}
	return rec, p.body(rec)
}

// next takes one line without its end. ok is false at the end of the data.
func (p *messageParser) next() (line []byte, ok bool) {
	p.line++
	if len(p.data) == 0 {
		return nil, false
	}
	line = p.data
	if i := bytes.IndexByte(p.data, '\n'); i >= 0 {
		line, p.data = p.data[:i], p.data[i+1:]
	} else {
		p.data = nil
	}
	return bytes.TrimSuffix(line, []byte("\r")), true
}

// fields takes header lines up to the empty line or the end of the data.
func (p *messageParser) fields(rec *Record) error {
	for {
		line, ok := p.next()
		if !ok || len(line) == 0 {
			return nil
		}
		if line[0] == ' ' || line[0] == '\t' { // obsolete line folding, RFC 9112 section 5.2
			if len(rec.Headers) == 0 {
				return errors.New("the first header line begins with white space")
			}
			last := &rec.Headers[len(rec.Headers)-1]
			last.Value = strings.TrimSpace(last.Value + " " + string(bytes.Trim(line, " \t")))
			continue
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || !isToken(name) {
			return fmt.Errorf("%s is no header line such as: Name: value", quote(string(line)))
		}
		rec.Headers = append(rec.Headers, classifier.Header{Name: string(name), Value: string(bytes.Trim(value, " \t"))})
	}
}

func (p *messageParser) body(rec *Record) error {
	r := rec.Request()
	if coding := r.Header("Transfer-Encoding"); coding != "" {
		// Transfer-Encoding overrides Content-Length, RFC 9112 section 6.3.
		if !strings.EqualFold(strings.TrimSpace(coding), "chunked") {
			return fmt.Errorf("Transfer-Encoding %s, want chunked", quote(coding))
		}
		return p.chunks(rec)
	}
	if length := r.Header("Content-Length"); length != "" {
		n, err := strconv.ParseUint(strings.TrimSpace(length), 10, 62)
		if err != nil {
			return fmt.Errorf("Content-Length %s, want a number of bytes", quote(length))
		}
		if n > uint64(len(p.data)) {
			return fmt.Errorf("the body has %d bytes and Content-Length says %d; correct it, or remove it to take the rest of the file", len(p.data), n)
		}
		rec.Body, p.data = p.data[:n:n], p.data[n:]
		return nil
	}
	if !IsMessage(p.data) {
		rec.Body, p.data = p.data, nil
	}
	return nil
}

// chunks takes a chunked body, RFC 9112 section 7.1.
func (p *messageParser) chunks(rec *Record) error {
	for {
		line, ok := p.next()
		if !ok {
			return errors.New("the chunked body ends before its last chunk, the line 0")
		}
		size, _, _ := bytes.Cut(line, []byte(";")) // extensions have no meaning here
		n, err := strconv.ParseUint(string(bytes.TrimSpace(size)), 16, 62)
		if err != nil {
			return fmt.Errorf("chunk size %s, want a hexadecimal number", quote(string(line)))
		}
		if n == 0 {
			return p.fields(rec)
		}
		if n > uint64(len(p.data)) {
			return fmt.Errorf("a chunk of %d bytes has %d", n, len(p.data))
		}
		chunk := p.data[:n]
		rec.Body = append(rec.Body, chunk...)
		p.data = p.data[n:]
		p.line += bytes.Count(chunk, []byte("\n"))
		if end, ok := p.next(); ok && len(end) > 0 {
			return fmt.Errorf("%s after a chunk of %d bytes, want a line end", quote(string(end)), n)
		}
	}
}

// WriteMessage writes the record as a raw HTTP/1.1 request. Content-Length and
// Transfer-Encoding are made to fit the body, so that what is written can be
// sent and read back.
func (r *Record) WriteMessage(w io.Writer) error {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s %s HTTP/1.1\r\n", r.Method, r.Target)
	for _, h := range r.Headers {
		switch strings.ToLower(h.Name) {
		case "content-length", "transfer-encoding":
			continue
		}
		fmt.Fprintf(&out, "%s: %s\r\n", h.Name, h.Value)
	}
	if len(r.Body) > 0 {
		fmt.Fprintf(&out, "Content-Length: %d\r\n", len(r.Body))
	}
	out.WriteString("\r\n")
	out.Write(r.Body)
	_, err := w.Write(out.Bytes())
	return err
}

func firstLine(data []byte) []byte {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		data = data[:i]
	}
	return bytes.TrimSuffix(data, []byte("\r"))
}

// requestLine takes "METHOD target HTTP/1.1" apart. The target is everything
// between the first and the last space.
func requestLine(line []byte) (method, target string, ok bool) {
	first := bytes.IndexByte(line, ' ')
	last := bytes.LastIndexByte(line, ' ')
	if first < 1 || last < first+2 || !isToken(line[:first]) || !isVersion(line[last+1:]) {
		return "", "", false
	}
	return string(line[:first]), string(line[first+1 : last]), true
}

// isVersion accepts HTTP/1.1 and, because tools export HTTP/2 requests in this
// form, HTTP/2 and HTTP/3.
func isVersion(v []byte) bool {
	number, ok := bytes.CutPrefix(v, []byte("HTTP/"))
	if !ok || len(number) == 0 || number[0] < '0' || number[0] > '9' {
		return false
	}
	return len(number) == 1 || len(number) == 3 && number[1] == '.' && number[2] >= '0' && number[2] <= '9'
}

// isToken reports whether s is a token, RFC 9110 section 5.6.2.
func isToken(s []byte) bool {
	for _, c := range s {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return len(s) > 0
}
