package vision

import (
	"cmp"
	"slices"
)

// maxCandidates is how many boxes go into suppression: what is weaker than
// that many others is noise, and the work grows with the square.
const maxCandidates = 2000

// IoU is the intersection over union of two boxes x1, y1, x2, y2: 0 where they
// do not touch, 1 where they are the same. A box without area has 0 with any.
func IoU(a, b [4]float64) float64 {
	w := min(a[2], b[2]) - max(a[0], b[0])
	h := min(a[3], b[3]) - max(a[1], b[1])
	if !(w > 0 && h > 0) {
		return 0
	}
	inter := w * h
	union := (a[2]-a[0])*(a[3]-a[1]) + (b[2]-b[0])*(b[3]-b[1]) - inter
	return min(inter/union, 1)
}

// suppress is greedy non-maximum suppression: it keeps, from the strongest on,
// each box that overlaps none that was kept by more than iou. Boxes of different classes
// leave each other alone, except with all.
func suppress(found []detection, iou float64, all bool) []detection {
	slices.SortFunc(found, func(a, b detection) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.order, b.order))
	})
	if len(found) > maxCandidates {
		found = found[:maxCandidates]
	}
	kept := found[:0]
next:
	for _, d := range found {
		for i := range kept {
			if (all || kept[i].class == d.class) && IoU(kept[i].box, d.box) > iou {
				continue next
			}
		}
		kept = append(kept, d)
	}
	return kept
}
