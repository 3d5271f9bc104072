package webpage_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/corpus"
	"github.com/limen-waf/limen/classifier/evaluate"
	"github.com/limen-waf/limen/classifier/evaluate/webpage"
	"github.com/limen-waf/limen/classifier/explain"
	"github.com/limen-waf/limen/model"
)

// report is one of scores with a known curve.
func report(prior float64) *evaluate.Report {
	e := evaluate.New(evaluate.Options{Classes: []string{"none", "sqli", "xss"}, Prior: prior, TargetFPR: 0.3})
	for i, s := range []float64{0.001, 0.01, 0.02, 0.3, 0.95} {
		e.Add(evaluate.Sample{Dataset: []string{"shop", "<b>blog</b>"}[i%2], Label: corpus.Normal, Score: s, Attack: "xss", Flagged: s >= 0.9})
	}
	for _, s := range []float64{0.2, 0.92, 0.97, 0.999} {
		e.Add(evaluate.Sample{Dataset: "shop", Label: corpus.Attack, Class: "sqli", Score: s, Attack: "sqli", Flagged: s >= 0.9})
	}
	e.Add(evaluate.Sample{Dataset: "odd", Label: corpus.Anomaly, Score: 0.5})
	return e.Report()
}

func page(t testing.TB) *webpage.Page {
	t.Helper()
	m, err := model.Default()
	if err != nil {
		t.Fatal(err)
	}
	return &webpage.Page{
		Model: m, Engine: classifier.EngineInfo{Engine: "native", Version: "1", Device: "cpu"}, Threshold: 0.9,
		ClassThresholds: map[string]float64{"xss": 0.95}, Anomaly: "apart",
		Files:    []webpage.File{{Path: "a.jsonl", SHA256: strings.Repeat("ab", 32), Bytes: 12345, Rows: 10}, {Path: "standard input", Rows: 0}},
		Requests: 10, Seconds: 1.5, Limen: "v1", Machine: "a computer", Command: "caddy limen eval --report r.html a.jsonl",
		Made: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), Report: report(0.5),
	}
}

func write(t testing.TB, p *webpage.Page) string {
	t.Helper()
	var b strings.Builder
	if err := webpage.Write(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// walk calls visit for every node.
func walk(n *html.Node, visit func(*html.Node)) {
	visit(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, visit)
	}
}

func parse(t testing.TB, text string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var b strings.Builder
	walk(n, func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	})
	return b.String()
}

// elements are all those of the page, and no other may come from a request.
var elements = map[string]bool{
	"html": true, "head": true, "meta": true, "title": true, "style": true, "body": true, "header": true, "main": true, "section": true, "footer": true,
	"h1": true, "h2": true, "h3": true, "p": true, "b": true, "code": true, "div": true, "span": true, "mark": true, "dl": true, "dt": true, "dd": true,
	"ul": true, "ol": true, "li": true, "figure": true, "figcaption": true, "details": true, "summary": true, "svg": true, "line": true, "path": true, "text": true,
	"table": true, "caption": true, "thead": true, "tbody": true, "tr": true, "th": true, "td": true,
}

// checkSafe checks what must hold for any page: known elements only, no
// attribute that runs or loads anything, and no bytes that cannot be seen.
func checkSafe(t *testing.T, text string) *html.Node {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Error("the page is not UTF-8")
	}
	for _, r := range text {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r == 0x202e || r == 0x2028 || r == 0xfffd {
			t.Fatalf("%U is in the page", r)
		}
	}
	doc := parse(t, text)
	ids := map[string]bool{}
	walk(doc, func(n *html.Node) {
		switch {
		case n.Type == html.CommentNode:
			t.Errorf("a comment: %q", n.Data)
		case n.Type != html.ElementNode:
			return
		case !elements[n.Data]:
			t.Errorf("element %s", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "href" || a.Key == "xlink:href" || a.Key == "action" {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
			if a.Key == "id" {
				if ids[a.Val] {
					t.Errorf("id %q stands twice", a.Val)
				}
				ids[a.Val] = true
			}
		}
	})
	walk(doc, func(n *html.Node) {
		for id := range strings.FieldsSeq(attr(n, "aria-labelledby")) {
			if !ids[id] {
				t.Errorf("<%s> is labelled by %q, which is not there", n.Data, id)
			}
		}
	})
	return doc
}

// Ensure that the page has what it should have, in a form that people who
// cannot see it can read.
func TestPage(t *testing.T) {
	text := write(t, page(t))
	doc := checkSafe(t, text)
	spec := page(t).Model.Manifest.Tokenizer
	for _, want := range []string{"0.9", "xss 0.95", "75.00 %", "19.41 to 99.37 %", "3 of 4", "20.000 %", "1 of 5", "abababab", "12,345", "standard input", "not a file",
		"caddy limen eval --report r.html a.jsonl", "a computer", "2026-11-22 10:00:00 UTC", "1.5 s", "0.5 stated, 0.5 here", fmt.Sprintf("windows of %d that overlap by %d", spec.Window, spec.Overlap), "<b>blog</b>"} {
		if !strings.Contains(textOf(doc), want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	counts := map[string]int{}
	walk(doc, func(n *html.Node) {
		counts[n.Data]++
		switch n.Data {
		case "svg":
			if attr(n, "aria-hidden") != "true" && (attr(n, "role") != "img" || attr(n, "aria-labelledby") == "") {
				t.Error("a drawing without words")
			}
		case "table":
			found := map[string]bool{}
			walk(n, func(n *html.Node) { found[n.Data] = true })
			if !found["caption"] || !found["thead"] {
				t.Error("a table without caption or head")
			}
		case "th":
			if attr(n, "scope") == "" {
				t.Errorf("table head %q without scope", textOf(n))
			}
		case "html":
			if n.Type == html.ElementNode && attr(n, "lang") != "en" {
				t.Error("no language")
			}
		}
	})
	if counts["title"] != 1 || counts["h1"] != 1 || counts["figure"] != 4 || counts["script"] != 0 {
		t.Errorf("%v", counts)
	}
}

// Ensure that the policy allows the style that is there, and nothing else.
func TestPolicy(t *testing.T) {
	doc := parse(t, write(t, page(t)))
	policy, style := "", ""
	walk(doc, func(n *html.Node) {
		if n.Data == "meta" && attr(n, "http-equiv") == "Content-Security-Policy" {
			policy = attr(n, "content")
		}
		if n.Type == html.ElementNode && n.Data == "style" {
			style = textOf(n)
		}
	})
	sum := sha256.Sum256([]byte(style))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	if !strings.HasPrefix(policy, want) {
		t.Errorf("policy %q, want %q", policy, want)
	}
}

// curve returns the points of a drawing's curve.
func curve(t *testing.T, doc *html.Node, title string) (points [][2]float64) {
	t.Helper()
	walk(doc, func(n *html.Node) {
		if n.Data != "svg" || !strings.HasPrefix(attr(n, "aria-labelledby"), title+"-title") {
			return
		}
		walk(n, func(n *html.Node) {
			if n.Data != "path" || attr(n, "class") != "curve" {
				return
			}
			for _, m := range regexp.MustCompile(`[ML]([\d.]+) ([\d.]+)`).FindAllStringSubmatch(attr(n, "d"), -1) {
				x, _ := strconv.ParseFloat(m[1], 64)
				y, _ := strconv.ParseFloat(m[2], 64)
				points = append(points, [2]float64{x, y})
			}
		})
	})
	return points
}

// Ensure that the curves are drawn where the samples say: places computed here
// from the scores alone, for a plot from (56, 288) to (434, 14).
func TestCurves(t *testing.T) {
	doc := parse(t, write(t, page(t)))
	normal, attack := []float64{0.001, 0.01, 0.02, 0.3, 0.95}, []float64{0.2, 0.92, 0.97, 0.999}
	rate := func(scores []float64, s float64) float64 {
		n := 0.0
		for _, v := range scores {
			if v >= s {
				n++
			}
		}
		return n / float64(len(scores))
	}
	has := func(points [][2]float64, x, y float64) bool {
		for _, p := range points {
			if math.Abs(p[0]-x) < 0.1 && math.Abs(p[1]-y) < 0.1 {
				return true
			}
		}
		return false
	}
	roc, pr := curve(t, doc, "roc"), curve(t, doc, "pr")
	for _, s := range append(normal, attack...) {
		fpr, tpr := rate(normal, s), rate(attack, s)
		x := 56 + 378*(math.Log10(max(fpr, 1e-5))+5)/5
		if y := 288 - 274*tpr; !has(roc, x, y) {
			t.Errorf("the ROC has no point at %.1f, %.1f: %v", x, y, roc)
		}
		precision := 0.5 * tpr / (0.5*tpr + 0.5*fpr)
		if x, y := 56+378*tpr, 288-274*precision; !has(pr, x, y) {
			t.Errorf("the precision-recall curve has no point at %.1f, %.1f: %v", x, y, pr)
		}
	}
	k := page(t).Report.Calibration
	reliability := curve(t, doc, "reliability")
	for _, b := range k.Width {
		if x, y := 56+378*b.Score, 288-274*b.Share; !has(reliability, x, y) {
			t.Errorf("the reliability curve has no point at %.1f, %.1f: %v", x, y, reliability)
		}
	}
}

// hostile are values that try to be something else than text.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'onmouseover='alert(1)`, `]]><!--`, `--><svg/onload=alert(1)>`, `</div></li></ol></main><h1>`,
	"\x00\x01\x1b[31m\x7f", "\xff\xfe\xc0\xaf", "\u202etxt.exe\u2028", `{{.Model}}`, `</style><style>*{display:none}`, `javascript:alert(1)`, `https://evil.example/`,
	"\ufffd\xef\xbf", strings.Repeat("A", 100_000) + "<script>", `&lt;script&gt;&#60;`,
}

// Ensure that nothing that stands in a request, or in any other text that the
// page shows, becomes a part of the page.
func TestHostile(t *testing.T) {
	p := page(t)
	clean := strings.Count(write(t, p), "<h1>")
	m := *p.Model
	p.Model = &m
	bad := strings.ReplaceAll(strings.Join(hostile, " "), "\ufffd", "")
	m.Manifest.Name, m.Manifest.Version, m.Manifest.Description, m.Path = bad, bad, bad, bad
	p.Command, p.Machine, p.Limen, p.Files[0].Path = bad, bad, bad, bad
	var list []webpage.Mistake
	for i, h := range hostile {
		h = strings.ReplaceAll(h, "\ufffd", "")
		r := &classifier.Request{Method: h, Target: "/" + h, Headers: []classifier.Header{{Name: h, Value: h}, {Name: "X", Value: h}}, Body: []byte(h)}
		list = append(list, webpage.Mistake{ID: h, Dataset: h, Class: h, Request: r, Explanation: explain.Explanation{
			Score: 0.99, Attack: "xss", Windows: 3, Window: 1, Evidence: 4.6, Spans: []explain.Span{
				{Field: "method", Header: -1, Start: 0, End: len(h), Text: h, Weight: 1},
				{Field: "target", Header: -1, Start: 1, End: 3 + i%2, Text: h, Weight: 1},
				{Field: "header name", Header: 0, Name: h, Start: 0, End: 2, Text: h, Weight: 1},
				{Field: "header", Header: 1, Name: h, Start: 0, End: len(h), Text: h, Weight: 1},
				{Field: "body", Header: -1, Start: 0, End: len(h), Text: h, Weight: 1},
				{Field: "body", Header: -1, Start: -1, End: -1, Text: h, Weight: 0.1},
			},
		}})
	}
	p.FalseAlarms, p.Missed = list, list
	text := write(t, p)
	doc := checkSafe(t, text)
	if n := strings.Count(text, "<h1>"); n != clean {
		t.Errorf("%d headings, want %d", n, clean)
	}
	if limit := 1 << 20; len(text) > limit {
		t.Errorf("the page has %d bytes: long values are not cut", len(text))
	}
	words := textOf(doc)
	for _, want := range []string{`<script>alert(1)</script>`, `]]><!--`, "␀␁␛[31m␡", `\xFF\xFE\xC0\xAF`, `\u{202E}txt.exe\u{2028}`, "bytes not shown", "more bytes", "window 2 of 3"} {
		if !strings.Contains(words, want) {
			t.Errorf("%q is not shown", want)
		}
	}
	marks := 0
	walk(doc, func(n *html.Node) {
		if n.Type == html.ElementNode && n.Data == "mark" {
			marks++
		}
	})
	if marks < 10*len(hostile) {
		t.Errorf("%d marks", marks)
	}
}

// Ensure that the page can be made of little: no normal samples, no attacks,
// nothing at all.
func TestLittle(t *testing.T) {
	for _, labels := range [][]string{{}, {corpus.Normal}, {corpus.Attack}, {corpus.Anomaly}} {
		p := page(t)
		e := evaluate.New(evaluate.Options{Classes: []string{"none", "sqli"}, TargetFPR: 0.1})
		for _, l := range labels {
			e.Add(evaluate.Sample{Label: l, Score: 1, Attack: "sqli", Flagged: true})
		}
		p.Report = e.Report()
		text := write(t, p)
		checkSafe(t, text)
		if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
			t.Errorf("%v: not a number on the page", labels)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	p := page(b)
	for i := range 50 {
		p.Missed = append(p.Missed, webpage.Mistake{ID: fmt.Sprint(i), Request: &classifier.Request{Method: "GET", Target: "/"}})
	}
	for b.Loop() {
		write(b, p)
	}
}
