package vision_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier/vision"
)

func one(shape []int64, data ...float32) []vision.Output {
	return []vision.Output{{Name: "output", Shape: shape, Data: data}}
}

var (
	nan = float32(math.NaN())
	inf = float32(math.Inf(1))
)

func TestClassify(t *testing.T) {
	names := []string{"cat", "dog", "eel"}
	background := func(s *vision.Spec) { s.Background = true }
	for name, tc := range map[string]struct {
		decoder vision.Decoder
		change  func(s *vision.Spec)
		out     []vision.Output
		names   []string
		top     int
		want    []vision.Label
	}{
		"logits": {
			vision.Logits, nil, one([]int64{1, 3}, 0, float32(math.Log(3)), 0), names, 0,
			[]vision.Label{{"dog", 1, 0.6}, {"cat", 0, 0.2}, {"eel", 2, 0.2}},
		},
		"large logits": {
			vision.Logits, nil, one([]int64{1, 3}, 3e38, -3e38, 0), names, 1,
			[]vision.Label{{"cat", 0, 1}},
		},
		"probabilities": {
			vision.Probabilities, nil, one([]int64{1, 3}, 0.25, 0.125, 0.625), names, 2,
			[]vision.Label{{"eel", 2, 0.625}, {"cat", 0, 0.25}},
		},
		"probabilities with rounding": {
			vision.Probabilities, nil, one([]int64{1, 3}, 1.001, -0.001, 0), names, 0,
			[]vision.Label{{"cat", 0, 1}, {"dog", 1, 0}, {"eel", 2, 0}},
		},
		"sigmoid": {
			vision.Sigmoid, nil, one([]int64{1, 3}, 0, float32(math.Log(3)), float32(-math.Log(3))), names, 9,
			[]vision.Label{{"dog", 1, 0.75}, {"cat", 0, 0.5}, {"eel", 2, 0.25}},
		},
		"no batch dimension": {
			vision.Probabilities, nil, one([]int64{3}, 0, 0, 1), names, 1, []vision.Label{{"eel", 2, 1}},
		},
		"dimensions of 1": {
			vision.Probabilities, nil, one([]int64{1, 3, 1, 1}, 0, 0, 1), names, 1, []vision.Label{{"eel", 2, 1}},
		},
		"one class": {
			vision.Sigmoid, nil, one([]int64{1, 1}, 0), []string{"nude"}, 0, []vision.Label{{"nude", 0, 0.5}},
		},
		"no names": {
			vision.Probabilities, nil, one([]int64{1, 3}, 0, 0, 1), nil, 1, []vision.Label{{"2", 2, 1}},
		},
		"background named": {
			vision.Probabilities, background, one([]int64{1, 3}, 0.75, 0, 0.25), []string{"background", "cat", "dog"}, 1,
			[]vision.Label{{"dog", 2, 0.25}},
		},
		"background not named": {
			vision.Probabilities, background, one([]int64{1, 3}, 0.75, 0, 0.25), []string{"cat", "dog"}, 0,
			[]vision.Label{{"dog", 1, 0.25}, {"cat", 0, 0}},
		},
		"background and no names": {
			vision.Probabilities, background, one([]int64{1, 3}, 0.75, 0, 0.25), nil, 1,
			[]vision.Label{{"2", 2, 0.25}},
		},
		"output by name": {
			vision.Probabilities, func(s *vision.Spec) { s.Outputs = []string{"b"} },
			[]vision.Output{{"a", []int64{1, 3}, []float32{1, 0, 0}}, {"b", []int64{1, 3}, []float32{0, 1, 0}}}, names, 1,
			[]vision.Label{{"dog", 1, 1}},
		},
		"output by number": {
			vision.Probabilities, func(s *vision.Spec) { s.Outputs = []string{"1"} },
			[]vision.Output{{"a", []int64{1, 3}, []float32{1, 0, 0}}, {"b", []int64{1, 3}, []float32{0, 1, 0}}}, names, 1,
			[]vision.Label{{"dog", 1, 1}},
		},
		"output by shape": {
			vision.Probabilities, nil,
			[]vision.Output{{"features", []int64{1, 7, 7, 4}, make([]float32, 196)}, {"p", []int64{1, 3}, []float32{0, 1, 0}}}, names, 1,
			[]vision.Label{{"dog", 1, 1}},
		},
		"output by the number of names": {
			vision.Probabilities, nil,
			[]vision.Output{{"embedding", []int64{1, 4}, make([]float32, 4)}, {"p", []int64{1, 3}, []float32{0, 1, 0}}}, names, 1,
			[]vision.Label{{"dog", 1, 1}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := vision.Spec{Width: 8, Height: 8, Decoder: tc.decoder}
			if tc.change != nil {
				tc.change(&s)
			}
			got, err := s.Classify(tc.out, tc.names, tc.top)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.EqualFunc(got, tc.want, func(a, b vision.Label) bool {
				return a.Label == b.Label && a.Index == b.Index && math.Abs(a.Probability-b.Probability) < 1e-6
			}) {
				t.Errorf("got %v, expected %v", got, tc.want)
			}
		})
	}
}

// Ensure that an output that cannot be read is an error that says what is
// wrong.
func TestClassifyErrors(t *testing.T) {
	names := []string{"cat", "dog", "eel"}
	two := []vision.Output{{"a", []int64{1, 3}, []float32{1, 0, 0}}, {"b", []int64{1, 3}, []float32{0, 1, 0}}}
	for name, tc := range map[string]struct {
		decoder vision.Decoder
		outputs []string
		out     []vision.Output
		names   []string
		is      error
		want    string
	}{
		"none":             {vision.Logits, nil, nil, names, vision.ErrOutput, "gave no output"},
		"NaN":              {vision.Logits, nil, one([]int64{1, 3}, 0, nan, 0), names, vision.ErrOutput, "NaN for class 1"},
		"infinite":         {vision.Sigmoid, nil, one([]int64{1, 3}, 0, 0, inf), names, vision.ErrOutput, "+Inf for class 2"},
		"logits":           {vision.Probabilities, nil, one([]int64{1, 3}, 0, 7.5, 0), names, vision.ErrOutput, "set decoder logits"},
		"labels":           {vision.Logits, nil, one([]int64{1, 4}, 0, 0, 0, 0), names, vision.ErrLabels, "3 names for the 4 classes"},
		"boxes":            {vision.Logits, nil, one([]int64{1, 2, 2}, 0, 0, 0, 0), names, vision.ErrOutput, "expected [1,classes]"},
		"two pictures":     {vision.Logits, nil, one([]int64{2, 3}, 0, 0, 0, 0, 0, 0), names, vision.ErrOutput, "expected [1,classes]"},
		"no classes":       {vision.Logits, nil, one([]int64{1, 0}), names, vision.ErrOutput, "expected [1,classes]"},
		"short data":       {vision.Logits, nil, one([]int64{1, 3}, 0, 0), names, vision.ErrOutput, "2 elements"},
		"long data":        {vision.Logits, nil, one([]int64{1, 3}, 0, 0, 0, 0), names, vision.ErrOutput, "4 elements"},
		"negative shape":   {vision.Logits, nil, one([]int64{-1, -3}, 0, 0, 0), names, vision.ErrOutput, "3 elements"},
		"overflow":         {vision.Logits, nil, one([]int64{1 << 62, 4}), names, vision.ErrOutput, "0 elements"},
		"name unknown":     {vision.Logits, []string{"c"}, two, names, vision.ErrOutput, `no output "c"`},
		"number too large": {vision.Logits, []string{"2"}, two, names, vision.ErrOutput, "the model has a [1,3], b [1,3]"},
		"two that fit":     {vision.Logits, nil, two, names, vision.ErrOutput, "set outputs"},
		"two, none fits":   {vision.Logits, nil, two, names[:2], vision.ErrOutput, "none of a [1,3], b [1,3]"},
	} {
		t.Run(name, func(t *testing.T) {
			s := vision.Spec{Width: 8, Height: 8, Decoder: tc.decoder, Outputs: tc.outputs}
			got, err := s.Classify(tc.out, tc.names, 0)
			if !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.want) || got != nil {
				t.Errorf("got %v, %v, expected %v with %q", got, err, tc.is, tc.want)
			}
		})
	}
}

// Ensure that a detector's Spec does not classify.
func TestClassifyDetector(t *testing.T) {
	s := preset(t, "yolox")
	if got, err := s.Classify(one([]int64{1, 3}, 0, 0, 0), nil, 0); !errors.Is(err, vision.ErrSpec) || got != nil {
		t.Errorf("got %v, %v, expected an ErrSpec", got, err)
	}
}

// Ensure that the top few of many are those of the full order.
func TestClassifyTop(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	s := vision.Spec{Width: 8, Height: 8, Decoder: vision.Logits}
	for range 50 {
		data := make([]float32, 200)
		for i := range data {
			data[i] = float32(r.IntN(20)) // many are equal
		}
		all, err := s.Classify(one([]int64{1, 200}, data...), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i, l := range all {
			sum += l.Probability
			if i > 0 && (l.Probability > all[i-1].Probability || l.Probability == all[i-1].Probability && l.Index < all[i-1].Index) {
				t.Fatalf("%v comes after %v", l, all[i-1])
			}
		}
		if len(all) != 200 || math.Abs(sum-1) > 1e-9 {
			t.Fatalf("%d labels with probabilities that sum to %v", len(all), sum)
		}
		for _, top := range []int{1, 5, 32, 33, 199, 500} {
			got, err := s.Classify(one([]int64{1, 200}, data...), nil, top)
			if err != nil || !slices.Equal(got, all[:min(top, 200)]) {
				t.Fatalf("top %d is %v, %v, expected %v", top, got, err, all[:min(top, 200)])
			}
		}
	}
}

func BenchmarkClassify(b *testing.B) {
	data := make([]float32, 1000)
	for i := range data {
		data[i] = float32(i*i%97) / 10
	}
	out := one([]int64{1, 1000}, data...)
	s := preset(b, "imagenet")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Classify(out, nil, 5); err != nil {
			b.Fatal(err)
		}
	}
}
