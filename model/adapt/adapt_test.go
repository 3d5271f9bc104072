package adapt

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/limen-waf/limen/model"
	"github.com/limen-waf/limen/model/onnx"
)

// A site of made-up features: the first is there always, the second says "attack of class
// 1", the third "of class 2", the others are what the site's requests are about.
const (
	testClasses  = 3
	testFeatures = 8
)

func testHead() *Head {
	h := &Head{Classes: testClasses, Features: testFeatures, Weights: make([]float64, testClasses*testFeatures), Bias: []float64{1, -1, -1}}
	h.Weights[1*testFeatures+1], h.Weights[2*testFeatures+2] = 3, 3
	h.Weights[1*testFeatures+3] = 2 // the site's own word, which the base takes for an attack
	return h
}

var testThresholds = []float64{0, 0.8, 0.8}

// request has one window for each list of features that are set to 1.
func request(rng *rand.Rand, windows ...[]int) Example {
	e := Example{Thresholds: testThresholds}
	for _, set := range windows {
		x := make([]float32, testFeatures)
		x[0] = 1
		for j := range x {
			x[j] += float32(rng.Float64()) * 0.05
		}
		for _, j := range set {
			x[j]++
		}
		e.Features = append(e.Features, x...)
	}
	return e
}

func testInput() Input {
	rng := rand.New(rand.NewPCG(1, 2))
	in := Input{Base: testHead(), Limits: DefaultLimits}
	for range 3 { // the site's word twice over, in the second of two windows
		e := request(rng, []int{4}, []int{3, 3, 5})
		in.Labels = append(in.Labels, Known{Example: e})
	}
	in.Labels = append(in.Labels, Known{Example: request(rng, []int{1, 1}), Attack: true, Class: 1})
	for i := range 200 {
		in.Anchors = append(in.Anchors, request(rng, []int{4 + i%4}))
	}
	for range 20 {
		in.Anchors = append(in.Anchors, request(rng, []int{2, 2, 6}))
	}
	for _, set := range []*[]Known{&in.Rehearsal, &in.Guard} {
		for i := range 100 {
			*set = append(*set, Known{Example: request(rng, []int{4 + i%4})})
			*set = append(*set, Known{Example: request(rng, []int{1 + i%2, 1 + i%2}), Attack: true, Class: 1 + i%2})
		}
	}
	return in
}

// Ensure that the gradient is that of the value.
func TestGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	h := testHead()
	o := &objective{classes: testClasses, features: testFeatures, start: h.parameters(), pull: 0.3}
	for range 20 {
		x := request(rng, []int{rng.IntN(testFeatures)})
		q := []float64{rng.Float64(), rng.Float64(), rng.Float64()}
		softmax(q)
		o.terms = append(o.terms, term{x.Features, q, rng.Float64()})
	}
	theta := h.parameters()
	for i := range theta {
		theta[i] += rng.NormFloat64()
	}
	grad := make([]float64, len(theta))
	o.value(theta, grad)
	const d = 1e-5
	for i := range theta {
		keep := theta[i]
		theta[i] = keep + d
		above := o.value(theta, nil)
		theta[i] = keep - d
		below := o.value(theta, nil)
		theta[i] = keep
		if want := (above - below) / (2 * d); math.Abs(grad[i]-want) > 1e-6 {
			t.Errorf("component %d is %v, finite differences give %v", i, grad[i], want)
		}
	}
}

// Ensure that a fit ends where the gradient vanishes, that a pull without bound leaves the
// base as it is, and that one of almost nothing does not.
func TestFit(t *testing.T) {
	h := testHead()
	x := request(rand.New(rand.NewPCG(5, 6)), []int{3})
	for _, tt := range []struct {
		pull      float64
		low, high float64 // of the distance moved
	}{{1e12, 0, 1e-9}, {1, 0.01, 1}, {1e-4, 1, 100}} {
		o := &objective{classes: testClasses, features: testFeatures, start: h.parameters(), pull: tt.pull, terms: []term{{x.Features, []float64{1, 0, 0}, 1}}}
		f, err := o.fit(context.Background(), h.parameters())
		if err != nil {
			t.Fatal(err)
		}
		if moved := o.head(f.theta).Distance(h); !f.converged || moved < tt.low || moved > tt.high {
			t.Errorf("pull %v: converged %v (gradient %v), moved %v, expected %v to %v", tt.pull, f.converged, f.gradient, moved, tt.low, tt.high)
		}
	}
}

// Ensure that false alarms are put right, with windows that decide, while attacks and
// anchors stay what they were, and that the same input gives the same bits.
func TestAdapt(t *testing.T) {
	in := testInput()
	res, err := Adapt(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	if res.Breach != nil || res.Before.Right != 1 || res.After.Right != 4 || res.After.Settled != 4 || !res.Converged || len(res.Flips) != 0 {
		t.Errorf("result is %+v, breach %v", res, res.Breach)
	}
	if res.After.TPR() != 1 || res.After.FPR() != 0 || res.Before.Flagged != 20 || res.After.Flagged != 20 {
		t.Errorf("figures after: %+v", res.After)
	}
	again, err := Adapt(context.Background(), in)
	if err != nil || !reflect.DeepEqual(res, again) {
		t.Errorf("the same input gives another result (%v)", err)
	}
	for _, w := range res.Head.Weights {
		if w != float64(float32(w)) {
			t.Fatalf("weight %v is not what the file can say", w)
		}
	}
}

// Ensure that a missed attack is put right too, also when nobody named its class.
func TestAdaptAttack(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, class := range []int{0, 2} {
		in := testInput()
		in.Labels = []Known{{Example: request(rng, []int{7, 7}, []int{4}), Attack: true, Class: class}}
		res, err := Adapt(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		if j := res.Labels[0].After; !j.Flagged || class != 0 && j.Attack != class || res.Labels[0].Before.Flagged {
			t.Errorf("class %d: judged %+v", class, j)
		}
	}
}

// Ensure that anchors like a wrongly decided label may follow it, and that others are
// counted, and that a label which would cost the guard is refused unless it is forced.
func TestLimits(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	in := testInput()
	for range 30 { // more of what is labelled, with nobody's label
		in.Anchors = append(in.Anchors, request(rng, []int{3, 3, 5}))
	}
	res, err := Adapt(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	if like := len(res.Flips); res.Breach != nil || like != 30 || !res.Flips[0].Like {
		t.Errorf("%d anchors flip, breach %v", like, res.Breach)
	}

	// At one place it takes less to be alike.
	in = testInput()
	some := request(rng, []int{3, 3, 6})
	in.Anchors = append(in.Anchors, some)
	r := &run{Input: &in}
	last := len(in.Anchors) - 1
	for _, place := range []string{"", "shop/editor/"} {
		in.Anchors[last].Place, in.Labels[0].Place = place, place
		if r.findNear(); r.near[last] != (place != "") || r.near[0] {
			t.Errorf("place %q: like is %v, of another anchor %v", place, r.near[last], r.near[0])
		}
	}

	in = testInput()
	in.Labels = []Known{{Example: request(rng, []int{1, 1})}} // an attack like those of the guard
	if res, err = Adapt(context.Background(), in); err != nil {
		t.Fatal(err)
	}
	if res.Breach == nil || res.Breach.Limit != LimitTPR || !strings.Contains(res.Breach.String(), "built-in attacks would be missed") {
		t.Errorf("breach is %v, figures %+v", res.Breach, res.After)
	}
	in.Force = true
	if res, err = Adapt(context.Background(), in); err != nil || res.After.Right != 1 || res.Breach == nil {
		t.Errorf("forced: %+v, %v", res, err)
	}
}

// Ensure that the distance is counted from the running head where that is another one.
func TestRunning(t *testing.T) {
	in := testInput()
	res, err := Adapt(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	in.Running = res.Head
	if _, err := Adapt(context.Background(), in); !errors.Is(err, ErrAgree) {
		t.Errorf("error is %v, expected ErrAgree", err)
	}
}

func TestAdaptErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		edit func(*Input)
		is   error
		want string
	}{
		"no labels":     {func(in *Input) { in.Labels = nil }, ErrNoLabels, ""},
		"all right":     {func(in *Input) { in.Labels = in.Labels[3:] }, ErrAgree, ""},
		"stuck":         {func(in *Input) { in.Strength = 1e-9 }, ErrStuck, ""},
		"no base":       {func(in *Input) { in.Base = nil }, ErrInput, "base"},
		"running":       {func(in *Input) { in.Running = &Head{Classes: 9} }, ErrInput, "running head has 9"},
		"strength":      {func(in *Input) { in.Strength = -1 }, ErrInput, "strength is -1"},
		"no number":     {func(in *Input) { in.Strength = math.NaN() }, ErrInput, "strength is NaN"},
		"features":      {func(in *Input) { in.Labels[0].Features = in.Labels[0].Features[1:] }, ErrInput, "label 0: 15 features"},
		"no features":   {func(in *Input) { in.Anchors[1].Features = nil }, ErrInput, "anchor 1: 0 features"},
		"thresholds":    {func(in *Input) { in.Guard[0].Thresholds = nil }, ErrInput, "guard 0: 0 thresholds"},
		"class":         {func(in *Input) { in.Labels[3].Class = 3 }, ErrInput, "label 3 has class 3"},
		"normal, class": {func(in *Input) { in.Labels[0].Class = 1 }, ErrInput, "label 0 has class 1"},
		"NaN":           {func(in *Input) { in.Anchors[0].Features[0] = float32(math.NaN()) }, ErrInput, "a feature is NaN"},
	} {
		t.Run(name, func(t *testing.T) {
			in := testInput()
			tt.edit(&in)
			if _, err := Adapt(context.Background(), in); !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, expected %v with %q", err, tt.is, tt.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Adapt(ctx, testInput()); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, expected that of the context", err)
	}
}

// Ensure that the highest window and the threshold of its class decide.
func TestJudge(t *testing.T) {
	h := testHead()
	e := Example{Features: make([]float32, 3*testFeatures), Thresholds: []float64{0, 0.99, 0.5}}
	e.Features[testFeatures+1], e.Features[2*testFeatures+2] = 1.2, 1
	j := h.Judge(&e)
	if j.Window != 1 || j.Attack != 1 || j.Threshold != 0.99 || j.Flagged || j.Score < 0.7 {
		t.Errorf("judgement is %+v: the second window is the highest, below the threshold of its class", j)
	}
	e.Thresholds[1] = j.Score
	if j = h.Judge(&e); !j.Flagged {
		t.Error("a score at the threshold is not flagged")
	}
}

// Ensure that the embedded model's head is read, that another one is written and read
// back, and that nothing else of the network changes.
func TestHead(t *testing.T) {
	m, err := model.Default()
	if err != nil {
		t.Fatal(err)
	}
	h, err := ReadHead(m.ONNX)
	if err != nil {
		t.Fatal(err)
	}
	if h.Classes != len(m.Manifest.Classes) || h.Features < 8 {
		t.Fatalf("head has %d classes of %d features", h.Classes, h.Features)
	}
	other := h.Clone()
	for i := range other.Weights {
		other.Weights[i] += float64(i) / 1024
	}
	other.Bias[1] = -3
	other = other.rounded()
	file, err := WriteHead(m.ONNX, other)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ReadHead(file)
	if err != nil || !reflect.DeepEqual(back, other) {
		t.Errorf("head reads back otherwise (%v)", err)
	}
	restored, err := WriteHead(file, h)
	if err != nil {
		t.Fatal(err)
	}
	was, _ := onnx.Decode(m.ONNX)
	now, err := onnx.Decode(restored)
	if err != nil || !reflect.DeepEqual(was, now) {
		t.Errorf("the network has changed beside its head (%v)", err)
	}
	if _, err := WriteHead(m.ONNX, testHead()); !errors.Is(err, ErrHead) {
		t.Errorf("a head of another shape: %v", err)
	}
}

// Ensure that networks that end otherwise are refused, with what is wrong.
func TestHeadErrors(t *testing.T) {
	for want, edit := range map[string]func(*onnx.Graph){
		`no output "logits"`:  func(g *onnx.Graph) { g.Outputs[0].Name = "scores" },
		"expected Gemm":       func(g *onnx.Graph) { g.Nodes[1].Op = "MatMul" },
		`expected "features"`: func(g *onnx.Graph) { g.Nodes[1].Inputs[0] = "x" },
		"attribute alpha": func(g *onnx.Graph) {
			g.Nodes[1].Attributes[0] = onnx.Attribute{Name: "alpha", Type: onnx.AttributeFloat, Float: 2}
		},
		"no float32 constant":  func(g *onnx.Graph) { g.Initializers[0].Name = "other" },
		"another layer too":    func(g *onnx.Graph) { g.Nodes[0].Inputs[0] = "w" },
		"do not fit":           func(g *onnx.Graph) { g.Initializers[1] = onnx.NewFloats("b", make([]float32, 2), 2) },
		`"w" holds +Inf`:       func(g *onnx.Graph) { g.Initializers[0].Floats[0] = float32(math.Inf(1)) },
		"expected 1 dimension": func(g *onnx.Graph) { g.Initializers[1].Dims = []int64{1, 3} },
	} {
		t.Run(want, func(t *testing.T) {
			g := &onnx.Graph{
				IRVersion: 8, Opset: 17, Name: "t",
				Nodes: []onnx.Node{
					{Op: "Relu", Inputs: []string{"x"}, Outputs: []string{"features"}},
					{Op: "Gemm", Inputs: []string{"features", "w", "b"}, Outputs: []string{"logits"}, Attributes: []onnx.Attribute{{Name: "transB", Type: onnx.AttributeInt, Int: 1}}},
				},
				Initializers: []onnx.Tensor{onnx.NewFloats("w", make([]float32, 6), 3, 2), onnx.NewFloats("b", make([]float32, 3), 3)},
				Inputs:       []onnx.ValueInfo{{Name: "x", Type: onnx.Float32}},
				Outputs:      []onnx.ValueInfo{{Name: "logits", Type: onnx.Float32}, {Name: "features", Type: onnx.Float32}},
			}
			if file, err := onnx.Encode(g); err != nil {
				t.Fatal(err)
			} else if _, err := ReadHead(file); err != nil {
				t.Fatalf("as it should be: %v", err)
			}
			edit(g)
			file, err := onnx.Encode(g)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ReadHead(file); !errors.Is(err, ErrHead) || !strings.Contains(err.Error(), want) {
				t.Errorf("error is %v, expected ErrHead with %q", err, want)
			}
		})
	}
	if _, err := ReadHead([]byte("no file")); err == nil {
		t.Error("no error for a file that is none")
	}
}

// Ensure that the new model carries over what scoring needs, says where it comes from, and
// that two of one fit at one time are the same.
func TestNewModel(t *testing.T) {
	base, err := model.Default()
	if err != nil {
		t.Fatal(err)
	}
	h, err := ReadHead(base.ONNX)
	if err != nil {
		t.Fatal(err)
	}
	h.Bias[0]++
	res := &Result{Head: h.rounded(), Strength: 2}
	run := Run{Seed: 4, Finished: time.Unix(1.8e9, 0).UTC(), LabelSet: "sha256:ab", Attacks: 1, Ordinary: 2, Options: res.Options(&Input{})}
	m, err := NewModel(base, res, run, "", 3)
	if err != nil {
		t.Fatal(err)
	}
	a, b := m.Manifest, base.Manifest
	if a.Name != b.Name || a.Version != b.Version+"+adapt.3" || a.Threshold != b.Threshold || !reflect.DeepEqual(a.ClassThresholds, b.ClassThresholds) ||
		a.Prior != b.Prior || !reflect.DeepEqual(a.Tokenizer, b.Tokenizer) || !reflect.DeepEqual(a.Classes, b.Classes) || m.Digest == base.Digest {
		t.Errorf("manifest is %+v", a)
	}
	if got := RunOf(&a); got == nil || got.Parent != base.Digest || got.Seed != 4 || got.Options.Strength != 2 || RunOf(&b) != nil {
		t.Errorf("run is %+v", got)
	}
	if Number(b.Version, a.Version) != 3 || Number(b.Version, b.Version) != 0 || Number("9", a.Version) != 0 || Number("1", "1+adapt.x") != 0 {
		t.Error("the number does not read back")
	}
	if again, err := NewModel(base, res, run, "", 3); err != nil || again.Digest != m.Digest {
		t.Errorf("the same input gives another model (%v)", err)
	}
	if named, err := NewModel(base, res, run, "shop", 1); err != nil || named.Manifest.Name != "shop" {
		t.Errorf("named model: %v, %v", named, err)
	}
}
