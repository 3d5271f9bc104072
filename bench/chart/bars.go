package chart

import (
	"errors"
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Group is what one contestant cost: a value for every series.
type Group struct {
	Name   string
	Values []Range
}

// Bars draws horizontal bars from zero, one group a contestant, one bar a series,
// with the range of the values and their numbers as format writes them. A single
// series is coloured by contestant as in the other plots, several by series.
func Bars(title, unit, format string, series []string, groups []Group) (*plot.Plot, error) {
	if len(groups) == 0 || len(series) == 0 {
		return nil, errors.New("drawing bars: nothing to draw")
	}
	p := blank(title, unit, "")
	p.X.Tick.Marker = plot.TickerFunc(plain)
	grid := plotter.NewGrid()
	grid.Vertical, grid.Horizontal = line(0.5, faint), line(0, faint)
	p.Add(grid)
	p.Legend.Top, p.Legend.Left = true, false
	const thick = 16
	most := 0.0
	names := make([]string, len(groups))
	for g, group := range groups {
		if len(group.Values) != len(series) {
			return nil, fmt.Errorf("drawing bars: %s has %d values, want %d", group.Name, len(group.Values), len(series))
		}
		// The first is to be on top.
		y := float64(len(groups) - 1 - g)
		names[len(groups)-1-g] = group.Name
		for s, value := range group.Values {
			most = max(most, value.High)
			bar, err := plotter.NewBarChart(plotter.Values{value.Value}, vg.Points(thick))
			if err != nil {
				return nil, fmt.Errorf("drawing %s: %w", group.Name, err)
			}
			shift := (float64(len(series)-1)/2 - float64(s)) * thick
			bar.Horizontal, bar.XMin, bar.Offset = true, y, vg.Points(shift)
			bar.LineStyle.Width, bar.Color = 0, shade(g)
			if len(series) > 1 {
				bar.Color = shade(s + 1)
				if g == 0 {
					p.Legend.Add(series[s], bar)
				}
			}
			p.Add(bar, &whisker{y: y, offset: vg.Points(shift), Range: value, text: fmt.Sprintf(format, value.Value)})
		}
	}
	p.NominalY(names...)
	p.Y.Min, p.Y.Max = -0.6, float64(len(groups))-0.4
	p.X.Min, p.X.Max = 0, most*1.15
	return p, nil
}

// whisker is the range of a bar and, at its end, the value in numbers.
type whisker struct {
	y      float64
	offset vg.Length
	Range
	text string
}

// Plot draws the whisker.
func (w *whisker) Plot(c draw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	y := trY(w.y) + w.offset
	low, high := trX(w.Low), trX(w.High)
	style := line(1, p.X.Color)
	c.StrokeLine2(style, low, y, high, y)
	for _, x := range []vg.Length{low, high} {
		c.StrokeLine2(style, x, y-vg.Points(3), x, y+vg.Points(3))
	}
	text := p.X.Tick.Label
	text.XAlign, text.YAlign = draw.XLeft, draw.YCenter
	c.FillText(text, vg.Point{X: high + vg.Points(5), Y: y}, w.text)
}
