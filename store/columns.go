package store

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/oklog/ulid/v2"
)

// The columns of a zone say, row by row, what queries ask for, so that a query reads
// only the rows that match it: a zone says that it has a host and that it has a
// path, its columns whether some row has both. They stand in the bucket "columns"
// under the zone's key and take about twelve bytes a row.
//
//	version  1 byte, columnsVersion
//	columns  1 byte, their number; a reader ignores those that it does not know
//	rows     2 bytes
//	offsets  4 bytes for each column: where it begins
//	blocks   20 bytes for each 64 rows: the ID of the first, and 4 bytes check of all
//	         their IDs
//	kinds    2 bytes n, n times: word decision, word class; codes
//	host     2 bytes n, n times 4 bytes: hashes, ascending; codes
//	client, principal, model: like host
//	path     2 bytes n; 4 bytes for each 16 texts: where they begin, counted from the
//	         first; n times: 1 byte of the text before that are kept, 1 byte length of
//	         what follows, text; codes. Texts are distinct, ascending, and the first
//	         maxPrefix bytes of the paths
//	score    4 bytes for each row: as a float32
//	check    CRC-32C of what lies before kinds, then of each column before this one
//	         (columns_check.go); files of older versions have none
//
// Numbers are little endian. Codes are a row's place in the list before: nothing for a
// list of one, one byte each for up to 256, else two.
//
// Rows are counted by their place, so a row that comes late or goes changes what the
// columns say. The index makes those of its zone anew. A reader does without columns
// where the zone counts other rows, as when an older Limen added some; and in a block
// whose rows are not those that it was made of, it looks at all of them. So columns may
// say that a row may match when it does not, never the reverse.
const (
	columnsVersion = 1
	columnsHeader  = 4
)

// Columns in their order in the file.
const (
	colKind = iota
	colHost
	colClient
	colPrincipal
	colModel
	colPath
	colScore
	colCheck
	colCount
	// colMin is the number of columns that every version has.
	colMin = colCheck
)

const (
	blockRows = 64
	blockSize = len(ulid.ULID{}) + 4
	// maxPrefix bounds what columns know of a path. Longer prefixes are looked up by
	// their first maxPrefix bytes.
	maxPrefix = 48
	// restartEvery texts, one is written whole.
	restartEvery = 16
	// maxColumnRows bounds a zone with columns: late rows make zones grow.
	maxColumnRows = 4096
)

var bucketColumns = []byte("columns")

// columnsBuilder makes columns of rows. Its memory is used again.
type columnsBuilder struct {
	keys  []uint64 // hash << 16 | place
	order []uint16
	codes []uint16
	kinds []zoneCount
}

// build returns the columns of rows, which are in order of ID, or nil when there are
// too many.
func (c *columnsBuilder) build(rows []rowMarks) []byte {
	n := len(rows)
	if n == 0 || n > maxColumnRows {
		return nil
	}
	if cap(c.codes) < n {
		c.codes, c.order, c.keys = make([]uint16, n), make([]uint16, n), make([]uint64, n)
	}
	c.codes, c.order, c.keys = c.codes[:n], c.order[:n], c.keys[:n]

	b := make([]byte, columnsHeader+4*colCount, 1024+16*n)
	b[0], b[1] = columnsVersion, colCount
	binary.LittleEndian.PutUint16(b[2:], uint16(n))
	begin := func(column int) { binary.LittleEndian.PutUint32(b[columnsHeader+4*column:], uint32(len(b))) }
	for i := 0; i < n; i += blockRows {
		check := uint32(0)
		for _, r := range rows[i:min(i+blockRows, n)] {
			check += idCheck(r.id[:])
		}
		b = binary.LittleEndian.AppendUint32(append(b, rows[i].id[:]...), check)
	}
	begin(colKind)
	b = c.appendKinds(b, rows)
	for column, of := range [...]func(*rowMarks) uint32{
		colHost:      func(r *rowMarks) uint32 { return r.host },
		colClient:    func(r *rowMarks) uint32 { return r.client },
		colPrincipal: func(r *rowMarks) uint32 { return r.principal },
		colModel:     func(r *rowMarks) uint32 { return r.model },
	} {
		if of != nil {
			begin(column)
			b = c.appendHashes(b, rows, of)
		}
	}
	begin(colPath)
	b = c.appendPaths(b, rows)
	begin(colScore)
	for i := range rows {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(rows[i].score))
	}
	begin(colCheck)
	return appendColumnChecks(b)
}

func (c *columnsBuilder) appendKinds(b []byte, rows []rowMarks) []byte {
	c.kinds = c.kinds[:0]
	for i := range rows {
		r := &rows[i]
		k := slices.IndexFunc(c.kinds, func(k zoneCount) bool { return k.decision == r.decision && k.class == r.class })
		if k < 0 {
			k = len(c.kinds)
			c.kinds = append(c.kinds, zoneCount{decision: r.decision, class: r.class})
		}
		c.codes[i] = uint16(k)
	}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(c.kinds)))
	for _, k := range c.kinds {
		b = appendWord(appendWord(b, k.decision), k.class)
	}
	return c.appendCodes(b, len(c.kinds))
}

func (c *columnsBuilder) appendHashes(b []byte, rows []rowMarks, of func(*rowMarks) uint32) []byte {
	for i := range rows {
		c.keys[i] = uint64(of(&rows[i]))<<16 | uint64(i)
	}
	slices.Sort(c.keys)
	count := len(b)
	b = append(b, 0, 0)
	n := 0
	for i, k := range c.keys {
		if i == 0 || k>>16 != c.keys[i-1]>>16 {
			b = binary.LittleEndian.AppendUint32(b, uint32(k>>16))
			n++
		}
		c.codes[uint16(k)] = uint16(n - 1)
	}
	binary.LittleEndian.PutUint16(b[count:], uint16(n))
	return c.appendCodes(b, n)
}

func (c *columnsBuilder) appendPaths(b []byte, rows []rowMarks) []byte {
	for i := range c.order {
		c.order[i] = uint16(i)
	}
	slices.SortFunc(c.order, func(x, y uint16) int { return cmp.Compare(rows[x].path, rows[y].path) })
	n := 0
	for i, at := range c.order {
		if i == 0 || rows[at].path != rows[c.order[i-1]].path {
			n++
		}
		c.codes[at] = uint16(n - 1)
	}
	b = binary.LittleEndian.AppendUint16(b, uint16(n))
	restarts := len(b)
	b = append(b, make([]byte, 4*((n+restartEvery-1)/restartEvery))...)
	first, n, last := len(b), 0, ""
	for i, at := range c.order {
		path := rows[at].path
		if i > 0 && path == last {
			continue
		}
		kept := 0
		if n%restartEvery == 0 {
			binary.LittleEndian.PutUint32(b[restarts+4*(n/restartEvery):], uint32(len(b)-first))
		} else {
			for kept < len(path) && kept < len(last) && path[kept] == last[kept] {
				kept++
			}
		}
		b = append(b, byte(kept), byte(len(path)-kept))
		b = append(b, path[kept:]...)
		last = path
		n++
	}
	return c.appendCodes(b, n)
}

// appendCodes appends the rows' places in a list of n.
func (c *columnsBuilder) appendCodes(b []byte, n int) []byte {
	switch {
	case n <= 1:
	case n <= 256:
		for _, code := range c.codes {
			b = append(b, byte(code))
		}
	default:
		for _, code := range c.codes {
			b = binary.LittleEndian.AppendUint16(b, code)
		}
	}
	return b
}

// columnsView is the columns of a zone as they lie in the file.
type columnsView struct {
	b      []byte
	rows   int
	checks []byte // nil in files of older versions
	sum    uint32 // of checks
	known  parts  // that were checked before
	// checked are the parts that were checked now; broken is set when one is not what
	// was written.
	checked parts
	broken  bool
}

// readColumns reads the header. ok is false when it is broken or of a later version;
// what lies behind it is checked where it is used. known is what was checked before.
func readColumns(b []byte, known checkedZone) (v columnsView, ok bool) {
	if len(b) < columnsHeader+4*colMin || b[0] != columnsVersion || b[1] < colMin {
		return v, false
	}
	v = columnsView{b: b, rows: int(binary.LittleEndian.Uint16(b[2:]))}
	if v.rows == 0 || v.rows > maxColumnRows || v.head() > len(b) || v.offset(colKind) != v.head() {
		return v, false
	}
	return v, v.readChecks(known)
}

func (v *columnsView) blocks() int { return (v.rows + blockRows - 1) / blockRows }

// head is the length of what lies before the columns.
func (v *columnsView) head() int { return columnsHeader + 4*int(v.b[1]) + v.blocks()*blockSize }

func (v *columnsView) offset(column int) int {
	return int(binary.LittleEndian.Uint32(v.b[columnsHeader+4*column:]))
}

func (v *columnsView) block(block int) []byte {
	return v.b[columnsHeader+4*int(v.b[1])+blockSize*block:]
}

// blockID returns the ID of a block's first row.
func (v *columnsView) blockID(block int) ulid.ULID {
	return ulid.ULID(v.block(block)[:len(ulid.ULID{})])
}

// isBlock reports whether rows are those that a block was made of.
func (v *columnsView) isBlock(block int, rows []rowAt) bool {
	if len(rows) != min(v.rows-block*blockRows, blockRows) {
		return false
	}
	check := uint32(0)
	for i := range rows {
		check += idCheck(rows[i].k)
	}
	return check == binary.LittleEndian.Uint32(v.block(block)[len(ulid.ULID{}):])
}

// idCheck mixes the bits of an ID, so that sums of it tell rows apart.
func idCheck(id []byte) uint32 {
	if len(id) != len(ulid.ULID{}) {
		return 0
	}
	return uint32((binary.BigEndian.Uint64(id) + binary.BigEndian.Uint64(id[8:])) * 0x9e3779b97f4a7c15 >> 32)
}

// column returns a column's bytes behind the number that it begins with, and that
// number. ok is false when they are not what was written.
func (v *columnsView) column(column int) (b []byte, n int, ok bool) {
	from, to := v.offset(column), len(v.b)
	if v.checks != nil {
		to = v.offset(column + 1)
	}
	if from < 0 || from+2 > to || to > len(v.b) || !v.isWhole(1+column, from, to) {
		return nil, 0, false
	}
	b = v.b[from:to]
	if column == colScore {
		return b, 0, len(b) >= 4*v.rows
	}
	return b[2:], int(binary.LittleEndian.Uint16(b)), true
}
