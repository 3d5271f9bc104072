package jpeg

import (
	"bytes"
	"encoding/binary"
)

// padding is how many zero bytes follow a segment's data: more than one block
// can take (64 symbols of at most 31 bits), so that a reader looks only once a
// block whether it has passed the end.
const padding = 64*31/8 + 16

// bits reads the bits of one entropy-coded segment, most significant first.
// The segment has no stuffing left in it.
type bits struct {
	data []byte // with padding
	end  int    // bytes of data before the padding
	pos  int    // next byte to take
	acc  uint64 // bits taken and not used, from the top
	n    uint   // how many of acc are valid
	run  int    // blocks of a progressive scan that have ended already
}

func (b *bits) reset(data []byte) {
	*b = bits{data: data, end: len(data) - padding}
}

// fill makes at least 56 bits valid. Bits below the valid ones are those of the
// following bytes already, which or-ing them in again does not change.
func (b *bits) fill() {
	b.acc |= load(b.data, b.pos) >> b.n
	b.pos += int(63-b.n) >> 3
	b.n |= 56
}

// take returns the next n bits, 0 to 16.
func (b *bits) take(n uint) uint32 {
	if b.n < n {
		b.fill()
	}
	v := uint32(b.acc >> 1 >> (63 - n))
	b.acc <<= n
	b.n -= n
	return v
}

// passed says that more bits were used than there are. It must be asked after
// each block; see padding.
func (b *bits) passed() bool { return b.pos*8-int(b.n) > b.end*8 }

// segment copies the entropy-coded bytes at the start of src to dst, without
// the zero bytes stuffed after each 0xFF (T.81, F.1.2.3), adds the padding, and
// returns dst, the marker that ends the segment, 0 where src ends first, and
// where in src the bytes after that marker begin.
func segment(dst, src []byte) (data []byte, marker byte, next int) {
	dst = dst[:0]
	at := 0
	for {
		i := bytes.IndexByte(src[at:], 0xff)
		if i < 0 {
			dst = append(dst, src[at:]...)
			return append(dst, zeros[:]...), 0, len(src)
		}
		dst = append(dst, src[at:at+i]...)
		at += i + 1
		for at < len(src) && src[at] == 0xff { // fill bytes
			at++
		}
		if at == len(src) {
			return append(dst, zeros[:]...), 0, at
		}
		if m := src[at]; m != 0 {
			return append(dst, zeros[:]...), m, at + 1
		}
		dst = append(dst, 0xff)
		at++
	}
}

var zeros [padding]byte

func load(data []byte, at int) uint64 { return binary.BigEndian.Uint64(data[at:]) }
