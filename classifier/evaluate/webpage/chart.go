package webpage

import (
	"fmt"
	"math"
	"strings"

	"github.com/limen-waf/limen/classifier/evaluate"
)

// The plot's place in a chart, in the units of its viewBox.
const (
	chartWidth, chartHeight = 460.0, 340.0
	plotLeft, plotRight     = 56.0, 434.0
	plotTop, plotBottom     = 14.0, 288.0
)

// chart is a drawing with its words.
type chart struct {
	Name, Title string
	// Text says in words what the drawing shows.
	Text   string
	X, Y   string // titles of the axes
	Ticks  []tick
	Shapes []shape
	// Key says what the classes of shapes are.
	Key []key
}

// Box is the viewBox.
func (c chart) Box() string { return fmt.Sprintf("0 0 %g %g", chartWidth, chartHeight) }

// tick is a mark on an axis, with its line across the plot.
type tick struct {
	X1, Y1, X2, Y2 string
	LabelX, LabelY string
	Label, Anchor  string
}

// shape is a path, drawn as its class says.
type shape struct{ Class, Path string }

type key struct{ Class, Label string }

// axis maps values to places.
type axis struct {
	from, to float64 // places
	low, hi  float64 // values
	log      bool
}

func (a axis) at(v float64) float64 {
	low, hi := a.low, a.hi
	if a.log {
		v, low, hi = math.Log10(max(v, a.low)), math.Log10(low), math.Log10(hi)
	}
	return a.from + (min(max(v, low), hi)-low)/(hi-low)*(a.to-a.from)
}

func across(low, hi float64, log bool) axis { return axis{plotLeft, plotRight, low, hi, log} }
func upward(low, hi float64, log bool) axis { return axis{plotBottom, plotTop, low, hi, log} }

func (c *chart) xTick(a axis, v float64, label string) {
	x := coordinate(a.at(v))
	c.Ticks = append(c.Ticks, tick{x, coordinate(plotTop), x, coordinate(plotBottom), x, coordinate(plotBottom + 16), label, "middle"})
}

func (c *chart) yTick(a axis, v float64, label string) {
	y := coordinate(a.at(v))
	c.Ticks = append(c.Ticks, tick{coordinate(plotLeft), y, coordinate(plotRight), y, coordinate(plotLeft - 6), coordinate(a.at(v) + 4), label, "end"})
}

// line is the path through points.
type line struct{ b strings.Builder }

func (l *line) to(x, y float64) {
	command := " L"
	if l.b.Len() == 0 {
		command = "M"
	}
	l.b.WriteString(command + coordinate(x) + " " + coordinate(y))
}

func (c *chart) draw(class string, l *line) {
	if l.b.Len() > 0 {
		c.Shapes = append(c.Shapes, shape{class, l.b.String()})
	}
}

// dot draws a small square around a point.
func (c *chart) dot(class string, x, y, r float64) {
	c.Shapes = append(c.Shapes, shape{class, fmt.Sprintf("M%s %s h%s v%s h-%s z",
		coordinate(x-r), coordinate(y-r), coordinate(2*r), coordinate(2*r), coordinate(2*r))})
}

func rocChart(r *evaluate.Report) chart {
	c := chart{Name: "roc", Title: "Detection against false alarms (ROC)", X: "false alarms (FPR), logarithmic", Y: "attacks found (TPR)"}
	low := lowest(r.Curves.Points)
	x, y := across(1e-5, 1, true), upward(low, 1, false)
	for i := -5; i <= 0; i++ {
		c.xTick(x, math.Pow(10, float64(i)), []string{"0.001 %", "0.01 %", "0.1 %", "1 %", "10 %", "100 %"}[i+5])
	}
	c.shareTicks(y, low)
	var l line
	last := y.at(0)
	for i, p := range r.Curves.Points {
		if i == 0 {
			l.to(plotLeft, last)
		}
		l.to(x.at(p.FPR), last)
		last = y.at(p.TPR)
		l.to(x.at(p.FPR), last)
	}
	c.draw("curve", &l)
	c.dot("point", x.at(float64(r.Overall.FPR.Rate)), y.at(float64(r.Overall.TPR.Rate)), 4.5)
	c.Key = []key{{"curve", "all thresholds"}, {"point", "the threshold in use"}}
	c.Text = fmt.Sprintf("At the threshold in use %s of the attacks are found with %s false alarms; the area under the curve is %s. Rates of false alarms below %s (one request) cannot be told apart.",
		percent(r.Overall.TPR.Rate, 2), percent(r.Overall.FPR.Rate, 3), figure(r.Overall.AUC), percent2(1/float64(r.Overall.Normal)))
	return c
}

func precisionChart(r *evaluate.Report) chart {
	c := chart{Name: "pr", Title: "Precision against detection", X: "attacks found (recall)", Y: "precision"}
	// The curve of a good model is all in the corner.
	low := 0.0
	for _, p := range r.Curves.Points {
		if p.TPR >= 0.95 && p.Precision >= 0.95 {
			low = 0.9
		}
	}
	x, y := across(low, 1, false), upward(low, 1, false)
	c.shareTicks(y, low)
	for i := range 5 {
		v := low + (1-low)*float64(i)/4
		c.xTick(x, v, fmt.Sprintf("%.4g %%", 100*v))
	}
	var l line
	for i, p := range r.Curves.Points {
		if i == 0 {
			l.to(plotLeft, y.at(p.Precision))
		}
		l.to(x.at(p.TPR), y.at(p.Precision))
	}
	c.draw("curve", &l)
	prior := r.Curves.Prior
	attacks, alarms := float64(r.Overall.TPR.Rate)*prior, float64(r.Overall.FPR.Rate)*(1-prior)
	words := "nothing is flagged"
	if attacks+alarms > 0 {
		precision := attacks / (attacks + alarms)
		c.dot("point", x.at(float64(r.Overall.TPR.Rate)), y.at(precision), 4.5)
		words = percent2(precision) + " of what is flagged are attacks"
	}
	c.Key = []key{{"curve", "all thresholds"}, {"point", "the threshold in use"}}
	c.Text = fmt.Sprintf("Where attacks are %s of the requests, %s at the threshold in use; the average precision is %s.",
		percent2(prior), words, figure(r.Curves.AveragePrecision))
	return c
}

func reliabilityChart(k *evaluate.Calibration) chart {
	c := chart{Name: "reliability", Title: "Score as a probability (reliability)", X: "mean score", Y: "share of attacks"}
	x, y := across(0, 1, false), upward(0, 1, false)
	c.shareTicks(y, 0)
	for _, v := range []float64{0, 0.25, 0.5, 0.75, 1} {
		c.xTick(x, v, fmt.Sprintf("%g", v))
	}
	var diagonal, l line
	diagonal.to(x.at(0), y.at(0))
	diagonal.to(x.at(1), y.at(1))
	c.draw("ideal", &diagonal)
	for _, b := range k.Width {
		var bar line
		bar.to(x.at(b.Score), y.at(b.Low))
		bar.to(x.at(b.Score), y.at(b.High))
		c.draw("range", &bar)
		l.to(x.at(b.Score), y.at(b.Share))
	}
	c.draw("curve", &l)
	for _, b := range k.Width {
		c.dot("point", x.at(b.Score), y.at(b.Share), 2+4*math.Sqrt(b.Weight))
	}
	c.Key = []key{{"curve", "this model, the size by the number of requests"}, {"range", "95 % interval"}, {"ideal", "a perfect one"}}
	c.Text = fmt.Sprintf("The expected calibration error is %s over %d bins of equal width and %s over bins of equal weight, where attacks are %s of the requests; the Brier score is %s.",
		figure(k.ECE), evaluate.CalibrationBins, figure(k.ECEMass), percent2(k.Prior), figure(k.Brier))
	return c
}

func histogramChart(h *evaluate.Histogram, threshold float64) chart {
	c := chart{Name: "scores", Title: "Scores by label", X: "score, spaced by its log-odds", Y: "requests, logarithmic"}
	most := 1
	for i := range h.Normal {
		most = max(most, h.Normal[i], h.Attack[i])
	}
	top := math.Pow(10, math.Ceil(math.Log10(float64(most)+1)))
	end := float64(h.From + len(h.Normal))
	x, y := across(float64(h.From), end, false), upward(0.5, top, true)
	for v := 1.0; v <= top; v *= 10 {
		c.yTick(y, v, thousands(int(v)))
	}
	for _, s := range []struct {
		score float64
		label string
	}{{1e-5, "0.00001"}, {1e-3, "0.001"}, {0.1, "0.1"}, {0.5, "0.5"}, {0.9, "0.9"}, {0.999, "0.999"}, {0.99999, "0.99999"}} {
		c.xTick(x, logit(s.score), s.label)
	}
	for i := range h.Normal {
		left := x.at(float64(h.From+i)) + 1
		width := (x.at(float64(h.From+i+1)) - left - 1) / 2
		for j, n := range []int{h.Normal[i], h.Attack[i]} {
			if n == 0 {
				continue
			}
			class := []string{"normal", "attack"}[j]
			c.Shapes = append(c.Shapes, shape{class, fmt.Sprintf("M%s %s h%s V%s h-%s z",
				coordinate(left+float64(j)*width), coordinate(y.at(float64(n))), coordinate(width), coordinate(plotBottom), coordinate(width))})
		}
	}
	var l line
	l.to(x.at(logit(threshold)), plotTop)
	l.to(x.at(logit(threshold)), plotBottom)
	c.draw("ideal", &l)
	c.Key = []key{{"normal", "normal"}, {"attack", "attack"}, {"ideal", "threshold"}}
	normal, attack := sum(h.Normal), sum(h.Attack)
	c.Text = fmt.Sprintf("%s normal requests and %s attacks; %s of the normal ones score below 0.0025, %s of the attacks above 0.9975.",
		thousands(normal), thousands(attack), share(sum(h.Normal[:-6-h.From]), normal), share(sum(h.Attack[6-h.From:]), attack))
	return c
}

// shareTicks are the ticks of a share on the upright axis.
func (c *chart) shareTicks(y axis, low float64) {
	for i := range 5 {
		v := low + (1-low)*float64(i)/4
		c.yTick(y, v, fmt.Sprintf("%.4g %%", 100*v))
	}
}

// lowest is where the upright axis of the ROC begins: the curves of good models
// are all at its top.
func lowest(points []evaluate.Point) float64 {
	for _, low := range []float64{0.98, 0.9, 0.6} {
		for _, p := range points {
			if p.FPR > 0 && p.TPR >= low {
				// The curve's first visible point.
				return low
			}
			if p.FPR > 0 {
				break
			}
		}
	}
	return 0
}

func logit(p float64) float64 { return math.Log(p) - math.Log1p(-p) }

func sum(counts []int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

func share(n, of int) string {
	if of == 0 {
		return "none"
	}
	return percent2(float64(n) / float64(of))
}

// percent2 writes a share in percent with two digits that count.
func percent2(v float64) string {
	switch {
	case v >= 0.9995 && v < 1:
		return fmt.Sprintf("%.4f %%", 100*v)
	case v >= 0.1:
		return fmt.Sprintf("%.1f %%", 100*v)
	}
	return fmt.Sprintf("%.2g %%", 100*v)
}
