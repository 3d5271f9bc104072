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

// fill makes an empty set all of n rows.
func (s *rowSet) fill(n int) {
	for i := range (n + blockRows - 1) / blockRows {
		s[i] = ^uint64(0) >> (blockRows - min(n-i*blockRows, blockRows))
	}
}

// matchColumns leaves in set, which is empty before, the rows of v that may match, and
// reports whether there is one. A broken column leaves all of them.
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
	var matches []byte
	var few [4]byte
	matching := 0
	for i := range n {
		decision, class, rest, ok := takeCountText(b)
		if !ok {
			return true
		}
		if (f.decision == nil || bytes.Equal(decision, f.decision)) && (f.class == nil || bytes.Equal(class, f.class)) {
			match[i] = 1
			if matching++; matching <= len(few) {
				few[matching-1] = byte(i)
				matches = few[:matching]
			}
		}
		b = rest
	}
	switch {
	case matching == 0:
		return false
	case matching == n:
		return true
	case matching <= len(few):
		return set.keep(b, 1, v.rows, func(block []byte) (word uint64) {
			for _, code := range matches {
				word |= equalBytes(block, code)
			}
			return word
		})
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
	if !ok || n == 0 || n > v.rows || len(b) < 4*n {
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
			word |= rangeOf16(block, code, code+1)
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
	if !ok || n == 0 || n > v.rows || len(b) < restarts {
		return true
	}
	t := pathList{n: n, restarts: b[:restarts], b: b[restarts:]}
	lo, begins, ok := t.seek(prefix, false)
	switch {
	case !ok:
		return true
	case !begins:
		return false
	}
	hi, _, ok := t.seek(prefix, true)
	if !ok || lo >= hi || lo == 0 && hi == n {
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
	return set.keep(codes, 2, v.rows, func(block []byte) uint64 { return rangeOf16(block, lo, hi) })
}

// pathList is the list of texts of a path column.
type pathList struct {
	n        int
	restarts []byte
	b        []byte
	text     [256]byte
}

// seek returns the place of the first text that begins with prefix or comes after
// those that do, or, when after, of the first that comes after them; n for none.
// begins says whether the text there begins with prefix. ok is false when the list is
// broken.
func (t *pathList) seek(prefix string, after bool) (place int, begins, ok bool) {
	groups := len(t.restarts) / 4
	lo, hi := 0, groups // the first group whose first text is such a one
	for lo < hi {
		i := int(uint(lo+hi) >> 1)
		b, ok := t.group(i)
		if !ok {
			return 0, false, false
		}
		_, size, ok := entryAt(b, 0)
		if !ok {
			return 0, false, false
		}
		is, starts := reaches(b[2:2+size], prefix, after)
		if is {
			hi, begins = i, starts
		} else {
			lo = i + 1
		}
	}
	if lo == 0 {
		return 0, begins, true
	}
	// It may lie within the group before.
	b, ok := t.group(lo - 1)
	if !ok {
		return 0, false, false
	}
	last := 0
	for i := (lo - 1) * restartEvery; i < min(lo*restartEvery, t.n); i++ {
		kept, size, ok := entryAt(b, last)
		if !ok {
			return 0, false, false
		}
		copy(t.text[kept:], b[2:2+size])
		last, b = kept+size, b[2+size:]
		if is, starts := reaches(t.text[:last], prefix, after); is {
			return i, starts, true
		}
	}
	return min(lo*restartEvery, t.n), lo < groups && begins, true
}

// reaches reports whether text is what seek looks for, and begins with prefix.
func reaches(text []byte, prefix string, after bool) (is, begins bool) {
	text = text[:min(len(text), len(prefix))]
	if string(text) == prefix {
		return !after, true
	}
	return string(text) > prefix, false
}

// group returns the texts from a group's first on.
func (t *pathList) group(group int) ([]byte, bool) {
	at := binary.LittleEndian.Uint32(t.restarts[4*group:])
	if uint64(at) > uint64(len(t.b)) {
		return nil, false
	}
	return t.b[at:], true
}

// entryAt returns how many bytes of the text before, which has last, the first text of
// b keeps, and how many it adds.
func entryAt(b []byte, last int) (kept, size int, ok bool) {
	if len(b) < 2 {
		return 0, 0, false
	}
	kept, size = int(b[0]), int(b[1])
	return kept, size, kept <= last && size <= len(b)-2 && kept+size <= 255
}

// codes returns what lies behind the texts.
func (t *pathList) codes() ([]byte, bool) {
	group := len(t.restarts)/4 - 1
	b, ok := t.group(group)
	last := 0
	for i := group * restartEvery; ok && i < t.n; i++ {
		var kept, size int
		if kept, size, ok = entryAt(b, last); ok {
			last, b = kept+size, b[2+size:]
		}
	}
	return b, ok
}

func (f *filter) matchScores(v *columnsView, set *rowSet) bool {
	b, _, ok := v.column(colScore)
	if !ok {
		return true
	}
	// Rounding keeps the order, so a score in the range is in the range of the rounded
	// bounds; and the bits of floats that are not negative, not even -0, are in order, too.
	lo, hi := math.Float32bits(float32(max(f.min, 0))), math.Float32bits(float32(f.max))
	return set.keep(b, 4, v.rows, func(block []byte) uint64 { return rangeOf32(block, lo, hi+1) })
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

// rangeOf16 returns a bit for each of up to 64 numbers from lo on and below hi. Numbers
// and bounds are below 1<<15.
func rangeOf16(block []byte, lo, hi int) (word uint64) {
	const (
		ones = 0x0001000100010001
		top  = ones << 15
	)
	from, to := ones*uint64(lo), ones*uint64(hi)
	i := 0
	for ; len(block) >= 8; i += 4 {
		// With its top bit set no number borrows from the next one, and keeps the bit if it
		// is not below what is taken off.
		x := binary.LittleEndian.Uint64(block) | top
		x = (x - from) &^ (x - to) & top >> 15
		word |= x * (1<<48 | 1<<33 | 1<<18 | 1<<3) >> 48 & 15 << i
		block = block[8:]
	}
	for ; len(block) >= 2; i++ {
		if x := int(binary.LittleEndian.Uint16(block)); lo <= x && x < hi {
			word |= 1 << i
		}
		block = block[2:]
	}
	return word
}

// rangeOf32 is rangeOf16 for numbers below 1<<31.
func rangeOf32(block []byte, lo, hi uint32) (word uint64) {
	const (
		ones = 0x0000000100000001
		top  = ones << 31
	)
	from, to := ones*uint64(lo), ones*uint64(hi)
	i := 0
	for ; len(block) >= 8; i += 2 {
		x := binary.LittleEndian.Uint64(block) | top
		x = (x - from) &^ (x - to) & top >> 31
		word |= (x | x>>31) & 3 << i
		block = block[8:]
	}
	for ; len(block) >= 4; i++ {
		if x := binary.LittleEndian.Uint32(block); lo <= x && x < hi {
			word |= 1 << i
		}
		block = block[4:]
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
