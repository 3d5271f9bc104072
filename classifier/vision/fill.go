package vision

import (
	"fmt"
	"sync"

	"github.com/limen-waf/limen/classifier/picture"
)

// Fill writes the input tensor of a picture to dst, which has [Spec.Size]
// elements, and returns where the picture went. It may be called by many
// goroutines at once. It panics when dst is shorter, or the picture empty or released.
func (s *Spec) Fill(dst []float32, p *picture.Picture) Placement {
	dst = dst[:s.Size()]
	if p.Width < 1 || p.Height < 1 || len(p.Pix) < 3*p.Width*p.Height {
		panic(fmt.Sprintf("vision: Fill: the picture is %d by %d pixels in %d bytes", p.Width, p.Height, len(p.Pix)))
	}
	fullW, fullH := p.FullWidth, p.FullHeight
	if fullW < 1 || fullH < 1 {
		fullW, fullH = p.Width, p.Height
	}
	src, dx, dy, dw, dh := s.frame(fullW, fullH)

	scaled := buffers.Get().(*picture.RGB)
	defer buffers.Put(scaled)
	if n := 3 * dw * dh; cap(scaled.Pix) < n {
		scaled.Pix = make([]byte, n)
	} else {
		scaled.Pix = scaled.Pix[:n]
	}
	scaled.Width, scaled.Height = dw, dh
	// The decoder may have reduced the picture.
	kx, ky := float64(p.Width)/float64(fullW), float64(p.Height)/float64(fullH)
	p.Resize(scaled, src.x*kx, src.y*ky, src.w*kx, src.h*ky)

	s.tensor(dst, scaled, dx, dy)

	scaleX, scaleY := src.w/float64(dw), src.h/float64(dh)
	return Placement{
		ScaleX:    scaleX,
		ScaleY:    scaleY,
		OffsetX:   src.x - float64(dx)*scaleX,
		OffsetY:   src.y - float64(dy)*scaleY,
		FullWidth: fullW, FullHeight: fullH,
	}
}

// buffers hold the pictures between resizing and the tensor.
var buffers = sync.Pool{New: func() any { return new(picture.RGB) }}

// tensor writes a picture at (x, y) of the model's input, and padding around
// it.
func (s *Spec) tensor(dst []float32, p *picture.RGB, x, y int) {
	t := s.tables()
	first, third := 0, 2 // which sample of a pixel is the tensor's first channel
	if s.Order == OrderBGR {
		first, third = 2, 0
	}
	padded := p.Width != s.Width || p.Height != s.Height
	if s.Layout == NHWC {
		if padded {
			pad := [3]float32{t[0][s.Pad], t[1][s.Pad], t[2][s.Pad]}
			for i := 0; i+3 <= len(dst); i += 3 {
				dst[i], dst[i+1], dst[i+2] = pad[0], pad[1], pad[2]
			}
		}
		for row := range p.Height {
			in := p.Pix[3*row*p.Width:][:3*p.Width]
			out := dst[3*((y+row)*s.Width+x):][:3*p.Width]
			for i := 0; i+3 <= len(in) && i+3 <= len(out); i += 3 {
				px := in[i : i+3 : i+3]
				o := out[i : i+3 : i+3]
				o[0], o[1], o[2] = t[0][px[first]], t[1][px[1]], t[2][px[third]]
			}
		}
		return
	}
	plane := s.Width * s.Height
	if padded {
		for c := range 3 {
			v := t[c][s.Pad]
			out := dst[c*plane:][:plane]
			for i := range out {
				out[i] = v
			}
		}
	}
	for row := range p.Height {
		in := p.Pix[3*row*p.Width:][:3*p.Width]
		at := (y+row)*s.Width + x
		c0 := dst[at:][:p.Width]
		c1 := dst[plane+at:][:p.Width]
		c2 := dst[2*plane+at:][:p.Width]
		for i := range c0 {
			px := in[3*i : 3*i+3 : 3*i+3]
			c0[i], c1[i], c2[i] = t[0][px[first]], t[1][px[1]], t[2][px[third]]
		}
	}
}

// tables map a sample to the tensor's value, for each channel of the tensor.
func (s *Spec) tables() *[3][256]float32 {
	scale, std := s.Scale, s.Std
	set(&scale, 1)
	set(&std, [3]float64{1, 1, 1})
	var t [3][256]float32
	for c := range t {
		for v := range t[c] {
			t[c][v] = float32((float64(v)*scale - s.Mean[c]) / std[c])
		}
	}
	return &t
}
