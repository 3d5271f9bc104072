package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
)

// tensor reads a TensorProto.
func (d *decoder) tensor(msg []byte) (Tensor, error) {
	var t Tensor
	var raw []byte
	var hasRaw bool
	err := fields(msg, func(f field) error {
		var err error
		switch f.num {
		case 1: // dims
			t.Dims, err = f.ints(t.Dims)
		case 2: // data_type
			err = f.int32((*int32)(&t.Type))
		case 3: // segment
			err = fmt.Errorf("%w: a tensor in segments", ErrUnsupported)
		case 4: // float_data
			t.Floats, err = f.floats(t.Floats)
		case 5, 7: // int32_data, int64_data
			t.Ints, err = f.ints(t.Ints)
		case 8: // name
			err = f.string(&t.Name)
		case 9: // raw_data
			hasRaw = true
			raw, err = f.message()
		case 10: // double_data
			t.Floats, err = f.doubles(t.Floats)
		case 14: // data_location
			if f.bits != 0 {
				err = fmt.Errorf("%w: the weights are in another file; save the model as one file", ErrUnsupported)
			}
		}
		return err
	})
	if err == nil {
		err = t.fill(msg, raw, hasRaw)
	}
	if err != nil {
		return t, fmt.Errorf("tensor %q: %w", t.Name, err)
	}
	return t, nil
}

// fill moves raw_data to where the type says, and holds the number of elements
// against the shape.
func (t *Tensor) fill(msg, raw []byte, hasRaw bool) error {
	n, err := t.Len()
	if err != nil {
		return fmt.Errorf("%w: %v", ErrFormat, err)
	}
	got := len(t.Ints)
	switch t.Type {
	case Float32:
		if hasRaw {
			t.Floats, err = unpack(t.Floats[:0], raw, 4, func(b []byte) float32 {
				return math.Float32frombits(binary.LittleEndian.Uint32(b))
			})
		}
		got = len(t.Floats)
		t.Ints = nil
	case Float64:
		if hasRaw {
			t.Floats, err = unpack(t.Floats[:0], raw, 8, func(b []byte) float32 {
				return float32(math.Float64frombits(binary.LittleEndian.Uint64(b)))
			})
		}
		got = len(t.Floats)
		t.Ints = nil
	case Int32, Int64, Bool:
		if hasRaw {
			t.Ints, err = t.unpackInts(raw)
			got = len(t.Ints)
		}
		t.Floats = nil
	default:
		t.Floats, t.Ints = nil, nil
		t.Raw = append([]byte(nil), msg...)
		return nil
	}
	switch {
	case err != nil:
		return err
	case got != n:
		return fmt.Errorf("%w: %d elements, its shape %v needs %d", ErrFormat, got, t.Dims, n)
	}
	return nil
}

func (t *Tensor) unpackInts(raw []byte) ([]int64, error) {
	switch t.Type {
	case Int32:
		return unpack(t.Ints[:0], raw, 4, func(b []byte) int64 { return int64(int32(binary.LittleEndian.Uint32(b))) })
	case Int64:
		return unpack(t.Ints[:0], raw, 8, func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) })
	}
	return unpack(t.Ints[:0], raw, 1, func(b []byte) int64 { return int64(b[0]) })
}

// unpack appends the little-endian elements of size bytes each in raw.
func unpack[T any](dst []T, raw []byte, size int, element func([]byte) T) ([]T, error) {
	if len(raw)%size != 0 {
		return nil, fmt.Errorf("%w: %d bytes of raw data, not a multiple of %d", ErrFormat, len(raw), size)
	}
	if n := len(raw) / size; cap(dst) < n {
		dst = make([]T, 0, n)
	}
	for ; len(raw) > 0; raw = raw[size:] {
		dst = append(dst, element(raw[:size]))
	}
	return dst, nil
}
