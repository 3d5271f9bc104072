package vision

import "math"

// Placement maps the pixels of a model's input back to those of the upload:
// upload = model*Scale + Offset, in each direction.
type Placement struct {
	ScaleX, ScaleY   float64
	OffsetX, OffsetY float64
	// FullWidth and FullHeight are the size of the upright upload in pixels.
	FullWidth, FullHeight int
}

// box maps a box and clips it to the picture. ok is false where nothing of it
// is left, or where a corner is not a finite number.
func (p *Placement) box(b [4]float64) (c [4]float64, ok bool) {
	w, h := float64(p.FullWidth), float64(p.FullHeight)
	c = [4]float64{
		clip(b[0]*p.ScaleX+p.OffsetX, w),
		clip(b[1]*p.ScaleY+p.OffsetY, h),
		clip(b[2]*p.ScaleX+p.OffsetX, w),
		clip(b[3]*p.ScaleY+p.OffsetY, h),
	}
	return c, c[2] > c[0] && c[3] > c[1] // false for NaN
}

func clip(v, limit float64) float64 { return math.Min(math.Max(v, 0), limit) }
