package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	gohash "hash"
	"runtime"
	"strings"
	"sync"

	"github.com/oklog/ulid/v2"
)

// digestToCome holds the place of a digest that the writer makes: the length of the
// field, its prefix (digestPrefixes) and 32 bytes.
var digestToCome = [1 + 1 + sha256.Size]byte{1 + sha256.Size, 2}

// draft says where the parts of a queued row are that are still as they came from
// the client. Offsets are from the row's first byte.
type draft struct {
	path, pathLen uint32
	digest        uint32 // of the 32 bytes of a digest, if keyed
	request       uint32 // 0: there is none, or it needs no work
	keyed         bool
	cut           bool // the row does not hold the whole request
}

// finisher makes rows of drafts. It belongs to one goroutine.
type finisher struct {
	mac      gohash.Hash
	redactor redactor
	hidden   hidden
}

func (s *Store) newFinisher() *finisher {
	return &finisher{mac: s.keys.newDigest()}
}

// finish redacts a row in place, fills in its digest and its check sum. A row whose
// compressed body had to be packed anew is returned in memory of its own.
func (f *finisher) finish(id ulid.ULID, row []byte, d *draft) []byte {
	end := len(row) - 4
	if d.keyed && d.request > 0 {
		f.mac.Reset()
		f.mac.Write(row[d.request:end])
		f.mac.Sum(row[d.digest : d.digest : d.digest+sha256.Size])
	}
	path := row[d.path : d.path+d.pathLen]
	var target []byte
	if d.request > 0 {
		line, _ := lineAt(row[d.request:end], 0)
		if bytes.Equal(targetOf(line), path) { // the work is done once
			target = path
		}
	}
	if maybeSecret(path) {
		f.redactor.begin()
		redactTarget(&f.redactor, path)
	}
	if d.request > 0 {
		if c := redactCanonical(&f.redactor, row[d.request:end], target, f.hidden); c.packed {
			row = f.repack(row, d, &c)
			end = len(row) - 4
		}
	}
	binary.LittleEndian.PutUint32(row[end:], rowCheck(id, row[:end]))
	return row
}

func (f *finisher) repack(row []byte, d *draft, c *canonical) []byte {
	end := len(row) - 4
	request := row[d.request:end]
	body := c.repack(&f.redactor, request[c.body:], d.cut)
	// The request is the last field: it is written anew behind the others.
	out := make([]byte, 0, len(row)+len(body))
	before := int(d.request) - uvarintLen(uint64(len(request)))
	out = append(out, row[:before]...)
	out = binary.AppendUvarint(out, uint64(c.body+len(body)))
	out = append(append(out, request[:c.body]...), body...)
	return append(out, 0, 0, 0, 0)
}

// finishMin is the least number of rows that another goroutine is worth.
const finishMin = 256

// finish makes the rows of a batch from their drafts, on all processors when
// there are many, and their leaves of the hash chain.
func (s *Store) finish(b *batch) {
	n := len(b.entries)
	b.leaves = append(b.leaves[:0], make([]leaf, n)...)
	workers := min(runtime.GOMAXPROCS(0), n/finishMin+1)
	for len(s.finishers) < workers {
		s.finishers = append(s.finishers, s.newFinisher())
	}
	for _, f := range s.finishers {
		f.hidden.clients = s.hashClients.Load()
	}
	repacked := make([][]entryRow, workers)
	var wait sync.WaitGroup
	for w := range workers {
		lo, hi := n*w/workers, n*(w+1)/workers
		run := func() { repacked[w] = s.finishers[w].finishRows(b, lo, hi) }
		if w == workers-1 {
			run()
			break
		}
		wait.Add(1)
		go func() { defer wait.Done(); run() }()
	}
	wait.Wait()
	for _, rows := range repacked {
		for _, r := range rows {
			b.place(&b.entries[r.entry], r.row)
		}
	}
}

// entryRow is a row that does not lie where its draft did.
type entryRow struct {
	entry int
	row   []byte
}

func (f *finisher) finishRows(b *batch, lo, hi int) (repacked []entryRow) {
	for i := lo; i < hi; i++ {
		e := &b.entries[i]
		draft := e.row()
		row := f.finish(e.id, draft, &e.draft)
		if &row[0] != &draft[0] {
			repacked = append(repacked, entryRow{i, row})
			b.leaves[i] = leafOf(e.id, row)
			continue
		}
		b.leaves[i] = sha256.Sum256(e.whole) // leafOf without a copy
	}
	return repacked
}

// RequestDigest returns the digest of r that a row of r has as RequestDigest:
// "hmac-sha256:" and the HMAC-SHA-256 (RFC 2104) over the canonical form, before
// redaction, under a key of this data folder alone. Equal requests have equal
// digests, and nobody without the key can try out what was hidden in one.
//
// Record makes it of Verdict.Source. A caller that cuts Source's body says so by
// filling in RequestDigest itself.
func (s *Store) RequestDigest(r *Request) string {
	if s.keys == nil {
		return ""
	}
	mac := s.keys.newDigest()
	write := func(parts ...string) {
		for _, p := range parts {
			_, _ = mac.Write([]byte(p))
		}
	}
	line := strings.NewReplacer("\r", " ", "\n", " ")
	write(line.Replace(r.Method), " ", line.Replace(r.Target), proto)
	for _, h := range r.Headers {
		write(line.Replace(h.Name), ": ", line.Replace(h.Value), "\r\n")
	}
	write("\r\n")
	_, _ = mac.Write(r.Body)
	return "hmac-sha256:" + hexOf(mac.Sum(nil))
}
