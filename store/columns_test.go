package store_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/limen-waf/limen/store"
)

// zoneOf makes n random rows in order of ID.
func (w *world) zoneOf(n int) []*store.Verdict {
	rows := make([]*store.Verdict, n)
	at := w.clock.now()
	for i := range rows {
		id := store.IDAt(at.Add(time.Duration(i) * time.Millisecond))
		binary.BigEndian.PutUint64(id[8:], w.Uint64())
		rows[i] = w.verdict(id)
	}
	return rows
}

// Ensure that columns leave to a query the rows that match and no other, but for what
// they do not hold: paths behind their first bytes and scores that no float32 is.
func TestColumns(t *testing.T) {
	s := open(t, store.Options{})
	record(t, s, &store.Verdict{Class: "mine"})
	record(t, s, &store.Verdict{Class: "theirs"})
	for _, n := range []int{1, 2, 63, 64, 65, 128, 300, 1024, 2000, store.MaxColumnRows} {
		w := &world{rand.New(rand.NewPCG(uint64(n), 7)), newClock()}
		rows := w.zoneOf(n)
		value := store.BuildColumns(rows)
		m := model{rows}
		left := 0
		for range 200 {
			q := w.query()
			q.Since, q.Until, q.Path = time.Time{}, time.Time{}, q.Path[:min(len(q.Path), store.MaxPrefix)]
			q.Order, q.MinScore, q.MaxScore = store.Oldest, float64(float32(q.MinScore)), float64(float32(q.MaxScore))
			got, ok, err := s.MatchColumns(q, value)
			if err != nil || !ok {
				t.Fatalf("%d rows, %+v: %v, %v", n, q, ok, err)
			}
			var want []int
			for _, v := range m.query(q) {
				want = append(want, slices.Index(rows, v))
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%d rows, %+v:\n got %v\nwant %v", n, q, got, want)
			}
			left += len(got)
		}
		if left == 0 && n > 100 {
			t.Errorf("%d rows: nothing was ever found", n)
		}
	}
	w := &world{rand.New(rand.NewPCG(1, 7)), newClock()}
	if store.BuildColumns(nil) != nil || store.BuildColumns(w.zoneOf(store.MaxColumnRows+1)) != nil {
		t.Error("columns of no rows, or of too many")
	}
}

// Ensure that a zone of few and of many distinct values is looked up right.
func TestColumnsWidth(t *testing.T) {
	s := open(t, store.Options{})
	for _, distinct := range []int{1, 2, 255, 256, 257, 258, 1024} {
		w := &world{rand.New(rand.NewPCG(uint64(distinct), 3)), newClock()}
		rows := w.zoneOf(1024)
		for i, v := range rows {
			v.ClientIP, v.Path = fmt.Sprintf("10.0.%d.%d", i%distinct/250, i%distinct%250), fmt.Sprintf("/p/%04d", i%distinct)
		}
		value := store.BuildColumns(rows)
		for k := range distinct {
			want := []int{}
			for i := k; i < len(rows); i += distinct {
				want = append(want, i)
			}
			for _, q := range []store.Query{{ClientIP: rows[k].ClientIP}, {Path: rows[k].Path}, {ClientIP: rows[k].ClientIP, Path: rows[k].Path}} {
				if got, ok, err := s.MatchColumns(q, value); err != nil || !ok || !slices.Equal(got, want) {
					t.Fatalf("%d distinct, %+v: %v, want %v, %v", distinct, q, got, want, err)
				}
			}
		}
		for _, q := range []store.Query{{ClientIP: "10.0.9.9"}, {Path: "/p/x"}, {Path: "/p/0000/"}, {Path: "/a"}, {Path: "/q"}} {
			if got, _, _ := s.MatchColumns(q, value); len(got) > 0 {
				t.Errorf("%d distinct, %+v: %v, want none", distinct, q, got)
			}
		}
	}
}

// Ensure that files of this version can be read by every later one.
func TestGoldenColumns(t *testing.T) {
	a, b := *full(), *full()
	b.ID[15]++
	b.Host, b.Path, b.Class, b.Principal, b.Score = "b.example", "/shop/2", "mine", "", 0.25
	const want = `
		01 08 0200 38000000 45000000 51000000 57000000 63000000 69000000 99000000 a1000000
		0198ae7f814a5294a5294a5294a5294a a6ffea86
		0200 03 07 03 00046d696e65 00 01
		0200 c7b8f459 038fce64 01 00
		0100 8655b350
		0200 00000000 8e0202fb 01 00
		0100 d1cf6172
		0200 00000000 00072f73686f702f32 061d70726f647563742f3130303f706167653d3226736f72743d7072696365 01 00
		ee7c7f3f 0000803e
		43a043ef 7cbb5e60 e12b12e5 d99de87c 5ccec88f 73ae4376 3316a924 8bf47d5d`
	const before = `
		01 07 0200 34000000 41000000 4d000000 53000000 5f000000 65000000 95000000
		0198ae7f814a5294a5294a5294a5294a a6ffea86
		0200 03 07 03 00046d696e65 00 01
		0200 c7b8f459 038fce64 01 00
		0100 8655b350
		0200 00000000 8e0202fb 01 00
		0100 d1cf6172
		0200 00000000 00072f73686f702f32 061d70726f647563742f3130303f706167653d3226736f72743d7072696365 01 00
		ee7c7f3f 0000803e`
	value := store.BuildColumns([]*store.Verdict{&a, &b})
	if got := hex.EncodeToString(value); got != strings.Join(strings.Fields(want), "") {
		t.Errorf("got %s", got)
	}
	if got := hex.EncodeToString(store.WithoutChecks(value)); got != strings.Join(strings.Fields(before), "") {
		t.Errorf("without check sums: %s", got)
	}
}

// filledZones returns a store with random rows in small zones, and the model of it.
func filledZones(t *testing.T, seed uint64) (*store.Store, *model, *world) {
	t.Helper()
	clock := newClock()
	w := &world{rand.New(rand.NewPCG(seed, 5)), clock}
	o := store.Options{Clock: clock.now, Span: time.Hour}
	store.SetZoneRows(&o, 200)
	s := open(t, o)
	m := new(model)
	for range 5000 {
		v := w.verdict(s.NewID())
		s.Count(v)
		record(t, s, v)
		m.add(v)
		clock.add(time.Duration(w.IntN(1000)) * time.Millisecond)
	}
	flush(t, s)
	return s, m, w
}

// Ensure that segments without columns, as older versions wrote them, with columns of a
// later version, and with broken ones are read all the same.
func TestColumnsOfOtherVersions(t *testing.T) {
	for name, change := range map[string]func([]byte) []byte{
		"older":      func([]byte) []byte { return nil },
		"later":      func(b []byte) []byte { b[0]++; return b },
		"more":       func(b []byte) []byte { return append(b, "a column of later times"...) },
		"empty":      func([]byte) []byte { return []byte{} },
		"cut":        func(b []byte) []byte { return b[:20] },
		"offsets":    func(b []byte) []byte { return append(append(b[:4:4], bytes.Repeat([]byte{0xff}, 28)...), b[32:]...) },
		"no columns": func(b []byte) []byte { b[1] = 0; return b },
		"no checks":  store.WithoutChecks,
	} {
		t.Run(name, func(t *testing.T) {
			s, m, w := filledZones(t, 1)
			if n, err := s.ChangeColumns(change); err != nil || n < 10 {
				t.Fatalf("%d columns, %v", n, err)
			}
			for range 100 {
				q := w.query()
				if compare(t, s, m, q, w); t.Failed() {
					t.Fatalf("%+v", q)
				}
			}
		})
	}
}

// Ensure that rows which an older version puts between others, and rows that go, are
// found and missed as they should be.
func TestColumnsBehindTheirRows(t *testing.T) {
	s, m, w := filledZones(t, 2)
	inZones := 0
	for i := range 60 {
		if i%2 == 0 {
			at := w.IntN(len(m.rows))
			if err := s.DropRow(m.rows[at].ID); err != nil {
				t.Fatal(err)
			}
			m.rows = slices.Delete(m.rows, at, at+1)
		} else {
			id := m.rows[w.IntN(len(m.rows)-1)].ID
			binary.BigEndian.PutUint64(id[8:], w.Uint64())
			v := w.verdict(id)
			in, err := s.PutRow(v)
			if err != nil {
				t.Fatal(err)
			}
			if in {
				inZones++
			}
			m.add(v)
		}
		for range 10 {
			q := w.query()
			if compare(t, s, m, q, w); t.Failed() {
				t.Fatalf("step %d: %+v", i, q)
			}
		}
	}
	if inZones < 10 {
		t.Errorf("%d of 30 rows fell into a zone", inZones)
	}
}

// Ensure that no bytes make the reader of columns panic.
func FuzzColumns(f *testing.F) {
	w := &world{rand.New(rand.NewPCG(1, 9)), newClock()}
	f.Add(store.BuildColumns(w.zoneOf(3)))
	f.Add(store.BuildColumns(w.zoneOf(300)))
	f.Add(store.WithoutChecks(store.BuildColumns(w.zoneOf(3))))
	f.Add(store.WithoutChecks(store.BuildColumns(w.zoneOf(300))))
	f.Add([]byte{1, 7, 1, 0})
	s, err := store.Open(store.Options{Dir: f.TempDir()})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, q := range []store.Query{
			{Host: "a.example"}, {ClientIP: "192.0.2.1", Principal: "alice"}, {Decision: "block", Class: "sqli"}, {MinScore: 0.5, MaxScore: 0.6},
			{Model: modelDigest}, {Path: "/a/b"}, {Path: "/" + strings.Repeat("x", 300)},
		} {
			places, ok, err := s.MatchColumns(q, b)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(places); ok && n > 0 && places[n-1] >= int(binary.LittleEndian.Uint16(b[2:])) {
				t.Fatalf("%+v: row %d of %d", q, places[n-1], binary.LittleEndian.Uint16(b[2:]))
			}
		}
	})
}

// Ensure that whatever comes as a cursor is answered by a page or by an error that says
// what is wrong.
func FuzzCursor(f *testing.F) {
	clock := newClock()
	s, err := store.Open(store.Options{Dir: f.TempDir(), Clock: clock.now})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	for i := range 50 {
		clock.add(time.Millisecond)
		s.Record(typical(i))
	}
	if err := s.Flush(ctx); err != nil {
		f.Fatal(err)
	}
	f.Add(s.NewID().String())
	f.Add("00000000000000000000000000")
	f.Add("7ZZZZZZZZZZZZZZZZZZZZZZZZZ")
	f.Add("8ZZZZZZZZZZZZZZZZZZZZZZZZZ")
	f.Add("x")
	f.Fuzz(func(t *testing.T, cursor string) {
		for _, order := range []string{store.Newest, store.Oldest} {
			for _, host := range []string{"", "www1.example.com"} {
				p, err := s.Verdicts(ctx, store.Query{After: cursor, Order: order, Host: host, Limit: 7})
				if err != nil {
					if _, parse := ulid.ParseStrict(cursor); parse == nil || !strings.Contains(err.Error(), "cursor") {
						t.Fatalf("%q: %v", cursor, err)
					}
					continue
				}
				for _, v := range p.Verdicts {
					if c := strings.Compare(v.ID.String(), strings.ToUpper(cursor)); cursor != "" && (c > 0) != (order == store.Oldest) {
						t.Fatalf("%s comes after %s, %s first", v.ID, cursor, order)
					}
				}
			}
		}
	})
}
