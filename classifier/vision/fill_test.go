package vision_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/limen-waf/limen/classifier/picture"
	"github.com/limen-waf/limen/classifier/vision"
)

// newPicture makes a picture at full size whose pixels f gives.
func newPicture(w, h int, f func(x, y int) [3]byte) *picture.Picture {
	p := &picture.Picture{RGB: *picture.NewRGB(w, h), FullWidth: w, FullHeight: h, Orientation: 1}
	for y := range h {
		for x := range w {
			c := f(x, y)
			copy(p.Pix[3*(y*w+x):], c[:])
		}
	}
	return p
}

// at reads one value of an input tensor: the c-th channel of a pixel.
func at(s *vision.Spec, t []float32, c, x, y int) float32 {
	if s.Layout == vision.NHWC {
		return t[3*(y*s.Width+x)+c]
	}
	return t[c*s.Width*s.Height+y*s.Width+x]
}

// Ensure that every combination of layout and order puts each channel of each
// pixel where it belongs, scaled.
func TestFillLayouts(t *testing.T) {
	p := newPicture(5, 4, func(x, y int) [3]byte { return [3]byte{byte(10 * x), byte(20 * y), byte(100 + x + 7*y)} })
	for _, layout := range []vision.Layout{vision.NCHW, vision.NHWC} {
		for _, order := range []vision.Order{vision.OrderRGB, vision.OrderBGR} {
			s := vision.Spec{
				Width: 5, Height: 4, Layout: layout, Order: order, Decoder: vision.Logits,
				Scale: 1.0 / 255, Mean: [3]float64{0.1, 0.2, 0.3}, Std: [3]float64{0.5, 0.25, 2},
			}
			dst := make([]float32, s.Size()+1)
			dst[s.Size()] = 42 // behind the tensor
			s.Fill(dst, p)
			for y := range 4 {
				for x := range 5 {
					for c := range 3 {
						sample := c
						if order == vision.OrderBGR {
							sample = 2 - c
						}
						v := float64(p.Pix[3*(5*y+x)+sample])
						want := float32((v/255 - s.Mean[c]) / s.Std[c])
						if got := at(&s, dst, c, x, y); math.Abs(float64(got-want)) > 1e-6 {
							t.Fatalf("%s %s: channel %d at %d,%d is %v, expected %v", layout, order, c, x, y, got, want)
						}
					}
				}
			}
			if dst[s.Size()] != 42 {
				t.Errorf("%s %s: wrote past the tensor", layout, order)
			}
		}
	}
}

// Ensure that pictures of any shape go where the way of resizing says, at full
// and at reduced scale, and that the placement leads back.
func TestFillPlacement(t *testing.T) {
	const grey = 114
	// A picture whose red is its x and whose green is its y, 0 to 250.
	ramp := func(w, h, fullW, fullH int) *picture.Picture {
		p := newPicture(w, h, func(x, y int) [3]byte {
			return [3]byte{byte(250 * (float64(x) + 0.5) / float64(w)), byte(250 * (float64(y) + 0.5) / float64(h)), 255}
		})
		p.FullWidth, p.FullHeight = fullW, fullH
		return p
	}
	for _, size := range [][2]int{{64, 64}, {128, 64}, {64, 96}, {640, 40}, {30, 30}, {33, 170}} {
		for _, layout := range []vision.Layout{vision.NCHW, vision.NHWC} {
			for _, s := range []vision.Spec{
				{Resize: vision.Stretch},
				{Resize: vision.Crop, CropRatio: 0.875},
				{Resize: vision.Crop},
				{Resize: vision.Letterbox, Pad: grey},
				{Resize: vision.Letterbox, Pad: grey, Position: vision.Center},
			} {
				for _, reduced := range []int{1, 2} {
					s.Width, s.Height, s.Layout, s.Decoder = 64, 48, layout, vision.Logits
					fullW, fullH := reduced*size[0], reduced*size[1]
					name := fmt.Sprintf("%dx%d of %dx%d %s %s %g %s", size[0], size[1], fullW, fullH, layout, s.Resize, s.CropRatio, s.Position)
					p := ramp(size[0], size[1], fullW, fullH)
					dst := make([]float32, s.Size())
					pl := s.Fill(dst, p)
					if pl.FullWidth != fullW || pl.FullHeight != fullH {
						t.Fatalf("%s: placement %+v", name, pl)
					}
					inside := 0
					for y := range s.Height {
						for x := range s.Width {
							// The middle of the pixel, in the upload.
							ux := (float64(x)+0.5)*pl.ScaleX + pl.OffsetX
							uy := (float64(y)+0.5)*pl.ScaleY + pl.OffsetY
							if ux < 0 || uy < 0 || ux > float64(fullW) || uy > float64(fullH) {
								if s.Resize != vision.Letterbox {
									t.Fatalf("%s: %d,%d is at %v,%v, outside the picture", name, x, y, ux, uy)
								}
								if got := at(&s, dst, 2, x, y); got != grey {
									t.Fatalf("%s: padding at %d,%d is %v, expected %d", name, x, y, got, grey)
								}
								continue
							}
							inside++
							if got := at(&s, dst, 2, x, y); got != 255 {
								t.Fatalf("%s: blue at %d,%d is %v, expected 255", name, x, y, got)
							}
							// A pixel of the source is up to 8 levels of the ramp wide.
							tolX, tolY := 2+250/float64(size[0]), 2+250/float64(size[1])
							if got := float64(at(&s, dst, 0, x, y)); math.Abs(got-250*ux/float64(fullW)) > tolX {
								t.Fatalf("%s: red at %d,%d is %v, expected %v", name, x, y, got, 250*ux/float64(fullW))
							}
							if got := float64(at(&s, dst, 1, x, y)); math.Abs(got-250*uy/float64(fullH)) > tolY {
								t.Fatalf("%s: green at %d,%d is %v, expected %v", name, x, y, got, 250*uy/float64(fullH))
							}
						}
					}
					if s.Resize == vision.Letterbox {
						// The longer side is filled to the last pixel.
						k := math.Min(64/float64(size[0]), 48/float64(size[1]))
						if want := max(1, int(float64(size[0])*k+1e-9)) * max(1, int(float64(size[1])*k+1e-9)); inside != want {
							t.Errorf("%s: %d pixels show the picture, expected %d", name, inside, want)
						}
					}
				}
			}
		}
	}
}

// Ensure that crop takes the middle, of the size that "shorter side to 256,
// then the middle 224" takes.
func TestFillCrop(t *testing.T) {
	s := preset(t, "imagenet")
	p := newPicture(512, 256, func(x, y int) [3]byte { return [3]byte{byte(x / 2), byte(y), 0} })
	pl := s.Fill(make([]float32, s.Size()), p)
	if math.Abs(pl.OffsetX-144) > 1e-9 || math.Abs(pl.OffsetY-16) > 1e-9 || math.Abs(pl.ScaleX-1) > 1e-9 || math.Abs(pl.ScaleY-1) > 1e-9 {
		t.Errorf("got %+v, expected 224 by 224 pixels from 144,16", pl)
	}

	// 451 by 300 is scaled to 385 by 256, of which the middle begins at 80,16.
	pl = s.Fill(make([]float32, s.Size()), newPicture(451, 300, func(int, int) [3]byte { return [3]byte{} }))
	for i, d := range [4]float64{pl.ScaleX - 451.0/385, pl.ScaleY - 300.0/256, pl.OffsetX - 80*451.0/385, pl.OffsetY - 16*300.0/256} {
		if math.Abs(d) > 1e-9 {
			t.Errorf("got %+v, expected 224 by 224 of 385 by 256 (%d)", pl, i)
		}
	}
}

// Ensure that a decoder is asked for as much as the model can use, and for no
// more than there is.
func TestNeed(t *testing.T) {
	for name, tc := range map[string]struct {
		preset       string
		fullW, fullH int
		w, h         int
	}{
		"crop":                     {"imagenet", 2400, 1800, 341, 256},
		"crop, upright":            {"imagenet", 1800, 2400, 256, 341},
		"crop, small":              {"imagenet", 100, 80, 100, 80},
		"crop, unknown":            {"imagenet", 0, 0, 256, 256},
		"stretch":                  {"nsfw", 2400, 1800, 224, 224},
		"stretch, narrow":          {"nsfw", 2400, 100, 224, 100},
		"stretch, unknown":         {"rfb", 0, 0, 320, 240},
		"letterbox":                {"yolox", 2400, 1800, 416, 312},
		"letterbox, upright":       {"yolox", 1800, 2400, 312, 416},
		"letterbox, unknown":       {"yolox", 0, 0, 416, 416},
		"letterbox, one pixel":     {"yolox", 1, 1, 1, 1},
		"letterbox, a pixel high":  {"yolox", 9000, 1, 416, 1},
		"crop of a pixel's height": {"imagenet", 9000, 1, 9000, 1},
	} {
		s := preset(t, tc.preset)
		if w, h := s.Need(tc.fullW, tc.fullH); w != tc.w || h != tc.h {
			t.Errorf("%s: %d by %d needs %d by %d, expected %d by %d", name, tc.fullW, tc.fullH, w, h, tc.w, tc.h)
		}
	}
}

// Ensure that a released picture is a panic that says so, rather than one deep
// in the resizing.
func TestFillReleased(t *testing.T) {
	s := preset(t, "nsfw")
	p := newPicture(4, 4, func(int, int) [3]byte { return [3]byte{} })
	p.Release()
	defer func() {
		if r := recover(); r == nil {
			t.Error("no panic")
		}
	}()
	s.Fill(make([]float32, s.Size()), p)
}

func BenchmarkFill(b *testing.B) {
	p := newPicture(600, 450, func(x, y int) [3]byte { return [3]byte{byte(x), byte(y), byte(x + y)} })
	for _, name := range vision.Presets() {
		s := preset(b, name)
		dst := make([]float32, s.Size())
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Fill(dst, p)
			}
		})
	}
}
