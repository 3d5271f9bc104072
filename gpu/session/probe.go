package session

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"slices"
)

// mostSample bounds the elements of one row that the probe makes up.
const mostSample = 1 << 26

// warmUp runs b once on made-up inputs, where their shape is known. A device sets
// much up on the first run. The error is the run's; nil when nothing was run.
func warmUp(b backend) error {
	model := b.signature()
	in, ok := sample(&model, 1)
	if !ok {
		return nil
	}
	out, err := b.run(context.Background(), in, model.all)
	if err != nil {
		return err
	}
	out.release()
	return nil
}

// batching says why calls must not be run together; empty when they may.
func (s *Session) batching() string {
	switch {
	case s.options.MaxBatch == 1:
		return "max_batch is 1"
	case len(s.model.inputs) == 0:
		return "the model has no inputs"
	}
	for _, w := range slices.Concat(s.model.inputs, s.model.outputs) {
		if len(w.Shape) == 0 || w.Shape[0] >= 0 {
			return "the first dimension of " + w.String() + " is fixed"
		}
	}
	in, ok := sample(&s.model, 2)
	if !ok {
		// Nothing can be tried without a shape; the names must do.
		first := s.model.batchNames[0]
		if first == "" || slices.ContainsFunc(s.model.batchNames, func(n string) bool { return n != first }) {
			return "the first dimensions have no name in common"
		}
		return ""
	}
	return s.independent(in)
}

// independent runs two rows together and one by one, and says in what the
// answers differ.
func (s *Session) independent(in []Tensor) string {
	both, err := s.probe(in)
	if err != nil {
		return "two rows cannot be run: " + err.Error()
	}
	for i := range both {
		if len(both[i].Shape) == 0 || both[i].Shape[0] != 2 {
			return "output " + both[i].Name + " has shape " + shapeText(both[i].Shape) + " for two rows"
		}
	}
	for row := range int64(2) {
		single := make([]Tensor, len(in))
		for i := range in {
			single[i] = rows(&in[i], row, 1)
		}
		one, err := s.probe(single)
		if err != nil {
			return "one row cannot be run: " + err.Error()
		}
		for i := range one {
			if part := rows(&both[i], row, 1); !slices.Equal(part.Shape, one[i].Shape) || !near(&part, &one[i]) {
				return "output " + one[i].Name + " of a row depends on the other rows"
			}
		}
	}
	return ""
}

// probe runs the model on the main device or the spare.
func (s *Session) probe(in []Tensor) ([]Tensor, error) {
	out, _, err := s.devices.run(context.Background(), in, s.model.all)
	if err != nil {
		return nil, err
	}
	defer out.release()
	kept := make([]Tensor, len(out.outputs))
	for i := range kept {
		kept[i] = rows(&out.outputs[i], 0, -1)
	}
	return kept, nil
}

// sample makes inputs of n rows up; ok is false where another dimension
// than the first is free. Floats are spread over [0, 1), the
// rows differing; all else is zero, which is a valid index and a valid length.
func sample(model *signature, n int64) (in []Tensor, ok bool) {
	for _, w := range model.inputs {
		shape := slices.Clone(w.Shape)
		if len(shape) > 0 && shape[0] < 0 {
			shape[0] = n
		}
		count := Elements(shape)
		if count < 0 || count > n*mostSample {
			return nil, false
		}
		t := Tensor{Name: w.Name, Type: w.Type, Shape: shape}
		if w.Type == String {
			t.Strings = make([][]byte, count)
		} else {
			t.Data = make([]byte, count*int64(w.Type.Size()))
			scatter(t.Data, w.Type)
		}
		in = append(in, t)
	}
	return in, true
}

// scatter fills floats with a sequence of low discrepancy (multiples of the golden
// ratio), so that no two rows are alike.
func scatter(data []byte, t Type) {
	const golden = 0.6180339887498949
	x, size := 0.0, t.Size()
	for i := 0; i+size <= len(data); i += size {
		if x += golden; x >= 1 {
			x--
		}
		switch t {
		case FP32:
			binary.LittleEndian.PutUint32(data[i:], math.Float32bits(float32(x)))
		case FP64:
			binary.LittleEndian.PutUint64(data[i:], math.Float64bits(x))
		case BF16:
			binary.LittleEndian.PutUint16(data[i:], uint16(math.Float32bits(float32(x))>>16))
		case FP16: // 1 + x without its exponent: [1, 2) has the exponent 15
			binary.LittleEndian.PutUint16(data[i:], 15<<10|uint16(x*1024))
		default:
			return
		}
	}
}

// near says whether two tensors of the same shape hold the same: floats to a
// thousandth of the largest, for batches of other sizes are summed in another order.
func near(a, b *Tensor) bool {
	switch a.Type {
	case String:
		return slices.EqualFunc(a.Strings, b.Strings, bytes.Equal)
	case FP16, BF16, FP32, FP64:
	default:
		return bytes.Equal(a.Data, b.Data)
	}
	size, largest := a.Type.Size(), 0.0
	for i := 0; i+size <= len(a.Data); i += size {
		if x := math.Abs(float(a.Data[i:], a.Type)); x > largest && !math.IsInf(x, 0) {
			largest = x
		}
	}
	allowed := 1e-3 * largest
	if a.Type.Size() == 2 { // eight or eleven bits of mantissa
		allowed = 2e-2 * largest
	}
	for i := 0; i+size <= len(a.Data); i += size {
		x, y := float(a.Data[i:], a.Type), float(b.Data[i:], b.Type)
		if x != y && !(math.Abs(x-y) <= allowed) && !(math.IsNaN(x) && math.IsNaN(y)) {
			return false
		}
	}
	return true
}

// float reads one element.
func float(data []byte, t Type) float64 {
	switch t {
	case FP32:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(data)))
	case FP64:
		return math.Float64frombits(binary.LittleEndian.Uint64(data))
	case BF16:
		return float64(math.Float32frombits(uint32(binary.LittleEndian.Uint16(data)) << 16))
	}
	return half(binary.LittleEndian.Uint16(data))
}

// half reads an IEEE 754 binary16 number.
func half(h uint16) float64 {
	exponent, fraction := int(h>>10&31), float64(h&1023)
	var x float64
	switch exponent {
	case 0:
		x = math.Ldexp(fraction, -24)
	case 31:
		x = math.Inf(1)
		if fraction != 0 {
			x = math.NaN()
		}
	default:
		x = math.Ldexp(1024+fraction, exponent-25)
	}
	if h&0x8000 != 0 {
		x = -x
	}
	return x
}
