package native

import "unsafe"

// cacheLine is the alignment of everything that kernels read: a register of
// AVX-512 that crosses a line costs two loads.
const cacheLine = 64

// aligned allocates n zeros that begin on a cache line. n is at least 1.
func aligned(n int) []float32 {
	s := make([]float32, n+cacheLine/4-1)
	skip := 0
	if rest := uintptr(unsafe.Pointer(&s[0])) % cacheLine; rest != 0 {
		skip = int(cacheLine-rest) / 4
	}
	return s[skip : skip+n : skip+n]
}
