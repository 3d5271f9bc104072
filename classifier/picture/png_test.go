package picture_test

import (
	"bytes"
	"image/png"
	"testing"

	"github.com/limen-waf/limen/classifier/picture"
)

// Ensure that an encoded picture decodes to the same pixels.
func TestEncodePNG(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {61, 47}, {300, 2}} {
		p := noise(size[0], size[1])
		var b bytes.Buffer
		if err := picture.EncodePNG(&b, p); err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(b.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if got := fromImage(img); !bytes.Equal(got.Pix, p.Pix) {
			t.Errorf("%v: the pixels differ", size)
		}
	}
	if err := picture.EncodePNG(new(bytes.Buffer), &picture.RGB{Width: 2, Height: 2, Pix: make([]byte, 5)}); err == nil {
		t.Error("a picture of too few bytes gave no error")
	}
}
