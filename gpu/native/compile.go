package native

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/limen-waf/limen/model/onnx"
)

// compile finds the network in a graph. It walks the nodes in their order with
// values that stand for what a value of the graph means (values.go): an
// operator is accepted where its result still means something that the engine
// computes (operators.go).
func compile(g *onnx.Graph) (*network, error) {
	c := &compiler{graph: g, values: map[string]value{}}
	if g.Opset < minOpset || g.Opset > maxOpset {
		return nil, fmt.Errorf("%w: operator set %d (supported: %d to %d)", ErrUnsupported, g.Opset, minOpset, maxOpset)
	}
	if err := c.constants(); err != nil {
		return nil, err
	}
	if err := c.inputs(); err != nil {
		return nil, err
	}
	if err := c.nodes(); err != nil {
		return nil, err
	}
	n, err := c.network()
	if err != nil {
		return nil, err
	}
	return n, n.check()
}

// The operator sets whose definitions of the operators agree with operators.go.
const (
	minOpset = 13
	maxOpset = 24
)

// Names that the graph has to use.
const (
	inputTokens    = "tokens"
	outputLogits   = "logits"
	outputFeatures = "features"
)

type compiler struct {
	graph  *onnx.Graph
	values map[string]value
}

func (c *compiler) constants() error {
	for i := range c.graph.Initializers {
		t := &c.graph.Initializers[i]
		if _, ok := c.values[t.Name]; ok || t.Name == "" {
			return fmt.Errorf("%w: the name %q of initializer %d is empty or stands twice", ErrNetwork, t.Name, i)
		}
		c.values[t.Name] = constant{t}
	}
	return nil
}

func (c *compiler) inputs() error {
	for _, in := range c.graph.Inputs {
		if _, ok := c.values[in.Name].(constant); ok {
			continue // older files list initializers as inputs, too
		}
		switch {
		case in.Name != inputTokens:
			return fmt.Errorf("%w: input %q (supported: one input, %q)", ErrUnsupported, in.Name, inputTokens)
		case in.Type != onnx.Int64 || in.HasShape && len(in.Dims) != 2:
			return fmt.Errorf("%w: input %q is %s with %d dimensions (supported: int64 [N, L])",
				ErrUnsupported, in.Name, in.Type, len(in.Dims))
		}
		c.values[in.Name] = tokens{}
	}
	if _, ok := c.values[inputTokens].(tokens); !ok {
		return fmt.Errorf("%w: no input %q", ErrUnsupported, inputTokens)
	}
	return nil
}

// nodes evaluates the nodes that the outputs need.
func (c *compiler) nodes() error {
	needed := c.needed()
	for i := range c.graph.Nodes {
		n := &c.graph.Nodes[i]
		if !needed[i] {
			continue
		}
		v, err := c.node(n)
		if err != nil {
			return fmt.Errorf("%s: %w", describe(n, i), err)
		}
		if _, ok := c.values[n.Outputs[0]]; ok || n.Outputs[0] == "" {
			return fmt.Errorf("%w: %s: the name %q of its output is empty or taken", ErrNetwork, describe(n, i), n.Outputs[0])
		}
		c.values[n.Outputs[0]] = v
	}
	return nil
}

// needed says which nodes logits and features depend on.
func (c *compiler) needed() []bool {
	wanted := map[string]bool{outputLogits: true, outputFeatures: true}
	needed := make([]bool, len(c.graph.Nodes))
	for i := len(c.graph.Nodes) - 1; i >= 0; i-- {
		n := &c.graph.Nodes[i]
		if needed[i] = slices.ContainsFunc(n.Outputs, func(s string) bool { return wanted[s] }); needed[i] {
			for _, in := range n.Inputs {
				if in != "" {
					wanted[in] = true
				}
			}
		}
	}
	return needed
}

func (c *compiler) node(n *onnx.Node) (value, error) {
	op, ok := operators[n.Op]
	if !ok || n.Domain != "" {
		name := n.Op
		if n.Domain != "" {
			name = n.Domain + "." + n.Op
		}
		return nil, fmt.Errorf("operator %s is not supported by the native engine (supported: %s); use device cpu with ONNX Runtime: %w",
			name, strings.Join(slices.Sorted(maps.Keys(operators)), ", "), ErrUnsupported)
	}
	call := &call{Node: n, opset: c.graph.Opset}
	for _, name := range n.Inputs {
		v, ok := c.values[name]
		if !ok && name != "" {
			return nil, fmt.Errorf("%w: %s reads %q, which is no input, no initializer and no result of a node before it", ErrNetwork, n.Op, name)
		}
		call.in = append(call.in, v)
	}
	// An optional input that is left out at the end may also be spelt out.
	for len(call.in) > 0 && call.in[len(call.in)-1] == nil {
		call.in = call.in[:len(call.in)-1]
	}
	if len(n.Outputs) == 0 || slices.ContainsFunc(n.Outputs[1:], func(s string) bool { return s != "" }) {
		return nil, call.unsupported("with %d outputs", "1 output", len(n.Outputs))
	}
	v, err := op(call)
	if err == nil {
		err = call.leftOver()
	}
	return v, err
}

// network takes the result from the graph's outputs.
func (c *compiler) network() (*network, error) {
	if c.graph.Output(outputLogits) == nil {
		return nil, fmt.Errorf("%w: no output %q", ErrUnsupported, outputLogits)
	}
	logits, ok := c.values[outputLogits].(vector)
	if !ok || !logits.flat() || len(logits.dense) == 0 || logits.dense[len(logits.dense)-1].relu {
		return nil, fmt.Errorf("%w: output %q is %s (supported: the result of a Gemm)",
			ErrUnsupported, outputLogits, meaning(c.values[outputLogits]))
	}
	if c.graph.Output(outputFeatures) != nil {
		features, ok := c.values[outputFeatures].(vector)
		if !ok || !features.flat() || !features.feeds(logits) {
			return nil, fmt.Errorf("%w: output %q is %s (supported: what the last Gemm reads)",
				ErrUnsupported, outputFeatures, meaning(c.values[outputFeatures]))
		}
	}
	return &network{embedding: logits.embedding, blocks: logits.blocks, dense: logits.dense}, nil
}

// describe names a node for an error.
func describe(n *onnx.Node, i int) string {
	if n.Name != "" {
		return fmt.Sprintf("node %q", n.Name)
	}
	if len(n.Outputs) > 0 {
		return fmt.Sprintf("node %d (unnamed, gives %q)", i, n.Outputs[0])
	}
	return fmt.Sprintf("node %d (unnamed)", i)
}
