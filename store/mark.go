package store

import (
	"bytes"
	"hash/crc32"
	"math"

	"github.com/oklog/ulid/v2"
)

// Columns with marks. The numbers are part of the format. Columns of pairs serve
// conjunctions that single columns do not: every zone of a busy host has that
// host, and most have some attack.
const (
	columnHost = iota
	columnClientIP
	columnModel
	columnPrincipal
	columnPath // the first segment of the path
	columnHostDecision
	columnHostClass
	columnClientDecision
	columnClientClass
	columnCount
)

const allColumns = 1<<columnCount - 1

// rowMarks is what a zone and its columns keep of one row.
type rowMarks struct {
	id       ulid.ULID
	decision string
	class    string
	path     string // its first maxPrefix bytes
	score    float32
	bin      uint8
	n        uint8
	marks    [columnCount]uint32

	// Hashes; that of a value that the row has not is that of an empty text.
	host, client, principal, model uint32
}

func (r *rowMarks) add(column int, hash uint64) {
	if int(r.n) < len(r.marks) { // a damaged row may repeat fields
		r.marks[r.n] = mark(column, hash)
		r.n++
	}
}

// mark folds a hash of a value into the 24 bits of a mark of column.
func mark(column int, hash uint64) uint32 {
	hash = (hash<<8 ^ uint64(column)) * 0x9e3779b97f4a7c15
	return uint32(hash >> 40)
}

// hash is CRC-32C, for which processors have an instruction. Values that were made to
// collide cost a look at more rows, no more.
func hash(b []byte) uint64 { return uint64(crc32.Checksum(b, castagnoli)) }

// hashFold is hash over b in lower case.
func hashFold(b []byte) uint64 {
	for i, c := range b {
		if toLower(c) != c {
			b = bytes.Clone(b)
			for ; i < len(b); i++ {
				b[i] = toLower(b[i])
			}
			break
		}
	}
	return hash(b)
}

// pairHash joins the hashes of two values.
func pairHash(a, b uint64) uint64 { return a*31 + b }

func scoreBin(score float64) uint8 {
	if !(score > 0) {
		return 0
	}
	return uint8(min(score, 1) * 63.999)
}

// binsFrom returns the bins that a score in [lo, hi] can be in.
func binsFrom(lo, hi float64) uint64 {
	all := ^uint64(0)
	return all << scoreBin(lo) & (all >> (63 - scoreBin(hi)))
}

// firstSegment returns the part of a target up to the second slash, and whether
// it is known to be whole.
func firstSegment(target []byte) ([]byte, bool) {
	for i, c := range target {
		if i > 0 && (c == '/' || c == '?' || c == '#') {
			return target[:i], true
		}
	}
	return target, false
}

// marksOf reads what a zone keeps from a row's fields.
func (t *texts) marksOf(id ulid.ULID, fields []byte) (r rowMarks, ok bool) {
	r.id = id
	var host, client valueHash
	for len(fields) > 0 {
		f, rest, ok := nextField(fields)
		if !ok {
			return r, false
		}
		if f.number > fieldPath {
			break
		}
		fields = rest
		switch f.number {
		case fieldDecision:
			r.decision = t.of(&f)
		case fieldClass:
			r.class = t.of(&f)
		case fieldScore:
			score := math.Float64frombits(f.u)
			r.bin = scoreBin(score)
			if score > 0 { // which no other can be matched as
				r.score = float32(score)
			}
		case fieldHost:
			host = valueHash{hashFold(f.textBytes()), true}
			r.host = uint32(host.hash)
			r.add(columnHost, host.hash)
		case fieldClientIP:
			client = valueHash{hash(f.textBytes()), true}
			r.client = uint32(client.hash)
			r.add(columnClientIP, client.hash)
		case fieldModel:
			h := hash(f.b)
			r.model = uint32(h)
			r.add(columnModel, h)
		case fieldPrincipal:
			h := hash(f.textBytes())
			r.principal = uint32(h)
			r.add(columnPrincipal, h)
		case fieldPath:
			target := f.textBytes()
			r.path = string(target[:min(len(target), maxPrefix)])
			segment, _ := firstSegment(target)
			r.add(columnPath, hash(segment))
		}
	}
	if r.decision != Allow && r.decision != "" {
		h := hash([]byte(r.decision))
		r.addPairs(columnHostDecision, columnClientDecision, host, client, h)
	}
	if r.class != "none" && r.class != "" {
		h := hash([]byte(r.class))
		r.addPairs(columnHostClass, columnClientClass, host, client, h)
	}
	return r, true
}

// valueHash is the hash of a value that a row may have.
type valueHash struct {
	hash uint64
	ok   bool
}

func (r *rowMarks) addPairs(hostColumn, clientColumn int, host, client valueHash, h uint64) {
	if host.ok {
		r.add(hostColumn, pairHash(host.hash, h))
	}
	if client.ok {
		r.add(clientColumn, pairHash(client.hash, h))
	}
}

// texts are the strings of decisions and classes that were met, so that each is made
// once.
type texts struct{ seen map[string]string }

// of returns a text field's string.
func (t *texts) of(f *field) string {
	if f.kind == kindVarint {
		s, _ := word(f.u)
		return s
	}
	if s, ok := t.seen[string(f.b)]; ok {
		return s
	}
	if t.seen == nil || len(t.seen) > 1024 {
		t.seen = map[string]string{}
	}
	s := string(f.b)
	t.seen[s] = s
	return s
}

// textBytes returns a text field's bytes.
func (f *field) textBytes() []byte {
	if f.kind == kindVarint {
		s, _ := word(f.u)
		return []byte(s)
	}
	return f.b
}
