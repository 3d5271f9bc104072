package store

import (
	"encoding/binary"
	"encoding/json"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// AppendEvent, DecodeEvent, AppendCall and DecodeCall are the codecs of records.
func AppendEvent(e *Event) []byte                                  { return appendEvent(nil, e) }
func DecodeEvent(id ulid.ULID, value []byte) (*Event, error)       { return decodeEvent(id, value) }
func AppendCall(c *Call) []byte                                    { return appendCall(nil, c) }
func DecodeCall(id ulid.ULID, value []byte) (*Call, error)         { return decodeCall(id, value) }
func SealRecord(id ulid.ULID, record []byte) []byte                { return appendRecordCheck(record, 0, id) }
func (s *Store) ForgetKept(match func(*Verdict) bool) (int, error) { return s.forgetKept(match) }

// Kept returns the IDs of the verdicts in the permanent file.
func (s *Store) Kept() (ids []ulid.ULID, err error) {
	var last ulid.ULID
	for i := range last {
		last[i] = 0xff
	}
	err = s.eachKept(ulid.ULID{}, last, func(v *Verdict) bool {
		ids = append(ids, v.ID)
		return true
	})
	return ids, err
}

// DropKept removes what labels copied, as if they were made by an older Limen.
func (s *Store) DropKept() error {
	_, err := s.forgetKept(func(*Verdict) bool { return true })
	return err
}

// KeepLabelled copies the labelled rows of every segment.
func (s *Store) KeepLabelled() error {
	for _, g := range s.all() {
		if err := s.keepLabelled(g); err != nil {
			return err
		}
	}
	return nil
}

// Keys counts the Idempotency-Keys that are kept.
func (s *Store) Keys() (keys, ages int, err error) {
	err = s.permanent.view(func(tx *bbolt.Tx) error {
		keys, ages = tx.Bucket(bucketKeys).Inspect().KeyN, tx.Bucket(bucketKeyAges).Inspect().KeyN
		return nil
	})
	return keys, ages, err
}

// WriteSchema1 makes a permanent file as the first version did, with one model.
func WriteSchema1(path string, m ModelRecord) error {
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{"meta", "models", "policies", "counters", "labels", "kept", "exceptions", "events", "runs", "procedures"} {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		value, err := json.Marshal(m)
		if err != nil {
			return err
		}
		if err := tx.Bucket(bucketModels).Put([]byte(m.Digest), value); err != nil {
			return err
		}
		return tx.Bucket(bucketMeta).Put(keySchema, binary.AppendUvarint(nil, 1))
	})
}
