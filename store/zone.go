package store

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"slices"
)

// A zone sums up about a thousand rows that follow each other by ID, so that a
// query passes over the ones without a match. Zones stand in the bucket "zones"
// under the ID of their last row; a zone reaches back to the one before it. Rows
// after the last zone are the tail of the segment, which a query reads whole.
//
// A B-tree index per column would cost a random page write per row and column.
// A zone costs three bytes a row and one write per thousand rows, covers every row
// and not only flagged ones, and answers conjunctions; its columns (columns.go) say
// which of its rows match.
//
//	version  1 byte, zoneVersion
//	rows     uvarint
//	bins     8 bytes little endian; bit i: a score in [i/64, (i+1)/64)
//	counts   uvarint n, then n times: word decision, word class, uvarint rows
//	columns  uvarint, bit i: marks of column i are present
//	marks    uvarint n, then n times 3 bytes big endian, ascending: a hash of
//	         column and value, for each value that occurs
//	check    CRC-32C of all before, 4 bytes little endian; older versions wrote none
//
// Counts are exact. Marks and bins may say that a row is there when it is not, never
// the reverse. The rows of a zone with another version are read one by one.
const (
	zoneUnknown = 0
	zoneVersion = 1
)

// zone is a zone in memory, while it is built or changed.
type zone struct {
	rows    uint64
	bins    uint64
	counts  []zoneCount
	columns uint64
	marks   []uint32 // sorted and distinct after finish
}

type zoneCount struct {
	decision, class string
	rows            uint64
}

func (z *zone) add(r *rowMarks) {
	z.rows++
	z.bins |= 1 << r.bin
	z.marks = append(z.marks, r.marks[:r.n]...)
	for i := range z.counts {
		if c := &z.counts[i]; c.decision == r.decision && c.class == r.class {
			c.rows++
			return
		}
	}
	z.counts = append(z.counts, zoneCount{r.decision, r.class, 1})
}

func (z *zone) finish() {
	slices.Sort(z.marks)
	z.marks = slices.Compact(z.marks)
}

// encode returns the value of a finished zone.
func (z *zone) encode() []byte {
	b := make([]byte, 0, 64+3*len(z.marks))
	b = append(b, zoneVersion)
	b = binary.AppendUvarint(b, z.rows)
	b = binary.LittleEndian.AppendUint64(b, z.bins)
	b = binary.AppendUvarint(b, uint64(len(z.counts)))
	for _, c := range z.counts {
		b = appendWord(b, c.decision)
		b = appendWord(b, c.class)
		b = binary.AppendUvarint(b, c.rows)
	}
	b = binary.AppendUvarint(b, z.columns)
	b = binary.AppendUvarint(b, uint64(len(z.marks)))
	for _, m := range z.marks {
		b = append(b, byte(m>>16), byte(m>>8), byte(m))
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// zoneView is a zone as it lies in the file, for a look without a copy.
type zoneView struct {
	rows, bins uint64
	counts     []byte
	nCounts    uint64
	columns    uint64
	marks      []byte
	value      []byte // all of it
	check      []byte // its end
}

// readZone reads a zone's value. ok is false when it is broken or of a later
// version.
func readZone(b []byte) (z zoneView, ok bool) {
	if len(b) == 0 || b[0] != zoneVersion {
		return z, false
	}
	z.value, b = b, b[1:]
	if z.rows, b, ok = takeUvarint(b); !ok || len(b) < 8 {
		return z, false
	}
	z.bins, b = binary.LittleEndian.Uint64(b), b[8:]
	if z.nCounts, b, ok = takeUvarint(b); !ok {
		return z, false
	}
	z.counts = b
	for range z.nCounts {
		if b, ok = skipCount(b); !ok {
			return z, false
		}
	}
	z.counts = z.counts[:len(z.counts)-len(b)]
	if z.columns, b, ok = takeUvarint(b); !ok {
		return z, false
	}
	n, b, ok := takeUvarint(b)
	if !ok || n > uint64(len(b)/3) {
		return z, false
	}
	z.marks = b[:3*n]
	z.check = b[3*n:]
	return z, len(z.check) == 0 || len(z.check) == 4
}

// isWhole reports whether the zone is what was written. A look at it does not take
// that; to pass over its rows does, and so does to change it.
func (z *zoneView) isWhole() bool {
	if len(z.check) == 0 {
		return true // of an older version
	}
	return crc32.Checksum(z.value[:len(z.value)-len(z.check)], castagnoli) == binary.LittleEndian.Uint32(z.check)
}

// zoneRows returns the number of rows that a zone counts, or -1.
func zoneRows(b []byte) int {
	if len(b) == 0 || b[0] != zoneVersion {
		return -1
	}
	rows, _, ok := takeUvarint(b[1:])
	if !ok || rows > math.MaxInt32 {
		return -1
	}
	return int(rows)
}

func takeUvarint(b []byte) (uint64, []byte, bool) {
	u, n := uvarint(b)
	if n <= 0 {
		return 0, b, false
	}
	return u, b[n:], true
}

func skipCount(b []byte) ([]byte, bool) {
	_, _, b, ok := takeCountText(b)
	if !ok {
		return b, false
	}
	_, b, ok = takeUvarint(b)
	return b, ok
}

// takeCountText reads the two words of a count.
func takeCountText(b []byte) (decision, class, rest []byte, ok bool) {
	if decision, b, ok = takeWord(b); !ok {
		return nil, nil, b, false
	}
	class, b, ok = takeWord(b)
	return decision, class, b, ok
}

// takeWord is nextWord without an allocation: a word's number is returned as its
// one byte, which no text can be.
func takeWord(b []byte) (w, rest []byte, ok bool) {
	if len(b) == 0 {
		return nil, b, false
	}
	if b[0] != 0 {
		return b[:1], b[1:], true
	}
	size, n := uvarint(b[1:])
	if n <= 0 || size > uint64(len(b)-1-n) {
		return nil, b, false
	}
	// The leading zero stays, so that a text differs from a word's number.
	return b[:1+n+int(size)], b[1+n+int(size):], true
}

// load copies the zone into memory for a change.
func (z *zoneView) load() (*zone, bool) {
	out := &zone{rows: z.rows, bins: z.bins, columns: z.columns}
	for b := z.counts; len(b) > 0; {
		var c zoneCount
		var ok bool
		if c.decision, b, ok = nextWord(b); !ok {
			return nil, false
		}
		if c.class, b, ok = nextWord(b); !ok {
			return nil, false
		}
		if c.rows, b, ok = takeUvarint(b); !ok {
			return nil, false
		}
		out.counts = append(out.counts, c)
	}
	out.marks = make([]uint32, 0, len(z.marks)/3)
	for b := z.marks; len(b) >= 3; b = b[3:] {
		out.marks = append(out.marks, uint32(b[0])<<16|uint32(b[1])<<8|uint32(b[2]))
	}
	return out, true
}

// has reports whether m is among the marks.
func (z *zoneView) has(m uint32) bool {
	lo, hi := 0, len(z.marks)/3
	for lo < hi {
		i := int(uint(lo+hi) >> 1)
		b := z.marks[3*i : 3*i+3]
		switch at := uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]); {
		case at == m:
			return true
		case at < m:
			lo = i + 1
		default:
			hi = i
		}
	}
	return false
}

// hasCount reports whether some row has the decision and the class, encoded
// as words; nil stands for any.
func (z *zoneView) hasCount(decision, class []byte) bool {
	for b := z.counts; len(b) > 0; {
		d, c, rest, ok := takeCountText(b)
		if !ok {
			return true
		}
		if (decision == nil || bytes.Equal(d, decision)) && (class == nil || bytes.Equal(c, class)) {
			return true
		}
		if _, rest, ok = takeUvarint(rest); !ok {
			return true
		}
		b = rest
	}
	return false
}
