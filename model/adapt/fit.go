package adapt

import (
	"context"
	"errors"
	"math"
)

// Bounds of one fit. J is strictly convex and has some hundreds of parameters: tens of
// iterations are the rule.
const (
	fitIterations = 500
	// gradientTolerance ends a fit. J bends by the pull at least in every direction,
	// so no parameter is then farther from the minimum than √n times this.
	gradientTolerance = 1e-4
	// memory is how many steps the approximation of the Hessian looks back.
	memory = 20
	// armijo is the share of the decrease that the slope promises which a step has to
	// bring, halvings the most that a step is shortened.
	armijo   = 1e-4
	halvings = 40
)

// errDiverged: J or its gradient is no number.
var errDiverged = errors.New("fitting the last layer: figures are infinite or no numbers; the model's features are too large")

// fitted is the outcome of one fit.
type fitted struct {
	theta      []float64
	iterations int
	// converged says that the gradient is as small as asked for, gradient is the
	// largest absolute value in it.
	converged bool
	gradient  float64
}

// step is one iteration's change of θ and of the gradient.
type step struct {
	s, y []float64
	rho  float64 // 1/(s·y)
}

// fit minimises o, beginning at theta, by L-BFGS with backtracking (Nocedal and Wright,
// "Numerical Optimization", 2006, algorithms 7.4 and 3.1). It looks at ctx before every
// evaluation.
func (o *objective) fit(ctx context.Context, theta []float64) (*fitted, error) {
	x := append([]float64(nil), theta...)
	g := make([]float64, len(x))
	next, nextG := make([]float64, len(x)), make([]float64, len(x))
	value := o.value(x, g)
	var past []step
	f := &fitted{}
	for ; f.iterations < fitIterations; f.iterations++ {
		if f.gradient = largest(g); math.IsNaN(value) || math.IsInf(value, 0) || math.IsNaN(f.gradient) {
			return nil, errDiverged
		}
		if f.gradient <= gradientTolerance*o.pull {
			f.converged = true
			break
		}
		d := direction(g, past)
		slope := dot(g, d)
		if slope >= 0 { // rounding has the last word this near to the minimum
			past, d = nil, direction(g, nil)
			slope = dot(g, d)
		}
		length, found := 1.0, false
		if len(past) == 0 {
			length = min(1, 1/f.gradient)
		}
		var nextValue float64
		for range halvings {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			for i := range x {
				next[i] = x[i] + length*d[i]
			}
			if nextValue = o.value(next, nextG); nextValue <= value+armijo*length*slope {
				found = true
				break
			}
			length /= 2
		}
		if !found {
			break // no lower value can be told apart from this one
		}
		p := step{s: make([]float64, len(x)), y: make([]float64, len(x))}
		for i := range x {
			p.s[i], p.y[i] = next[i]-x[i], nextG[i]-g[i]
		}
		if sy := dot(p.s, p.y); sy > 0 {
			p.rho = 1 / sy
			if past = append(past, p); len(past) > memory {
				past = past[1:]
			}
		}
		x, next, g, nextG, value = next, x, nextG, g, nextValue
	}
	f.theta = x
	return f, ctx.Err()
}

// direction is the step that the last iterations suggest: the approximate inverse
// Hessian times -g.
func direction(g []float64, past []step) []float64 {
	d := append([]float64(nil), g...)
	a := make([]float64, len(past))
	for i := len(past) - 1; i >= 0; i-- {
		a[i] = past[i].rho * dot(past[i].s, d)
		add(d, -a[i], past[i].y)
	}
	if n := len(past); n > 0 {
		scale(d, 1/(past[n-1].rho*dot(past[n-1].y, past[n-1].y)))
	}
	for i := range past {
		add(d, a[i]-past[i].rho*dot(past[i].y, d), past[i].s)
	}
	scale(d, -1)
	return d
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// add adds f*b to a.
func add(a []float64, f float64, b []float64) {
	for i, v := range b {
		a[i] += f * v
	}
}

func scale(a []float64, f float64) {
	for i := range a {
		a[i] *= f
	}
}

// largest is the largest absolute value; NaN if there is one.
func largest(x []float64) float64 {
	most := 0.0
	for _, v := range x {
		if v = math.Abs(v); v > most || math.IsNaN(v) {
			most = v
		}
	}
	return most
}
