package store_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/limen-waf/limen/store"
)

// Ensure that a flipped bit anywhere in a segment ends nothing, and that every one that
// changes what is read is found by Verify.
func TestFlippedBits(t *testing.T) {
	o, ids, segments := chained(t)
	o.ReadOnly = true
	path := filepath.Join(o.Dir, "verdicts", segments[1])
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, o)
	want := list(t, s, store.Query{})
	if len(want) != len(ids) {
		t.Fatalf("%d rows", len(want))
	}
	_ = s.Close()
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	noticed := 0
	random := rand.New(rand.NewPCG(4, 4))
	for range rounds {
		at, bit := random.IntN(len(whole)), byte(1)<<random.IntN(8)
		damaged := append([]byte{}, whole...)
		damaged[at] ^= bit
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		s := open(t, o)
		var got []*store.Verdict
		clean := true
		for q := (store.Query{Limit: 1000}); ; {
			page, err := s.Verdicts(ctx, q)
			if err != nil {
				t.Fatalf("bit %#x of byte %d: %v", bit, at, err)
			}
			clean = clean && page.Unreadable == 0 && page.Skipped == nil
			got = append(got, page.Verdicts...)
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		r := verify(t, s, store.VerifyOptions{})
		if r.Found > 0 {
			noticed++
		}
		if same := clean && reflect.DeepEqual(got, want); !same && r.Found == 0 {
			t.Errorf("bit %#x of byte %d changes what is read (%d rows of %d), and verify finds nothing", bit, at, len(got), len(want))
		}
		_ = s.Close()
	}
	if noticed == 0 {
		t.Error("verify found nothing at all")
	}
}
