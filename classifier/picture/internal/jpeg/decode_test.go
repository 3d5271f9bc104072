package jpeg

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func alloc(n int) []byte { return make([]byte, n) }

// shared returns the JPEG files of package picture's tests.
func shared(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("../../testdata/*.jpg")
	if err != nil || len(names) == 0 {
		t.Fatal("no JPEG files in ../../testdata", err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = data
	}
	return files
}

// noisy encodes a picture of waves with noise of 20 either way, which has every
// coefficient.
func noisy(t testing.TB, width, height, quality int) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(width), uint64(quality)))
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		x, y := i/4%width, i/4/width
		img.Pix[i] = byte(128 + 50*math.Sin(float64(x+9*(i%4))/23) + 40*math.Cos(float64(y)/17) + 40*r.Float64() - 20)
	}
	var b bytes.Buffer
	if err := stdjpeg.Encode(&b, img, &stdjpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// standard decodes with the standard library, to bytes of RGB.
func standard(t testing.TB, data []byte) (pix []byte, width, height int) {
	t.Helper()
	img, err := stdjpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, _ := img.At(x, y).RGBA()
			pix = append(pix, byte(r>>8), byte(g>>8), byte(bl>>8))
		}
	}
	return pix, b.Dx(), b.Dy()
}

// Ensure that at full size every sample is the standard library's, to within
// what rounding the planes and the colours makes.
func TestDecodeMatchesStandard(t *testing.T) {
	files := shared(t)
	delete(files, "arithmetic.jpg")
	delete(files, "sample-3x2.jpg")    // the standard library does not read it
	delete(files, "sample-chroma.jpg") // nor this
	delete(files, "sample-1x4.jpg")    // nor this
	delete(files, "cmyk.jpg")          // and converts this without rounding
	for _, quality := range []int{1, 30, 75, 95, 100} {
		for _, size := range [][2]int{{1, 1}, {8, 8}, {17, 33}, {200, 150}} {
			files[fmt.Sprintf("noise %v at %d", size, quality)] = noisy(t, size[0], size[1], quality)
		}
	}
	for name, data := range files {
		t.Run(name, func(t *testing.T) {
			want, w, h := standard(t, data)
			got, width, height, err := Decode(data, 8, alloc)
			if err != nil {
				t.Fatal(err)
			}
			if width != w || height != h || len(got) != len(want) {
				t.Fatalf("%dx%d in %d bytes, want %dx%d", width, height, len(got), w, h)
			}
			for i := range want {
				if d := int(got[i]) - int(want[i]); d < -4 || d > 4 {
					t.Fatalf("sample %d is %d, want %d", i, got[i], want[i])
				}
			}
		})
	}
}

// Ensure that at a half, a quarter and an eighth each sample is about the mean
// of the samples that it stands for. The frequencies that are dropped make the
// difference; of the noise, whose variance is 133, some 15 may go.
func TestDecodeReducedIsTheMean(t *testing.T) {
	for _, quality := range []int{50, 95} {
		data := noisy(t, 320, 240, quality)
		full, width, height, err := Decode(data, 8, alloc)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, 2, 4} {
			small, w, h, err := Decode(data, n, alloc)
			if err != nil {
				t.Fatal(err)
			}
			if w*8 != width*n || h*8 != height*n {
				t.Fatalf("%d/8 is %dx%d", n, w, h)
			}
			side := 8 / n
			sum := 0.0
			for y := range h {
				for x := range w {
					for c := range 3 {
						mean := 0.0
						for i := range side * side {
							mean += float64(full[3*((y*side+i/side)*width+x*side+i%side)+c])
						}
						d := mean/float64(side*side) - float64(small[3*(y*w+x)+c])
						sum += d * d
					}
				}
			}
			if mse := sum / float64(len(small)); mse > 15 {
				t.Errorf("quality %d at %d/8: mean square error %.1f", quality, n, mse)
			}
		}
	}
}

// Ensure that progressive files give what the same coefficients give in one
// scan, at every scale.
func TestProgressiveMatchesSequential(t *testing.T) {
	files := shared(t)
	for _, pair := range [][2]string{{"progressive.jpg", "sample-2x2.jpg"}, {"progressive-444-restart.jpg", "sample-1x1.jpg"}, {"separate-scans.jpg", "sample-2x1.jpg"}, {"two-scans.jpg", "sample-2x2.jpg"}, {"grey-progressive.jpg", "grey.jpg"}, {"restart.jpg", "sample-2x2.jpg"}} {
		for _, n := range []int{1, 2, 4, 8} {
			got, _, _, err := Decode(files[pair[0]], n, alloc)
			if err != nil {
				t.Fatal(pair[0], err)
			}
			want, _, _, err := Decode(files[pair[1]], n, alloc)
			if err != nil {
				t.Fatal(pair[1], err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s and %s differ at %d/8", pair[0], pair[1], n)
			}
		}
	}
}

// Ensure that what bounds the work is kept to: many scans of nothing.
func TestTooManyScans(t *testing.T) {
	data := shared(t)["progressive.jpg"]
	start := bytes.Index(data, []byte("\xff\xda"))
	end := start + 2 + bytes.Index(data[start+2:], []byte("\xff\xda"))
	many := append(bytes.Clone(data[:start]), bytes.Repeat(data[start:end], 2*maxScans)...)
	_, _, _, err := Decode(many, 8, alloc)
	if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "scans") {
		t.Errorf("got %v", err)
	}
}

// Ensure that damage in a header is named.
func TestDecodeNamesTheDamage(t *testing.T) {
	data := shared(t)["sample-2x2.jpg"]
	index := func(marker string, at int) int { return bytes.Index(data, []byte(marker)) + at }
	change := func(at int, with byte) []byte {
		out := bytes.Clone(data)
		out[at] = with
		return out
	}
	tests := []struct {
		name string
		data []byte
		says string
	}{
		{"no start", data[1:], "FF D8"},
		{"length 1", change(index("\xff\xdb", 3), 1), "segment DB"},
		{"quantization table 9", change(index("\xff\xdb", 4), 9), "quantization table 9"},
		{"Huffman table 5", change(index("\xff\xc4", 4), 5), "Huffman table 5"},
		{"too many short codes", change(index("\xff\xc4", 5), 9), "Huffman table"},
		{"sampling factor 0", change(index("\xff\xc0", 11), 0x02), "sampling factors 0 by 2"},
		{"sampling factor 5", change(index("\xff\xc0", 11), 0x25), "sampling factors 2 by 5"},
		{"missing quantization table", change(index("\xff\xc0", 12), 3), "table 3, which was not given"},
		{"same identifier", change(index("\xff\xc0", 13), 1), "same identifier"},
		{"unknown component", change(index("\xff\xda", 5), 77), "component 77"},
		{"missing Huffman table", change(index("\xff\xda", 6), 0x33), "which were not given"},
		{"component twice", change(index("\xff\xda", 7), 1), "twice"},
		{"two frames", append(bytes.Clone(data[:index("\xff\xda", 0)]), data[index("\xff\xc0", 0):]...), "two frame headers"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, _, err := Decode(test.data, 2, alloc)
			if !errors.Is(err, ErrCorrupt) {
				t.Fatalf("got %v", err)
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("%q does not say %q", err, test.says)
			}
		})
	}
}

// Ensure that damage anywhere, of a bit, a byte or a run of bytes, gives an
// error or a picture of the right size.
func TestDecodeDamaged(t *testing.T) {
	rounds := 300
	if testing.Short() {
		rounds = 30
	}
	errs := 0
	for name, data := range shared(t) {
		r := rand.New(rand.NewPCG(uint64(len(data)), 7))
		for range rounds {
			bad := bytes.Clone(data)
			for range 1 + r.IntN(4) {
				at := r.IntN(len(bad))
				switch r.IntN(4) {
				case 0:
					bad[at] ^= 1 << r.IntN(8)
				case 1:
					bad[at] = byte(r.Uint32())
				case 2:
					bad = append(bad[:at], bad[min(len(bad), at+1+r.IntN(20)):]...)
				case 3:
					from := r.IntN(len(data))
					bad = slices.Insert(bad, at, data[from:min(len(data), from+r.IntN(60))]...)
				}
			}
			if checkDecode(t, name, bad, 1<<r.IntN(4)) != nil {
				errs++
			}
		}
	}
	if errs == 0 {
		t.Error("no damage gave an error")
	}
}

// checkDecode decodes what may be damaged.
func checkDecode(t *testing.T, name string, data []byte, n int) error {
	t.Helper()
	h, err := ReadHeader(data)
	if err != nil || h.Width*h.Height > 1<<16 {
		return err
	}
	pix, width, height, err := Decode(data, n, alloc)
	if err != nil {
		if !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrUnsupported) {
			t.Fatalf("%s: %v wraps none of the errors", name, err)
		}
		return err
	}
	if w, hh := Size(h.Width, h.Height, n); width != w || height != hh || len(pix) != 3*w*hh {
		t.Fatalf("%s: %dx%d in %d bytes; the header says %dx%d", name, width, height, len(pix), w, hh)
	}
	return nil
}

// Ensure that no bytes make the decoder panic or give anything but the picture
// that the header promises.
func FuzzDecode(f *testing.F) {
	for _, data := range shared(f) {
		for _, n := range []byte{0, 1, 2, 3} {
			f.Add(data, n)
		}
	}
	f.Add([]byte("\xff\xd8\xff\xd9"), byte(3))
	f.Fuzz(func(t *testing.T, data []byte, n byte) {
		_ = checkDecode(t, "input", data, 1<<(n%4))
	})
}
