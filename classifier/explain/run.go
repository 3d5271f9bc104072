package explain

import "slices"

// run is the units [from, to).
type run struct{ from, to int }

func (r run) len() int { return r.to - r.from }

// parts cuts runs into parts of a size, each of which begins a step after the
// one before.
func parts(runs []run, size, step int) []run {
	var out []run
	for _, r := range runs {
		for at := r.from; ; at += step {
			out = append(out, run{at, min(at+size, r.to)})
			if at+size >= r.to {
				break
			}
		}
	}
	return out
}

// without cuts a run out of the runs, which are in order.
func without(runs []run, cut run) []run {
	out := make([]run, 0, len(runs)+1)
	for _, r := range runs {
		if left := (run{r.from, min(r.to, cut.from)}); left.len() > 0 {
			out = append(out, left)
		}
		if right := (run{max(r.from, cut.to), r.to}); right.len() > 0 {
			out = append(out, right)
		}
	}
	return out
}

// join puts runs in order and makes one of those between which at most gap units
// lie, and at most twice the length of the shorter, if follows says of each unit up to
// the next run that it follows the one before.
func join(runs []run, gap int, follows func(a, b int) bool) []run {
	runs = slices.Clone(runs)
	slices.SortFunc(runs, func(a, b run) int { return a.from - b.from })
	var out []run
	for _, r := range runs {
		n := len(out)
		near := n > 0 && r.from-out[n-1].to <= min(gap, 2*r.len(), 2*out[n-1].len())
		for u := r.from; near && u >= out[n-1].to; u-- {
			near = follows(u-1, u)
		}
		if near {
			out[n-1].to = max(out[n-1].to, r.to)
		} else {
			out = append(out, r)
		}
	}
	return out
}
