package ort

import (
	"slices"

	"github.com/limen-waf/limen/classifier"
)

// plan cuts a list of windows into batches. All windows of a batch are padded
// to the longest, and every padded token costs as much as a real one, so
// windows are taken in the order of their length and a batch ends where the next
// window is much longer than its first. A plan is reused over calls; it is not safe
// for concurrent use.
type plan struct {
	step  int // padded lengths are multiples of it
	most  int // windows in one batch
	slack int // tokens that a window may be padded by to join a batch
	order []int32
	cuts  []batch
}

// batch is a run of plan.order, order[first:first+count], padded to length.
type batch struct {
	first, count, length int
}

// batches returns the batches for windows. The result is valid until the next
// call.
func (p *plan) batches(windows []classifier.Window) []batch {
	p.order, p.cuts = p.order[:0], p.cuts[:0]
	for i := range windows {
		p.order = append(p.order, int32(i))
	}
	if len(windows) > 1 {
		// Stable, so that a call gives the same batches each time.
		slices.SortStableFunc(p.order, func(a, b int32) int {
			return p.padded(windows[a]) - p.padded(windows[b])
		})
	}
	for first := 0; first < len(p.order); {
		shortest := p.padded(windows[p.order[first]])
		end := first + 1
		for end < len(p.order) && end-first < p.most && p.padded(windows[p.order[end]])-shortest <= p.slack {
			end++
		}
		p.cuts = append(p.cuts, batch{first, end - first, p.padded(windows[p.order[end-1]])})
		first = end
	}
	return p.cuts
}

// padded is the number of tokens that the network reads for w on its own: the
// next multiple of step, at least one step.
func (p *plan) padded(w classifier.Window) int {
	return max(1, (len(w)+p.step-1)/p.step) * p.step
}

// fill writes the tokens of a batch, row by row and padded, to tokens, which is
// count times length long.
func (p *plan) fill(tokens []int64, windows []classifier.Window, b batch) {
	for row, i := range p.order[b.first : b.first+b.count] {
		dst := tokens[row*b.length : (row+1)*b.length]
		w := windows[i]
		for j, t := range w {
			dst[j] = int64(t)
		}
		clear(dst[len(w):]) // Pad is 0
	}
}
