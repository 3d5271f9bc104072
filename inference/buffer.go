package inference

import (
	"math/bits"
	"sync"
	"unsafe"
)

// buffers is the memory of one request. What it hands out is good until release.
type buffers struct{ used []*[]byte }

// Memory is kept in pools by size, in powers of two. Larger pieces are left to the
// garbage collector, so that one huge request does not stay.
const (
	minBufferBits = 12
	maxBufferBits = 24
)

var pools [maxBufferBits + 1]sync.Pool

// alignment is what vector instructions want of a tensor's first byte.
const alignment = 64

// take gives n bytes, aligned, of arbitrary content.
func (b *buffers) take(n int) []byte {
	class := max(bits.Len(uint(max(n, 1)-1)), minBufferBits)
	if class > maxBufferBits {
		return aligned(n)
	}
	p, _ := pools[class].Get().(*[]byte)
	if p == nil {
		memory := aligned(1 << class)
		p = &memory
	}
	b.used = append(b.used, p)
	return (*p)[:n:n]
}

// release gives everything taken back.
func (b *buffers) release() {
	for _, p := range b.used {
		pools[bits.Len(uint(len(*p)-1))].Put(p)
	}
	b.used = nil
}

func aligned(n int) []byte {
	memory := make([]byte, n+alignment-1)
	skip := -uintptr(unsafe.Pointer(unsafe.SliceData(memory))) % alignment
	return memory[skip : int(skip)+n : int(skip)+n]
}
