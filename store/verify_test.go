package store_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"

	"github.com/limen-waf/limen/store"
)

// chained makes a store of three segments, each of several commits, and closes it.
func chained(t *testing.T) (o store.Options, ids []ulid.ULID, segments []string) {
	t.Helper()
	clk := newClock()
	o = store.Options{Dir: t.TempDir(), Clock: clk.now}
	store.SetZoneRows(&o, 16)
	s := open(t, o)
	for hour := range 3 {
		for i := range 200 {
			v := typical(hour*200 + i)
			if i%10 == 0 {
				v.ClientIP = "203.0.113.7"
			}
			ids = append(ids, record(t, s, v).ID)
			if i%50 == 49 {
				flush(t, s)
			}
			clk.add(time.Second)
		}
		clk.add(time.Hour)
	}
	segments = s.SegmentNames()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return o, ids, segments
}

// edit changes a database file behind the store's back.
func edit(t *testing.T, path string, fn func(tx *bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Update(fn); err != nil {
		t.Fatal(err)
	}
}

func verify(t testing.TB, s *store.Store, o store.VerifyOptions) *store.VerifyReport {
	t.Helper()
	r, err := s.Verify(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Ensure that an untouched store verifies, offline and while it is written to, and that
// the progress reaches the end.
func TestVerify(t *testing.T) {
	o, ids, segments := chained(t)
	for _, readOnly := range []bool{true, false} {
		o.ReadOnly = readOnly
		s := open(t, o)
		done := 0
		r := verify(t, s, store.VerifyOptions{Progress: func(_ string, d, all, _ int) {
			done = d
			if all != len(segments) {
				t.Errorf("%d segments", all)
			}
		}})
		if r.Found != 0 || r.Rows != len(ids) || len(r.Segments) != 3 || r.Unchained != 0 || done != 3 {
			t.Fatalf("%+v", r)
		}
		if again := verify(t, s, store.VerifyOptions{Head: r.Head}); again.Found != 0 {
			t.Errorf("its own head is refused: %+v", again.Problems)
		}
		old := r.Head
		if !readOnly {
			late := typical(1)
			late.ID = ids[10]
			late.ID[15]++ // a row that comes late for the first segment
			record(t, s, late)
			record(t, s, typical(2))
			flush(t, s)
			r = verify(t, s, store.VerifyOptions{Head: old})
			if r.Found != 0 || r.Rows != len(ids)+2 || r.Head == old {
				t.Errorf("after two more rows: %+v", r)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, o)
	for _, head := range []string{"x", "20260301T1000Z.db:0:" + strings.Repeat("0", 64), "20260301T1000Z.db:1:zz"} {
		if _, err := s.Verify(ctx, store.VerifyOptions{Head: head}); err == nil || !strings.Contains(err.Error(), head) {
			t.Errorf("head %q: %v", head, err)
		}
	}
}

// Ensure that every kind of tampering is found and named, and nothing else is.
func TestVerifyFinds(t *testing.T) {
	rows, chain, forgotten, meta := []byte("rows"), []byte("chain"), []byte("forgotten"), []byte("meta")
	type target struct {
		o        store.Options
		path     string // of the segment in the middle
		segments []string
		id       ulid.ULID // a row of it
	}
	last := func(b *bbolt.Bucket) []byte { k, _ := b.Cursor().Last(); return k }
	for _, c := range []struct {
		name   string
		tamper func(t *testing.T, x target)
		kind   string
		names  string // a problem names it
		found  int    // problems, 0: any number
	}{
		{"row altered, check sum made to fit", func(t *testing.T, x target) {
			edit(t, x.path, func(tx *bbolt.Tx) error {
				v, err := store.DecodeRow(x.id, tx.Bucket(rows).Get(x.id[:]))
				if err != nil {
					return err
				}
				v.Decision = store.Tag
				return tx.Bucket(rows).Put(x.id[:], store.AppendRow(nil, v))
			})
		}, store.ProblemAltered, "ID", 1},
		{"byte of a row altered", func(t *testing.T, x target) {
			edit(t, x.path, func(tx *bbolt.Tx) error {
				row := append([]byte{}, tx.Bucket(rows).Get(x.id[:])...)
				row[len(row)-9] ^= 1
				return tx.Bucket(rows).Put(x.id[:], row)
			})
		}, store.ProblemAltered, "ID", 1},
		{"row removed", func(t *testing.T, x target) {
			edit(t, x.path, func(tx *bbolt.Tx) error { return tx.Bucket(rows).Delete(x.id[:]) })
		}, store.ProblemRemoved, "ID", 1},
		{"row inserted", func(t *testing.T, x target) {
			edit(t, x.path, func(tx *bbolt.Tx) error {
				v := typical(7)
				v.ID = x.id
				v.ID[15] ^= 0x80
				return tx.Bucket(rows).Put(v.ID[:], store.AppendRow(nil, v))
			})
		}, store.ProblemInserted, "other ID", 1},
		{"row replaced by its hash", func(t *testing.T, x target) {
			edit(t, x.path, func(tx *bbolt.Tx) error {
				l := store.LeafOf(x.id, tx.Bucket(rows).Get(x.id[:]))
				if err := tx.Bucket(forgotten).Put(x.id[:], l); err != nil {
					return err
				}
				return tx.Bucket(rows).Delete(x.id[:])
			})
		}, store.ProblemRemoved, "ID", 1},
		{"link altered", func(t *testing.T, x target) {
			edit(t, x.path, func(tx *bbolt.Tx) error {
				k := binary.BigEndian.AppendUint64(nil, 1)
				value := append([]byte{}, tx.Bucket(chain).Get(k)...)
				value[len(value)-1] ^= 1
				return tx.Bucket(chain).Put(k, value)
			})
		}, store.ProblemChain, "segment", 2}, // it and the one that follows
		{"link removed", func(t *testing.T, x target) {
			edit(t, x.path, func(tx *bbolt.Tx) error { return tx.Bucket(chain).Delete(binary.BigEndian.AppendUint64(nil, 1)) })
		}, store.ProblemChain, "segment", 0},
		{"last commit cut off", func(t *testing.T, x target) {
			edit(t, x.path, func(tx *bbolt.Tx) error {
				if err := tx.Bucket(chain).Delete(last(tx.Bucket(chain))); err != nil {
					return err
				}
				for range 50 {
					if err := tx.Bucket(rows).Delete(last(tx.Bucket(rows))); err != nil {
						return err
					}
				}
				return nil
			})
		}, store.ProblemChain, "segment", 2}, // by limen.db and by the segment after it
		{"chain written anew from the row on", func(t *testing.T, x target) {
			edit(t, x.path, func(tx *bbolt.Tx) error {
				v, err := store.DecodeRow(x.id, tx.Bucket(rows).Get(x.id[:]))
				if err != nil {
					return err
				}
				v.Decision = store.Tag
				if err := tx.Bucket(rows).Put(x.id[:], store.AppendRow(nil, v)); err != nil {
					return err
				}
				return store.Rechain(tx, filepath.Base(x.path))
			})
		}, store.ProblemChain, "segment", 2},
		{"chain removed", func(t *testing.T, x target) {
			edit(t, x.path, func(tx *bbolt.Tx) error {
				if err := tx.DeleteBucket(chain); err != nil {
					return err
				}
				return tx.Bucket(meta).Put([]byte("schema"), []byte{1})
			})
		}, store.ProblemChain, "segment", 0},
		{"segment removed", func(t *testing.T, x target) {
			if err := os.Remove(x.path); err != nil {
				t.Fatal(err)
			}
		}, store.ProblemRemoved, "segment", 1},
		{"segment inserted", func(t *testing.T, x target) {
			b, err := os.ReadFile(x.path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(filepath.Dir(x.path), "20260301T0700Z.db"), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}, store.ProblemInserted, "20260301T0700Z.db", 0},
		{"segment damaged", func(t *testing.T, x target) {
			b, err := os.ReadFile(x.path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(x.path, b[:8192], 0o600); err != nil {
				t.Fatal(err)
			}
		}, store.ProblemDamaged, "segment", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, ids, segments := chained(t)
			x := target{o, filepath.Join(o.Dir, "verdicts", segments[1]), segments, ids[260]}
			c.tamper(t, x)
			o.ReadOnly = true
			r := verify(t, open(t, o), store.VerifyOptions{})
			want := map[string]string{"ID": x.id.String(), "segment": segments[1]}[c.names]
			if c.names == "other ID" {
				id := x.id
				id[15] ^= 0x80
				want = id.String()
			} else if want == "" {
				want = c.names
			}
			named := false
			for _, p := range r.Problems {
				named = named || p.Kind == c.kind && (p.ID == want || p.ID == "" && p.Segment == want)
			}
			if !named || c.found > 0 && r.Found != c.found {
				t.Errorf("%d problems, want %d, one of kind %s that names %s: %s", r.Found, c.found, c.kind, want, problems(r))
			}
		})
	}
}

func problems(r *store.VerifyReport) string {
	var b strings.Builder
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "\n%s %s %s: %s", p.Kind, p.Segment, p.ID, p.Detail)
	}
	return b.String()
}

// Ensure that whoever writes chain and heads anew, all of them, is found by a head that
// was kept elsewhere.
func TestVerifyKeptHead(t *testing.T) {
	o, ids, segments := chained(t)
	o.ReadOnly = true
	s := open(t, o)
	kept := verify(t, s, store.VerifyOptions{}).Head
	_ = s.Close()
	newest := segments[2]
	edit(t, filepath.Join(o.Dir, "verdicts", newest), func(tx *bbolt.Tx) error {
		if err := tx.Bucket([]byte("rows")).Delete(ids[500][:]); err != nil {
			return err
		}
		return store.Rechain(tx, newest)
	})
	if err := store.RewriteHead(o.Dir, newest); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	if r := verify(t, s, store.VerifyOptions{}); r.Found != 0 {
		t.Fatalf("the forgery is not what this test is about:%s", problems(r))
	}
	if r := verify(t, s, store.VerifyOptions{Head: kept}); r.Found != 1 || r.Problems[0].Kind != store.ProblemChain {
		t.Errorf("not found:%s", problems(r))
	}
}

// Ensure that retention is no tampering.
func TestVerifyAfterRetention(t *testing.T) {
	o, _, segments := chained(t)
	s := open(t, o)
	record(t, s, typical(1))
	flush(t, s)
	if err := s.SetLimits(time.Hour, 0); err != nil {
		t.Fatal(err)
	}
	s.Sweep()
	if got := s.SegmentNames(); len(got) >= len(segments) {
		t.Fatalf("segments %v", got)
	}
	if r := verify(t, s, store.VerifyOptions{}); r.Found != 0 {
		t.Error(problems(r))
	}
	_ = s.Close()
	// A segment that retention removed does not come back unnoticed.
	path := filepath.Join(o.Dir, "verdicts", segments[0])
	if _, err := os.Stat(path); err == nil {
		t.Fatal("retention left the first segment")
	}
}

// Ensure that a segment of schema 1 is read, is said to have no chain, and gets one of
// all its rows when it is written to.
func TestUnchainedSegment(t *testing.T) {
	o, ids, segments := chained(t)
	path := filepath.Join(o.Dir, "verdicts", segments[2])
	edit(t, path, func(tx *bbolt.Tx) error { // as a Limen before the chain left it
		for _, name := range []string{"chain", "forgotten"} {
			if err := tx.DeleteBucket([]byte(name)); err != nil {
				return err
			}
		}
		return tx.Bucket([]byte("meta")).Put([]byte("schema"), []byte{1})
	})
	edit(t, filepath.Join(o.Dir, "limen.db"), func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("heads")).Delete([]byte(segments[2]))
	})
	reading := o
	reading.ReadOnly = true
	s := open(t, reading)
	r := verify(t, s, store.VerifyOptions{})
	if r.Found != 0 || r.Unchained != 200 || r.Segments[2].State != store.SegmentUnchained || r.Rows != len(ids) {
		t.Errorf("%+v%s", r, problems(r))
	}
	_ = s.Close()

	s = open(t, o)
	v := typical(3)
	v.ID = ids[len(ids)-1]
	v.ID[15]++
	record(t, s, v)
	flush(t, s)
	r = verify(t, s, store.VerifyOptions{})
	if r.Found != 0 || r.Unchained != 0 || r.Segments[2].Adopted != 200 || r.Rows != len(ids)+1 {
		t.Errorf("%+v%s", r, problems(r))
	}
	_ = s.Close()
	edit(t, path, func(tx *bbolt.Tx) error { return tx.Bucket([]byte("rows")).Delete(ids[450][:]) })
	if r := verify(t, open(t, reading), store.VerifyOptions{}); r.Found != 1 || r.Problems[0].ID != ids[450].String() {
		t.Errorf("an adopted row was removed:%s", problems(r))
	}
}

// Ensure that any link of rows reads back, and that no bytes upset the reader.
func FuzzLink(f *testing.F) {
	f.Add([]byte{1, 0, 0, 1, 3}, uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, n uint8) {
		store.ReadLink(b)
		ids := make([]ulid.ULID, n)
		for i := range ids {
			copy(ids[i][:], b[min(i, len(b)):])
			ids[i][0] &= 0x7f
		}
		if err := store.LinkRoundTrip(ids); err != nil {
			t.Fatal(err)
		}
	})
}

// Ensure that limen.db knows a segment that a killed process left without rows before
// the first row is in it: a process that is killed next must not leave what looks
// slipped in.
func TestVerifyLeftSegment(t *testing.T) {
	clk := newClock()
	o := store.Options{Dir: t.TempDir(), Clock: clk.now}
	s := open(t, o)
	if err := s.LeaveSegment(clk.now().UTC().Truncate(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	defer s.Close()
	names := s.SegmentNames()
	if len(names) != 1 {
		t.Fatalf("got segments %v, expected the one that was left", names)
	}
	if known, err := s.KnowsSegment(names[0]); err != nil || known {
		t.Fatalf("limen.db knows the segment already (%v)", err)
	}
	record(t, s, typical(0))
	flush(t, s)
	if known, err := s.KnowsSegment(names[0]); err != nil || !known {
		t.Errorf("limen.db does not know the segment after its first commit (%v)", err)
	}
	if r := verify(t, s, store.VerifyOptions{}); len(r.Problems) > 0 {
		t.Errorf("got problems %v", r.Problems)
	}
}
