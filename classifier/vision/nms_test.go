package vision

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func randomBox(r *rand.Rand) [4]float64 {
	x, y := 100*r.Float64(), 100*r.Float64()
	return [4]float64{x, y, x + 0.1 + 40*r.Float64(), y + 0.1 + 40*r.Float64()}
}

func TestIoU(t *testing.T) {
	unit := [4]float64{0, 0, 1, 1}
	for name, tc := range map[string]struct {
		b    [4]float64
		want float64
	}{
		"same":     {unit, 1},
		"half":     {[4]float64{0, 0, 0.5, 1}, 0.5},
		"shifted":  {[4]float64{0.5, 0, 1.5, 1}, 1.0 / 3},
		"corner":   {[4]float64{0.5, 0.5, 1.5, 1.5}, 1.0 / 7},
		"touching": {[4]float64{1, 0, 2, 1}, 0},
		"apart":    {[4]float64{5, 5, 6, 6}, 0},
		"empty":    {[4]float64{0.5, 0.5, 0.5, 0.5}, 0},
		"reversed": {[4]float64{1, 1, 0, 0}, 0},
		"NaN":      {[4]float64{math.NaN(), 0, 1, 1}, 0},
	} {
		if got := IoU(unit, tc.b); math.Abs(got-tc.want) > 1e-12 {
			t.Errorf("%s: got %v, expected %v", name, got, tc.want)
		}
	}
}

// Ensure that the overlap is symmetric, between 0 and 1, 1 with itself, and
// blind to shifting and to scaling each direction.
func TestIoUProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	touching := 0
	for range 5000 {
		a, b := randomBox(r), randomBox(r)
		v := IoU(a, b)
		if v > 0 {
			touching++
		}
		if !(v >= 0 && v <= 1) || v != IoU(b, a) || math.Abs(IoU(a, a)-1) > 1e-12 {
			t.Fatalf("%v and %v: %v, %v, with itself %v", a, b, v, IoU(b, a), IoU(a, a))
		}
		move := func(c [4]float64) [4]float64 { return [4]float64{3*c[0] - 7, 0.5*c[1] + 2, 3*c[2] - 7, 0.5*c[3] + 2} }
		if w := IoU(move(a), move(b)); math.Abs(v-w) > 1e-9 {
			t.Fatalf("%v and %v: %v, moved and scaled %v", a, b, v, w)
		}
	}
	if touching < 100 {
		t.Fatalf("only %d of the boxes touched", touching)
	}
}

// Ensure that suppression keeps the strongest, that no two kept boxes of a class
// overlap by more than the limit, that whatever was dropped overlaps something stronger
// that was kept, that a second pass changes nothing, and that the order of the
// input does not matter.
func TestSuppressProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	dropped := 0
	for round := range 300 {
		all := round%2 == 0
		iou := 0.1 + 0.8*r.Float64()
		found := make([]detection, r.IntN(120))
		for i := range found {
			found[i] = detection{box: randomBox(r), score: math.Round(r.Float64()*20) / 20, class: r.IntN(3), order: i}
		}
		related := func(a, b detection) bool { return (all || a.class == b.class) && IoU(a.box, b.box) > iou }

		kept := suppress(slices.Clone(found), iou, all)
		if len(found) > 0 && len(kept) == 0 {
			t.Fatal("nothing was kept")
		}
		for i, a := range kept {
			if i > 0 && a.score > kept[i-1].score {
				t.Fatalf("%v comes after %v", a, kept[i-1])
			}
			for _, b := range kept[:i] {
				if related(a, b) {
					t.Fatalf("kept %v beside %v", a, b)
				}
			}
		}
		for _, d := range found {
			if slices.Contains(kept, d) {
				continue
			}
			dropped++
			if !slices.ContainsFunc(kept, func(k detection) bool { return k.score >= d.score && related(k, d) }) {
				t.Fatalf("dropped %v without a reason", d)
			}
		}
		if again := suppress(slices.Clone(kept), iou, all); !slices.Equal(again, kept) {
			t.Fatalf("a second pass made %d of %d", len(again), len(kept))
		}
		shuffled := slices.Clone(found)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if other := suppress(shuffled, iou, all); !slices.Equal(other, kept) {
			t.Fatalf("another order kept %d boxes, not %d", len(other), len(kept))
		}
	}
	if dropped < 1000 {
		t.Fatalf("only %d boxes were dropped in all", dropped)
	}
}

// Ensure that the work is bounded: of very many candidates the strongest are
// looked at.
func TestSuppressMany(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	found := make([]detection, 3*maxCandidates)
	for i := range found {
		x := float64(3 * i) // none overlaps another
		found[i] = detection{box: [4]float64{x, 0, x + 1, 1}, score: r.Float64(), order: i}
	}
	sorted := slices.Clone(found)
	slices.SortFunc(sorted, func(a, b detection) int {
		if a.score > b.score {
			return -1
		}
		return 1
	})
	if kept := suppress(found, 0.5, true); !slices.Equal(kept, sorted[:maxCandidates]) {
		t.Errorf("kept %d, expected the strongest %d", len(kept), maxCandidates)
	}
}

// Ensure that the anchors of the 300 by 300 SSD are those of its
// documentation.
func TestAnchors(t *testing.T) {
	s, err := Preset("ssd")
	if err != nil {
		t.Fatal(err)
	}
	list := s.anchorList()
	if len(list) != 1917 || s.anchorCount() != 1917 {
		t.Fatalf("%d anchors, counted %d, expected 1917", len(list), s.anchorCount())
	}
	const second = 19 * 19 * 3 // the first anchor of the second grid
	for i, want := range map[int]anchor{
		0:          {0.5 / 19, 0.5 / 19, 0.1, 0.1},
		1:          {0.5 / 19, 0.5 / 19, 0.2 * math.Sqrt2, 0.2 / math.Sqrt2},
		3:          {1.5 / 19, 0.5 / 19, 0.1, 0.1},
		19*3 + 2:   {0.5 / 19, 1.5 / 19, 0.2 / math.Sqrt2, 0.2 * math.Sqrt2},
		second:     {0.05, 0.05, 0.35, 0.35},
		second + 3: {0.05, 0.05, 0.35 * math.Sqrt(3), 0.35 / math.Sqrt(3)},
		second + 5: {0.05, 0.05, math.Sqrt(0.35 * 0.5), math.Sqrt(0.35 * 0.5)},
		1916:       {0.5, 0.5, math.Sqrt(0.95), math.Sqrt(0.95)},
	} {
		got := list[i]
		for k, d := range [4]float64{got.x - want.x, got.y - want.y, got.w - want.w, got.h - want.h} {
			if math.Abs(d) > 1e-9 {
				t.Errorf("anchor %d is %+v, expected %+v (%d)", i, got, want, k)
			}
		}
	}
	s.Width, s.Height = 600, 300
	if a := s.anchorList()[0]; math.Abs(a.w*600-a.h*300) > 1e-9 {
		t.Errorf("the square anchor of a wide picture is %v by %v pixels", a.w*600, a.h*300)
	}
}
