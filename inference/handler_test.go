package inference

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/limen-waf/limen/gpu/session"
)

// Ensure that paths find what they are for, with names escaped and slashes at the end,
// and that others get an error object.
func TestPaths(t *testing.T) {
	stats := echo("stats", 0, 1, session.Uint8)
	slash := echo("a/b", 0, 1, session.Uint8)
	versions := echo("versions", 0, 1, session.Uint8)
	h := NewHandler(repositoryOf(stats, slash, versions, simple()), Options{})
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/v2", 200},
		{"GET", "/v2/", 200},
		{"HEAD", "/v2", 200},
		{"POST", "/v2", 405},
		{"GET", "/v1", 404},
		{"GET", "/v22", 404},
		{"GET", "/", 404},
		{"GET", "/v2/health", 404},
		{"GET", "/v2/health/live", 200},
		{"GET", "/v2/health/live/", 200},
		{"POST", "/v2/health/live", 405},
		{"GET", "/v2/models", 404},
		{"GET", "/v2/models/simple", 200},
		{"GET", "/v2/models/simple/versions/1", 200},
		{"GET", "/v2/models/simple/versions/2", 404},
		{"GET", "/v2/models/simple/versions", 404},
		{"GET", "/v2/models/simple/versions/1/ready", 200},
		{"GET", "/v2/models/simple/versions/1/config", 200},
		{"GET", "/v2/models/simple/versions/1/stats", 200},
		{"GET", "/v2/models/simple/infer", 405},
		{"PUT", "/v2/models/simple/infer", 405},
		{"GET", "/v2/models/simple/other", 404},
		{"GET", "/v2/models//ready", 404},
		{"GET", "/v2/models/a%2Fb", 200},
		{"GET", "/v2/models/a/b", 404},
		{"GET", "/v2/models/stats", 200},
		{"GET", "/v2/models/stats/stats", 200},
		{"GET", "/v2/models/versions/versions/1", 200},
		{"GET", "/v2/models/simple/versions/1/versions/1", 404},
		{"GET", "/v2/repository/index", 405},
		{"POST", "/v2/repository/models/simple", 404},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
		if w.Code != c.status {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, w.Code, c.status)
		}
		if c.status >= 400 && c.method != "HEAD" {
			readError(t, w)
		}
		if allow := w.Header().Get("Allow"); (allow != "") != (c.status == 405) {
			t.Errorf("%s %s: Allow %q", c.method, c.path, allow)
		}
	}
}

// Ensure that the repository can be listed and changed with the admin option alone,
// and that a model that is unloaded is away until it is loaded again.
func TestRepository(t *testing.T) {
	repository := repositoryOf(simple(), echo("other", 0, 1, session.Uint8))
	closed := NewHandler(repository, Options{})
	for _, path := range []string{"index", "models/simple/load", "models/simple/unload"} {
		if code, message := readError(t, post(t, closed, "/v2/repository/"+path, nil)); code != 403 || !strings.HasPrefix(message, "This API is restricted") {
			t.Errorf("%s: %d %s", path, code, message)
		}
	}
	h := NewHandler(repository, Options{Admin: true})
	index := func(body string) (all []Index) {
		t.Helper()
		w := post(t, h, "/v2/repository/index", strings.NewReader(body))
		if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil || w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return all
	}
	if w := post(t, h, "/v2/repository/models/simple/unload", nil); w.Code != 200 || w.Body.Len() != 0 {
		t.Errorf("unload: %d %s", w.Code, w.Body)
	}
	if all := index(""); len(all) != 2 || all[1] != (Index{"simple", "1", Unavailable, Unloaded}) {
		t.Errorf("index %v", all)
	}
	if all := index(`{"ready":true}`); len(all) != 1 || all[0].Name != "other" {
		t.Errorf("index %v", all)
	}
	if code, message := readError(t, post(t, h, "/v2/models/simple/infer", strings.NewReader(`{}`))); code != 404 || message != "Request for unknown model: 'simple' has no available versions" {
		t.Errorf("%d %s", code, message)
	}
	if w := get(t, h, "/v2/health/ready"); w.Code != 200 {
		t.Errorf("not ready without a model that was unloaded: %s", w.Body)
	}
	if w := get(t, h, "/v2/models/simple/ready"); w.Code != 400 {
		t.Errorf("ready though unloaded: %s", w.Body)
	}
	if w := post(t, h, "/v2/repository/models/simple/load", strings.NewReader(`{"parameters":{}}`)); w.Code != 200 {
		t.Errorf("load: %d %s", w.Code, w.Body)
	}
	if w := get(t, h, "/v2/models/simple/ready"); w.Code != 200 {
		t.Errorf("not ready though loaded: %s", w.Body)
	}
	for name, c := range map[string]struct {
		path, body string
		status     int
		error      string
	}{
		"parameters":      {"models/simple/load", `{"parameters":{"config":"{}"}}`, 400, "failed to load 'simple', this server takes no parameters for that, such as 'config': models are configured where it is"},
		"no JSON":         {"index", `{`, 400, "failed to parse the request JSON buffer: unexpected end of JSON input"},
		"unload unknown":  {"models/nosuch/unload", ``, 400, "failed to unload 'nosuch', failed to poll from model repository"},
		"larger than all": {"models/simple/load", strings.Repeat(" ", maxAdminBytes+1), 413, "the request body is larger than the limit of 1048576 bytes"},
	} {
		if code, message := readError(t, post(t, h, "/v2/repository/"+c.path, strings.NewReader(c.body))); code != c.status || message != c.error {
			t.Errorf("%s: %d %s", name, code, message)
		}
	}
	repository.loading["other"] = true
	if w := get(t, h, "/v2/health/ready"); w.Code != 400 || w.Body.String() != "{\"ready\":false}\n" {
		t.Errorf("ready with a model that is loading: %d %s", w.Code, w.Body)
	}
}

// Ensure that a long name in a request does not come back whole, and that what is no
// UTF-8 comes back as JSON.
func TestErrorText(t *testing.T) {
	h := NewHandler(repositoryOf(), Options{})
	if _, message := readError(t, get(t, h, "/v2/models/"+strings.Repeat("x", 5000))); len(message) > maxMessage+4 {
		t.Errorf("%d bytes of error", len(message))
	}
	if _, message := readError(t, get(t, h, "/v2/models/%ff")); message != "Request for unknown model: '\ufffd' is not found" {
		t.Errorf("%q", message)
	}
}

// Ensure that Observe is told of each request that reached a model, before the answer
// is written, and that its id and headers are the answer's.
func TestObserve(t *testing.T) {
	var calls []Call
	var digests []string
	h := NewHandler(repositoryOf(simple()), Options{Observe: func(_ context.Context, c *Call) {
		calls = append(calls, *c)
		digests = append(digests, c.InputDigest())
		if c.ID == "" {
			c.ID = "given"
		}
		c.Header.Set("Limen-Id", "given")
	}})
	const inputs = `"inputs":[{"name":"INPUT%d","shape":[1,16],"datatype":"INT32","data":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,7]},{"name":"INPUT%d","shape":[1,16],"datatype":"INT32","parameters":{"binary_data_size":64}}]}`
	send := func(text string, a, b string) *httptest.ResponseRecorder {
		body, header, length := withBinary(strings.Replace(strings.Replace(text, "%d", a, 1), "%d", b, 1), int32Bytes(make([]int32, 16)...))
		return post(t, h, "/v2/models/simple/infer", body, header, length)
	}
	w := send(`{"id":"mine",`+inputs, "0", "1")
	if a := readAnswer(t, w); *a.ID != "mine" || w.Header().Get("Limen-Id") != "given" {
		t.Errorf("id %q, header %q", *a.ID, w.Header().Get("Limen-Id"))
	}
	if a := readAnswer(t, send(`{`+inputs, "0", "1")); *a.ID != "given" {
		t.Errorf("id %q", *a.ID)
	}
	readAnswer(t, send(`{`+inputs, "1", "0"))
	if code, _ := readError(t, send(`{`+inputs, "1", "1")); code != 400 {
		t.Errorf("status %d", code)
	}
	readError(t, post(t, h, "/v2/models/nosuch/infer", nil))
	if len(calls) != 4 {
		t.Fatalf("%d calls", len(calls))
	}
	c := calls[0]
	if c.Model != "simple" || c.Version != "1" || c.Digest != "digest of simple" || c.Rows != 1 || c.ID != "mine" || c.Status != 200 || c.Err != nil ||
		len(c.Inputs) != 2 || len(c.Outputs) != 2 || c.Stats.Batch != 1 {
		t.Errorf("%+v", c)
	}
	if c.Total <= 0 || c.ComputeInput <= 0 || c.ComputeOutput <= 0 || c.Total < c.ComputeInput+c.ComputeOutput || c.Start.IsZero() {
		t.Errorf("times %+v", c)
	}
	if f := calls[3]; f.Status != 400 || f.Err == nil || f.Err.Error() != "input 'INPUT1' already exists in request" || f.Outputs != nil {
		t.Errorf("%+v", f)
	}
	if digests[0] != digests[1] || digests[0] == digests[2] || digests[0] == digests[3] {
		t.Errorf("digests %q", digests)
	}
}

// Ensure that a digest is of names, types, shapes and values, and of nothing else.
func TestDigest(t *testing.T) {
	base := []session.Tensor{
		{Name: "a", Type: session.Uint8, Shape: []int64{2}, Data: []byte{1, 2}},
		{Name: "b", Type: session.String, Shape: []int64{2}, Strings: [][]byte{[]byte("x"), []byte("yz")}},
	}
	want := Digest(base)
	if got := Digest([]session.Tensor{base[1], base[0]}); got != want {
		t.Error("the order changes the digest")
	}
	for name, change := range map[string]func(a, b *session.Tensor){
		"name":    func(a, _ *session.Tensor) { a.Name = "c" },
		"type":    func(a, _ *session.Tensor) { a.Type = session.Int8 },
		"shape":   func(a, _ *session.Tensor) { a.Shape = []int64{1, 2} },
		"value":   func(a, _ *session.Tensor) { a.Data = []byte{2, 1} },
		"strings": func(_, b *session.Tensor) { b.Strings = [][]byte{[]byte("xy"), []byte("z")} },
		"one":     func(_, b *session.Tensor) { *b = session.Tensor{} },
	} {
		a, b := base[0], base[1]
		change(&a, &b)
		if Digest([]session.Tensor{a, b}) == want {
			t.Errorf("another %s does not change the digest", name)
		}
	}
	if Digest(nil) == want || len(want) != 64 {
		t.Errorf("digest %q", want)
	}
}

// Ensure that Options.Digest gives the digest of the inputs as they were sent, when the
// model runs, refuses and fails, and that no request gets another's.
func TestDigestBeside(t *testing.T) {
	fails := errors.New("no")
	m := idle()
	run := m.run
	m.run = func(ctx context.Context, in []session.Tensor) ([]session.Tensor, session.Stats, error) {
		if in[0].Data[0] == 1 {
			return nil, session.Stats{}, fails
		}
		return run(ctx, in)
	}
	var got sync.Map // by id
	h := NewHandler(repositoryOf(m), Options{Digest: true, Observe: func(_ context.Context, c *Call) {
		got.Store(c.ID, [2]string{c.inputDigest, Digest(c.Inputs)})
	}})
	body, headers := binaryRequest("in", "out")
	at, err := strconv.Atoi(headers[headerLength])
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			id := fmt.Sprintf(`{"id":"%d",`, i)
			own := append([]byte(id), body[1:]...)
			length := at + len(id) - 1
			own[length] = byte(i)
			post(t, h, "/v2/models/m/infer", bytes.NewReader(own), headerLength, strconv.Itoa(length))
		})
	}
	group.Wait()
	seen := map[string]bool{}
	for i := range 8 {
		v, ok := got.Load(strconv.Itoa(i))
		if !ok {
			t.Fatalf("request %d was not observed", i)
		}
		if d := v.([2]string); d[0] != d[1] || seen[d[0]] {
			t.Errorf("request %d: digests %q", i, d)
		} else {
			seen[d[0]] = true
		}
	}
}

// Ensure that a request with Expect: 100-continue that is refused for its path is not
// asked for its body.
func TestExpectContinue(t *testing.T) {
	server := httptest.NewServer(NewHandler(repositoryOf(), Options{}))
	defer server.Close()
	asked := false
	body := readerFunc(func(p []byte) (int, error) { asked = true; return len(p), nil })
	request, _ := http.NewRequest(http.MethodPost, server.URL+"/v2/models/m/infer", body)
	request.ContentLength = 1 << 20
	request.Header.Set("Expect", "100-continue")
	transport := &http.Transport{ExpectContinueTimeout: 1 << 40}
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 404 || asked {
		t.Errorf("status %d, asked for the body: %t", answer.StatusCode, asked)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
