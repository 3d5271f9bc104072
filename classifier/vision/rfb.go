package vision

import "math"

// rfb reads scores [boxes, classes] and corners [boxes, 4], which are x1, y1,
// x2, y2 relative to the model's picture.
func (c *candidates) rfb(out []Output) error {
	s := c.spec
	corners, scores, boxes, err := c.boxesAndScores(out, "corners")
	if err != nil {
		return err
	}
	width, height := float64(s.Width), float64(s.Height)
	return c.eachScore(scores, boxes, func(box, class int, score float64) error {
		b := corners.Data[4*box:][:4]
		return c.add(corners, class, score,
			float64(b[0])*width, float64(b[1])*height, float64(b[2])*width, float64(b[3])*height)
	})
}

// boxesAndScores finds the two outputs of an SSD and checks that they belong
// together.
func (c *candidates) boxesAndScores(out []Output, what string) (boxes, scores *Output, n int, err error) {
	s := c.spec
	boxes, err = s.find(out, 0, what+" [1,boxes,4]", func(o *Output) bool {
		d := o.dims(2)
		return d != nil && d[1] == 4
	})
	if err != nil {
		return nil, nil, 0, err
	}
	scores, err = s.find(out, 1, "scores [1,boxes,classes]", func(o *Output) bool {
		d := o.dims(2)
		return d != nil && d[1] > 0 && o.Name != boxes.Name
	})
	if err != nil {
		return nil, nil, 0, err
	}
	b, d := boxes.dims(2), scores.dims(2)
	if b == nil || b[1] != 4 {
		return nil, nil, 0, boxes.errorf("is not what decoder %s reads, expected %s [1,boxes,4] of one picture", s.Decoder, what)
	}
	if d == nil || d[1] == 0 || d[0] != b[0] {
		return nil, nil, 0, scores.errorf("does not belong to output %s %s, expected [1,%d,classes]",
			boxes.Name, shapeText(boxes.Shape), b[0])
	}
	if s.Background && d[1] < 2 {
		return nil, nil, 0, scores.errorf("has the background as its only class; set background off")
	}
	c.of, err = s.classes(scores, d[1], c.names)
	return boxes, scores, b[0], err
}

// eachScore calls f for each class of each box that scores enough.
func (c *candidates) eachScore(o *Output, boxes int, f func(box, class int, score float64) error) error {
	classes := len(o.Data) / max(boxes, 1)
	first := 0
	if c.spec.Background {
		first = 1
	}
	enough := c.enough()
	softmaxed := make([]float64, classes)
	for box := range boxes {
		row := o.Data[box*classes:][:classes]
		if c.spec.Activation == ActivationSoftmax {
			for i, v := range row {
				if softmaxed[i] = float64(v); !finite(softmaxed[i]) {
					return o.badScore(v)
				}
			}
			softmax(softmaxed)
		}
		for class := first; class < classes; class++ {
			var score float64
			if c.spec.Activation == ActivationSoftmax {
				score = softmaxed[class]
			} else {
				if v := row[class]; v < enough && (v >= -tolerance || c.spec.Activation == ActivationSigmoid) {
					continue // the most of them: spared the exponential
				}
				var err error
				if score, err = c.score(o, row[class]); err != nil {
					return err
				}
			}
			if score < c.minScore {
				continue
			}
			if err := f(box, class, score); err != nil {
				return err
			}
		}
	}
	return nil
}

// enough is the number in the output below which no score is high enough. It is
// a little low, for rounding.
func (c *candidates) enough() float32 {
	m := c.minScore
	if c.spec.Activation == ActivationSigmoid {
		m = math.Log(m / (1 - m))
	}
	return float32(m - 1e-3)
}
