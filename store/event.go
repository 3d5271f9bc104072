package store

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"time"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// Kinds of an event.
const (
	EventLabel     = "label"     // subject: the verdict's ID
	EventExcept    = "except"    // subject: the ID of the event that added the exception
	EventPromote   = "promote"   // subject: the name that a model is the active one for
	EventConfigure = "configure" // subject: a site of the configuration
)

// Event is one change of state: a label, an exception, a promotion, a setting that
// came into force. Events are never changed nor removed. What holds at a time is
// what the events up to it say, so every view of the past is kept (see [Store.At]).
//
// IDs grow in the order in which events were committed, also over restarts and when
// the clock was set back: an event then has the time of the one before.
type Event struct {
	ID ulid.ULID `json:"id"`
	// Time is that of the ID, in milliseconds, UTC.
	Time    time.Time `json:"time"`
	Kind    string    `json:"kind"`
	Subject string    `json:"subject"`
	// Author is the principal of the call that made the event.
	Author string          `json:"author"`
	Call   ulid.ULID       `json:"call"`
	Body   json.RawMessage `json:"body"`
}

// Fields of an event and of a call on disk. The value under an ID is built as a
// row is (row.go): version, fields, CRC-32C over ID, version and fields.
const (
	recordVersion = 1

	eventKind    = 1
	eventSubject = 2
	eventAuthor  = 3
	eventCall    = 4
	eventBody    = 5
)

// maxSubject bounds a subject, which is part of a key of bbolt.
const maxSubject = 256

func appendEvent(b []byte, e *Event) []byte {
	start := len(b)
	b = append(b, recordVersion)
	b = appendText(b, eventKind, e.Kind)
	b = appendText(b, eventSubject, e.Subject)
	b = appendText(b, eventAuthor, e.Author)
	b = appendBytes(b, eventCall, e.Call[:])
	b = appendBytes(b, eventBody, e.Body)
	return appendRecordCheck(b, start, e.ID)
}

func decodeEvent(id ulid.ULID, value []byte) (*Event, error) {
	e := &Event{ID: id, Time: idTime(id)}
	return e, decodeRecord("event", id, value, func(f *field) (ok bool) {
		ok = true
		switch f.number {
		case eventKind:
			e.Kind, ok = f.text()
		case eventSubject:
			e.Subject, ok = f.text()
		case eventAuthor:
			e.Author, ok = f.text()
		case eventCall:
			e.Call, ok = f.id()
		case eventBody:
			e.Body, ok = f.json()
		}
		return ok
	})
}

// recordCheck is CRC-32C over id and record.
func recordCheck(id ulid.ULID, record []byte) uint32 {
	return crc32.Update(crc32.Checksum(id[:], castagnoli), castagnoli, record)
}

// appendRecordCheck ends the record that begins at start.
func appendRecordCheck(b []byte, start int, id ulid.ULID) []byte {
	return binary.LittleEndian.AppendUint32(b, recordCheck(id, b[start:]))
}

// decodeRecord calls set for every field of the record under id.
func decodeRecord(what string, id ulid.ULID, value []byte, set func(*field) bool) error {
	if len(value) < 5 {
		return fail(ErrCorrupt, "%s %s is cut short (%d bytes)", what, id, len(value))
	}
	body, check := value[:len(value)-4], value[len(value)-4:]
	if body[0] > recordVersion {
		return fail(ErrSchema, "%s %s has version %d, this Limen reads up to %d: update Limen", what, id, body[0], recordVersion)
	}
	if recordCheck(id, body) != binary.LittleEndian.Uint32(check) {
		return fail(ErrCorrupt, "%s %s does not match its check sum", what, id)
	}
	for b := body[1:]; len(b) > 0; {
		f, rest, ok := nextField(b)
		if !ok || !set(&f) {
			return fail(ErrCorrupt, "%s %s cannot be decoded", what, id)
		}
		b = rest
	}
	return nil
}

// id and json return a field's value in memory of its own.
func (f *field) id() (id ulid.ULID, ok bool) {
	if f.kind != kindBytes || len(f.b) != len(id) {
		return id, false
	}
	return ulid.ULID(f.b), true
}

func (f *field) json() (json.RawMessage, bool) {
	return append(json.RawMessage{}, f.b...), f.kind == kindBytes && json.Valid(f.b)
}

// subjectKey is an event's key in the index.
func subjectKey(kind, subject string, id ulid.ULID) []byte {
	return append(subjectPrefix(kind, subject), id[:]...)
}

// subjectPrefix begins the keys of all events on a subject.
func subjectPrefix(kind, subject string) []byte {
	b := make([]byte, 0, len(kind)+len(subject)+2+len(ulid.ULID{}))
	b = append(append(b, kind...), 0)
	return append(append(b, subject...), 0)
}

// putEvent writes an event whose fields are complete.
func putEvent(tx *bbolt.Tx, e *Event) error {
	if err := tx.Bucket(bucketEvents).Put(e.ID[:], appendEvent(nil, e)); err != nil {
		return err
	}
	return tx.Bucket(bucketSubjects).Put(subjectKey(e.Kind, e.Subject, e.ID), nil)
}

// getEvent reads an event that the index names.
func getEvent(tx *bbolt.Tx, id ulid.ULID) (*Event, error) {
	value := tx.Bucket(bucketEvents).Get(id[:])
	if value == nil {
		return nil, fail(ErrCorrupt, "%s: event %s is in the index alone", tx.DB().Path(), id)
	}
	return decodeEvent(id, value)
}

// nextRecordID returns an ID above last and those of all events and calls.
func (s *Store) nextRecordID(tx *bbolt.Tx, last ulid.ULID) ulid.ULID {
	id := s.ids.next()
	if last.Compare(id) >= 0 {
		id = next(last)
	}
	for _, bucket := range [][]byte{bucketEvents, bucketCalls} {
		if k, _ := tx.Bucket(bucket).Cursor().Last(); len(k) == len(id) && ulid.ULID(k).Compare(id) >= 0 {
			id = next(ulid.ULID(k))
		}
	}
	return id
}
