package store_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/limen-waf/limen/store"
)

// flip turns one bit of b over.
func flip(w *world, b []byte) []byte {
	b[w.IntN(len(b))] ^= 1 << w.IntN(8)
	return b
}

// checkedQueries ask for a value that the row has, by each column alone and by all.
func checkedQueries(v *store.Verdict) []store.Query {
	score := store.Query{MinScore: v.Score, MaxScore: v.Score}
	if v.Score == 0 {
		score = store.Query{MaxScore: 0.001}
	}
	return []store.Query{
		{Host: v.Host}, {ClientIP: v.ClientIP}, {Principal: v.Principal}, {Model: v.ModelDigest}, {Path: v.Path}, score,
		{Decision: v.Decision, Class: v.Class}, {Class: v.Class, Host: v.Host, ClientIP: v.ClientIP, Path: v.Path, MinScore: score.MinScore, MaxScore: score.MaxScore},
	}
}

// Ensure that no single flipped bit makes columns or a zone pass over a row that
// matches, whichever it is.
func TestFlippedBitsOfIndex(t *testing.T) {
	s := open(t, store.Options{})
	record(t, s, &store.Verdict{Class: "mine"})
	w := &world{rand.New(rand.NewPCG(1, 8)), newClock()}
	rows := w.zoneOf(150)
	value, zone := store.BuildColumns(rows), store.BuildZone(rows)
	row := slices.IndexFunc(rows, func(v *store.Verdict) bool {
		return v.Host != "" && v.ClientIP != "" && v.Principal != "" && v.ModelDigest != "" && v.Path != "" && v.Class != "none"
	})
	queries := checkedQueries(rows[row])
	want := make([][]int, len(queries))
	for i, q := range queries {
		places, ok, err := s.MatchColumns(q, value)
		if err != nil || !ok || !slices.Contains(places, row) {
			t.Fatalf("%+v: %v, %v, %v", q, places, ok, err)
		}
		want[i] = places
		if match, err := s.MatchZone(q, zone); !match || err != nil {
			t.Fatalf("%+v: the zone does not match, %v", q, err)
		}
	}
	slow := 0
	for at := range 8 * len(value) {
		b := bytes.Clone(value)
		b[at/8] ^= 1 << (at % 8)
		for i, q := range queries {
			places, ok, err := s.MatchColumns(q, b)
			if err != nil {
				t.Fatal(err)
			}
			if !ok || len(places) > len(want[i]) {
				slow++
			}
			if ok && slices.ContainsFunc(want[i], func(place int) bool { return !slices.Contains(places, place) }) {
				t.Fatalf("%+v, bit %d of byte %d: %v, want %v", q, at%8, at/8, places, want[i])
			}
		}
	}
	if slow == 0 {
		t.Error("no flipped bit was noticed")
	}
	for at := range 8 * len(zone) {
		b := bytes.Clone(zone)
		b[at/8] ^= 1 << (at % 8)
		for _, q := range queries {
			if match, err := s.MatchZone(q, b); !match || err != nil {
				t.Fatalf("%+v, bit %d of byte %d: the zone does not match, %v", q, at%8, at/8, err)
			}
		}
	}
}

// Ensure that a store whose index has flipped bits answers every query right, and says
// so once for each segment.
func TestFlippedBitsOfStoresIndex(t *testing.T) {
	for _, what := range []string{"columns", "zones"} {
		t.Run(what, func(t *testing.T) {
			var log logBuffer
			clock := newClock()
			w := &world{rand.New(rand.NewPCG(6, 5)), clock}
			o := store.Options{Clock: clock.now, Span: 10 * time.Minute, Logger: zerolog.New(&log)}
			store.SetZoneRows(&o, 100)
			s := open(t, o)
			m := new(model)
			for range 3000 {
				v := w.verdict(s.NewID())
				record(t, s, v)
				m.add(v)
				clock.add(time.Duration(w.IntN(1000)) * time.Millisecond)
			}
			flush(t, s)
			<-s.Warmed()
			change := s.ChangeColumns
			if what == "zones" {
				change = s.ChangeZones
			}
			for range 5 {
				if n, err := change(func(b []byte) []byte { return flip(w, b) }); err != nil || n < 10 {
					t.Fatalf("%d changed, %v", n, err)
				}
				for range 60 {
					q := w.query()
					if compare(t, s, m, q, w); t.Failed() {
						t.Fatalf("%+v", q)
					}
				}
			}
			told := strings.Count(log.String(), "does not match its check sums")
			if st := s.Stats(); told == 0 || told > st.Segments || st.Errors != uint64(told) {
				t.Errorf("told %d times of %d segments, %d errors", told, st.Segments, st.Errors)
			}
		})
	}
}

// Ensure that rows which come late into a zone that was damaged are found, and the
// others with them.
func TestLateRowsIntoDamagedZone(t *testing.T) {
	s, m, w := filledZones(t, 9)
	if _, err := s.ChangeZones(func(b []byte) []byte { return flip(w, b) }); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		id := m.rows[w.IntN(len(m.rows))].ID
		id[15]++
		v := w.verdict(id)
		record(t, s, v)
		m.add(v)
	}
	flush(t, s)
	for range 60 {
		q := w.query()
		if compare(t, s, m, q, w); t.Failed() {
			t.Fatalf("%+v", q)
		}
	}
}

// Ensure that a store that is opened looks through its index and tells of damage
// before anybody asks.
func TestWarmed(t *testing.T) {
	var log logBuffer
	clock := newClock()
	w := &world{rand.New(rand.NewPCG(7, 5)), clock}
	o := store.Options{Dir: t.TempDir(), Clock: clock.now, Span: time.Hour, Logger: zerolog.New(&log)}
	store.SetZoneRows(&o, 5)
	s := open(t, o)
	for range 2000 {
		record(t, s, w.verdict(s.NewID()))
		clock.add(5 * time.Second)
	}
	flush(t, s)
	<-s.Warmed()
	first := true
	if _, err := s.ChangeColumns(func(b []byte) []byte {
		if first { // of one segment
			first = false
			b[len(b)-1] ^= 1
		}
		return b
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	<-s.Warmed()
	if n := s.Stats().Errors; n != 1 || strings.Count(log.String(), "does not match its check sums") != 1 {
		t.Errorf("%d errors; log %s", n, log.String())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// Closing does not wait for the end of it.
	s = open(t, o)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	<-s.Warmed()
	o.ReadOnly = true
	<-open(t, o).Warmed()
}
