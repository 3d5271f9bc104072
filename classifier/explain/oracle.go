package explain

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/limen-waf/limen/classifier"
)

// oracle asks the network about variants of one window.
type oracle struct {
	ctx     context.Context
	engine  classifier.Engine
	classes int
	picture *picture
	// spent counts the tokens that were asked about.
	spent int
}

// evidence returns -ln p(none) of each window, in nats.
func (o *oracle) evidence(windows ...classifier.Window) ([]float64, error) {
	for _, w := range windows {
		o.spent += len(w)
	}
	logits := make([]float32, len(windows)*o.classes)
	if err := o.engine.Score(o.ctx, windows, logits); err != nil {
		return nil, err
	}
	out := make([]float64, len(windows))
	for i := range out {
		row := logits[i*o.classes:][:o.classes]
		top := float64(slices.Max(row))
		sum := 0.0
		for _, v := range row {
			sum += math.Exp(float64(v) - top)
		}
		out[i] = top + math.Log(sum) - float64(row[0])
		if math.IsNaN(out[i]) {
			return nil, fmt.Errorf("%s: logits are not numbers", o.engine.Info().Engine)
		}
	}
	return out, nil
}

// alone returns the evidence that each part has with nothing else in the
// window.
func (o *oracle) alone(parts []run) ([]float64, error) {
	windows := make([]classifier.Window, len(parts))
	for i, r := range parts {
		windows[i] = o.picture.alone(r)
	}
	return o.evidence(windows...)
}

// losses returns what the evidence of the kept runs, which is all, loses without
// each of the parts.
func (o *oracle) losses(kept, parts []run, all float64) ([]float64, error) {
	windows := make([]classifier.Window, len(parts))
	for i, r := range parts {
		windows[i] = o.picture.alone(without(kept, r)...)
	}
	out, err := o.evidence(windows...)
	for i := range out {
		out[i] = all - out[i]
	}
	return out, err
}
