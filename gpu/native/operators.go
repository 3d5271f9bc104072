package native

import (
	"fmt"
	"slices"

	"github.com/limen-waf/limen/model/onnx"
)

// operators are all operators that the compiler accepts, each with its meaning.
// Those of the mask stand in operators_mask.go.
var operators = map[string]func(*call) (value, error){
	"Cast":      castOp,
	"Constant":  constantOp,
	"Conv":      convOp,
	"Equal":     equalOp,
	"Flatten":   flattenOp,
	"Gather":    gatherOp,
	"Gemm":      gemmOp,
	"Greater":   greaterOp,
	"Identity":  identityOp,
	"Less":      lessOp,
	"MaxPool":   maxPoolOp,
	"Mul":       mulOp,
	"Not":       notOp,
	"ReduceMax": reduceMaxOp,
	"Relu":      reluOp,
	"Reshape":   reshapeOp,
	"Squeeze":   squeezeOp,
	"Transpose": transposeOp,
	"Unsqueeze": unsqueezeOp,
}

// gatherOp is the embedding: rows of a table, chosen by tokens.
func gatherOp(c *call) (value, error) {
	if err := c.arity(2, 2); err != nil {
		return nil, err
	}
	t, err := c.weights(0, 2)
	if err != nil {
		return nil, err
	}
	index, ok := c.in[1].(tokens)
	if !ok || index.axis != none {
		return nil, c.of("the embedding, by tokens [N, L]")
	}
	if err := c.only("axis", 0); err != nil {
		return nil, err
	}
	a := activations{
		embedding:    embedding{rows: t.Floats, vocabulary: int(t.Dims[0]), width: int(t.Dims[1])},
		channelsLast: true, stride: 1,
	}
	if a.embedding.vocabulary > 1<<16 {
		return nil, c.unsupported("with %d rows", "at most 65536", a.embedding.vocabulary)
	}
	// A Pad row of zeros needs no mask.
	a.masked = !slices.ContainsFunc(t.Floats[:a.embedding.width], func(v float32) bool { return v != 0 })
	return a, nil
}

func transposeOp(c *call) (value, error) {
	if err := c.arity(1, 1); err != nil {
		return nil, err
	}
	perm := c.attribute("perm")
	if perm == nil || !slices.Equal(perm.Ints, []int64{0, 2, 1}) {
		return nil, c.unsupported("without perm [0 2 1]", "perm [0 2 1]")
	}
	switch v := c.in[0].(type) {
	case activations:
		v.channelsLast = !v.channelsLast
		return v, nil
	case mask:
		if v.axis != none {
			v.axis = channelAxis + lastAxis - v.axis
			return v, nil
		}
	}
	return nil, c.of("activations and masks of 3 dimensions")
}

// mulOp is the mask applied.
func mulOp(c *call) (value, error) {
	if err := c.arity(2, 2); err != nil {
		return nil, err
	}
	a, ok := c.in[0].(activations)
	m, ok2 := c.in[1].(mask)
	if !ok {
		a, ok = c.in[1].(activations)
		m, ok2 = c.in[0].(mask)
	}
	const supported = "activations by the mask of the same positions"
	if !ok || !ok2 {
		return nil, c.of(supported)
	}
	along := channelAxis
	if a.channelsLast {
		along = lastAxis
	}
	switch {
	case m.inverted || !m.numeric || m.axis != along:
		return nil, c.of(supported + ", as numbers and along the same axis")
	case m.stride != a.stride:
		return nil, c.unsupported("of activations pooled by %d and a mask pooled by %d", supported, a.stride, m.stride)
	}
	a.masked = true
	return a, nil
}

func convOp(c *call) (value, error) {
	if err := c.arity(2, 3); err != nil {
		return nil, err
	}
	a, ok := c.in[0].(activations)
	if !ok || !a.whole() || a.channelsLast {
		return nil, c.of("the masked embedding or a block's masked result, as [N, C, L]")
	}
	w, err := c.weights(1, 3)
	if err != nil {
		return nil, err
	}
	b := block{name: c.label(), out: int(w.Dims[0]), in: int(w.Dims[1]), kernel: int(w.Dims[2]), weights: w.Floats, pool: 1}
	switch {
	case b.in != a.channels():
		return nil, fmt.Errorf("%w: weights %q of shape %v read %d channels, there are %d", ErrNetwork, w.Name, w.Dims, b.in, a.channels())
	case b.kernel%2 == 0 || b.kernel > maxKernel:
		return nil, c.unsupported("with kernel %d", fmt.Sprintf("odd, at most %d", maxKernel), b.kernel)
	case b.out > maxWidth:
		return nil, c.unsupported("with %d channels", fmt.Sprintf("at most %d", maxWidth), b.out)
	case len(a.blocks) == maxDepth:
		return nil, c.unsupported("number %d", fmt.Sprintf("at most %d", maxDepth), maxDepth+1)
	}
	half := int64(b.kernel / 2)
	if c.attribute("pads") == nil && half > 0 {
		return nil, c.unsupported("without pads", fmt.Sprintf("pads %v", []int64{half, half}))
	}
	for _, err := range []error{
		c.ints("kernel_shape", int64(b.kernel)), c.ints("pads", half, half), c.ints("strides", 1), c.ints("dilations", 1),
		c.only("group", 1), c.noAutoPad(),
	} {
		if err != nil {
			return nil, err
		}
	}
	if b.bias, err = c.bias(2, b.out); err != nil {
		return nil, err
	}
	a.blocks = append(slices.Clone(a.blocks), b)
	a.masked, a.relu = false, false
	return a, nil
}

// noAutoPad is an error when pads are not as the pads attribute has them.
func (c *call) noAutoPad() error {
	if a := c.attribute("auto_pad"); a != nil && string(a.String) != "NOTSET" {
		return c.unsupported("with auto_pad %s", "explicit pads", a.String)
	}
	return nil
}

func reluOp(c *call) (value, error) {
	if err := c.arity(1, 1); err != nil {
		return nil, err
	}
	switch v := c.in[0].(type) {
	case activations:
		if len(v.blocks) > 0 {
			v.relu = true
			return v, nil
		}
	case vector:
		if n := len(v.dense); n > 0 {
			v.dense = slices.Clone(v.dense)
			v.dense[n-1].relu = true
		}
		return v, nil
	}
	return nil, c.of("a convolution or a dense layer")
}

// maxPoolOp pools activations, and masks alike. Where ReLU comes after the
// pool, the result is the same as where it comes before.
func maxPoolOp(c *call) (value, error) {
	if err := c.arity(1, 1); err != nil {
		return nil, err
	}
	shape := c.attribute("kernel_shape")
	if shape == nil || len(shape.Ints) != 1 || shape.Ints[0] < 1 || shape.Ints[0] > maxPool {
		return nil, c.unsupported("without one kernel_shape of 1 to %d", "1D pools", maxPool)
	}
	p := shape.Ints[0]
	if c.attribute("strides") == nil && p > 1 {
		return nil, c.unsupported("with stride 1", "strides equal to kernel_shape")
	}
	for _, err := range []error{
		c.ints("strides", p), c.ints("pads", 0, 0), c.ints("dilations", 1),
		c.only("ceil_mode", 0), c.only("storage_order", 0), c.noAutoPad(),
	} {
		if err != nil {
			return nil, err
		}
	}
	switch v := c.in[0].(type) {
	case activations:
		if len(v.blocks) == 0 || !v.masked || v.channelsLast {
			break
		}
		if v.stride*int(p) > maxStride {
			break
		}
		return v.pooled(int(p)), nil
	case mask:
		if v.inverted || !v.numeric || v.axis != channelAxis || v.stride*int(p) > maxStride {
			break
		}
		v.stride *= int(p)
		return v, nil
	}
	return nil, c.of(fmt.Sprintf("masked convolutions [N, C, L] and the mask [N, 1, L], pooled by at most %d in all", maxStride))
}

// reduceMaxOp is the maximum over time.
func reduceMaxOp(c *call) (value, error) {
	if err := c.arity(1, 2); err != nil {
		return nil, err
	}
	a, ok := c.in[0].(activations)
	if !ok || len(a.blocks) == 0 || !a.whole() {
		return nil, c.of("a block's masked result")
	}
	i, err := c.axis(3)
	if err != nil {
		return nil, err
	}
	time := lastAxis
	if a.channelsLast {
		time = channelAxis
	}
	if axis(i) != time {
		return nil, c.unsupported("over axis %d", fmt.Sprintf("the time axis, %d", time), i)
	}
	if err := c.only("noop_with_empty_axes", 0); err != nil {
		return nil, err
	}
	v := vector{embedding: a.embedding, blocks: a.blocks}
	if c.int("keepdims", 1) != 0 {
		v.kept = time
	}
	return v, nil
}

func gemmOp(c *call) (value, error) {
	if err := c.arity(2, 3); err != nil {
		return nil, err
	}
	v, ok := c.in[0].(vector)
	if !ok || !v.flat() {
		return nil, c.of("the maximum over time or a dense layer, as [N, C]")
	}
	w, err := c.weights(1, 2)
	if err != nil {
		return nil, err
	}
	d := dense{name: c.label(), in: int(w.Dims[0]), out: int(w.Dims[1]), weights: w.Floats, inFirst: true}
	if c.int("transB", 0) != 0 {
		d.in, d.out, d.inFirst = d.out, d.in, false
	}
	for _, name := range []string{"alpha", "beta"} {
		if a := c.attribute(name); a != nil && a.Float != 1 {
			return nil, c.unsupported("with %s %v", name+" 1", name, a.Float)
		}
	}
	switch {
	case c.int("transA", 0) != 0:
		return nil, c.unsupported("with transA 1", "transA 0")
	case d.in != v.width():
		return nil, fmt.Errorf("%w: weights %q of shape %v read %d values, there are %d", ErrNetwork, w.Name, w.Dims, d.in, v.width())
	case d.out > maxWidth:
		return nil, c.unsupported("with %d outputs", fmt.Sprintf("at most %d", maxWidth), d.out)
	case len(v.dense) == maxDepth:
		return nil, c.unsupported("number %d", fmt.Sprintf("at most %d", maxDepth), maxDepth+1)
	}
	if d.bias, err = c.bias(2, d.out); err != nil {
		return nil, err
	}
	v.dense = append(slices.Clone(v.dense), d)
	return v, nil
}

// label names a layer: the node's name or that of its output.
func (c *call) label() string {
	if c.Name != "" {
		return fmt.Sprintf("node %q", c.Name)
	}
	return fmt.Sprintf("the node that gives %q", c.Outputs[0])
}

// squeezeOp and flattenOp drop the axis that a maximum over time left.
func squeezeOp(c *call) (value, error) {
	if err := c.arity(1, 2); err != nil {
		return nil, err
	}
	if v, ok := c.in[0].(vector); ok && !v.flat() {
		i, err := c.axis(3)
		if err != nil {
			return nil, err
		}
		if axis(i) == v.kept {
			v.kept = none
			return v, nil
		}
	}
	return nil, c.of("the maximum over time, along the axis it left")
}

func flattenOp(c *call) (value, error) {
	if err := c.arity(1, 1); err != nil {
		return nil, err
	}
	if v, ok := c.in[0].(vector); ok {
		v.kept = none
		return v, c.only("axis", 1)
	}
	return nil, c.of("the maximum over time")
}

func identityOp(c *call) (value, error) {
	if err := c.arity(1, 1); err != nil {
		return nil, err
	}
	return c.in[0], nil
}

func constantOp(c *call) (value, error) {
	if err := c.arity(0, 0); err != nil {
		return nil, err
	}
	if len(c.Attributes) != 1 {
		return nil, fmt.Errorf("%w: Constant has %d attributes, expected 1", ErrNetwork, len(c.Attributes))
	}
	a := c.attribute(c.Attributes[0].Name)
	name := c.Outputs[0]
	var t onnx.Tensor
	switch {
	case a.Name == "value" && a.Tensor != nil:
		t = *a.Tensor
		t.Name = name
	case a.Name == "value_int" && a.Type == onnx.AttributeInt:
		t = onnx.NewInts(name, []int64{a.Int})
	case a.Name == "value_ints":
		t = onnx.NewInts(name, a.Ints, int64(len(a.Ints)))
	case a.Name == "value_float" && a.Type == onnx.AttributeFloat:
		t = onnx.NewFloats(name, []float32{a.Float})
	case a.Name == "value_floats":
		t = onnx.NewFloats(name, a.Floats, int64(len(a.Floats)))
	default:
		return nil, c.unsupported("with the attribute %s", "value, value_int, value_ints, value_float, value_floats", a.Name)
	}
	return constant{&t}, nil
}
