package onnx

// Graph is one ONNX model: the ModelProto and the GraphProto in it.
type Graph struct {
	// IRVersion is the version of the file format, Opset that of the standard
	// operators (domain "" or "ai.onnx"), 0 when the file names none.
	IRVersion int64
	Opset     int64
	// Opsets are the versions of all other operator domains.
	Opsets map[string]int64

	// Producer and ProducerVersion name the program that wrote the file.
	Producer        string
	ProducerVersion string
	// Metadata are the file's free key-value pairs.
	Metadata map[string]string

	Name string
	// Nodes are in topological order: a node reads what stands before it.
	Nodes []Node
	// Initializers are the named constants, the weights among them.
	Initializers []Tensor
	Inputs       []ValueInfo
	Outputs      []ValueInfo
}

// Initializer returns the initializer called name, or nil.
func (g *Graph) Initializer(name string) *Tensor {
	for i := range g.Initializers {
		if g.Initializers[i].Name == name {
			return &g.Initializers[i]
		}
	}
	return nil
}

// Output returns the graph output called name, or nil.
func (g *Graph) Output(name string) *ValueInfo {
	for i := range g.Outputs {
		if g.Outputs[i].Name == name {
			return &g.Outputs[i]
		}
	}
	return nil
}

// ValueInfo is the name and type of a graph input or output.
type ValueInfo struct {
	Name string
	// Type is the element type, Undefined when the value is not a tensor.
	Type DataType
	// Dims is the shape. HasShape is false when the file gives none, which is
	// not the same as the shape of a scalar.
	Dims     []Dim
	HasShape bool
}

// Dim is one dimension of a value: a number, or, when Param is not empty, a
// name for a number that is known at run time only. A zero Dim is unknown.
type Dim struct {
	Value int64
	Param string
}
