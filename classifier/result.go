package classifier

import (
	"math"
	"time"
)

// Result is what the network says of one request, before any policy.
type Result struct {
	// Score is the probability that the request is an attack, 1 − p(none), of
	// the window where it is highest. In [0, 1].
	Score float64
	// Class is what the request most likely is: Attack when Score is at least
	// 0.5, else "none".
	Class string
	// Attack is the likeliest attack class of that window, however unlikely.
	// Class thresholds are looked up by it.
	Attack string
	// Classes are the probabilities of all classes in that window, in the order of the
	// model's classes. They sum to 1.
	Classes []float64
	// Windows is the number of windows scored, Window the index of the one that
	// Score is from.
	Windows int
	Window  int
	// Depth is the deepest decoding that the tokenizer met.
	Depth int
	// Sent is the number of bytes of target and body that the client sent,
	// Inspected how many of them the score covers.
	Sent      int64
	Inspected int64
	// Fallback says why the score is not the whole answer: "" (it is),
	// "deadline" (windows were left when the time was up), or "engine" (the engine failed).
	Fallback string

	// Tokenize and Infer are the time spent in the tokenizer and in the engine.
	Tokenize time.Duration
	Infer    time.Duration
}

// Reasons for a fallback.
const (
	FallbackDeadline = "deadline"
	FallbackEngine   = "engine"
)

// scoreOf is 1 − softmax(logits)[0], as a sigmoid so that it keeps its
// precision at both ends.
func scoreOf(logits []float32) float64 {
	return 1 / (1 + math.Exp(float64(logits[0])-logSumExp(logits[1:])))
}

func logSumExp(x []float32) float64 {
	top := math.Inf(-1)
	for _, v := range x {
		top = max(top, float64(v))
	}
	if math.IsInf(top, -1) {
		return top
	}
	sum := 0.0
	for _, v := range x {
		sum += math.Exp(float64(v) - top)
	}
	return top + math.Log(sum)
}

// softmax appends the probabilities of logits to dst.
func softmax(dst []float64, logits []float32) []float64 {
	total := logSumExp(logits)
	for _, v := range logits {
		dst = append(dst, math.Exp(float64(v)-total))
	}
	return dst
}

// argmax is the index of the largest value; the first of equals.
func argmax(x []float32) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}
