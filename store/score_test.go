package store_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/limen-waf/limen/store"
)

// copyOf keeps a score beyond the call that it was given for.
func copyOf(s *store.Score) string {
	return fmt.Sprintf("%s %v %s %s %s %s %d %v %v", s.ID, s.Score, s.Attack, s.Host, s.ClientIP, s.Route, s.Tokenizer, s.Sampled, s.Whole)
}

// recordAt stores rows with IDs a second apart, beginning at a time.
func recordAt(t *testing.T, s *store.Store, begin time.Time, n int, change func(i int, v *store.Verdict)) []*store.Verdict {
	t.Helper()
	rows := make([]*store.Verdict, n)
	for i := range rows {
		v := typical(i)
		var entropy [10]byte
		entropy[9], entropy[8] = byte(i), byte(i>>8)
		at := begin.Add(time.Duration(i) * time.Second)
		if err := v.ID.SetTime(ulid.Timestamp(at)); err != nil {
			t.Fatal(err)
		}
		if err := v.ID.SetEntropy(entropy[:]); err != nil {
			t.Fatal(err)
		}
		if change != nil {
			change(i, v)
		}
		if !s.Record(v) {
			t.Fatal("a row was not taken")
		}
		rows[i] = v
	}
	if err := s.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	return rows
}

// Ensure that scores come whole, in order, each once, from many segments and zones,
// and as precise as they were recorded.
func TestScores(t *testing.T) {
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	s := open(t, store.Options{})
	rows := recordAt(t, s, begin, 9000, func(i int, v *store.Verdict) {
		v.Score = 1 - math.Ldexp(1, -i%53)
		v.Sampled = i%2 == 0
		v.Route = fmt.Sprint("site ", i%3)
		v.Request = make([]byte, i%50)
		if i%7 == 0 {
			v.Fallback = "deadline"
		}
		if i%11 == 0 {
			v.Exception = "path /static/*"
		}
		if i%100 == 50 {
			v.ClassScores[4].Score = 0.7
		}
		if i%1000 == 999 {
			v.ModelDigest = policyDigest
		}
	})
	attack := func(i int) string {
		if i%100 == 50 {
			return "cmdi"
		}
		return "sqli" // the first of equals
	}
	tests := map[string]struct {
		q    store.Query
		want func(i int) bool
	}{
		"all":           {store.Query{}, func(int) bool { return true }},
		"model":         {store.Query{Model: modelDigest}, func(i int) bool { return i%1000 != 999 }},
		"unknown model": {store.Query{Model: modelDigest[:70] + "0"}, func(int) bool { return false }},
		"host":          {store.Query{Host: "WWW3.example.com"}, func(i int) bool { return i%7 == 3 }},
		"time": {store.Query{Since: begin.Add(1000 * time.Second), Until: begin.Add(4000 * time.Second)},
			func(i int) bool { return i >= 1000 && i < 4000 }},
		"order and limit do not count": {store.Query{Order: store.Newest, Limit: 3}, func(int) bool { return true }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got, want []string
			if err := s.Scores(context.Background(), tt.q, func(sc *store.Score) bool {
				got = append(got, copyOf(sc))
				return true
			}); err != nil {
				t.Fatal(err)
			}
			for i, v := range rows {
				if tt.want(i) {
					want = append(want, copyOf(&store.Score{ID: v.ID, Score: v.Score, Attack: attack(i), Host: []byte(v.Host),
						ClientIP: []byte(v.ClientIP), Route: []byte(v.Route), Tokenizer: v.TokenizerVersion, Sampled: v.Sampled,
						Whole: v.Fallback == "" && v.Exception == ""}))
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%d scores, expected %d", len(got), len(want))
				for i := range min(len(got), len(want)) {
					if got[i] != want[i] {
						t.Fatalf("score %d is %s, expected %s", i, got[i], want[i])
					}
				}
			}
		})
	}
}

// Ensure that the caller can end it, by its function and by its context.
func TestScoresEnd(t *testing.T) {
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	s := open(t, store.Options{})
	recordAt(t, s, begin, 6000, nil)
	for _, end := range []int{1, 3599, 3600, 3601, 4096, 4097} {
		n := 0
		if err := s.Scores(context.Background(), store.Query{}, func(*store.Score) bool { n++; return n < end }); err != nil || n != end {
			t.Errorf("ended after %d, expected %d: %v", n, end, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	err := s.Scores(ctx, store.Query{}, func(*store.Score) bool {
		if n++; n == 10 {
			cancel()
		}
		return true
	})
	if !errors.Is(err, context.Canceled) || n > 3000 {
		t.Errorf("ended after %d with %v", n, err)
	}
	if err := s.Scores(context.Background(), store.Query{Decision: "maybe"}, nil); !errors.Is(err, store.ErrQuery) {
		t.Errorf("a query that cannot be: %v", err)
	}
	_ = s.Close()
	if err := s.Scores(context.Background(), store.Query{}, nil); !errors.Is(err, store.ErrClosed) {
		t.Errorf("a closed store: %v", err)
	}
}

// Ensure that a damaged segment hides no other, and impossible scores are passed over.
func TestScoresDamaged(t *testing.T) {
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	recordAt(t, s, begin, 3*3600, func(i int, v *store.Verdict) {
		if i == 5 {
			v.Score = math.NaN()
		}
		if i == 6 {
			v.Score = 1.5
		}
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "verdicts", "20260301T0100Z.db"), make([]byte, 1<<16), 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, store.Options{Dir: dir, ReadOnly: true})
	n := 0
	if err := s.Scores(context.Background(), store.Query{}, func(*store.Score) bool { n++; return true }); err != nil || n != 2*3600-2 {
		t.Errorf("%d scores, expected %d: %v", n, 2*3600-2, err)
	}
}

func BenchmarkScores(b *testing.B) {
	s := open(b, store.Options{})
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	const n = 200_000
	for i := range n {
		v := typical(i)
		v.Source, v.Route, v.Sampled = sampleRequest, "shop.example", true
		_ = v.ID.SetTime(ulid.Timestamp(begin.Add(time.Duration(i) * 10 * time.Millisecond)))
		_ = v.ID.SetEntropy([]byte{0, 0, 0, 0, 0, 0, 0, byte(i >> 16), byte(i >> 8), byte(i)})
		for !s.Record(v) {
			_ = s.Flush(context.Background())
		}
	}
	if err := s.Flush(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	b.ReportAllocs()
	for b.Loop() {
		rows := 0
		if err := s.Scores(context.Background(), store.Query{Model: modelDigest}, func(*store.Score) bool { rows++; return true }); err != nil || rows != n {
			b.Fatal(rows, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
}
