package caddymodule

import (
	"fmt"
	"math"
	"time"

	"github.com/limen-waf/limen/classifier/evaluate"
)

// Where the threshold of a site with target_fpr comes from.
const (
	stateTraffic  = "traffic"  // chosen on the recorded traffic
	stateTooFew   = "too_few"  // the model's: too little was recorded
	stateRecord   = "record"   // the model's: what is recorded depends on the score
	stateStarting = "starting" // the model's: nothing was counted yet
	stateFailed   = "failed"   // the one before: the store could not be read
)

// Bounds of target_fpr. Below the first, no site has the rows that it takes.
const (
	minTargetFPR = 1e-5
	maxTargetFPR = 0.5
)

// calibration is a threshold for a rate of false alarms, and what it rests on, or
// why there is none.
type calibration struct {
	Site      string  `json:"site"`
	TargetFPR float64 `json:"target_fpr"`
	// State is traffic when Threshold was chosen on the recorded traffic; else
	// Threshold is the model's and Reason says why.
	State     string  `json:"state"`
	Reason    string  `json:"reason,omitempty"`
	Threshold float64 `json:"threshold"`
	bounds

	// Rows is the number of recorded requests that count, Needed how many it
	// takes: as many that with none of them flagged, the upper end of the
	// interval is at most the target.
	Rows   int `json:"rows"`
	Needed int `json:"needed"`
	// Flagged is how many of Rows reach Threshold, FPR their share, and Low and
	// High its Clopper-Pearson interval at 95 %.
	Flagged int     `json:"flagged"`
	FPR     float64 `json:"fpr"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	// Reached is false when FPR is above the target although the threshold is at
	// the ceiling.
	Reached bool    `json:"reached"`
	LeftOut leftOut `json:"left_out"`

	Since *time.Time `json:"since,omitempty"` // first row that counts
	Until time.Time  `json:"until"`
	// Ready is when there will be enough rows at the present rate; nil when
	// there are, when it cannot be told, or never.
	Ready *time.Time `json:"ready,omitempty"`
}

// rowsNeeded returns the smallest n whose interval for 0 of n ends at or below
// target: the upper limit of Clopper and Pearson is 1 - tail^(1/n).
func rowsNeeded(target float64) int {
	const tail = (1 - evaluate.Confidence) / 2
	return int(math.Ceil(math.Log(tail)/math.Log1p(-target) - 1e-9))
}

// reachableTarget is the inverse of rowsNeeded.
func reachableTarget(rows int) float64 {
	_, high := evaluate.ClopperPearson(0, rows, evaluate.Confidence)
	return high
}

// calibrate chooses the lowest threshold that flags at most the target share of
// what was counted. Classes are thresholds that stay as they are.
func calibrate(t *tally, b bounds, target float64, classes map[string]float64, now time.Time) *calibration {
	c := &calibration{
		TargetFPR: target, bounds: b, Threshold: b.Shipped, State: stateTraffic, Reached: true,
		Rows: t.counted, Needed: rowsNeeded(target), LeftOut: t.out, Until: now.UTC(),
	}
	if !t.first.IsZero() {
		first := t.first.UTC()
		c.Since = &first
	}
	if c.Rows < c.Needed {
		c.State = stateTooFew
		c.explainTooFew(now)
	} else {
		// The product may fall a hair short of a whole number: 0.07 * 100 < 7.
		allowed := int(math.Floor(target*float64(c.Rows) + 1e-9))
		c.Threshold = lowest(t.top, b, allowed, classes)
	}
	for _, s := range t.top {
		if s.flagged(c.Threshold, classes) {
			c.Flagged++
		}
	}
	c.Low, c.High = evaluate.ClopperPearson(c.Flagged, c.Rows, evaluate.Confidence)
	if c.Rows > 0 {
		c.FPR = float64(c.Flagged) / float64(c.Rows)
	}
	if c.State == stateTraffic && c.FPR > target+1e-12 {
		c.Reached = false
		c.Reason = fmt.Sprintf("the target is not reached at the ceiling, %v, above which no threshold is set: look at "+
			"the requests with \"caddy limen verdicts --min-score %v\", and make exceptions for those that are ordinary", short(b.Ceiling), short(b.Ceiling))
	}
	return c
}

func (s scored) flagged(threshold float64, classes map[string]float64) bool {
	if t, ok := classes[s.attack]; ok {
		threshold = t
	}
	return s.score >= threshold
}

// lowest returns the lowest threshold within the bounds that flags at most allowed of
// the scores, which fall; else the ceiling.
func lowest(top []scored, b bounds, allowed int, classes map[string]float64) float64 {
	var free []float64
	for _, s := range top {
		if _, own := classes[s.attack]; !own {
			free = append(free, s.score)
		} else if s.flagged(0, classes) {
			allowed--
		}
	}
	switch {
	case allowed < 0:
		return b.Ceiling
	case allowed >= len(free) || free[allowed] < b.Floor:
		return b.Floor
	}
	pass := free[allowed] // the highest score that must pass
	if pass >= b.Ceiling {
		return b.Ceiling
	}
	above := b.Ceiling
	for _, s := range free[:allowed] {
		if s > pass {
			above = min(above, s)
		}
	}
	return shortAbove(pass, above)
}

// shortAbove returns a number above low and at most high that has few digits, so
// that people can read it, and is near low.
func shortAbove(low, high float64) float64 {
	near := min(high, low+(1-low)/100)
	for digits, scale := 2, 100.0; digits <= 15; digits, scale = digits+1, scale*10 {
		if t := (math.Floor(low*scale) + 1) / scale; t > low && t <= near {
			return t
		}
	}
	return math.Nextafter(low, 2)
}

// short rounds a score to six digits for people.
func short(score float64) float64 { return math.Round(score*1e6) / 1e6 }

// explainTooFew says what is missing and when it will be there.
func (c *calibration) explainTooFew(now time.Time) {
	c.Reason = fmt.Sprintf("%s of %s recorded requests that it takes", thousands(c.Rows), thousands(c.Needed))
	if c.Since != nil && c.Rows >= 10 && now.Sub(*c.Since) >= time.Minute {
		perDay := float64(c.Rows) / now.Sub(*c.Since).Hours() * 24
		wait := time.Duration(float64(c.Needed-c.Rows) / perDay * 24 * float64(time.Hour))
		if most := perDay * evidenceDays; most >= float64(c.Needed) {
			ready := now.Add(wait).UTC().Truncate(time.Second)
			c.Ready = &ready
			c.Reason += fmt.Sprintf("; at the present rate they are there in about %s", roughly(wait))
		} else {
			c.Reason += fmt.Sprintf("; at the present rate %d days hold about %s, enough for a target of %.2g",
				evidenceDays, thousands(int(most)), roundUp2(reachableTarget(int(most))))
		}
	}
	out := c.LeftOut
	switch n := out.Attackers + out.Repeats + out.Biased; {
	case n <= c.Rows:
	case out.Biased >= out.Attackers && out.Biased >= out.Repeats:
		c.Reason += fmt.Sprintf("; %s more were stored only because they were flagged, which says nothing of the others", thousands(out.Biased))
	default:
		c.Reason += fmt.Sprintf("; %s more came from few clients or from attackers: if the server stands behind a proxy, set trusted_proxies",
			thousands(out.Attackers+out.Repeats))
	}
}

// roundUp2 rounds up to two digits.
func roundUp2(x float64) float64 {
	scale := math.Pow(10, math.Floor(math.Log10(x))-1)
	return math.Ceil(x/scale) * scale
}

// roughly writes a time that is a guess.
func roughly(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return "a minute"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(math.Ceil(d.Minutes())))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(math.Ceil(d.Hours())))
	}
	return fmt.Sprintf("%d days", int(math.Ceil(d.Hours()/24)))
}

// interval writes the share that is flagged, in percent.
func (c *calibration) interval() string {
	return fmt.Sprintf("%s of %s recorded requests flagged, %.3g %% (95 %% interval %.3g to %.3g %%)",
		thousands(c.Flagged), thousands(c.Rows), 100*c.FPR, 100*c.Low, 100*c.High)
}
