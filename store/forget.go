package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// Person says whose rows to forget: a client's address, or a principal.
type Person struct {
	ClientIP  string `json:"client_ip,omitempty"`
	Principal string `json:"principal,omitempty"`
}

// Forgotten says what Forget did.
type Forgotten struct {
	// Event is the ID under which the act is found again. It says who did it, when,
	// and how many rows it was; of the person, it has the keyed hash.
	Event ulid.ULID `json:"event"`
	Rows  int       `json:"rows"`
	// Kept rows were those of labelled verdicts whose segment is gone.
	Kept     int      `json:"kept"`
	Segments []string `json:"segments"`
	// Unread are segments that could not be read, and files that were set aside: they
	// may still hold rows of the person, and have to be looked at, or deleted, by hand.
	Unread []string `json:"unread"`
}

// EventForget is the kind of the event that Forget leaves.
const EventForget = "forget"

// forgetBody is the event's body.
type forgetBody struct {
	By       string   `json:"by"`     // "client_ip" or "principal"
	Person   string   `json:"person"` // keyed hash
	Rows     int      `json:"rows"`
	Kept     int      `json:"kept"`
	Segments []string `json:"segments"`
}

// Forget removes all rows of a person. Of each, its ID and its SHA-256 stay in the
// segment, so that Verify can still check the rows around it; the hash is over the
// whole row, times and scores included, and tells nothing to whoever does not know the
// row already. Every segment that held such rows is written anew, so that the file's
// free pages do not hold them either. author is who asks for it.
//
// Rows that are queued are found, rows of requests that come meanwhile are not. Copies
// elsewhere (backups, exports, access logs) are not touched, nor is what free pages of
// limen.db may still hold of kept rows. progress, which may be nil, is called with the
// rows done of all. When it ends with an error it can be called again.
func (s *Store) Forget(ctx context.Context, p Person, author string, progress func(done, total int)) (*Forgotten, error) {
	switch {
	case s.o.ReadOnly:
		return nil, ErrReadOnly
	case s.closed():
		return nil, ErrClosed
	case (p.ClientIP == "") == (p.Principal == ""):
		return nil, fail(ErrQuery, "client_ip %q and principal %q: want one of them", p.ClientIP, p.Principal)
	}
	if err := s.Flush(ctx); err != nil {
		return nil, err
	}
	f := &forgetting{s: s, p: p, progress: progress, out: &Forgotten{Segments: []string{}, Unread: []string{}}}
	if p.ClientIP != "" {
		f.clients = s.clientForms(p.ClientIP)
	}
	for _, b := range s.brokenFiles() {
		f.out.Unread = append(f.out.Unread, b.path)
	}
	bySegment, err := f.find(ctx)
	if err != nil {
		return nil, err
	}
	kept, err := f.findKept()
	if err != nil {
		return nil, err
	}
	f.out.Kept = len(kept)
	if err := f.record(author); err != nil {
		return nil, err
	}
	for _, m := range bySegment {
		if err := f.segment(ctx, m); err != nil {
			return nil, err
		}
	}
	return f.out, f.removeKept(kept)
}

// forgetting is one run of Forget.
type forgetting struct {
	s        *Store
	p        Person
	clients  []string // forms of the address
	progress func(done, total int)
	out      *Forgotten
	done     int
}

// matching are a person's rows in one segment.
type matching struct {
	g   *segment
	ids []ulid.ULID
}

// matches reports whether a row is the person's.
func (f *forgetting) matches(fields []byte) bool {
	for len(fields) > 0 {
		x, rest, ok := nextField(fields)
		if !ok || x.number > fieldPrincipal {
			return false
		}
		fields = rest
		switch x.number {
		case fieldClientIP:
			if slices.ContainsFunc(f.clients, func(c string) bool { return x.is(c, wordOf(c)) }) {
				return true
			}
		case fieldPrincipal:
			if f.p.Principal != "" && x.is(f.p.Principal, wordOf(f.p.Principal)) {
				return true
			}
		}
	}
	return false
}

// find looks through all rows, not the zones: a damaged index must not hide one.
func (f *forgetting) find(ctx context.Context) (all []matching, err error) {
	for _, g := range f.s.all() {
		m := matching{g: g}
		err := g.view(&f.s.o, func(tx *bbolt.Tx) error {
			n := 0
			look := func(k, row []byte) error {
				if n++; n%4096 == 0 && ctx.Err() != nil {
					return callError{ctx.Err()}
				}
				if len(k) != len(ulid.ULID{}) || len(row) < 5 || row[0]&^actBit > max(rowVersion, actVersion) || !f.matches(row[1:len(row)-4]) {
					return nil
				}
				m.ids = append(m.ids, ulid.ULID(k))
				return nil
			}
			for _, name := range [][]byte{bucketRows, bucketActs} {
				if rows := tx.Bucket(name); rows != nil {
					if err := rows.ForEach(look); err != nil {
						return err
					}
				}
			}
			slices.SortFunc(m.ids, ulid.ULID.Compare)
			return nil
		})
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			f.out.Unread = append(f.out.Unread, g.path)
			f.s.readFailed(g, err)
		case len(m.ids) > 0:
			all = append(all, m)
			f.out.Segments = append(f.out.Segments, g.name())
			f.out.Rows += len(m.ids)
		}
	}
	return all, nil
}

// findKept returns the keys of the person's rows among the labelled ones.
func (f *forgetting) findKept() (keys [][]byte, err error) {
	err = f.s.permanent.view(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketKept)
		if b == nil {
			return nil
		}
		return b.ForEach(func(k, row []byte) error {
			if len(row) >= 5 && row[0] <= rowVersion && f.matches(row[1:len(row)-4]) {
				keys = append(keys, bytes.Clone(k))
			}
			return nil
		})
	})
	return keys, err
}

func (f *forgetting) removeKept(keys [][]byte) error {
	if len(keys) == 0 {
		return nil
	}
	return f.s.permanent.update(func(tx *bbolt.Tx) error {
		for _, k := range keys {
			if err := tx.Bucket(bucketKept).Delete(k); err != nil {
				return err
			}
		}
		return nil
	})
}

// record writes the event.
func (f *forgetting) record(author string) error {
	by, person := "principal", "principal:"+f.s.keys.short("principal\x00"+f.p.Principal)
	if f.p.ClientIP != "" {
		by, person = "client_ip", f.s.keys.pseudonym(f.p.ClientIP)
	}
	body, err := json.Marshal(forgetBody{by, person, f.out.Rows, f.out.Kept, f.out.Segments})
	if err != nil {
		return err
	}
	return f.s.permanent.update(func(tx *bbolt.Tx) error {
		e := &Event{ID: f.s.nextRecordID(tx, ulid.ULID{}), Kind: EventForget, Subject: person, Author: author, Body: body}
		f.out.Event = e.ID
		return putEvent(tx, e)
	})
}

// forgetRows is the number of rows that one transaction removes.
const forgetRows = 4096

// segment removes rows of one segment and writes the file anew.
func (f *forgetting) segment(ctx context.Context, m matching) error {
	for ids := range slices.Chunk(m.ids, forgetRows) {
		if err := f.s.inWriter(ctx, func() error { return f.s.forgetIn(m.g, f.out.Event, ids) }); err != nil {
			return fmt.Errorf("store: forgetting rows of segment %s: %w", m.g.name(), err)
		}
		f.done += len(ids)
		if f.progress != nil {
			f.progress(f.done, f.out.Rows)
		}
	}
	return f.s.inWriter(ctx, func() error { return f.s.rewrite(m.g) })
}

// forgetIn replaces rows by their leaves. It runs in the writer.
func (s *Store) forgetIn(g *segment, event ulid.ULID, ids []ulid.ULID) error {
	heads := s.heads.others(g.name())
	var c *chain
	err := g.update(&s.o, func(tx *bbolt.Tx) (err error) {
		if c, err = loadChain(tx, g.name()); err != nil {
			return err
		}
		rows, forgotten := tx.Bucket(bucketRows), tx.Bucket(bucketForgotten)
		c.builder.begin(linkForgotten, event, heads)
		var verdicts []ulid.ULID
		for _, id := range ids {
			from := rows
			row := from.Get(id[:])
			if row == nil {
				if from = tx.Bucket(bucketActs); from != nil {
					row = from.Get(id[:])
				}
			} else {
				verdicts = append(verdicts, id)
			}
			if row == nil {
				continue // an earlier call did it
			}
			l := leafOf(id, row)
			c.builder.add(id, l)
			if err := forgotten.Put(bytes.Clone(id[:]), bytes.Clone(l[:])); err != nil {
				return err
			}
			if err := from.Delete(id[:]); err != nil {
				return err
			}
		}
		if c.builder.n == 0 {
			return nil
		}
		if err := rezone(tx, verdicts); err != nil {
			return err
		}
		return c.put(tx)
	})
	g.index, g.chain = nil, nil
	switch {
	case errors.Is(err, errGone):
		return nil // retention was quicker
	case err != nil:
		s.writeFailed(g, err)
		return err
	case c.builder.n > 0:
		s.heads.mentioned(heads)
		s.heads.changed(g.name(), c.head)
		return s.saveHeads()
	}
	return nil
}

// rezone makes the zones anew that rows were taken from. ids are in order.
func rezone(tx *bbolt.Tx, ids []ulid.ULID) error {
	zones, rows := tx.Bucket(bucketZones), tx.Bucket(bucketRows)
	x := new(index)
	for len(ids) > 0 {
		c := zones.Cursor()
		k, _ := c.Seek(ids[0][:])
		if k == nil {
			return nil // in the tail
		}
		key := bytes.Clone(k)
		var from []byte
		if before, _ := c.Prev(); before != nil {
			from = bytes.Clone(before)
		}
		z := zone{columns: allColumns}
		var known texts
		r := rows.Cursor()
		id, row := r.First()
		if from != nil {
			if id, row = r.Seek(from); bytes.Equal(id, from) {
				id, row = r.Next()
			}
		}
		for ; id != nil && bytes.Compare(id, key) <= 0; id, row = r.Next() {
			fields, err := rowFields(ulid.ULID(id), row)
			if err != nil {
				continue // damaged, and listings pass over it
			}
			if marks, ok := known.marksOf(ulid.ULID(id), fields); ok {
				z.add(&marks)
			}
		}
		z.finish()
		if err := zones.Put(key, z.encode()); err != nil {
			return err
		}
		if err := x.remakeColumns(tx, key); err != nil {
			return err
		}
		for len(ids) > 0 && bytes.Compare(ids[0][:], key) <= 0 {
			ids = ids[1:]
		}
	}
	return nil
}
