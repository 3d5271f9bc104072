package vision

import "fmt"

// InputShape is the shape of the input tensor for one picture: [1,3,H,W] or
// [1,H,W,3].
func (s *Spec) InputShape() []int64 {
	w, h := int64(s.Width), int64(s.Height)
	if s.Layout == NHWC {
		return []int64{1, h, w, 3}
	}
	return []int64{1, 3, h, w}
}

// Size is the number of elements of the input tensor for one picture.
func (s *Spec) Size() int { return 3 * s.Width * s.Height }

// FitInput brings the Spec in line with the shape of the model's input, where
// -1 stands for any size: width and height that the model fixes replace those
// of the Spec, and an unset layout is the model's. An input that takes no
// picture in the Spec's layout is an error that wraps [ErrSpec].
func (s *Spec) FitInput(shape []int64) error {
	if len(shape) != 4 {
		return fmt.Errorf("%w: the model's input is %v, expected four dimensions: "+
			"[N,3,height,width] (layout nchw) or [N,height,width,3] (layout nhwc)", ErrSpec, shape)
	}
	if shape[0] != 1 && shape[0] > 0 {
		return fmt.Errorf("%w: the model's input is %v: it takes batches of %d pictures only, expected 1 or a free first dimension; "+
			"export the model with batch size 1", ErrSpec, shape, shape[0])
	}
	nchw := shape[1] == 3 || shape[1] < 0 && shape[3] != 3
	nhwc := shape[3] == 3 || shape[3] < 0 && shape[1] != 3
	if s.Layout == "" {
		s.Layout = NCHW
		if !nchw {
			s.Layout = NHWC
		}
	}
	height, width := shape[2], shape[3]
	fits := nchw
	other := NHWC
	if s.Layout == NHWC {
		height, width = shape[1], shape[2]
		fits = nhwc
		other = NCHW
	}
	switch {
	case !nchw && !nhwc:
		return fmt.Errorf("%w: the model's input is %v, expected 3 colour channels second (nchw) or last (nhwc)", ErrSpec, shape)
	case !fits:
		return fmt.Errorf("%w: the model's input is %v, which is not layout %s; set layout %s, or use the preset for it",
			ErrSpec, shape, s.Layout, other)
	}
	for _, d := range []int64{height, width} {
		if d == 0 || d > maxSide {
			return fmt.Errorf("%w: the model's input is %v, expected 1 to %d pixels each way", ErrSpec, shape, maxSide)
		}
	}
	if width > 0 {
		s.Width = int(width)
	}
	if height > 0 {
		s.Height = int(height)
	}
	return nil
}
