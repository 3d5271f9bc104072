package classifier

import "bytes"

const (
	// maxRepeats is how often one and the same key, or string of at most
	// maxRepeat bytes, of a JSON text is emitted: large ordinary bodies repeat
	// theirs thousands of times.
	maxRepeats = 4
	maxRepeat  = 64
)

// repeats counts how often each key and each short string of a JSON text has
// been seen, by their bytes as they stand. One that shares its slot with
// another starts anew, so nothing new is ever taken for a repetition.
type repeats struct {
	slots [1024]repeatSlot
	round uint32
}

type repeatSlot struct {
	from, size int32
	round      uint32
	seen       uint16
	key        bool
}

// next starts a new text.
func (k *repeats) next() {
	if k.round++; k.round == 0 {
		*k = repeats{round: 1}
	}
}

// add notes the string b[from:from+size] of the text b and says whether to
// emit it.
func (k *repeats) add(b []byte, from, size int, key bool) bool {
	v := b[from : from+size]
	h := uint32(size) * 0x9e3779b1
	if key {
		h ^= 0x85ebca6b
	}
	if size > 24 {
		for _, c := range v[:16] {
			h = (h ^ uint32(c)) * 0x01000193
		}
		v = v[size-8:]
	}
	for _, c := range v {
		h = (h ^ uint32(c)) * 0x01000193
	}
	s := &k.slots[h>>22]
	if s.round == k.round && s.key == key && int(s.size) == size && bytes.Equal(b[s.from:int(s.from)+size], b[from:from+size]) {
		if s.seen >= maxRepeats {
			return false
		}
		s.seen++
		return true
	}
	*s = repeatSlot{from: int32(from), size: int32(size), round: k.round, seen: 1, key: key}
	return true
}
