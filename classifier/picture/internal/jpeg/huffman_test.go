package jpeg

import (
	"math/rand/v2"
	"testing"
)

// writer writes bits, most significant first.
type writer struct {
	data []byte
	n    int
}

func (w *writer) write(v uint32, n int) {
	for i := n - 1; i >= 0; i-- {
		if w.n%8 == 0 {
			w.data = append(w.data, 0)
		}
		w.data[w.n/8] |= byte(v>>i&1) << (7 - w.n%8)
		w.n++
	}
}

// randomTable makes a Huffman table of random code lengths for symbols.
func randomTable(t *testing.T, r *rand.Rand, symbols []uint8, dc bool) (h huffman, codes map[uint8][2]uint32) {
	t.Helper()
	r.Shuffle(len(symbols), func(i, j int) { symbols[i], symbols[j] = symbols[j], symbols[i] })
	var counts [16]uint8
	codes = map[uint8][2]uint32{}
	code, left := uint32(0), len(symbols)
	for length := 1; length <= 16; length++ {
		room := 1<<length - int(code) - 1 // the code of ones alone is not used
		n := 0
		// Enough must be left for the rest at the longest length.
		for n < room && left > 0 && (room-n-1)<<(16-length) >= left && r.IntN(3) > 0 {
			n++
			left--
		}
		if length == 16 {
			n, left = n+left, 0
		}
		counts[length-1] = uint8(n)
		for range n {
			codes[symbols[len(codes)]] = [2]uint32{code, uint32(length)}
			code++
		}
		code <<= 1
	}
	if err := h.build(&counts, symbols, dc); err != nil {
		t.Fatal(err)
	}
	return h, codes
}

// Ensure that blocks of any coefficients, coded with any tables, come back; and
// that a decode which needs only the first few ends each block at the same bit.
func TestSequentialBlocks(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 0))
		var dcSymbols, acSymbols []uint8
		for s := range 12 {
			dcSymbols = append(dcSymbols, uint8(s))
		}
		for run := range 16 {
			for size := range 11 {
				if size > 0 || run == 0 || run == 15 {
					acSymbols = append(acSymbols, uint8(run<<4|size))
				}
			}
		}
		dc, dcCodes := randomTable(t, r, dcSymbols, true)
		ac, acCodes := randomTable(t, r, acSymbols, false)
		var w writer
		value := func(codes map[uint8][2]uint32, run int, v int32) {
			size, bits := 0, uint32(v)
			for a := max(v, -v); a > 0; a >>= 1 {
				size++
			}
			if v < 0 {
				bits = uint32(v + 1<<size - 1)
			}
			c := codes[uint8(run<<4|size)]
			w.write(c[0], int(c[1]))
			w.write(bits, size)
		}
		const blocks = 50
		var want [blocks][64]int32
		var ends [blocks]int
		pred := int32(0)
		for i := range blocks {
			want[i][0] = int32(r.IntN(2001) - 1000)
			value(dcCodes, 0, want[i][0]-pred)
			pred = want[i][0]
			run := 0
			density := r.IntN(10)
			full := r.IntN(4) == 0 // up to the last coefficient: no end mark
			for k := 1; k < 64; k++ {
				if r.IntN(10) >= density && !(full && k == 63) {
					run++
					continue
				}
				for ; run > 15; run -= 16 {
					c := acCodes[0xf0]
					w.write(c[0], int(c[1]))
				}
				v := int32(1 + r.IntN(1<<(1+r.IntN(9))))
				if r.IntN(2) == 0 {
					v = -v
				}
				want[i][k] = v
				value(acCodes, run, v)
				run = 0
			}
			if run > 0 {
				c := acCodes[0]
				w.write(c[0], int(c[1]))
			}
			ends[i] = w.n
		}
		data := append(w.data, zeros[:]...)
		ac.buildSkip()
		var ones [128]float32
		for k := range 64 {
			ones[k] = 1
		}
		for _, last := range []int{63, 24, 4, 0} {
			var b bits
			b.reset(data)
			pred := int32(0)
			for i := range blocks {
				var block coefficients
				end, ok := b.sequentialBlock(&dc, &ac, &ones, last, &pred, &block)
				if !ok {
					t.Fatalf("seed %d, last %d, block %d: no code fits", seed, last, i)
				}
				if at := b.pos*8 - int(b.n); at != ends[i] {
					t.Fatalf("seed %d, last %d, block %d ends at bit %d, want %d", seed, last, i, at, ends[i])
				}
				for k := range last + 1 {
					if got := int32(block[natural[k]]); got != want[i][k] {
						t.Fatalf("seed %d, last %d, block %d: coefficient %d is %d, want %d", seed, last, i, k, got, want[i][k])
					}
					if want[i][k] != 0 && k > end {
						t.Fatalf("seed %d, last %d, block %d: coefficient %d is past the end %d", seed, last, i, k, end)
					}
				}
				if b.passed() {
					t.Fatalf("seed %d, last %d, block %d: passed the end", seed, last, i)
				}
			}
		}
	}
}

// Ensure that tables which cannot be are refused.
func TestHuffmanRefuses(t *testing.T) {
	var h huffman
	if err := h.build(&[16]uint8{3}, []uint8{1, 2, 3}, false); err == nil {
		t.Error("three codes of one bit were taken")
	}
	if err := h.build(&[16]uint8{0, 1}, []uint8{16}, true); err == nil {
		t.Error("a DC symbol of 16 bits was taken")
	}
	if err := h.build(&[16]uint8{1}, []uint8{5}, true); err != nil {
		t.Error(err)
	}
	if e := h.resolve(0, ^uint64(0)); e != 0 {
		t.Errorf("ones are no code, and gave %x", e)
	}
}
