package native

// maskedMax pools rows of the given width that a layer left unpooled: dst gets
// the maximum of each pool positions that are not masked, and of zero. A nil
// mask hides none.
func maskedMax(dst, src []float32, mask []bool, n, width, pool int) {
	for t := 0; t < n; t += pool {
		peak := dst[:width]
		clear(peak)
		for i := t; i < min(t+pool, n); i++ {
			if mask != nil && !mask[i] {
				continue
			}
			for c, v := range src[i*width:][:width] {
				peak[c] = max(peak[c], v)
			}
		}
		if t+pool < n {
			dst = dst[width:]
		}
	}
}

// poolMask pools a mask in place: a pool is there if any position of it is.
func poolMask(mask []bool, pool int) []bool {
	if pool == 1 || mask == nil {
		return mask
	}
	n := 0
	for t := 0; t < len(mask); t += pool {
		any := false
		for _, m := range mask[t:min(t+pool, len(mask))] {
			any = any || m
		}
		mask[n] = any
		n++
	}
	return mask[:n]
}
