package picture_test

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"golang.org/x/image/draw"

	"github.com/limen-waf/limen/classifier/picture"
)

// noise is a picture without any structure, the hardest for a filter.
func noise(width, height int) *picture.RGB {
	r := rand.New(rand.NewPCG(uint64(width), uint64(height)))
	p := picture.NewRGB(width, height)
	for i := range p.Pix {
		p.Pix[i] = byte(r.Uint32())
	}
	return p
}

// toImage is for the resizer that this package is compared with.
func toImage(p *picture.RGB) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, p.Width, p.Height))
	for i := range p.Width * p.Height {
		copy(img.Pix[4*i:], []byte{p.Pix[3*i], p.Pix[3*i+1], p.Pix[3*i+2], 255})
	}
	return img
}

// Ensure that Resize is golang.org/x/image/draw.BiLinear to within rounding:
// enlarging, shrinking, by a little and by a lot.
func TestResizeMatchesDraw(t *testing.T) {
	sizes := []struct{ w, h, toW, toH int }{
		{61, 47, 61, 47}, {61, 47, 60, 46}, {61, 47, 30, 20}, {61, 47, 224, 224}, {640, 424, 320, 240},
		{300, 200, 7, 5}, {1, 1, 9, 9}, {2, 3, 31, 29}, {1000, 3, 10, 30}, {3, 2000, 5, 5}, {500, 500, 1, 1},
	}
	for _, s := range sizes {
		src, got := noise(s.w, s.h), picture.NewRGB(s.toW, s.toH)
		src.Resize(got, 0, 0, float64(s.w), float64(s.h))
		img := image.NewRGBA(image.Rect(0, 0, s.toW, s.toH))
		draw.BiLinear.Scale(img, img.Rect, toImage(src), image.Rect(0, 0, s.w, s.h), draw.Src, nil)
		want := fromImage(img)
		for i := range want.Pix {
			if d := int(got.Pix[i]) - int(want.Pix[i]); d < -2 || d > 2 {
				t.Fatalf("%dx%d to %dx%d: sample %d is %d, want %d", s.w, s.h, s.toW, s.toH, i, got.Pix[i], want.Pix[i])
			}
		}
	}
}

// Ensure that one colour stays that colour at any size: the weights are exactly
// one in sum, however many there are.
func TestResizeKeepsAFlatColour(t *testing.T) {
	for _, size := range []struct{ w, h, toW, toH int }{{100000, 1, 3, 1}, {1, 70000, 2, 3}, {613, 411, 224, 224}, {5, 5, 100, 77}} {
		for _, value := range []byte{0, 1, 127, 128, 254, 255} {
			src, got := picture.NewRGB(size.w, size.h), picture.NewRGB(size.toW, size.toH)
			for i := range src.Pix {
				src.Pix[i] = value
			}
			src.Resize(got, 0, 0, float64(size.w), float64(size.h))
			for i, v := range got.Pix {
				if v != value {
					t.Fatalf("%+v: sample %d is %d, want %d", size, i, v, value)
				}
			}
		}
	}
}

// Ensure that the rectangle is that of the source: whole pixels, parts of
// pixels, and past the edges.
func TestResizeRectangle(t *testing.T) {
	src := noise(50, 40)
	t.Run("whole pixels", func(t *testing.T) {
		got := picture.NewRGB(20, 10)
		src.Resize(got, 7, 5, 20, 10)
		for y := range 10 {
			for x := range 60 {
				if got.Pix[y*60+x] != src.Pix[(y+5)*150+21+x] {
					t.Fatalf("sample %d of row %d differs", x, y)
				}
			}
		}
	})
	t.Run("half a pixel", func(t *testing.T) {
		got := picture.NewRGB(20, 10)
		src.Resize(got, 7.5, 5, 20, 10)
		for y := range 10 {
			for x := range 60 {
				at := (y+5)*150 + 21 + x
				want := (float64(src.Pix[at]) + float64(src.Pix[at+3])) / 2
				if d := math.Abs(float64(got.Pix[y*60+x]) - want); d > 1 {
					t.Fatalf("sample %d of row %d is %d, want %g", x, y, got.Pix[y*60+x], want)
				}
			}
		}
	})
	t.Run("past the edges", func(t *testing.T) {
		got := picture.NewRGB(100, 80)
		src.Resize(got, -25, -20, 100, 80)
		for _, corner := range []struct{ at, from int }{{0, 0}, {99, 49}, {79 * 100, 39 * 50}, {79*100 + 99, 39*50 + 49}} {
			if [3]byte(got.Pix[3*corner.at:]) != [3]byte(src.Pix[3*corner.from:]) {
				t.Errorf("pixel %d is %v, want the edge's %v", corner.at, got.Pix[3*corner.at:][:3], src.Pix[3*corner.from:][:3])
			}
		}
	})
	t.Run("shrinking part by part is shrinking the whole", func(t *testing.T) {
		whole, part := picture.NewRGB(25, 20), picture.NewRGB(10, 20)
		src.Resize(whole, 0, 0, 50, 40)
		src.Resize(part, 10, 0, 20, 40)
		for y := range 20 {
			for x := range 30 {
				if got, want := part.Pix[y*30+x], whole.Pix[y*75+15+x]; got != want {
					t.Fatalf("sample %d of row %d is %d, want %d", x, y, got, want)
				}
			}
		}
	})
}

// Ensure that what cannot be done is said, not done wrong.
func TestResizePanics(t *testing.T) {
	for name, do := range map[string]func(){
		"no size":    func() { noise(5, 5).Resize(picture.NewRGB(2, 2), 0, 0, 0, 5) },
		"outside":    func() { noise(5, 5).Resize(picture.NewRGB(2, 2), 5, 0, 2, 2) },
		"NaN":        func() { noise(5, 5).Resize(picture.NewRGB(2, 2), 0, 0, math.NaN(), 5) },
		"wrong size": func() { noise(5, 5).Resize(&picture.RGB{Pix: make([]byte, 5), Width: 2, Height: 2}, 0, 0, 5, 5) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it did not panic")
				}
			}()
			do()
		})
	}
}
