package onnx

import (
	"fmt"
)

// maxEntries bounds the nodes, initializers, inputs, outputs, names and
// attributes of a file, each: an empty one takes two bytes in the file and a
// hundred in memory. Detection networks have some thousand nodes.
const maxEntries = 1 << 16

// Decode reads an ONNX file. The Graph keeps no part of data. An error wraps
// ErrFormat or ErrUnsupported and says where in the file it is.
func Decode(data []byte) (*Graph, error) {
	d := &decoder{graph: &Graph{}}
	if err := d.model(data); err != nil {
		return nil, fmt.Errorf("reading ONNX: %w", err)
	}
	return d.graph, nil
}

type decoder struct {
	graph   *Graph
	entries int
}

// entry counts one of the things that maxEntries bounds.
func (d *decoder) entry() error {
	d.entries++
	if d.entries > maxEntries {
		return fmt.Errorf("%w: more than %d nodes, names and constants", ErrUnsupported, maxEntries)
	}
	return nil
}

// model reads a ModelProto.
func (d *decoder) model(msg []byte) error {
	g, graphs := d.graph, 0
	err := fields(msg, func(f field) error {
		switch f.num {
		case 1: // ir_version
			return f.int(&g.IRVersion)
		case 2: // producer_name
			return f.string(&g.Producer)
		case 3: // producer_version
			return f.string(&g.ProducerVersion)
		case 7: // graph
			graphs++
			b, err := f.message()
			if err != nil {
				return err
			}
			return d.graphProto(b)
		case 8: // opset_import
			return d.opset(f)
		case 14: // metadata_props
			return d.metadata(f)
		case 25: // functions
			return fmt.Errorf("%w: the model defines functions of its own; export it with them inlined", ErrUnsupported)
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case graphs != 1:
		return fmt.Errorf("%w: %d graphs in the file, expected 1", ErrFormat, graphs)
	}
	return nil
}

// opset reads an OperatorSetIdProto.
func (d *decoder) opset(f field) error {
	b, err := f.message()
	if err != nil {
		return err
	}
	var domain string
	var version int64
	err = fields(b, func(f field) error {
		switch f.num {
		case 1: // domain
			return f.string(&domain)
		case 2: // version
			return f.int(&version)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("opset_import: %w", err)
	}
	if domain == "" || domain == "ai.onnx" {
		d.graph.Opset = version
		return nil
	}
	if d.graph.Opsets == nil {
		d.graph.Opsets = map[string]int64{}
	}
	d.graph.Opsets[domain] = version
	return d.entry()
}

// metadata reads a StringStringEntryProto.
func (d *decoder) metadata(f field) error {
	b, err := f.message()
	if err != nil {
		return err
	}
	var key, value string
	err = fields(b, func(f field) error {
		switch f.num {
		case 1: // key
			return f.string(&key)
		case 2: // value
			return f.string(&value)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("metadata_props: %w", err)
	}
	if d.graph.Metadata == nil {
		d.graph.Metadata = map[string]string{}
	}
	d.graph.Metadata[key] = value
	return d.entry()
}

// graphProto reads a GraphProto.
func (d *decoder) graphProto(msg []byte) error {
	g := d.graph
	return fields(msg, func(f field) error {
		switch f.num {
		case 2: // name
			return f.string(&g.Name)
		case 1, 5, 11, 12, 15:
		default: // doc_string, value_info, quantization_annotation, metadata_props, or newer
			return nil
		}
		b, err := f.message()
		if err != nil {
			return err
		}
		if err := d.entry(); err != nil {
			return err
		}
		switch f.num {
		case 1: // node
			n, err := d.node(b)
			if err != nil {
				return fmt.Errorf("node %d (%q): %w", len(g.Nodes), n.Name, err)
			}
			g.Nodes = append(g.Nodes, n)
		case 5: // initializer
			t, err := d.tensor(b)
			if err != nil {
				return fmt.Errorf("initializer %d: %w", len(g.Initializers), err)
			}
			g.Initializers = append(g.Initializers, t)
		case 11: // input
			v, err := d.valueInfo(b)
			if err != nil {
				return fmt.Errorf("input %d: %w", len(g.Inputs), err)
			}
			g.Inputs = append(g.Inputs, v)
		case 12: // output
			v, err := d.valueInfo(b)
			if err != nil {
				return fmt.Errorf("output %d: %w", len(g.Outputs), err)
			}
			g.Outputs = append(g.Outputs, v)
		case 15: // sparse_initializer
			return fmt.Errorf("%w: sparse initializers", ErrUnsupported)
		}
		return nil
	})
}

// node reads a NodeProto. The name is set, when it is known, even on error.
func (d *decoder) node(msg []byte) (Node, error) {
	var n Node
	err := fields(msg, func(f field) error {
		switch f.num {
		case 1, 2: // input, output
			var s string
			if err := f.string(&s); err != nil {
				return err
			}
			if f.num == 1 {
				n.Inputs = append(n.Inputs, s)
			} else {
				n.Outputs = append(n.Outputs, s)
			}
			return d.entry()
		case 3: // name
			return f.string(&n.Name)
		case 4: // op_type
			return f.string(&n.Op)
		case 5: // attribute
			b, err := f.message()
			if err != nil {
				return err
			}
			a, err := d.attribute(b)
			if err != nil {
				return fmt.Errorf("attribute %q: %w", a.Name, err)
			}
			n.Attributes = append(n.Attributes, a)
			return d.entry()
		case 7: // domain
			return f.string(&n.Domain)
		}
		return nil
	})
	if n.Domain == "ai.onnx" {
		n.Domain = ""
	}
	return n, err
}

// attribute reads an AttributeProto. The name is set, when it is known, even
// on error.
func (d *decoder) attribute(msg []byte) (Attribute, error) {
	var a Attribute
	err := fields(msg, func(f field) error {
		var err error
		switch f.num {
		case 1: // name
			err = f.string(&a.Name)
		case 2: // f
			err = f.float(&a.Float)
		case 3: // i
			err = f.int(&a.Int)
		case 4: // s
			a.String, err = bytesOf(f)
		case 5: // t
			var b []byte
			if b, err = f.message(); err != nil {
				return err
			}
			var t Tensor
			t, err = d.tensor(b)
			a.Tensor = &t
		case 7: // floats
			a.Floats, err = f.floats(a.Floats)
		case 8: // ints
			a.Ints, err = f.ints(a.Ints)
		case 9: // strings
			var s []byte
			s, err = bytesOf(f)
			a.Strings = append(a.Strings, s)
			if err == nil {
				err = d.entry()
			}
		case 20: // type
			err = f.int32((*int32)(&a.Type))
		}
		return err
	})
	if err != nil {
		return a, err
	}
	switch a.Type {
	case AttributeFloat, AttributeInt, AttributeString, AttributeFloats, AttributeInts, AttributeStrings:
	case AttributeTensor:
		if a.Tensor == nil {
			return a, fmt.Errorf("%w: no tensor in a tensor attribute", ErrFormat)
		}
	case 0:
		// Files of the first IR versions leave the type out; nothing writes
		// them any more.
		return a, fmt.Errorf("%w: no type", ErrFormat)
	default:
		a = Attribute{Name: a.Name, Type: a.Type, Raw: append([]byte(nil), msg...)}
	}
	return a, nil
}

func bytesOf(f field) ([]byte, error) {
	b, err := f.message()
	return append([]byte{}, b...), err
}

// valueInfo reads a ValueInfoProto.
func (d *decoder) valueInfo(msg []byte) (ValueInfo, error) {
	var v ValueInfo
	err := fields(msg, func(f field) error {
		switch f.num {
		case 1: // name
			return f.string(&v.Name)
		case 2: // type: TypeProto
			return d.nested(f, func(f field) error {
				if f.num != 1 { // tensor_type: TypeProto.Tensor
					return nil
				}
				return d.nested(f, func(f field) error {
					switch f.num {
					case 1: // elem_type
						return f.int32((*int32)(&v.Type))
					case 2: // shape: TensorShapeProto
						v.HasShape = true
						return d.nested(f, func(f field) error { return d.dim(&v, f) })
					}
					return nil
				})
			})
		}
		return nil
	})
	if err != nil {
		return v, fmt.Errorf("%q: %w", v.Name, err)
	}
	return v, nil
}

// dim reads one field of a TensorShapeProto.
func (d *decoder) dim(v *ValueInfo, f field) error {
	if f.num != 1 { // dim
		return nil
	}
	var dim Dim
	err := d.nested(f, func(f field) error {
		switch f.num {
		case 1: // dim_value
			return f.int(&dim.Value)
		case 2: // dim_param
			return f.string(&dim.Param)
		}
		return nil
	})
	if err != nil {
		return err
	}
	v.Dims = append(v.Dims, dim)
	return d.entry()
}

// nested visits the fields of the message that f holds.
func (d *decoder) nested(f field, visit func(f field) error) error {
	b, err := f.message()
	if err != nil {
		return err
	}
	return fields(b, visit)
}
