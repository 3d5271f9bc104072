package jpeg

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// definition is the inverse transform of T.81, A.3.3, by its definition, in 8 by 8 samples
// before the level shift.
func definition(c *[64]float64) (out [64]float64) {
	for y := range 8 {
		for x := range 8 {
			sum := 0.0
			for v := range 8 {
				for u := range 8 {
					f := c[8*v+u] * math.Cos(float64(2*x+1)*float64(u)*math.Pi/16) * math.Cos(float64(2*y+1)*float64(v)*math.Pi/16)
					if u == 0 {
						f /= math.Sqrt2
					}
					if v == 0 {
						f /= math.Sqrt2
					}
					sum += f / 4
				}
			}
			out[8*y+x] = sum
		}
	}
	return out
}

// Ensure that each transform gives, of a block that has only the frequencies
// kept, the means of the samples that the definition gives, and leaves the
// block zero.
func TestTransforms(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range [][2]int{{1, 1}, {2, 2}, {4, 4}, {8, 8}, {2, 1}, {1, 2}, {4, 2}, {2, 4}, {8, 4}, {4, 8}, {8, 1}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			nx, ny := size[0], size[1]
			do, factors := transformOf(nx, ny)
			for round := range 200 {
				var c [64]float64
				var block coefficients
				end := 0
				for k := range 64 {
					at := int(natural[k])
					if at%8 >= nx || at/8 >= ny || k > 0 && r.IntN(64) > round%64 {
						continue
					}
					c[at] = float64(r.IntN(600)-300) / float64(1+k/4)
					block[at] = float32(c[at]) * factors[at]
					end = k
				}
				samples := definition(&c)
				got := make([]byte, 8*8)
				do(got, 8, &block, end)
				for y := range ny {
					for x := range nx {
						mean, w, h := 0.0, 8/nx, 8/ny
						for i := range w * h {
							mean += samples[8*(y*h+i/w)+x*w+i%w]
						}
						want := min(max(mean/float64(w*h)+128, 0), 255)
						if d := math.Abs(float64(got[8*y+x]) - want); d > 0.51 {
							t.Fatalf("sample (%d, %d) is %d, want %.2f", x, y, got[8*y+x], want)
						}
					}
				}
				if block != (coefficients{}) {
					t.Fatalf("the block is not zero afterwards: %v", block)
				}
			}
		})
	}
}
