package jpeg

import "encoding/binary"

// component is one of a frame's planes (T.81, A.1.1 and B.2.2).
type component struct {
	id    byte
	h, v  int // sampling factors, 1 to 4
	table byte

	// Blocks of the plane, those that pad the last MCU included, and those that
	// a scan of this component alone has.
	blocksX, blocksY int
	ownX, ownY       int

	// Samples that a block becomes, across and down, and the index in zigzag
	// order of the last coefficient which those depend on.
	nx, ny int
	last   int

	quant *[128]float32 // scaled for the transform, zigzag order; 0 from 64 on
	seen  bool          // a scan has had it

	plane  []byte // samples: all of them, or one row of MCUs
	stride int    // samples in a row of plane

	// Of a progressive file, for each block: the DC coefficient, 64 AC
	// coefficients in zigzag order, and which of these have been set.
	means []int16
	coefs []int16
	masks []uint64
}

// frame is the frame header with what follows from it.
type frame struct {
	width, height int
	progressive   bool
	components    []component
	hMax, vMax    int
	mcusX, mcusY  int
}

// parseFrame reads a frame header (T.81, B.2.2).
func parseFrame(marker byte, b []byte) (*frame, error) {
	switch marker {
	case markSOF0, markSOF1, markSOF2:
	case 0xc3, 0xc7, 0xcb, markSOF15:
		return nil, unsupported("it is lossless (SOF%d)", marker-markSOF0)
	case 0xc5, 0xc6, 0xcd, 0xce:
		return nil, unsupported("it is hierarchical (SOF%d)", marker-markSOF0)
	default:
		return nil, unsupported("it is arithmetically coded (SOF%d)", marker-markSOF0)
	}
	if len(b) < 6 {
		return nil, corrupt("the frame header has %d bytes", len(b))
	}
	if b[0] != 8 {
		return nil, unsupported("its samples have %d bits; 8 are read", b[0])
	}
	f := &frame{
		height:      int(binary.BigEndian.Uint16(b[1:])),
		width:       int(binary.BigEndian.Uint16(b[3:])),
		progressive: marker == markSOF2,
	}
	if f.height == 0 {
		return nil, unsupported("it gives its height after the first scan (DNL)")
	}
	if f.width == 0 {
		return nil, corrupt("its width is 0")
	}
	n := int(b[5])
	if n != 1 && n != 3 && n != 4 {
		return nil, unsupported("it has %d components; 1, 3 and 4 are read", n)
	}
	if len(b) != 6+3*n {
		return nil, corrupt("the frame header has %d bytes for %d components", len(b), n)
	}
	f.components = make([]component, n)
	for i := range f.components {
		c, d := &f.components[i], b[6+3*i:]
		*c = component{id: d[0], h: int(d[1] >> 4), v: int(d[1] & 15), table: d[2]}
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 {
			return nil, corrupt("component %d has sampling factors %d by %d; 1 to 4 are allowed", i, c.h, c.v)
		}
		if c.table > 3 {
			return nil, corrupt("component %d uses quantization table %d; 3 is the last", i, c.table)
		}
		for j := range i {
			if f.components[j].id == c.id {
				return nil, corrupt("components %d and %d have the same identifier", j, i)
			}
		}
		f.hMax, f.vMax = max(f.hMax, c.h), max(f.vMax, c.v)
	}
	if n == 1 {
		// The factors of a lone component mean nothing (T.81, A.2.2).
		f.components[0].h, f.components[0].v, f.hMax, f.vMax = 1, 1, 1, 1
	}
	f.mcusX, f.mcusY = ceil(f.width, 8*f.hMax), ceil(f.height, 8*f.vMax)
	for i := range f.components {
		c := &f.components[i]
		c.blocksX, c.blocksY = f.mcusX*c.h, f.mcusY*c.v
		c.ownX, c.ownY = ceil(ceil(f.width*c.h, f.hMax), 8), ceil(ceil(f.height*c.v, f.vMax), 8)
	}
	return f, nil
}

// scale sets how many samples the blocks become when the picture's become n by
// n. A subsampled plane is decoded at a larger scale where that saves enlarging
// it afterwards.
func (f *frame) scale(n int) {
	size := func(most, own int) int {
		size := n
		for size < 8 && most%(own*2*size/n) == 0 {
			size *= 2
		}
		return size
	}
	for i := range f.components {
		c := &f.components[i]
		c.nx, c.ny = size(f.hMax, c.h), size(f.vMax, c.v)
		c.stride = c.blocksX * c.nx
		c.last = 0
		for k, at := range natural[:64] {
			if int(at)%8 < c.nx && int(at)/8 < c.ny {
				c.last = k
			}
		}
	}
}

// natural gives, for an index in zigzag order, the index row by row. What runs
// past the end of a block goes to index 64 and is dropped.
var natural = func() (at [128]uint8) {
	order := [64]uint8{
		0, 1, 8, 16, 9, 2, 3, 10,
		17, 24, 32, 25, 18, 11, 4, 5,
		12, 19, 26, 33, 40, 48, 41, 34,
		27, 20, 13, 6, 7, 14, 21, 28,
		35, 42, 49, 56, 57, 50, 43, 36,
		29, 22, 15, 23, 30, 37, 44, 51,
		58, 59, 52, 45, 38, 31, 39, 46,
		53, 60, 61, 54, 47, 55, 62, 63,
	}
	copy(at[:], order[:])
	for i := 64; i < len(at); i++ {
		at[i] = 64
	}
	return at
}()

func ceil(a, b int) int { return (a + b - 1) / b }
