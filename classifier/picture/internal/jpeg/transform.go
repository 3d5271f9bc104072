package jpeg

import "math"

// A transform makes the samples of one block, ny rows of nx, of its low
// frequencies. end is as sequentialBlock returns it.
type transform func(dst []byte, stride int, block *coefficients, end int)

// transformOf returns the inverse transform for blocks of nx by ny samples, each
// 1, 2, 4 or 8, and the factors, row by row, that the quantization table is
// multiplied by for it.
//
// A block of n by n samples is what averaging the 8 by 8 samples would give, as
// far as the n by n lowest frequencies tell: each keeps the part of its
// amplitude that averaging over 8/n samples leaves it. The higher frequencies,
// which averaging would fold onto them, are dropped.
func transformOf(nx, ny int) (transform, *[64]float32) {
	var factors [64]float32
	for v := range ny {
		for u := range nx {
			factors[8*v+u] = float32(factor(u, nx) * factor(v, ny) / 8)
		}
	}
	if nx != ny {
		return mixed(nx, ny), &factors
	}
	switch nx {
	case 1:
		return transform1, &factors
	case 2:
		return transform2, &factors
	case 4:
		return transform4, &factors
	}
	return transform8, &factors
}

// factor is what a transform of n samples leaves to the quantization table for
// frequency u: the amplitude, and a constant that saves a multiplication.
func factor(u, n int) float64 {
	a := amplitude(u, n)
	switch {
	case n == 2 && u == 1, n == 4 && u == 2:
		return a * math.Cos(math.Pi/4)
	case n == 8 && u > 0:
		return a * math.Cos(float64(u)*math.Pi/16)
	}
	return a
}

// amplitude is what a cosine of frequency u across 8 samples has left after
// averaging over 8/n of them, in relation to the mean.
func amplitude(u, n int) float64 {
	if u == 0 {
		return 1
	}
	// The mean over each n-th of the block of cos((2x+1)uπ/16) is that of the
	// centre times this.
	x := float64(u) * math.Pi / 16
	return math.Sqrt2 * math.Sin(x*8/float64(n)) / (8 / float64(n) * math.Sin(x))
}

// sample rounds a value about 0 to a sample about 128.
func sample(v float32) byte {
	i := int(v + 128.5)
	if uint(i) > 255 {
		if i < 0 {
			return 0
		}
		return 255
	}
	return byte(i)
}

func transform1(dst []byte, _ int, b *coefficients, _ int) {
	dst[0] = sample(b[0])
	b[0] = 0
}

func transform2(dst []byte, stride int, b *coefficients, _ int) {
	sum, difference := b[0]+b[8], b[0]-b[8]
	s1, d1 := b[1]+b[9], b[1]-b[9]
	dst[0], dst[1] = sample(sum+s1), sample(sum-s1)
	dst = dst[stride:]
	dst[0], dst[1] = sample(difference+d1), sample(difference-d1)
	b[0], b[1], b[8], b[9] = 0, 0, 0, 0
}

// Cosines of kπ/8.
const (
	cos1 = 0.92387953251128675613
	cos3 = 0.38268343236508977173
)

func transform4(dst []byte, stride int, b *coefficients, end int) {
	if end == 0 {
		v := sample(b[0])
		for y := range 4 {
			row := dst[y*stride:][:4]
			row[0], row[1], row[2], row[3] = v, v, v, v
		}
		b[0] = 0
		return
	}
	for x := range 4 {
		b[x], b[8+x], b[16+x], b[24+x] = inverse4(b[x], b[8+x], b[16+x], b[24+x])
	}
	for y := range 4 {
		r := b[8*y:][:4]
		row := dst[y*stride:][:4]
		v0, v1, v2, v3 := inverse4(r[0], r[1], r[2], r[3])
		row[0], row[1], row[2], row[3] = sample(v0), sample(v1), sample(v2), sample(v3)
		r[0], r[1], r[2], r[3] = 0, 0, 0, 0
	}
}

func inverse4(c0, c1, c2, c3 float32) (v0, v1, v2, v3 float32) {
	e0, e1 := c0+c2, c0-c2
	o0, o1 := c1*cos1+c3*cos3, c1*cos3-c3*cos1
	return e0 + o0, e1 + o1, e1 - o1, e0 - o0
}

func transform8(dst []byte, stride int, b *coefficients, end int) {
	if end == 0 {
		v := sample(b[0])
		for y := range 8 {
			row := dst[y*stride:][:8]
			for x := range row {
				row[x] = v
			}
		}
		b[0] = 0
		return
	}
	for x := range 8 {
		c0, c1, c2, c3, c4, c5, c6, c7 := b[x], b[8+x], b[16+x], b[24+x], b[32+x], b[40+x], b[48+x], b[56+x]
		if c1 == 0 && c2 == 0 && c3 == 0 && c4 == 0 && c5 == 0 && c6 == 0 && c7 == 0 {
			b[8+x], b[16+x], b[24+x], b[32+x], b[40+x], b[48+x], b[56+x] = c0, c0, c0, c0, c0, c0, c0
			continue
		}
		b[x], b[8+x], b[16+x], b[24+x], b[32+x], b[40+x], b[48+x], b[56+x] = inverse8(c0, c1, c2, c3, c4, c5, c6, c7)
	}
	for y := range 8 {
		r := b[8*y:][:8]
		row := dst[y*stride:][:8]
		v0, v1, v2, v3, v4, v5, v6, v7 := inverse8(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7])
		row[0], row[1], row[2], row[3] = sample(v0), sample(v1), sample(v2), sample(v3)
		row[4], row[5], row[6], row[7] = sample(v4), sample(v5), sample(v6), sample(v7)
		clear(r)
	}
}

// inverse8 is the transform of Arai, Agui and Nakajima (1988).
func inverse8(c0, c1, c2, c3, c4, c5, c6, c7 float32) (v0, v1, v2, v3, v4, v5, v6, v7 float32) {
	t10, t11 := c0+c4, c0-c4
	t13 := c2 + c6
	t12 := (c2-c6)*math.Sqrt2 - t13
	e0, e3, e1, e2 := t10+t13, t10-t13, t11+t12, t11-t12

	z13, z10, z11, z12 := c5+c3, c5-c3, c1+c7, c1-c7
	o7 := z11 + z13
	z5 := (z10 + z12) * 1.84775906502257351225
	o6 := z5 - z10*2.61312592975275305571 - o7
	o5 := (z11-z13)*math.Sqrt2 - o6
	o4 := z5 - z12*1.08239220029239396879 - o5
	return e0 + o7, e1 + o6, e2 + o5, e3 + o4, e3 - o4, e2 - o5, e1 - o6, e0 - o7
}

// mixed is the transform for planes that are subsampled one way only: across,
// then down, by the sizes' own.
func mixed(nx, ny int) transform {
	return func(dst []byte, stride int, b *coefficients, _ int) {
		for x := range nx {
			inverse(b, x, 8, ny)
		}
		for y := range ny {
			inverse(b, 8*y, 1, nx)
			row := dst[y*stride:][:nx]
			for x := range row {
				row[x] = sample(b[8*y+x])
				b[8*y+x] = 0
			}
		}
	}
}

// inverse transforms n coefficients in place, the first at index at, each step
// after the one before.
func inverse(b *coefficients, at, step, n int) {
	p := func(i int) *float32 { return &b[at+i*step] }
	switch n {
	case 2:
		*p(0), *p(1) = *p(0)+*p(1), *p(0)-*p(1)
	case 4:
		*p(0), *p(1), *p(2), *p(3) = inverse4(*p(0), *p(1), *p(2), *p(3))
	case 8:
		*p(0), *p(1), *p(2), *p(3), *p(4), *p(5), *p(6), *p(7) = inverse8(*p(0), *p(1), *p(2), *p(3), *p(4), *p(5), *p(6), *p(7))
	}
}
