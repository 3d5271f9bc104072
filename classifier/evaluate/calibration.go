package evaluate

import "math"

// CalibrationBins is the number of bins that calibration is judged in (Guo et
// al., "On Calibration of Modern Neural Networks", ICML 2017, use 15).
const CalibrationBins = 15

// Calibration judges the scores as probabilities: of the requests with a score
// of 0.3, three in ten should be attacks. How many are depends on how common
// attacks are, so the samples are weighed to make them a share of Prior.
type Calibration struct {
	// Prior is the share of attacks, in (0, 1).
	Prior float64 `json:"prior"`
	// ECE is the expected calibration error: the mean, by weight, of the
	// distance between score and share of attacks over bins of equal width.
	// ECEMass is the same over bins of equal weight, which looks closer where the scores
	// are. 0 is best.
	ECE     Figure `json:"ece"`
	ECEMass Figure `json:"ece_equal_mass"`
	// Brier is the mean squared distance of the score from the truth, 1 for an
	// attack and 0 for a normal request (Brier, Monthly Weather Review 78, 1950).
	Brier Figure `json:"brier"`
	// Width and Mass are the bins of equal width and of equal weight, those without
	// samples left out: the reliability curve.
	Width []Bin `json:"bins"`
	Mass  []Bin `json:"bins_equal_mass"`
}

// Bin is the samples whose scores are in a range.
type Bin struct {
	Normal int `json:"normal"`
	Attack int `json:"attack"`
	// Weight is the bin's share of all samples, as they are weighed.
	Weight float64 `json:"weight"`
	// Score is their mean score, Share the share of attacks, both by weight, with
	// the interval of Share at Confidence (Clopper-Pearson on the counts, carried over to the weights).
	Score float64 `json:"score"`
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// calibration is nil without samples of both kinds.
func (t *tally) calibration(prior float64) *Calibration {
	if len(t.normal) == 0 || len(t.attack) == 0 {
		return nil
	}
	w := weigh(len(t.normal), len(t.attack), prior)
	groups := t.groups(w)
	c := &Calibration{Prior: prior, Width: w.bins(equalWidth(groups)), Mass: w.bins(w.equalMass(groups))}
	c.ECE, c.ECEMass = calibrationError(c.Width), calibrationError(c.Mass)
	for _, g := range groups {
		miss := 1 - g.score
		c.Brier += Figure(float64(g.normal)*w.normal*g.score*g.score + float64(g.attack)*w.attack*miss*miss)
	}
	return c
}

// equalWidth joins the groups of one fifteenth of the scores each. A score on a border
// belongs to the bin above, 1 to the last.
func equalWidth(groups []group) []group {
	out := make([]group, CalibrationBins)
	for _, g := range groups {
		out[min(int(g.score*CalibrationBins), CalibrationBins-1)].add(g)
	}
	return out
}

// equalMass joins groups until each bin has a fifteenth of the weight. Equal scores
// stay together, so that bins may be heavier, and fewer.
func (w weighing) equalMass(groups []group) []group {
	var out []group
	var bin group
	total := 0.0
	for _, g := range groups {
		bin.add(g)
		total += w.of(g)
		// The sum of many weights falls a hair short of a whole fifteenth.
		if total*CalibrationBins >= float64(len(out)+1)-1e-9 {
			out = append(out, bin)
			bin = group{}
			// A heavy bin took the place of several.
			for total*CalibrationBins >= float64(len(out)+1)-1e-9 && len(out) < CalibrationBins {
				out = append(out, group{})
			}
		}
	}
	return append(out, bin)
}

// bins judges the groups that have samples.
func (w weighing) bins(groups []group) []Bin {
	out := []Bin{}
	for _, g := range groups {
		if g.normal+g.attack == 0 {
			continue
		}
		weight := w.of(g)
		low, high := ClopperPearson(g.attack, g.normal+g.attack, Confidence)
		out = append(out, Bin{
			Normal: g.normal, Attack: g.attack, Weight: weight,
			Score: g.sum / weight, Share: w.share(float64(g.normal), float64(g.attack)),
			// A share of the counts is one of the weights by a rising function.
			Low: w.share(1-low, low), High: w.share(1-high, high),
		})
	}
	return out
}

func calibrationError(bins []Bin) (sum Figure) {
	for _, b := range bins {
		sum += Figure(b.Weight * math.Abs(b.Score-b.Share))
	}
	return sum
}
