package vision

import (
	"fmt"
	"math"
)

// LeastScore is the score from which on Detect finds something where it is not told
// another one. It is 0 for a classifier.
func (s *Spec) LeastScore() float64 {
	n := s.normal()
	return n.MinScore
}

// Detect reads the outputs of a detector: the boxes that score at least
// minScore (0 or less: the Spec's), less those that stronger ones suppress, the
// strongest first, in pixels of the upload. names are those of the classes, or none.
// The error wraps [ErrOutput] or [ErrLabels].
func (s *Spec) Detect(out []Output, names []string, pl Placement, minScore float64) ([]Box, error) {
	n := s.normal()
	if !(minScore > 0) {
		minScore = n.MinScore
	}
	c := candidates{spec: &n, minScore: math.Min(minScore, 1), names: names}
	var err error
	switch n.Decoder {
	case YOLOX:
		err = c.yolox(out)
	case SSD:
		err = c.ssd(out)
	case FastestDet:
		err = c.fastestDet(out)
	case RFB:
		err = c.rfb(out)
	default:
		err = fmt.Errorf("%w: decoder %q finds no boxes", ErrSpec, n.Decoder)
	}
	if err != nil {
		return nil, err
	}
	boxes := make([]Box, 0, 8)
	for _, d := range suppress(c.found, n.IoU, n.NMS == NMSAll) {
		at, ok := pl.box(d.box)
		if !ok {
			continue // all of it is outside the picture
		}
		b := Box{Score: d.score, Box: at}
		b.Label, b.Index = c.of.of(d.class)
		if boxes = append(boxes, b); len(boxes) == n.MaxBoxes {
			break
		}
	}
	return boxes, nil
}

// candidates are what a decoder finds before suppression.
type candidates struct {
	spec     *Spec
	minScore float64
	names    []string

	of    classNames
	found []detection
}

// detection is a box in pixels of the model's picture: x1, y1, x2, y2.
type detection struct {
	box   [4]float64
	score float64
	class int
	order int // among the candidates
}

// add takes a box by its corners, in pixels of the model's picture. o is
// named where the numbers are not finite.
func (c *candidates) add(o *Output, class int, score float64, x1, y1, x2, y2 float64) error {
	if !finite(x1) || !finite(y1) || !finite(x2) || !finite(y2) {
		return o.errorf("holds a box with corners %v,%v %v,%v; the model's arithmetic broke down on this input or device",
			x1, y1, x2, y2)
	}
	if x2 > x1 && y2 > y1 {
		c.found = append(c.found, detection{
			box: [4]float64{x1, y1, x2, y2}, score: math.Min(score, 1), class: class, order: len(c.found),
		})
	}
	return nil
}

// addCentered takes a box by its middle and its size.
func (c *candidates) addCentered(o *Output, class int, score float64, x, y, w, h float64) error {
	return c.add(o, class, score, x-w/2, y-h/2, x+w/2, y+h/2)
}

// score brings one number of an output to a score of 0 to 1.
func (c *candidates) score(o *Output, v float32) (float64, error) {
	f := float64(v)
	if c.spec.Activation == ActivationSigmoid && v == v {
		return sigmoid(f), nil
	}
	if !(f >= -tolerance && f <= 1+tolerance) {
		return 0, o.badScore(v)
	}
	return f, nil
}

func (o *Output) badScore(v float32) error {
	if !finite(float64(v)) {
		return o.errorf("holds a score of %v; the model's arithmetic broke down on this input or device", v)
	}
	return o.errorf("holds a score of %v, expected 0 to 1; set activation sigmoid, or another decoder or outputs", v)
}

// exp is e to the power of v without overflow: a size of 2^57 cells is
// clipped to the picture like any other that is too large.
func exp(v float32) float64 { return math.Exp(math.Min(float64(v), 40)) }

// grid is the number of cells of so many pixels along a side.
func grid(side, stride int) int { return (side + stride - 1) / stride }

// largest gives the index and the value of the largest element.
func largest(v []float32) (int, float32) {
	best, at := v[0], 0
	for i, x := range v {
		if x > best {
			best, at = x, i
		}
	}
	return at, best
}
