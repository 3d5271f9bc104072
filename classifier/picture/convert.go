package picture

import (
	"image"
	"image/color"
)

// copyImage writes img, over white, to dst with its top left corner at the
// given pixel. What lies outside dst is dropped.
func copyImage(dst *RGB, img image.Image, at image.Point, studio bool) {
	b := img.Bounds()
	width := min(b.Dx(), dst.Width-at.X)
	height := min(b.Dy(), dst.Height-at.Y)
	if width <= 0 || height <= 0 {
		return
	}
	row := rowsOf(img, studio)
	for y := range height {
		out := dst.Pix[3*((at.Y+y)*dst.Width+at.X):][:3*width]
		row(out, y)
	}
}

// rowsOf returns what writes row y of img as RGB, as many pixels as fit in out.
// studio says that YCbCr is that of video, with black at 16 and white at 235,
// as WebP has it (RFC 6386, section 9.2).
func rowsOf(img image.Image, studio bool) func(out []byte, y int) {
	b := img.Bounds()
	switch m := img.(type) {
	case *image.NRGBA:
		return func(out []byte, y int) {
			in := m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):]
			for i, j := 0, 0; i < len(out); i, j = i+3, j+4 {
				p, q := out[i:i+3:i+3], in[j:j+4:j+4]
				p[0], p[1], p[2] = overWhite(q[0], q[3]), overWhite(q[1], q[3]), overWhite(q[2], q[3])
			}
		}
	case *image.RGBA: // premultiplied
		return func(out []byte, y int) {
			in := m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):]
			for i, j := 0, 0; i < len(out); i, j = i+3, j+4 {
				p, q := out[i:i+3:i+3], in[j:j+4:j+4]
				rest := 255 - q[3]
				p[0], p[1], p[2] = q[0]+min(rest, 255-q[0]), q[1]+min(rest, 255-q[1]), q[2]+min(rest, 255-q[2])
			}
		}
	case *image.Gray:
		return func(out []byte, y int) {
			in := m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):]
			for i, j := 0, 0; i < len(out); i, j = i+3, j+1 {
				out[i], out[i+1], out[i+2] = in[j], in[j], in[j]
			}
		}
	case *image.Gray16:
		return func(out []byte, y int) {
			in := m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):]
			for i, j := 0, 0; i < len(out); i, j = i+3, j+2 {
				out[i], out[i+1], out[i+2] = in[j], in[j], in[j]
			}
		}
	case *image.NRGBA64:
		return func(out []byte, y int) {
			in := m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):]
			for i, j := 0, 0; i < len(out); i, j = i+3, j+8 {
				p, q := out[i:i+3:i+3], in[j:j+8:j+8]
				p[0], p[1], p[2] = overWhite(q[0], q[6]), overWhite(q[2], q[6]), overWhite(q[4], q[6])
			}
		}
	case *image.RGBA64:
		return func(out []byte, y int) {
			in := m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):]
			for i, j := 0, 0; i < len(out); i, j = i+3, j+8 {
				p, q := out[i:i+3:i+3], in[j:j+8:j+8]
				rest := 255 - q[6]
				p[0], p[1], p[2] = q[0]+min(rest, 255-q[0]), q[2]+min(rest, 255-q[2]), q[4]+min(rest, 255-q[4])
			}
		}
	case *image.Paletted:
		var colors [256][3]byte
		for i, c := range m.Palette[:min(256, len(m.Palette))] {
			colors[i] = flatten(c)
		}
		return func(out []byte, y int) {
			in := m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):]
			for i, j := 0, 0; i < len(out); i, j = i+3, j+1 {
				*(*[3]byte)(out[i:]) = colors[in[j]]
			}
		}
	case *image.YCbCr:
		return ycbcrRows(m, nil, 0, studio)
	case *image.NYCbCrA:
		return ycbcrRows(&m.YCbCr, m.A, m.AStride, studio)
	}
	return func(out []byte, y int) {
		for i := 0; i < len(out); i += 3 {
			*(*[3]byte)(out[i:]) = flatten(img.At(b.Min.X+i/3, b.Min.Y+y))
		}
	}
}

func ycbcrRows(m *image.YCbCr, alpha []byte, alphaStride int, studio bool) func(out []byte, y int) {
	b := m.Rect
	return func(out []byte, y int) {
		for i := 0; i < len(out); i += 3 {
			x := b.Min.X + i/3
			at, c := m.YOffset(x, b.Min.Y+y), m.COffset(x, b.Min.Y+y)
			var p [3]byte
			if studio {
				p = studioRGB(m.Y[at], m.Cb[c], m.Cr[c])
			} else {
				p[0], p[1], p[2] = color.YCbCrToRGB(m.Y[at], m.Cb[c], m.Cr[c])
			}
			if alpha != nil {
				a := alpha[y*alphaStride+i/3]
				p = [3]byte{overWhite(p[0], a), overWhite(p[1], a), overWhite(p[2], a)}
			}
			*(*[3]byte)(out[i:]) = p
		}
	}
}

// studioRGB is the conversion of ITU-R BT.601 with 16 bits of fraction.
func studioRGB(y, cb, cr byte) [3]byte {
	l := 76309*(int32(y)-16) + 1<<15
	b, r := int32(cb)-128, int32(cr)-128
	return [3]byte{
		clamp((l + 104597*r) >> 16),
		clamp((l - 25675*b - 53279*r) >> 16),
		clamp((l + 132201*b) >> 16),
	}
}

func clamp(v int32) byte { return byte(min(max(v, 0), 255)) }

// overWhite lays a sample with its alpha, not multiplied by it, over white.
func overWhite(v, alpha byte) byte {
	if alpha == 255 {
		return v
	}
	return byte((uint32(v)*uint32(alpha) + 255*(255-uint32(alpha)) + 127) / 255)
}

func flatten(c color.Color) [3]byte {
	r, g, b, a := c.RGBA()
	rest := 0xffff - a
	return [3]byte{byte((r + rest) >> 8), byte((g + rest) >> 8), byte((b + rest) >> 8)}
}
