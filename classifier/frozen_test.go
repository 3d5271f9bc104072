package classifier_test

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/limen-waf/limen/classifier"
)

// frozen is the digest of the tokens of the requests below under
// classifier.TokenizerVersion.
const frozen = "bfae69441af4156dbab9fa4384b3dc9d"

// Ensure that no request's tokens change while the tokenizer version stays. If
// this test fails, either undo the change, or raise TokenizerVersion, train a
// model with it, and put the new digest here.
func TestFrozen(t *testing.T) {
	h := sha256.New()
	tok := classifier.NewTokenizer(classifier.Limits{})
	post := ordinaryRequest()
	post.Method = "POST"
	post.Body = ordinaryJSON(20_000)
	for _, r := range append(hostileRequests(1<<9), ordinaryRequest(), post) {
		if err := binary.Write(h, binary.LittleEndian, tok.Tokenize(r).Tokens); err != nil {
			t.Fatal(err)
		}
	}
	if got := hex.EncodeToString(h.Sum(nil))[:32]; got != frozen || classifier.TokenizerVersion != 1 {
		t.Errorf("tokenizer version %d: digest %s, want %s", classifier.TokenizerVersion, got, frozen)
	}
}

// Ensure that what holds for every request holds for real ones.
func TestPublicData(t *testing.T) {
	if testing.Short() {
		t.Skip("reads some megabytes")
	}
	shared := os.Getenv("LIMEN_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "shared")
	}
	files, err := filepath.Glob(filepath.Join(shared, "data", "public", "val", "*.jsonl.gz"))
	if err != nil || len(files) == 0 {
		t.Skip("no shared data; set LIMEN_SHARED")
	}
	tok := classifier.NewTokenizer(classifier.Limits{InflateBytes: inflateLimit})
	for _, file := range files {
		rows, bytes, tokens := 0, 0, 0
		err := readRequests(file, func(r *classifier.Request) {
			if rows++; rows%5 != 0 {
				return
			}
			s := tok.Tokenize(r)
			check(t, r, s)
			bytes += len(r.Target) + len(r.Body)
			tokens += len(s.Tokens)
			for _, h := range r.Headers {
				bytes += len(h.Name) + len(h.Value)
			}
		})
		if err != nil {
			t.Error(err)
		}
		t.Logf("%-40s %.2f tokens a byte", filepath.Base(file), float64(tokens)/float64(bytes))
		// Ordinary data costs about a token a byte, headers and all.
		if tokens > 2*bytes+1000 {
			t.Errorf("%s: %d tokens for %d bytes", file, tokens, bytes)
		}
	}
}

// readRequests calls f with each request of a gzip-compressed JSON Lines file.
func readRequests(file string, f func(*classifier.Request)) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	z, err := gzip.NewReader(in)
	if err != nil {
		return err
	}
	lines := json.NewDecoder(bufio.NewReaderSize(z, 1<<16))
	for {
		var row struct {
			Method, Target, Body string
			Headers              [][2]string
			Base64               string `json:"body_b64"`
		}
		switch err := lines.Decode(&row); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		r := &classifier.Request{Method: row.Method, Target: row.Target, Body: []byte(row.Body)}
		for _, h := range row.Headers {
			r.Headers = append(r.Headers, classifier.Header{Name: h[0], Value: h[1]})
		}
		if row.Base64 != "" {
			if r.Body, err = base64.StdEncoding.DecodeString(row.Base64); err != nil {
				return err
			}
		}
		f(r)
	}
}
