package inference

import (
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// body is a request's body, decompressed, bounded and timed.
type body struct {
	reader io.Reader
	closer io.Closer // of the decompressor
	limit  int64     // most bytes of it
	size   int64     // of all of it, -1 if only its end will tell
	read   int64     // so far
	spent  time.Duration
}

// openBody checks the encoding and the announced length, before a byte is read.
func openBody(w http.ResponseWriter, r *http.Request, limit int64) (*body, error) {
	b := &body{reader: http.MaxBytesReader(w, r.Body, limit), limit: limit, size: -1}
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding")))
	switch encoding {
	case "", "identity":
		b.size = r.ContentLength
		return b, nil
	case "gzip":
		z, err := gzip.NewReader(b.reader)
		if err != nil {
			return nil, b.failed(err)
		}
		b.reader, b.closer = z, z
	case "deflate": // RFC 9110, 8.4.1.2: the zlib format
		z, err := zlib.NewReader(b.reader)
		if err != nil {
			return nil, b.failed(err)
		}
		b.reader, b.closer = z, z
	default:
		return nil, &failure{status: http.StatusUnsupportedMediaType, message: fmt.Sprintf("Unsupported compression type: Content-Encoding is '%s', and can be gzip, deflate or identity", encoding)}
	}
	return b, nil
}

func (b *body) close() {
	if b.closer != nil {
		b.closer.Close()
	}
}

// full fills dst. An end before that is io.ErrUnexpectedEOF.
func (b *body) full(dst []byte) error {
	start := time.Now()
	defer func() { b.spent += time.Since(start) }()
	if int64(len(dst)) > b.limit-b.read {
		return tooLarge(b.limit)
	}
	n, err := io.ReadFull(b.reader, dst)
	b.read += int64(n)
	if errors.Is(err, io.EOF) && len(dst) > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}

// all reads the rest.
func (b *body) all(memory *buffers) ([]byte, error) {
	if b.size >= 0 {
		data := memory.take(int(b.size - b.read))
		if err := b.full(data); err != nil {
			return nil, b.failed(err)
		}
		return data, nil
	}
	start := time.Now()
	defer func() { b.spent += time.Since(start) }()
	data := memory.take(1 << 16)
	for n := 0; ; {
		got, err := b.reader.Read(data[n:])
		n += got
		b.read += int64(got)
		switch {
		case b.read > b.limit:
			return nil, tooLarge(b.limit)
		case errors.Is(err, io.EOF):
			return data[:n], nil
		case err != nil:
			return nil, b.failed(err)
		}
		if n == len(data) {
			longer := memory.take(2 * n)
			copy(longer, data)
			data = longer
		}
	}
}

// rest is how many bytes follow, -1 if that is not known.
func (b *body) rest() int64 {
	if b.size < 0 {
		return -1
	}
	return b.size - b.read
}

// ended says whether nothing follows.
func (b *body) ended() (bool, error) {
	if b.size >= 0 {
		return b.rest() == 0, nil
	}
	var one [1]byte
	n, err := io.ReadFull(b.reader, one[:])
	if err != nil && !errors.Is(err, io.EOF) {
		return false, b.failed(err)
	}
	return n == 0, nil
}

// failed words an error of reading.
func (b *body) failed(err error) error {
	var large *http.MaxBytesError
	var f *failure
	switch {
	case errors.As(err, &f):
		return err
	case errors.As(err, &large):
		return tooLarge(large.Limit)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &failure{http.StatusBadRequest, fmt.Sprintf("the request body ends after %d bytes, before its announced end", b.read), err}
	}
	return &failure{http.StatusBadRequest, "failed to read the request body: " + err.Error(), err}
}

func tooLarge(limit int64) error {
	return &failure{status: http.StatusRequestEntityTooLarge, message: fmt.Sprintf("the request body is larger than the limit of %d bytes", limit)}
}

// drain reads what a refused request has left, so that a client that writes all before
// it reads sees the answer and not a reset connection. A body that is announced as
// past the limit, or that the client holds back until it is asked for, is not read.
func drain(r *http.Request, limit int64) {
	if r.Body == nil || r.ContentLength > limit || r.Header.Get("Expect") != "" {
		return
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, limit))
}
