package picture_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier/picture"
)

// Ensure that no upload makes Decode panic, leave its limits, or give an error
// of none of the kinds.
func FuzzDecode(f *testing.F) {
	names, err := filepath.Glob("testdata/*.*")
	if err != nil || len(names) == 0 {
		f.Fatal("no files in testdata", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, uint8(0))
		f.Add(data, uint8(16))
	}
	f.Fuzz(func(t *testing.T, data []byte, need uint8) {
		const most = 1 << 16
		o := picture.Options{MaxPixels: most, NeedWidth: int(need), NeedHeight: int(need)}
		p, err := picture.Decode(data, o)
		if err != nil {
			if !known(err) {
				t.Fatalf("%v wraps none of the errors", err)
			}
			if strings.Contains(err.Error(), "JPEG decoder failed") {
				t.Fatal(err) // this project's own
			}
			return
		}
		defer p.Release()
		if len(p.Pix) != 3*p.Width*p.Height || p.FullWidth*p.FullHeight > most || p.Width > p.FullWidth || p.Height > p.FullHeight {
			t.Fatalf("%dx%d in %d bytes, of %dx%d", p.Width, p.Height, len(p.Pix), p.FullWidth, p.FullHeight)
		}
		if n := int(need); n > 0 && (p.Width < min(n, p.FullWidth) || p.Height < min(n, p.FullHeight)) {
			t.Fatalf("%dx%d is smaller than the %d needed", p.Width, p.Height, n)
		}
	})
}

// Ensure that any rectangle that meets the picture can be resized, and that what
// comes out lies within what went in.
func FuzzResize(f *testing.F) {
	f.Add(uint16(61), uint16(47), uint16(224), uint16(224), 0.0, 0.0, 61.0, 47.0)
	f.Add(uint16(5), uint16(300), uint16(1), uint16(9), -3.5, 2.25, 1e6, 0.001)
	f.Fuzz(func(t *testing.T, w, h, toW, toH uint16, x, y, rw, rh float64) {
		src := picture.NewRGB(int(w%400)+1, int(h%400)+1)
		dst := picture.NewRGB(int(toW%400)+1, int(toH%400)+1)
		for i := range src.Pix {
			src.Pix[i] = byte(100 + i%56)
		}
		ok := rw > 0 && rh > 0 && rw < 1e9 && rh < 1e9 && x > -1e9 && y > -1e9 &&
			x < float64(src.Width) && y < float64(src.Height) && x+rw > 0 && y+rh > 0
		if !ok {
			return
		}
		src.Resize(dst, x, y, rw, rh)
		for i, v := range dst.Pix {
			if v < 100 || v > 155 {
				t.Fatalf("sample %d is %d; the source has 100 to 155", i, v)
			}
		}
	})
}
