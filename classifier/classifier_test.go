package classifier_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/model"
)

// fakeEngine is certain of class 2 in windows that hold the byte '!', and of
// "none" elsewhere.
type fakeEngine struct {
	classes int
	calls   atomic.Int64
	windows atomic.Int64
	before  func(call int64) error
	odd     float32 // written in place of a logit when not 0
}

func (e *fakeEngine) Score(ctx context.Context, windows []classifier.Window, logits []float32) error {
	call := e.calls.Add(1)
	if e.before != nil {
		if err := e.before(call); err != nil {
			return err
		}
	}
	for i, w := range windows {
		row := logits[i*e.classes : (i+1)*e.classes]
		clear(row)
		row[0] = 5
		for _, t := range w {
			if t == classifier.ByteToken('!') {
				row[0], row[2] = 0, 5
			}
		}
		if e.odd != 0 {
			row[1] = e.odd
		}
	}
	e.windows.Add(int64(len(windows)))
	return nil
}

func (e *fakeEngine) Info() classifier.EngineInfo {
	return classifier.EngineInfo{Engine: "fake", Classes: e.classes}
}

func (e *fakeEngine) Close() error { return nil }

// fakeModel has three classes and windows of 64 tokens.
func fakeModel(t *testing.T, tokenizerVersion int) *model.Model {
	t.Helper()
	sum := sha256.Sum256(nil)
	raw, err := json.Marshal(map[string]any{
		"format": 1, "name": "fake", "version": "1", "task": "http", "file": "fake.onnx",
		"sha256":    hex.EncodeToString(sum[:]),
		"tokenizer": map[string]any{"version": tokenizerVersion, "vocabulary": classifier.Vocabulary, "window": 64, "overlap": 8},
		"classes":   []string{"none", "sqli", "xss"}, "threshold": 0.9, "created": "2026-01-02T03:04:05Z",
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.New(raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func newClassifier(t *testing.T, e *fakeEngine, o classifier.Options) *classifier.Classifier {
	t.Helper()
	e.classes = 3
	c, err := classifier.New(fakeModel(t, classifier.TokenizerVersion), e, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Ensure that a model of another tokenizer or another number of classes is
// refused.
func TestNewRefuses(t *testing.T) {
	_, err := classifier.New(fakeModel(t, classifier.TokenizerVersion+1), &fakeEngine{classes: 3}, classifier.Options{})
	if !errors.Is(err, classifier.ErrTokenizer) {
		t.Errorf("error is %v, expected ErrTokenizer", err)
	}
	_, err = classifier.New(fakeModel(t, classifier.TokenizerVersion), &fakeEngine{classes: 4}, classifier.Options{})
	if err == nil || !strings.Contains(err.Error(), "4 logits") {
		t.Errorf("error is %v, expected one about 4 logits", err)
	}
}

// Ensure that the score of a request is the highest of its windows, wherever
// in the request that window is.
func TestClassifyTakesTheMaximum(t *testing.T) {
	c := newClassifier(t, &fakeEngine{}, classifier.Options{Chunk: 3})
	filler := strings.Repeat("ordinary text ", 100)
	for name, body := range map[string]string{
		"start": "!" + filler, "middle": filler + "!" + filler, "end": filler + "!",
	} {
		t.Run(name, func(t *testing.T) {
			res, err := c.Classify(context.Background(), &classifier.Request{
				Method: "POST", Target: "/", Body: []byte(body),
				Headers: []classifier.Header{{Name: "Content-Type", Value: "text/plain"}},
			})
			if err != nil {
				t.Fatal(err)
			}
			// The attack window's logits are 0, 0, 5.
			want := 1 - 1/(1+1+math.Exp(5))
			if math.Abs(res.Score-want) > 1e-6 {
				t.Errorf("score is %v, expected %v", res.Score, want)
			}
			if res.Class != "xss" || res.Attack != "xss" {
				t.Errorf("class is %q and attack %q, expected xss", res.Class, res.Attack)
			}
			sum := 0.0
			for _, p := range res.Classes {
				sum += p
			}
			if len(res.Classes) != 3 || math.Abs(sum-1) > 1e-9 {
				t.Errorf("probabilities %v do not sum to 1", res.Classes)
			}
			if res.Inspected != res.Sent || res.Sent != int64(len(body)+1) {
				t.Errorf("inspected %d of %d bytes, expected %d", res.Inspected, res.Sent, len(body)+1)
			}
			if res.Fallback != "" {
				t.Errorf("fallback is %q, expected none", res.Fallback)
			}
		})
	}
}

// Ensure that an ordinary request has a low score and class "none".
func TestClassifyNone(t *testing.T) {
	c := newClassifier(t, &fakeEngine{}, classifier.Options{})
	res, err := c.Classify(context.Background(), &classifier.Request{Method: "GET", Target: "/a?b=c"})
	if err != nil {
		t.Fatal(err)
	}
	want := 1 - math.Exp(5)/(math.Exp(5)+2)
	if math.Abs(res.Score-want) > 1e-6 || res.Class != "none" {
		t.Errorf("score is %v of class %q, expected %v of none", res.Score, res.Class, want)
	}
}

// Ensure that a deadline keeps what was found, says so, and counts only what
// was inspected.
func TestClassifyDeadline(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	e := &fakeEngine{before: func(call int64) error {
		if call == 2 {
			cancel() // the time is up while the second chunk runs
		}
		return nil
	}}
	c := newClassifier(t, e, classifier.Options{Chunk: 2})
	body := "!" + strings.Repeat("x", 2000)
	res, err := c.Classify(ctx, &classifier.Request{Method: "POST", Target: "/", Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	if e.windows.Load() != 4 || res.Windows <= 4 {
		t.Fatalf("%d of %d windows were scored, expected 4 of more", e.windows.Load(), res.Windows)
	}
	if res.Fallback != classifier.FallbackDeadline || res.Class != "xss" {
		t.Errorf("fallback is %q and class %q, expected deadline and xss", res.Fallback, res.Class)
	}
	if res.Inspected >= res.Sent || res.Inspected == 0 {
		t.Errorf("inspected %d of %d bytes, expected some but not all", res.Inspected, res.Sent)
	}
}

// Ensure that a short request is scored even when its deadline passed before
// the network was reached, and that a canceled one is not.
func TestClassifyPastDeadline(t *testing.T) {
	past, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	e := &fakeEngine{}
	c := newClassifier(t, e, classifier.Options{Chunk: 2})
	res, err := c.Classify(past, &classifier.Request{Method: "GET", Target: "/!"})
	if err != nil || res.Class != "xss" || res.Fallback != "" {
		t.Errorf("class is %q, fallback %q (%v), expected xss and none", res.Class, res.Fallback, err)
	}
	long := &classifier.Request{Method: "POST", Target: "/!", Body: []byte(strings.Repeat("x", 2000))}
	res, err = c.Classify(past, long)
	if err != nil || res.Class != "xss" || res.Fallback != classifier.FallbackDeadline {
		t.Errorf("class is %q, fallback %q (%v), expected xss and deadline", res.Class, res.Fallback, err)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	before := e.calls.Load()
	res, err = c.Classify(gone, long)
	if err != nil || res.Fallback != classifier.FallbackDeadline || e.calls.Load() != before {
		t.Errorf("fallback is %q (%v) after %d calls, expected deadline after none", res.Fallback, err, e.calls.Load()-before)
	}
}

// Ensure that a failing engine and an engine that gives no numbers are
// reported, not taken for a low score.
func TestClassifyEngineFails(t *testing.T) {
	broken := errors.New("broken")
	for name, e := range map[string]*fakeEngine{
		"error": {before: func(int64) error { return broken }},
		"NaN":   {odd: float32(math.NaN())},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClassifier(t, e, classifier.Options{})
			res, err := c.Classify(context.Background(), &classifier.Request{Method: "GET", Target: "/"})
			if err == nil || (name == "error" && !errors.Is(err, broken)) {
				t.Errorf("error is %v, expected the engine's", err)
			}
			if res.Fallback != classifier.FallbackEngine {
				t.Errorf("fallback is %q, expected engine", res.Fallback)
			}
			if res.Inspected != 0 {
				t.Errorf("inspected %d bytes, expected 0", res.Inspected)
			}
		})
	}
}

// Ensure that concurrent calls do not share state.
func TestClassifyConcurrently(t *testing.T) {
	c := newClassifier(t, &fakeEngine{}, classifier.Options{})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				target, want := "/plain", "none"
				if (g+i)%2 == 0 {
					target, want = "/loud!", "xss"
				}
				res, err := c.Classify(context.Background(), &classifier.Request{Method: "GET", Target: target})
				if err != nil || res.Class != want {
					t.Errorf("class of %s is %q (%v), expected %q", target, res.Class, err, want)
					return
				}
			}
		})
	}
	wg.Wait()
}
