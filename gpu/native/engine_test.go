package native_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu/native"
)

// tolerance is what the engines owe one another on a logit.
const tolerance = 1e-4

var ctx = context.Background()

// shapes are sizes that meet the kernels' edges: channels that are no multiple
// of a register, each width of panel, pools that kernels fold and that they do
// not, one block, many blocks, one dense layer, many.
var shapes = []shape{
	shipped,
	{320, 6, [][3]int{{5, 8, 4}, {3, 16, 2}, {3, 8, 1}}, []int{16, 9}},
	{320, 1, [][3]int{{1, 8, 1}}, []int{2}},
	{300, 3, [][3]int{{3, 24, 8}}, []int{8, 8, 3}},
	{257, 16, [][3]int{{7, 40, 3}, {5, 56, 3}, {1, 72, 5}}, []int{24, 9}},
	{320, 8, [][3]int{{9, 64, 2}, {3, 80, 4}, {3, 96, 8}}, []int{40, 9}},
	{320, 20, [][3]int{{3, 32, 1}, {3, 64, 4}, {7, 128, 1}}, []int{72, 33}},
	{64, 5, [][3]int{{3, 8, 2}, {3, 16, 2}, {3, 24, 2}, {3, 32, 2}, {3, 40, 2}, {3, 48, 2}}, []int{17, 2}},
	{320, 8, [][3]int{{5, 16, 6}, {3, 112, 7}, {11, 8, 1}}, []int{9}},
	{320, 8, [][3]int{{5, 48, 4}, {3, 64, 8}, {3, 16, 2}, {3, 16, 4}}, []int{16, 9}},
}

var lengths = []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17, 24, 31, 33, 48, 63, 64, 65, 96, 100, 127, 255, 300, 513, 1024, 1500}

// windows are windows of each length, and some with Pad in every place.
func (s shape) windows(r *rand.Rand) []classifier.Window {
	var ws []classifier.Window
	for _, n := range lengths {
		if raceEnabled && n > 300 {
			continue // plain Go is some thirty times slower there
		}
		ws = append(ws, s.draw(r, n))
	}
	for _, n := range []int{1, 8, 50, 200} {
		behind := s.draw(r, n)
		ws = append(ws, append(behind, make(classifier.Window, n/2+1)...))
		before := append(make(classifier.Window, n/3+1), s.draw(r, n)...)
		ws = append(ws, before)
		within := s.draw(r, n)
		for range n / 2 {
			within[r.IntN(n)] = classifier.Pad
		}
		ws = append(ws, within)
		hole := s.draw(r, n+40)
		clear(hole[n/2 : n/2+40])
		ws = append(ws, hole)
		ws = append(ws, make(classifier.Window, n))
	}
	return ws
}

// Ensure that every instruction set computes what the graph says, for every
// shape, length and place of Pad.
func TestScoreAgainstReference(t *testing.T) {
	for i, s := range shapes {
		t.Run(s.String(), func(t *testing.T) {
			w := s.random(uint64(i))
			m := s.wrap(t, &s.graph(w).Graph)
			ws := s.windows(rand.New(rand.NewPCG(uint64(i), 1)))
			classes := s.dense[len(s.dense)-1]
			var logits, features [][]float64
			for _, window := range ws {
				l, f := s.reference(w, window)
				logits, features = append(logits, l), append(features, f)
			}
			for _, isa := range native.ISAs() {
				e := load(t, m, isa)
				if e.Info().Classes != classes || e.FeatureSize() != len(features[0]) {
					t.Fatalf("%d classes and %d features, expected %d and %d", e.Info().Classes, e.FeatureSize(), classes, len(features[0]))
				}
				got := make([]float32, len(ws)*classes)
				if err := e.Score(ctx, ws, got); err != nil {
					t.Fatal(err)
				}
				worst := compare(t, isa+" logits", ws, got, logits)
				got = make([]float32, len(ws)*len(features[0]))
				if err := e.Features(ctx, ws, got); err != nil {
					t.Fatal(err)
				}
				compare(t, isa+" features", ws, got, features)
				t.Logf("%s: largest difference %.2g", isa, worst)
			}
		})
	}
}

func compare(t *testing.T, what string, ws []classifier.Window, got []float32, want [][]float64) (worst float64) {
	t.Helper()
	n := len(want[0])
	for i, w := range ws {
		for c, v := range want[i] {
			g := float64(got[i*n+c])
			d := math.Abs(g - v)
			if !(d <= tolerance*max(1, math.Abs(v))) {
				t.Fatalf("%s of window %d (%d tokens): number %d is %v, expected %v", what, i, len(w), c, g, v)
			}
			worst = max(worst, d)
		}
	}
	return worst
}

// Ensure that the two vector instruction sets give the same bits, so that a
// verdict does not depend on the machine's generation.
func TestVectorISAsAgree(t *testing.T) {
	isas := slices.DeleteFunc(native.ISAs(), func(s string) bool { return s == "portable" })
	if len(isas) < 2 {
		t.Skipf("this processor runs only %v", isas)
	}
	for i, s := range shapes {
		m := s.wrap(t, &s.graph(s.random(uint64(i))).Graph)
		ws := s.windows(rand.New(rand.NewPCG(uint64(i), 2)))
		var first []uint32
		for _, isa := range isas {
			got := bits(t, load(t, m, isa), ws)
			if first == nil {
				first = got
			} else if !slices.Equal(got, first) {
				t.Errorf("%v: %s and %s differ", s, isa, isas[0])
			}
		}
	}
}

// bits scores windows in one call.
func bits(t testing.TB, e *native.Engine, ws []classifier.Window) []uint32 {
	t.Helper()
	logits := make([]float32, len(ws)*e.Info().Classes)
	if err := e.Score(ctx, ws, logits); err != nil {
		t.Fatal(err)
	}
	out := make([]uint32, len(logits))
	for i, v := range logits {
		out[i] = math.Float32bits(v)
	}
	return out
}

// Ensure that a window's logits have the same bits alone, in any company, in
// any place, and with any padding behind it.
func TestWindowsAreIndependent(t *testing.T) {
	s := shipped
	m := s.wrap(t, &s.graph(s.random(3)).Graph)
	for _, isa := range native.ISAs() {
		t.Run(isa, func(t *testing.T) {
			e := load(t, m, isa)
			r := rand.New(rand.NewPCG(5, 5))
			var ws []classifier.Window
			var alone []uint32
			for range 70 {
				w := s.draw(r, 1+r.IntN(400))
				ws = append(ws, w)
				alone = append(alone, bits(t, e, []classifier.Window{w})...)
			}
			if got := bits(t, e, ws); !slices.Equal(got, alone) {
				t.Error("logits depend on the other windows of the call")
			}
			n := e.Info().Classes
			for i := range ws {
				j := r.IntN(i + 1)
				ws[i], ws[j] = ws[j], ws[i]
				for c := range n {
					alone[i*n+c], alone[j*n+c] = alone[j*n+c], alone[i*n+c]
				}
			}
			for i, w := range ws {
				ws[i] = append(w, make(classifier.Window, r.IntN(40))...)
			}
			if got := bits(t, e, ws); !slices.Equal(got, alone) {
				t.Error("logits depend on place or padding")
			}
		})
	}
}

// Ensure that calls do not disturb each other.
func TestConcurrentScore(t *testing.T) {
	s := shipped
	m := s.wrap(t, &s.graph(s.random(3)).Graph)
	for _, isa := range native.ISAs() {
		t.Run(isa, func(t *testing.T) {
			e := load(t, m, isa)
			var wg sync.WaitGroup
			for g := range 8 {
				r := rand.New(rand.NewPCG(uint64(g), 0))
				var ws []classifier.Window
				for range 20 {
					ws = append(ws, s.draw(r, 1+r.IntN(200)))
				}
				want := bits(t, e, ws)
				wg.Go(func() {
					for range 10 {
						logits := make([]float32, len(ws)*e.Info().Classes)
						if err := e.Score(ctx, ws, logits); err != nil {
							t.Error(err)
							return
						}
						for i, v := range logits {
							if math.Float32bits(v) != want[i] {
								t.Errorf("goroutine %d: logit %d changed", g, i)
								return
							}
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

// Ensure that scoring does not allocate once it has scratch memory.
func TestScoreDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("under the race detector sync.Pool drops what it is given")
	}
	s := shipped
	m := s.wrap(t, &s.graph(s.random(3)).Graph)
	r := rand.New(rand.NewPCG(1, 1))
	hole := s.draw(r, 300)
	hole[100] = classifier.Pad
	for _, isa := range native.ISAs() {
		e := load(t, m, isa)
		ws := []classifier.Window{s.draw(r, 300), hole, s.draw(r, 1024)}
		logits := make([]float32, len(ws)*e.Info().Classes)
		n := testing.AllocsPerRun(20, func() {
			if err := e.Score(ctx, ws, logits); err != nil {
				t.Error(err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations a call, expected 0", isa, n)
		}
	}
}

// Ensure that a bad call is one clear error and leaves the engine usable.
func TestScoreErrors(t *testing.T) {
	s := shipped
	e := load(t, s.wrap(t, &s.graph(s.random(3)).Graph), native.ISAs()[0])
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	good := classifier.Window{1, 2, 3}
	tests := []struct {
		name    string
		ctx     context.Context
		windows []classifier.Window
		logits  int
		want    string
		is      error
	}{
		{"room", ctx, []classifier.Window{good, good}, 17, "room for 17 logits, expected 18", nil},
		{"token", ctx, []classifier.Window{good, {1, 320}}, 18, "window 1: token outside the vocabulary: token 320", native.ErrToken},
		{"context", cancelled, []classifier.Window{good}, 9, "canceled", context.Canceled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := e.Score(tt.ctx, tt.windows, make([]float32, tt.logits))
			if err == nil || !strings.Contains(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("error is %v, expected %v containing %q", err, tt.is, tt.want)
			}
		})
	}
	if err := e.Features(ctx, []classifier.Window{good}, make([]float32, 63)); err == nil {
		t.Error("no error for too little room for features")
	}
	if err := e.Score(ctx, nil, nil); err != nil {
		t.Errorf("error for no windows is %v", err)
	}
	if err := e.Score(ctx, []classifier.Window{good}, make([]float32, 9)); err != nil {
		t.Errorf("error after errors is %v", err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if err := e.Score(ctx, []classifier.Window{good}, make([]float32, 9)); !errors.Is(err, native.ErrClosed) {
		t.Errorf("error after Close is %v, expected ErrClosed", err)
	}
}

// Ensure that an instruction set that is not there is refused with a list of
// those that are.
func TestVariable(t *testing.T) {
	m := shipped.wrap(t, &shipped.graph(shipped.random(3)).Graph)
	t.Setenv(native.Variable, "mmx")
	_, err := native.New(m)
	if !errors.Is(err, native.ErrISA) || !strings.Contains(err.Error(), `LIMEN_NATIVE="mmx"`) || !strings.Contains(err.Error(), "portable") {
		t.Errorf("error is %v, expected ErrISA that names the variable and what there is", err)
	}
	t.Setenv(native.Variable, "")
	e, err := native.New(m)
	if err != nil {
		t.Fatal(err)
	}
	if want := "cpu/" + native.ISAs()[0]; e.Info().Device != want || e.Info().Engine != "native" {
		t.Errorf("engine is %+v, expected native on %s", e.Info(), want)
	}
}

func BenchmarkScore(b *testing.B) {
	m := shipped.wrap(b, &shipped.graph(shipped.random(3)).Graph)
	for _, n := range []int{8, 64, 300, 1024} {
		for _, isa := range native.ISAs() {
			b.Run(fmt.Sprintf("len=%d/isa=%s", n, isa), func(b *testing.B) {
				benchmark(b, load(b, m, isa), n, []classifier.Window{traffic(n)})
			})
		}
	}
	// 1,048,576 tokens of one request, in windows of 1024 that share 128.
	for _, isa := range native.ISAs() {
		b.Run("len=1048576/isa="+isa, func(b *testing.B) {
			tokens := traffic(1 << 20)
			var ws []classifier.Window
			for at := 0; ; at += 1024 - 128 {
				ws = append(ws, tokens[at:min(at+1024, len(tokens))])
				if at+1024 >= len(tokens) {
					break
				}
			}
			benchmark(b, load(b, m, isa), len(tokens), ws)
		})
	}
}

// traffic gives n tokens that are spread like those of requests: letters, in
// the main.
func traffic(n int) classifier.Window {
	const sample = "GET /shop/cart?item=4711&colour=dark%20blue HTTP/1.1\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
	w := make(classifier.Window, n)
	for i := range w {
		w[i] = classifier.ByteToken(sample[i%len(sample)])
	}
	return w
}

// benchmark scores the windows of a request of so many tokens.
func benchmark(b *testing.B, e *native.Engine, tokens int, ws []classifier.Window) {
	logits := make([]float32, len(ws)*e.Info().Classes)
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Score(ctx, ws, logits); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(tokens)*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(tokens), "ns/token")
}
