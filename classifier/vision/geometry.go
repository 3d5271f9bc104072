package vision

import "math"

// rect is a rectangle by its corner and its size.
type rect struct{ x, y, w, h float64 }

// frame says which part of an upload of w by h pixels goes where in the
// model's picture: src in pixels of the upload, dst in whole pixels of the
// model.
func (s *Spec) frame(w, h int) (src rect, dx, dy, dw, dh int) {
	fw, fh := float64(w), float64(h)
	mw, mh := float64(s.Width), float64(s.Height)
	src = rect{0, 0, fw, fh}
	dw, dh = s.Width, s.Height
	switch s.Resize {
	case Crop:
		// Rounded as if the picture were scaled to whole pixels first and cropped
		// then, which is how such models are trained and documented: a part of a
		// pixel beside it moves a quantised model's scores. It is done in one step
		// all the same.
		rw, rh := s.cropFrom()
		if mw*fh <= mh*fw {
			rw = math.Max(mw, math.Round(rh*fw/fh))
		} else {
			rh = math.Max(mh, math.Round(rw*fh/fw))
		}
		src.w, src.h = mw*fw/rw, mh*fh/rh
		src.x = math.Floor((rw-mw)/2) * fw / rw
		src.y = math.Floor((rh-mh)/2) * fh / rh
	case Letterbox:
		// In whole numbers, so that the longer side is filled to the last pixel.
		if s.Width*h <= s.Height*w {
			dh = max(1, h*s.Width/w)
		} else {
			dw = max(1, w*s.Height/h)
		}
		if s.Position == Center {
			dx, dy = (s.Width-dw)/2, (s.Height-dh)/2
		}
	}
	return src, dx, dy, dw, dh
}

// cropFrom is the size in whole pixels that crop takes the model's picture out
// of, for an upload of the model's shape.
func (s *Spec) cropFrom() (w, h float64) {
	ratio := s.CropRatio
	set(&ratio, 1)
	return math.Round(float64(s.Width) / ratio), math.Round(float64(s.Height) / ratio)
}

// Need is the size in pixels that a decoder must at least give for an upload
// whose upright size is fullW by fullH, so that nothing is lost to the model by
// decoding at a reduced scale. It is never more than the upload has. With fullW or fullH 0, the size
// not being known yet, it is enough for any upload.
func (s *Spec) Need(fullW, fullH int) (w, h int) {
	if fullW <= 0 || fullH <= 0 {
		if s.Resize == Crop {
			rw, rh := s.cropFrom()
			return int(rw), int(rh)
		}
		return s.Width, s.Height
	}
	src, _, _, dw, dh := s.frame(fullW, fullH)
	w = ceil(float64(fullW) * float64(dw) / src.w)
	h = ceil(float64(fullH) * float64(dh) / src.h)
	return min(w, fullW), min(h, fullH)
}

// ceil rounds up, but for what a float64 adds to a whole number.
func ceil(v float64) int { return int(math.Ceil(v - 1e-6)) }
