package store

import (
	"context"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// An Idempotency-Key (draft-ietf-httpapi-idempotency-key-header) makes it safe to
// send a call again: the first call that succeeds with a key is stored, and the same
// call with the same key returns it, from whichever process holds the store then.
// Duplicates that come meanwhile wait for the first. A call that fails stores
// nothing and leaves the key free.
//
// A key belongs to one principal. Used with another procedure or input it is an
// error. It is kept for KeyLife from the call's commit; after that it is free.

// KeyLife is how long an Idempotency-Key is kept.
const KeyLife = 24 * time.Hour

// maxKey bounds a key, purgeKeys how many old ones a call removes.
const (
	maxKey    = 255
	purgeKeys = 64
)

func checkKey(key string) error {
	if len(key) > maxKey {
		return fail(ErrQuery, "Idempotency-Key has %d characters: want at most %d", len(key), maxKey)
	}
	for i := range len(key) {
		if key[i] < 0x21 || key[i] > 0x7e {
			return fail(ErrQuery, "Idempotency-Key %.40q: want visible ASCII characters without blanks", key)
		}
	}
	return nil
}

func keyOf(inv *Invocation) string { return inv.Principal + "\x00" + inv.Key }

func (c *Call) key() []byte { return []byte(c.Principal + "\x00" + c.Key) }

// inFlight holds the keys whose calls are running.
type inFlight struct {
	mu   sync.Mutex
	keys map[string]chan struct{} // closed when the call is over
}

// reserve waits until no call with the key is running and takes it.
func (f *inFlight) reserve(ctx context.Context, key string) (release func(), err error) {
	for {
		f.mu.Lock()
		running := f.keys[key]
		if running == nil {
			if f.keys == nil {
				f.keys = make(map[string]chan struct{})
			}
			done := make(chan struct{})
			f.keys[key] = done
			f.mu.Unlock()
			return func() {
				f.mu.Lock()
				delete(f.keys, key)
				f.mu.Unlock()
				close(done)
			}, nil
		}
		f.mu.Unlock()
		select {
		case <-running:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// storedCall returns the call that the key was used for, nil when it is free.
func (s *Store) storedCall(inv *Invocation, digest string) (c *Call, err error) {
	var other ulid.ULID
	err = s.permanent.view(func(tx *bbolt.Tx) error {
		id := tx.Bucket(bucketKeys).Get([]byte(keyOf(inv)))
		if len(id) != len(ulid.ULID{}) || s.expired(ulid.ULID(id)) {
			return nil
		}
		value := tx.Bucket(bucketCalls).Get(id)
		if value == nil {
			other = ulid.ULID(id)
			return nil
		}
		c, err = decodeCall(ulid.ULID(id), value)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case !other.IsZero(): // InvokeAct's, unless its row is gone
		a, err := s.usedKey(context.Background(), other)
		if err != nil || a == nil {
			return nil, err
		}
		return nil, keyTaken(inv.Key, a.Procedure, other)
	case c == nil:
		return nil, nil
	}
	if c.InputDigest != digest {
		return nil, keyTaken(c.Key, c.Procedure, c.ID)
	}
	c.Stored = true
	return c, nil
}

func (s *Store) expired(call ulid.ULID) bool { return !s.o.Clock().Before(idTime(call).Add(KeyLife)) }

// putKey stores the key of a call, and removes some that have expired.
func putKey(tx *bbolt.Tx, key []byte, id ulid.ULID) error {
	keys, ages := tx.Bucket(bucketKeys), tx.Bucket(bucketKeyAges)
	if err := keys.Put(key, id[:]); err != nil {
		return err
	}
	if err := ages.Put(id[:], key); err != nil {
		return err
	}
	old := idFloor(idTime(id).Add(-KeyLife))
	var gone [][]byte
	cursor := ages.Cursor()
	for k, _ := cursor.First(); k != nil && len(gone) < purgeKeys && string(k) < string(old[:]); k, _ = cursor.Next() {
		gone = append(gone, append([]byte{}, k...))
	}
	for _, k := range gone {
		key := append([]byte{}, ages.Get(k)...)
		if string(keys.Get(key)) == string(k) { // else it was used again
			if err := keys.Delete(key); err != nil {
				return err
			}
		}
		if err := ages.Delete(k); err != nil {
			return err
		}
	}
	return nil
}
