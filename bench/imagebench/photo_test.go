package imagebench_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/limen-waf/limen/bench/imagebench"
	"github.com/limen-waf/limen/classifier/picture"
)

// ramp is a picture of width by height whose red grows to the right and whose green
// grows downwards.
func ramp(width, height int) *picture.RGB {
	p := picture.NewRGB(width, height)
	for y := range height {
		for x := range width {
			copy(p.Pix[3*(y*width+x):], []byte{byte(255 * x / width), byte(255 * y / height), 128})
		}
	}
	return p
}

// Ensure that a photo has the size asked for in bytes and pixels, shows the middle of
// the picture, and is the same every time, and another with another seed.
func TestPhoto(t *testing.T) {
	tests := []struct {
		name                string
		src                 *picture.RGB
		width, height, size int
	}{
		{"same shape", ramp(80, 60), 320, 240, 30_000},
		{"wider picture", ramp(160, 60), 320, 240, 30_000},
		{"taller picture", ramp(60, 120), 320, 240, 20_000},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			photo, err := imagebench.Photo(test.src, test.width, test.height, test.size, 1)
			if err != nil {
				t.Fatal(err)
			}
			if off := math.Abs(float64(len(photo)-test.size)) / float64(test.size); off > 0.03 {
				t.Errorf("%d bytes, want %d", len(photo), test.size)
			}
			p, err := picture.Decode(photo, picture.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Release()
			if p.Format != "jpeg" || p.Width != test.width || p.Height != test.height {
				t.Errorf("%s of %d by %d", p.Format, p.Width, p.Height)
			}
			mean := [3]float64{}
			for i, v := range p.Pix {
				mean[i%3] += float64(v) / float64(test.width*test.height)
			}
			for c, m := range mean {
				if math.Abs(m-128) > 8 {
					t.Errorf("channel %d has the mean %.1f, want 128", c, m)
				}
			}
			again, err := imagebench.Photo(test.src, test.width, test.height, test.size, 1)
			if err != nil || !bytes.Equal(again, photo) {
				t.Errorf("another photo the second time (%v)", err)
			}
			if other, err := imagebench.Photo(test.src, test.width, test.height, test.size, 2); err != nil || bytes.Equal(other, photo) {
				t.Errorf("the same photo with another seed (%v)", err)
			}
		})
	}
}

// Ensure that a size that cannot be had is an error, not a search without end.
func TestPhotoCannot(t *testing.T) {
	for _, test := range []struct{ width, height, size int }{{64, 64, 200}, {64, 64, 1 << 20}, {0, 64, 1000}} {
		if _, err := imagebench.Photo(ramp(40, 40), test.width, test.height, test.size, 1); !errors.Is(err, imagebench.ErrPhoto) {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

// Ensure that a photo is made of each picture of a folder, and that a folder without
// any is an error that names it.
func TestPhotos(t *testing.T) {
	folder := t.TempDir()
	if _, err := imagebench.Photos(folder, 320, 240, 30_000, 1); err == nil || !strings.Contains(err.Error(), folder) {
		t.Errorf("an empty folder: %v", err)
	}
	for _, name := range []string{"b.png", "a.png", "notes.txt"} {
		var b bytes.Buffer
		if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	photos, err := imagebench.Photos(folder, 320, 240, 30_000, 1)
	if err != nil || len(photos) != 2 || bytes.Equal(photos[0], photos[1]) {
		t.Errorf("%d photos, %v", len(photos), err)
	}
	if err := os.WriteFile(filepath.Join(folder, "c.jpg"), []byte("no picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := imagebench.Photos(folder, 320, 240, 30_000, 1); err == nil || !strings.Contains(err.Error(), "c.jpg") {
		t.Errorf("a file that is no picture: %v", err)
	}
}
