package corpus_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/limen-waf/limen/bench/corpus"
)

// Ensure that the wire form keeps what the record says and sets what belongs to
// the connection.
func TestWire(t *testing.T) {
	tests := []struct {
		name   string
		record corpus.Record
		want   string
		err    error
	}{
		{
			name: "GET keeps headers and Host, drops the old connection's fields",
			record: corpus.Record{Method: "GET", Target: "/a?b=%27", Headers: [][2]string{
				{"host", "shop.example"}, {"Connection", "close"}, {"TE", "trailers"}, {"X-A", " b"}, {"X-A", "c"},
			}},
			want: "GET /a?b=%27 HTTP/1.1\r\nhost: shop.example\r\nX-A:  b\r\nX-A: c\r\n\r\n",
		},
		{
			name:   "POST gets its own length and a default Host",
			record: corpus.Record{Method: "POST", Target: "/", Headers: [][2]string{{"Content-Length", "999"}, {"Transfer-Encoding", "chunked"}}, Body: "a=1"},
			want:   "POST / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 3\r\n\r\na=1",
		},
		{
			name:   "POST without a body says so",
			record: corpus.Record{Method: "POST", Target: "/"},
			want:   "POST / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 0\r\n\r\n",
		},
		{
			name:   "GET with binary body",
			record: corpus.Record{Method: "GET", Target: "/", BodyB64: []byte{0xff, 0}},
			want:   "GET / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 2\r\n\r\n\xff\x00",
		},
		{name: "absolute form", record: corpus.Record{Method: "GET", Target: "http://a/b"}, err: corpus.ErrNotOriginForm},
		{name: "asterisk form", record: corpus.Record{Method: "OPTIONS", Target: "*"}, err: corpus.ErrNotOriginForm},
		{name: "space in target", record: corpus.Record{Method: "GET", Target: "/a b"}, err: corpus.ErrIllegalTarget},
		{name: "line break in target", record: corpus.Record{Method: "GET", Target: "/a\r\nX: y"}, err: corpus.ErrIllegalTarget},
		{name: "line break in header", record: corpus.Record{Method: "GET", Target: "/", Headers: [][2]string{{"A", "b\r\nC: d"}}}, err: corpus.ErrIllegalHeader},
		{name: "empty header name", record: corpus.Record{Method: "GET", Target: "/", Headers: [][2]string{{"", "b"}}}, err: corpus.ErrIllegalHeader},
		{name: "no method", record: corpus.Record{Target: "/"}, err: corpus.ErrIllegalMethod},
		{name: "CONNECT", record: corpus.Record{Method: "CONNECT", Target: "/"}, err: corpus.ErrIllegalMethod},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wire, err := corpus.Wire(&test.record, "example.org")
			if !errors.Is(err, test.err) {
				t.Fatalf("error %v, want %v", err, test.err)
			}
			if string(wire) != test.want {
				t.Errorf("got  %q\nwant %q", wire, test.want)
			}
		})
	}
}

// Ensure that messages that Go's server refuses by itself are told apart.
func TestAcceptable(t *testing.T) {
	tests := []struct {
		wire string
		want bool
	}{
		{"GET /?q=%27%20or HTTP/1.1\r\nHost: a\r\n\r\n", true},
		{"GET /?q=%qf HTTP/1.1\r\nHost: a\r\n\r\n", true}, // the query is not checked
		{"GET /%qf HTTP/1.1\r\nHost: a\r\n\r\n", false},
		{"GET / HTTP/1.1\r\nHost: a\r\nA b: c\r\n\r\n", false},
		{"GET / HTTP/1.1\r\nHost: a\r\nA: \x01\r\n\r\n", false},
		{"GET / HTTP/1.1\r\n\r\n", false},
	}
	for _, test := range tests {
		if got := corpus.Acceptable([]byte(test.wire)); got != test.want {
			t.Errorf("Acceptable(%q) = %v, want %v", test.wire, got, test.want)
		}
	}
}

// Ensure that plain and gzip files read alike, that a folder stands for its
// files, and that a bad line is named.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	const lines = `{"id":"a","label":"normal","method":"GET","target":"/"}` + "\n\n" +
		`{"id":"b","label":"attack","class":"xss","method":"POST","target":"/","headers":[["A","b"]],"body_b64":"/wA="}`
	plain, zipped := filepath.Join(dir, "a.jsonl"), filepath.Join(dir, "b.jsonl.gz")
	write(t, plain, []byte(lines))
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(lines)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, zipped, b.Bytes())

	files, err := corpus.Files([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 2 || files[0] != plain || files[1] != zipped {
		t.Fatalf("files %v", files)
	}
	for _, file := range files {
		var got []*corpus.Record
		if err := corpus.Read(file, func(r *corpus.Record) bool { got = append(got, r); return true }); err != nil {
			t.Fatal(err)
		}
		if len(got) != 2 || got[0].ID != "a" || got[1].Class != "xss" || got[1].Headers[0] != [2]string{"A", "b"} {
			t.Fatalf("%s: %+v", file, got)
		}
		if !bytes.Equal(got[1].Content(), []byte{0xff, 0}) {
			t.Errorf("%s: body %q", file, got[1].Content())
		}
	}

	bad := filepath.Join(dir, "bad.jsonl")
	write(t, bad, []byte("{}\n{\"id\":7}\n"))
	err = corpus.Read(bad, func(*corpus.Record) bool { return true })
	if err == nil || !strings.Contains(err.Error(), "bad.jsonl:2") {
		t.Errorf("error %v, want one that names bad.jsonl:2", err)
	}
	if _, err := corpus.Files([]string{t.TempDir()}); err == nil {
		t.Error("an empty folder gave no error")
	}
	if _, err := corpus.Files(nil); err == nil {
		t.Error("no path gave no error")
	}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
