package picture

import "sync"

// keep is the largest buffer that goes back to the pool, in bytes: 2048 by 2048
// pixels. Larger ones are left to the garbage collector.
const keep = 3 << 22

var buffers sync.Pool

// takeBuffer returns size bytes with anything in them.
func takeBuffer(size int) []byte {
	if b, ok := buffers.Get().(*[]byte); ok {
		if cap(*b) >= size {
			return (*b)[:size]
		}
	}
	return make([]byte, size)
}

func giveBuffer(b []byte) {
	if cap(b) > 0 && cap(b) <= keep {
		buffers.Put(&b)
	}
}
