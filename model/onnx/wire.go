package onnx

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// field is one field of a protobuf message.
type field struct {
	num protowire.Number
	typ protowire.Type
	// bytes is the value of a length-delimited field, a part of the message;
	// bits is the value of any other.
	bytes []byte
	bits  uint64
}

// fields calls visit for each field of a message in its order.
func fields(msg []byte, visit func(f field) error) error {
	for len(msg) > 0 {
		num, typ, n := protowire.ConsumeTag(msg)
		if n < 0 {
			return fmt.Errorf("%w: %v", ErrFormat, protowire.ParseError(n))
		}
		msg = msg[n:]
		f := field{num: num, typ: typ}
		switch typ {
		case protowire.VarintType:
			f.bits, n = protowire.ConsumeVarint(msg)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(msg)
			f.bits = uint64(v)
		case protowire.Fixed64Type:
			f.bits, n = protowire.ConsumeFixed64(msg)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(msg)
		default: // groups: ONNX has none
			return fmt.Errorf("%w: field %d has wire type %d", ErrFormat, num, typ)
		}
		if n < 0 {
			return fmt.Errorf("%w: field %d: %v", ErrFormat, num, protowire.ParseError(n))
		}
		msg = msg[n:]
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

// want is an error unless the field has the wire type that its message gives it.
func (f field) want(typ protowire.Type) error {
	if f.typ != typ {
		return fmt.Errorf("%w: field %d has wire type %d, expected %d", ErrFormat, f.num, f.typ, typ)
	}
	return nil
}

func (f field) message() ([]byte, error) { return f.bytes, f.want(protowire.BytesType) }

func (f field) string(dst *string) error {
	*dst = string(f.bytes)
	return f.want(protowire.BytesType)
}

func (f field) int(dst *int64) error {
	*dst = int64(f.bits)
	return f.want(protowire.VarintType)
}

// int32 reads an enumeration or an int32, which the wire sign-extends to 64 bits.
func (f field) int32(dst *int32) error {
	*dst = int32(f.bits)
	return f.want(protowire.VarintType)
}

func (f field) float(dst *float32) error {
	*dst = math.Float32frombits(uint32(f.bits))
	return f.want(protowire.Fixed32Type)
}

// ints appends the elements of a repeated integer field, packed or not.
func (f field) ints(dst []int64) ([]int64, error) {
	if f.typ != protowire.BytesType {
		return append(dst, int64(f.bits)), f.want(protowire.VarintType)
	}
	for b := f.bytes; len(b) > 0; {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return nil, fmt.Errorf("%w: field %d: %v", ErrFormat, f.num, protowire.ParseError(n))
		}
		dst, b = append(dst, int64(v)), b[n:]
	}
	return dst, nil
}

// floats appends the elements of a repeated float field, packed or not.
func (f field) floats(dst []float32) ([]float32, error) {
	if f.typ != protowire.BytesType {
		return append(dst, math.Float32frombits(uint32(f.bits))), f.want(protowire.Fixed32Type)
	}
	for b := f.bytes; len(b) > 0; {
		v, n := protowire.ConsumeFixed32(b)
		if n < 0 {
			return nil, fmt.Errorf("%w: field %d: %v", ErrFormat, f.num, protowire.ParseError(n))
		}
		dst, b = append(dst, math.Float32frombits(v)), b[n:]
	}
	return dst, nil
}

// doubles is floats for a repeated double field; it rounds to float32.
func (f field) doubles(dst []float32) ([]float32, error) {
	if f.typ != protowire.BytesType {
		return append(dst, float32(math.Float64frombits(f.bits))), f.want(protowire.Fixed64Type)
	}
	for b := f.bytes; len(b) > 0; {
		v, n := protowire.ConsumeFixed64(b)
		if n < 0 {
			return nil, fmt.Errorf("%w: field %d: %v", ErrFormat, f.num, protowire.ParseError(n))
		}
		dst, b = append(dst, float32(math.Float64frombits(v))), b[n:]
	}
	return dst, nil
}
