package inference

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"github.com/limen-waf/limen/gpu/session"
)

// rankable says whether the classification extension is for outputs of a type.
func rankable(t session.Type) bool { return ranker(t) != nil }

// classify makes of an output the n highest values of each row, with the index and
// label of each: BYTES of shape [n], or [rows, n] for a model with a batch dimension,
// whose elements are VALUE:INDEX[:LABEL] (classification extension). Of equal values
// the lower index comes first, and a NaN comes last.
func classify(t session.Tensor, n int, labels []string, batch bool, rows int) (session.Tensor, error) {
	rank := ranker(t.Type)
	if rank == nil {
		return t, invalid("class result not available for output '%s' due to unsupported type '%s'", t.Name, t.Type)
	}
	size := t.Type.Size()
	shape := []int64{}
	groups := 1
	if batch && len(t.Shape) > 0 && t.Shape[0] == int64(rows) {
		groups = rows
		shape = append(shape, int64(rows))
	}
	each := len(t.Data) / size / max(groups, 1)
	n = min(n, each)
	out := session.Tensor{Name: t.Name, Type: session.String, Shape: append(shape, int64(n))}
	write := writer(t.Type)
	type class struct {
		rank  uint64
		index int
	}
	classes := make([]class, each)
	for g := range groups {
		row := t.Data[g*each*size:][:each*size]
		for i := range classes {
			classes[i] = class{rank(row[i*size:]), i}
		}
		slices.SortFunc(classes, func(a, b class) int {
			return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(a.index, b.index))
		})
		for _, c := range classes[:n] {
			value := row[c.index*size:][:size]
			text := write(nil, value)
			if len(text) == 0 { // not finite
				text = strconv.AppendFloat(text, float(t.Type, value), 'g', -1, 64)
			}
			text = strconv.AppendInt(append(text, ':'), int64(c.index), 10)
			if c.index < len(labels) {
				text = append(append(text, ':'), labels[c.index]...)
			}
			out.Strings = append(out.Strings, text)
		}
	}
	return out, nil
}

// ranker gives the function that maps an element to a number of the same order; nil
// for types that classes are not made of.
func ranker(t session.Type) func(data []byte) uint64 {
	little := binary.LittleEndian
	const sign = 1 << 63
	switch t {
	case session.Uint8:
		return func(data []byte) uint64 { return uint64(data[0]) }
	case session.Uint16:
		return func(data []byte) uint64 { return uint64(little.Uint16(data)) }
	case session.Uint32:
		return func(data []byte) uint64 { return uint64(little.Uint32(data)) }
	case session.Uint64:
		return little.Uint64
	case session.Int8:
		return func(data []byte) uint64 { return uint64(int64(int8(data[0]))) ^ sign }
	case session.Int16:
		return func(data []byte) uint64 { return uint64(int64(int16(little.Uint16(data)))) ^ sign }
	case session.Int32:
		return func(data []byte) uint64 { return uint64(int64(int32(little.Uint32(data)))) ^ sign }
	case session.Int64:
		return func(data []byte) uint64 { return little.Uint64(data) ^ sign }
	case session.FP32, session.FP64:
		return func(data []byte) uint64 {
			switch f := float(t, data); {
			case math.IsNaN(f):
				return 0
			case f < 0: // of negative numbers the larger bits are the lower value
				return ^math.Float64bits(f)
			default:
				return math.Float64bits(math.Abs(f)) | sign
			}
		}
	}
	return nil
}

// float reads an FP32 or FP64 element.
func float(t session.Type, data []byte) float64 {
	if t == session.FP32 {
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(data)))
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(data))
}
