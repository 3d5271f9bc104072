package explain

import (
	"cmp"
	"slices"

	"github.com/limen-waf/limen/classifier"
)

const (
	// coarseParts is about how many parts a window is cut into at first, coarseLeast
	// their least size in units.
	coarseParts = 32
	coarseLeast = 8
	// cheap is the share of the evidence that leaving out one part may cost, keep
	// the share that must be left in the end.
	cheap = 0.1
	keep  = 0.7
	// again is the share of the evidence from which a part that was left out
	// is shown all the same: the second copy of a payload.
	again = 0.2
	// copies bounds how many such parts are looked into.
	copies = 8
	// budget is how many tokens may be asked about before the search ends with what it
	// has: windows of 1,024 tokens some 200 times.
	budget = 200 << 10
	// finest is the size of the smallest parts.
	finest = 1
)

// find returns the runs that made the evidence.
func (o *oracle) find() ([]run, error) {
	all := []run{{0, len(o.picture.units)}}
	if all[0].len() == 0 {
		return nil, nil
	}
	size := max(coarseLeast, all[0].len()/coarseParts)
	kept, evidence, err := o.reduce(all, size)
	if err != nil {
		return nil, err
	}
	// What was left out may hold as much: the network needs a payload once only.
	others := parts(all, 2*size, size)
	for range copies {
		if o.spent >= budget {
			break
		}
		best, value, err := o.best(others, join(kept, spanGap, o.picture.follows))
		if err != nil {
			return nil, err
		}
		if value < again*evidence {
			break
		}
		found, _, err := o.reduce([]run{best}, max(coarseLeast, best.len()/4))
		if err != nil {
			return nil, err
		}
		kept = append(kept, found...)
		others = slices.DeleteFunc(others, func(r run) bool { return r == best })
	}
	return kept, nil
}

// best returns the part with the most evidence of its own, what was found aside.
func (o *oracle) best(parts, found []run) (best run, value float64, err error) {
	if len(parts) == 0 {
		return best, 0, nil
	}
	windows := make([]classifier.Window, len(parts))
	for i, r := range parts {
		rest := []run{r}
		for _, f := range found {
			rest = without(rest, f)
		}
		windows[i] = o.picture.alone(rest...)
	}
	values, err := o.evidence(windows...)
	if err != nil {
		return best, 0, err
	}
	value = slices.Max(values)
	return parts[slices.Index(values, value)], value, nil
}

// reduce leaves out of the runs whatever the evidence does not need: parts of
// the given size first, then halves of what is left (as in Zeller and
// Hildebrandt, "Simplifying and isolating failure-inducing input", 2002). It
// returns what is left, and the evidence of the runs.
func (o *oracle) reduce(runs []run, size int) (kept []run, evidence float64, err error) {
	got, err := o.evidence(o.picture.alone(runs...))
	if err != nil {
		return nil, 0, err
	}
	evidence = got[0]
	kept, now := runs, evidence
	for ; size >= finest && o.spent < budget; size /= 2 {
		pieces := parts(kept, size, size)
		losses, err := o.losses(kept, pieces, now)
		if err != nil {
			return nil, 0, err
		}
		// The cheapest parts go first, as many at once as can.
		order := make([]int, 0, len(pieces))
		for i, loss := range losses {
			if loss <= cheap*evidence {
				order = append(order, i)
			}
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(losses[a], losses[b]) })
		for n := len(order); len(order) > 0 && o.spent < budget; {
			try := kept
			for _, i := range order[:n] {
				try = without(try, pieces[i])
			}
			ok := len(try) > 0
			if ok {
				if got, err = o.evidence(o.picture.alone(try...)); err != nil {
					return nil, 0, err
				}
				ok = got[0] >= max(now-cheap*evidence, keep*evidence)
			}
			switch {
			case ok:
				kept, now, order = try, got[0], order[n:]
				n = len(order)
			case n > 1:
				n /= 2
			default: // it is needed now
				order = order[1:]
				n = min(len(order), 4)
			}
		}
	}
	return kept, evidence, nil
}
