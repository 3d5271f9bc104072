package evaluate

import "math"

// Point is what one threshold gives: everything from that score on is flagged.
type Point struct {
	Threshold float64 `json:"threshold"`
	FPR       float64 `json:"fpr"`
	TPR       float64 `json:"tpr"`
	// Precision is the share of attacks in what is flagged, at the prior of the curves.
	Precision float64 `json:"precision"`
}

// Curves are the trade of false alarms against detection over all thresholds.
type Curves struct {
	// Prior is the share of attacks that Precision is of, in (0, 1).
	Prior float64 `json:"prior"`
	// AveragePrecision is the mean of the precision over the recall, each threshold
	// weighing the recall that it adds: the area under the steps of the precision-recall curve.
	AveragePrecision Figure `json:"average_precision"`
	// Points are those of the ROC and of the precision-recall curve, the highest threshold
	// first. They are thinned where a plot shows no difference; the ends of each step are kept.
	Points []Point `json:"points"`
}

// curves is nil without samples of both kinds.
func (t *tally) curves(prior float64) *Curves {
	if len(t.normal) == 0 || len(t.attack) == 0 {
		return nil
	}
	w := weigh(len(t.normal), len(t.attack), prior)
	groups := t.groups(w)
	c := &Curves{Prior: prior}
	points := make([]Point, 0, len(groups))
	normal, attack := 0, 0
	for i := len(groups) - 1; i >= 0; i-- {
		g := groups[i]
		normal += g.normal
		attack += g.attack
		p := Point{
			Threshold: g.score,
			FPR:       float64(normal) / float64(len(t.normal)), TPR: float64(attack) / float64(len(t.attack)),
			Precision: w.share(float64(normal), float64(attack)),
		}
		c.AveragePrecision += Figure(float64(g.attack) / float64(len(t.attack)) * p.Precision)
		points = append(points, p)
	}
	c.Points = thin(points)
	return c
}

// thin leaves out points between two that a plot, the rate of false alarms on a
// logarithmic axis, would not show apart.
func thin(points []Point) []Point {
	const step = 1.0 / 400
	place := func(p Point) (x, y, z float64) {
		return math.Log10(max(p.FPR, 1e-6)) / 6, p.TPR, p.Precision
	}
	var out []Point
	for i, p := range points {
		if n := len(out); n > 0 && i+1 < len(points) {
			x0, y0, z0 := place(out[n-1])
			x1, y1, z1 := place(points[i+1])
			if math.Abs(x1-x0) < step && math.Abs(y1-y0) < step && math.Abs(z1-z0) < step {
				continue
			}
		}
		out = append(out, p)
	}
	return out
}
