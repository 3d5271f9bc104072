package native

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// canary marks the cells that a kernel must leave alone.
const canary = -12345

// Ensure that product computes every number of rows, fold, panel and stride,
// and writes nothing beside its results.
func TestProduct(t *testing.T) {
	for _, k := range available() {
		panels := map[int]bool{}
		for left := lane; left <= 8*lane; left += lane {
			for rest := left; rest > 0; rest -= k.panel(rest) {
				panels[k.panel(rest)] = true
			}
		}
		for panel := range panels {
			for rows := 1; rows <= k.tile(panel); rows++ {
				for _, fold := range []int{0, 1, 2, 3, foldAll} {
					if fold != 0 && !k.fold {
						continue
					}
					for _, count := range []int{1, 3} {
						if count > 1 && fold > 0 && rows%(1<<fold) != 0 {
							continue // only the last tile may be short
						}
						name := fmt.Sprintf("%s/panel=%d/rows=%d/fold=%d/count=%d", k.name, panel, rows, fold, count)
						t.Run(name, func(t *testing.T) { checkProduct(t, k, panel, rows, fold, count) })
					}
				}
			}
		}
	}
}

func checkProduct(t *testing.T, k *isa, panel, rows, fold, count int) {
	r := rand.New(rand.NewPCG(uint64(panel), uint64(rows)))
	call := tiles{
		rows: rows, count: count, fold: fold,
		depth: 48, srcStride: 16, dstStride: panel + lane, // overlapping rows, a gap between results
		floor: [...]float32{0, float32(math.Inf(-1))}[r.IntN(2)],
	}
	src := noise(r, (rows*count-1)*call.srcStride+call.depth)
	weights, bias := noise(r, call.depth*panel), noise(r, panel)
	dst := aligned(call.outputs() * call.dstStride)
	for i := range dst {
		dst[i] = canary
	}
	want := make([]float64, len(dst))
	for i := range want {
		want[i] = canary
	}
	for row := range rows * count {
		out := row
		if fold == foldAll {
			out = 0
		} else {
			out = (row/rows)*((rows+1<<fold-1)>>fold) + row%rows>>fold
		}
		for c := range panel {
			sum := float64(bias[c])
			for d := range call.depth {
				sum += float64(src[row*call.srcStride+d]) * float64(weights[d*panel+c])
			}
			at := out*call.dstStride + c
			want[at] = max(want[at], sum, float64(call.floor))
		}
	}
	k.product(panel, dst, src, weights, bias, call)
	for i := range want {
		if !(math.Abs(float64(dst[i])-want[i]) < 1e-4) {
			t.Fatalf("row %d, column %d is %v, expected %v", i/call.dstStride, i%call.dstStride, dst[i], want[i])
		}
	}
}

// Ensure that table computes every number of taps and pool, and writes nothing
// beside its results.
func TestTable(t *testing.T) {
	for _, k := range available() {
		for _, strip := range []int{k.strip(lane), k.strip(2 * lane)} {
			for _, taps := range []int{1, 2, 3, 5, 7, 9} {
				for _, pool := range []int{1, 2, 4, 5} {
					t.Run(fmt.Sprintf("%s/strip=%d/taps=%d/pool=%d", k.name, strip, taps, pool), func(t *testing.T) {
						checkTable(t, k, strip, taps, pool)
					})
				}
			}
		}
	}
}

func checkTable(t *testing.T, k *isa, strip, taps, pool int) {
	const tokens, rows = 20, 3
	r := rand.New(rand.NewPCG(uint64(taps), uint64(pool)))
	call := sums{rows: rows, pool: pool, taps: taps, tapStride: 2 * strip, dstStride: strip + lane}
	table, bias := noise(r, tokens*taps*call.tapStride), noise(r, strip)
	offsets := make([]uint32, rows*pool+taps-1)
	for i := range offsets {
		offsets[i] = uint32(r.IntN(tokens) * taps * call.tapStride * 4)
	}
	dst := aligned(rows * call.dstStride)
	for i := range dst {
		dst[i] = canary
	}
	k.table(strip, dst, table, bias, offsets, call)
	for i, got := range dst {
		row, c := i/call.dstStride, i%call.dstStride
		want := float64(canary)
		if c < strip {
			want = 0
			for p := range pool {
				sum := float64(bias[c])
				for j := range taps {
					sum += float64(table[int(offsets[row*pool+p+j])/4+j*call.tapStride+c])
				}
				want = max(want, sum)
			}
		}
		if !(math.Abs(float64(got)-want) < 1e-5) {
			t.Fatalf("row %d, column %d is %v, expected %v", row, c, got, want)
		}
	}
}

func noise(r *rand.Rand, n int) []float32 {
	s := aligned(n)
	for i := range s {
		s[i] = float32(r.NormFloat64())
	}
	return s
}

// Ensure that nextTiles covers every row once, in tiles that fit, of whole
// pools but for the end.
func TestNextTiles(t *testing.T) {
	for left := 1; left < 200; left++ {
		for _, most := range []int{2, 4, 6, 8, 12} {
			for _, unit := range []int{1, 2, 4, 8} {
				if unit > most {
					continue
				}
				for rest := left; rest > 0; {
					rows, count := nextTiles(rest, most, unit)
					if rows < 1 || rows > most || count < 1 || rows*count > rest {
						t.Fatalf("%d rows left, at most %d: %d tiles of %d rows", rest, most, count, rows)
					}
					rest -= rows * count
					if rest > 0 && rows%unit != 0 || count > 1 && rows%unit != 0 {
						t.Fatalf("%d rows left, at most %d: %d rows break a pool of %d", rest, most, rows, unit)
					}
				}
			}
		}
	}
}
