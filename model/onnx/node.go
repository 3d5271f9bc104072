package onnx

// Node is one operator call.
type Node struct {
	// Name is for people and may be empty.
	Name string
	// Op is the operator, such as "Conv"; Domain is "" for the standard ones.
	Op     string
	Domain string
	// Inputs and Outputs are value names. An empty name is an optional one
	// that is left out.
	Inputs     []string
	Outputs    []string
	Attributes []Attribute
}

// Attribute returns the attribute called name, or nil.
func (n *Node) Attribute(name string) *Attribute {
	for i := range n.Attributes {
		if n.Attributes[i].Name == name {
			return &n.Attributes[i]
		}
	}
	return nil
}

// AttributeType says which field of an Attribute holds its value. The numbers
// are those of AttributeProto.AttributeType.
type AttributeType int32

// The attribute types that a Graph can hold the values of.
const (
	AttributeFloat   AttributeType = 1
	AttributeInt     AttributeType = 2
	AttributeString  AttributeType = 3
	AttributeTensor  AttributeType = 4
	AttributeFloats  AttributeType = 6
	AttributeInts    AttributeType = 7
	AttributeStrings AttributeType = 8
)

// Attribute is one named constant of a node.
type Attribute struct {
	Name string
	Type AttributeType

	Float   float32
	Int     int64
	String  []byte
	Tensor  *Tensor
	Floats  []float32
	Ints    []int64
	Strings [][]byte

	// Raw is the attribute as it stands in the file when its type is none of
	// the above (a subgraph, say). Encode writes it back.
	Raw []byte
}
