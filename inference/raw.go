package inference

import (
	"github.com/limen-waf/limen/gpu/session"
)

// raw makes a request of a body that is all tensor data: a raw binary request (binary
// tensor data extension), for a model of one input. The shape is the model's, with a
// batch of one and with at most one free dimension, which the size decides.
func (s *signature) raw(data []byte) (*request, error) {
	if len(s.inputs) != 1 {
		return nil, invalid("Raw request must only have 1 input (found 1) to be deduced but got %d inputs in '%s' model configuration", len(s.inputs), s.model)
	}
	info := s.inputs[0]
	in := input{Tensor: session.Tensor{Name: info.Name, Type: info.Type}, binary: true, size: int64(len(data))}
	free := -1
	for i, d := range info.Shape {
		if d < 0 {
			switch {
			case i == 0 && s.maxBatch > 0:
			case free >= 0:
				return nil, invalid("The shape of the raw input '%s' can not be deduced because there are more than one variable-sized dimension", info.Name)
			default:
				free = i
			}
			d = 1
		}
		in.Shape = append(in.Shape, d)
	}
	each := session.Elements(in.Shape)
	switch size := int64(info.Type.Size()); {
	case size == 0:
		if each != 1 || free >= 0 {
			return nil, invalid("For BYTE datatype raw input '%s', the model must have input shape [1]", info.Name)
		}
		in.Strings = [][]byte{data}
	case free >= 0 && each > 0:
		in.Shape[free] = int64(len(data)) / (each * size)
	}
	if err := s.check(&in, nil); err != nil {
		return nil, err
	}
	if in.Strings == nil {
		if err := setBinary(&in.Tensor, data); err != nil {
			return nil, err
		}
	}
	r := &request{inputs: []input{in}, binary: true}
	for _, o := range s.outputs {
		r.outputs = append(r.outputs, output{name: o.Name, binary: true})
	}
	return r, nil
}
