package caddymodule

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
)

// pattern returns n bytes that do not repeat within a buffer's length.
func pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return p
}

func request(body io.Reader, length int64) *http.Request {
	r := httptest.NewRequest("POST", "http://example.com/", nil)
	r.Body, r.ContentLength = io.NopCloser(body), length
	return r
}

// Ensure that every body comes back whole, whatever its size, its reader and the
// limit, and that the part that was read is its beginning.
func TestReadBody(t *testing.T) {
	readers := map[string]func(io.Reader) io.Reader{
		"plain":      func(r io.Reader) io.Reader { return r },
		"half":       iotest.HalfReader,
		"data error": iotest.DataErrReader, // EOF together with the last bytes
	}
	for _, limit := range []int64{1, 1000, pooledBody, 1 << 20} {
		for _, n := range []int{1, 2, 999, 1000, 1001, pooledBody - 1, pooledBody, pooledBody + 1, 1<<20 - 1, 1 << 20, 1<<20 + 1, 3 << 20} {
			for name, reader := range readers {
				for _, known := range []bool{true, false} {
					t.Run(fmt.Sprintf("limit=%d/n=%d/%s/known=%v", limit, n, name, known), func(t *testing.T) {
						want := pattern(n)
						length := int64(-1)
						if known {
							length = int64(n)
						}
						r := request(reader(bytes.NewReader(want)), length)
						b, p, size, err := readBody(r, limit)
						if err != nil {
							t.Fatal(err)
						}
						if !bytes.Equal(p, want[:min(int64(n), limit)]) {
							t.Errorf("read %d bytes that are not the first %d", len(p), min(int64(n), limit))
						}
						switch {
						case (known || int64(n) <= limit) && size != int64(n):
							t.Errorf("size is %d, expected %d", size, n)
						case int64(n) > limit && size <= limit:
							t.Errorf("size is %d, which does not say that there is more than %d", size, limit)
						}
						if r.ContentLength != length {
							t.Errorf("ContentLength became %d", r.ContentLength)
						}
						got, err := io.ReadAll(r.Body)
						if err != nil || !bytes.Equal(got, want) {
							t.Errorf("body came back as %d bytes, %v; expected the %d bytes sent", len(got), err, n)
						}
						b.release(httptest.NewRecorder())
						if n, err := r.Body.Read(make([]byte, 1)); n != 0 || err != io.EOF {
							t.Errorf("after the end Read gives %d, %v", n, err)
						}
					})
				}
			}
		}
	}
}

// Ensure that requests without a body, and tunnels, are left alone.
func TestHasBody(t *testing.T) {
	tests := []struct {
		name   string
		method string
		body   io.ReadCloser
		length int64
		want   bool
	}{
		{"nil", "GET", nil, 0, false},
		{"NoBody", "GET", http.NoBody, 0, false},
		{"declared empty", "POST", io.NopCloser(strings.NewReader("")), 0, false},
		{"length", "POST", io.NopCloser(strings.NewReader("x")), 1, true},
		{"chunked", "POST", io.NopCloser(strings.NewReader("x")), -1, true},
		{"GET with a body", "GET", io.NopCloser(strings.NewReader("x")), 1, true},
		{"CONNECT", "CONNECT", io.NopCloser(strings.NewReader("x")), -1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &http.Request{Method: tt.method, Body: tt.body, ContentLength: tt.length}
			if got := hasBody(r); got != tt.want {
				t.Errorf("hasBody is %v, expected %v", got, tt.want)
			}
		})
	}
}

// Ensure that an error in the middle of a body is reported and comes back in its
// place, behind the bytes before it.
func TestReadBodyError(t *testing.T) {
	broken := errors.New("broken pipe")
	for _, length := range []int64{100, -1} {
		r := request(io.MultiReader(strings.NewReader("begin"), iotest.ErrReader(broken)), length)
		_, p, _, err := readBody(r, 1000)
		if !errors.Is(err, broken) || string(p) != "begin" {
			t.Errorf("read %q, %v; expected begin and the error", p, err)
		}
		got, err := io.ReadAll(r.Body)
		if !errors.Is(err, broken) || string(got) != "begin" {
			t.Errorf("body came back as %q, %v; expected begin and the error", got, err)
		}
	}
	// Behind the limit nobody has met it yet.
	r := request(io.MultiReader(strings.NewReader("begin"), iotest.ErrReader(broken)), 100)
	if _, _, _, err := readBody(r, 3); err != nil {
		t.Errorf("error behind the limit was met: %v", err)
	}
	if got, err := io.ReadAll(r.Body); !errors.Is(err, broken) || string(got) != "begin" {
		t.Errorf("body came back as %q, %v; expected begin and the error", got, err)
	}
}

// Ensure that a reader which goes on after release, as a transport may, never
// sees another request's bytes. Run with -race.
func TestReleaseWhileReading(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 200 {
		mine := bytes.Repeat([]byte{byte(i)}, 20_000)
		r := request(bytes.NewReader(mine), int64(len(mine)))
		b, _, _, err := readBody(r, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			p := make([]byte, 64)
			for {
				n, err := r.Body.Read(p)
				if !bytes.Equal(p[:n], mine[:n]) {
					t.Errorf("read %d where %d was sent", p[0], mine[0])
				}
				if err != nil {
					if err != io.EOF && !errors.Is(err, http.ErrBodyReadAfterClose) {
						t.Errorf("late Read fails with %v", err)
					}
					return
				}
			}
		})
		b.release(httptest.NewRecorder())
	}
	wg.Wait()
}

// Ensure that memory is taken for what arrives, not for what is announced.
func TestReadBodyAnnounced(t *testing.T) {
	pr, pw := io.Pipe()
	defer pw.Close()
	r := request(pr, 1<<30)
	go readBody(r, 1<<30)
	pw.Write([]byte("a")) // returns when it is being read
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 256<<20 {
		t.Errorf("%d MiB are allocated for a body of one byte ", m.HeapAlloc>>20)
	}
}

// Ensure that a closed body gives nothing any more.
func TestCloseBody(t *testing.T) {
	r := request(strings.NewReader("hello"), 5)
	if _, _, _, err := readBody(r, 3); err != nil {
		t.Fatal(err)
	}
	if err := r.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Body.Read(make([]byte, 9)); n != 0 || !errors.Is(err, http.ErrBodyReadAfterClose) {
		t.Errorf("Read after Close gives %d, %v", n, err)
	}
}

// grpc makes r a streaming request.
func grpc(r *http.Request) *http.Request {
	r.ProtoMajor, r.ContentLength = 2, -1
	r.Header.Set("Content-Type", "application/grpc+proto")
	return r
}

// Ensure that a client which waits for the server is not waited for, and that
// nothing it sends is lost.
func TestStream(t *testing.T) {
	pr, pw := io.Pipe()
	r := grpc(request(pr, -1))
	go pw.Write([]byte("first"))
	begin := time.Now()
	_, p, size, err := readBody(r, 1<<20)
	if err != nil || string(p) != "first" {
		t.Fatalf("read %q, %v; expected the first message", p, err)
	}
	if size <= int64(len(p)) {
		t.Errorf("size is %d, which does not say that more may come", size)
	}
	if took := time.Since(begin); took > 10*streamWait {
		t.Errorf("reading took %v, though the client was silent", took)
	}
	go func() {
		pw.Write([]byte("second"))
		pw.Write([]byte("third"))
		pw.Close()
	}()
	got, err := io.ReadAll(r.Body)
	if err != nil || string(got) != "firstsecondthird" {
		t.Errorf("body came back as %q, %v", got, err)
	}
}

// Ensure that a stream which ends at once is known whole, and that a stream
// which never pauses is not waited for either.
func TestStreamEnds(t *testing.T) {
	r := grpc(request(bytes.NewReader(pattern(100_000)), -1))
	_, p, size, err := readBody(r, 1<<20)
	if err != nil || size != 100_000 || len(p) != 100_000 {
		t.Errorf("read %d of %d bytes, %v; expected all 100000", len(p), size, err)
	}

	pr, pw := io.Pipe()
	defer pr.Close()
	go func() {
		for {
			if _, err := pw.Write([]byte("tick")); err != nil {
				return
			}
			time.Sleep(streamPause / 5)
		}
	}()
	begin := time.Now()
	if _, _, _, err := readBody(grpc(request(pr, -1)), 1<<20); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > 10*streamWait {
		t.Errorf("reading took %v, expected about %v", took, streamWait)
	}
}
