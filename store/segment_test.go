package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/rs/zerolog"

	"github.com/limen-waf/limen/store"
)

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "verdicts"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Ensure that rows go to the segment of their time, whenever they come.
func TestSegmentsByTime(t *testing.T) {
	clock := newClock()
	o := store.Options{Dir: t.TempDir(), Clock: clock.now}
	s := open(t, o)
	early := s.NewID()
	record(t, s, &store.Verdict{})
	flush(t, s)
	clock.add(3 * time.Hour)
	late := s.NewID()
	clock.add(20 * time.Hour)
	record(t, s, &store.Verdict{})
	flush(t, s)
	record(t, s, &store.Verdict{ID: early})
	record(t, s, &store.Verdict{ID: late})
	flush(t, s)
	want := []string{"20260301T1000Z.db", "20260301T1300Z.db", "20260302T0900Z.db"}
	if got := files(t, o.Dir); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for _, id := range []ulid.ULID{early, late} {
		if _, err := s.Verdict(ctx, id); err != nil {
			t.Error(err)
		}
	}
	// Another span does not move what is there.
	_ = s.Close()
	o.Span = 24 * time.Hour
	s = open(t, o)
	clock.add(10 * time.Hour)
	record(t, s, &store.Verdict{})
	flush(t, s)
	if got := files(t, o.Dir); len(got) != 4 || got[3] != "20260302T1000Z.db" {
		t.Errorf("%v", got)
	}
	if n := len(list(t, s, store.Query{})); n != 5 {
		t.Errorf("%d rows", n)
	}
}

// Ensure that a full segment ends before its time, and nothing is lost around it.
func TestSegmentsBySize(t *testing.T) {
	clock := newClock()
	o := store.Options{Dir: t.TempDir(), Clock: clock.now, SegmentBytes: 256 << 10}
	s := open(t, o)
	n := 0
	for range 40 {
		for range 200 {
			record(t, s, typical(n))
			n++
		}
		flush(t, s)
		clock.add(700 * time.Millisecond)
	}
	names := files(t, o.Dir)
	if len(names) < 4 || names[0] != "20260301T1000Z.db" || !slices.ContainsFunc(names, func(n string) bool { return len(n) == len("20260301T103001Z.db") }) {
		t.Errorf("%v", names)
	}
	if got := len(list(t, s, store.Query{})); got != n {
		t.Errorf("%d rows of %d", got, n)
	}
	_ = s.Close()
	s = open(t, o)
	record(t, s, typical(n))
	flush(t, s)
	if got := len(list(t, s, store.Query{Order: store.Oldest})); got != n+1 {
		t.Errorf("after reopening: %d rows of %d", got, n+1)
	}
}

// Ensure that old segments go, oldest first, and never the one that is written to.
func TestRetain(t *testing.T) {
	clock := newClock()
	var log logBuffer
	o := store.Options{Dir: t.TempDir(), Clock: clock.now, Retain: 5 * time.Hour, Logger: zerolog.New(&log)}
	s := open(t, o)
	for range 10 {
		record(t, s, &store.Verdict{})
		flush(t, s)
		s.Sweep()
		clock.add(time.Hour)
	}
	s.Sweep()
	// It is 20:30. Rows from 15:30 on are kept, so the segment of 15:00 is.
	if got, want := s.SegmentNames()[0], "20260301T1500Z.db"; got != want {
		t.Errorf("%s is the oldest, want %s", got, want)
	}
	clock.add(1000 * time.Hour)
	s.Sweep()
	if got := s.SegmentNames(); len(got) != 1 || got[0] != "20260301T1900Z.db" {
		t.Errorf("%v are left", got)
	}
	// A late row from a removed time begins a segment that goes again.
	record(t, s, &store.Verdict{ID: store.IDAt(clock.now().Add(-500 * time.Hour))})
	record(t, s, &store.Verdict{})
	flush(t, s)
	s.Sweep()
	if got := s.SegmentNames(); len(got) != 1 {
		t.Errorf("%v are left", got)
	}
	if st := s.Stats(); st.Segments != 1 || st.Oldest == nil || st.Errors != 0 {
		t.Log(log.String())
		t.Errorf("%+v", st)
	}
}

// Ensure that the files together stay within the limit, at every moment.
func TestMaxSize(t *testing.T) {
	const limit = 8 << 20
	clock := newClock()
	var log logBuffer
	o := store.Options{Dir: t.TempDir(), Clock: clock.now, MaxSize: limit, Logger: zerolog.New(&log)}
	s := open(t, o)
	broken := filepath.Join(o.Dir, "verdicts", "20250101T0000Z.db.broken")
	_ = s.Close()
	if err := os.WriteFile(broken, make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	for i := range 60000 {
		record(t, s, typical(i))
		if i%500 == 0 {
			flush(t, s)
			s.Sweep()
			clock.add(2 * time.Second)
			var total int64
			for _, name := range files(t, o.Dir) {
				if info, err := os.Stat(filepath.Join(o.Dir, "verdicts", name)); err == nil {
					total += info.Size()
				}
			}
			if total > limit {
				t.Fatalf("%d bytes after %d rows", total, i)
			}
		}
	}
	got := list(t, s, store.Query{})
	if len(got) < 5000 || len(got) == 60000 {
		t.Errorf("%d rows are left", len(got))
	}
	if _, err := os.Stat(broken); err == nil {
		t.Error("the file that was set aside outlived newer segments")
	}
	if !strings.Contains(log.String(), `"limit":"max_size"`) {
		t.Error("removals are not logged")
	}
}

// corrupted makes a store of three segments with n rows each, damages the middle one
// with fn and returns the folder.
func corrupted(t *testing.T, n int, fn func(b []byte) []byte) (o store.Options, clk *clock, name string) {
	t.Helper()
	clk = newClock()
	o = store.Options{Dir: t.TempDir(), Clock: clk.now}
	s := open(t, o)
	for range 3 {
		for i := range n {
			record(t, s, typical(i))
		}
		flush(t, s)
		clk.add(time.Hour)
	}
	name = s.SegmentNames()[1]
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(o.Dir, "verdicts", name)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, fn(b), 0o600); err != nil {
		t.Fatal(err)
	}
	return o, clk, name
}

var damages = map[string]func(b []byte) []byte{
	"cut to nothing much": func(b []byte) []byte { return b[:100] },
	"cut to two pages":    func(b []byte) []byte { return b[:8192] },
	"cut in half":         func(b []byte) []byte { return b[:len(b)/2] },
	"other file":          func(b []byte) []byte { return bytes.Repeat([]byte("no database "), 9999) },
	"pages zeroed": func(b []byte) []byte {
		clear(b[8192:])
		return b
	},
	"pages scrambled": func(b []byte) []byte {
		for i := 8192; i < len(b); i++ {
			b[i] ^= byte(i*7) | 1
		}
		return b
	},
	"page headers lost": func(b []byte) []byte {
		for i := 8192; i+16 < len(b); i += 4096 {
			clear(b[i : i+16])
		}
		return b
	},
}

// Ensure that a damaged segment is passed over and named, in a server set aside and
// named in the log, while everything else goes on; and that a reader leaves it where
// it is.
func TestDamagedSegment(t *testing.T) {
	const n = 2000
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			o, clk, segment := corrupted(t, n, damage)
			reading := o
			reading.ReadOnly = true
			r := open(t, reading)
			for _, q := range []store.Query{{}, {Decision: store.Block}, {Host: "www3.example.com", Order: store.Oldest}} {
				q.Limit = 10000
				p, err := r.Verdicts(ctx, q)
				if err != nil {
					t.Fatal(err)
				}
				if len(p.Skipped) != 1 || p.Skipped[0].Segment != segment || !strings.Contains(p.Skipped[0].Reason, "damaged") {
					t.Errorf("%+v: skipped %+v", q, p.Skipped)
				}
				if q.Decision == "" && q.Host == "" && (len(p.Verdicts) < 2*n || len(p.Verdicts) >= 3*n) {
					t.Errorf("%d rows", len(p.Verdicts))
				}
			}
			_ = r.Close()
			if got := files(t, o.Dir); !slices.Contains(got, segment) {
				t.Errorf("a reader moved it: %v", got)
			}

			var log logBuffer
			o.Logger = zerolog.New(&log)
			s := open(t, o)
			if _, err := s.Verdicts(ctx, store.Query{Limit: 10000}); err != nil {
				t.Fatal(err)
			}
			for range 300 { // the check runs in the background
				if s.Stats().Broken == 1 {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			if got := files(t, o.Dir); !slices.Contains(got, segment+".broken") || slices.Contains(got, segment) {
				t.Errorf("files %v", got)
			}
			if !strings.Contains(log.String(), segment) || !strings.Contains(log.String(), "set aside") {
				t.Errorf("log: %s", log.String())
			}
			v := record(t, s, typical(1))
			flush(t, s)
			if _, err := s.Verdict(ctx, v.ID); err != nil {
				t.Error(err)
			}
			if got := len(list(t, s, store.Query{})); got != 2*n+1 {
				t.Errorf("%d rows", got)
			}
			// Its time is free again, and a second one gets another name.
			start, _ := time.Parse("20060102T1504Z.db", segment)
			record(t, s, &store.Verdict{ID: store.IDAt(start)})
			flush(t, s)
			if got := files(t, o.Dir); !slices.Contains(got, segment) {
				t.Errorf("files %v", got)
			}
			_ = clk
		})
	}
}

// Ensure that damage met while writing sets the segment aside and the rows go to a new
// one.
func TestDamagedActiveSegment(t *testing.T) {
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			o, clk, segment := corrupted(t, 1500, damage)
			start, _ := time.Parse("20060102T1504Z.db", segment)
			clk.add(start.Add(30 * time.Minute).Sub(clk.now()))
			if err := os.Remove(filepath.Join(o.Dir, "verdicts", "20260301T1200Z.db")); err != nil {
				t.Fatal(err)
			}
			var log logBuffer
			o.Logger = zerolog.New(&log)
			s := open(t, o)
			for i := range 500 {
				v := typical(i)
				s.Count(v)
				record(t, s, v)
			}
			flushHard(t, s)
			if got := files(t, o.Dir); !slices.Contains(got, segment+".broken") || !slices.Contains(got, segment) {
				t.Errorf("files %v", got)
			}
			if got := len(list(t, s, store.Query{})); got != 2000 {
				t.Errorf("%d rows", got)
			}
			if !strings.Contains(log.String(), segment) {
				t.Errorf("log: %s", log.String())
			}
			total := uint64(0)
			for _, c := range s.Stats().Decisions {
				total += c.Count
			}
			if total != 500 {
				t.Errorf("%d counted", total)
			}
		})
	}
}

// flushHard flushes through failing attempts.
func flushHard(t *testing.T, s *store.Store) {
	t.Helper()
	var err error
	for range 50 {
		if err = s.Flush(ctx); err == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal(err)
}

// Ensure that a changed bit in a row is found and costs no other row.
func TestDamagedRow(t *testing.T) {
	o, _, _ := corrupted(t, 1000, func(b []byte) []byte {
		i := bytes.Index(b, []byte("/shop/product/500?"))
		b[i+3] ^= 1
		return b
	})
	s := open(t, o)
	p, err := s.Verdicts(ctx, store.Query{Limit: 10000})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Verdicts) != 2999 || p.Unreadable != 1 || p.Skipped != nil {
		t.Errorf("%d rows, %d unreadable, %+v", len(p.Verdicts), p.Unreadable, p.Skipped)
	}
	if got := s.Stats().Broken; got != 0 {
		t.Errorf("%d files set aside", got)
	}
}

// Ensure that an old segment of a newer version is passed over and stays, and its late
// rows hold up no others.
func TestNewerSegment(t *testing.T) {
	o, clk, segment := corrupted(t, 100, func(b []byte) []byte { return b })
	if err := store.WriteSchema(filepath.Join(o.Dir, "verdicts", segment), 7); err != nil {
		t.Fatal(err)
	}
	s := open(t, o)
	p, err := s.Verdicts(ctx, store.Query{Limit: 10000})
	if err != nil || len(p.Verdicts) != 200 || len(p.Skipped) != 1 || !strings.Contains(p.Skipped[0].Reason, "schema 7") {
		t.Errorf("%d rows, %+v, %v", len(p.Verdicts), p.Skipped, err)
	}
	start, _ := time.Parse("20060102T1504Z.db", segment)
	if err := s.RecordSync(ctx, &store.Verdict{ID: store.IDAt(start)}); !errors.Is(err, store.ErrSchema) {
		t.Errorf("%v", err)
	}
	v := record(t, s, &store.Verdict{})
	flush(t, s)
	if _, err := s.Verdict(ctx, v.ID); err != nil {
		t.Error(err)
	}
	if st := s.Stats(); st.Dropped != 1 || st.Broken != 0 || !slices.Contains(files(t, o.Dir), segment) {
		t.Errorf("%+v", st)
	}
	_ = clk
}

// Ensure that what a process leaves behind that ended while it made a segment is no
// hindrance.
func TestHalfMadeSegment(t *testing.T) {
	clock := newClock()
	dir := t.TempDir()
	o := store.Options{Dir: dir, Clock: clock.now}
	s := open(t, o)
	_ = s.Close()
	for _, name := range []string{"20260301T0900Z.db", "20260301T1000Z.db", "notes.txt", "20260301T1000Z.db.tmp", "20260301T100000Z.db"} {
		if err := os.WriteFile(filepath.Join(dir, "verdicts", name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ro := o
	ro.ReadOnly = true
	r := open(t, ro)
	if got := len(list(t, r, store.Query{})); got != 0 {
		t.Errorf("%d rows", got)
	}
	_ = r.Close()
	s = open(t, o)
	record(t, s, &store.Verdict{})
	flush(t, s)
	if got := len(list(t, s, store.Query{})); got != 1 {
		t.Errorf("%d rows", got)
	}
}

// Ensure that a late row in a sealed segment is found by queries that use zones.
func TestLateRows(t *testing.T) {
	clock := newClock()
	o := store.Options{Dir: t.TempDir(), Clock: clock.now}
	store.SetZoneRows(&o, 10)
	s := open(t, o)
	var late []ulid.ULID
	for i := range 500 {
		if i%50 == 0 {
			late = append(late, s.NewID())
		}
		record(t, s, &store.Verdict{Host: "a.example", Decision: store.Allow, Class: "none"})
		clock.add(time.Second)
	}
	flush(t, s)
	clock.add(2 * time.Hour)
	record(t, s, &store.Verdict{})
	flush(t, s)
	_, before, err := s.Zones()
	if err != nil || before != 500 {
		t.Errorf("%d rows in zones of the sealed segment, %v", before, err)
	}
	for i, id := range late {
		record(t, s, &store.Verdict{ID: id, Host: "late.example", Decision: store.Block, Class: "xxe", Score: 0.5, ClientIP: fmt.Sprint(i)})
	}
	flush(t, s)
	for _, q := range []store.Query{{Host: "late.example"}, {Decision: store.Block}, {Class: "xxe"}, {MinScore: 0.4, MaxScore: 0.6}, {Host: "late.example", Class: "xxe"}} {
		if got := list(t, s, q); len(got) != 10 {
			t.Errorf("%+v: %d rows", q, len(got))
		}
	}
	if got := list(t, s, store.Query{ClientIP: "3"}); len(got) != 1 || got[0].ID != late[3] {
		t.Errorf("%v", got)
	}
	if _, after, _ := s.Zones(); after != 510 {
		t.Errorf("%d rows in zones", after)
	}
}

// Ensure that Close does not wait for ever for a disk that takes nothing, and says
// what is lost.
func TestCloseBound(t *testing.T) {
	o := store.Options{Dir: t.TempDir(), CloseTimeout: 300 * time.Millisecond}
	s := open(t, o)
	if err := os.RemoveAll(filepath.Join(o.Dir, "verdicts")); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		record(t, s, &store.Verdict{})
	}
	begin := time.Now()
	err := s.Close()
	if err == nil || !strings.Contains(err.Error(), "100 rows") || !strings.Contains(err.Error(), o.Dir) {
		t.Errorf("%v", err)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("took %s", took)
	}
	if st := s.Stats(); st.Dropped != 100 {
		t.Errorf("%+v", st)
	}
}

// Ensure that a folder that went away is an error that names it, and serving goes on.
func TestFolderRemoved(t *testing.T) {
	clock := newClock()
	o := store.Options{Dir: t.TempDir(), Clock: clock.now}
	var log logBuffer
	o.Logger = zerolog.New(&log)
	o.CloseTimeout = 300 * time.Millisecond
	s := open(t, o)
	if err := os.RemoveAll(filepath.Join(o.Dir, "verdicts")); err != nil {
		t.Fatal(err)
	}
	err := s.RecordSync(ctx, &store.Verdict{})
	if !errors.Is(err, store.ErrFolder) && !errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), "20260301T1000Z.db") {
		t.Errorf("%v", err)
	}
	for range 100 {
		record(t, s, &store.Verdict{})
	}
	if err := os.Mkdir(filepath.Join(o.Dir, "verdicts"), 0o700); err != nil {
		t.Fatal(err)
	}
	flushHard(t, s)
	if got := len(list(t, s, store.Query{})); got != 101 {
		t.Errorf("%d rows", got)
	}
	if got := strings.Count(log.String(), "writing verdicts failed"); got != 1 {
		t.Errorf("logged %d times: %s", got, log.String())
	}
}
