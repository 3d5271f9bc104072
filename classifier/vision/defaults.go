package vision

import "slices"

// Defaults of detection.
const (
	DefaultIoU      = 0.45
	DefaultMinScore = 0.3
	DefaultMaxBoxes = 100
)

// DefaultAnchors are those of TensorFlow's SSD MobileNet configurations: six
// grids from 0.2 to 0.95 of the picture.
func DefaultAnchors() Anchors {
	return Anchors{
		MinScale:     0.2,
		MaxScale:     0.95,
		AspectRatios: []float64{1, 2, 0.5, 3, 0.3333},
		Interpolated: true,
		ReduceLowest: true,
		Coder:        [4]float64{10, 10, 5, 5},
	}
}

// normal returns the Spec with its defaults in place of what is unset. What
// the task or the decoder has no use for is cleared, so that two Specs that
// mean the same have one digest.
func (s Spec) normal() Spec {
	if s.Task == "" {
		s.Task = Classify
		if s.Decoder.task() == Detect {
			s.Task = Detect
		}
	}
	set(&s.Layout, NCHW)
	set(&s.Order, OrderRGB)
	set(&s.Resize, Stretch)
	set(&s.Scale, 1)
	set(&s.Std, [3]float64{1, 1, 1})
	set(&s.CropRatio, 1)
	set(&s.Position, TopLeft)
	if s.Resize != Crop {
		s.CropRatio = 0
	}
	if s.Resize != Letterbox {
		s.Position, s.Pad = "", 0
	}
	if s.Task != Detect {
		s.Activation, s.NMS, s.Strides, s.Anchors = "", "", nil, nil
		s.IoU, s.MinScore, s.MaxBoxes = 0, 0, 0
		return s
	}
	if s.Activation == "" {
		s.Activation = ActivationNone
		if s.Decoder == SSD {
			s.Activation = ActivationSigmoid
		}
	}
	switch {
	case s.Decoder == YOLOX && len(s.Strides) == 0:
		s.Strides = []int{8, 16, 32}
	case s.Decoder != YOLOX && s.Decoder != SSD:
		s.Strides = nil
	}
	if s.Decoder != SSD {
		s.Anchors = nil
	} else {
		a := DefaultAnchors()
		if s.Anchors != nil {
			a = *s.Anchors
			a.AspectRatios = slices.Clone(a.AspectRatios)
			set(&a.Coder, [4]float64{1, 1, 1, 1})
		}
		s.Anchors = &a
	}
	set(&s.IoU, DefaultIoU)
	set(&s.NMS, NMSPerClass)
	set(&s.MinScore, DefaultMinScore)
	set(&s.MaxBoxes, DefaultMaxBoxes)
	return s
}

// set gives what is unset its default.
func set[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}
