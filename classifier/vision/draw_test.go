package vision_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/limen-waf/limen/classifier/picture"
	"github.com/limen-waf/limen/classifier/vision"
)

func pixel(p *picture.RGB, x, y int) [3]byte { return [3]byte(p.Pix[3*(y*p.Width+x):]) }

// Ensure that a box is framed where it is, at full and at reduced scale, with
// its label above it and nothing touched inside and elsewhere.
func TestDraw(t *testing.T) {
	for _, scale := range []float64{1, 0.5} {
		p := picture.NewRGB(400, 300)
		full := [4]float64{100 / scale, 120 / scale, 300 / scale, 250 / scale}
		vision.Draw(p, scale, scale, []vision.Box{{Label: "dog", Index: 16, Score: 0.82, Box: full}})
		c := pixel(p, 100, 120)
		if c == ([3]byte{}) {
			t.Fatal("no frame at the corner")
		}
		for _, at := range [][2]int{{299, 120}, {100, 249}, {299, 249}, {200, 120}, {200, 249}, {100, 200}, {299, 200}} {
			if got := pixel(p, at[0], at[1]); got != c {
				t.Errorf("scale %v: the frame at %v is %v, expected %v", scale, at, got, c)
			}
		}
		for y := range p.Height {
			for x := range p.Width {
				outside := x < 100 || x >= 300 || y >= 250 || y < 90
				inside := x >= 110 && x < 290 && y >= 130 && y < 240
				if (outside || inside) && pixel(p, x, y) != [3]byte{} {
					t.Fatalf("scale %v: %d,%d was painted", scale, x, y)
				}
			}
		}
		ground, ink := 0, 0
		for y := 90; y < 120; y++ {
			for x := 100; x < 300; x++ {
				switch got := pixel(p, x, y); got {
				case c:
					ground++
				case [3]byte{}:
				default:
					ink++
				}
			}
		}
		if ground < 200 || ink < 50 {
			t.Errorf("scale %v: the caption has %d pixels of ground and %d of ink", scale, ground, ink)
		}
	}
}

// Ensure that other classes have other colours and that the strongest box is
// on top.
func TestDrawOrder(t *testing.T) {
	p := picture.NewRGB(300, 200)
	a := vision.Box{Label: "a", Index: 0, Score: 0.9, Box: [4]float64{50, 100, 150, 150}}
	b := vision.Box{Label: "b", Index: 1, Score: 0.5, Box: [4]float64{150, 100, 250, 150}}
	vision.Draw(p, 1, 1, []vision.Box{a, b})
	first, second := pixel(p, 50, 140), pixel(p, 249, 140)
	if first == second {
		t.Fatalf("both are %v", first)
	}
	b.Box = a.Box
	vision.Draw(p, 1, 1, []vision.Box{a, b})
	if got := pixel(p, 50, 140); got != first {
		t.Errorf("got %v on top, expected %v", got, first)
	}
}

// Ensure that boxes and labels of any kind leave the picture's memory alone.
func TestDrawHostile(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	long := string(bytes.Repeat([]byte("wide "), 500))
	for name, b := range map[string]vision.Box{
		"NaN":          {Box: [4]float64{nan, 0, 10, 10}},
		"infinite":     {Box: [4]float64{-inf, -inf, inf, inf}},
		"outside":      {Box: [4]float64{500, 500, 600, 600}},
		"around":       {Box: [4]float64{-500, -500, 600, 600}, Index: -7},
		"reversed":     {Box: [4]float64{20, 20, 10, 10}},
		"one pixel":    {Box: [4]float64{3, 3, 4, 4}, Label: "x"},
		"long label":   {Box: [4]float64{3, 3, 14, 14}, Label: long},
		"control":      {Box: [4]float64{3, 3, 14, 14}, Label: "a\x00\x1b[31m\n"},
		"not UTF-8":    {Box: [4]float64{3, 3, 14, 14}, Label: "\xff\xfe"},
		"other script": {Box: [4]float64{3, 3, 14, 14}, Label: "собака 犬"},
		"huge class":   {Box: [4]float64{3, 3, 14, 14}, Index: math.MaxInt},
	} {
		t.Run(name, func(*testing.T) {
			for _, size := range [][2]int{{0, 0}, {1, 1}, {40, 3}, {64, 48}} {
				vision.Draw(picture.NewRGB(size[0], size[1]), 1, 1, []vision.Box{b})
			}
		})
	}
}
