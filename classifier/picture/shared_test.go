package picture_test

import (
	"bytes"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"github.com/limen-waf/limen/classifier/picture"
)

// Ensure that real photos come out as the standard library has them, whole and
// at each scale. The photos are those of the shared data, where they are there.
func TestSharedPhotos(t *testing.T) {
	root := os.Getenv("LIMEN_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	names, err := filepath.Glob(filepath.Join(root, "models", "photos", "*.jpg"))
	if err != nil || len(names) == 0 {
		t.Skipf("no photos in %s; LIMEN_SHARED names the folder of the shared data", root)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			img, err := jpeg.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			want := fromImage(img)
			for _, n := range []int{1, 2, 4, 8} {
				p, err := picture.Decode(data, picture.Options{NeedWidth: want.Width * n / 8, NeedHeight: want.Height * n / 8})
				if err != nil {
					t.Fatal(err)
				}
				small := picture.NewRGB(p.Width, p.Height)
				want.Resize(small, 0, 0, float64(8*p.Width)/float64(n), float64(8*p.Height)/float64(n))
				least := 28.0 // the triangle of Resize is softer than the mean
				if n == 8 {
					least = 48
				}
				got := psnr(t, &p.RGB, small)
				t.Logf("%d/8, %dx%d: %.1f dB", n, p.Width, p.Height, got)
				if got < least {
					t.Errorf("%d/8: %.1f dB from the standard library's, want at least %.0f", n, got, least)
				}
				p.Release()
			}
		})
	}
}
