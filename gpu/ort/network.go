package ort

import (
	"fmt"

	"github.com/limen-waf/limen/model/onnx"
)

// Names of the network's input and of the output that is read.
const (
	inputName  = "tokens"
	outputName = "logits"
)

// mostPooling bounds the product of the pools: no window is padded further.
const mostPooling = 4096

// pooling returns the product of the pools between the network's input and its
// output. A window padded to a multiple of it gets the same logits however
// much padding follows. Where ways of different length lead to the output,
// such as the mask's and the data's, the largest product counts.
func pooling(file []byte) (int, error) {
	g, err := onnx.Decode(file)
	if err != nil {
		return 0, err
	}
	if g.Output(outputName) == nil {
		return 0, fmt.Errorf("it has no output %q", outputName)
	}
	product := map[string]int{}
	of := func(name string) int { return max(1, product[name]) }
	for i := range g.Nodes { // in topological order
		n := &g.Nodes[i]
		p := 1
		for _, in := range n.Inputs {
			p = max(p, of(in))
		}
		if n.Op == "MaxPool" {
			strides := n.Attribute("strides")
			if strides == nil || len(strides.Ints) != 1 || strides.Ints[0] < 1 || strides.Ints[0] > mostPooling {
				return 0, fmt.Errorf("node %q: MaxPool needs one stride between 1 and %d", n.Name, mostPooling)
			}
			p *= int(strides.Ints[0])
		}
		if p > mostPooling {
			return 0, fmt.Errorf("node %q: the pools up to here multiply to more than %d", n.Name, mostPooling)
		}
		for _, out := range n.Outputs {
			product[out] = p
		}
	}
	return of(outputName), nil
}
