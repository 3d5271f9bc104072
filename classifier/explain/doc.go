// Package explain finds the characters of a request that made its score.
//
// The tour: [Explain] classifies a request, takes the window with the highest
// score, and asks the network again with parts of it blanked. What is measured
// is the evidence against "none", -ln(1 - score), in nats: it is next to
// nothing for an ordinary request and grows with the log-odds of an attack
// where the score itself is saturated. A part counts half by what the evidence
// loses without it and half by what the part is worth alone: the two ends of
// its Shapley value (Shapley, 1953). The first alone would miss what stands in the
// request twice, the second what only works together.
//
// A part is blanked in all its readings at once: the bytes that a percent-escape
// was decoded to go with the escape. Parts of several sizes are tried, the
// small ones only where the large ones mattered. The engine is a black box to
// all this, so that the explanation is of what really scored.
package explain
