package jpeg

// space is how the components make a colour.
type space int

const (
	grey space = iota
	ycc
	rgb
	cmyk
	ycck
)

// adobe is what an Adobe APP14 segment says (Adobe Technical Note 5116).
type adobe struct {
	there     bool
	transform byte // 0: RGB or CMYK, 1: YCbCr, 2: YCCK
}

func parseAdobe(b []byte) (a adobe) {
	if len(b) >= 12 && string(b[:5]) == "Adobe" {
		return adobe{there: true, transform: b[11]}
	}
	return adobe{}
}

// spaceOf guesses as other decoders do: the Adobe segment, then the names of
// the components.
func spaceOf(f *frame, a adobe) space {
	switch {
	case len(f.components) == 1:
		return grey
	case len(f.components) == 4 && a.transform == 2:
		return ycck
	case len(f.components) == 4:
		return cmyk
	case a.there && a.transform == 0,
		!a.there && f.components[0].id == 'R' && f.components[1].id == 'G' && f.components[2].id == 'B':
		return rgb
	}
	return ycc
}

// Contributions of Cb and Cr to the colours, 16 bits of fraction (JFIF 1.02).
var crRed, cbGreen, crGreen, cbBlue = func() (r, g1, g2, b [256]int32) {
	for i := range 256 {
		d := float64(i - 128)
		r[i] = int32(1.402*65536*d) + 1<<15
		g1[i] = int32(-0.344136286*65536*d) + 1<<15
		g2[i] = int32(-0.714136286 * 65536 * d)
		b[i] = int32(1.772*65536*d) + 1<<15
	}
	return r, g1, g2, b
}()

func clamp(v int32) byte {
	if uint32(v) > 255 {
		if v < 0 {
			return 0
		}
		return 255
	}
	return byte(v)
}

// convert makes a row of RGB of the rows of the components, which are at least
// as long. inverted says that 255 is no ink, as Adobe's programs write it.
func (s space) convert(dst []byte, rows *[4][]byte, inverted bool) {
	n := len(dst) / 3
	c0 := rows[0][:n]
	switch s {
	case grey:
		for i, v := range c0 {
			p := dst[3*i : 3*i+3 : 3*i+3]
			p[0], p[1], p[2] = v, v, v
		}
	case rgb:
		c1, c2 := rows[1][:n], rows[2][:n]
		for i, v := range c0 {
			p := dst[3*i : 3*i+3 : 3*i+3]
			p[0], p[1], p[2] = v, c1[i], c2[i]
		}
	case ycc, ycck:
		cb, cr := rows[1][:n], rows[2][:n]
		for i, v := range c0 {
			y := int32(v) << 16
			b, r := cb[i], cr[i]
			p := dst[3*i : 3*i+3 : 3*i+3]
			p[0] = clamp((y + crRed[r]) >> 16)
			p[1] = clamp((y + cbGreen[b] + crGreen[r]) >> 16)
			p[2] = clamp((y + cbBlue[b]) >> 16)
		}
		if s == ycck {
			ink(dst, rows[3][:n], inverted)
		}
	case cmyk:
		c1, c2 := rows[1][:n], rows[2][:n]
		for i, v := range c0 {
			p := dst[3*i : 3*i+3 : 3*i+3]
			p[0], p[1], p[2] = v, c1[i], c2[i]
		}
		ink(dst, rows[3][:n], inverted)
	}
}

// ink darkens rows of three inks by the black.
func ink(dst, black []byte, inverted bool) {
	var flip byte
	if !inverted {
		flip = 0xff
	}
	for i, k := range black {
		p := dst[3*i : 3*i+3 : 3*i+3]
		light := uint32(k ^ flip)
		for j, v := range p {
			p[j] = byte((uint32(v^flip)*light + 127) / 255)
		}
	}
}
