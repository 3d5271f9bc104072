package jpeg

// lookBits is how many bits the first table looks at, skipBits how many the
// table does that passes over symbols.
const (
	lookBits = 10
	skipBits = 12

	skipEnds = 1 << 14
)

// A look entry holds what the next lookBits bits begin with:
//
//	bits 0-4    bits to use: the code and, where it fits, the value
//	bits 5-11   how far to advance in the block: run+1 for a value, 16 for
//	            sixteen zeros, endBlock for the end of the block
//	bit 12      set when the code fits but its value does not
//	bits 16-31  the value, signed; with bit 12, its size in bits; at the end of
//	            a block, the size of a progressive scan's run of such ends
//
// It is 0 where the code itself is longer than lookBits.
type look uint32

func makeLook(length, advance, value int) look {
	return look(length) | look(advance)<<5 | look(value)<<16
}

func (e look) length() uint  { return uint(e & 31) }
func (e look) advance() int  { return int(e >> 5 & 127) }
func (e look) value() int32  { return int32(e) >> 16 }
func (e look) partial() bool { return e&lookPartial != 0 }

const (
	lookPartial = 1 << 12

	// endBlock as an advance ends any block: the index goes past 63.
	endBlock = 64
)

// huffman is one Huffman table (T.81, annex C and F.2.2.3).
type huffman struct {
	look [1 << lookBits]look
	// skip entries pass over one or more whole symbols within skipBits bits:
	// bits 0-5 the bits to use, 6-13 the advance, and skipEnds when the last one
	// ends the block. 0 where not even one symbol fits.
	skip    []uint32
	hasSkip bool

	last    [17]int32 // largest code of each length, -1 where there is none
	offset  [17]int32 // index of a code's symbol less the code
	symbols [256]uint8
	dc      bool
	defined bool
}

// build makes the table of the number of codes of each length, 1 to 16, and
// their symbols in order.
func (h *huffman) build(counts *[16]uint8, symbols []uint8, dc bool) error {
	h.defined, h.dc, h.hasSkip = true, dc, false
	clear(h.look[:])
	copy(h.symbols[:], symbols)
	code, index := int32(0), 0
	for length := 1; length <= 16; length++ {
		n := int(counts[length-1])
		h.last[length] = -1
		if n > 0 {
			if code+int32(n) > 1<<length {
				return corrupt("a Huffman table has more codes of %d bits than fit", length)
			}
			h.offset[length] = int32(index) - code
			h.last[length] = code + int32(n) - 1
			for range n {
				if s := symbols[index]; dc && s > 15 {
					return corrupt("a Huffman table for DC values has symbol %d; 15 is the highest", s)
				}
				if length <= lookBits {
					h.enter(int(code), length, symbols[index])
				}
				code++
				index++
			}
		}
		code <<= 1
	}
	return nil
}

// enter fills the look entries that begin with a code.
func (h *huffman) enter(code, length int, symbol uint8) {
	bare, size := h.meaning(symbol, length)
	free := lookBits - length
	first := code << free
	for rest := range 1 << free {
		e := bare
		switch {
		case size == 0:
		case size <= free:
			e = makeLook(length+size, e.advance(), int(extend(uint32(rest)>>(free-size), uint(size))))
		default:
			e = makeLook(length, e.advance(), size) | lookPartial
		}
		h.look[first+rest] = e
	}
}

// meaning returns the entry of a symbol without its value, and how many bits the
// value has.
func (h *huffman) meaning(symbol uint8, length int) (e look, size int) {
	run, size := int(symbol>>4), int(symbol&15)
	if !h.dc && size == 0 && run != 15 {
		return makeLook(length, endBlock, run), 0
	}
	return makeLook(length, run+1, 0), size
}

// resolve completes an entry that the look table does not hold whole; 0 where
// no code fits. acc must have 31 valid bits.
func (h *huffman) resolve(e look, acc uint64) look {
	size := int(e.value())
	if !e.partial() {
		symbol, length := h.long(acc)
		if length == 0 {
			return 0
		}
		if e, size = h.meaning(symbol, int(length)); size == 0 {
			return e
		}
	}
	value := extend(uint32(acc<<e.length()>>(64-size)), uint(size))
	return makeLook(int(e.length())+size, e.advance(), int(value))
}

// long finds the symbol of a code of any length that begins the top 16 bits of
// acc; length 0 means that no code does.
func (h *huffman) long(acc uint64) (symbol uint8, length uint) {
	for n := uint(1); n <= 16; n++ {
		if code := int32(acc >> (64 - n)); code <= h.last[n] {
			return h.symbols[uint8(code+h.offset[n])], n
		}
	}
	return 0, 0
}

// buildSkip fills the skip table, once for each table that needs one.
func (h *huffman) buildSkip() {
	if h.hasSkip {
		return
	}
	h.hasSkip = true
	if h.skip == nil {
		h.skip = make([]uint32, 1<<skipBits)
	}
	for i := range h.skip {
		acc := uint64(i) << (64 - skipBits)
		used, adv := 0, 0
		var entry uint32
		for adv < 64 {
			l, a := h.step(acc << used)
			if l == 0 || used+l > skipBits {
				break
			}
			used += l
			adv += a
			entry = uint32(used) | uint32(adv)<<6
			if a == endBlock {
				entry |= skipEnds
			}
		}
		h.skip[i] = entry
	}
}

// step returns how many bits the symbol at the top of acc takes with its value
// and how far it advances; 0 bits when no code fits.
func (h *huffman) step(acc uint64) (length, advance int) {
	e := h.look[acc>>(64-lookBits)]
	if e == 0 || e.partial() {
		e = h.resolve(e, acc)
	}
	return int(e.length()), e.advance()
}

// extend turns the size bits of a value into the value (T.81, F.2.2.1).
func extend(v uint32, size uint) int32 {
	if v < 1<<(size-1) {
		return int32(v) - int32(1)<<size + 1
	}
	return int32(v)
}
