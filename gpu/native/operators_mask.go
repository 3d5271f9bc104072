package native

import (
	"slices"

	"github.com/limen-waf/limen/model/onnx"
)

// castOp changes the type of tokens, of a mask or of a constant.
func castOp(c *call) (value, error) {
	if err := c.arity(1, 1); err != nil {
		return nil, err
	}
	to := onnx.DataType(c.int("to", 0))
	c.attribute("saturate") // for float8 only
	if !slices.Contains([]onnx.DataType{onnx.Float32, onnx.Float64, onnx.Int32, onnx.Int64, onnx.Bool}, to) {
		return nil, c.unsupported("to %s", "float32, float64, int32, int64, bool", to)
	}
	switch v := c.in[0].(type) {
	case tokens: // all types but bool hold every token
		if to == onnx.Bool {
			return mask{axis: v.axis, stride: 1}, nil
		}
		return v, nil
	case mask:
		v.numeric = to != onnx.Bool
		return v, nil
	case constant:
		if n, ok := number(v); ok && n == float64(int64(n)) && to != onnx.Bool {
			t := onnx.Tensor{Name: v.Name, Type: to, Dims: v.Dims}
			if to == onnx.Float32 || to == onnx.Float64 {
				t.Floats = []float32{float32(n)}
			} else {
				t.Ints = []int64{int64(n)}
			}
			return constant{&t}, nil
		}
	}
	return nil, c.of("tokens, the mask, or one whole number")
}

// number is the value of a constant with one element.
func number(v value) (float64, bool) {
	t, ok := v.(constant)
	switch {
	case ok && len(t.Floats) == 1:
		return float64(t.Floats[0]), true
	case ok && len(t.Ints) == 1:
		return float64(t.Ints[0]), true
	}
	return 0, false
}

// againstPad gives the mask of a comparison of tokens with Pad, which is 0.
func (c *call) againstPad(a, b value, inverted bool) (value, error) {
	if err := c.arity(2, 2); err != nil {
		return nil, err
	}
	t, ok := a.(tokens)
	n, ok2 := number(b)
	if !ok || !ok2 || n != 0 || len(b.(constant).Dims) > t.axis.rank() {
		return nil, c.of("tokens and 0")
	}
	return mask{axis: t.axis, inverted: inverted, stride: 1}, nil
}

func equalOp(c *call) (value, error) {
	if err := c.arity(2, 2); err != nil {
		return nil, err
	}
	if _, ok := c.in[0].(constant); ok {
		return c.againstPad(c.in[1], c.in[0], true)
	}
	return c.againstPad(c.in[0], c.in[1], true)
}

// greaterOp and lessOp: tokens are never negative, so "above 0" is "not 0".
func greaterOp(c *call) (value, error) {
	if err := c.arity(2, 2); err != nil {
		return nil, err
	}
	return c.againstPad(c.in[0], c.in[1], false)
}

func lessOp(c *call) (value, error) {
	if err := c.arity(2, 2); err != nil {
		return nil, err
	}
	return c.againstPad(c.in[1], c.in[0], false)
}

func notOp(c *call) (value, error) {
	if err := c.arity(1, 1); err != nil {
		return nil, err
	}
	m, ok := c.in[0].(mask)
	if !ok || m.numeric {
		return nil, c.of("the mask, as bool")
	}
	m.inverted = !m.inverted
	return m, nil
}

func unsqueezeOp(c *call) (value, error) {
	if err := c.arity(1, 2); err != nil {
		return nil, err
	}
	const supported = "axis 1 or 2 of tokens and masks [N, L]"
	switch v := c.in[0].(type) {
	case tokens:
		i, err := c.axis(3)
		if err == nil && v.axis == none && i != 0 {
			return tokens{axis: axis(i)}, nil
		}
	case mask:
		i, err := c.axis(3)
		if err == nil && v.axis == none && i != 0 {
			v.axis = axis(i)
			return v, nil
		}
	case constant:
		if axes, err := c.axes(); err == nil {
			if n, ok := number(v); ok && n == 0 {
				t := *v.Tensor // one zero is the same in any number of dimensions
				t.Dims = slices.Repeat([]int64{1}, min(len(v.Dims)+len(axes), 8))
				return constant{&t}, nil
			}
		}
	}
	return nil, c.of(supported)
}

// reshapeOp is accepted where it says what Unsqueeze would.
func reshapeOp(c *call) (value, error) {
	if err := c.arity(2, 2); err != nil {
		return nil, err
	}
	if err := c.only("allowzero", 0); err != nil {
		return nil, err
	}
	shape, ok := c.in[1].(constant)
	if !ok {
		return nil, c.of("to a constant shape")
	}
	to := none
	switch {
	case slices.Equal(shape.Ints, []int64{0, 1, -1}):
		to = channelAxis
	case slices.Equal(shape.Ints, []int64{0, -1, 1}):
		to = lastAxis
	}
	switch v := c.in[0].(type) {
	case tokens:
		if v.axis == none && to != none {
			return tokens{axis: to}, nil
		}
	case mask:
		if v.axis == none && to != none {
			v.axis = to
			return v, nil
		}
	case vector:
		if slices.Equal(shape.Ints, []int64{0, -1}) {
			v.kept = none
			return v, nil
		}
	}
	return nil, c.unsupported("of %s to %v", "tokens and masks [N, L] to [0 1 -1] or [0 -1 1]", meaning(c.in[0]), shape.Ints)
}
