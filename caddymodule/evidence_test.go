package caddymodule

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/limen-waf/limen/classifier/evaluate"
	"github.com/limen-waf/limen/store"
)

const (
	testModel = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	testSite  = "shop.example"
)

// The model's own threshold is 0.9, so the bounds are 0.4737 and 0.9890.
var testKey = evidenceKey{model: testModel, tokenizer: 1, shipped: 0.9, keep: boundsOf(0.9).Floor}

// history is a store that rows of the past are put into.
type history struct {
	*store.Store
	t *testing.T
	n int
}

func newHistory(t *testing.T) *history {
	t.Helper()
	s, err := store.Open(store.Options{Dir: filepath.Join(t.TempDir(), "limen")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &history{Store: s, t: t}
}

// add records a request with a score, as a handler that records all does.
func (h *history) add(at time.Time, ip string, score float64, changes ...func(*store.Verdict)) ulid.ULID {
	h.t.Helper()
	v := &store.Verdict{
		Host: testSite, Route: testSite, ClientIP: ip, Score: score, ModelDigest: testModel, TokenizerVersion: 1, Sampled: true,
		ClassScores: store.ClassScores{{Class: "none", Score: float32(1 - score)}, {Class: "sqli", Score: float32(score)}},
		Decision:    store.Allow, Class: "none",
	}
	h.n++
	if err := v.ID.SetTime(ulid.Timestamp(at)); err != nil {
		h.t.Fatal(err)
	}
	if err := v.ID.SetEntropy([]byte{0, 0, 0, 0, 0, 0, 0, byte(h.n >> 16), byte(h.n >> 8), byte(h.n)}); err != nil {
		h.t.Fatal(err)
	}
	for _, change := range changes {
		change(v)
	}
	for !h.Record(v) {
		h.flush()
	}
	return v.ID
}

func (h *history) flush() {
	h.t.Helper()
	if err := h.Flush(context.Background()); err != nil {
		h.t.Fatal(err)
	}
}

// ordinary records n low scores, ten of each client, spread over the day that
// begins at a time.
func (h *history) ordinary(day time.Time, n int) {
	h.t.Helper()
	for i := range n {
		h.add(day.Add(24*time.Hour*time.Duration(i)/time.Duration(n)), fmt.Sprintf("10.1.%d.%d", i/2560, i/10%256), 0.001)
	}
}

var (
	testNow = time.Date(2026, 3, 20, 18, 0, 0, 0, time.UTC)
	testDay = time.Date(2026, 3, 18, 0, 0, 0, 0, time.UTC)
)

// counted counts a history from scratch.
func (h *history) counted(label func(ulid.ULID) string) tally {
	h.t.Helper()
	h.flush()
	e := newEvidence(testKey)
	e.label = label
	if err := e.update(context.Background(), h.Store, evidenceFrom(testNow, 0), testNow); err != nil {
		h.t.Fatal(err)
	}
	return e.site(testSite)
}

// Ensure that only ordinary traffic of the same site and model counts, and that no
// client decides over the threshold.
func TestEvidence(t *testing.T) {
	noon := testDay.Add(12 * time.Hour)
	burst := func(h *history, n, clients int, score func(i int) float64) {
		for i := range n {
			h.add(noon.Add(time.Duration(i)*time.Millisecond), fmt.Sprintf("203.0.%d.%d", i%clients/250, i%clients%250), score(i))
		}
	}
	flat := func(score float64) func(int) float64 { return func(int) float64 { return score } }
	change := func(f func(*store.Verdict)) func(*history) {
		return func(h *history) {
			for i := range 50 {
				h.add(noon, fmt.Sprintf("203.0.113.%d", i), 0.95, f)
			}
		}
	}
	// 4,000 ordinary requests, target 0.001: four may be flagged.
	tests := map[string]struct {
		also      func(*history)
		counted   int // beyond the ordinary ones
		out       leftOut
		threshold float64
	}{
		"nothing more": {func(*history) {}, 0, leftOut{}, 0.4737},

		"other model":     {change(func(v *store.Verdict) { v.ModelDigest = testModel[:70] + "0" }), 0, leftOut{}, 0.4737},
		"other tokenizer": {change(func(v *store.Verdict) { v.TokenizerVersion = 2 }), 0, leftOut{}, 0.4737},
		"other site":      {change(func(v *store.Verdict) { v.Route = "blog.example" }), 0, leftOut{}, 0.4737},
		"no site":         {change(func(v *store.Verdict) { v.Route = "" }), 0, leftOut{}, 0.4737},
		"exception":       {change(func(v *store.Verdict) { v.Exception = "path /*" }), 0, leftOut{Unscored: 50}, 0.4737},
		"fallback":        {change(func(v *store.Verdict) { v.Fallback = "deadline" }), 0, leftOut{Unscored: 50}, 0.4737},
		"not sampled":     {change(func(v *store.Verdict) { v.Sampled = false }), 0, leftOut{Biased: 50}, 0.4737},
		"any host":        {change(func(v *store.Verdict) { v.Host = "www.shop.example:8443" }), 50, leftOut{}, 0.9501},
		"oversize":        {change(func(v *store.Verdict) { v.BytesInspected, v.BytesSent = 1<<20, 1<<30 }), 50, leftOut{}, 0.9501},
		"too old":         {func(h *history) { h.add(testNow.AddDate(0, 0, -30), "203.0.113.1", 0.95) }, 0, leftOut{}, 0.4737},
		"oldest":          {func(h *history) { h.add(testNow.AddDate(0, 0, -29), "203.0.113.1", 0.95) }, 1, leftOut{}, 0.4737},

		"false alarms of many":   {func(h *history) { burst(h, 30, 30, flat(0.93)) }, 30, leftOut{}, 0.9301},
		"a few false alarms":     {func(h *history) { burst(h, 4, 4, flat(0.93)) }, 4, leftOut{}, 0.4737},
		"scanner":                {func(h *history) { burst(h, 5000, 1, func(i int) float64 { return 0.5 + float64(i%50)/100 }) }, 0, leftOut{Attackers: 5000}, 0.4737},
		"careful scanner":        {func(h *history) { burst(h, 5000, 1, flat(0.98)) }, 20, leftOut{Repeats: 4980}, 0.9801},
		"careful, among many":    {func(h *history) { h.ordinary(testDay.AddDate(0, 0, -1), 20000); burst(h, 5000, 1, flat(0.98)) }, 20020, leftOut{Repeats: 4980}, 0.4737},
		"botnet":                 {func(h *history) { burst(h, 20000, 1000, flat(0.985)) }, 20000, leftOut{}, 0.9851},
		"botnet at the ceiling":  {func(h *history) { burst(h, 20000, 1000, flat(0.989)) }, 20000, leftOut{}, 0.98901},
		"botnet above it":        {func(h *history) { burst(h, 20000, 1000, flat(0.9999)) }, 0, leftOut{Attackers: 20000}, 0.4737},
		"many of one client":     {func(h *history) { burst(h, 5000, 1, flat(0.0001)) }, 100, leftOut{Repeats: 4900}, 0.4737},
		"one bad among the good": {func(h *history) { burst(h, 50, 1, func(i int) float64 { return 0.01 + 0.98*float64(i/49) }) }, 0, leftOut{Attackers: 50}, 0.4737},
		"IPv6 network": {func(h *history) {
			for i := range 300 {
				h.add(noon, fmt.Sprintf("2001:db8::%x", i), 0.001)
			}
		}, 100, leftOut{Repeats: 200}, 0.4737},
		"IPv6 networks": {func(h *history) {
			for i := range 300 {
				h.add(noon, fmt.Sprintf("2001:db8:0:%x::1", i), 0.001)
			}
		}, 300, leftOut{}, 0.4737},
		"IPv4 in IPv6": {func(h *history) {
			for i := range 200 {
				h.add(noon, []string{"203.0.113.1", "::ffff:203.0.113.1"}[i%2], 0.001)
			}
		}, 100, leftOut{Repeats: 100}, 0.4737},
		"no address": {func(h *history) {
			for range 200 {
				h.add(noon, "", 0.001)
			}
		}, 100, leftOut{Repeats: 100}, 0.4737},
		"a client counts anew every day": {func(h *history) {
			for day := range 3 {
				for range 200 {
					h.add(testDay.AddDate(0, 0, -day).Add(time.Hour), "203.0.113.1", 0.001)
				}
			}
		}, 300, leftOut{Repeats: 300}, 0.4737},
		"an attack counts for its day": {func(h *history) {
			h.add(noon, "203.0.113.1", 0.999)
			h.add(noon, "203.0.113.1", 0.5)
			h.add(noon.AddDate(0, 0, 1), "203.0.113.1", 0.5)
		}, 1, leftOut{Attackers: 2}, 0.4737},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHistory(t)
			h.ordinary(testDay, 4000)
			tt.also(h)
			got := h.counted(nil)
			if got.counted != 4000+tt.counted || got.out != tt.out {
				t.Errorf("counted %d, left out %+v; expected %d, %+v", got.counted, got.out, 4000+tt.counted, tt.out)
			}
			c := calibrate(&got, boundsOf(0.9), 0.001, nil, testNow)
			if c.State != stateTraffic || math.Abs(c.Threshold-tt.threshold) > 0.0001 {
				t.Errorf("threshold %v (%s, %s), expected %v", c.Threshold, c.State, c.Reason, tt.threshold)
			}
		})
	}
}

// Ensure that labels go before everything else.
func TestEvidenceLabels(t *testing.T) {
	h := newHistory(t)
	h.ordinary(testDay, 4000)
	labels := make(map[ulid.ULID]string)
	noon := testDay.Add(12 * time.Hour)
	for range 30 {
		labels[h.add(noon, "203.0.113.1", 0.97)] = "attack"
		labels[h.add(noon, "203.0.113.2", 0.97)] = "normal"
	}
	labels[h.add(noon, "203.0.113.3", 0.999)] = "normal"
	h.add(noon, "203.0.113.3", 0.5)
	got := h.counted(func(id ulid.ULID) string { return labels[id] })
	want := leftOut{Labelled: 30}
	if got.counted != 4032 || got.out != want {
		t.Errorf("counted %d, left out %+v", got.counted, got.out)
	}
	if got.top[0].score != 0.999 || got.top[30].score != 0.97 || got.top[31].score != 0.5 {
		t.Errorf("highest scores %v", got.top)
	}
}

// Ensure that counting bit by bit, over midnights and after a count that was broken
// off, comes to the same as counting at once.
func TestEvidenceIncremental(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	h := newHistory(t)
	begin := testDay.AddDate(0, 0, -2)
	const n = 12000
	step := testNow.Sub(begin) / n
	kept, broken := newEvidence(testKey), 0
	update := func(e *evidence, ctx context.Context, now time.Time) error {
		h.flush()
		return e.update(ctx, h.Store, evidenceFrom(now, 0), now)
	}
	for i := range n {
		at := begin.Add(step * time.Duration(i)).Truncate(time.Millisecond)
		client := min(random.IntN(48), random.IntN(48), random.IntN(48))
		h.add(at, fmt.Sprintf("10.0.0.%d", client), math.Min(random.ExpFloat64()/8, 1))
		switch random.IntN(n / 20) {
		case 0:
			if err := update(kept, context.Background(), at); err != nil {
				t.Fatal(err)
			}
		case 1, 2:
			ctx, cancel := context.WithCancel(context.Background())
			rows, end := 0, random.IntN(1500)
			kept.label = func(ulid.ULID) string {
				if rows++; rows >= end {
					cancel()
				}
				return ""
			}
			if err := update(kept, ctx, at); err != nil && rows > 0 {
				broken++
			}
			kept.label = nil
			cancel()
		}
	}
	if broken == 0 {
		t.Error("no count was broken off")
	}
	if err := update(kept, context.Background(), testNow); err != nil {
		t.Fatal(err)
	}
	fresh := newEvidence(testKey)
	if err := update(fresh, context.Background(), testNow); err != nil {
		t.Fatal(err)
	}
	got, want := kept.site(testSite), fresh.site(testSite)
	if !reflect.DeepEqual(got, want) || want.counted == 0 || want.out.Attackers == 0 || want.out.Repeats == 0 {
		t.Errorf("bit by bit %d %+v, at once %d %+v", got.counted, got.out, want.counted, want.out)
	}
	// A month later nothing is left.
	if err := update(kept, context.Background(), testNow.AddDate(0, 0, 40)); err != nil {
		t.Fatal(err)
	}
	if got := kept.site(testSite); got.counted != 0 || len(kept.days) > evidenceDays {
		t.Errorf("after a month %d rows and %d days are left", got.counted, len(kept.days))
	}
}

// Ensure that the number of rows needed is the smallest one whose interval for no
// flagged request ends at the target.
func TestRowsNeeded(t *testing.T) {
	for _, target := range []float64{minTargetFPR, 0.0001, 0.0005, 0.001, 0.0015, 0.002, 0.01, 0.05, 0.1, 0.3, maxTargetFPR} {
		n := rowsNeeded(target)
		_, enough := evaluate.ClopperPearson(0, n, evaluate.Confidence)
		_, fewer := evaluate.ClopperPearson(0, n-1, evaluate.Confidence)
		if !(enough <= target) || !(fewer > target) {
			t.Errorf("target %v: %d requests, whose interval ends at %v, one less at %v", target, n, enough, fewer)
		}
	}
	if n := rowsNeeded(0.001); n != 3688 {
		t.Errorf("0.001 needs %d requests, expected 3688", n)
	}
}

// Ensure that bounds are a factor of ten in the odds on either side.
func TestBounds(t *testing.T) {
	for _, shipped := range []float64{0.02, 0.5, 0.9, 0.95, 0.9999} {
		b := boundsOf(shipped)
		odds := func(p float64) float64 { return p / (1 - p) }
		if math.Abs(odds(b.Ceiling)/odds(shipped)-10) > 1e-6 || math.Abs(odds(shipped)/odds(b.Floor)-10) > 1e-6 {
			t.Errorf("%v has bounds %+v", shipped, b)
		}
	}
	if b := boundsOf(1); b != (bounds{1, 1, 1}) {
		t.Errorf("1 has bounds %+v", b)
	}
}

// top makes scores of class sqli.
func top(scores ...float64) []scored {
	out := make([]scored, len(scores))
	for i, s := range scores {
		out[i] = scored{s, "sqli"}
	}
	return out
}

// Ensure that the threshold is the lowest that keeps to the target, within its
// bounds.
func TestCalibrate(t *testing.T) {
	b := boundsOf(0.9)
	tests := []struct {
		name      string
		tally     tally
		target    float64
		classes   map[string]float64
		state     string
		threshold float64
		flagged   int
		reached   bool
	}{
		{"nothing", tally{}, 0.01, nil, stateTooFew, 0.9, 0, true},
		{"one too few", tally{counted: rowsNeeded(0.01) - 1, top: top(0.95)}, 0.01, nil, stateTooFew, 0.9, 1, true},
		{"enough", tally{counted: rowsNeeded(0.01)}, 0.01, nil, stateTraffic, b.Floor, 0, true},
		{"all may be flagged", tally{counted: 1000, top: top(0.8, 0.7, 0.6)}, 0.01, nil, stateTraffic, b.Floor, 3, true},
		{"one more than may be", tally{counted: 1000, top: top(0.8, 0.7, 0.6, 0.5)}, 0.003, nil, stateTooFew, 0.9, 0, true},
		{"between two scores", tally{counted: 2000, top: top(0.8, 0.7, 0.6, 0.55, 0.53, 0.5)}, 0.002, nil, stateTraffic, 0.531, 4, true},
		{"equal scores", tally{counted: 2000, top: top(0.8, 0.7, 0.7, 0.7, 0.7, 0.7)}, 0.002, nil, stateTraffic, 0.701, 1, true},
		{"close scores", tally{counted: 1000, top: top(0.80000002, 0.80000001, 0.8)}, 0.0045, nil, stateTraffic, b.Floor, 3, true},
		{"very close scores", tally{counted: 1000, top: top(0.90000002, 0.90000002, 0.90000002, 0.90000002, 0.90000001)}, 0.0045, nil, stateTraffic, 0.90000002, 4, true},
		{"score just below the ceiling", tally{counted: 400, top: top(0.989, 0.989, 0.989, 0.989, 0.989)}, 0.01, nil, stateTraffic, 0.98901, 0, true},
		{"labelled normal above the ceiling", tally{counted: 400, top: top(1, 1, 0.999, 0.999, 0.995)}, 0.01, nil, stateTraffic, b.Ceiling, 5, false},
		{"own class, within the target", tally{counted: 400, top: append(top(0.95, 0.95), scored{0.94, "xss"}, scored{0.93, "xss"}, scored{0.92, "xss"})},
			0.01, map[string]float64{"sqli": 0.5}, stateTraffic, 0.9201, 4, true},
		{"own class not flagged", tally{counted: 400, top: append(top(0.95, 0.95), scored{0.94, "xss"}, scored{0.93, "xss"}, scored{0.92, "xss"})},
			0.01, map[string]float64{"sqli": 0.96}, stateTraffic, b.Floor, 3, true},
		{"own class uses more than the target", tally{counted: 400, top: top(0.95, 0.95, 0.95, 0.95, 0.95)},
			0.01, map[string]float64{"sqli": 0.5}, stateTraffic, b.Ceiling, 5, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := calibrate(&tt.tally, b, tt.target, tt.classes, testNow)
			if c.State != tt.state || math.Abs(c.Threshold-tt.threshold) > 1e-5 || c.Flagged != tt.flagged || c.Reached != tt.reached {
				t.Errorf("got %s %v, %d flagged, reached %v (%s); expected %s %v, %d flagged, reached %v",
					c.State, c.Threshold, c.Flagged, c.Reached, c.Reason, tt.state, tt.threshold, tt.flagged, tt.reached)
			}
			low, high := evaluate.ClopperPearson(c.Flagged, tt.tally.counted, 0.95)
			if c.Low != low || c.High != high {
				t.Errorf("interval %v to %v, expected %v to %v", c.Low, c.High, low, high)
			}
		})
	}
}

// Ensure on random scores that the target is kept to, and that no lower threshold
// would keep to it.
func TestCalibrateRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	b := boundsOf(0.9)
	between := 0
	for range 2000 {
		var ta tally
		ta.counted = 100 + random.IntN(5000)
		for range random.IntN(60) {
			ta.top = append(ta.top, scored{b.Floor + (b.Ceiling-b.Floor)*random.Float64(), "sqli"})
		}
		sortTop(ta.top)
		target := 0.001 + random.Float64()*0.02
		c := calibrate(&ta, b, target, nil, testNow)
		if c.State != stateTraffic {
			continue
		}
		if c.FPR > target || c.Threshold < b.Floor || c.Threshold > b.Ceiling {
			t.Fatalf("target %v: threshold %v flags %d of %d", target, c.Threshold, c.Flagged, c.Rows)
		}
		if c.Threshold > b.Floor {
			between++
			next := ta.top[c.Flagged].score // the first that passes
			if float64(c.Flagged+1)/float64(c.Rows) <= target || c.Threshold-next > (1-next)/100+1e-9 {
				t.Fatalf("target %v: threshold %v flags %d of %d, and the next score is %v", target, c.Threshold, c.Flagged, c.Rows, next)
			}
		}
	}
	if between < 200 {
		t.Errorf("only %d thresholds lay between the bounds", between)
	}
}

// Ensure that a refusal says how many requests are missing and when they will be
// there, and what is in the way.
func TestCalibrateRefuses(t *testing.T) {
	day := testNow.Add(-24 * time.Hour)
	tests := []struct {
		name  string
		tally tally
		want  string
		ready time.Duration // 0 for never
	}{
		{"nothing", tally{}, "0 of 3,688 recorded requests that it takes", 0},
		{"half", tally{counted: 1844, first: day}, "1,844 of 3,688 recorded requests that it takes; at the present rate they are there in about 24 hours", 24 * time.Hour},
		{"slow", tally{counted: 461, first: day}, "in about 7 days", 7 * 24 * time.Hour},
		{"too slow", tally{counted: 100, first: day}, "at the present rate 30 days hold about 3,000, enough for a target of 0.0013", 0},
		{"just begun", tally{counted: 100, first: testNow.Add(-time.Second)}, "100 of 3,688 recorded requests that it takes", 0},
		{"proxy", tally{counted: 100, first: day, out: leftOut{Repeats: 9000}}, "9,000 more came from few clients or from attackers: if the server stands behind a proxy, set trusted_proxies", 0},
		{"sampled little", tally{counted: 100, first: day, out: leftOut{Biased: 400}}, "400 more were stored only because they were flagged", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := calibrate(&tt.tally, boundsOf(0.9), 0.001, nil, testNow)
			if c.State != stateTooFew || c.Threshold != 0.9 || !strings.Contains(c.Reason, tt.want) {
				t.Errorf("got %s %v: %s", c.State, c.Threshold, c.Reason)
			}
			switch {
			case tt.ready == 0 && c.Ready != nil:
				t.Errorf("ready at %v", c.Ready)
			case tt.ready != 0 && (c.Ready == nil || c.Ready.Sub(testNow.Add(tt.ready)).Abs() > time.Minute):
				t.Errorf("ready at %v, expected in %s", c.Ready, tt.ready)
			}
		})
	}
}
