package adapt

import "math"

// Example is one request as the last layer sees it.
type Example struct {
	// Features has one row for each of the request's windows, Head.Features values
	// each. Windows whose score is far below the highest may be left out.
	Features []float32
	// Thresholds are the scores from which a request of each class counts as an
	// attack, in the order of the classes; the first is not looked at.
	Thresholds []float64
	// Place is where the request goes, such as a host and a folder; empty when not
	// known. Requests to one place are sooner taken for alike.
	Place string
}

// Judgement is what a head makes of an example: as classifier.Result and
// classifier.Policy have it, the highest window decides.
type Judgement struct {
	// Score is 1 - p(none) of the window where it is highest, Window its index.
	Score  float64
	Window int
	// Attack is the likeliest attack class of that window.
	Attack int
	// Threshold is that of Attack, Flagged whether Score reaches it.
	Threshold float64
	Flagged   bool
}

// windows is the number of windows of e.
func (e *Example) windows(h *Head) int { return len(e.Features) / h.Features }

// window returns the features of one window.
func (e *Example) window(h *Head, i int) []float32 { return e.Features[i*h.Features:][:h.Features] }

// Judge returns what h makes of e, which has at least one window.
func (h *Head) Judge(e *Example) Judgement {
	z := make([]float64, h.Classes)
	best := Judgement{Score: -1}
	for i := range e.windows(h) {
		h.Logits(z, e.window(h, i))
		if s := score(z); s > best.Score {
			best.Score, best.Window, best.Attack = s, i, 1+argmax(z[1:])
		}
	}
	best.Threshold = e.Thresholds[best.Attack]
	best.Flagged = best.Score >= best.Threshold
	return best
}

// lead is how far a score is above a threshold, in logits.
func lead(score, threshold float64) float64 { return logit(score) - logit(threshold) }

// logit is log(p/(1-p)), bounded so that certainty stays a number.
func logit(p float64) float64 {
	const least = 1e-12
	p = min(max(p, least), 1-least)
	return math.Log(p / (1 - p))
}

// score is 1 - softmax(z)[0], as a sigmoid so that it keeps its precision at both ends.
func score(z []float64) float64 { return 1 / (1 + math.Exp(z[0]-logSumExp(z[1:]))) }

func logSumExp(z []float64) float64 {
	top := math.Inf(-1)
	for _, v := range z {
		top = max(top, v)
	}
	sum := 0.0
	for _, v := range z {
		sum += math.Exp(v - top)
	}
	return top + math.Log(sum)
}

// softmax turns logits into probabilities, in place.
func softmax(z []float64) {
	total := logSumExp(z)
	for i, v := range z {
		z[i] = math.Exp(v - total)
	}
}

// argmax is the index of the largest value; the first of equals.
func argmax(z []float64) int {
	best := 0
	for i, v := range z {
		if v > z[best] {
			best = i
		}
	}
	return best
}
