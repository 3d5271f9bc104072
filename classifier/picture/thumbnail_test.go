package picture_test

import (
	"bytes"
	"errors"
	"image/jpeg"
	"testing"

	"github.com/limen-waf/limen/classifier/picture"
)

// Ensure that a thumbnail is a JPEG of the right size that shows the picture, and that a
// small one is not enlarged.
func TestEncodeThumbnail(t *testing.T) {
	for _, tt := range []struct{ width, height, side, wantWidth, wantHeight int }{
		{640, 480, 160, 160, 120}, {480, 640, 160, 120, 160}, {160, 160, 160, 160, 160}, {31, 17, 160, 31, 17},
		{1000, 1, 160, 160, 1}, {1, 1000, 16, 1, 16}, {333, 500, 160, 107, 160},
	} {
		p := picture.NewRGB(tt.width, tt.height)
		for i := 0; i < len(p.Pix); i += 3 {
			p.Pix[i], p.Pix[i+1], p.Pix[i+2] = 200, 100, 50
		}
		var b bytes.Buffer
		if err := picture.EncodeThumbnail(&b, p, tt.side); err != nil {
			t.Fatal(err)
		}
		img, err := jpeg.Decode(&b)
		if err != nil || img.Bounds().Dx() != tt.wantWidth || img.Bounds().Dy() != tt.wantHeight {
			t.Fatalf("%+v: %v, %v", tt, img.Bounds(), err)
		}
		red, green, blue, _ := img.At(tt.wantWidth/2, tt.wantHeight/2).RGBA()
		for i, d := range []int{int(red>>8) - 200, int(green>>8) - 100, int(blue>>8) - 50} {
			if d < -6 || d > 6 {
				t.Errorf("%+v: sample %d is off by %d", tt, i, d)
			}
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// Ensure that what is no raster, no size, or cannot be written is an error.
func TestEncodeThumbnailErrors(t *testing.T) {
	var b bytes.Buffer
	for _, p := range []*picture.RGB{{}, {Width: 2, Height: 2, Pix: make([]byte, 11)}, {Width: -1, Height: -1, Pix: make([]byte, 3)}} {
		if err := picture.EncodeThumbnail(&b, p, 160); err == nil {
			t.Errorf("%d by %d: no error", p.Width, p.Height)
		}
	}
	if err := picture.EncodeThumbnail(&b, picture.NewRGB(2, 2), 0); err == nil {
		t.Error("side 0: no error")
	}
	if err := picture.EncodeThumbnail(fullDisk{}, picture.NewRGB(2, 2), 160); err == nil {
		t.Error("full disk: no error")
	}
}
