package store_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/limen-waf/limen/store"
)

// model is a plain store in memory that the real one is compared with.
type model struct{ rows []*store.Verdict }

func (m *model) add(v *store.Verdict) {
	i, found := slices.BinarySearchFunc(m.rows, v, func(a, b *store.Verdict) int { return a.ID.Compare(b.ID) })
	if !found {
		m.rows = slices.Insert(m.rows, i, v)
	}
}

func (m *model) query(q store.Query) (out []*store.Verdict) {
	for _, v := range m.rows {
		at := time.UnixMilli(int64(v.ID.Time()))
		switch {
		case !q.Since.IsZero() && at.Before(q.Since), !q.Until.IsZero() && !at.Before(q.Until),
			q.Decision != "" && v.Decision != q.Decision, q.Class != "" && v.Class != q.Class,
			q.Host != "" && !strings.EqualFold(v.Host, q.Host), q.ClientIP != "" && v.ClientIP != q.ClientIP,
			q.Principal != "" && v.Principal != q.Principal, !strings.HasPrefix(v.Path, q.Path),
			q.Model != "" && v.ModelDigest != q.Model, v.Score < q.MinScore, q.MaxScore != 0 && v.Score > q.MaxScore:
			continue
		}
		out = append(out, v)
	}
	if q.Order != store.Oldest {
		slices.Reverse(out)
	}
	return out
}

// world makes random verdicts and queries from few values, so that they meet.
type world struct {
	*rand.Rand
	clock *clock
}

func pick[T any](w *world, of ...T) T { return of[w.IntN(len(of))] }

func (w *world) digest() string { return "sha256:" + fmt.Sprintf("%064d", w.IntN(3)) }

func (w *world) verdict(id ulid.ULID) *store.Verdict {
	return &store.Verdict{
		ID:       id,
		Host:     pick(w, "", "a.example", "B.example", "c.example", "c.Example", fmt.Sprintf("h%d.example", w.IntN(50))),
		ClientIP: pick(w, "", "192.0.2.1", fmt.Sprintf("10.0.0.%d", w.IntN(200))),
		Path:     pick(w, "", "/", "/a", "/a/b", "/a/b?c=d", "/ab/c", "/x?a", fmt.Sprintf("/p/%d", w.IntN(30)), fmt.Sprintf("/a/long/%040d/%d", w.IntN(2), w.IntN(3))),
		Decision: pick(w, store.Allow, store.Allow, store.Allow, store.Tag, store.Block),
		Class:    pick(w, "none", "none", "none", "sqli", "xss", "mine"),
		Score:    pick(w, 0, 1, w.Float64(), w.Float64()*0.01), ModelDigest: pick(w, "", w.digest(), w.digest()),
		Principal: pick(w, "", "", "alice", "bob"),
	}
}

func (w *world) query() store.Query {
	var q store.Query
	some := func() bool { return w.IntN(4) == 0 }
	at := func() time.Time {
		return w.clock.now().Add(-time.Duration(w.Int64N(int64(12 * time.Hour)))).Add(time.Duration(w.IntN(3)) * time.Microsecond)
	}
	if some() {
		q.Since = at()
	}
	if some() {
		q.Until = at()
	}
	if !q.Until.IsZero() && q.Until.Before(q.Since) {
		q.Since, q.Until = q.Until, q.Since
	}
	v := w.verdict(ulid.ULID{})
	if some() {
		q.Decision = v.Decision
	}
	if some() {
		q.Class = pick(w, "none", "sqli", "xss", "xxe")
	}
	if some() {
		q.Host = pick(w, strings.ToUpper(v.Host), v.Host, "absent.example")
	}
	if some() {
		q.ClientIP = v.ClientIP
	}
	if some() {
		q.Path = pick(w, "/", "/a", "/a/", "/a/b", "/a/b?", "/p/1", "/p/", "/nowhere/", "/a/long/0", fmt.Sprintf("/a/long/%040d/1", 1))
	}
	if some() {
		q.Model = w.digest()
	}
	if some() {
		q.Principal = pick(w, "alice", "bob", "carol")
	}
	if some() {
		q.MinScore = pick(w, 0, 1, w.Float64())
	}
	if some() {
		q.MaxScore = q.MinScore + (1-q.MinScore)*w.Float64()
	}
	q.Order = pick(w, "", store.Newest, store.Oldest)
	return q
}

// Ensure that the store answers every query as a plain list would, however rows come:
// late, in bursts, over segments, restarts and small zones.
func TestAgainstModel(t *testing.T) {
	rounds, steps := 6, 150
	if testing.Short() {
		rounds = 2
	}
	for round := range rounds {
		seed := uint64(round)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			clock := newClock()
			w := &world{rand.New(rand.NewPCG(seed, 1)), clock}
			o := store.Options{Dir: t.TempDir(), Clock: clock.now, Span: pick(w, time.Minute, time.Hour), CommitEvery: time.Millisecond}
			store.SetZoneRows(&o, pick(w, 1, 3, 16, 64))
			if seed%2 == 1 {
				o.SegmentBytes = 64 << 10
			}
			s := open(t, o)
			var m model
			var pending []ulid.ULID // requests under way
			for step := range steps {
				switch n := w.IntN(20); {
				case n < 10:
					for range w.IntN(60) {
						pending = append(pending, s.NewID())
						if w.IntN(3) == 0 {
							clock.add(time.Duration(w.IntN(20)) * time.Millisecond)
						}
					}
					w.Shuffle(len(pending), func(i, j int) { pending[i], pending[j] = pending[j], pending[i] })
					keep := w.IntN(20)
					for len(pending) > keep {
						v := w.verdict(pending[0])
						pending = pending[1:]
						s.Count(v)
						record(t, s, v)
						m.add(v)
					}
				case n < 11:
					clock.add(time.Duration(w.Int64N(int64(40 * time.Minute))))
				case n == 11:
					clock.add(-time.Duration(w.Int64N(int64(10 * time.Minute)))) // set right
				case n == 12:
					flush(t, s)
					if err := s.Close(); err != nil {
						t.Fatal(err)
					}
					s = open(t, o)
				case n == 13:
					s.Sweep()
				default:
					flush(t, s)
					q := w.query()
					compare(t, s, &m, q, w)
					if t.Failed() {
						t.Fatalf("step %d: %+v", step, q)
					}
				}
			}
			flush(t, s)
			zones, rows, err := s.Zones()
			if err != nil || zones == 0 || rows > uint64(len(m.rows)) {
				t.Errorf("%d zones of %d rows, %v", zones, rows, err)
			}
			t.Logf("%d rows in %d segments, %d zones of %d rows", len(m.rows), s.Stats().Segments, zones, rows)
		})
	}
}

func compare(t *testing.T, s *store.Store, m *model, q store.Query, w *world) {
	t.Helper()
	want := m.query(q)
	var got []*store.Verdict
	page := 1 + w.IntN(40)
	q.Limit = page
	for {
		p, err := s.Verdicts(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		if p.Unreadable != 0 || p.Skipped != nil {
			t.Fatalf("%+v", p)
		}
		got = append(got, p.Verdicts...)
		if p.Next == "" {
			break
		}
		if len(p.Verdicts) != page {
			t.Fatalf("a page of %d with a next one has %d rows", page, len(p.Verdicts))
		}
		q.After = p.Next
	}
	if len(got) != len(want) {
		t.Errorf("%d rows, want %d", len(got), len(want))
		return
	}
	for i := range got {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("row %d\n got %+v\nwant %+v", i, got[i], want[i])
			return
		}
	}
	if len(want) > 0 {
		v := pick(w, want...)
		if one, err := s.Verdict(ctx, v.ID); err != nil || !reflect.DeepEqual(one, v) {
			t.Errorf("by ID: %+v, %v, want %+v", one, err, v)
		}
	}
}
