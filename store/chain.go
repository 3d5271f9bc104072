package store

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// Every commit adds one link to the hash chain of its segment, in the same
// transaction as its rows. A link names the commit's rows and holds the SHA-256 of
// the link before it, of itself, and of every row. So whoever alters, removes or
// adds a row has to write that link and all after it anew, and the last link's hash,
// the head, which also stands in limen.db and in the next segment's links.
//
// The bucket "chain" has the links under their numbers (8 bytes, big endian, from
// 0):
//
//	version  1 byte, linkVersion
//	kind     1 byte: linkRows, linkAdopted or linkForgotten
//	heads    uvarint n, then n times the head of another segment that changed since
//	         some link last had it: uvarint length and name, uvarint number of links,
//	         32 bytes hash
//	event    16 bytes, of linkForgotten only: the event that says who did it
//	rows     uvarint n, then n times, by ID:
//	           ID    uvarint milliseconds since the row before << 1, +1 if 6 bytes of
//	                 the ID's middle follow (else they are those of the row before),
//	                 uvarint last 4 bytes
//	           leaf  first 8 bytes, which tell what row it is that was altered
//	hash     32 bytes
//
//	leaf = SHA-256(ID, row as it lies in the bucket "rows")
//	hash = SHA-256(hash before, number of the link as 8 bytes, the link up to its
//	       hash, all leaves in full)
//
// Before link 0, the hash is that of the segment's name. Rows that were forgotten
// leave their leaf in the bucket "forgotten", under their ID, and a link of kind
// linkForgotten that names them, so that the links before can still be checked. A
// segment of a Limen before the chain gets links of all its rows when it is written
// to for the first time (linkAdopted); from then on they are protected.
const (
	linkVersion = 1

	linkRows      = 0
	linkAdopted   = 1
	linkForgotten = 2
)

var (
	bucketChain     = []byte("chain")
	bucketForgotten = []byte("forgotten") // ID: leaf
)

// leaf is the hash of one row.
type leaf [sha256.Size]byte

const shortLeaf = 8

func leafOf(id ulid.ULID, row []byte) (l leaf) {
	// Rows are short: one call on a copy is quicker than a hash in three steps.
	var buf [4096]byte
	if len(id)+len(row) <= len(buf) {
		n := copy(buf[:], id[:])
		n += copy(buf[n:], row)
		return sha256.Sum256(buf[:n])
	}
	h := sha256.New()
	h.Write(id[:])
	h.Write(row)
	h.Sum(l[:0])
	return l
}

// head is the state of a segment's chain.
type head struct {
	links uint64
	hash  [sha256.Size]byte // of the last link
}

// genesis is the head of a chain without links.
func genesis(segment string) head {
	return head{hash: sha256.Sum256([]byte("limen chain\x00" + segment))}
}

// chainHead is the head of a segment that another segment's link mentions.
type chainHead struct {
	segment string
	head
}

// link is one link of a chain.
type link struct {
	kind  byte
	heads []chainHead
	event ulid.ULID
	rows  []linkRow
	body  []byte // as it lies in the file, without the hash
	hash  [sha256.Size]byte
}

type linkRow struct {
	id    ulid.ULID
	short [shortLeaf]byte
}

// linkBuilder encodes one link.
type linkBuilder struct {
	body   []byte
	leaves []byte // in full, one after the other
	rows   []byte
	n      uint64
	before ulid.ULID
}

// begin begins a link.
func (b *linkBuilder) begin(kind byte, event ulid.ULID, heads []chainHead) {
	b.body = append(b.body[:0], linkVersion, kind)
	b.body = binary.AppendUvarint(b.body, uint64(len(heads)))
	for _, h := range heads {
		b.body = binary.AppendUvarint(b.body, uint64(len(h.segment)))
		b.body = append(b.body, h.segment...)
		b.body = binary.AppendUvarint(b.body, h.links)
		b.body = append(b.body, h.hash[:]...)
	}
	if kind == linkForgotten {
		b.body = append(b.body, event[:]...)
	}
	b.leaves, b.rows, b.n, b.before = b.leaves[:0], b.rows[:0], 0, ulid.ULID{}
}

// add adds a row; rows come by ID.
func (b *linkBuilder) add(id ulid.ULID, l leaf) {
	step := (id.Time() - b.before.Time()) << 1
	middle := [6]byte(id[6:12])
	if same := b.n > 0 && middle == [6]byte(b.before[6:12]); same {
		b.rows = binary.AppendUvarint(b.rows, step)
	} else {
		b.rows = append(binary.AppendUvarint(b.rows, step|1), middle[:]...)
	}
	b.rows = binary.AppendUvarint(b.rows, uint64(binary.BigEndian.Uint32(id[12:])))
	b.rows = append(b.rows, l[:shortLeaf]...)
	b.leaves = append(b.leaves, l[:]...)
	b.n, b.before = b.n+1, id
}

// end returns the link that follows h, and the head with it.
func (b *linkBuilder) end(h head) ([]byte, head) {
	b.body = append(binary.AppendUvarint(b.body, b.n), b.rows...)
	hash := linkHash(h, b.body, b.leaves)
	return append(b.body, hash[:]...), head{h.links + 1, hash}
}

// linkHash is the hash of the link that follows h.
func linkHash(h head, body, leaves []byte) (hash [sha256.Size]byte) {
	sum := sha256.New()
	sum.Write(h.hash[:])
	sum.Write(linkKey(h.links))
	sum.Write(body)
	sum.Write(leaves)
	sum.Sum(hash[:0])
	return hash
}

func linkKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// readLink reads a link. rows is memory to use again.
func readLink(value []byte, rows []linkRow) (*link, bool) {
	if len(value) < 2+sha256.Size || value[0] != linkVersion || value[1] > linkForgotten {
		return nil, false
	}
	l := &link{kind: value[1], body: value[:len(value)-sha256.Size], hash: [sha256.Size]byte(value[len(value)-sha256.Size:])}
	b := l.body[2:]
	n, b, ok := takeUvarint(b)
	for i := uint64(0); ok && i < n; i++ {
		var h chainHead
		var size uint64
		if size, b, ok = takeUvarint(b); !ok || size > uint64(len(b)) {
			return nil, false
		}
		h.segment, b = string(b[:size]), b[size:]
		if h.links, b, ok = takeUvarint(b); !ok || len(b) < sha256.Size {
			return nil, false
		}
		h.hash, b = [sha256.Size]byte(b[:sha256.Size]), b[sha256.Size:]
		l.heads = append(l.heads, h)
	}
	if ok && l.kind == linkForgotten {
		if len(b) < len(l.event) {
			return nil, false
		}
		l.event, b = ulid.ULID(b[:len(l.event)]), b[len(l.event):]
	}
	if !ok {
		return nil, false
	}
	if n, b, ok = takeUvarint(b); !ok {
		return nil, false
	}
	l.rows = slices.Grow(rows[:0], int(min(n, uint64(len(b)/(shortLeaf+2)))))
	var id ulid.ULID
	for range n {
		var step, last uint64
		if step, b, ok = takeUvarint(b); !ok {
			return nil, false
		}
		if err := id.SetTime(id.Time() + step>>1); err != nil {
			return nil, false
		}
		if step&1 != 0 {
			if len(b) < 6 {
				return nil, false
			}
			copy(id[6:12], b)
			b = b[6:]
		}
		if last, b, ok = takeUvarint(b); !ok || last > 0xffffffff || len(b) < shortLeaf {
			return nil, false
		}
		binary.BigEndian.PutUint32(id[12:], uint32(last))
		l.rows = append(l.rows, linkRow{id, [shortLeaf]byte(b[:shortLeaf])})
		b = b[shortLeaf:]
	}
	return l, len(b) == 0
}

// chain is a segment's chain while it is written. It belongs to the writer, and is
// read anew from the file after a commit that failed.
type chain struct {
	head
	builder linkBuilder
}

// loadChain reads the head from the last link.
func loadChain(tx *bbolt.Tx, segment string) (*chain, error) {
	h, err := readHead(tx, segment)
	return &chain{head: h}, err
}

// readHead returns the head of a file, the genesis of one without links.
func readHead(tx *bbolt.Tx, segment string) (head, error) {
	h := genesis(segment)
	b := tx.Bucket(bucketChain)
	if b == nil {
		return h, nil
	}
	if k, v := b.Cursor().Last(); k != nil {
		if len(k) != 8 || len(v) < sha256.Size {
			return h, fail(ErrCorrupt, "%s: the last link of its hash chain cannot be read", tx.DB().Path())
		}
		h = head{binary.BigEndian.Uint64(k) + 1, [sha256.Size]byte(v[len(v)-sha256.Size:])}
	}
	return h, nil
}

// put ends the link that was begun and writes it.
func (c *chain) put(tx *bbolt.Tx) error {
	value, h := c.builder.end(c.head)
	b := tx.Bucket(bucketChain)
	b.FillPercent = 0.98 // links only follow each other
	// bbolt keeps the slice until the commit, the builder may be used again before.
	if err := b.Put(linkKey(c.links), slices.Clone(value)); err != nil {
		return err
	}
	c.head = h
	return nil
}

// adoptRows is the number of rows in a link of kind linkAdopted.
const adoptRows = 4096

// adopt gives a segment of schema 1 its chain: links of all rows that it has.
func adopt(tx *bbolt.Tx, segment string) error {
	c, err := loadChain(tx, segment)
	if err != nil {
		return err
	}
	c.builder.begin(linkAdopted, ulid.ULID{}, nil)
	cursor := tx.Bucket(bucketRows).Cursor()
	for k, row := cursor.First(); k != nil; k, row = cursor.Next() {
		if len(k) != len(ulid.ULID{}) {
			continue
		}
		id := ulid.ULID(k)
		c.builder.add(id, leafOf(id, row))
		if c.builder.n == adoptRows {
			if err := c.put(tx); err != nil {
				return err
			}
			c.builder.begin(linkAdopted, ulid.ULID{}, nil)
		}
	}
	if c.builder.n == 0 {
		return nil
	}
	return c.put(tx)
}
