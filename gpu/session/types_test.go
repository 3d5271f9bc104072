package session_test

import (
	"slices"
	"testing"
	"unsafe"

	"github.com/limen-waf/limen/gpu/session"
)

// Ensure that FP32 data and floats are views of each other, and that data at any
// address can be read.
func TestFloat32s(t *testing.T) {
	f := []float32{1, -2.5, 3e30}
	data := session.Bytes(f)
	if len(data) != 12 || unsafe.Pointer(&data[0]) != unsafe.Pointer(&f[0]) {
		t.Fatalf("got %v", data)
	}
	back := session.Float32s(data)
	if back[1] = 7; f[1] != 7 {
		t.Error("Float32s is no view")
	}
	odd := append(make([]byte, 1, 16), data...)
	for from := range 2 {
		raw := append(odd[:1:1], odd[1:]...)
		if from == 1 {
			raw = odd
		}
		if got := session.Float32s(raw[1:]); !slices.Equal(got, f) {
			t.Errorf("got %v, expected %v", got, f)
		}
	}
	if session.Bytes(nil) != nil || session.Float32s(nil) != nil || session.Float32s([]byte{1, 2, 3}) != nil {
		t.Error("got something of nothing")
	}
	if got := session.Float32s(append(data[:12:12], 9)); len(got) != 3 {
		t.Errorf("got %d floats of 13 bytes", len(got))
	}
}

// Ensure that sizes of types and shapes are right, and that hostile shapes do not
// overflow.
func TestElements(t *testing.T) {
	tests := []struct {
		shape []int64
		want  int64
	}{
		{nil, 1},
		{[]int64{2, 3, 4}, 24},
		{[]int64{5, 0, 1 << 40}, 0},
		{[]int64{-1, 3}, -1},
		{[]int64{1 << 40, 1 << 40}, -1},
		{[]int64{1 << 62, 4, 4}, -1},
	}
	for _, test := range tests {
		if got := session.Elements(test.shape); got != test.want {
			t.Errorf("%v: got %d, expected %d", test.shape, got, test.want)
		}
	}
	for _, kind := range session.Types() {
		if !kind.Valid() || (kind.Size() == 0) != (kind == session.String) {
			t.Errorf("%s: valid %v, size %d", kind, kind.Valid(), kind.Size())
		}
	}
	if session.Type("FLOAT").Valid() || session.Type("").Valid() {
		t.Error("a type of another name is valid")
	}
}
