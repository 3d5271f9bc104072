package picture

import (
	"encoding/binary"
	"fmt"
	"math"
	"sync"
)

// The weights of a filter have 12 bits, and the three samples of a pixel lie in
// one word with 21 bits for each, so that one multiplication weighs all three:
// 255 times 4096 and the rounding take 20.
const (
	weightBits = 12
	weightOne  = 1 << weightBits
	laneBits   = 21

	halves  = weightOne / 2 * (1 | 1<<laneBits | 1<<(2*laneBits))
	samples = 255 * (1 | 1<<laneBits | 1<<(2*laneBits))
)

// Resize scales the rectangle of src whose top left corner is (x, y) and whose
// size is w by h, in pixels and parts of pixels, to fill dst. Enlarging is
// bilinear; shrinking widens the filter, a triangle, to cover all the pixels
// that make one, as golang.org/x/image/draw.BiLinear and Pillow do. Pixels
// beyond the rectangle's edges count where the filter reaches them; beyond the
// picture's there are none.
//
// The rectangle must have a size and meet the picture, and Pix the length that
// the sizes say: Resize panics otherwise. Nothing of src is changed, and dst
// must not share its pixels.
func (src *RGB) Resize(dst *RGB, x, y, w, h float64) {
	src.check("source")
	dst.check("destination")
	if !(w > 0 && h > 0 && x < float64(src.Width) && y < float64(src.Height) && x+w > 0 && y+h > 0) {
		panic(fmt.Sprintf("picture: no pixels of %d by %d in the rectangle %g by %g at %g, %g", src.Width, src.Height, w, h, x, y))
	}
	if w == float64(dst.Width) && h == float64(dst.Height) && src.copy(dst, x, y) {
		return
	}
	r := resizers.Get().(*resizer)
	r.resize(dst, src, x, y, w, h)
	resizers.Put(r)
}

func (p *RGB) check(what string) {
	if p.Width <= 0 || p.Height <= 0 || len(p.Pix) != 3*p.Width*p.Height {
		panic(fmt.Sprintf("picture: the %s has %d bytes for %d by %d pixels", what, len(p.Pix), p.Width, p.Height))
	}
}

// copy does what needs no filter: whole pixels at their own size.
func (src *RGB) copy(dst *RGB, x, y float64) bool {
	left, top := int(x), int(y)
	if float64(left) != x || float64(top) != y || left < 0 || top < 0 ||
		left+dst.Width > src.Width || top+dst.Height > src.Height {
		return false
	}
	for i := range dst.Height {
		copy(dst.Pix[3*i*dst.Width:][:3*dst.Width], src.Pix[3*((top+i)*src.Width+left):])
	}
	return true
}

var resizers = sync.Pool{New: func() any { return new(resizer) }}

// resizer holds the buffers of one resize.
type resizer struct {
	across, down filter
	row          []uint64 // a row of src
	narrow       []uint64 // the same, resized across
	sums         []uint64 // rows of dst that are being summed
}

// filter is, for each pixel along one side of the result, which source pixels
// make it and how much each weighs.
type filter struct {
	spans   []span
	weights []uint64
}

// span is the source pixels first to last and where their weights begin.
type span struct{ first, last, weights int }

// set makes the filter from size source pixels to n, of which those from start
// over length are wanted.
func (f *filter) set(n, size int, start, length float64) {
	f.spans, f.weights = f.spans[:0], f.weights[:0]
	scale := length / float64(n)
	reach := math.Max(scale, 1)
	for i := range n {
		center := start + (float64(i)+0.5)*scale
		first := min(max(int(math.Floor(center-reach)), 0), size-1)
		last := min(max(int(math.Ceil(center+reach))-1, first), size-1)
		weight := func(at int) float64 {
			return math.Max(0, 1-math.Abs(float64(at)+0.5-center)/reach)
		}
		for first < last && weight(first) == 0 {
			first++
		}
		for last > first && weight(last) == 0 {
			last--
		}
		total := 0.0
		for at := first; at <= last; at++ {
			total += weight(at)
		}
		s := span{first, last, len(f.weights)}
		// The sum is rounded, not each weight: they make exactly one, however
		// many there are.
		sum, given := 0.0, 0
		for at := first; at <= last; at++ {
			sum += weight(at)
			upTo := weightOne
			if at < last {
				upTo = int(sum/total*weightOne + 0.5)
			}
			f.weights = append(f.weights, uint64(upTo-given))
			given = upTo
		}
		f.spans = append(f.spans, s)
	}
}

// overlap returns the most spans that share a source pixel with one before
// them, themselves included.
func (f *filter) overlap() int {
	most, next := 1, 0
	for i, s := range f.spans {
		for next < len(f.spans) && f.spans[next].first <= s.last {
			next++
		}
		most = max(most, next-i)
	}
	return most
}

func (r *resizer) resize(dst, src *RGB, x, y, w, h float64) {
	r.across.set(dst.Width, src.Width, x, w)
	r.down.set(dst.Height, src.Height, y, h)
	across, down := r.across.spans, r.down.spans

	left, right := across[0].first, across[len(across)-1].last+1
	r.row = enough(r.row, right-left)
	r.narrow = enough(r.narrow, dst.Width)
	slots := r.down.overlap()
	r.sums = enough(r.sums, slots*dst.Width)

	begun, done := 0, 0 // rows of dst
	for line := down[0].first; done < len(down); line++ {
		if begun < len(down) && begun == done && down[begun].first > line {
			line = down[begun].first
		}
		unpack(r.row, src.Pix[3*(line*src.Width+left):3*(line*src.Width+right)])
		r.shrinkRow(left)
		for begun < len(down) && down[begun].first <= line {
			begun++
		}
		for i := done; i < begun; i++ {
			s := down[i]
			sum := r.sums[i%slots*dst.Width:][:dst.Width]
			weight := r.down.weights[s.weights+line-s.first]
			if line == s.first {
				weigh(sum, r.narrow, weight)
			} else {
				addWeighed(sum, r.narrow, weight)
			}
		}
		for done < begun && down[done].last <= line {
			pack(dst.Pix[3*done*dst.Width:][:3*dst.Width], r.sums[done%slots*dst.Width:])
			done++
		}
	}
}

// shrinkRow resizes the row across. Its first pixel is src's at left.
func (r *resizer) shrinkRow(left int) {
	row, weights := r.row, r.across.weights
	for i, s := range r.across.spans {
		in := row[s.first-left : s.last-left+1]
		by := weights[s.weights:][:len(in)]
		sum := uint64(halves)
		for j, v := range in {
			sum += v * by[j]
		}
		r.narrow[i] = sum >> weightBits & samples
	}
}

func weigh(sum, row []uint64, weight uint64) {
	row = row[:len(sum)]
	for i, v := range row {
		sum[i] = v*weight + halves
	}
}

func addWeighed(sum, row []uint64, weight uint64) {
	row = row[:len(sum)]
	for i, v := range row {
		sum[i] += v * weight
	}
}

// unpack spreads pixels of three bytes over words.
func unpack(out []uint64, in []byte) {
	n := len(out)
	i := 0
	for ; i < n && 3*i+4 <= len(in); i++ {
		v := uint64(binary.LittleEndian.Uint32(in[3*i:]))
		out[i] = v&0xff | v&0xff00<<(laneBits-8) | v&0xff0000<<(2*laneBits-16)
	}
	for ; i < n; i++ {
		p := in[3*i : 3*i+3]
		out[i] = uint64(p[0]) | uint64(p[1])<<laneBits | uint64(p[2])<<(2*laneBits)
	}
}

// pack writes weighed sums as pixels of three bytes.
func pack(out []byte, in []uint64) {
	for i, v := range in[:len(out)/3] {
		p := out[3*i : 3*i+3 : 3*i+3]
		p[0], p[1], p[2] = byte(v>>weightBits), byte(v>>(weightBits+laneBits)), byte(v>>(weightBits+2*laneBits))
	}
}

func enough(buf []uint64, n int) []uint64 {
	if cap(buf) < n {
		return make([]uint64, n)
	}
	return buf[:n]
}
