package native

import (
	"fmt"

	"github.com/limen-waf/limen/model/onnx"
)

// call is one node with what its inputs mean.
type call struct {
	*onnx.Node
	opset int64
	// in are the inputs; an optional one that is left out is nil.
	in []value
	// used are the attributes that were read.
	used map[string]bool
}

// unsupported is the error for a node that the engine does not run as it is.
func (c *call) unsupported(what, supported string, args ...any) error {
	return fmt.Errorf("%s %s is not supported by the native engine (supported: %s); use device cpu with ONNX Runtime: %w",
		c.Op, fmt.Sprintf(what, args...), supported, ErrUnsupported)
}

// of is the error for a node whose inputs mean something it cannot be applied to.
func (c *call) of(supported string) error {
	what := "of nothing"
	for i, v := range c.in {
		if i == 0 {
			what = "of " + meaning(v)
		} else {
			what += " and " + meaning(v)
		}
	}
	return c.unsupported("%s", supported, what)
}

// arity is an error unless the node has least to most inputs.
func (c *call) arity(least, most int) error {
	if len(c.in) < least || len(c.in) > most {
		return fmt.Errorf("%w: %s has %d inputs, expected %d to %d", ErrNetwork, c.Op, len(c.in), least, most)
	}
	return nil
}

func (c *call) attribute(name string) *onnx.Attribute {
	if c.used == nil {
		c.used = map[string]bool{}
	}
	c.used[name] = true
	return c.Attribute(name)
}

// leftOver is an error when the node has an attribute that nobody read.
func (c *call) leftOver() error {
	for _, a := range c.Attributes {
		if !c.used[a.Name] {
			return c.unsupported("with the attribute %s", "without it", a.Name)
		}
	}
	return nil
}

// int reads an integer attribute.
func (c *call) int(name string, standard int64) int64 {
	if a := c.attribute(name); a != nil {
		return a.Int
	}
	return standard
}

// only is an error unless an integer attribute is absent or has this value.
func (c *call) only(name string, want int64) error {
	if got := c.int(name, want); got != want {
		return c.unsupported("with %s %d", fmt.Sprintf("%s %d", name, want), name, got)
	}
	return nil
}

// ints is an error unless an attribute of integers is absent or has these values.
func (c *call) ints(name string, want ...int64) error {
	a := c.attribute(name)
	if a == nil {
		return nil
	}
	same := len(a.Ints) == len(want)
	for i := 0; same && i < len(want); i++ {
		same = a.Ints[i] == want[i]
	}
	if !same {
		return c.unsupported("with %s %v", fmt.Sprintf("%s %v", name, want), name, a.Ints)
	}
	return nil
}

// axes reads the axes of Unsqueeze, Squeeze and ReduceMax: an attribute, or,
// in newer operator sets, the second input.
func (c *call) axes() ([]int64, error) {
	a := c.attribute("axes")
	if len(c.in) < 2 {
		if a == nil {
			return nil, c.unsupported("without axes", "with constant axes")
		}
		return a.Ints, nil
	}
	t, ok := c.in[1].(constant)
	if !ok || a != nil || t.Type != onnx.Int64 {
		return nil, c.unsupported("with axes that are computed", "with constant axes")
	}
	return t.Ints, nil
}

// axis reads axes, of which there must be one, and counts it from the front.
func (c *call) axis(rank int) (int, error) {
	axes, err := c.axes()
	if err != nil {
		return 0, err
	}
	if len(axes) != 1 || axes[0] < -int64(rank) || axes[0] >= int64(rank) {
		return 0, c.unsupported("with axes %v of %d dimensions", "one axis", axes, rank)
	}
	return (int(axes[0]) + rank) % rank, nil
}

// weights reads input i as finite float32 constants of the given rank.
func (c *call) weights(i, rank int) (*onnx.Tensor, error) {
	t, ok := c.in[i].(constant)
	switch {
	case !ok:
		return nil, c.unsupported("with %s as input %d", "constant weights", meaning(c.in[i]), i)
	case t.Type != onnx.Float32:
		return nil, c.unsupported("with %s weights", "float32 weights", t.Type)
	case len(t.Dims) != rank:
		return nil, c.unsupported("with weights of shape %v", fmt.Sprintf("%d dimensions", rank), t.Dims)
	}
	for _, d := range t.Dims {
		if d < 1 || d > 1<<20 {
			return nil, fmt.Errorf("%w: tensor %q has the shape %v", ErrNetwork, t.Name, t.Dims)
		}
	}
	return t.Tensor, checkFinite(t.Tensor)
}

// bias reads input i, if it is there, as n constants.
func (c *call) bias(i, n int) ([]float32, error) {
	if i >= len(c.in) {
		return nil, nil
	}
	rank := 1
	if t, ok := c.in[i].(constant); ok && len(t.Dims) == 2 && t.Dims[0] == 1 {
		rank = 2
	}
	t, err := c.weights(i, rank)
	if err != nil {
		return nil, err
	}
	if len(t.Floats) != n {
		return nil, fmt.Errorf("%w: bias %q has %d elements, expected %d", ErrNetwork, t.Name, len(t.Floats), n)
	}
	return t.Floats, nil
}
