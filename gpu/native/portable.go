package native

// portableColumns is the panel width of portableProduct. Two rows by three
// columns are six sums: two more, and the compiler for amd64 keeps them in
// memory, at half the speed.
const portableColumns = 3

var portable = isa{
	name:    "portable",
	panel:   func(left int) int { return min(left, portableColumns) },
	tile:    func(int) int { return 2 },
	product: portableProduct,
	strip:   func(int) int { return lane },
	table:   portableTable,
}

// portableProduct is product in plain Go.
func portableProduct(panel int, dst, src, weights, bias []float32, t tiles) {
	rows := t.rows * t.count
	weights = weights[:t.depth*panel]
	for r := 0; r < rows; r += 2 {
		r1 := min(r+1, rows-1) // an odd last row is computed twice
		x0, x1 := src[r*t.srcStride:][:t.depth], src[r1*t.srcStride:][:t.depth]
		y0, y1 := dst[r*t.dstStride:][:panel], dst[r1*t.dstStride:][:panel]
		if panel == portableColumns {
			portableTile((*[3]float32)(y0), (*[3]float32)(y1), x0, x1, weights, (*[3]float32)(bias))
		} else {
			for c := range panel {
				p, q := bias[c], bias[c]
				for k, x := range x0 {
					w := weights[k*panel+c]
					p += x * w
					q += x1[k] * w
				}
				y0[c], y1[c] = p, q
			}
		}
		for c := range y0 {
			y0[c], y1[c] = max(y0[c], t.floor), max(y1[c], t.floor)
		}
	}
}

// portableTile computes two rows of three columns. The order of the products
// matters: another one needs more registers than there are.
func portableTile(y0, y1 *[3]float32, x0, x1, weights []float32, bias *[3]float32) {
	p0, p1, p2 := bias[0], bias[1], bias[2]
	q0, q1, q2 := p0, p1, p2
	x1 = x1[:len(x0)]
	for k, x := range x0 {
		y := x1[k]
		w := (*[3]float32)(weights)
		weights = weights[3:]
		p0 += x * w[0]
		q0 += y * w[0]
		p1 += x * w[1]
		q1 += y * w[1]
		p2 += x * w[2]
		q2 += y * w[2]
	}
	*y0 = [3]float32{p0, p1, p2}
	*y1 = [3]float32{q0, q1, q2}
}

// portableTable is table in plain Go.
func portableTable(strip int, dst, table, bias []float32, offsets []uint32, s sums) {
	for r := range s.rows {
		peak := (*[lane]float32)(dst[r*s.dstStride:])
		clear(peak[:])
		for range s.pool {
			for c := 0; c < lane; c += 4 {
				b := (*[4]float32)(bias[c:])
				s0, s1, s2, s3 := b[0], b[1], b[2], b[3]
				at := c
				for _, off := range offsets[:s.taps] {
					row := (*[4]float32)(table[at+int(off/4):])
					at += s.tapStride
					s0 += row[0]
					s1 += row[1]
					s2 += row[2]
					s3 += row[3]
				}
				p := (*[4]float32)(peak[c:])
				*p = [4]float32{max(p[0], s0), max(p[1], s1), max(p[2], s2), max(p[3], s3)}
			}
			offsets = offsets[1:]
		}
	}
}
