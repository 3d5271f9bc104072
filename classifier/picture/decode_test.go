package picture_test

import (
	"bytes"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/limen-waf/limen/classifier/picture"
)

func file(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// drawing is what every file of testdata shows.
func drawing(t testing.TB) *picture.RGB {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(file(t, "drawing.png")))
	if err != nil {
		t.Fatal(err)
	}
	return fromImage(img)
}

func fromImage(img image.Image) *picture.RGB {
	b := img.Bounds()
	p := picture.NewRGB(b.Dx(), b.Dy())
	for y := range p.Height {
		for x := range p.Width {
			r, g, bl, _ := img.At(b.Min.X+x, b.Min.Y+y).RGBA()
			copy(p.Pix[3*(y*p.Width+x):], []byte{byte(r >> 8), byte(g >> 8), byte(bl >> 8)})
		}
	}
	return p
}

// psnr is the peak signal-to-noise ratio of two pictures of one size, in dB;
// infinite when they are the same.
func psnr(t testing.TB, a, b *picture.RGB) float64 {
	t.Helper()
	if a.Width != b.Width || a.Height != b.Height || len(a.Pix) != len(b.Pix) {
		t.Fatalf("sizes differ: %dx%d and %dx%d", a.Width, a.Height, b.Width, b.Height)
	}
	sum := 0.0
	for i := range a.Pix {
		d := float64(a.Pix[i]) - float64(b.Pix[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(len(a.Pix))/sum)
}

func grey(p *picture.RGB) *picture.RGB {
	out := picture.NewRGB(p.Width, p.Height)
	for i := 0; i < len(p.Pix); i += 3 {
		v := byte((299*int(p.Pix[i]) + 587*int(p.Pix[i+1]) + 114*int(p.Pix[i+2]) + 500) / 1000)
		out.Pix[i], out.Pix[i+1], out.Pix[i+2] = v, v, v
	}
	return out
}

// overWhite fades the drawing as the alpha files do, from nothing at the left.
func overWhite(p *picture.RGB) *picture.RGB {
	out := picture.NewRGB(p.Width, p.Height)
	for i := range p.Pix {
		a := math.Round(255 * float64(i/3%p.Width) / float64(p.Width-1))
		out.Pix[i] = byte(math.Round((float64(p.Pix[i])*a + 255*(255-a)) / 255))
	}
	return out
}

// onCanvas puts the drawing at (10, 8) of 80 by 60 white pixels.
func onCanvas(p *picture.RGB) *picture.RGB {
	out := picture.NewRGB(80, 60)
	for i := range out.Pix {
		out.Pix[i] = 255
	}
	for y := range p.Height {
		copy(out.Pix[3*((8+y)*80+10):], p.Pix[3*y*p.Width:3*(y+1)*p.Width])
	}
	return out
}

// Ensure that each form of each format shows the drawing.
func TestDecodeShowsTheDrawing(t *testing.T) {
	same := func(p *picture.RGB) *picture.RGB { return p }
	exact := math.Inf(1)
	tests := []struct {
		pattern, format string
		want            func(*picture.RGB) *picture.RGB
		least           float64 // dB
	}{
		{"sample-1x1.jpg", "jpeg", same, 45},
		{"sample-?x?.jpg", "jpeg", same, 32},
		{"sample-chroma.jpg", "jpeg", same, 38},
		{"progressive*.jpg", "jpeg", same, 36},
		{"restart.jpg", "jpeg", same, 36},
		{"optimized.jpg", "jpeg", same, 36},
		{"*-scans.jpg", "jpeg", same, 36},
		{"rgb.jpg", "jpeg", same, 50},
		{"cmyk.jpg", "jpeg", same, 50},
		{"grey*.jpg", "jpeg", grey, 50},
		{"orientation-?.jpg", "jpeg", same, 45},
		{"orientation-6.png", "png", same, exact},
		{"orientation-6.webp", "webp", same, exact},
		{"orientation-6.tif", "tiff", same, exact},
		{"drawing.png", "png", same, exact},
		{"alpha.png", "png", overWhite, 55},
		{"alpha-lossless.webp", "webp", overWhite, 55},
		{"alpha.webp", "webp", overWhite, 42},
		{"palette.png", "png", same, 35},
		{"palette.bmp", "bmp", same, 35},
		{"grey.png", "png", grey, 60},
		{"grey16.png", "png", grey, 60},
		{"lossy.webp", "webp", same, 36},
		{"lossless.webp", "webp", same, exact},
		{"animated.webp", "webp", same, exact},
		{"offset.webp", "webp", onCanvas, exact},
		{"drawing.gif", "gif", same, 35},
		{"animated.gif", "gif", same, 35},
		{"offset.gif", "gif", onCanvas, 37},
		{"drawing.bmp", "bmp", same, exact},
		{"plain.tif", "tiff", same, exact},
		{"deflate.tif", "tiff", same, exact},
		{"packbits.tif", "tiff", same, exact},
	}
	for _, test := range tests {
		names, err := filepath.Glob(filepath.Join("testdata", test.pattern))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: no file (%v)", test.pattern, err)
		}
		for _, name := range names {
			t.Run(filepath.Base(name), func(t *testing.T) {
				data := file(t, filepath.Base(name))
				if got := picture.Sniff(data); got != test.format {
					t.Errorf("Sniff says %q, want %q", got, test.format)
				}
				p, err := picture.Decode(data, picture.Options{})
				if err != nil {
					t.Fatal(err)
				}
				defer p.Release()
				want := test.want(drawing(t))
				if p.Format != test.format || p.FullWidth != want.Width || p.FullHeight != want.Height {
					t.Errorf("got %s of %dx%d, want %s of %dx%d", p.Format, p.FullWidth, p.FullHeight, test.format, want.Width, want.Height)
				}
				if got := psnr(t, &p.RGB, want); got < test.least {
					t.Errorf("%.1f dB from the drawing, want at least %.1f", got, test.least)
				}
			})
		}
	}
}

// Ensure that the orientation is reported and the size is the upright one.
func TestDecodeOrientation(t *testing.T) {
	for n := 1; n <= 8; n++ {
		data := file(t, "orientation-"+string(rune('0'+n))+".jpg")
		h, err := picture.Inspect(data, picture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := picture.Decode(data, picture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if p.Orientation != n || h.Orientation != n {
			t.Errorf("orientation %d: got %d, Inspect %d", n, p.Orientation, h.Orientation)
		}
		if p.FullWidth != 61 || p.FullHeight != 47 || h.Width != 61 || h.Height != 47 {
			t.Errorf("orientation %d: got %dx%d, Inspect %dx%d", n, p.FullWidth, p.FullHeight, h.Width, h.Height)
		}
		p.Release()
	}
}

// Ensure that a JPEG shrinks no further than what is needed of the upright
// picture, whatever its form, and still shows the same.
func TestDecodeReduced(t *testing.T) {
	names, err := filepath.Glob("testdata/*.jpg")
	if err != nil || len(names) == 0 {
		t.Fatal("no files", err)
	}
	needs := []struct{ width, height, scale int }{
		{1, 1, 1}, {8, 6, 1}, {9, 6, 2}, {16, 12, 2}, {8, 13, 4}, {31, 24, 4}, {32, 24, 8},
		{31, 25, 8}, {61, 47, 8}, {1000, 1, 8}, {0, 5, 8}, {5, 0, 8},
	}
	for _, name := range names {
		if filepath.Base(name) == "arithmetic.jpg" {
			continue
		}
		data := file(t, filepath.Base(name))
		full, err := picture.Decode(data, picture.Options{})
		if err != nil {
			t.Fatal(name, err)
		}
		for _, need := range needs {
			p, err := picture.Decode(data, picture.Options{NeedWidth: need.width, NeedHeight: need.height})
			if err != nil {
				t.Fatal(name, err)
			}
			if w, h := (61*need.scale+7)/8, (47*need.scale+7)/8; p.Width != w || p.Height != h {
				t.Fatalf("%s, need %dx%d: got %dx%d, want %dx%d", name, need.width, need.height, p.Width, p.Height, w, h)
			}
			// The stored picture's last row and column stand for less than a
			// pixel: so the rectangle goes past that edge.
			w, h := float64(8*p.Width)/float64(need.scale), float64(8*p.Height)/float64(need.scale)
			var x, y float64
			if o := p.Orientation; o == 2 || o == 3 || o == 6 || o == 7 {
				x = 61 - w
			}
			if o := p.Orientation; o == 3 || o == 4 || o == 7 || o == 8 {
				y = 47 - h
			}
			want := picture.NewRGB(p.Width, p.Height)
			full.Resize(want, x, y, w, h)
			least := 28.0
			if filepath.Base(name) == "sample-3x2.jpg" {
				least = 24 // three pixels at 1/8 share a colour
			}
			if got := psnr(t, &p.RGB, want); got < least {
				t.Errorf("%s at %d/8: %.1f dB from the full picture resized", name, need.scale, got)
			}
			p.Release()
		}
		full.Release()
	}
}

// Ensure that Need is asked with the upright size and that its answer holds.
func TestDecodeNeed(t *testing.T) {
	for _, name := range []string{"orientation-1.jpg", "orientation-6.jpg"} {
		var width, height int
		p, err := picture.Decode(file(t, name), picture.Options{NeedWidth: 61, NeedHeight: 47, Need: func(w, h int) (int, int) {
			width, height = w, h
			return w / 4, h / 4
		}})
		if err != nil {
			t.Fatal(err)
		}
		if width != 61 || height != 47 {
			t.Errorf("%s: asked with %dx%d, want 61x47", name, width, height)
		}
		if p.Width != 16 || p.Height != 12 {
			t.Errorf("%s: got %dx%d, want 16x12", name, p.Width, p.Height)
		}
	}
}

// Ensure that what Inspect says a decode takes has room for the result, and
// that a progressive file's coefficients count.
func TestInspectMemory(t *testing.T) {
	memory := func(name string, o picture.Options) int64 {
		h, err := picture.Inspect(file(t, name), o)
		if err != nil {
			t.Fatal(err)
		}
		return h.Memory
	}
	const result = 3 * 61 * 47
	full := memory("sample-2x2.jpg", picture.Options{})
	small := memory("sample-2x2.jpg", picture.Options{NeedWidth: 8, NeedHeight: 6})
	progressive := memory("progressive.jpg", picture.Options{})
	turned := memory("orientation-6.jpg", picture.Options{})
	if full < result || small >= full/8 || progressive < full+2*61*47*3/2 || turned < 2*result || memory("drawing.png", picture.Options{}) < 4*61*47+result {
		t.Errorf("full %d, small %d, progressive %d, turned %d", full, small, progressive, turned)
	}
}

// Ensure that a released buffer is used again and that a second Release does
// nothing.
func TestRelease(t *testing.T) {
	data := file(t, "sample-2x2.jpg")
	want, err := picture.Decode(data, picture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		p, err := picture.Decode(data, picture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(p.Pix, want.Pix) {
			t.Fatal("a second decode differs")
		}
		p.Release()
		p.Release()
		if p.Pix != nil {
			t.Fatal("the pixels are still there after Release")
		}
	}
}

// Ensure that Decode keeps nothing of its input.
func TestDecodeDoesNotKeepData(t *testing.T) {
	for _, name := range []string{"sample-2x2.jpg", "drawing.png", "lossless.webp", "plain.tif"} {
		data := bytes.Clone(file(t, name))
		p, err := picture.Decode(data, picture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		before := bytes.Clone(p.Pix)
		clear(data)
		if !bytes.Equal(before, p.Pix) {
			t.Errorf("%s: the picture changed with the data", name)
		}
	}
}
