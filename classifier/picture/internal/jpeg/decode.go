package jpeg

import (
	"encoding/binary"
	"sync"
)

// maxScans bounds the work that a progressive file can ask for. Encoders write
// about ten scans.
const maxScans = 100

// Size returns the size that Decode gives a picture of width by height pixels
// at the scale n/8.
func Size(width, height, n int) (int, int) { return ceil(width*n, 8), ceil(height*n, 8) }

// Decode decodes a file at the scale n/8, n being 1, 2, 4 or 8, to RGB: rows
// from the top without padding, three bytes a pixel, in the buffer that alloc
// returns for the size in bytes. The size in pixels is that of Size. Orientation
// is not applied.
//
// The caller must have looked at the size in the Header first: memory is taken
// for it.
func Decode(data []byte, n int, alloc func(size int) []byte) (pix []byte, width, height int, err error) {
	if n != 1 && n != 2 && n != 4 && n != 8 {
		panic("jpeg: the scale must be 1, 2, 4 or 8 eighths")
	}
	d := decoders.Get().(*decoder)
	defer d.put()
	d.n, d.alloc = n, alloc
	if err := d.decode(data); err != nil {
		return nil, 0, 0, err
	}
	return d.pix, d.width, d.height, nil
}

var decoders = sync.Pool{New: func() any { return new(decoder) }}

// keepBytes is the most that a pooled decoder holds on to between pictures, of
// each buffer: enough for the coefficients of a progressive file of 2400 by 1800
// pixels.
const keepBytes = 10 << 20

type decoder struct {
	n     int
	alloc func(int) []byte

	frame    *frame
	adobe    adobe
	space    space
	quant    [4][64]uint16 // zigzag order
	hasQuant [4]bool
	tables   [2][4]huffman // DC, AC
	restart  int           // MCUs between restart markers, 0: none
	scaled   [4][128]float32
	make     [4]transform

	pix           []byte
	width, height int

	block  coefficients
	data   []byte // of one segment
	planes [4][]byte
	means  [4][]int16
	coefs  [4][]int16
	masks  [4][]uint64
	wide   [4][]byte // rows of subsampled components, enlarged
}

func (d *decoder) put() {
	for i := range d.planes {
		drop(&d.planes[i], 1)
		drop(&d.wide[i], 1)
		drop(&d.means[i], 2)
		drop(&d.coefs[i], 2)
		drop(&d.masks[i], 8)
	}
	drop(&d.data, 1)
	d.frame, d.adobe, d.restart, d.pix, d.alloc = nil, adobe{}, 0, nil, nil
	d.hasQuant = [4]bool{}
	for i := range d.tables {
		for j := range d.tables[i] {
			d.tables[i][j].defined = false
		}
	}
	d.block = coefficients{}
	decoders.Put(d)
}

func (d *decoder) decode(data []byte) error {
	r := reader{data: data}
	if err := r.start(); err != nil {
		return err
	}
	for scans := 0; ; {
		marker, body, err := r.next()
		if err != nil {
			return err
		}
		switch {
		case isFrame(marker):
			err = d.setFrame(marker, body)
		case marker == markDQT:
			err = d.setQuant(body)
		case marker == markDHT:
			err = d.setHuffman(body)
		case marker == markDRI:
			if len(body) != 2 {
				return corrupt("the restart interval has %d bytes", len(body))
			}
			d.restart = int(binary.BigEndian.Uint16(body))
		case marker == markAPP14 && !d.adobe.there:
			d.adobe = parseAdobe(body)
		case marker == markEOI:
			return d.finish()
		case marker == markSOS:
			if scans++; scans > maxScans {
				return corrupt("it has more than %d scans", maxScans)
			}
			var done bool
			if done, err = d.scan(&r, body); done {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}

func (d *decoder) setFrame(marker byte, body []byte) (err error) {
	if d.frame != nil {
		return corrupt("it has two frame headers")
	}
	if d.frame, err = parseFrame(marker, body); err != nil {
		return err
	}
	d.frame.scale(d.n)
	d.width, d.height = Size(d.frame.width, d.frame.height, d.n)
	return nil
}

// setQuant reads quantization tables (T.81, B.2.4.1).
func (d *decoder) setQuant(b []byte) error {
	for len(b) > 0 {
		wide, id := b[0]>>4, b[0]&15
		size := 65 + 64*int(wide)
		if wide > 1 || id > 3 || len(b) < size {
			return corrupt("quantization table %d has %d bytes at precision %d", id, len(b), wide)
		}
		for k := range 64 {
			if wide == 0 {
				d.quant[id][k] = uint16(b[1+k])
			} else {
				d.quant[id][k] = binary.BigEndian.Uint16(b[1+2*k:])
			}
		}
		d.hasQuant[id] = true
		b = b[size:]
	}
	return nil
}

// setHuffman reads Huffman tables (T.81, B.2.4.2).
func (d *decoder) setHuffman(b []byte) error {
	for len(b) > 0 {
		if len(b) < 17 {
			return corrupt("a Huffman table has %d bytes", len(b))
		}
		class, id := b[0]>>4, b[0]&15
		if class > 1 || id > 3 {
			return corrupt("Huffman table %d of class %d; there are 4 of classes 0 and 1", id, class)
		}
		counts := (*[16]uint8)(b[1:17])
		n := 0
		for _, c := range counts {
			n += int(c)
		}
		if n > 256 || len(b) < 17+n {
			return corrupt("a Huffman table has %d codes in %d bytes", n, len(b))
		}
		if err := d.tables[class][id].build(counts, b[17:17+n], class == 0); err != nil {
			return err
		}
		b = b[17+n:]
	}
	return nil
}

// dequantize sets up the transforms of a component with the table that is in
// force at its first scan.
func (d *decoder) dequantize(i int) error {
	c := &d.frame.components[i]
	if !d.hasQuant[c.table] {
		return corrupt("component %d uses quantization table %d, which was not given", i, c.table)
	}
	var factors *[64]float32
	d.make[i], factors = transformOf(c.nx, c.ny)
	for k := range 64 {
		d.scaled[i][k] = float32(d.quant[c.table][k]) * factors[natural[k]]
	}
	c.quant = &d.scaled[i]
	return nil
}

// drop lets go of a buffer that is too large to be kept.
func drop[T any](buf *[]T, size int) {
	if size*cap(*buf) > keepBytes {
		*buf = nil
	}
}

func grow[T any](buf []T, n int) []T {
	if cap(buf) < n {
		return make([]T, n)
	}
	return buf[:n]
}
