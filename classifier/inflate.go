package classifier

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"slices"

	"github.com/andybalholm/brotli"
)

// inflater holds the decompressors to use again.
type inflater struct {
	source bytes.Reader
	gzip   *gzip.Reader
	zlib   io.ReadCloser
	flate  io.ReadCloser
}

// coding is a content coding that inflate undoes.
type coding byte

const (
	codingNone coding = iota
	codingGzip
	codingDeflate // zlib, or raw as some senders have it
	codingBrotli
)

// errInflateLimit says that the output was cut at the limit.
var errInflateLimit = errors.New("decompression limit reached")

// compressed says whether b begins like gzip or zlib data.
func compressed(b []byte) bool {
	return len(b) >= 6 && (gzipMagic(b) || zlibMagic(b))
}

func gzipMagic(b []byte) bool {
	return len(b) >= 3 && b[0] == 0x1f && b[1] == 0x8b && b[2] == 8
}

func zlibMagic(b []byte) bool {
	return len(b) >= 2 && b[0] == 0x78 && (uint(b[0])<<8|uint(b[1]))%31 == 0 && b[1]&0x20 == 0
}

// open prepares the decompressor for b.
func (f *inflater) open(b []byte, c coding) (io.Reader, error) {
	f.source.Reset(b)
	switch {
	case c == codingGzip:
		if f.gzip == nil {
			r, err := gzip.NewReader(&f.source)
			if err != nil {
				return nil, err
			}
			f.gzip = r
			return r, nil
		}
		return f.gzip, f.gzip.Reset(&f.source)
	case c == codingDeflate && zlibMagic(b):
		if f.zlib == nil {
			r, err := zlib.NewReader(&f.source)
			if err != nil {
				return nil, err
			}
			f.zlib = r
			return r, nil
		}
		return f.zlib, f.zlib.(zlib.Resetter).Reset(&f.source, nil)
	case c == codingDeflate:
		if f.flate == nil {
			f.flate = flate.NewReader(&f.source)
			return f.flate, nil
		}
		return f.flate, f.flate.(flate.Resetter).Reset(&f.source, nil)
	default:
		// Not kept: a brotli reader holds on to its window, which the sender
		// makes as large as 16 MiB, and brotli request bodies are rare.
		return brotli.NewReader(&f.source), nil
	}
}

// inflated decompresses b to the arena, within the limits. used is the number
// of bytes of b that the decompressor took. The error is errInflateLimit when a
// limit cut the output, and the decompressor's when b is broken or ends early;
// the output up to there is valid.
func (t *Tokenizer) inflated(b []byte, c coding) (out []byte, used int, err error) {
	r, err := t.inflate.open(b, c)
	defer t.inflate.source.Reset(nil) // let go of b
	if err != nil {
		return nil, 0, err
	}
	limit := max(int64(len(b))*int64(t.limits.InflateRatio), inflateFloor)
	limit = min(limit, t.inflateLeft)
	begin := len(t.arena)
	dst := t.arena
	size := int64(0)
	for {
		dst = slices.Grow(dst, 512)
		room := dst[len(dst):cap(dst)]
		if int64(len(room)) > limit-size {
			room = room[:limit-size]
		}
		if len(room) == 0 {
			// At the limit: one more byte tells the end from a cut.
			var one [1]byte
			if n, e := io.ReadFull(r, one[:]); n > 0 {
				err = errInflateLimit
			} else if e != io.EOF {
				err = e
			}
			break
		}
		n, e := r.Read(room)
		dst = dst[:len(dst)+n]
		size += int64(n)
		if e == io.EOF {
			break
		}
		if e != nil {
			err = e
			break
		}
	}
	t.inflateLeft -= size
	t.arena = dst
	return dst[begin:len(dst):len(dst)], len(b) - t.inflate.source.Len(), err
}

// inflateValue decompresses a decoded value that begins like gzip or zlib
// data. It returns what could be decompressed.
func (t *Tokenizer) inflateValue(b []byte) []byte {
	if t.inflateTries == 0 {
		return nil
	}
	t.inflateTries--
	c := codingDeflate
	if gzipMagic(b) {
		c = codingGzip
	}
	out, _, _ := t.inflated(b, c)
	return out
}
