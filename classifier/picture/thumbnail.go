package picture

import (
	"fmt"
	"image"
	"image/jpeg"
	"io"
)

// thumbnailQuality is JPEG's, of 1 to 100.
const thumbnailQuality = 75

// EncodeThumbnail writes p as a JPEG whose longer side has at most side pixels. A picture
// that is smaller keeps its size.
func EncodeThumbnail(w io.Writer, p *RGB, side int) error {
	if p.Width <= 0 || p.Height <= 0 || len(p.Pix) != 3*p.Width*p.Height {
		return fmt.Errorf("encoding a thumbnail: %d bytes are not %d by %d pixels", len(p.Pix), p.Width, p.Height)
	}
	if side < 1 {
		return fmt.Errorf("encoding a thumbnail: side is %d, expected 1 or more", side)
	}
	small := p
	if long := max(p.Width, p.Height); long > side {
		small = NewRGB(max(1, (p.Width*side+long/2)/long), max(1, (p.Height*side+long/2)/long))
		p.Resize(small, 0, 0, float64(p.Width), float64(p.Height))
	}
	img := image.NewRGBA(image.Rect(0, 0, small.Width, small.Height))
	for i, j := 0, 0; i < len(small.Pix); i, j = i+3, j+4 {
		in, out := small.Pix[i:i+3:i+3], img.Pix[j:j+4:j+4]
		out[0], out[1], out[2], out[3] = in[0], in[1], in[2], 255
	}
	if err := jpeg.Encode(w, img, &jpeg.Options{Quality: thumbnailQuality}); err != nil {
		return fmt.Errorf("encoding a thumbnail: %w", err)
	}
	return nil
}
