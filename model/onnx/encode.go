package onnx

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Encode writes a graph as an ONNX file. The same graph gives the same bytes.
// It fails when a tensor's elements do not fill its shape, when its type is one
// that a Tensor cannot hold and Raw is empty, or when an input or output is no
// tensor.
func Encode(g *Graph) ([]byte, error) {
	body, err := appendGraph(nil, g)
	if err != nil {
		return nil, fmt.Errorf("writing ONNX: %w", err)
	}
	var b []byte
	b = appendInt(b, 1, g.IRVersion)
	b = appendString(b, 2, g.Producer)
	b = appendString(b, 3, g.ProducerVersion)
	b = appendMessage(b, 7, body)
	if g.Opset != 0 {
		b = appendMessage(b, 8, appendInt(nil, 2, g.Opset))
	}
	for _, domain := range slices.Sorted(maps.Keys(g.Opsets)) {
		b = appendMessage(b, 8, appendInt(appendString(nil, 1, domain), 2, g.Opsets[domain]))
	}
	for _, key := range slices.Sorted(maps.Keys(g.Metadata)) {
		b = appendMessage(b, 14, appendString(appendString(nil, 1, key), 2, g.Metadata[key]))
	}
	return b, nil
}

func appendGraph(b []byte, g *Graph) ([]byte, error) {
	for i := range g.Nodes {
		n, err := appendNode(nil, &g.Nodes[i])
		if err != nil {
			return nil, fmt.Errorf("node %d (%q): %w", i, g.Nodes[i].Name, err)
		}
		b = appendMessage(b, 1, n)
	}
	b = appendString(b, 2, g.Name)
	for i := range g.Initializers {
		t, err := appendTensor(nil, &g.Initializers[i])
		if err != nil {
			return nil, err
		}
		b = appendMessage(b, 5, t)
	}
	for i := range g.Inputs {
		v, err := appendValueInfo(nil, &g.Inputs[i])
		if err != nil {
			return nil, err
		}
		b = appendMessage(b, 11, v)
	}
	for i := range g.Outputs {
		v, err := appendValueInfo(nil, &g.Outputs[i])
		if err != nil {
			return nil, err
		}
		b = appendMessage(b, 12, v)
	}
	return b, nil
}

func appendNode(b []byte, n *Node) ([]byte, error) {
	for _, s := range n.Inputs {
		b = appendMessage(b, 1, []byte(s)) // an empty name counts: it keeps the place
	}
	for _, s := range n.Outputs {
		b = appendMessage(b, 2, []byte(s))
	}
	b = appendString(b, 3, n.Name)
	b = appendString(b, 4, n.Op)
	for i := range n.Attributes {
		a, err := appendAttribute(nil, &n.Attributes[i])
		if err != nil {
			return nil, fmt.Errorf("attribute %q: %w", n.Attributes[i].Name, err)
		}
		b = appendMessage(b, 5, a)
	}
	return appendString(b, 7, n.Domain), nil
}

func appendAttribute(b []byte, a *Attribute) ([]byte, error) {
	if len(a.Raw) > 0 {
		return append(b, a.Raw...), nil
	}
	b = appendString(b, 1, a.Name)
	switch a.Type {
	case AttributeFloat:
		b = protowire.AppendTag(b, 2, protowire.Fixed32Type)
		b = protowire.AppendFixed32(b, math.Float32bits(a.Float))
	case AttributeInt:
		b = protowire.AppendTag(b, 3, protowire.VarintType)
		b = protowire.AppendVarint(b, uint64(a.Int))
	case AttributeString:
		b = appendMessage(b, 4, a.String)
	case AttributeTensor:
		t, err := appendTensor(nil, a.Tensor)
		if err != nil {
			return nil, err
		}
		b = appendMessage(b, 5, t)
	case AttributeFloats:
		for _, v := range a.Floats {
			b = protowire.AppendTag(b, 7, protowire.Fixed32Type)
			b = protowire.AppendFixed32(b, math.Float32bits(v))
		}
	case AttributeInts:
		for _, v := range a.Ints {
			b = protowire.AppendTag(b, 8, protowire.VarintType)
			b = protowire.AppendVarint(b, uint64(v))
		}
	case AttributeStrings:
		for _, v := range a.Strings {
			b = appendMessage(b, 9, v)
		}
	default:
		return nil, fmt.Errorf("%w: attribute type %d", ErrUnsupported, a.Type)
	}
	return appendInt(b, 20, int64(a.Type)), nil
}

func appendTensor(b []byte, t *Tensor) ([]byte, error) {
	if len(t.Raw) > 0 {
		return append(b, t.Raw...), nil
	}
	n, err := t.Len()
	if err != nil {
		return nil, err
	}
	var raw []byte
	got := len(t.Ints)
	switch t.Type {
	case Float32, Float64:
		got = len(t.Floats)
		for _, v := range t.Floats {
			if t.Type == Float32 {
				raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
			} else {
				raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(float64(v)))
			}
		}
	case Int32:
		for _, v := range t.Ints {
			raw = binary.LittleEndian.AppendUint32(raw, uint32(v))
		}
	case Int64:
		for _, v := range t.Ints {
			raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
		}
	case Bool:
		for _, v := range t.Ints {
			raw = append(raw, byte(v))
		}
	default:
		return nil, fmt.Errorf("tensor %q: %w: element type %s", t.Name, ErrUnsupported, t.Type)
	}
	if got != n {
		return nil, fmt.Errorf("tensor %q has %d elements, its shape %v needs %d", t.Name, got, t.Dims, n)
	}
	for _, d := range t.Dims {
		b = protowire.AppendTag(b, 1, protowire.VarintType)
		b = protowire.AppendVarint(b, uint64(d))
	}
	b = appendInt(b, 2, int64(t.Type))
	b = appendString(b, 8, t.Name)
	return appendMessage(b, 9, raw), nil
}

func appendValueInfo(b []byte, v *ValueInfo) ([]byte, error) {
	if v.Type == Undefined {
		return nil, fmt.Errorf("value %q: %w: not a tensor", v.Name, ErrUnsupported)
	}
	tensor := appendInt(nil, 1, int64(v.Type))
	if v.HasShape {
		var shape []byte
		for _, d := range v.Dims {
			var dim []byte
			switch {
			case d.Param != "":
				dim = appendString(dim, 2, d.Param)
			case d.Value != 0:
				dim = appendInt(dim, 1, d.Value)
			}
			shape = appendMessage(shape, 1, dim)
		}
		tensor = appendMessage(tensor, 2, shape)
	}
	b = appendString(b, 1, v.Name)
	return appendMessage(b, 2, appendMessage(nil, 1, tensor)), nil
}

func appendMessage(b []byte, num protowire.Number, msg []byte) []byte {
	b = protowire.AppendTag(b, num, protowire.BytesType)
	return protowire.AppendBytes(b, msg)
}

// appendString and appendInt leave a zero value out, as proto3 does.
func appendString(b []byte, num protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return appendMessage(b, num, []byte(s))
}

func appendInt(b []byte, num protowire.Number, v int64) []byte {
	if v == 0 {
		return b
	}
	b = protowire.AppendTag(b, num, protowire.VarintType)
	return protowire.AppendVarint(b, uint64(v))
}
