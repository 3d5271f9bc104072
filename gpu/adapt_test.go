package gpu_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/corpus"
	"github.com/limen-waf/limen/classifier/features"
	"github.com/limen-waf/limen/classifier/guard"
	"github.com/limen-waf/limen/gpu/native"
	"github.com/limen-waf/limen/model"
	"github.com/limen-waf/limen/model/adapt"
)

// Ensure that both engines read an adapted file alike, and that the native one scores as
// the head does on its features.
func TestAdaptedModel(t *testing.T) {
	base, err := model.Default()
	if err != nil {
		t.Fatal(err)
	}
	h, err := adapt.ReadHead(base.ONNX)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 3))
	for i := range h.Weights {
		h.Weights[i] = float64(float32(h.Weights[i] + rng.NormFloat64()/10))
	}
	h.Bias[0] = float64(float32(h.Bias[0] - 0.5))
	m, err := adapt.NewModel(base, &adapt.Result{Head: h}, adapt.Run{Finished: time.Now().UTC()}, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	e, err := native.New(m)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for n := 1; n < 400; n += 37 {
		windows := []classifier.Window{randomWindow(rng, n, m.Manifest.Tokenizer.Vocabulary)}
		x, want := make([]float32, e.FeatureSize()), make([]float64, h.Classes)
		if err := e.Features(context.Background(), windows, x); err != nil {
			t.Fatal(err)
		}
		h.Logits(want, x)
		for c, got := range score(t, e, windows) {
			if d := float64(got) - want[c]; d > tolerance || d < -tolerance {
				t.Errorf("%d tokens: logit %d is %v, the head gives %v", n, c, got, want[c])
			}
		}
	}
	goEngine, reference := bothEngines(t, m)
	compareEngines(t, m, goEngine, reference)
}

// readKnown computes what an adaptation reads of requests.
func readKnown(t *testing.T, x *features.Extractor, m *model.Model, records []*corpus.Record, most int) (out []adapt.Known) {
	t.Helper()
	thresholds := make([]float64, len(m.Manifest.Classes))
	for i, class := range m.Manifest.Classes {
		if thresholds[i] = m.Manifest.Threshold; m.Manifest.ClassThresholds[class] > 0 {
			thresholds[i] = m.Manifest.ClassThresholds[class]
		}
	}
	for _, rec := range records {
		v, err := x.Request(context.Background(), rec.Request(), most)
		if err != nil {
			t.Fatal(err)
		}
		k := adapt.Known{Example: adapt.Example{Features: v, Thresholds: thresholds}, Attack: rec.Label == corpus.Attack}
		if k.Attack {
			k.Class = max(0, slices.Index(m.Manifest.Classes, rec.Class))
		}
		out = append(out, k)
	}
	return out
}

// Ensure that on real requests, labels of some of a site's false alarms leave no more of them in
// other requests, and cost less than one in a hundred of the attacks that were caught. The
// requests are those of the validation split; every second one is recorded, its false
// alarms are labelled, and the others are what comes later.
func TestAdaptOnValidation(t *testing.T) {
	shared := os.Getenv("LIMEN_SHARED")
	if shared == "" {
		shared = "../../shared"
	}
	sets := make(map[string][]*corpus.Record)
	for _, name := range []string{"openappsec-legit", "openappsec-malicious-inj"} {
		path := filepath.Join(shared, "data/public/val", name+".jsonl.gz")
		if _, err := os.Stat(path); err != nil {
			t.Skip(err)
		}
		r := corpus.NewReader(nil, path)
		for {
			rec, err := r.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			sets[name] = append(sets[name], rec)
		}
		r.Close()
	}
	m, err := model.Default()
	if err != nil {
		t.Fatal(err)
	}
	e, err := native.New(m)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	x, err := features.New(m, e, classifier.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	in := adapt.Input{Limits: adapt.DefaultLimits}
	if in.Base, err = adapt.ReadHead(m.ONNX); err != nil {
		t.Fatal(err)
	}
	for set, into := range map[string]*[]adapt.Known{guard.Rehearsal: &in.Rehearsal, guard.Held: &in.Guard} {
		records, err := guard.Requests(set)
		if err != nil {
			t.Fatal(err)
		}
		*into = readKnown(t, x, m, records, 4)
	}
	legit, attacks := readKnown(t, x, m, sets["openappsec-legit"], 64), readKnown(t, x, m, sets["openappsec-malicious-inj"], 64)
	var later []adapt.Known
	for i, k := range legit {
		switch {
		case i%2 == 1:
			later = append(later, k)
		case in.Base.Judge(&k.Example).Flagged:
			in.Labels = append(in.Labels, k)
		default:
			in.Anchors = append(in.Anchors, k.Example)
		}
	}
	flagged := func(h *adapt.Head, list []adapt.Known) (n int) {
		for i := range list {
			if h.Judge(&list[i].Example).Flagged {
				n++
			}
		}
		return n
	}
	begun := time.Now()
	res, err := adapt.Adapt(context.Background(), in)
	if errors.Is(err, adapt.ErrNoLabels) {
		t.Skip("the model has no false alarm here")
	}
	if err != nil {
		t.Fatal(err)
	}
	alarms, after := flagged(in.Base, later), flagged(res.Head, later)
	caught, still := flagged(in.Base, attacks), flagged(res.Head, attacks)
	t.Logf("%d labelled false alarms, %d anchors: %d right after, strength %.2g, %d iterations in %s", len(in.Labels), len(in.Anchors), res.After.Right, res.Strength, res.Iterations, time.Since(begun))
	t.Logf("later requests: %d of %d flagged before, %d after", alarms, len(later), after)
	t.Logf("attacks in real requests: %d of %d caught before, %d after; guard %d of %d, %d after",
		caught, len(attacks), still, res.Before.GuardCaught, res.Before.GuardAttacks, res.After.GuardCaught)
	t.Logf("breach %v, %d of %d anchors flip", res.Breach, len(res.Flips), len(in.Anchors))
	if after > alarms || caught-still > len(attacks)/100 || res.After.Right == 0 {
		t.Error("the adapted head decides worse")
	}
}
