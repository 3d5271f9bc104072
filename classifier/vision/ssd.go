package vision

import "math"

// ssd reads box encodings [anchors, 4], which are the differences of centre
// y, centre x, height and width to an anchor, and scores [anchors, classes].
func (c *candidates) ssd(out []Output) error {
	s := c.spec
	encodings, scores, boxes, err := c.boxesAndScores(out, "box encodings")
	if err != nil {
		return err
	}
	if n := s.anchorCount(); boxes != n {
		return encodings.errorf("has %d boxes, but strides %v on %d by %d pixels make %d anchors; set strides or anchors, or another size",
			boxes, s.Strides, s.Width, s.Height, n)
	}
	anchors := s.anchorList()
	coder := s.Anchors.Coder
	width, height := float64(s.Width), float64(s.Height)
	return c.eachScore(scores, boxes, func(box, class int, score float64) error {
		a := &anchors[box]
		e := encodings.Data[4*box:][:4]
		y := float64(e[0])/coder[0]*a.h + a.y
		x := float64(e[1])/coder[1]*a.w + a.x
		h := exp(float32(float64(e[2])/coder[2])) * a.h
		w := exp(float32(float64(e[3])/coder[3])) * a.w
		return c.addCentered(encodings, class, score, x*width, y*height, w*width, h*height)
	})
}

// shapes gives the widths and heights of the boxes of a cell of the i-th
// grid, relative to the shorter side of the picture.
func (a *Anchors) shapes(i, grids int) [][2]float64 {
	scale := func(i int) float64 {
		if i >= grids {
			return 1
		}
		return a.MinScale + (a.MaxScale-a.MinScale)*float64(i)/float64(max(grids-1, 1))
	}
	shape := func(scale, ratio float64) [2]float64 {
		root := math.Sqrt(ratio)
		return [2]float64{scale * root, scale / root}
	}
	if i == 0 && a.ReduceLowest {
		return [][2]float64{shape(0.1, 1), shape(scale(0), 2), shape(scale(0), 0.5)}
	}
	var shapes [][2]float64
	for _, r := range a.AspectRatios {
		shapes = append(shapes, shape(scale(i), r))
	}
	if a.Interpolated {
		shapes = append(shapes, shape(math.Sqrt(scale(i)*scale(i+1)), 1))
	}
	return shapes
}

// perCell is the number of boxes of a cell of the i-th grid.
func (a *Anchors) perCell(i int) int {
	switch {
	case i == 0 && a.ReduceLowest:
		return 3
	case a.Interpolated:
		return len(a.AspectRatios) + 1
	}
	return len(a.AspectRatios)
}

func (s *Spec) anchorCount() int {
	n := 0
	for i, st := range s.Strides {
		n += grid(s.Width, st) * grid(s.Height, st) * s.Anchors.perCell(i)
	}
	return n
}

// anchor is a box by its middle and its size, relative to the picture.
type anchor struct{ x, y, w, h float64 }

// anchorList gives the anchors in the order of the output: grid by grid, row by
// row, the boxes of a cell one after another.
func (s *Spec) anchorList() []anchor {
	list := make([]anchor, 0, s.anchorCount())
	shorter := float64(min(s.Width, s.Height))
	for i, st := range s.Strides {
		columns, rows := grid(s.Width, st), grid(s.Height, st)
		shapes := s.Anchors.shapes(i, len(s.Strides))
		for y := range rows {
			for x := range columns {
				for _, b := range shapes {
					list = append(list, anchor{
						x: (float64(x) + 0.5) / float64(columns), y: (float64(y) + 0.5) / float64(rows),
						w: b[0] * shorter / float64(s.Width), h: b[1] * shorter / float64(s.Height),
					})
				}
			}
		}
	}
	return list
}
