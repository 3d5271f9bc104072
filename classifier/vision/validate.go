package vision

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Limits of a Spec: far above any model of ours or of the presets, and low
// enough that no product of them overflows or takes the memory.
const (
	maxSide    = 8192
	maxStrides = 16
	maxRatios  = 32
	maxAnchors = 1 << 22
	maxBoxes   = 10000
)

// task is what the decoder is for; empty for one that does not exist.
func (d Decoder) task() Task {
	switch d {
	case Logits, Probabilities, Sigmoid:
		return Classify
	case YOLOX, SSD, FastestDet, RFB:
		return Detect
	}
	return ""
}

// outputs is the number of outputs that the decoder reads.
func (d Decoder) outputs() int {
	if d == SSD || d == RFB {
		return 2
	}
	return 1
}

// Validate says whether the Spec makes sense. Its error wraps [ErrSpec] and
// names the option and what it may be.
func (s *Spec) Validate() error {
	n := s.normal()
	if err := cmp.Or(
		n.validateDecoder(),
		n.validateInput(),
		n.validateDetect(),
	); err != nil {
		return fmt.Errorf("%w: %w", ErrSpec, err)
	}
	return nil
}

func (s *Spec) validateDecoder() error {
	if err := oneOf("task", s.Task, Classify, Detect); err != nil {
		return err
	}
	decoders := []Decoder{Logits, Probabilities, Sigmoid}
	if s.Task == Detect {
		decoders = []Decoder{YOLOX, SSD, FastestDet, RFB}
	}
	if s.Decoder == "" {
		return fmt.Errorf("no decoder: set one of %s for task %s, or use a preset (%s)",
			list(decoders), s.Task, strings.Join(Presets(), ", "))
	}
	if !slices.Contains(decoders, s.Decoder) {
		return fmt.Errorf("decoder is %q, expected %s for task %s", s.Decoder, list(decoders), s.Task)
	}
	if n := len(s.Outputs); n > 0 && n != s.Decoder.outputs() {
		return fmt.Errorf("outputs are %q, but decoder %s reads %d", s.Outputs, s.Decoder, s.Decoder.outputs())
	}
	if slices.Contains(s.Outputs, "") {
		return fmt.Errorf("outputs are %q: a name is empty", s.Outputs)
	}
	return nil
}

func (s *Spec) validateInput() error {
	if s.Width < 1 || s.Height < 1 || s.Width > maxSide || s.Height > maxSide {
		return fmt.Errorf("size is %d by %d, expected a width and a height of 1 to %d pixels "+
			"(the model's input does not fix them: set size)", s.Width, s.Height, maxSide)
	}
	if err := cmp.Or(
		oneOf("layout", s.Layout, NCHW, NHWC),
		oneOf("order", s.Order, OrderRGB, OrderBGR),
		oneOf("resize", s.Resize, Stretch, Crop, Letterbox),
	); err != nil {
		return err
	}
	if s.Resize == Crop && !(s.CropRatio > 0 && s.CropRatio <= 1) {
		return fmt.Errorf("crop_ratio is %v, expected a number above 0 and at most 1", s.CropRatio)
	}
	if s.Resize == Letterbox {
		if err := oneOf("position", s.Position, TopLeft, Center); err != nil {
			return err
		}
	}
	if !finite(s.Scale) {
		return fmt.Errorf("scale is %v, expected a number", s.Scale)
	}
	for c := range 3 {
		if !finite(s.Mean[c]) {
			return fmt.Errorf("mean is %v, expected three numbers", s.Mean)
		}
		if s.Std[c] == 0 || !finite(s.Std[c]) {
			return fmt.Errorf("std is %v, expected three numbers other than 0", s.Std)
		}
	}
	return nil
}

func (s *Spec) validateDetect() error {
	if s.Task != Detect {
		return nil
	}
	if err := cmp.Or(
		oneOf("activation", s.Activation, ActivationNone, ActivationSigmoid, ActivationSoftmax),
		oneOf("nms", s.NMS, NMSPerClass, NMSAll),
		fraction("iou", s.IoU),
		fraction("min_score", s.MinScore),
	); err != nil {
		return err
	}
	if s.MaxBoxes < 1 || s.MaxBoxes > maxBoxes {
		return fmt.Errorf("max_boxes is %d, expected 1 to %d", s.MaxBoxes, maxBoxes)
	}
	if s.Activation == ActivationSoftmax && (s.Decoder == YOLOX || s.Decoder == FastestDet) {
		return fmt.Errorf("activation softmax is not for decoder %s, whose scores are none or sigmoid", s.Decoder)
	}
	if len(s.Strides) > maxStrides {
		return fmt.Errorf("strides are %v, expected at most %d", s.Strides, maxStrides)
	}
	if s.Decoder == SSD && len(s.Strides) == 0 {
		return fmt.Errorf("no strides: decoder ssd needs one for each grid, for instance 16 32 64 128 256 512")
	}
	for _, st := range s.Strides {
		if st < 1 || st > maxSide {
			return fmt.Errorf("strides are %v, expected 1 to %d pixels each", s.Strides, maxSide)
		}
	}
	if s.Decoder == SSD {
		return s.validateAnchors()
	}
	return nil
}

func (s *Spec) validateAnchors() error {
	a := s.Anchors
	if !(a.MinScale > 0 && a.MinScale <= a.MaxScale && a.MaxScale <= 1) {
		return fmt.Errorf("anchors: scales are %v to %v, expected 0 < min_scale <= max_scale <= 1", a.MinScale, a.MaxScale)
	}
	if len(a.AspectRatios) == 0 || len(a.AspectRatios) > maxRatios {
		return fmt.Errorf("anchors: aspect_ratios are %v, expected 1 to %d numbers", a.AspectRatios, maxRatios)
	}
	for _, r := range a.AspectRatios {
		if !(r > 0) || !finite(r) {
			return fmt.Errorf("anchors: aspect_ratios are %v, expected numbers above 0", a.AspectRatios)
		}
	}
	for _, c := range a.Coder {
		if !(c > 0) || !finite(c) {
			return fmt.Errorf("anchors: coder is %v, expected four numbers above 0", a.Coder)
		}
	}
	if n := s.anchorCount(); n > maxAnchors {
		return fmt.Errorf("anchors: strides %v on %d by %d pixels make %d boxes, expected at most %d",
			s.Strides, s.Width, s.Height, n, maxAnchors)
	}
	return nil
}

func oneOf[T ~string](option string, v T, allowed ...T) error {
	if slices.Contains(allowed, v) {
		return nil
	}
	return fmt.Errorf("%s is %q, expected %s", option, v, list(allowed))
}

func fraction(option string, v float64) error {
	if v > 0 && v <= 1 {
		return nil
	}
	return fmt.Errorf("%s is %v, expected a number above 0 and at most 1", option, v)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// list writes words as: a, b or c.
func list[T ~string](words []T) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}
