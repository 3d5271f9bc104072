package chart

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Range is a value with the ends of its interval.
type Range struct{ Value, Low, High float64 }

// Point is the operating point of one contestant: rates from 0 to 1.
type Point struct {
	Name     string
	TPR, FPR Range
}

// Operating draws true positive rates against false positive rates with their
// intervals, the latter on a logarithmic axis. What lies left of the axis, zero
// among it, is drawn hollow at its left end. Series i of all plots has the same
// colour; first is the number of the first point.
func Operating(title string, points []Point, first int) (*plot.Plot, error) {
	if len(points) == 0 {
		return nil, errors.New("drawing rates: no contestant has both a true and a false positive rate")
	}
	p := blank(title, "false positive rate (logarithmic)", "true positive rate")
	left, bottom := floor(points), 1.0
	for _, point := range points {
		bottom = min(bottom, point.TPR.Low)
	}
	// To the next lower 5 %, and never closer than 5 % to the top.
	bottom = max(0, min(0.95, math.Floor(bottom*20)/20))
	p.X.Min, p.X.Max = left, 1
	p.Y.Min, p.Y.Max = bottom, 1
	p.X.Scale = plot.LogScale{}
	p.X.Tick.Marker = decades(left)
	p.Y.Tick.Marker = percents(bottom)
	grid := plotter.NewGrid()
	grid.Vertical, grid.Horizontal = line(0.5, faint), line(0.5, faint)
	p.Add(grid)
	p.Legend.Top, p.Legend.Left = false, false
	for i, point := range points {
		x := point.FPR
		hollow := x.Value < left
		x.Value, x.Low, x.High = max(x.Value, left), max(x.Low, left), max(x.High, left)
		at := plotter.XYs{{X: x.Value, Y: point.TPR.Value}}
		c := shade(first + i)
		bars := line(1.2, c)
		horizontal, err := plotter.NewXErrorBars(xErrors{at, plotter.XErrors{{Low: x.Value - x.Low, High: x.High - x.Value}}})
		if err != nil {
			return nil, fmt.Errorf("drawing %s: %w", point.Name, err)
		}
		vertical, err := plotter.NewYErrorBars(yErrors{at, plotter.YErrors{{Low: point.TPR.Value - max(bottom, point.TPR.Low), High: point.TPR.High - point.TPR.Value}}})
		if err != nil {
			return nil, fmt.Errorf("drawing %s: %w", point.Name, err)
		}
		horizontal.LineStyle, vertical.LineStyle = bars, bars
		dot, err := plotter.NewScatter(at)
		if err != nil {
			return nil, fmt.Errorf("drawing %s: %w", point.Name, err)
		}
		dot.GlyphStyle = draw.GlyphStyle{Color: c, Radius: vg.Points(4), Shape: draw.CircleGlyph{}}
		if hollow {
			dot.Shape = draw.RingGlyph{}
		}
		p.Add(horizontal, vertical, dot)
		p.Legend.Add(fmt.Sprintf("%s: %s of attacks, %s of normal requests", point.Name, percent(point.TPR.Value), percent(point.FPR.Value)), dot)
	}
	return p, nil
}

// floor returns the power of ten below every rate and interval that is not zero,
// at most 0.001 and at least a millionth.
func floor(points []Point) float64 {
	lowest := 0.01
	for _, point := range points {
		for _, v := range []float64{point.FPR.Value, point.FPR.Low} {
			if v > 0 {
				lowest = min(lowest, v)
			}
		}
	}
	return max(1e-6, math.Pow(10, math.Ceil(math.Log10(lowest))-1))
}

func decades(from float64) plot.ConstantTicks {
	ticks := plot.ConstantTicks{{Value: from, Label: "≤ " + percent(from)}}
	for v := from; v < 0.9; v *= 10 {
		for n := 2.0; n < 10; n++ {
			ticks = append(ticks, plot.Tick{Value: n * v})
		}
		ticks = append(ticks, plot.Tick{Value: 10 * v, Label: percent(10 * v)})
	}
	return ticks
}

func percents(from float64) (ticks plot.ConstantTicks) {
	step := 0.01
	for (1-from)/step > 11 {
		step *= map[bool]float64{true: 2.5, false: 2}[step == 0.02 || step == 0.2]
	}
	for v := 1.0; v >= from-1e-9; v -= step {
		ticks = append(ticks, plot.Tick{Value: v, Label: percent(v)})
	}
	return ticks
}

// percent formats a rate with as many digits as it takes.
func percent(v float64) string { return fmt.Sprintf("%.4g %%", 100*math.Round(v*1e6)/1e6) }

type xErrors struct {
	plotter.XYs
	plotter.XErrors
}

type yErrors struct {
	plotter.XYs
	plotter.YErrors
}
