package corpus

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// MaxLine is the longest line, and the largest raw message file, in bytes, that
// a Reader takes unless told otherwise.
const MaxLine = 64 << 20

// ErrLineTooLong is in the error for a line longer than Reader.MaxLine.
var ErrLineTooLong = errors.New("line too long")

// Reader yields the records of files one after the other. Each file is JSON
// Lines or a raw HTTP message (or several, one after the other), plain or
// gzip; its first bytes tell. The name "-" is standard input.
//
// An error names the file and the line; after one, the Reader is at its end.
// A Reader is for one goroutine.
type Reader struct {
	// MaxLine bounds a line, and a raw message file, in bytes. It must not
	// change once reading has begun.
	MaxLine int

	stdin io.Reader
	paths []string

	file    io.Closer
	in      *bufio.Reader
	name    string // of the open file
	line    int    // lines taken from it
	queue   []*Record
	scratch []byte
	err     error
	size    int64 // bytes of all files as stored, for progress; -1 when not known
	count   countReader
}

// NewReader returns a Reader over the files at paths. stdin is what "-" reads.
func NewReader(stdin io.Reader, paths ...string) *Reader {
	r := &Reader{MaxLine: MaxLine, stdin: stdin, paths: paths}
	for _, path := range paths {
		info, err := os.Stat(path)
		if path == "-" || err != nil || !info.Mode().IsRegular() {
			r.size = -1
			break
		}
		r.size += info.Size()
	}
	return r
}

// Size returns the size of all files in bytes as stored, or -1 when one of
// them has none (standard input, a pipe).
func (r *Reader) Size() int64 { return r.size }

// Offset returns how many bytes of Size have been read. Unlike the other
// methods it may be called from any goroutine.
func (r *Reader) Offset() int64 { return r.count.n.Load() }

// Read returns the next record, or io.EOF. The record is the caller's.
func (r *Reader) Read() (*Record, error) {
	var it item
	var err error
	if r.scratch, err = r.next(r.scratch[:0], &it); err != nil {
		return nil, err
	}
	line := bytes.Clone(r.scratch)
	rec, err := it.record(line)
	if err != nil {
		r.err = err
		return nil, err
	}
	return rec, nil
}

// Close closes the open file. Reading on gives io.EOF.
func (r *Reader) Close() error {
	if r.err == nil {
		r.err = io.EOF
	}
	return r.closeFile()
}

// item is a record that is not parsed yet: a JSON line, or a record of a raw
// message file, which has to be parsed to know where it ends.
type item struct {
	name string
	line int
	rec  *Record
	end  int // of the line in a batch's buffer
}

// record parses the item. line is its JSON line; the record refers to it.
func (it *item) record(line []byte) (*Record, error) {
	if it.rec != nil {
		return it.rec, nil
	}
	rec := new(Record)
	if err := rec.UnmarshalJSON(line); err != nil {
		return nil, fmt.Errorf("%s:%d: %w\n\twant one JSON object a line: %s", it.name, it.line, err, Form)
	}
	rec.File, rec.Line, rec.Source = it.name, it.line, line
	if rec.ID == "" {
		rec.ID = place(it.name, it.line)
	}
	return rec, nil
}

// place is the id of a record that brings none.
func place(name string, line int) string {
	return filepath.Base(name) + ":" + strconv.Itoa(line)
}

// next appends the next JSON line to buf and describes it in it, or sets
// it.rec.
func (r *Reader) next(buf []byte, it *item) ([]byte, error) {
	for r.err == nil {
		if len(r.queue) > 0 {
			*it = item{rec: r.queue[0]}
			r.queue = r.queue[1:]
			return buf, nil
		}
		if r.in == nil {
			if len(r.paths) == 0 {
				r.err = io.EOF
				break
			}
			path := r.paths[0]
			r.paths = r.paths[1:]
			if r.err = r.open(path); r.err != nil {
				r.closeFile()
			}
			continue
		}
		start := len(buf)
		var err error
		buf, err = r.readLine(buf)
		if err == io.EOF {
			r.err = r.closeFile()
			continue
		}
		if err != nil {
			r.err = fmt.Errorf("%s:%d: %w", r.name, r.line, err)
			r.closeFile()
			break
		}
		if len(bytes.TrimSpace(buf[start:])) == 0 {
			buf = buf[:start]
			continue
		}
		*it = item{name: r.name, line: r.line}
		return buf, nil
	}
	return buf, r.err
}

// readLine appends one line to buf without its line end. The error is io.EOF
// when there is no line left.
func (r *Reader) readLine(buf []byte) ([]byte, error) {
	r.line++
	start := len(buf)
	for {
		part, err := r.in.ReadSlice('\n')
		buf = append(buf, part...)
		if len(buf)-start > r.MaxLine {
			return buf[:start], fmt.Errorf("%w: more than %d bytes", ErrLineTooLong, r.MaxLine)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && len(buf) > start, err == nil:
			buf = bytes.TrimSuffix(buf, []byte("\n"))
			return buf[:max(start, len(bytes.TrimSuffix(buf, []byte("\r"))))], nil
		case err == io.EOF:
			return buf, io.EOF
		default:
			return buf[:start], explainRead(err)
		}
	}
}

// waiting reports whether taking the next line may have to wait for input.
func (r *Reader) waiting() bool { return r.in == nil || r.in.Buffered() == 0 }

// open opens a file, undoes gzip, and finds out which form it has.
func (r *Reader) open(path string) error {
	var src io.Reader
	r.name, r.line = path, 0
	if path == "-" {
		r.name, src = "stdin", r.stdin
		if src == nil {
			return errors.New("stdin: nothing to read")
		}
	} else {
		f, err := os.Open(path)
		if err != nil {
			return err // names the file
		}
		r.file = f
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return fmt.Errorf("%s: is a directory; name its files, such as %s", path, filepath.Join(path, "*.jsonl.gz"))
		}
		src = f
	}
	r.count.r = src
	in := bufio.NewReaderSize(&r.count, 256<<10)
	if magic, _ := in.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		unzip, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("%s: reading gzip: %w", r.name, err)
		}
		in = bufio.NewReaderSize(unzip, 256<<10)
	}
	if bom, _ := in.Peek(3); string(bom) == "\xef\xbb\xbf" {
		in.Discard(3)
	}
	head, err := peekLine(in)
	if err != nil {
		return fmt.Errorf("%s: %w", r.name, explainRead(err))
	}
	switch {
	case len(head) == 0 || strings.IndexByte(`{["`, head[0]) >= 0:
		r.in = in
		return nil
	case IsMessage(head) || len(head) > 2048 && isToken(head[:max(0, bytes.IndexByte(head, ' '))]):
		return r.readMessages(in)
	}
	return fmt.Errorf("%s:1: begins with %s; want JSON Lines or a raw HTTP message\n\tJSON Lines: %s\n\traw HTTP: GET /path?query HTTP/1.1",
		r.name, quote(string(firstLine(head))), Form)
}

// peekLine returns the start of the input from its first byte that is not
// white space: its first line, or less when that begins like JSON or is long.
// It never waits for more than it needs.
func peekLine(in *bufio.Reader) ([]byte, error) {
	for n := 1; ; n = min(in.Buffered()+1, 4096) {
		head, err := in.Peek(n)
		if err == nil {
			head, _ = in.Peek(min(in.Buffered(), 4096))
		}
		text := bytes.TrimLeft(head, " \t\r\n")
		switch {
		case err == io.EOF, len(head) == 4096:
			return text, nil
		case err != nil:
			return nil, err
		case len(text) > 0 && (text[0] == '{' || bytes.IndexByte(text, '\n') >= 0):
			return text, nil
		}
	}
}

// readMessages reads the whole of a raw HTTP file into the queue.
func (r *Reader) readMessages(in io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(in, int64(r.MaxLine)+1))
	if err != nil {
		return fmt.Errorf("%s: %w", r.name, explainRead(err))
	}
	if len(data) > r.MaxLine {
		return fmt.Errorf("%s: a raw HTTP file of more than %d bytes; give its requests as JSON Lines", r.name, r.MaxLine)
	}
	line := 1
	for {
		// Blank lines before a request line are ignored, RFC 9112 section 2.2.
		text := bytes.TrimLeft(data, "\r\n")
		line += bytes.Count(data[:len(data)-len(text)], []byte("\n"))
		if len(bytes.TrimSpace(text)) == 0 {
			break
		}
		p := &messageParser{data: text}
		rec, err := p.parse()
		if err != nil {
			return fmt.Errorf("%s:%d: %w", r.name, line+p.line-1, err)
		}
		rec.File, rec.Line, rec.ID = r.name, line, filepath.Base(r.name)
		if len(r.queue) > 0 {
			rec.ID = place(r.name, line)
		}
		r.queue = append(r.queue, rec)
		line += bytes.Count(text[:len(text)-len(p.data)], []byte("\n"))
		data = p.data
	}
	return r.closeFile()
}

func (r *Reader) closeFile() error {
	r.in = nil
	if r.file == nil {
		return nil
	}
	f := r.file
	r.file = nil
	return f.Close()
}

// explainRead says what a read error means for the file.
func explainRead(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the compressed file is cut short: %w", err)
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), strings.Contains(err.Error(), "flate:"):
		return fmt.Errorf("the compressed file is damaged: %w", err)
	}
	return fmt.Errorf("reading: %w", err)
}
