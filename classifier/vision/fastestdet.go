package vision

import "math"

// fastestDet reads [5+classes, rows, columns]: for each cell whether there is
// anything, the middle of its box relative to the cell through tanh, its size
// relative to the picture through sigmoid, and the classes' scores. A score is
// thing^0.6 * class^0.4 (utils/tool.py of the origin).
func (c *candidates) fastestDet(out []Output) error {
	s := c.spec
	o, err := s.find(out, 0, "cells [1,5+classes,rows,columns]", func(o *Output) bool {
		d := o.dims(3)
		return d != nil && d[0] >= 6
	})
	if err != nil {
		return err
	}
	d := o.dims(3)
	if d == nil || d[0] < 6 || d[1] == 0 || d[2] == 0 {
		return o.errorf("is not what decoder fastestdet reads, expected [1,5+classes,rows,columns] of one picture")
	}
	classes, rows, columns := d[0]-5, d[1], d[2]
	if c.of, err = s.classes(o, classes, c.names); err != nil {
		return err
	}
	plane := rows * columns
	width, height := float64(s.Width), float64(s.Height)
	scores := make([]float32, classes)
	for cell := range plane {
		at := func(channel int) float64 { return float64(o.Data[channel*plane+cell]) }
		thing, err := c.score(o, o.Data[cell])
		if err != nil {
			return err
		}
		thing = math.Pow(math.Max(thing, 0), 0.6)
		if thing < c.minScore {
			continue // the class's part is at most 1
		}
		for k := range scores {
			scores[k] = o.Data[(5+k)*plane+cell]
		}
		class, score, err := c.best(o, scores)
		if err != nil {
			return err
		}
		if score = thing * math.Pow(math.Max(score, 0), 0.4); score < c.minScore || class < 0 {
			continue
		}
		x := (float64(cell%columns) + math.Tanh(at(1))) / float64(columns)
		y := (float64(cell/columns) + math.Tanh(at(2))) / float64(rows)
		if err := c.addCentered(o, class, score,
			x*width, y*height, sigmoid(at(3))*width, sigmoid(at(4))*height); err != nil {
			return err
		}
	}
	return nil
}
