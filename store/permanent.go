package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"time"

	"go.etcd.io/bbolt"
)

// The permanent file limen.db is small and never removed.
var (
	bucketModels     = []byte("models")     // digest: ModelRecord as JSON
	bucketWeights    = []byte("weights")    // digest: the model's ONNX file
	bucketPolicies   = []byte("policies")   // digest: PolicyRecord as JSON
	bucketKept       = []byte("kept")       // verdict ID: row of a labelled verdict (label_kept.go)
	bucketEvents     = []byte("events")     // event ID: every change of state (event.go)
	bucketSubjects   = []byte("subjects")   // kind, 0, subject, 0, event ID: nothing; index of events
	bucketRuns       = []byte("runs")       // run ID: Run as JSON (lineage.go)
	bucketProcedures = []byte("procedures") // name@version: ProcedureInfo as JSON
	bucketCalls      = []byte("calls")      // call ID: Call (procedure_call.go)
	bucketKeys       = []byte("keys")       // principal, 0, Idempotency-Key: call ID
	bucketKeyAges    = []byte("key_ages")   // call ID: key in the bucket above
)

var permanentBuckets = [][]byte{
	bucketMeta, bucketModels, bucketWeights, bucketPolicies, bucketCounters, bucketKept, bucketEvents, bucketSubjects,
	bucketRuns, bucketProcedures, bucketCalls, bucketKeys, bucketKeyAges,
}

// keyCounting, in "meta", names the segment whose own counters are not part of
// those in this file.
var keyCounting = []byte("counting")

// permanentSchema is the version of the layout of limen.db. migrations[i] brings
// a file from version i+1 to i+2.
const permanentSchema = 2

var migrations = [permanentSchema - 1]func(*bbolt.Tx) error{migrateRuns}

// migrateRuns gives the models of a file of schema 1 their training runs, and
// drops the buckets that were held for what events are now.
func migrateRuns(tx *bbolt.Tx) error {
	for _, name := range []string{"labels", "exceptions"} {
		if b := tx.Bucket([]byte(name)); b == nil || b.Inspect().KeyN > 0 {
			continue
		}
		if err := tx.DeleteBucket([]byte(name)); err != nil {
			return err
		}
	}
	return tx.Bucket(bucketModels).ForEach(func(_, v []byte) error {
		var m ModelRecord
		if err := json.Unmarshal(v, &m); err != nil {
			return err
		}
		return putTraining(tx, &m)
	})
}

// PolicyRecord is a policy (mode, thresholds, exceptions …) that verdicts were made
// under.
type PolicyRecord struct {
	Digest    string          `json:"digest"`
	Policy    json.RawMessage `json:"policy"`
	FirstSeen time.Time       `json:"first_seen"`
}

// permanent is the file limen.db.
type permanent struct {
	path string
	db   *bbolt.DB
}

func openPermanent(path string, o *Options) (*permanent, error) {
	db, err := openBolt(path, boltOptions(o, o.ReadOnly))
	if err != nil {
		return nil, err
	}
	p := &permanent{path, db}
	if err := p.check(o.ReadOnly); err != nil {
		closeBolt(db)
		return nil, err
	}
	return p, nil
}

// check checks the file's version, and makes or migrates the layout.
func (p *permanent) check(readOnly bool) error {
	if err := checkLength(p.db); err != nil {
		return err
	}
	var version uint64
	err := p.view(func(tx *bbolt.Tx) error {
		if meta := tx.Bucket(bucketMeta); meta != nil {
			version, _ = binary.Uvarint(meta.Get(keySchema))
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case version > permanentSchema:
		return schemaError(p.path, version, permanentSchema)
	case version == permanentSchema:
		return nil
	case readOnly && version > 0:
		return fail(ErrSchema, "%s has schema %d, older than %d: start the server once to bring it up to date",
			p.path, version, uint64(permanentSchema))
	case readOnly:
		return fail(ErrNotFound, "%s is empty: no server has used it yet", p.path)
	}
	return p.update(func(tx *bbolt.Tx) error {
		for _, name := range permanentBuckets {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		for v := version; v > 0 && v < permanentSchema; v++ {
			if err := migrations[v-1](tx); err != nil {
				return err
			}
		}
		return tx.Bucket(bucketMeta).Put(keySchema, binary.AppendUvarint(nil, permanentSchema))
	})
}

func (p *permanent) view(fn func(*bbolt.Tx) error) error {
	return guard(p.path, func() error { return p.db.View(fn) })
}

func (p *permanent) update(fn func(*bbolt.Tx) error) error {
	return guard(p.path, func() error { return p.db.Update(fn) })
}

// errSame ends a transaction that would change nothing.
var errSame = errors.New("same")

// put stores value under key unless the key is taken.
func (p *permanent) put(bucket, key []byte, value any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return err
	}
	has := func(tx *bbolt.Tx) bool { return tx.Bucket(bucket).Get(key) != nil }
	taken := false
	if err := p.view(func(tx *bbolt.Tx) error { taken = has(tx); return nil }); err != nil || taken {
		return err
	}
	err = p.update(func(tx *bbolt.Tx) error {
		if has(tx) {
			return errSame
		}
		return tx.Bucket(bucket).Put(key, encoded)
	})
	if errors.Is(err, errSame) {
		return nil
	}
	return err
}

// get reads the value under key; found is false when there is none.
func (p *permanent) get(bucket, key []byte, value any) (found bool, err error) {
	err = p.view(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucket).Get(key)
		if b == nil {
			return nil
		}
		found = true
		if err := json.Unmarshal(b, value); err != nil {
			return fail(ErrCorrupt, "%s: entry %q of %s cannot be read: %w", p.path, key, bucket, err)
		}
		return nil
	})
	return found, err
}

// each calls fn for every value of a bucket.
func (p *permanent) each(bucket []byte, fn func([]byte) error) error {
	return p.view(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucket).ForEach(func(k, v []byte) error {
			if err := fn(v); err != nil {
				return fail(ErrCorrupt, "%s: entry %q of %s cannot be read: %w", p.path, k, bucket, err)
			}
			return nil
		})
	})
}

// counts reads the counters and the name of the segment that holds the rest.
func (p *permanent) counts(fn func(counterKey, uint64)) (counting string, err error) {
	err = p.view(func(tx *bbolt.Tx) error {
		counting = string(tx.Bucket(bucketMeta).Get(keyCounting))
		return readCounters(tx.Bucket(bucketCounters), fn)
	})
	return counting, err
}

// putCounts replaces the counters and the name of the segment that holds the rest.
func (p *permanent) putCounts(counting string, counts map[counterKey]uint64) error {
	return p.update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketCounters)
		for k, n := range counts {
			if err := b.Put(k.encode(), binary.AppendUvarint(nil, n)); err != nil {
				return err
			}
		}
		return tx.Bucket(bucketMeta).Put(keyCounting, []byte(counting))
	})
}
