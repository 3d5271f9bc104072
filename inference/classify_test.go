package inference

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/limen-waf/limen/gpu/session"
)

// Ensure that classes are the highest values by the output's own type, in order, by
// row.
func TestClassify(t *testing.T) {
	nan := float32(math.NaN())
	uint64s := func(values ...uint64) (data []byte) {
		for _, v := range values {
			data = binary.LittleEndian.AppendUint64(data, v)
		}
		return data
	}
	for name, c := range map[string]struct {
		typ    session.Type
		shape  []int64
		data   []byte
		n      int
		batch  bool
		rows   int
		labels []string
		want   []string
		gives  []int64
	}{
		"one row":         {session.FP32, []int64{1, 4}, float32Bytes(1, 5, 10, 4), 2, true, 1, nil, []string{"10.0:2", "5.0:1"}, []int64{1, 2}},
		"no batch":        {session.FP32, []int64{1, 4}, float32Bytes(1, 5, 10, 4), 2, false, 1, nil, []string{"10.0:2", "5.0:1"}, []int64{2}},
		"two rows":        {session.FP32, []int64{2, 2, 1}, float32Bytes(1, 2, 4, 3), 1, true, 2, nil, []string{"2.0:1", "4.0:0"}, []int64{2, 1}},
		"not by rows":     {session.FP32, []int64{4}, float32Bytes(1, 2, 4, 3), 1, true, 2, nil, []string{"4.0:2"}, []int64{1}},
		"more than all":   {session.Int8, []int64{3}, []byte{255, 1, 0}, 9, false, 1, nil, []string{"1:1", "0:2", "-1:0"}, []int64{3}},
		"equal values":    {session.FP32, []int64{4}, float32Bytes(0, 1, float32(math.Copysign(0, -1)), 1), 4, false, 1, nil, []string{"1.0:1", "1.0:3", "0.0:0", "-0.0:2"}, []int64{4}},
		"many equal":      {session.Uint8, []int64{128}, bytes.Repeat([]byte{1, 7, 3, 7}, 32), 3, false, 1, nil, []string{"7:1", "7:3", "7:5"}, []int64{3}},
		"NaN is last":     {session.FP32, []int64{4}, float32Bytes(nan, float32(math.Inf(-1)), -3, -2), 4, false, 1, nil, []string{"-2.0:3", "-3.0:2", "-Inf:1", "NaN:0"}, []int64{4}},
		"labels":          {session.Uint8, []int64{3}, []byte{1, 2, 3}, 3, false, 1, []string{"a", "b:c"}, []string{"3:2", "2:1:b:c", "1:0:a"}, []int64{3}},
		"uint16":          {session.Uint16, []int64{2}, []byte{0, 1, 255, 0}, 1, false, 1, nil, []string{"256:0"}, []int64{1}},
		"uint32":          {session.Uint32, []int64{2}, int32Bytes(-1, 1), 1, false, 1, nil, []string{"4294967295:0"}, []int64{1}},
		"uint64 near top": {session.Uint64, []int64{2}, uint64s(math.MaxUint64-1, math.MaxUint64), 1, false, 1, nil, []string{"18446744073709551615:1"}, []int64{1}},
		"int16":           {session.Int16, []int64{2}, []byte{255, 255, 1, 0}, 1, false, 1, nil, []string{"1:1"}, []int64{1}},
		"int32":           {session.Int32, []int64{2}, int32Bytes(-1, -2), 1, false, 1, nil, []string{"-1:0"}, []int64{1}},
		"int64":           {session.Int64, []int64{2}, uint64s(math.MaxUint64, 5), 1, false, 1, nil, []string{"5:1"}, []int64{1}},
		"FP64":            {session.FP64, []int64{3}, float64Bytes(1e300, -1, 2e300), 1, false, 1, nil, []string{"2e+300:2"}, []int64{1}},
		"empty batch":     {session.FP32, []int64{0, 4}, nil, 2, true, 0, nil, nil, []int64{0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := classify(session.Tensor{Name: "o", Type: c.typ, Shape: c.shape, Data: c.data}, c.n, c.labels, c.batch, c.rows)
			if err != nil {
				t.Fatal(err)
			}
			var texts []string
			for _, s := range got.Strings {
				texts = append(texts, string(s))
			}
			if !slices.Equal(texts, c.want) || !slices.Equal(got.Shape, c.gives) || got.Type != session.String || got.Name != "o" {
				t.Errorf("%q of shape %v, want %q of %v", texts, got.Shape, c.want, c.gives)
			}
		})
	}
	for _, typ := range []session.Type{session.Bool, session.FP16, session.BF16, session.String} {
		if _, err := classify(session.Tensor{Name: "o", Type: typ}, 1, nil, false, 1); err == nil {
			t.Errorf("classes of %s", typ)
		}
	}
}
