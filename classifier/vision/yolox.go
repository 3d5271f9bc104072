package vision

// yolox reads [cells, 5+classes]: for each cell of each grid, row by row, the
// box's middle relative to the cell and the logarithm of its size, both in cells; whether
// there is anything; and the classes' scores.
func (c *candidates) yolox(out []Output) error {
	s := c.spec
	o, err := s.find(out, 0, "cells [1,cells,5+classes]", func(o *Output) bool {
		d := o.dims(2)
		return d != nil && d[1] >= 6
	})
	if err != nil {
		return err
	}
	d := o.dims(2)
	if d == nil || d[1] < 6 {
		return o.errorf("is not what decoder yolox reads, expected [1,cells,5+classes] of one picture")
	}
	cells := 0
	for _, st := range s.Strides {
		cells += grid(s.Width, st) * grid(s.Height, st)
	}
	if d[0] != cells {
		return o.errorf("has %d cells, but strides %v on %d by %d pixels make %d; set strides, or another size or decoder",
			d[0], s.Strides, s.Width, s.Height, cells)
	}
	width := d[1]
	if c.of, err = s.classes(o, width-5, c.names); err != nil {
		return err
	}
	row := o.Data
	for _, st := range s.Strides {
		stride := float64(st)
		for y := range grid(s.Height, st) {
			for x := range grid(s.Width, st) {
				r := row[:width:width]
				row = row[width:]
				thing, err := c.score(o, r[4])
				if err != nil {
					return err
				}
				if thing < c.minScore {
					continue // the class's score is at most 1
				}
				class, score, err := c.best(o, r[5:])
				if err != nil {
					return err
				}
				if score *= thing; score < c.minScore || class < 0 {
					continue
				}
				if err := c.addCentered(o, class, score,
					(float64(r[0])+float64(x))*stride, (float64(r[1])+float64(y))*stride,
					exp(r[2])*stride, exp(r[3])*stride); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// best gives the class with the largest score, -1 where that is the
// background. Scores that are not numbers are an error.
func (c *candidates) best(o *Output, scores []float32) (class int, score float64, err error) {
	for _, v := range scores {
		if v != v {
			return 0, 0, o.badScore(v)
		}
	}
	class, v := largest(scores)
	if c.spec.Background && class == 0 {
		class = -1
	}
	score, err = c.score(o, v)
	return class, score, err
}
