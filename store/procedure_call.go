package store

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// Call is the row of one call of a procedure. It is written with what the call
// changed, in one transaction, and never changed. (The procedure score, as the
// firewall calls it, has a faster row: the verdict's.)
type Call struct {
	ID        ulid.ULID `json:"id"`
	Procedure string    `json:"procedure"`
	Version   int       `json:"version"`
	// Principal is who called, Time when it was committed: that of ID.
	Principal string    `json:"principal"`
	Time      time.Time `json:"time"`
	// Key is the Idempotency-Key; Stored says that the call is an earlier one with
	// this key, whose output this is.
	Key    string `json:"idempotency_key,omitempty"`
	Stored bool   `json:"stored,omitempty"`
	// InputDigest is over the procedure's name and its input, in one form.
	InputDigest string          `json:"input_digest"`
	Output      json.RawMessage `json:"output"`
	// Parents are what the output was made from, Events what it changed.
	Parents []string    `json:"parents,omitempty"`
	Events  []ulid.ULID `json:"events,omitempty"`
	// Micros is how long it took, without the commit.
	Micros int64 `json:"us"`
}

// Fields of a call on disk; event.go says how they lie there.
const (
	callProcedure = 1
	callVersion   = 2
	callPrincipal = 3
	callKey       = 4
	callInput     = 5
	callOutput    = 6
	callParent    = 7 // one each
	callEvent     = 8 // one each
	callMicros    = 9
)

func appendCall(b []byte, c *Call) []byte {
	start := len(b)
	b = append(b, recordVersion)
	b = appendText(b, callProcedure, c.Procedure)
	b = appendInt(b, callVersion, int64(c.Version))
	b = appendText(b, callPrincipal, c.Principal)
	b = appendText(b, callKey, c.Key)
	b = appendDigest(b, callInput, c.InputDigest)
	b = appendBytes(b, callOutput, c.Output)
	for _, p := range c.Parents {
		b = appendText(b, callParent, p)
	}
	for _, e := range c.Events {
		b = appendBytes(b, callEvent, e[:])
	}
	b = appendInt(b, callMicros, c.Micros)
	return appendRecordCheck(b, start, c.ID)
}

func decodeCall(id ulid.ULID, value []byte) (*Call, error) {
	c := &Call{ID: id, Time: idTime(id)}
	return c, decodeRecord("call", id, value, func(f *field) (ok bool) {
		ok = true
		switch f.number {
		case callProcedure:
			c.Procedure, ok = f.text()
		case callVersion:
			c.Version = int(f.int())
		case callPrincipal:
			c.Principal, ok = f.text()
		case callKey:
			c.Key, ok = f.text()
		case callInput:
			c.InputDigest, ok = f.digest()
		case callOutput:
			c.Output, ok = f.json()
		case callParent:
			var p string
			p, ok = f.text()
			c.Parents = append(c.Parents, p)
		case callEvent:
			var e ulid.ULID
			e, ok = f.id()
			c.Events = append(c.Events, e)
		case callMicros:
			c.Micros = f.int()
		}
		return ok
	})
}

// Call returns the row of a call.
func (s *Store) Call(id ulid.ULID) (c *Call, err error) {
	if s.closed() {
		return nil, ErrClosed
	}
	err = s.permanent.view(func(tx *bbolt.Tx) error {
		value := bucketGet(tx, bucketCalls, id[:])
		if value == nil {
			return fail(ErrNotFound, "call %s is not in the store", id)
		}
		c, err = decodeCall(id, value)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// CallQuery says which calls to list. Zero values filter nothing.
type CallQuery struct {
	Since, Until time.Time
	Procedure    string
	// Model is a name, or a digest or its beginning: of calls whose output was made from
	// that model (Call.Parents).
	Model     string
	Principal string
	// Limit is the most on a page, default DefaultLimit, at most MaxLimit; After is
	// CallPage.Next of the page before.
	Limit int
	After string
}

// CallPage is one page of calls, newest first.
type CallPage struct {
	Calls []*Call `json:"calls"`
	Next  string  `json:"next,omitempty"`
}

// Calls lists calls, newest first.
func (s *Store) Calls(ctx context.Context, q CallQuery) (*CallPage, error) {
	before, limit, err := pageOf(q.After, q.Limit)
	if err != nil {
		return nil, err
	}
	if s.closed() {
		return nil, ErrClosed
	}
	lo := idFloor(q.Since)
	if !q.Until.IsZero() {
		if hi := idFloor(q.Until); hi.Compare(before) < 0 {
			before = hi
		}
	}
	var models []string
	if q.Model != "" {
		if models, err = s.modelDigests(q.Model); err != nil {
			return nil, err
		}
	}
	page := &CallPage{Calls: []*Call{}}
	err = s.eachRecord(ctx, bucketCalls, before, func(_ *bbolt.Tx, id ulid.ULID, value []byte) (bool, error) {
		if id.Compare(lo) < 0 {
			return false, nil
		}
		c, err := decodeCall(id, value)
		if err != nil {
			return false, err
		}
		if q.Procedure != "" && q.Procedure != c.Procedure || q.Principal != "" && q.Principal != c.Principal ||
			q.Model != "" && !slices.ContainsFunc(models, func(m string) bool { return slices.Contains(c.Parents, "model "+m) }) {
			return true, nil
		}
		if len(page.Calls) == limit {
			page.Next = page.Calls[limit-1].ID.String()
			return false, nil
		}
		page.Calls = append(page.Calls, c)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// pageOf checks a page's arguments. after is the largest ID without one.
func pageOf(cursor string, limit int) (after ulid.ULID, n int, err error) {
	for i := range after {
		after[i] = 0xff
	}
	if cursor != "" {
		if after, err = ParseID(cursor); err != nil {
			return after, 0, err
		}
	}
	if limit == 0 {
		limit = DefaultLimit
	}
	if limit < 0 || limit > MaxLimit {
		return after, 0, fail(ErrQuery, "limit is %d: want 1 to %d, or 0 for %d", limit, MaxLimit, DefaultLimit)
	}
	return after, limit, nil
}

// eachRecord calls fn for the records before an ID, newest first, until it says
// no.
func (s *Store) eachRecord(ctx context.Context, bucket []byte, before ulid.ULID, fn func(*bbolt.Tx, ulid.ULID, []byte) (bool, error)) error {
	if s.closed() {
		return ErrClosed
	}
	return s.permanent.view(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucket)
		if b == nil {
			return nil
		}
		c := b.Cursor()
		var v []byte
		k, _ := c.Seek(before[:])
		if k == nil {
			k, v = c.Last()
		} else {
			k, v = c.Prev()
		}
		if k != nil && bytes.Compare(k, before[:]) >= 0 {
			k, v = c.Prev()
		}
		for n := 0; k != nil; k, v = c.Prev() {
			if n++; n%1024 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if len(k) != len(ulid.ULID{}) {
				return fail(ErrCorrupt, "%s: a key of %s has %d bytes", s.permanent.path, bucket, len(k))
			}
			if more, err := fn(tx, ulid.ULID(k), v); err != nil || !more {
				return err
			}
		}
		return nil
	})
}

// bucketGet reads a key of a bucket that may not be there.
func bucketGet(tx *bbolt.Tx, bucket, key []byte) []byte {
	b := tx.Bucket(bucket)
	if b == nil {
		return nil
	}
	return b.Get(key)
}

// Procedures returns every version of a procedure that was called here, or offered where
// its calls are acts.
func (s *Store) Procedures() ([]ProcedureInfo, error) {
	out := []ProcedureInfo{}
	err := s.permanent.each(bucketProcedures, func(b []byte) error {
		var p ProcedureInfo
		if err := json.Unmarshal(b, &p); err != nil {
			return err
		}
		out = append(out, p)
		return nil
	})
	return out, err
}
