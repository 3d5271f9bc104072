package store

import (
	"context"
	"errors"
	"time"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// ActInvocation is a call with an Idempotency-Key (idempotency.go).
type ActInvocation struct {
	Principal string
	Key       string
	// CallDigest is over everything that the answer depends on: procedure, model,
	// options and input.
	CallDigest string
}

// InvokeAct makes a call once: run is called, what it returns is on disk, with its
// output, when InvokeAct returns, and the same call with the same key returns that
// row in place of running again. Duplicates that come meanwhile wait for the first.
// When run fails nothing is stored and the key stays free.
//
// The key is kept for KeyLife, or until retention or Forget takes the row, which has
// the output. An output of more than MaxActOutput is not kept, and a call sent again
// is then made again.
func (s *Store) InvokeAct(ctx context.Context, inv ActInvocation, run func(context.Context) (*Act, error)) (a *Act, stored bool, err error) {
	call := Invocation{Principal: inv.Principal, Key: inv.Key}
	if err := s.mayCall(&call); err != nil {
		return nil, false, err
	}
	if inv.Key == "" || inv.CallDigest == "" {
		return nil, false, fail(ErrQuery, "Idempotency-Key %q, call digest %q: want both", inv.Key, inv.CallDigest)
	}
	release, err := s.calls.reserve(ctx, keyOf(&call))
	if err != nil {
		return nil, false, err
	}
	defer release()
	if a, err = s.storedAct(ctx, &call, inv.CallDigest); err != nil || a != nil {
		return a, a != nil, err
	}
	if a, err = run(ctx); err != nil {
		return nil, false, err
	}
	if len(a.Output) > MaxActOutput {
		row := *a
		row.Output = nil
		return a, false, s.RecordActSync(ctx, &row)
	}
	a.Key, a.CallDigest = inv.Key, inv.CallDigest
	if err := s.RecordActSync(ctx, a); err != nil {
		return nil, false, err
	}
	// The row first: a key never points at an answer that is not on disk. A process
	// that ends in between leaves a row too many, and the key free.
	err = s.permanent.update(func(tx *bbolt.Tx) error { return putKey(tx, []byte(keyOf(&call)), a.ID) })
	return a, false, err
}

// storedAct returns the call that the key was used for, nil when it is free.
func (s *Store) storedAct(ctx context.Context, inv *Invocation, digest string) (*Act, error) {
	var id ulid.ULID
	var other *Call
	err := s.permanent.view(func(tx *bbolt.Tx) (err error) {
		v := bucketGet(tx, bucketKeys, []byte(keyOf(inv)))
		if len(v) != len(id) || s.expired(ulid.ULID(v)) {
			return nil
		}
		id = ulid.ULID(v)
		if value := bucketGet(tx, bucketCalls, v); value != nil {
			other, err = decodeCall(id, value)
		}
		return err
	})
	switch {
	case err != nil || id.IsZero():
		return nil, err
	case other != nil:
		return nil, keyTaken(inv.Key, other.Procedure, id)
	}
	a, err := s.usedKey(ctx, id)
	if err != nil || a == nil {
		return nil, err
	}
	if a.CallDigest != digest {
		return nil, keyTaken(inv.Key, a.Procedure, id)
	}
	return a, nil
}

// usedKey returns the act that a key names, nil when its row is gone.
func (s *Store) usedKey(ctx context.Context, id ulid.ULID) (*Act, error) {
	a, err := s.Act(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return a, err
}

// keyTaken says that a key was used for another call.
func keyTaken(key, procedure string, id ulid.ULID) error {
	return fail(ErrKey, "Idempotency-Key %q was used with another input: for procedure %s, at %s (call %s): use a new key",
		key, procedure, idTime(id).Format(time.RFC3339), id)
}
