package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// Kinds of a Problem.
const (
	ProblemAltered  = "altered"  // a row differs from the one that was written
	ProblemRemoved  = "removed"  // a row or segment is gone, and neither Forget nor retention took it
	ProblemInserted = "inserted" // a row or segment was not written by a server
	ProblemChain    = "chain"    // a link of the chain itself was altered
	ProblemDamaged  = "damaged"  // a file or row cannot be read
)

// Problem is one thing that Verify found.
type Problem struct {
	Kind    string `json:"kind"`
	Segment string `json:"segment"`
	ID      string `json:"id,omitempty"` // of the row
	Detail  string `json:"detail"`
}

// States of a VerifiedSegment.
const (
	SegmentVerified  = "verified"
	SegmentUnchained = "unchained" // of a Limen before the chain: only check sums were compared
	SegmentProblem   = "problem"
)

// VerifiedSegment is what Verify found in one segment.
type VerifiedSegment struct {
	Segment string `json:"segment"`
	State   string `json:"state"`
	Rows    int    `json:"rows"`
	Links   int    `json:"links"`
	// Adopted rows were there before the chain began; they are protected from then
	// on. Forgotten ones have left their hash.
	Adopted   int `json:"adopted,omitempty"`
	Forgotten int `json:"forgotten,omitempty"`
}

// VerifyReport is the answer of Verify.
type VerifyReport struct {
	Segments []VerifiedSegment `json:"segments"`
	Rows     int               `json:"rows"` // of all segments
	// Unchained rows lie in segments without a chain.
	Unchained int `json:"unchained"`
	Forgotten int `json:"forgotten"`
	// Problems are the first maxProblems of Found.
	Problems []Problem `json:"problems"`
	Found    int       `json:"found"`
	// Head is that of the newest segment. Kept elsewhere and given to a later Verify,
	// it shows that nothing before it was written anew.
	Head string `json:"head,omitempty"`
}

const maxProblems = 1000

// VerifyOptions say what Verify is to do.
type VerifyOptions struct {
	// Head, when given, is a VerifyReport.Head of before.
	Head string
	// Progress, when given, is called now and then with the rows that were looked at.
	Progress func(segment string, done, segments, rows int)
}

// Verify reads all rows and checks them against the hash chains of their segments. It
// finds and names every row that was altered, removed or inserted since its commit.
// What that is worth:
//
//   - Somebody who can write the files, and who writes a chain anew from the altered
//     row to its end, has to alter the head in limen.db, the heads in the links of
//     later segments and so on up to the newest one. Verify finds every such attempt
//     that leaves one of these as it was. Who alters all of it consistently is found
//     by a Head that was kept elsewhere, and by nothing else: the chain has no key.
//   - limen.db learns of new heads once a second. Rows of the last second before a
//     server ended without Close can be cut off without a trace.
//   - Indexes, counters and what limen.db holds besides heads are not in the chain.
//
// An error says that Verify could not be done; what it found is in the report.
func (s *Store) Verify(ctx context.Context, o VerifyOptions) (*VerifyReport, error) {
	want, err := parseHead(o.Head)
	if err != nil {
		return nil, err
	}
	if s.closed() {
		return nil, ErrClosed
	}
	v := &verifier{s: s, o: o, ctx: ctx, want: want, report: &VerifyReport{Segments: []VerifiedSegment{}, Problems: []Problem{}}}
	if err := v.refresh(); err != nil {
		return nil, err
	}
	segments := s.all()
	v.total = len(segments)
	for _, g := range segments {
		if err := v.segment(g); err != nil {
			return nil, err
		}
		v.done++
		v.progress(g.name())
	}
	return v.report, v.missing(segments)
}

// parseHead reads a head as VerifyReport has it: segment, number of links, hash.
func parseHead(text string) (*chainHead, error) {
	if text == "" {
		return nil, nil
	}
	bad := fail(ErrQuery, "head %q: want one that verify printed before, like 20260301T1000Z.db:17:<64 hex digits>", text)
	parts := strings.Split(text, ":")
	if len(parts) != 3 || len(parts[2]) != 64 {
		return nil, bad
	}
	if _, ok := parseSegmentName(parts[0]); !ok {
		return nil, bad
	}
	h := &chainHead{segment: parts[0]}
	n, err := strconv.ParseUint(parts[1], 10, 63)
	if err != nil || n == 0 || !decodeLowerHex(h.hash[:], parts[2]) {
		return nil, bad
	}
	h.links = n
	return h, nil
}

func (h head) text(segment string) string {
	return fmt.Sprintf("%s:%d:%s", segment, h.links, hex.EncodeToString(h.hash[:]))
}

// verifier is one run of Verify.
type verifier struct {
	s      *Store
	o      VerifyOptions
	ctx    context.Context
	want   *chainHead
	report *VerifyReport

	known       map[string]head // in limen.db
	floor       string
	mentions    []mention // heads that links mention
	done, total int
	rows        int // read so far, for the progress
}

// mention is a head that a link of another segment has.
type mention struct {
	in string
	chainHead
}

// headWait bounds the wait for the newest heads.
const headWait = 2 * time.Second

// refresh reads the heads in limen.db, after the writer has saved the newest.
func (v *verifier) refresh() (err error) {
	if !v.s.o.ReadOnly {
		// Where the disk takes nothing, what is on it is checked all the same.
		ctx, cancel := context.WithTimeout(v.ctx, headWait)
		defer cancel()
		if err := v.s.Flush(ctx); err == nil {
			_ = v.s.inWriter(ctx, v.s.saveHeads)
		}
		if err := v.ctx.Err(); err != nil {
			return err
		}
	}
	v.s.unlisting.RLock()
	defer v.s.unlisting.RUnlock()
	v.known, v.floor, err = v.s.permanent.heads()
	return err
}

func (v *verifier) problem(kind, segment, id, format string, args ...any) {
	v.report.Found++
	if len(v.report.Problems) < maxProblems {
		v.report.Problems = append(v.report.Problems, Problem{kind, segment, id, fmt.Sprintf(format, args...)})
	}
}

func (v *verifier) progress(segment string) {
	if v.o.Progress != nil {
		v.o.Progress(segment, v.done, v.total, v.rows)
	}
}

// segment checks one segment. Damage is a problem, not an error.
func (v *verifier) segment(g *segment) error {
	found := v.report.Found
	result := VerifiedSegment{Segment: g.name(), State: SegmentVerified}
	err := g.view(&v.s.o, func(tx *bbolt.Tx) error {
		if meta := tx.Bucket(bucketMeta); meta == nil {
			return nil // its first commit did not happen
		} else if n, _ := binary.Uvarint(meta.Get(keySchema)); n < 2 {
			result.State = SegmentUnchained
			return v.unchained(g, tx, &result)
		}
		c := &segmentCheck{verifier: v, g: g, result: &result, tx: tx,
			rows: tx.Bucket(bucketRows), calls: tx.Bucket(bucketActs), forgotten: tx.Bucket(bucketForgotten), chain: tx.Bucket(bucketChain)}
		return c.check()
	})
	switch {
	case errors.Is(err, errGone):
		return nil // retention took it
	case errors.Is(err, ErrCorrupt) || errors.Is(err, ErrSchema):
		v.s.readFailed(g, err)
		v.problem(ProblemDamaged, g.name(), "", "%s", err)
	case err != nil:
		return err
	}
	if v.report.Found != found {
		result.State = SegmentProblem
	}
	v.report.Segments = append(v.report.Segments, result)
	v.report.Rows += result.Rows
	v.report.Forgotten += result.Forgotten
	return nil
}

// unchained compares the check sums of a segment's rows, for want of a chain.
func (v *verifier) unchained(g *segment, tx *bbolt.Tx, result *VerifiedSegment) error {
	if h, ok := v.known[g.name()]; ok && h.links > 0 {
		v.problem(ProblemChain, g.name(), "", "the segment had a hash chain of %d links, and has none any more", h.links)
	}
	rows := tx.Bucket(bucketRows)
	if rows == nil {
		return nil
	}
	err := rows.ForEach(func(k, row []byte) error {
		result.Rows++
		if err := v.step(g); err != nil {
			return err
		}
		if len(k) != len(ulid.ULID{}) {
			v.problem(ProblemDamaged, g.name(), "", "a row's key has %d bytes", len(k))
			return nil
		}
		if _, err := decodeRow(ulid.ULID(k), row); err != nil {
			v.problem(ProblemAltered, g.name(), ulid.ULID(k).String(), "%s", err)
		}
		return nil
	})
	v.report.Unchained += result.Rows
	return err
}

// step counts a row, tells the progress and looks at the context now and then.
func (v *verifier) step(g *segment) error {
	if v.rows++; v.rows%8192 != 0 {
		return nil
	}
	v.progress(g.name())
	select {
	case <-v.s.closing:
		return ErrClosed
	default:
		return v.ctx.Err()
	}
}

// segmentCheck checks a segment against its chain.
type segmentCheck struct {
	*verifier
	g      *segment
	result *VerifiedSegment
	tx     *bbolt.Tx

	rows, calls, forgotten, chain *bbolt.Bucket // calls is nil where there are none
	cursor                        *bbolt.Cursor

	listed []ulid.ULID          // all rows that links name
	acts   map[ulid.ULID]bool   // rows that a link says were forgotten
	tombs  map[ulid.ULID]uint64 // rows that are forgotten, by the link that names them
	leaves []byte
	head   head
}

func (c *segmentCheck) check() error {
	name := c.g.name()
	if c.rows == nil || c.chain == nil || c.forgotten == nil {
		c.problem(ProblemChain, name, "", "the hash chain was removed from the file")
		return nil
	}
	c.acts, c.tombs = map[ulid.ULID]bool{}, map[ulid.ULID]uint64{}
	c.head = genesis(name)
	c.cursor = c.rows.Cursor()
	c.cursor.First()
	var rows []linkRow
	err := c.chain.ForEach(func(k, value []byte) error {
		if len(k) != 8 || binary.BigEndian.Uint64(k) != c.head.links {
			c.problem(ProblemChain, name, "", "link %d of the hash chain is missing", c.head.links)
			if len(k) != 8 || binary.BigEndian.Uint64(k) < c.head.links {
				return fail(ErrCorrupt, "%s: the keys of its hash chain are damaged", c.g.path)
			}
			c.head.links = binary.BigEndian.Uint64(k)
		}
		l, ok := readLink(value, rows)
		if !ok {
			c.problem(ProblemChain, name, "", "link %d of the hash chain cannot be read: its rows cannot be checked", c.head.links)
			c.head.links++
			if len(value) >= len(c.head.hash) {
				copy(c.head.hash[:], value[len(value)-len(c.head.hash):])
			}
			return nil
		}
		rows = l.rows
		return c.link(l)
	})
	if err != nil {
		return err
	}
	c.result.Links = int(c.head.links)
	c.checkHeads()
	c.checkForgotten()
	if err := c.checkInserted(); err != nil {
		return err
	}
	if c.head.links > 0 {
		c.report.Head = c.head.text(name)
	}
	return nil
}

// link checks one link and its rows.
func (c *segmentCheck) link(l *link) error {
	name, n := c.g.name(), c.head.links
	c.leaves = c.leaves[:0]
	named := false // some row tells why the hash differs
	for i := range l.rows {
		r := &l.rows[i]
		if err := c.step(c.g); err != nil {
			return err
		}
		if l.kind == linkForgotten {
			c.acts[r.id] = true
		} else {
			c.listed = append(c.listed, r.id)
		}
		var full leaf
		row := c.row(r.id)
		switch tomb := c.forgotten.Get(r.id[:]); {
		case row != nil && l.kind != linkForgotten:
			full = leafOf(r.id, row)
			if [shortLeaf]byte(full[:shortLeaf]) != r.short {
				c.problem(ProblemAltered, name, r.id.String(), "the row is not the one that was written%s", whatIs(r.id, row))
				named = true
			}
		case len(tomb) == len(full):
			full = leaf(tomb)
			if l.kind != linkForgotten {
				c.tombs[r.id] = n
			}
		case l.kind == linkForgotten:
			named = true // told at the link that wrote it
		default:
			c.problem(ProblemRemoved, name, r.id.String(), "the row was written at %s and is gone", idTime(r.id).Format("2006-01-02T15:04:05.000Z"))
			named = true
		}
		c.leaves = append(c.leaves, full[:]...)
	}
	if l.kind == linkAdopted {
		c.result.Adopted += len(l.rows)
	}
	if !named && linkHash(c.head, l.body, c.leaves) != l.hash {
		c.problem(ProblemChain, name, "", "link %d of the hash chain (%d rows%s) does not follow from what is before it: it or one of its rows was written anew", n, len(l.rows), span(l.rows))
	}
	for _, h := range l.heads {
		c.mentions = append(c.mentions, mention{name, h})
	}
	c.head = head{n + 1, l.hash}
	return nil
}

// row returns the row under id; rows are asked for nearly in order.
func (c *segmentCheck) row(id ulid.ULID) []byte {
	k, row := c.cursor.Next()
	if !bytes.Equal(k, id[:]) {
		if k, row = c.cursor.Seek(id[:]); !bytes.Equal(k, id[:]) {
			if row = c.call(id); row == nil {
				return nil
			}
		}
	}
	c.result.Rows++
	return row
}

// call returns the row of a call under id.
func (c *segmentCheck) call(id ulid.ULID) []byte {
	if c.calls == nil {
		return nil
	}
	return c.calls.Get(id[:])
}

// whatIs says what is wrong with a row by itself.
func whatIs(id ulid.ULID, row []byte) string {
	var err error
	if isAct(row) {
		_, err = decodeAct(id, row)
	} else {
		_, err = decodeRow(id, row)
	}
	if err != nil {
		return ": " + err.Error()
	}
	return "; its own check sum was made to fit"
}

func span(rows []linkRow) string {
	if len(rows) == 0 {
		return ""
	}
	return fmt.Sprintf(", %s to %s", rows[0].id, rows[len(rows)-1].id)
}

// checkHeads compares the chain with the heads of it that stand elsewhere.
func (c *segmentCheck) checkHeads() {
	name := c.g.name()
	known, ok := c.known[name]
	switch {
	case !ok && c.refresh() == nil:
		known, ok = c.known[name] // it was begun after the first look
	}
	switch {
	case !ok && c.head.links > 0:
		c.problem(ProblemInserted, name, "", "limen.db does not know this segment: no server of this data folder began it, or retention removed it before")
	case ok && !c.has(known):
		c.problem(ProblemChain, name, "", "limen.db has %d links of this segment's hash chain, the last one %x…; the file does not have it: the end was cut off, or the chain was written anew", known.links, known.hash[:6])
	}
	if c.want != nil && c.want.segment == name && !c.has(c.want.head) {
		c.problem(ProblemChain, name, "", "the head that was given is not part of this segment's hash chain: it was written anew")
	}
}

// has reports whether h was a head of the chain.
func (c *segmentCheck) has(h head) bool {
	if h.links == 0 {
		return h.hash == genesis(c.g.name()).hash
	}
	value := c.chain.Get(linkKey(h.links - 1))
	return len(value) > len(h.hash) && bytes.Equal(value[len(value)-len(h.hash):], h.hash[:])
}

// checkForgotten finds hashes that stand for a row without a link that says that it
// was forgotten.
func (c *segmentCheck) checkForgotten() {
	for id := range c.tombs {
		c.result.Forgotten++
		if !c.acts[id] {
			c.problem(ProblemRemoved, c.g.name(), id.String(), "the row was replaced by its hash, but no act of forgetting names it")
		}
	}
}

// checkInserted finds rows that no link names.
func (c *segmentCheck) checkInserted() error {
	byID := func(a, b ulid.ULID) int { return a.Compare(b) }
	if !slices.IsSortedFunc(c.listed, byID) {
		slices.SortFunc(c.listed, byID)
	}
	for _, b := range []*bbolt.Bucket{c.rows, c.calls} {
		if b == nil {
			continue
		}
		if err := c.checkInsertedIn(b, b == c.calls); err != nil {
			return err
		}
	}
	return nil
}

// checkInsertedIn looks through one bucket of rows. A row in the bucket of the other
// kind has the right hash, and would not be found.
func (c *segmentCheck) checkInsertedIn(b *bbolt.Bucket, acts bool) error {
	i := 0
	return b.ForEach(func(k, row []byte) error {
		if len(k) != len(ulid.ULID{}) {
			c.problem(ProblemInserted, c.g.name(), "", "a row's key has %d bytes", len(k))
			return nil
		}
		id := ulid.ULID(k)
		for i < len(c.listed) && c.listed[i].Compare(id) < 0 {
			i++
		}
		if i == len(c.listed) || c.listed[i] != id || isAct(row) != acts {
			c.problem(ProblemInserted, c.g.name(), id.String(), "the row is in the file, but no commit wrote it")
			c.result.Rows++
		}
		return nil
	})
}

// missing looks for segments that should be there, and compares the heads that links
// mention.
func (v *verifier) missing(segments []*segment) error {
	_ = v.refresh() // what retention removed meanwhile is no problem
	here := map[string]*segment{}
	for _, g := range segments {
		here[g.name()] = g
	}
	aside := map[string]bool{}
	for _, b := range v.s.brokenFiles() {
		name, _, _ := strings.Cut(filepath.Base(b.path), brokenSuffix)
		aside[name] = true
		v.problem(ProblemDamaged, name, "", "the segment was damaged and set aside as %s; its rows cannot be checked", b.path)
	}
	for name, h := range v.known {
		if name, ok := strings.CutSuffix(name, brokenSuffix); ok {
			aside[name] = true
			continue
		}
		if here[name] == nil && !aside[name] && h.links > 0 && !v.exists(name) {
			v.problem(ProblemRemoved, name, "", "the segment is gone, and retention did not remove it; it had %d commits", h.links)
		}
	}
	if w := v.want; w != nil && here[w.segment] == nil && (v.floor == "" || compareNames(w.segment, v.floor) > 0) {
		v.problem(ProblemRemoved, w.segment, "", "the segment of the head that was given is gone")
	}
	for _, m := range v.mentions {
		g := here[m.segment]
		if g == nil || aside[m.segment] {
			continue // told above, or removed by retention
		}
		err := g.view(&v.s.o, func(tx *bbolt.Tx) error {
			c := &segmentCheck{verifier: v, g: g, chain: tx.Bucket(bucketChain)}
			if c.chain == nil || !c.has(m.head) {
				v.problem(ProblemChain, m.segment, "", "segment %s has a link of this segment's hash chain, number %d, that the file does not have: it was written anew", m.in, m.links)
			}
			return nil
		})
		if err != nil && !errors.Is(err, errGone) && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrSchema) {
			return err
		}
	}
	slices.SortStableFunc(v.report.Problems, func(a, b Problem) int { return compareNames(a.Segment, b.Segment) })
	return nil
}

// exists reports whether a segment that is not in the list is in the folder: one that
// was begun after the list was made.
func (v *verifier) exists(name string) bool {
	_, err := os.Stat(filepath.Join(v.s.o.Dir, verdictsName, name))
	return err == nil && v.s.hasSegment(name)
}
