package store

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
)

// rowSet is a set of a zone's rows, a bit for each, a word for each block.
type rowSet [maxColumnRows / blockRows]uint64

// fill makes it all of n rows.
func (s *rowSet) fill(n int) {
	for i := range s {
		rows := min(max(n-i*blockRows, 0), blockRows)
		s[i] = ^uint64(0) >> (blockRows - rows) // a shift by 64 is zero
	}
}

// matchColumns leaves in set the rows of v that may match, and reports whether there is
// one. With broken columns it is all of them.
func (f *filter) matchColumns(v *columnsView, set *rowSet) bool {
	set.fill(v.rows)
	if f.decision != nil || f.class != nil {
		if !f.matchKinds(v, set) {
			return false
		}
	}
	for i := range f.hashes {
		if len(f.hashes[i].any) > 0 && !f.hashes[i].match(v, set) {
			return false
		}
	}
	if prefix := f.texts[fieldPath].text; prefix != "" {
		if !matchPath(v, set, prefix[:min(len(prefix), maxPrefix)]) {
			return false
		}
	}
	if f.want&(1<<fieldScore) != 0 {
		return f.matchScores(v, set)
	}
	return true
}

func (f *filter) matchKinds(v *columnsView, set *rowSet) bool {
	b, n, ok := v.column(colKind)
	if !ok || n == 0 || n > 256 {
		return true
	}
	var match [256]uint8
	for i := range n {
		decision, class, rest, ok := takeCountText(b)
		if !ok {
			return true
		}
		if (f.decision == nil || bytes.Equal(decision, f.decision)) && (f.class == nil || bytes.Equal(class, f.class)) {
			match[i] = 1
		}
		b = rest
	}
	if n == 1 {
		return match[0] == 1
	}
	return set.keep(b, 1, v.rows, func(block []byte) (word uint64) {
		for i, code := range block {
			word |= uint64(match[code]) << i
		}
		return word
	})
}

// hashFilter asks for one of some hashes of a column.
type hashFilter struct {
	column int
	any    []uint32
}

func (h *hashFilter) match(v *columnsView, set *rowSet) bool {
	b, n, ok := v.column(h.column)
	if !ok || n == 0 || len(b) < 4*n {
		return true
	}
	list, codes := b[:4*n], b[4*n:]
	var at [8]int
	found := at[:0]
	for _, hash := range h.any {
		if i, ok := findHash(list, hash); ok {
			found = append(found, i)
		}
	}
	switch {
	case len(found) == 0:
		return false
	case n == 1:
		return true
	case len(found) == 1 && n <= 256:
		code := byte(found[0])
		return set.keep(codes, 1, v.rows, func(block []byte) uint64 { return equalBytes(block, code) })
	case n <= 256:
		return set.keep(codes, 1, v.rows, func(block []byte) (word uint64) {
			for _, code := range found {
				word |= equalBytes(block, byte(code))
			}
			return word
		})
	}
	return set.keep(codes, 2, v.rows, func(block []byte) (word uint64) {
		for _, code := range found {
			word |= rangeOf16(block, uint16(code), 1)
		}
		return word
	})
}

// findHash looks up hash in a list of ascending ones.
func findHash(list []byte, hash uint32) (int, bool) {
	lo, hi := 0, len(list)/4
	for lo < hi {
		i := int(uint(lo+hi) >> 1)
		switch at := binary.LittleEndian.Uint32(list[4*i:]); {
		case at == hash:
			return i, true
		case at < hash:
			lo = i + 1
		default:
			hi = i
		}
	}
	return 0, false
}

func matchPath(v *columnsView, set *rowSet, prefix string) bool {
	b, n, ok := v.column(colPath)
	restarts := 4 * ((n + restartEvery - 1) / restartEvery)
	if !ok || n == 0 || len(b) < restarts {
		return true
	}
	t := pathList{n: n, restarts: b[:restarts], b: b[restarts:]}
	lo, ok1 := t.first(func(text []byte) bool { return string(text[:min(len(text), len(prefix))]) >= prefix })
	hi, ok2 := t.first(func(text []byte) bool { return string(text[:min(len(text), len(prefix))]) > prefix })
	switch {
	case !ok1 || !ok2:
		return true
	case lo >= hi:
		return false
	case lo == 0 && hi == n:
		return true
	}
	codes, ok := t.codes()
	if !ok {
		return true
	}
	if n <= 256 {
		from, count := byte(lo), hi-lo
		return set.keep(codes, 1, v.rows, func(block []byte) (word uint64) {
			for i, code := range block {
				if int(code-from) < count {
					word |= 1 << i
				}
			}
			return word
		})
	}
	return set.keep(codes, 2, v.rows, func(block []byte) uint64 { return rangeOf16(block, uint16(lo), uint16(hi-lo)) })
}

// pathList is the list of texts of a path column.
type pathList struct {
	n        int
	restarts []byte
	b        []byte
	text     [2 * 256]byte
}

// first returns the place of the first text for which is holds, n for none. All texts
// behind it must hold, too.
func (t *pathList) first(is func([]byte) bool) (place int, ok bool) {
	groups := len(t.restarts) / 4
	lo, hi := 0, groups // the first group whose first text holds
	for lo < hi {
		i := int(uint(lo+hi) >> 1)
		found := false
		if _, ok := t.each(i, 1, func(_ int, text []byte) bool { found = is(text); return false }); !ok {
			return 0, false
		}
		if found {
			hi = i
		} else {
			lo = i + 1
		}
	}
	if lo == 0 {
		return 0, true
	}
	place = min(lo*restartEvery, t.n)
	_, ok = t.each(lo-1, restartEvery, func(i int, text []byte) bool {
		if is(text) {
			place = i
			return false
		}
		return true
	})
	return place, ok
}

// each calls fn for up to limit texts of a group until it returns false. rest is what
// lies behind the last of them.
func (t *pathList) each(group, limit int, fn func(place int, text []byte) bool) (rest []byte, ok bool) {
	at := binary.LittleEndian.Uint32(t.restarts[4*group:])
	if uint64(at) > uint64(len(t.b)) {
		return nil, false
	}
	b := t.b[at:]
	last := 0
	for i := range min(limit, t.n-group*restartEvery) {
		if len(b) < 2 || int(b[0]) > last || int(b[1]) > len(b)-2 {
			return nil, false
		}
		kept, size := int(b[0]), int(b[1])
		copy(t.text[kept:], b[2:2+size])
		last = kept + size
		if last > 255 {
			return nil, false
		}
		b = b[2+size:]
		if !fn(group*restartEvery+i, t.text[:last]) {
			break
		}
	}
	return b, true
}

// codes returns what lies behind the texts.
func (t *pathList) codes() ([]byte, bool) {
	return t.each(len(t.restarts)/4-1, restartEvery, func(int, []byte) bool { return true })
}

func (f *filter) matchScores(v *columnsView, set *rowSet) bool {
	b, _, ok := v.column(colScore)
	if !ok {
		return true
	}
	// Rounding keeps the order, so a score in the range is in the range of the rounded
	// bounds; and the bits of floats that are not negative are in order, too.
	lo := math.Float32bits(float32(f.min))
	count := math.Float32bits(float32(f.max)) - lo
	return set.keep(b, 4, v.rows, func(block []byte) (word uint64) {
		for i := 0; len(block) >= 4; i++ {
			if binary.LittleEndian.Uint32(block)-lo <= count {
				word |= 1 << i
			}
			block = block[4:]
		}
		return word
	})
}

// keep takes out of s the rows for which match, which is called with a block's values of
// width bytes, has no bit. It reports whether one is left.
func (s *rowSet) keep(values []byte, width, rows int, match func(block []byte) uint64) bool {
	if len(values) < width*rows {
		return true
	}
	left := uint64(0)
	for i := range (rows + blockRows - 1) / blockRows {
		if s[i] != 0 {
			s[i] &= match(values[i*blockRows*width : min((i+1)*blockRows, rows)*width])
			left |= s[i]
		}
	}
	return left != 0
}

// equalBytes returns a bit for each of up to 64 bytes that is code.
func equalBytes(block []byte, code byte) (word uint64) {
	const ones = 0x0101010101010101
	i := 0
	for ; i+8 <= len(block); i += 8 {
		x := binary.LittleEndian.Uint64(block[i:]) ^ ones*uint64(code)
		// Bit 7 of each byte that is zero, without carries between bytes.
		x = ^((x&(ones*0x7f) + ones*0x7f) | x | ones*0x7f)
		word |= x >> 7 * 0x0102040810204080 >> 56 << i
	}
	for ; i < len(block); i++ {
		if block[i] == code {
			word |= 1 << i
		}
	}
	return word
}

// rangeOf16 returns a bit for each of up to 64 numbers that is one of the count ones
// from first on.
func rangeOf16(block []byte, first, count uint16) (word uint64) {
	for i := 0; len(block) >= 2; i++ {
		if binary.LittleEndian.Uint16(block)-first < count {
			word |= 1 << i
		}
		block = block[2:]
	}
	return word
}

// setHashes prepares the lookups in columns of hashes.
func (f *filter) setHashes(q *Query) {
	for i, text := range [...]string{colHost: q.Host, colPrincipal: q.Principal} {
		if text == "" {
			continue
		}
		h := hash([]byte(text))
		if i == colHost {
			h = hashFold([]byte(text))
		}
		f.hashes = append(f.hashes, hashFilter{i, []uint32{uint32(h)}})
	}
	if len(f.clients) > 0 {
		h := hashFilter{column: colClient}
		for _, c := range f.clients {
			h.any = append(h.any, uint32(hash([]byte(c))))
		}
		f.hashes = append(f.hashes, h)
	}
	if len(f.models) > 0 {
		h := hashFilter{column: colModel}
		for _, d := range f.models {
			h.any = append(h.any, uint32(hash(d)))
		}
		f.hashes = append(f.hashes, h)
	}
	// The rarest first: what is left out early is not looked at again.
	rank := [...]int{colPrincipal: 0, colClient: 1, colHost: 2, colModel: 3}
	slices.SortFunc(f.hashes, func(a, b hashFilter) int { return rank[a.column] - rank[b.column] })
}

// eachBit calls fn for each bit of word, from the lowest on, or from the highest.
func eachBit(word uint64, down bool, fn func(i int) (stop bool)) bool {
	for word != 0 {
		i := bits.TrailingZeros64(word)
		if down {
			i = 63 - bits.LeadingZeros64(word)
		}
		if fn(i) {
			return true
		}
		word &^= 1 << i
	}
	return false
}
