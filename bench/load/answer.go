package load

import (
	"bytes"
	"errors"
	"strconv"
)

// Marker is the header that the upstream puts in its answers. Caddy itself never
// does, so a 403 without it is a block and a 403 with it is the application's.
const Marker = "X-Upstream"

// maxHeader bounds a header section or a line of chunk framing, in bytes.
const maxHeader = 1 << 16

// errAnswer is an answer that the parser does not understand.
var errAnswer = errors.New("malformed answer")

// answer reads one HTTP/1.1 response from the pieces that a socket gives.
type answer struct {
	head   bool // of a HEAD request
	status int
	mark   bool // bears Marker
	close  bool // the server will close the connection

	buffer  []byte // header section that is not whole yet
	framing []byte // chunk framing that is not whole yet
	inBody  bool
	chunked bool
	toClose bool // the body ends with the connection
	left    int  // body or chunk bytes still to come
	chunk   chunkState
	started bool // any byte came
}

type chunkState uint8

const (
	chunkSize chunkState = iota
	chunkData
	chunkEnd
	chunkTrailer
)

// reset makes a ready for the next answer and keeps its buffer.
func (a *answer) reset(head bool) {
	*a = answer{head: head, buffer: a.buffer[:0], framing: a.framing[:0]}
}

// feed takes the next bytes. Done reports that the answer is whole; bytes past
// its end are an error, because the client never has two requests under way.
func (a *answer) feed(p []byte) (done bool, err error) {
	a.started = a.started || len(p) > 0
	if a.inBody {
		return a.body(p)
	}
	a.buffer = append(a.buffer, p...)
	for {
		end := bytes.Index(a.buffer, []byte("\r\n\r\n"))
		if end < 0 {
			if len(a.buffer) > maxHeader {
				return false, errAnswer
			}
			return false, nil
		}
		if err := a.parse(a.buffer[:end+2]); err != nil {
			return false, err
		}
		rest := a.buffer[end+4:]
		if a.status/100 == 1 {
			a.buffer = append(a.buffer[:0], rest...)
			continue
		}
		a.inBody = true
		return a.body(rest)
	}
}

// parse reads status line and header fields, each ended by CRLF.
func (a *answer) parse(section []byte) error {
	line, fields, _ := bytes.Cut(section, []byte("\r\n"))
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return errAnswer
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil {
		return errAnswer
	}
	a.status, a.mark, a.close = status, false, false
	length := -1
	for len(fields) > 0 {
		line, fields, _ = bytes.Cut(fields, []byte("\r\n"))
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			return errAnswer
		}
		value = bytes.TrimSpace(value)
		switch len(name) {
		case len("Content-Length"):
			if bytes.EqualFold(name, []byte("Content-Length")) {
				if length, err = strconv.Atoi(string(value)); err != nil || length < 0 {
					return errAnswer
				}
			}
		case len("Connection"): // and X-Upstream
			if bytes.EqualFold(name, []byte("Connection")) {
				a.close = bytes.EqualFold(value, []byte("close"))
			} else if bytes.EqualFold(name, []byte(Marker)) {
				a.mark = true
			}
		case len("Transfer-Encoding"):
			if bytes.EqualFold(name, []byte("Transfer-Encoding")) {
				a.chunked = bytes.EqualFold(value, []byte("chunked"))
			}
		}
	}
	switch {
	case a.head || status/100 == 1 || status == 204 || status == 304:
		a.chunked, a.left = false, 0
	case a.chunked:
	case length >= 0:
		a.left = length
	default:
		a.toClose, a.close = true, true
	}
	return nil
}

// body takes bytes of the body.
func (a *answer) body(p []byte) (bool, error) {
	switch {
	case a.toClose:
		return false, nil
	case a.chunked:
		return a.chunks(p)
	case len(p) > a.left:
		return false, errAnswer
	}
	a.left -= len(p)
	return a.left == 0, nil
}

// chunks takes bytes of a chunked body (RFC 9112 section 7.1).
func (a *answer) chunks(p []byte) (bool, error) {
	data := p
	if len(a.framing) > 0 {
		a.framing = append(a.framing, p...)
		data = a.framing
	}
	for {
		if a.chunk == chunkData {
			n := min(a.left, len(data))
			a.left -= n
			data = data[n:]
			if a.left > 0 {
				a.framing = a.framing[:0]
				return false, nil
			}
			a.chunk = chunkEnd
		}
		line, rest, ok := bytes.Cut(data, []byte("\r\n"))
		if !ok {
			a.framing = append(a.framing[:0], data...)
			if len(data) > maxHeader {
				return false, errAnswer
			}
			return false, nil
		}
		data = rest
		switch a.chunk {
		case chunkEnd:
			if len(line) != 0 {
				return false, errAnswer
			}
			a.chunk = chunkSize
		case chunkSize:
			size, _, _ := bytes.Cut(line, []byte(";"))
			n, err := strconv.ParseInt(string(bytes.TrimSpace(size)), 16, 32)
			if err != nil || n < 0 {
				return false, errAnswer
			}
			a.left, a.chunk = int(n), chunkData
			if n == 0 {
				a.chunk = chunkTrailer
			}
		case chunkTrailer:
			if len(line) == 0 {
				if len(data) > 0 {
					return false, errAnswer
				}
				return true, nil
			}
		}
	}
}
