package jpeg

import mathbits "math/bits"

// scan decodes the scan whose header is given and leaves the reader after it.
// done says that the picture is complete: a sequential file with all components
// in one scan is turned to RGB as it is read, and what follows is not looked
// at.
func (d *decoder) scan(r *reader, header []byte) (done bool, err error) {
	s, err := d.parseScan(header)
	if err != nil {
		return false, err
	}
	f := d.frame
	switch {
	case f.progressive:
		return false, d.progressive(r, s)
	case len(s.parts) == len(f.components):
		return true, d.interleaved(r, s)
	}
	return false, d.sequential(r, s)
}

// part is a component's part in a scan.
type part struct {
	index  int
	c      *component
	dc, ac *huffman
	pred   int32
}

type scanHeader struct {
	parts []part
	band  band
}

// parseScan reads a scan header (T.81, B.2.3).
func (d *decoder) parseScan(b []byte) (s scanHeader, err error) {
	f := d.frame
	if f == nil {
		return s, corrupt("a scan begins before the frame header")
	}
	if len(b) < 1 || b[0] < 1 || b[0] > 4 || len(b) != 4+2*int(b[0]) {
		return s, corrupt("a scan header has %d bytes", len(b))
	}
	n := int(b[0])
	tail := b[1+2*n:]
	s.band = band{first: int(tail[0]), last: int(tail[1]), high: uint(tail[2] >> 4), low: uint(tail[2] & 15)}
	if !f.progressive {
		s.band = band{last: 63}
	}
	w := s.band
	if w.last > 63 || w.first > w.last || w.first == 0 && w.last != 0 && f.progressive ||
		w.first > 0 && n > 1 || w.low > 13 || w.high != 0 && w.high != w.low+1 {
		return s, corrupt("a scan of %d components has coefficients %d to %d, bits %d to %d", n, w.first, w.last, w.high, w.low)
	}
	s.parts = make([]part, n)
	blocks := 0
	for i := range s.parts {
		id, tables := b[1+2*i], b[2+2*i]
		p := &s.parts[i]
		for j := range f.components {
			if f.components[j].id == id {
				p.index, p.c = j, &f.components[j]
			}
		}
		if p.c == nil {
			return s, corrupt("a scan names component %d, which the frame does not have", id)
		}
		for _, q := range s.parts[:i] {
			if q.c == p.c {
				return s, corrupt("a scan names component %d twice", id)
			}
		}
		if tables>>4 > 3 || tables&15 > 3 {
			return s, corrupt("a scan uses Huffman tables %d and %d; 3 is the last", tables>>4, tables&15)
		}
		p.dc, p.ac = &d.tables[0][tables>>4], &d.tables[1][tables&15]
		if w.first == 0 && w.high == 0 && !p.dc.defined || w.last > 0 && !p.ac.defined {
			return s, corrupt("a scan uses Huffman tables %d and %d, which were not given", tables>>4, tables&15)
		}
		blocks += p.c.h * p.c.v
		if p.c.seen && !f.progressive {
			return s, corrupt("component %d is in two scans", id)
		}
		if !p.c.seen {
			if err := d.dequantize(p.index); err != nil {
				return s, err
			}
		}
		p.c.seen = true
	}
	if n > 1 && blocks > 10 {
		return s, corrupt("a scan has %d blocks in an MCU; 10 is the most", blocks)
	}
	return s, nil
}

// walk calls do for the MCUs of a scan, those of a row from one to before
// another, with the bits to read them from, and handles the restart markers
// (T.81, E.2.4). do returns false where no code fits; it must stop once the
// bits have passed the end. After each row of MCUs walk calls row.
func (d *decoder) walk(r *reader, s scanHeader, mcusX, mcusY int, do func(b *bits, from, to, y int) bool, row func(y int)) error {
	var b bits
	var marker byte
	begin := func() {
		var n int
		d.data, marker, n = segment(d.data, r.data[r.pos:])
		r.pos += n
		b.reset(d.data)
		for i := range s.parts {
			s.parts[i].pred = 0
		}
	}
	begin()
	left := d.restart
	expected := byte(markRST0)
	for y := range mcusY {
		for x := 0; x < mcusX; {
			to := mcusX
			if d.restart > 0 {
				if left == 0 {
					if marker != expected {
						return ended(marker, y, mcusY, corrupt("restart marker %X is missing in row %d of %d", expected, y+1, mcusY))
					}
					begin()
					left = d.restart
					expected = markRST0 + (expected+1)&7
				}
				to = min(mcusX, x+left)
				left -= to - x
			}
			ok := do(&b, x, to, y)
			if b.passed() {
				return ended(marker, y, mcusY, corrupt("marker %X comes in row %d of %d", marker, y+1, mcusY))
			}
			if !ok {
				return corrupt("a code in row %d of %d is in no Huffman table", y+1, mcusY)
			}
			x = to
		}
		row(y)
	}
	// Leave the marker that ended the scan to the reader.
	if marker != 0 {
		r.pos -= 2
	}
	return nil
}

// ended is the error of a scan that stops early: the file's end, or another.
func ended(marker byte, y, rows int, err error) error {
	if marker == 0 || marker == markEOI {
		return truncated("the data stops in row %d of %d of its blocks", y+1, rows)
	}
	return err
}

// interleaved decodes the one scan of a sequential file, a row of MCUs at a
// time, to RGB.
func (d *decoder) interleaved(r *reader, s scanHeader) error {
	f := d.frame
	for i := range s.parts {
		p := &s.parts[i]
		d.planes[p.index] = grow(d.planes[p.index], p.c.stride*p.c.v*p.c.ny)
		p.c.plane = d.planes[p.index]
		p.prepare()
	}
	d.begin()
	return d.walk(r, s, f.mcusX, f.mcusY, func(b *bits, from, to, _ int) bool {
		for x := from; x < to; x++ {
			for i := range s.parts {
				p := &s.parts[i]
				if ok := d.mcu(b, p, x*p.c.h*p.c.nx); !ok || b.passed() {
					return ok
				}
			}
		}
		return true
	}, func(y int) { d.convert(y, 0) })
}

// mcu decodes the blocks that a component has in one MCU, to the row of MCUs in
// plane, from the given sample on.
func (d *decoder) mcu(b *bits, p *part, at int) bool {
	c, t := p.c, d.make[p.index]
	for range c.v {
		for h := range c.h {
			end, ok := b.sequentialBlock(p.dc, p.ac, c.quant, c.last, &p.pred, &d.block)
			if !ok || b.passed() {
				return ok
			}
			t(c.plane[at+h*c.nx:], c.stride, &d.block, end)
		}
		at += c.ny * c.stride
	}
	return true
}

// prepare makes the table that passes over what is not needed.
func (p *part) prepare() {
	if p.c.last < 63 {
		p.ac.buildSkip()
	}
}

// sequential decodes a scan of some of the components into whole planes.
func (d *decoder) sequential(r *reader, s scanHeader) error {
	for i := range s.parts {
		p := &s.parts[i]
		d.planes[p.index] = grow(d.planes[p.index], p.c.stride*p.c.blocksY*p.c.ny)
		p.c.plane = d.planes[p.index]
		p.prepare()
	}
	return d.blocks(r, s, func(b *bits, p *part, x, y int) bool {
		c := p.c
		end, ok := b.sequentialBlock(p.dc, p.ac, c.quant, c.last, &p.pred, &d.block)
		if ok {
			d.make[p.index](c.plane[y*c.ny*c.stride+x*c.nx:], c.stride, &d.block, end)
		}
		return ok
	})
}

// blocks calls do for each block of a scan, by its place in the component's
// plane: MCU by MCU, or, in a scan of one component, block by block (T.81,
// A.2.2).
func (d *decoder) blocks(r *reader, s scanHeader, do func(b *bits, p *part, x, y int) bool) error {
	if len(s.parts) == 1 {
		p := &s.parts[0]
		return d.walk(r, s, p.c.ownX, p.c.ownY, func(b *bits, from, to, y int) bool {
			for x := from; x < to; x++ {
				if ok := do(b, p, x, y); !ok || b.passed() {
					return ok
				}
			}
			return true
		}, func(int) {})
	}
	return d.walk(r, s, d.frame.mcusX, d.frame.mcusY, func(b *bits, from, to, y int) bool {
		for x := from; x < to; x++ {
			for i := range s.parts {
				p := &s.parts[i]
				for v := range p.c.v {
					for h := range p.c.h {
						if ok := do(b, p, x*p.c.h+h, y*p.c.v+v); !ok || b.passed() {
							return ok
						}
					}
				}
			}
		}
		return true
	}, func(int) {})
}

// progressive decodes one scan of a progressive file (T.81, annex G).
func (d *decoder) progressive(r *reader, s scanHeader) error {
	w := s.band
	for i := range s.parts {
		d.keep(s.parts[i].index)
	}
	p := &s.parts[0]
	if w.first == 0 {
		return d.blocks(r, s, func(b *bits, p *part, x, y int) bool {
			dc := &p.c.means[y*p.c.blocksX+x]
			if w.high == 0 {
				return b.dcFirst(p.dc, &p.pred, w, dc)
			}
			b.dcRefine(w, dc)
			return true
		})
	}
	if p.c.last == 0 {
		// At this scale a block is its mean: the reader finds the next marker.
		return nil
	}
	return d.walk(r, s, p.c.ownX, p.c.ownY, func(b *bits, from, to, y int) bool {
		at := y * p.c.blocksX
		for x := from; x < to; x++ {
			block := (*[64]int16)(p.c.coefs[(at+x)*64:])
			mask := &p.c.masks[at+x]
			ok := true
			switch {
			case w.high != 0:
				ok = b.acRefine(p.ac, w, block, mask)
			case b.run > 0:
				skip := min(b.run, to-x)
				b.run -= skip
				x += skip - 1
				continue
			default:
				ok = b.acFirst(p.ac, w, block, mask)
			}
			if !ok || b.passed() {
				return ok
			}
		}
		return true
	}, func(int) {})
}

// keep sets up what a component's coefficients are kept in between scans.
func (d *decoder) keep(i int) {
	c := &d.frame.components[i]
	if c.means != nil {
		return
	}
	n := c.blocksX * c.blocksY
	d.means[i] = grow(d.means[i], n)
	d.masks[i] = grow(d.masks[i], n)
	c.means, c.masks = d.means[i], d.masks[i]
	clear(c.means)
	clear(c.masks)
	if c.last > 0 {
		// Not cleared: only what masks has a bit for is ever read.
		d.coefs[i] = grow(d.coefs[i], n*64)
		c.coefs = d.coefs[i]
	}
}

// finish makes the picture of what several scans gave.
func (d *decoder) finish() error {
	f := d.frame
	if f == nil {
		return truncated("the file has no frame")
	}
	for i := range f.components {
		if !f.components[i].seen {
			return truncated("component %d has no scan", i)
		}
	}
	d.begin()
	if !f.progressive {
		for y := range f.mcusY {
			d.convert(y, y)
		}
		return nil
	}
	for i := range f.components {
		c := &f.components[i]
		d.planes[i] = grow(d.planes[i], c.stride*c.v*c.ny)
		c.plane = d.planes[i]
	}
	for y := range f.mcusY {
		for i := range f.components {
			d.transformRow(i, y)
		}
		d.convert(y, 0)
	}
	return nil
}

// transformRow makes the samples of a row of MCUs of a progressive file.
func (d *decoder) transformRow(i, y int) {
	c, t := &d.frame.components[i], d.make[i]
	needed := ^uint64(0) >> (63 - c.last)
	for v := range c.v {
		at := (y*c.v + v) * c.blocksX
		plane := c.plane[v*c.ny*c.stride:]
		for x := range c.blocksX {
			d.block[0] = float32(c.means[at+x]) * c.quant[0]
			end := 0
			if mask := c.masks[at+x] & needed; mask != 0 {
				block := (*[64]int16)(c.coefs[(at+x)*64:])
				end = 63 - mathbits.LeadingZeros64(mask)
				for ; mask != 0; mask &= mask - 1 {
					k := mathbits.TrailingZeros64(mask) & 63
					d.block[natural[k]] = float32(block[k]) * c.quant[k]
				}
			}
			t(plane[x*c.nx:], c.stride, &d.block, end)
		}
	}
}

// begin sets up the output.
func (d *decoder) begin() {
	d.space = spaceOf(d.frame, d.adobe)
	d.pix = d.alloc(3 * d.width * d.height)
	for i := range d.frame.components {
		d.wide[i] = grow(d.wide[i], d.width)
	}
}

// convert turns row y of the MCUs to RGB, which is row at of the planes.
func (d *decoder) convert(y, at int) {
	f := d.frame
	high := d.n * f.vMax // rows of pixels in a row of MCUs
	var rows [4][]byte
	for line := y * high; line < min((y+1)*high, d.height); line++ {
		for i := range f.components {
			c := &f.components[i]
			in := at*c.v*c.ny + (line-y*high)*c.v*c.ny/high
			rows[i] = d.widen(i, c.plane[in*c.stride:][:c.stride])
		}
		d.space.convert(d.pix[line*d.width*3:][:d.width*3], &rows, d.adobe.there)
	}
}

// widen repeats the samples of a subsampled component's row.
func (d *decoder) widen(i int, row []byte) []byte {
	c := &d.frame.components[i]
	own, full := c.h*c.nx, d.frame.hMax*d.n
	if own == full {
		return row
	}
	out := d.wide[i][:d.width]
	if 2*own == full {
		for x := range out {
			out[x] = row[x>>1]
		}
		return out
	}
	for x := range out {
		out[x] = row[x*own/full]
	}
	return out
}
