package vision

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// tolerance is how far a probability may be outside 0 to 1 for rounding, that
// of quantised models included.
const tolerance = 0.01

// Classify reads the outputs of a classifier: its top classes with their
// probabilities, the most probable first; all with top 0 or less. names are
// those of the classes, or none. The background class is left out, but has its
// share of the probability. The error wraps [ErrOutput] or [ErrLabels].
func (s *Spec) Classify(out []Output, names []string, top int) ([]Label, error) {
	if s.Decoder.task() != Classify {
		return nil, fmt.Errorf("%w: decoder %q gives no classes of a picture", ErrSpec, s.Decoder)
	}
	o, err := s.find(out, 0, "scores of the classes", func(o *Output) bool {
		n, ok := o.vector()
		return ok && n > 1 && (len(names) == 0 || n == len(names) || s.Background && n == len(names)+1)
	})
	if err != nil {
		return nil, err
	}
	n, ok := o.vector()
	if !ok || n == 0 {
		return nil, o.errorf("is no list of classes, expected [1,classes] of one picture")
	}
	of, err := s.classes(o, n, names)
	if err != nil {
		return nil, err
	}
	p, err := s.probabilities(o)
	if err != nil {
		return nil, err
	}
	first := 0
	if s.Background {
		first = 1
	}
	order := topOf(p, first, top)
	labels := make([]Label, len(order))
	for i, class := range order {
		labels[i].Label, labels[i].Index = of.of(class)
		labels[i].Probability = p[class]
	}
	return labels, nil
}

// vector gives the number of elements of an output that has one dimension
// besides those of 1.
func (o *Output) vector() (n int, ok bool) {
	n = 1
	for _, d := range o.Shape {
		if d != 1 && n != 1 {
			return 0, false
		}
		if d != 1 {
			n = int(d)
		}
	}
	return n, true
}

// probabilities brings the classes' scores to 0 to 1.
func (s *Spec) probabilities(o *Output) ([]float64, error) {
	p := make([]float64, len(o.Data))
	for i, v := range o.Data {
		p[i] = float64(v)
		if !finite(p[i]) {
			return nil, o.errorf("holds %v for class %d; the model's arithmetic broke down on this input or device", v, i)
		}
	}
	switch s.Decoder {
	case Sigmoid:
		for i, v := range p {
			p[i] = sigmoid(v)
		}
	case Probabilities:
		for i, v := range p {
			if v < -tolerance || v > 1+tolerance {
				return nil, o.errorf("holds %v for class %d, which is no probability; set decoder logits or sigmoid", v, i)
			}
			p[i] = math.Min(math.Max(v, 0), 1)
		}
	default:
		softmax(p)
	}
	return p, nil
}

// topOf returns the indices from first on of the n largest values (0 or less: all), the
// largest first, equal ones in their order.
func topOf(p []float64, first, n int) []int {
	if n <= 0 || n > len(p)-first {
		n = len(p) - first
	}
	before := func(a, b int) int { return cmp.Or(cmp.Compare(p[b], p[a]), cmp.Compare(a, b)) }
	if n > 32 {
		order := make([]int, len(p)-first)
		for i := range order {
			order[i] = first + i
		}
		slices.SortFunc(order, before)
		return order[:n]
	}
	// The usual few of a thousand: kept in order, most values fall out at once.
	order := make([]int, 0, n+1)
	for i := first; i < len(p); i++ {
		if len(order) == n && (n == 0 || p[i] <= p[order[n-1]]) {
			continue
		}
		at, _ := slices.BinarySearchFunc(order, i, before)
		order = slices.Insert(order, at, i)
		if len(order) > n {
			order = order[:n]
		}
	}
	return order
}

func sigmoid(v float64) float64 { return 1 / (1 + math.Exp(-v)) }

// softmax replaces v by its softmax.
func softmax(v []float64) {
	largest := slices.Max(v)
	sum := 0.0
	for i := range v {
		v[i] = math.Exp(v[i] - largest)
		sum += v[i]
	}
	for i := range v {
		v[i] /= sum
	}
}
