package caddymodule_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/limen-waf/limen/caddymodule"
	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu"
	"github.com/limen-waf/limen/model"
	"github.com/limen-waf/limen/store"
)

// otherEngine is the spelling engine of a candidate: it flags "maybe-sqli" and finds
// nothing in "evil-xss".
type otherEngine struct{ *spellingEngine }

func (e otherEngine) Score(ctx context.Context, windows []classifier.Window, logits []float32) error {
	if err := e.spellingEngine.Score(ctx, windows, logits); err != nil {
		return err
	}
	for i := range windows {
		row := logits[i*len(classes) : (i+1)*len(classes)]
		if row[1] == 0.66 {
			row[1] = 6.2
		}
		row[2] = -7
	}
	return nil
}

// candidate writes a model whose engine is otherEngine.
func candidate(t testing.TB) string {
	t.Helper()
	restore := caddymodule.SetOpenEngine(func(m *model.Model, o gpu.Options) (classifier.Engine, error) {
		e, err := openEngine(m, o)
		if m.Manifest.Version == "other" {
			e = otherEngine{new(spellingEngine)}
		}
		return e, err
	})
	t.Cleanup(restore)
	return spellingModel(t, t.TempDir(), "other")
}

func replayOf(t testing.TB, args ...string) (p *store.Replay) {
	t.Helper()
	out, stderr, err := limen(t, "", append([]string{"replay", "--json"}, args...)...)
	if err != nil {
		t.Fatal(err, stderr)
	}
	if err := json.Unmarshal([]byte(out), &p); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return p
}

// Ensure that a replay finds the flips both ways, with examples, by class and host,
// in a running server and in its data folder, and none under the same model.
func TestCLIReplay(t *testing.T) {
	path := candidate(t)
	s, stop := stoppable(t, "$SITE {\n limen {\n except path /static/*\n }\n respond ok\n}")
	for _, target := range []string{"/plain", "/?a=evil-sqli", "/?a=evil-xss", "/?a=maybe-sqli", "/static/x", "/plain2"} {
		s.get(target)
	}
	headers, body := form("q=evil-xss&password=secret")
	s.do("POST", "/login", headers, body)
	s.rows("", 7)
	nobody := freeAddr(t)
	check := func(source string, args ...string) {
		t.Run(source, func(t *testing.T) {
			p := replayOf(t, append(args, "--model", path)...)
			c := p.Counts
			if c.Rows != 7 || c.Scored != 6 || c.Excepted != 1 || c.New != 1 || c.Cleared != 2 || c.Flagged != 3 || c.FlaggedNow != 2 || c.SameModel != 0 {
				t.Errorf("counts are %+v", c)
			}
			if p.Classes["sqli"].New != 1 || p.Classes["xss"].Cleared != 2 || p.Hosts[s.Addr].Scored != 6 {
				t.Errorf("classes %v, hosts %v", p.Classes, p.Hosts)
			}
			if len(p.New) != 1 || p.New[0].Path != "/?a=maybe-sqli" || p.New[0].Candidate.Class != "sqli" || p.New[0].Candidate.Score < 0.99 ||
				len(p.Cleared) != 2 || p.Cleared[0].Recorded.Class != "xss" {
				t.Errorf("examples %+v, %+v", p.New, p.Cleared)
			}
			same := replayOf(t, append(args, "--model", s.Model)...)
			if c := same.Counts; c.New != 0 || c.Cleared != 0 || c.Flagged != 3 || c.SameModel != 6 || c.Identical != 6 {
				t.Errorf("under the same model: %+v", c)
			}
			if p := replayOf(t, append(args, "--model", path, "--class", "sqli", "--examples", "0")...); p.Counts.Rows != 2 || p.Counts.New != 1 || len(p.New) != 0 {
				t.Errorf("of one class: %+v", p.Counts)
			}
			if p := replayOf(t, append(args, "--model", s.Model, "--threshold", "0.5")...); p.Counts.New != 1 || p.New[0].Candidate.Threshold != 0.5 {
				t.Errorf("with another threshold: %+v", p.Counts)
			}
			out, _, err := limen(t, "", append([]string{"replay", "--model", path}, args...)...)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"under spelling@", "  scored       6", "  apart        1 let through by an exception", "3 before, 2 now: 1 newly, 2 no longer",
				"newly flagged, the largest change first", "GET " + s.Addr + "/?a=maybe-sqli", "no longer flagged", "scores       " + p.ScoresDigest} {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not in\n%s", want, out)
				}
			}
			out, _, err = limen(t, "", append([]string{"replay", "--list"}, args...)...)
			if err != nil || !strings.Contains(out, p.ID.String()) || !strings.Contains(out, "done") {
				t.Errorf("%v, the list is\n%s", err, out)
			}
			again := replayOf(t, append(args, "--resume", p.ID.String())...)
			if again.ScoresDigest != p.ScoresDigest || again.Counts != p.Counts {
				t.Errorf("going on with what is done gives %+v", again.Counts)
			}
		})
	}
	check("server", "--address", s.admin())
	stop()
	check("folder", "--address", nobody, "--data", s.Data)
}

// Ensure that a server has one replay at a time, that it goes on serving, and that one
// whose client goes away can be resumed.
func TestAdminReplayInterrupted(t *testing.T) {
	s := start(t, "$SITE {\n limen\n respond ok\n}", nil)
	const n = 600
	for range n {
		s.get("/?a=evil-sqli")
	}
	s.rows("", n)
	engineDelay.Store(int64(2 * time.Millisecond))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "POST", s.Admin+"/limen/replay?workers=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.Client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	var event struct{ ID string }
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &event) != nil || event.ID == "" {
		t.Fatalf("the first line is %q", lines.Text())
	}
	second, err := http.NewRequest("POST", s.Admin+"/limen/replay", nil)
	if err != nil {
		t.Fatal(err)
	}
	s.expect(s.send(second), 409, "a replay is running already")
	s.expect(s.get("/"), 200, "ok")
	lines.Scan() // some were scored
	cancel()
	engineDelay.Store(0)
	var p *store.Replay
	deadline := time.Now().Add(10 * time.Second)
	for p == nil {
		out, _, err := limen(t, "", "replay", "--json", "--resume", event.ID, "--address", s.admin())
		switch {
		case err == nil:
			if err := json.Unmarshal([]byte(out), &p); err != nil {
				t.Fatal(err)
			}
		case time.Now().After(deadline) || !strings.Contains(err.Error(), "running already"):
			t.Fatal(err)
		default:
			time.Sleep(10 * time.Millisecond)
		}
	}
	whole := replayOf(t, "--address", s.admin(), "--until", p.Range.Last.Timestamp().Add(time.Millisecond).UTC().Format(time.RFC3339Nano))
	if p.Counts.Rows != n || !p.Done || p.ScoresDigest != whole.ScoresDigest || p.Counts != whole.Counts {
		t.Errorf("resumed: %+v\nwhole: %+v", p.Counts, whole.Counts)
	}
}

// replayRows is the number of rows of TestReplayBitIdentical.
func replayRows(t testing.TB) int {
	rows := os.Getenv("LIMEN_REPLAY_ROWS")
	if rows == "" {
		return 1500
	}
	n, err := strconv.Atoi(rows)
	if err != nil || n < 1 {
		t.Fatalf("LIMEN_REPLAY_ROWS is %q, expected a number of rows", rows)
	}
	return n
}

// someRequest makes a request as sites get them, one in ten an attack and one in ten
// with something to mask.
func someRequest(r *rand.Rand) (req classifier.Request) {
	word := func() string {
		return []string{"shoes", "red", "caf%C3%A9", "42", "order", "x%20y", "2026-01-31", "blue+socks", "a_b", "zoé"}[r.IntN(10)]
	}
	req = classifier.Request{Method: "GET", Target: "/" + word() + "/" + word() + "?page=" + strconv.Itoa(r.IntN(100)) + "&q=" + word()}
	for _, h := range [][2]string{{"Host", "shop.example"}, {"User-Agent", "Mozilla/5.0 (X11; Linux x86_64)"}, {"Accept", "*/*"}} {
		req.Headers = append(req.Headers, classifier.Header{Name: h[0], Value: h[1]})
	}
	if r.IntN(10) == 0 {
		req.Target += []string{"%27%20UNION%20SELECT%20a%20FROM%20b--", "<script>alert(1)</script>", "../../../../etc/passwd", ";cat%20/etc/hosts"}[r.IntN(4)]
	}
	if r.IntN(3) == 0 {
		req.Method, req.Body = "POST", []byte(fmt.Sprintf(`{"name":%q,"n":%d,"note":%q}`, word(), r.IntN(1e6), strings.Repeat(word()+" ", r.IntN(60))))
		req.Headers = append(req.Headers, classifier.Header{Name: "Content-Type", Value: "application/json"})
	}
	if r.IntN(10) == 0 {
		req.Headers = append(req.Headers, classifier.Header{Name: "Cookie", Value: "session=" + hex.EncodeToString([]byte(word()+word()))})
	}
	return req
}

// generate fills a store with n generated requests that the embedded model scored on
// the native engine, and returns how many of them had nothing to mask.
func generate(t testing.TB, dir string, n int) (verbatim int64) {
	t.Helper()
	m, err := model.Open(model.DefaultRef)
	if err != nil {
		t.Fatal(err)
	}
	e, err := gpu.Open(m, gpu.Options{Device: string(gpu.Native)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	c, err := classifier.New(m, e, classifier.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.PutModel(m.Digest, m.Manifest.Name, m.ManifestJSON, time.Now()); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	info := e.Info()
	for i := range n {
		req := someRequest(r)
		res, err := c.Classify(context.Background(), &req)
		if err != nil {
			t.Fatal(err)
		}
		source := store.Request{Method: req.Method, Target: req.Target, Body: req.Body}
		for _, h := range req.Headers {
			source.Headers = append(source.Headers, store.Header(h))
		}
		v := &store.Verdict{
			Method: req.Method, Host: "shop.example", Path: req.Target, Score: res.Score, Class: res.Class, Decision: store.Allow,
			Threshold: m.Manifest.Threshold, ModelDigest: m.Digest, Engine: info.Engine, Device: info.Device, Source: &source,
		}
		if t, ok := m.Manifest.ClassThresholds[res.Attack]; ok {
			v.Threshold = t
		}
		if v.Score >= v.Threshold {
			v.Decision, v.Class = store.Block, res.Attack
		}
		plain := req.Method + " " + req.Target + " HTTP/1.1\r\n"
		for _, h := range req.Headers {
			plain += h.Name + ": " + h.Value + "\r\n"
		}
		plain += "\r\n" + string(req.Body)
		if string(store.AppendRequest(nil, &source)) == plain {
			verbatim++
		}
		for !s.Record(v) {
			time.Sleep(time.Millisecond)
		}
		if i%1000 == 999 {
			if err := s.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
	}
	return verbatim
}

// Ensure that replaying under the model that decided gives the recorded score, bit for
// bit, of every request in which nothing was masked, and that two replays agree in all
// of them, on one worker and on four.
func TestReplayBitIdentical(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "limen")
	n := replayRows(t)
	verbatim := generate(t, dir, n)
	args := []string{"--address", freeAddr(t), "--data", dir, "--device", "native", "--model", "default", "--workers"}
	first := replayOf(t, append(args, "1")...)
	c := first.Counts
	if c.Scored != int64(n) || c.SameModel != int64(n) || c.Verbatim != verbatim || c.Mismatched != 0 || c.Identical < verbatim || verbatim == int64(n) {
		t.Errorf("of %d rows, %d of them with nothing masked: %+v", n, verbatim, c)
	}
	if c.Flagged == 0 || c.Flagged == int64(n) {
		t.Errorf("%d of %d are flagged: the rows say little", c.Flagged, n)
	}
	second := replayOf(t, append(args, "4")...)
	if first.ScoresDigest != second.ScoresDigest || first.Counts != second.Counts {
		t.Errorf("two replays differ:\n%+v %s\n%+v %s", first.Counts, first.ScoresDigest, second.Counts, second.ScoresDigest)
	}
	t.Logf("%d rows, %d flips in masked ones; %.0f rows/s on one worker, %.0f on four", n, c.New+c.Cleared,
		float64(n)/(float64(first.BusyMicros)/1e6), float64(n)/(float64(second.BusyMicros)/1e6))
}
