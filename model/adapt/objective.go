package adapt

// objective is what a fit minimises over the head's parameters θ:
//
//	J(θ) = Σᵢ wᵢ H(qᵢ, softmax(W xᵢ + b)) + α/2 ‖θ - θ₀‖²
//
// The first sum is multinomial logistic regression: H is the cross-entropy between a
// target and what the head says of a window. The target of a labelled window is its
// label; that of an anchor is what the teacher says of it, which is distillation (Li
// and Hoiem, "Learning without Forgetting", ECCV 2016). The second is the L2-SP
// penalty (Li, Grandvalet and Davoine, "Explicit Inductive Bias for Transfer Learning
// with Convolutional Networks", ICML 2018): it pulls towards the head that the fit
// began with. J is strictly convex, so there is one minimum, and it does not depend on
// the way to it.
//
// θ is the weights, row by row, and then the bias.
type objective struct {
	classes, features int
	terms             []term
	start             []float64 // θ₀
	pull              float64   // α
}

// term is one window.
type term struct {
	features []float32
	target   []float64 // sums to 1
	weight   float64
}

func (h *Head) parameters() []float64 {
	return append(append(make([]float64, 0, len(h.Weights)+len(h.Bias)), h.Weights...), h.Bias...)
}

func (o *objective) head(theta []float64) *Head {
	n := o.classes * o.features
	return &Head{o.classes, o.features, theta[:n:n], theta[n:]}
}

// value returns J(θ), and writes its gradient to grad unless that is nil. Terms are
// summed in their order, so that the same input gives the same bits.
func (o *objective) value(theta, grad []float64) float64 {
	h := o.head(theta)
	sum := 0.0
	for i, t := range theta {
		d := t - o.start[i]
		sum += d * d
		if grad != nil {
			grad[i] = o.pull * d
		}
	}
	sum *= o.pull / 2
	z := make([]float64, o.classes)
	bias := o.classes * o.features
	for i := range o.terms {
		t := &o.terms[i]
		h.Logits(z, t.features)
		total := logSumExp(z)
		loss := 0.0
		for c, q := range t.target {
			loss += q * (total - z[c])
		}
		sum += t.weight * loss
		if grad == nil {
			continue
		}
		softmax(z)
		for c, q := range t.target {
			d := t.weight * (z[c] - q)
			row := grad[c*o.features:][:o.features]
			for j, x := range t.features {
				row[j] += d * float64(x)
			}
			grad[bias+c] += d
		}
	}
	return sum
}
