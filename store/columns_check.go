package store

import (
	"encoding/binary"
	"hash/crc32"
)

// Each part of a zone's columns has a check sum of its own, so that a query checks what
// it is about to believe and reads no more: a bit that flips on the disk makes a
// lookup slow, and never wrong. A part that does not match its sum says nothing, and
// the rows are read in its place. The first sum is that of the header and the list of
// blocks. What was checked is remembered for a while (checked.go).
const checksSize = 4 * (1 + colCheck)

// appendColumnChecks appends the column of check sums to finished columns, whose header
// says where each begins.
func appendColumnChecks(b []byte) []byte {
	v := columnsView{b: b}
	from := 0
	for column := colKind; column <= colCheck; column++ {
		to := v.offset(column)
		b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[from:to], castagnoli))
		from = to
	}
	return b
}

// readChecks finds the check sums and compares the first. It reports whether header and
// blocks may be believed.
func (v *columnsView) readChecks(known checkedZone) bool {
	if v.b[1] == colMin {
		return true // of an older version
	}
	at, head := v.offset(colCheck), v.head()
	if at < head || at+checksSize > len(v.b) {
		v.broken = true
		return false
	}
	v.checks = v.b[at : at+checksSize]
	v.sum = crc32.Checksum(v.checks, castagnoli)
	if known.columns == v.sum {
		v.known = known.parts
	}
	return v.isWhole(0, 0, head)
}

// isWhole reports whether a part, which lies from one offset to another, matches its
// check sum.
func (v *columnsView) isWhole(part, from, to int) bool {
	if v.checks == nil || v.known&(1<<part) != 0 {
		return true
	}
	if crc32.Checksum(v.b[from:to], castagnoli) != binary.LittleEndian.Uint32(v.checks[4*part:]) {
		v.broken = true
		return false
	}
	v.checked |= 1 << part
	return true
}
