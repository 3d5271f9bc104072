package corpus_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/limen-waf/limen/classifier/corpus"
)

// readAll returns what the reader yields, in short.
func readAll(r *corpus.Reader) (got []string, err error) {
	for {
		rec, err := r.Read()
		if err == io.EOF {
			return got, nil
		}
		if err != nil {
			return got, err
		}
		got = append(got, fmt.Sprintf("%s:%d %s %s %s %s %d", filepath.Base(rec.File), rec.Line, rec.ID, rec.Label, rec.Method, rec.Target, len(rec.Body)))
	}
}

func zip(data []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(data)
	w.Close()
	return out.Bytes()
}

func writeFile(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Ensure that all forms of input are told apart and read in order, with the
// place of every record.
func TestReader(t *testing.T) {
	shop, err := os.ReadFile("testdata/shop.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	zipped := writeFile(t, "odd-name.bin", append(zip(shop[:250]), zip(shop[250:])...)) // two gzip members
	stdin := strings.NewReader("\xef\xbb\xbf\r\n{\"method\":\"GET\",\"target\":\"/x\"}\r\n \n{\"id\":\"y\",\"method\":\"GET\",\"target\":\"/y\"}")
	r := corpus.NewReader(stdin, "testdata/shop.jsonl", zipped, "-", "testdata/chunked.http", "testdata/unframed.http", "testdata/pipelined.http", writeFile(t, "empty", nil))
	got, err := readAll(r)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"shop.jsonl:1 shop-1 normal GET /lamps?colour=dark%20green&page=2 0",
		"shop.jsonl:2 shop-2 attack GET /lamps?colour=x%27%20UNION%20SELECT%20name,hash%20FROM%20staff-- 0",
		"shop.jsonl:4 shop-3 normal POST /basket 52",
		"shop.jsonl:5 shop-4 attack POST /review 41",
		"shop.jsonl:6 shop-5 anomaly PUT /photo.jpg 13",
	}
	for _, line := range want[:5] {
		want = append(want, strings.Replace(line, "shop.jsonl", "odd-name.bin", 1))
	}
	want = append(want,
		"stdin:2 stdin:2  GET /x 0",
		"stdin:4 y  GET /y 0",
		"chunked.http:1 chunked.http  POST /login?next=%2F 15",
		"unframed.http:1 unframed.http  POST /search 28",
		"pipelined.http:2 pipelined.http  GET /a 0",
		"pipelined.http:5 pipelined.http:5  POST /b 3",
		"pipelined.http:10 pipelined.http:10  GET /?q=a b<c 0",
	)
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
	if _, err := r.Read(); err != io.EOF {
		t.Errorf("reading on after the end: %v", err)
	}
}

// Ensure that a bad input is an error that names the file, the line, and what
// was expected, after the good records before it.
func TestReaderErrors(t *testing.T) {
	good := `{"id":"g","method":"GET","target":"/"}` + "\n"
	zipped := zip([]byte(strings.Repeat(good, 1000)))
	damaged := bytes.Clone(zipped)
	damaged[len(damaged)-6] ^= 1 // in the checksum
	for name, c := range map[string]struct {
		data  []byte
		want  []string
		count int
	}{
		"bad line":     {[]byte(good + "\n" + good + `{"method":"GET"}` + "\n" + good), []string{`:4: "target" is missing`, `want one JSON object a line: {"id"`}, 2},
		"array":        {[]byte("[" + good), []string{`:1: not JSON at byte`}, 0},
		"array of all": {[]byte(`["a"]`), []string{`:1: a JSON array, want an object`}, 0},
		"prose":        {[]byte("Dear all,\nplease find attached"), []string{`:1: begins with "Dear all,"; want JSON Lines or a raw HTTP message`}, 0},
		"response":     {[]byte("HTTP/1.1 200 OK\r\n\r\n"), []string{`:1: begins with "HTTP/1.1 200 OK"`}, 0},
		"binary":       {bytes.Repeat([]byte{0, 1, 2, 255}, 2000), []string{`:1: begins with "\x00\x01`}, 0},
		"bad message":  {[]byte("GET / HTTP/1.1\nContent-Length: 0\n\n\nGET /2 HTTP/1.1\nHost h\n\n"), []string{`:6: "Host h" is no header line`}, 0},
		"cut gzip":     {zipped[:len(zipped)-20], []string{"the compressed file is cut short"}, -1},
		"damaged gzip": {damaged, []string{"the compressed file is damaged: gzip: invalid checksum"}, -1},
		"no gzip":      {[]byte{0x1f, 0x8b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, []string{": reading gzip: "}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			path := writeFile(t, "in.jsonl", c.data)
			got, err := readAll(corpus.NewReader(nil, path))
			if err == nil {
				t.Fatalf("no error, got %q", got)
			}
			for _, want := range append(c.want, path+":") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got  %v\nwant %q in it", err, want)
				}
			}
			if c.count >= 0 && len(got) != c.count {
				t.Errorf("%d records before the error, want %d", len(got), c.count)
			}
		})
	}
	dir := t.TempDir()
	if _, err := readAll(corpus.NewReader(nil, dir)); err == nil || !strings.Contains(err.Error(), dir+": is a directory; name its files") {
		t.Errorf("a directory: %v", err)
	}
	if _, err := readAll(corpus.NewReader(nil, dir+"/none")); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), dir+"/none") {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := readAll(corpus.NewReader(nil, "-")); err == nil || !strings.Contains(err.Error(), "stdin: nothing to read") {
		t.Errorf("no standard input: %v", err)
	}
}

// Ensure that lines up to MaxLine are read and longer ones refused before
// they fill the memory.
func TestReaderLongLines(t *testing.T) {
	if testing.Short() {
		t.Skip("needs 300 MB")
	}
	const head, tail = `{"method":"POST","target":"/","body":"`, `"}`
	line := head + strings.Repeat("a", corpus.MaxLine-len(head)-len(tail)-1) + tail + "\n"
	rec, err := corpus.NewReader(strings.NewReader(line), "-").Read()
	if err != nil {
		t.Fatal(err)
	}
	if want := corpus.MaxLine - len(head) - len(tail) - 1; len(rec.Body) != want {
		t.Errorf("a body of %d bytes, want %d", len(rec.Body), want)
	}
	r := corpus.NewReader(io.MultiReader(strings.NewReader(line[:len(line)-1]), strings.NewReader(" \n"+line)), "-")
	if _, err = r.Read(); !errors.Is(err, corpus.ErrLineTooLong) || !strings.Contains(err.Error(), "stdin:1: ") {
		t.Errorf("a line of one byte more: %v", err)
	}
	r = corpus.NewReader(io.MultiReader(strings.NewReader("\n{\""), endless{}), "-")
	r.MaxLine = 1 << 20
	if _, err = r.Read(); !errors.Is(err, corpus.ErrLineTooLong) || !strings.Contains(err.Error(), "stdin:2: ") {
		t.Errorf("an endless line: %v", err)
	}
	r = corpus.NewReader(io.MultiReader(strings.NewReader("GET / HTTP/1.1\n\n"), endless{}), "-")
	r.MaxLine = 1 << 20
	if _, err = r.Read(); err == nil || !strings.Contains(err.Error(), "give its requests as JSON Lines") {
		t.Errorf("an endless message: %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// Ensure that Map keeps the input's order with any number of workers, and
// gives every worker its own state.
func TestMap(t *testing.T) {
	var in strings.Builder
	const n = 5000
	for i := range n {
		fmt.Fprintf(&in, `{"id":"%d","method":"GET","target":"/%s"}`+"\n", i, strings.Repeat("x", i%977))
	}
	for _, workers := range []int{0, 1, 2, 7} {
		next := 0
		made := 0
		err := corpus.Map(context.Background(), corpus.NewReader(strings.NewReader(in.String()), "-"), workers,
			func() func(*corpus.Record) (string, error) {
				made++
				busy := false // the race detector sees two goroutines here
				return func(rec *corpus.Record) (string, error) {
					if busy {
						return "", errors.New("used twice at a time")
					}
					busy = true
					defer func() { busy = false }()
					return fmt.Sprintf("%s %d", rec.ID, len(rec.Target)), nil
				}
			},
			func(got string) error {
				if want := fmt.Sprintf("%d %d", next, 1+next%977); got != want {
					return fmt.Errorf("got %s, want %s", got, want)
				}
				next++
				return nil
			})
		if err != nil || next != n || made != max(workers, 1) {
			t.Errorf("%d workers: %d results, %d made, %v", workers, next, made, err)
		}
	}
}

// Ensure that Map stops at the first error in input order, wherever it comes
// from, after everything before it.
func TestMapErrors(t *testing.T) {
	lines := make([]string, 3000)
	for i := range lines {
		lines[i] = fmt.Sprintf(`{"id":"%d","method":"GET","target":"/"}`, i)
	}
	good := strings.Join(lines, "\n")
	lines[1500] = "{"
	bad := strings.Join(lines, "\n")
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		in              string
		workAt, emitAt  int
		want            string
		emitted         int
		cancelledBefore bool
	}{
		"none":          {in: good, workAt: -1, emitAt: -1, emitted: 3000},
		"line":          {in: bad, workAt: -1, emitAt: -1, want: "stdin:1501: not JSON", emitted: 1500},
		"work":          {in: good, workAt: 700, emitAt: -1, want: "boom", emitted: 700},
		"work, line":    {in: bad, workAt: 1499, emitAt: -1, want: "boom", emitted: 1499},
		"line, work":    {in: bad, workAt: 1501, emitAt: -1, want: "stdin:1501", emitted: 1500},
		"emit":          {in: good, workAt: -1, emitAt: 3, want: "boom", emitted: 3},
		"cancelled":     {in: good, workAt: -1, emitAt: -1, want: context.Canceled.Error(), cancelledBefore: true},
		"reading fails": {in: good + "\n" + strings.Repeat("x", 1<<20), workAt: -1, emitAt: -1, want: "stdin:3001: line too long", emitted: 3000},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if c.cancelledBefore {
				cancel()
			}
			emitted := 0
			r := corpus.NewReader(strings.NewReader(c.in), "-")
			r.MaxLine = 1 << 19
			err := corpus.Map(ctx, r, 3,
				func() func(*corpus.Record) (string, error) {
					return func(rec *corpus.Record) (string, error) {
						if rec.ID == fmt.Sprint(c.workAt) {
							return "", boom
						}
						return rec.ID, nil
					}
				},
				func(id string) error {
					if id == fmt.Sprint(c.emitAt) {
						return boom
					}
					if id != fmt.Sprint(emitted) {
						t.Errorf("got %s after %d", id, emitted)
					}
					emitted++
					return nil
				})
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if emitted != c.emitted && !c.cancelledBefore {
				t.Errorf("%d emitted, want %d", emitted, c.emitted)
			}
		})
	}
}

// Ensure that results come out while the input is still open: somebody may be
// typing at the other end.
func TestMapStreams(t *testing.T) {
	in, out := io.Pipe()
	results := make(chan string)
	done := make(chan error, 1)
	go func() {
		done <- corpus.Map(context.Background(), corpus.NewReader(in, "-"), 2,
			func() func(*corpus.Record) (string, error) {
				return func(rec *corpus.Record) (string, error) { return rec.ID, nil }
			},
			func(id string) error { results <- id; return nil })
	}()
	for _, id := range []string{"a", "b", "c"} {
		fmt.Fprintf(out, `{"id":"%s","method":"GET","target":"/"}`+"\n", id)
		select {
		case got := <-results:
			if got != id {
				t.Errorf("got %s, want %s", got, id)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("no result while the input is open")
		}
	}
	fmt.Fprintln(out, "{") // an error ends it though the input stays open
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), "stdin:4:") {
			t.Errorf("got %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("still running after an error")
	}
}

// Ensure that the progress of files can be told, and that of a stream not.
func TestReaderSize(t *testing.T) {
	a, b := writeFile(t, "a", []byte("{\"method\":\"GET\",\"target\":\"/\"}\n")), "testdata/chunked.http"
	info, err := os.Stat(b)
	if err != nil {
		t.Fatal(err)
	}
	r := corpus.NewReader(nil, a, b)
	if want := 30 + info.Size(); r.Size() != want {
		t.Errorf("size %d, want %d", r.Size(), want)
	}
	if _, err := readAll(r); err != nil || r.Offset() != r.Size() {
		t.Errorf("offset %d of %d, %v", r.Offset(), r.Size(), err)
	}
	if r := corpus.NewReader(strings.NewReader(""), a, "-"); r.Size() != -1 {
		t.Errorf("a stream has size %d", r.Size())
	}
}

// Ensure that no file makes the reader panic, and that Read and Map see the
// same records.
func FuzzReader(f *testing.F) {
	for _, name := range []string{"shop.jsonl", "chunked.http", "unframed.http", "pipelined.http"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(zip(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		one, oneErr := readAll(corpus.NewReader(bytes.NewReader(data), "-"))
		n := 0
		err := corpus.Map(context.Background(), corpus.NewReader(bytes.NewReader(data), "-"), 2,
			func() func(*corpus.Record) (int, error) {
				return func(rec *corpus.Record) (int, error) { return rec.Line, nil }
			},
			func(int) error { n++; return nil })
		if (err == nil) != (oneErr == nil) || n != len(one) {
			t.Fatalf("Read: %d records, %v\nMap: %d records, %v", len(one), oneErr, n, err)
		}
	})
}
