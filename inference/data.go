package inference

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/limen-waf/limen/gpu/session"
)

// errShape is "data" with more or fewer elements than its tensor's shape says, or
// nested otherwise.
var errShape = errors.New("Shape does not match true shape of 'data' field") // Triton's words

// readData reads a tensor's "data", the array that comes next: either flat or nested
// as the shape is (protocol, "Tensor Data"). The tensor has its name, type and shape.
func readData(s *scanner, t *session.Tensor, memory *buffers) error {
	if t.Type == session.FP16 || t.Type == session.BF16 {
		return invalid("receiving %s data via JSON is not supported. Please use the binary data format for input %s", t.Type, t.Name)
	}
	count := session.Elements(t.Shape)
	// An element is at least a digit and a comma. What the text cannot hold is refused
	// before memory is taken for it.
	if count > int64(len(s.data)-s.at)/2+1 {
		return unreadable("data", errShape)
	}
	if t.Type == session.String && count > maxStrings {
		return tooMany(t)
	}
	d := data{scanner: s, tensor: t, count: int(count)}
	if t.Type == session.String {
		t.Strings = make([][]byte, count)
	} else {
		t.Data = memory.take(int(count) * t.Type.Size())
	}
	d.element = d.reader()
	err := d.array(0)
	if err == nil && d.next != d.count {
		err = errShape
	}
	if err != nil {
		return unreadable("data", err)
	}
	return nil
}

// data is the reading of one tensor's elements.
type data struct {
	*scanner
	tensor  *session.Tensor
	count   int
	next    int // index of the next element
	element func() error
}

// array reads the array that comes next, which is level arrays deep.
func (d *data) array(level int) error {
	shape := d.tensor.Shape
	var arrays, elements int
	err := d.scanner.array(func() error {
		if d.peek() == '[' {
			if arrays++; elements > 0 || level+1 >= len(shape) {
				return errShape
			}
			return d.array(level + 1)
		}
		if elements++; arrays > 0 || d.next == d.count {
			return errShape
		}
		if err := d.element(); err != nil {
			return err
		}
		d.next++
		return nil
	})
	switch {
	case err != nil:
		return err
	case arrays > 0 && int64(arrays) != shape[level]:
		return errShape
	case arrays == 0 && level > 0 && (int64(elements) != shape[level] || elements > 0 && level != len(shape)-1):
		return errShape
	}
	return nil
}

// reader gives the function that reads one element of the tensor's type.
func (d *data) reader() func() error {
	out, little := d.tensor.Data, binary.LittleEndian
	switch d.tensor.Type {
	case session.Bool:
		return func() error {
			v, err := d.bool()
			out[d.next] = 0
			if v {
				out[d.next] = 1
			}
			return err
		}
	case session.Uint8:
		return func() error { v, err := d.uint(8); out[d.next] = byte(v); return err }
	case session.Uint16:
		return func() error { v, err := d.uint(16); little.PutUint16(out[2*d.next:], uint16(v)); return err }
	case session.Uint32:
		return func() error { v, err := d.uint(32); little.PutUint32(out[4*d.next:], uint32(v)); return err }
	case session.Uint64:
		return func() error { v, err := d.uint(64); little.PutUint64(out[8*d.next:], v); return err }
	case session.Int8:
		return func() error { v, err := d.int(8); out[d.next] = byte(v); return err }
	case session.Int16:
		return func() error { v, err := d.int(16); little.PutUint16(out[2*d.next:], uint16(v)); return err }
	case session.Int32:
		return func() error { v, err := d.int(32); little.PutUint32(out[4*d.next:], uint32(v)); return err }
	case session.Int64:
		return func() error { v, err := d.int(64); little.PutUint64(out[8*d.next:], uint64(v)); return err }
	case session.FP32:
		return func() error {
			v, err := d.float(32)
			little.PutUint32(out[4*d.next:], math.Float32bits(float32(v)))
			return err
		}
	case session.FP64:
		return func() error { v, err := d.float(64); little.PutUint64(out[8*d.next:], math.Float64bits(v)); return err }
	}
	return func() error { v, err := d.text(); d.tensor.Strings[d.next] = v; return err }
}
